// `rescind apply`: carries a plan out, once, and proves what it came to.
#include <ostream>

#include <CLI/CLI.hpp>

#include "app/cli/advance_session.h"
#include "app/cli/approvals.h"
#include "app/cli/command.h"
#include "app/cli/plan_file.h"
#include "app/cli/run_output.h"

namespace rescind {
namespace {

struct ApplyArguments {
  std::string file;
  bool approve = false;
  std::string as;
  std::vector<std::string> approvals;
};

ExitCode run_apply(const CommandContext& context, const ApplyArguments& arguments) {
  if (arguments.approve != !arguments.as.empty()) {
    context.err << "error: `--approve` and `--as ID` go together: an approval has a name\n";
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
  Diagnostics diagnostics;
  const auto applicable =
      check_applicable(*plan, *session->store, context.clock.now(), arguments.as, diagnostics);
  if (!applicable) {
    return context.report(applicable.error());
  }
  context.report(diagnostics, *session->sources);
  if (!*applicable || !may_approve_by_name(context, *session, *plan, arguments.as) ||
      !hand_in_files(context, *session, *plan, arguments.approvals)) {
    return ExitCode::Blocked;
  }
  const auto options = execute_options(context, *session, arguments.as, plan->steps.size());
  if (!options) {
    return context.report(options.error());
  }
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
  command->add_flag("--approve", arguments->approve, "approve the steps that you may approve");
  command->add_option("--as", arguments->as, "who approves: the id of an identity");
  command->add_option("--approvals", arguments->approvals,
                      "signed approvals and refusals that are handed in with it");
  command->callback([&context, &action, arguments] {
    action = [&context, arguments] { return run_apply(context, *arguments); };
  });
}

}  // namespace rescind
