// `rescind undo`: the plan that puts a run back, to be read and then applied like any other.
#include <ostream>

#include <CLI/CLI.hpp>

#include "app/cli/command.h"
#include "app/cli/plan_file.h"
#include "app/cli/project.h"
#include "workflow/plan_undo_of_run.h"

namespace rescind {
namespace {

struct UndoArguments {
  std::string run;
  PlanOutput output;
};

ExitCode run_undo(const CommandContext& context, const UndoArguments& arguments) {
  ExitCode code = ExitCode::Done;
  const auto session = open_session(context, {}, code);
  if (!session) {
    return code;
  }
  if (!session->store) {
    return context.report(open_store(session->project).error());
  }
  PlanRequest request = plan_request(*session);
  request.as_of = context.clock.now();
  const auto plan = plan_undo_of_run(request, session->inventory, arguments.run);
  if (!plan) {
    return context.report(plan.error());
  }
  return write_new_plan(context, *session, *plan, arguments.output);
}

}  // namespace

void add_undo_command(CLI::App& app, CommandContext& context, Action& action) {
  CLI::App* command =
      app.add_subcommand("undo", "preview what puts a run back; changes nothing until applied");
  const auto arguments = std::make_shared<UndoArguments>();
  command->add_option("run", arguments->run, "the run, as `rescind runs` names it")->required();
  add_plan_output_options(*command, arguments->output);
  command->callback([&context, &action, arguments] {
    action = [&context, arguments] { return run_undo(context, *arguments); };
  });
}

}  // namespace rescind
