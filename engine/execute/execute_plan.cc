// Opening a run, taking one up again.
#include "execute/execute_plan.h"

#include <utility>

#include "audit/notes.h"
#include "execute/run.h"

namespace rescind {
namespace {

std::string first_refusal(const Diagnostics& diagnostics) {
  const Diagnostic first = diagnostics.sorted().front();
  std::string text = code_name(first.code) + ": " + first.message;
  for (const std::string& help : first.help) {
    text += "; " + help;
  }
  return text;
}

NewRun new_run(const Plan& plan, Instant now) {
  NewRun run;
  run.digest = plan.digest;
  run.plan = encode_plan(plan);
  run.notes = notes_of(plan);
  run.at = now;
  for (const PlanStep& step : plan.steps) {
    NewStep made;
    made.id = step.id;
    made.generation = step.generation;
    if (step.not_before > now) {
      made.due = step.not_before;
    }
    run.steps.push_back(std::move(made));
  }
  return run;
}

}  // namespace

Result<RunReport> execute_plan(const Plan& plan, Store& store, ConnectorSet& connectors,
                               Clock& clock, const ExecuteOptions& options) {
  Diagnostics diagnostics;
  RESCIND_ASSIGN_OR_RETURN(
      const bool applicable,
      check_applicable(plan, store, clock.now(), options.approve_as, diagnostics));
  if (!applicable) {
    return fail(ErrorKind::Conflict, first_refusal(diagnostics));
  }
  RESCIND_ASSIGN_OR_RETURN(const RunRecord opened, store.open_run(new_run(plan, clock.now())));
  if (options.crash_point) {
    options.crash_point();
  }
  RESCIND_ASSIGN_OR_RETURN(auto claim, store.claim_run(opened.id, clock.now()));
  execute::Run run(plan, std::move(claim), store, connectors, clock, options);
  return run.work();
}

Result<RunReport> resume_run(const std::string& run, Store& store, ConnectorSet& connectors,
                             Clock& clock, const ExecuteOptions& options) {
  RESCIND_ASSIGN_OR_RETURN(const std::string text, store.plan_of_run(run));
  auto plan = decode_plan(text);
  if (!plan) {
    return tl::unexpected(plan.error().add_context("reading the plan of " + run));
  }
  if (!options.approve_as.empty() && execute::is_subject(*plan, options.approve_as)) {
    return fail(ErrorKind::Conflict, code_name(Code::R0824) + ": `" + options.approve_as +
                                         "` cannot approve in their own case");
  }
  RESCIND_ASSIGN_OR_RETURN(auto claim, store.claim_run(run, clock.now()));
  if (claim.run.state == RunState::Closed || claim.run.state == RunState::Superseded ||
      claim.run.state == RunState::Undone || claim.run.state == RunState::Undoing) {
    return fail(ErrorKind::Conflict,
                run + " is " + std::string(run_state_name(claim.run.state)) + ", nothing goes on");
  }
  execute::Run resumed(*plan, std::move(claim), store, connectors, clock, options);
  return resumed.work();
}

Result<std::vector<RunReport>> resume_open_runs(Store& store, ConnectorSet& connectors,
                                                Clock& clock, const ExecuteOptions& options) {
  RESCIND_ASSIGN_OR_RETURN(const auto runs, store.list_runs());
  std::vector<RunReport> reports;
  for (const RunRecord& run : runs) {
    if (run.state == RunState::Open || run.state == RunState::Contained ||
        run.state == RunState::Settled) {
      RESCIND_ASSIGN_OR_RETURN(auto report, resume_run(run.id, store, connectors, clock, options));
      reports.push_back(std::move(report));
    }
  }
  return reports;
}

}  // namespace rescind
