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
  auto request = advance_request(context, *session, systems);
  if (!request) {
    return context.report(request.error());
  }
  request->accept_clock = accept_clock;
  AdvanceTally tally;
  request->take_run = [&](const AdvancedRun& run) {
    tally.take(run, context.quiet ? nullptr : &context.out);
  };
  const auto report = advance_due(*request, session->connectors, context.clock);
  if (report) {
    escalate_due(context, *session);
  }
  // Also what was written before something went wrong.
  sign_at_end(context, session->project, *session->store);
  if (!report) {
    return context.report(report.error());
  }
  if (!context.quiet) {
    tally.print_end(context.out, *report);
  }
  return tally.exit_code(*report);
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
