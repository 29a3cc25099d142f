// `rescind escalations`: who was called about what, who is next, and what is left of the deadline.
#include <algorithm>
#include <ostream>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "app/cli/command.h"
#include "app/cli/people.h"
#include "base/printable.h"
#include "base/text.h"
#include "store/run_plan.h"
#include "workflow/escalate.h"

namespace rescind {
namespace {

struct EscalationArguments {
  std::string format = "text";
  bool all = false;
  bool open = false;
  std::string acknowledge, as;
};

std::string deadline_words(const EscalationRecord& record, Instant now) {
  if (!record.deadline) {
    return "no deadline";
  }
  const Instant end = record.closed_at.value_or(now);
  if (*record.deadline > end) {
    return (record.closed_at ? "met, " : "") + format_duration(*record.deadline - end) + " left";
  }
  return "breached since " + format_instant(*record.deadline) + " (" +
         format_duration(end - *record.deadline) + ")";
}

void print_text(const CommandContext& context, const EscalationRecord& record, Instant now) {
  context.out << record.id << "  since " << format_instant(record.raised_at) << "  "
              << deadline_words(record, now) << '\n'
              << "  " << printable(record.why) << "  (" << record.run << ")\n"
              << "  called: "
              << (record.to.empty() ? "nobody is left, a person must look" : join(record.to, ", "))
              << ", level " << record.level + 1 << ", " << record.calls
              << (record.calls == 1 ? " call" : " calls") << '\n';
  if (!record.delivered.empty()) {
    context.out << "  last: " << printable(record.delivered.back()) << '\n';
  }
  if (!record.acknowledged_by.empty()) {
    context.out << "  acknowledged by " << record.acknowledged_by << " at "
                << format_instant(*record.acknowledged_at) << '\n';
  }
  if (record.closed_at) {
    context.out << "  settled at " << format_instant(*record.closed_at) << '\n';
  } else if (record.next_at) {
    context.out << "  next: " << format_instant(*record.next_at) << '\n';
  }
}

nlohmann::ordered_json to_json(const EscalationRecord& record, Instant now) {
  using Json = nlohmann::ordered_json;
  const auto instant = [](const std::optional<Instant>& at) {
    return at ? Json(format_instant(*at)) : Json(nullptr);
  };
  const Instant end = record.closed_at.value_or(now);
  return Json{{"id", record.id},
              {"run", record.run},
              {"step", record.step},
              {"retirement", record.retirement},
              {"item", record.item},
              {"system", record.system},
              {"why", record.why},
              {"asks", record.asks},
              {"level", record.level},
              {"to", record.to},
              {"calls", record.calls},
              {"delivered", record.delivered},
              {"raised_at", format_instant(record.raised_at)},
              {"next_at", instant(record.next_at)},
              {"deadline", instant(record.deadline)},
              {"sla_seconds_left",
               record.deadline ? Json((*record.deadline - end).count()) : Json(nullptr)},
              {"breached", record.deadline && *record.deadline <= end},
              {"acknowledged_by", record.acknowledged_by},
              {"acknowledged_at", instant(record.acknowledged_at)},
              {"closed_at", instant(record.closed_at)}};
}

ExitCode list(const CommandContext& context, const EscalationArguments& arguments) {
  return with_store(context, [&](Store& store) -> Result<ExitCode> {
    RESCIND_ASSIGN_OR_RETURN(const auto records, store.list_escalations(!arguments.all));
    const Instant now = context.clock.now();
    if (arguments.format == "json") {
      nlohmann::ordered_json out = nlohmann::ordered_json::array();
      for (const EscalationRecord& record : records) {
        out.push_back(to_json(record, now));
      }
      exact(context.out) << out.dump(2, ' ', false,
                                     nlohmann::ordered_json::error_handler_t::replace)
                         << '\n';
      return ExitCode::Done;
    }
    for (const EscalationRecord& record : records) {
      print_text(context, record, now);
    }
    if (records.empty() && !context.quiet) {
      context.out << "nobody is called\n";
    }
    return ExitCode::Done;
  });
}

ExitCode acknowledge(const CommandContext& context, const EscalationArguments& arguments) {
  return with_store(context, [&](Store& store) -> Result<ExitCode> {
    RESCIND_ASSIGN_OR_RETURN(const auto records, store.list_escalations(false));
    const auto record =
        std::find_if(records.begin(), records.end(),
                     [&](const EscalationRecord& one) { return one.id == arguments.acknowledge; });
    if (record == records.end()) {
      return fail(ErrorKind::NotFound, "no escalation `" + arguments.acknowledge +
                                           "`; `rescind escalations` lists them");
    }
    RESCIND_ASSIGN_OR_RETURN(const RunPlan known, load_run_plan(store, record->run));
    std::set<std::string> subjects = subjects_of(known.plan);
    for (const PlanStep& step : known.plan.steps) {
      if (step.id == record->step && !step.holder.empty()) {
        subjects.insert(step.holder);
      }
    }
    Diagnostics diagnostics;
    const auto next =
        acknowledge_escalation(*record, arguments.as, subjects, context.clock.now(), diagnostics);
    if (!next) {
      context.report(diagnostics, SourceSet());
      return ExitCode::Blocked;
    }
    RESCIND_RETURN_IF_ERROR(store.save_escalation(*next));
    print_text(context, *next, context.clock.now());
    return ExitCode::Done;
  });
}

}  // namespace

void add_escalations_command(CLI::App& app, CommandContext& context, Action& action) {
  CLI::App* command =
      app.add_subcommand("escalations", "who was called about what, and what is left of the time");
  const auto arguments = std::make_shared<EscalationArguments>();
  command->add_option("--format", arguments->format, "text or json")
      ->check(CLI::IsMember({"text", "json"}));
  auto* open = command->add_flag("--open", arguments->open, "only what is not settled (default)");
  command->add_flag("--all", arguments->all, "also what is settled")->excludes(open);
  auto* as = command->add_option("--as", arguments->as, "who acknowledges: the id of an identity");
  command
      ->add_option("--ack", arguments->acknowledge, "somebody has seen it, or done what was asked")
      ->needs(as);
  command->callback([&context, &action, arguments] {
    action = [&context, arguments] {
      return arguments->acknowledge.empty() ? list(context, *arguments)
                                            : acknowledge(context, *arguments);
    };
  });
}

}  // namespace rescind
