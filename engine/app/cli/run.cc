// `rescind run --due`: works everything that is due now, once.
#include <ostream>

#include <CLI/CLI.hpp>

#include "app/cli/advance_session.h"
#include "app/cli/audit.h"
#include "app/cli/command.h"
#include "app/cli/people.h"

namespace rescind {
namespace {

ExitCode run_due(const CommandContext& context, bool accept_clock) {
  ExitCode code = ExitCode::Done;
  const auto session = open_session(context, {}, code);
  if (!session) {
    return code;
  }
  if (!session->store) {
    return context.report(open_store(session->project).error());
  }
  const CapabilityMap systems =
      describe_connectors(session->connectors, plan_request(*session).acts_as).systems;
  AdvanceRequest request = advance_request(context, *session, systems);
  request.accept_clock = accept_clock;
  const auto report = advance_due(request, session->connectors, context.clock);
  if (!report) {
    return context.report(report.error());
  }
  escalate_due(context, *session);
  sign_at_end(context, session->project, *session->store);
  if (!context.quiet) {
    print_advance(context.out, *report);
  }
  return advance_exit_code(*report);
}

}  // namespace

void add_run_command(CLI::App& app, CommandContext& context, Action& action) {
  CLI::App* run = app.add_subcommand("run", "work what is due: steps, stages, appointments, calls");

  struct Arguments {
    bool due = false, accept_clock = false;
  };

  const auto arguments = std::make_shared<Arguments>();
  run->add_flag("--due", arguments->due, "work everything that is due now, once")->required();
  run->add_flag("--accept-clock", arguments->accept_clock,
                "the clock is right, whatever it did: destroying may go on");
  run->callback([&context, &action, arguments] {
    action = [&context, arguments] { return run_due(context, arguments->accept_clock); };
  });
}

}  // namespace rescind
