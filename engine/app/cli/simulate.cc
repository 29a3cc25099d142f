// `rescind simulate`: what would happen over weeks and months, played in a moment. Nothing outside
// is asked or changed.
#include "simulate/simulate.h"

#include <memory>
#include <ostream>

#include <CLI/CLI.hpp>

#include "app/cli/command.h"
#include "app/cli/project.h"
#include "app/cli/run_output.h"
#include "base/printable.h"
#include "base/text.h"
#include "simulate/records_of_inventory.h"

namespace rescind {
namespace {

constexpr std::size_t kMaxScriptBytes = 16U << 20U;
// Evidence comes from the script, and is looked at then.
constexpr Seconds kLookAgain{24 * 3600};

struct SimulateArguments {
  std::string event, script, from;
  std::string until = "+90d";
  std::string format = "text";
  std::string file;
  SessionOptions session;
};

// An instant, or a time after the beginning ("+90d").
std::optional<Instant> time_of(const std::string& text, Instant begin) {
  if (!text.starts_with("+")) {
    return parse_instant(text);
  }
  const auto after = parse_duration(std::string_view(text).substr(1));
  return after ? std::optional<Instant>(begin + *after) : std::nullopt;
}

std::optional<std::vector<ScriptEntry>> read_script_file(const CommandContext& context,
                                                         Session& session,
                                                         const SimulateArguments& arguments,
                                                         const std::vector<Event>& events,
                                                         Instant begin, ExitCode& code) {
  const std::string& path = arguments.script;
  auto text = read_file(path, kMaxScriptBytes);
  if (!text) {
    code = context.report(text.error());
    return std::nullopt;
  }
  Diagnostics diagnostics;
  const SourceFileId file = session.sources->add(path, *std::move(text));
  auto script = read_script(*session.sources, file,
                            {.schema = *session.policy.checked->schema,
                             .inventory = *session.inventory,
                             .begin = begin,
                             .timezone = session.project.configuration.timezone,
                             .events = events},
                            diagnostics);
  code = context.report(diagnostics, *session.sources);
  return script;
}

Result<SimulationOptions> simulation_options(const CommandContext& context,
                                             const Session& session) {
  const Configuration& configuration = session.project.configuration;
  SimulationOptions options;
  RESCIND_ASSIGN_OR_RETURN(options.execute, execute_options(context, session, 0));
  options.execute.random = [] { return 0.5; };
  options.execute.look_again = kLookAgain;
  // People, ways to reach them and places of delivery are those of the simulation.
  options.execute.progress = nullptr;
  options.execute.hand_over = nullptr;
  options.execute.deliveries = nullptr;
  options.execute.seal_key = nullptr;
  options.execute.approvers = {};
  options.unsigned_approvals = true;
  options.clock_heartbeat = configuration.clock_heartbeat;
  options.plan.expiry = configuration.plan_expiry;
  options.plan.steward = configuration.steward;
  for (const SystemConfiguration& system : configuration.systems) {
    options.plan.acts_as[system.id] = system.acts_as;
  }
  for (const Symbol system : session.inventory->table(Entity::System).ids) {
    options.collect.seal.systems.emplace_back(session.inventory->text(system));
  }
  return options;
}

std::string render(const Timeline& timeline, const SimulateArguments& arguments, bool color) {
  if (arguments.format == "json") {
    return render_timeline_json(timeline);
  }
  if (arguments.format == "svg") {
    return render_timeline_svg(timeline);
  }
  return arguments.format == "html"
             ? render_timeline_html(timeline, "Simulation of " + arguments.event)
             : render_timeline_text(timeline, color);
}

ExitCode run_simulate(const CommandContext& context, const SimulateArguments& arguments) {
  const Instant now = context.clock.now();
  const auto begin = arguments.from.empty() ? std::optional(now) : parse_instant(arguments.from);
  const auto end = begin ? time_of(arguments.until, *begin) : std::nullopt;
  if (!begin || !end || *end <= *begin) {
    context.err << "error: `--from` is an instant (2026-11-20T17:00Z) and `--until` one after it, "
                   "or a time such as +90d\n";
    return ExitCode::Usage;
  }
  ExitCode code = ExitCode::Done;
  const auto session = open_session(context, arguments.session, code);
  if (!session) {
    return code;
  }
  auto events = read_event_file(context, *session, arguments.event, *begin, code);
  if (!events) {
    return code;
  }
  std::vector<ScriptEntry> script;
  if (!arguments.script.empty()) {
    auto read = read_script_file(context, *session, arguments, *events, *begin, code);
    if (!read) {
      return code;
    }
    script = *std::move(read);
  }
  auto options = simulation_options(context, *session);
  if (!options) {
    return context.report(options.error());
  }
  const auto timeline = simulate({.policy = &session->policy,
                                  .records = records_of_inventory(*session->inventory),
                                  .events = *std::move(events),
                                  .script = std::move(script),
                                  .begin = *begin,
                                  .end = *end,
                                  .options = *std::move(options)});
  if (!timeline) {
    return context.report(timeline.error());
  }
  const std::string text =
      render(*timeline, arguments, arguments.file.empty() && context.out_color);
  if (arguments.file.empty()) {
    (arguments.format == "text" ? painted(context.out) : exact(context.out)) << text;
    return ExitCode::Done;
  }
  const Status written = write_file_atomically(arguments.file, text);
  return written ? ExitCode::Done : context.report(written.error());
}

}  // namespace

void add_simulate_command(CLI::App& app, CommandContext& context, Action& action) {
  CLI::App* command =
      app.add_subcommand("simulate", "play what an event leads to over weeks and months");
  const auto arguments = std::make_shared<SimulateArguments>();
  command
      ->add_option("--event,--events", arguments->event,
                   "file with one or more events (JSON, JSON Lines, YAML)")
      ->required();
  command->add_option("--script", arguments->script,
                      "what people and systems do meanwhile (YAML, JSON)");
  command->add_option("--from", arguments->from, "when it begins (RFC 3339; default: now)");
  command->add_option("--until", arguments->until, "when it ends: an instant, or a time: +90d")
      ->capture_default_str();
  command->add_option("--format", arguments->format, "text, json, svg or html")
      ->check(CLI::IsMember({"text", "json", "svg", "html"}))
      ->capture_default_str();
  command->add_option("--out", arguments->file, "write to this file instead of standard output");
  command->add_option("--policy", arguments->session.policy,
                      "policy files or folders (default: the project's)");
  command->add_option("--inventory", arguments->session.inventory,
                      "inventory files, folders, or `store` (default: the project's)");
  command->callback([&context, &action, arguments] {
    action = [&context, arguments] { return run_simulate(context, *arguments); };
  });
}

}  // namespace rescind
