// `rescind plan`: what would happen, in which order and why. Changes nothing anywhere.
#include <ostream>

#include <CLI/CLI.hpp>

#include "app/cli/command.h"
#include "app/cli/plan_file.h"
#include "app/cli/project.h"
#include "workflow/plan_events.h"

namespace rescind {
namespace {

struct PlanArguments {
  std::string event;
  std::string as_of;
  SessionOptions session;
  PlanOutput output;
  bool detailed_exitcode = false;
};

ExitCode exit_code_of(const Plan& plan, bool detailed) {
  if (!plan.complete || !plan.inventory.rejected.empty()) {
    return ExitCode::Blocked;
  }
  return detailed && !plan.steps.empty() ? ExitCode::StepsToTake : ExitCode::Done;
}

ExitCode run_plan(const CommandContext& context, const PlanArguments& arguments) {
  ExitCode code = ExitCode::Done;
  Instant as_of = context.clock.now();
  if (!arguments.as_of.empty()) {
    const std::optional<Instant> given = parse_instant(arguments.as_of);
    if (!given) {
      context.err << "error: `" << arguments.as_of
                  << "` is no instant: write it as 2026-11-20T17:00Z\n";
      return ExitCode::Usage;
    }
    as_of = *given;
  }
  const auto session = open_session(context, arguments.session, code);
  if (!session) {
    return code;
  }
  auto events = read_event_file(context, *session, arguments.event, as_of, code);
  if (!events) {
    return code;
  }
  PlanRequest request = plan_request(*session);
  request.events = *std::move(events);
  request.as_of = as_of;
  request.looked_at_only = !arguments.as_of.empty();
  const auto plan = plan_events(session->policy, session->inventory, request);
  if (!plan) {
    return context.report(plan.error());
  }
  const ExitCode written = write_new_plan(context, *session, *plan, arguments.output);
  return written == ExitCode::Done ? exit_code_of(*plan, arguments.detailed_exitcode) : written;
}

}  // namespace

void add_plan_command(CLI::App& app, CommandContext& context, Action& action) {
  CLI::App* command = app.add_subcommand("plan", "preview what an event leads to; changes nothing");
  const auto arguments = std::make_shared<PlanArguments>();
  command
      ->add_option("--event,--events", arguments->event,
                   "file with one or more events (JSON, JSON Lines, YAML)")
      ->required();
  command->add_option("--policy", arguments->session.policy,
                      "policy files or folders (default: the project's)");
  command->add_option("--inventory", arguments->session.inventory,
                      "inventory files, folders, or `store` (default: the project's)");
  command->add_option("--as-of", arguments->as_of,
                      "plan as if it were then (RFC 3339); cannot be applied");
  command->add_flag("--detailed-exitcode", arguments->detailed_exitcode,
                    "exit 0: nothing to do, 2: steps to take, 4: incomplete");
  add_plan_output_options(*command, arguments->output);
  command->callback([&context, &action, arguments] {
    action = [&context, arguments] { return run_plan(context, *arguments); };
  });
}

}  // namespace rescind
