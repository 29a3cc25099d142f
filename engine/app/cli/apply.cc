// `rescind apply`: carries a plan out, once, and proves what it came to.
#include <ostream>

#include <CLI/CLI.hpp>

#include "app/cli/advance_session.h"
#include "app/cli/approvals.h"
#include "app/cli/command.h"
#include "app/cli/plan_file.h"
#include "app/cli/run_output.h"
#include "workflow/trust_plan.h"

namespace rescind {
namespace {

struct ApplyArguments {
  std::string file;
  NamedWords words;
  std::vector<std::string> approvals;
};

// Whether the plan is one of this project's, unchanged, that may be carried out now. False: why not
// was printed and `code` says how the command ends.
bool may_apply(const CommandContext& context, Session& session, const Plan& plan,
               const std::string& as, ExitCode& code) {
  const auto judge = [&](const auto& check) {
    Diagnostics diagnostics;
    const Result<bool> holds = check(diagnostics);
    if (!holds) {
      code = context.report(holds.error());
      return false;
    }
    context.report(diagnostics, *session.sources);
    code = *holds ? ExitCode::Done : ExitCode::Blocked;
    return *holds;
  };
  return judge([&](Diagnostics& diagnostics) -> Result<bool> {
           RESCIND_ASSIGN_OR_RETURN(const SealKey key, seal_key_source(session.project)());
           return check_seal(plan, key, diagnostics);
         }) &&
         judge([&](Diagnostics& diagnostics) {
           return check_applicable(plan, *session.store, context.clock.now(), as, diagnostics);
         }) &&
         judge([&](Diagnostics& diagnostics) {
           PlanRequest request = plan_request(session);
           request.as_of = context.clock.now();
           return check_current(session.policy, session.inventory, request, plan, diagnostics);
         });
}

ExitCode run_apply(const CommandContext& context, const ApplyArguments& arguments) {
  if (const std::string wrong = wrong_words(arguments.words); !wrong.empty()) {
    context.err << "error: " << wrong << '\n';
    return ExitCode::Usage;
  }
  const auto plan = read_plan_file(arguments.file, true);
  if (!plan) {
    return context.report(plan.error());
  }
  ExitCode code = ExitCode::Done;
  const auto session = open_session(context, {}, code);
  if (!session) {
    return code;
  }
  if (!session->store) {
    return context.report(open_store(session->project).error());
  }
  if (!may_apply(context, *session, *plan, arguments.words.as, code)) {
    return code;
  }
  if (!may_approve_by_name(context, *session, *plan, arguments.words) ||
      !hand_in_files(context, *session, *plan, arguments.approvals)) {
    return ExitCode::Blocked;
  }
  auto options = execute_options(context, *session, plan->steps.size());
  if (!options) {
    return context.report(options.error());
  }
  take_words(arguments.words, *options);
  if (const Status heeded = heed_clock(context, *session); !heeded) {
    return context.report(heeded.error());
  }
  const auto report =
      execute_plan(*plan, *session->store, session->connectors, context.clock, *options);
  return report ? conclude_run(context, *session, *report) : context.report(report.error());
}

}  // namespace

void add_apply_command(CLI::App& app, CommandContext& context, Action& action) {
  CLI::App* command = app.add_subcommand("apply", "carry a plan out and prove what it came to");
  const auto arguments = std::make_shared<ApplyArguments>();
  command->add_option("PLANFILE", arguments->file, "a plan written by `rescind plan --format json`")
      ->required();
  add_named_words(*command, arguments->words);
  command->add_option("--approvals", arguments->approvals,
                      "signed approvals and refusals that are handed in with it");
  command->callback([&context, &action, arguments] {
    action = [&context, arguments] { return run_apply(context, *arguments); };
  });
}

}  // namespace rescind
