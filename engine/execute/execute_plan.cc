// Opening a run, taking one up again.
#include "execute/execute_plan.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "audit/notes.h"
#include "execute/claims.h"
#include "execute/fleet.h"
#include "execute/retirement.h"
#include "store/run_plan.h"

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

// Which of the superseded runs has the step already, and not only as cancelled.
Result<std::map<std::string, std::string>> steps_to_inherit(const Plan& plan, Store& store) {
  std::map<std::string, std::string> known;
  for (const std::string& old : plan.supersedes) {
    RESCIND_ASSIGN_OR_RETURN(const auto steps, store.list_steps(old));
    for (const StepRecord& step : steps) {
      if (step.state != StepState::Cancelled && step.state != StepState::Undone) {
        known.emplace(step.step, old);
      }
    }
  }
  return known;
}

// Open retirements of superseded runs go on where they stand: the furthest stage counts.
Result<std::vector<RetirementRecord>> retirements_to_begin(const Plan& plan, Store& store,
                                                           Instant now) {
  std::map<std::string, RetirementRecord> open;  // by item
  for (const std::string& old : plan.supersedes) {
    RESCIND_ASSIGN_OR_RETURN(const auto records, store.list_retirements(old));
    for (const RetirementRecord& record : records) {
      if (!is_end_state(record.state)) {
        open.emplace(record.item, record);
      }
    }
  }
  std::vector<RetirementRecord> made;
  for (const PlannedRetirement& planned : plan.retirements) {
    RetirementRecord record =
        execute::begin_retirement(planned, execute::shapes_of(planned, plan.steps), now);
    if (const auto old = open.find(planned.item); old != open.end()) {
      record = execute::furthest(planned, record, old->second);
    }
    made.push_back(std::move(record));
  }
  return made;
}

std::vector<StoredEvent> events_of(const Plan& plan, Instant now) {
  std::vector<StoredEvent> events;
  for (std::size_t i = 0; i < plan.events.size() && i < plan.event_lineages.size(); ++i) {
    const Event& event = plan.events[i];
    if (plan.event_lineages[i].find(" > ") != std::string::npos) {
      continue;
    }
    StoredEvent stored;
    stored.lineage = plan.event_lineages[i];
    stored.source = event.source;
    stored.id = event.id;
    stored.revision = event.revision;
    stored.type = event.type;
    stored.subject = event.subject;
    stored.json = encode_event_line(event, stored.lineage);
    stored.arrived = event.arrived.value_or(now);
    stored.withdrawn = event.withdrawn;
    events.push_back(std::move(stored));
  }
  return events;
}

// What an undo leaves contained, since another cause held it, is still held by one. Else nobody
// would put it back. Errors: Conflict.
Status check_still_held(const Plan& plan, Store& store) {
  for (const auto& [key, by] : plan.bindings) {
    if (!key.starts_with(kHeldBinding)) {
      continue;
    }
    const std::string item = key.substr(kHeldBinding.size());
    std::vector<std::string> own;
    for (const ClaimRelease& release : plan.releases) {
      if (release.item == item) {
        own.push_back(release.cause);
      }
    }
    RESCIND_ASSIGN_OR_RETURN(const std::string others, execute::standing_claims(store, item, own));
    if (others.empty()) {
      return fail(ErrorKind::Conflict, item + " is not held by " + by + " any more; plan again");
    }
  }
  return {};
}

Result<NewRun> new_run(const Plan& plan, Store& store, Instant now) {
  NewRun run;
  run.digest = plan.digest;
  run.plan = encode_plan(plan);
  run.index = index_plan(plan);
  run.notes = notes_of(plan);
  run.at = now;
  run.supersedes = plan.supersedes;
  run.undoes = plan.undoes;
  if (const auto bound = plan.bindings.find(undo_binding_key(plan.undoes));
      bound != plan.bindings.end()) {
    run.undo_state = bound->second;
  }
  run.events = events_of(plan, now);
  RESCIND_ASSIGN_OR_RETURN(run.retirements, retirements_to_begin(plan, store, now));
  RESCIND_ASSIGN_OR_RETURN(const auto inherited, steps_to_inherit(plan, store));
  for (const PlanStep& step : plan.steps) {
    NewStep made;
    made.id = step.id;
    made.generation = step.generation;
    if (step.not_before > now && step.retirement.empty()) {
      made.due = step.not_before;
    }
    if (const auto from = inherited.find(step.id); from != inherited.end()) {
      made.inherits_run = from->second;
    }
    run.steps.push_back(std::move(made));
  }
  return run;
}

struct TakenUp {
  RunPlan plan;
  Store::Claim claim;
};

Result<TakenUp> take_up(const std::string& run, Store& store, const Clock& clock,
                        const ExecuteOptions& options) {
  TakenUp taken;
  RESCIND_ASSIGN_OR_RETURN(taken.plan, load_run_plan(store, run));
  for (const std::string& as : {options.approve_as, options.over_limit_as}) {
    if (!as.empty() && execute::is_subject(taken.plan.plan, as)) {
      return fail(ErrorKind::Conflict,
                  code_name(Code::R0824) + ": `" + as + "` cannot approve in their own case");
    }
  }
  RESCIND_ASSIGN_OR_RETURN(taken.claim, store.claim_run(run, clock.now()));
  const RunState state = taken.claim.run.state;
  if (state == RunState::Closed || state == RunState::Superseded || state == RunState::Undone ||
      state == RunState::Undoing) {
    return fail(ErrorKind::Conflict,
                run + " is " + std::string(run_state_name(state)) + ", nothing goes on");
  }
  return taken;
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
  RESCIND_RETURN_IF_ERROR(check_still_held(plan, store));
  RESCIND_ASSIGN_OR_RETURN(const NewRun fresh, new_run(plan, store, clock.now()));
  RESCIND_ASSIGN_OR_RETURN(const RunRecord opened, store.open_run(fresh));
  if (options.crash_point) {
    options.crash_point();
  }
  RESCIND_ASSIGN_OR_RETURN(auto claim, store.claim_run(opened.id, clock.now()));
  RESCIND_ASSIGN_OR_RETURN(RunPlan begun, first_run_plan(store, plan));
  execute::Fleet fleet(store, connectors, clock, options);
  fleet.add(std::move(begun), std::move(claim));
  return std::move(fleet.work().front());
}

Result<RunReport> resume_run(const std::string& run, Store& store, ConnectorSet& connectors,
                             Clock& clock, const ExecuteOptions& options) {
  return std::move(resume_runs({run}, store, connectors, clock, options).front());
}

std::vector<Result<RunReport>> resume_runs(const std::vector<std::string>& runs, Store& store,
                                           ConnectorSet& connectors, Clock& clock,
                                           const ExecuteOptions& options) {
  execute::Fleet fleet(store, connectors, clock, options);
  std::map<std::size_t, Error> refused;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    auto taken = take_up(runs[i], store, clock, options);
    if (taken) {
      fleet.add(std::move(taken->plan), std::move(taken->claim));
    } else {
      refused.emplace(i, taken.error());
    }
  }
  std::vector<Result<RunReport>> worked = fleet.work();
  std::vector<Result<RunReport>> reports;
  auto next = worked.begin();
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const auto why = refused.find(i);
    if (why != refused.end()) {
      reports.emplace_back(tl::unexpected(why->second));
    } else {
      reports.push_back(std::move(*next++));
    }
  }
  return reports;
}

std::optional<Instant> next_look_at_run(const Plan& plan, const std::vector<StepRecord>& steps,
                                        const std::vector<RetirementRecord>& retirements,
                                        Instant now, const ExecuteOptions& options) {
  std::set<std::string_view> quiet;  // nobody has heard of them
  std::optional<Instant> next;
  const auto consider = [&next](const std::optional<Instant>& at) {
    if (at) {
      next = next ? std::min(*next, *at) : *at;
    }
  };
  for (const StepRecord& step : steps) {
    if (!is_end_state(step.state)) {
      consider(step.due);
      consider(step.state == StepState::Residual ? step.until : std::nullopt);
      if (!step.escalated) {
        quiet.insert(step.step);
      }
    }
  }
  // Whoever is to hear that a step is late hears of it then, and not when it is next tried.
  for (const PlanStep& step : plan.steps) {
    if (step.deadline && *step.deadline > now && quiet.contains(step.id)) {
      consider(step.deadline);
    }
  }
  for (const RetirementRecord& retirement : retirements) {
    if (!is_end_state(retirement.state)) {
      consider(retirement.due && *retirement.due > now ? retirement.due : std::nullopt);
      consider(now + options.look_again);
    }
  }
  return next;
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
