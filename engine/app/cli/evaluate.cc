// `rescind evaluate`: decisions only, for any number of events, as JSON Lines.
#include <algorithm>
#include <ostream>
#include <thread>

#include <CLI/CLI.hpp>

#include "app/cli/command.h"
#include "app/cli/project.h"
#include "base/printable.h"
#include "workflow/encode_decisions.h"
#include "workflow/plan_events.h"

namespace rescind {
namespace {

struct EvaluateArguments {
  std::string events;
  SessionOptions session;
  std::size_t threads = 0;  // 0: as many as the machine has
};

ExitCode run_evaluate(const CommandContext& context, const EvaluateArguments& arguments) {
  ExitCode code = ExitCode::Done;
  const auto session = open_session(context, arguments.session, code);
  if (!session) {
    return code;
  }
  const Instant now = context.clock.now();
  auto events = read_event_file(context, *session, arguments.events, now, code);
  if (!events) {
    return code;
  }
  PlanRequest request = plan_request(*session);
  request.events = *std::move(events);
  request.as_of = now;
  request.threads = arguments.threads != 0 ? arguments.threads
                                           : std::max(1U, std::thread::hardware_concurrency());
  const Decisions decisions = decide_events(session->policy, session->inventory, request);
  for (const std::string& line : encode_decisions(decisions)) {
    exact(context.out) << line << '\n';
  }
  return session->inventory->rejected.empty() && decisions.undetermined.empty() ? ExitCode::Done
                                                                                : ExitCode::Blocked;
}

}  // namespace

void add_evaluate_command(CLI::App& app, CommandContext& context, Action& action) {
  CLI::App* command = app.add_subcommand("evaluate", "decisions only, one JSON object per cause");
  const auto arguments = std::make_shared<EvaluateArguments>();
  command->add_option("--events,--event", arguments->events, "file with one or more events")
      ->required();
  command->add_option("--policy", arguments->session.policy,
                      "policy files or folders (default: the project's)");
  command->add_option("--inventory", arguments->session.inventory,
                      "inventory files, folders, or `store` (default: the project's)");
  command->add_option("--threads", arguments->threads,
                      "how many threads decide (default: one per core)");
  command->callback([&context, &action, arguments] {
    action = [&context, arguments] { return run_evaluate(context, *arguments); };
  });
}

}  // namespace rescind
