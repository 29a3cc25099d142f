// Progress and the closing report of a run.
#include "app/cli/run_output.h"

#include <algorithm>
#include <memory>
#include <ostream>
#include <random>
#include <set>

#include "app/cli/audit.h"
#include "app/cli/people.h"
#include "base/printable.h"
#include "collect/collect_inventory.h"
#include "store/run_plan.h"
#include "verify/verify_execution.h"
#include "workflow/collect_systems.h"
#include "workflow/escalate.h"
#include "workflow/staying.h"

namespace rescind {
namespace {

constexpr std::size_t kBarWidth = 30;

std::string step_words(const PlanStep& step) {
  const std::string verb(step.action.empty() ? std::string(verb_name(step.verb)) : step.action);
  return verb + ' ' + (step.item.empty() ? step.target : step.item);
}

// "bob: collect badge and laptop (alice)"
std::string message_words(const PlanStep& step) {
  return step.target + (step.text.empty() ? "" : ": " + step.text) +
         (step.holder.empty() ? "" : " (" + step.holder + ')');
}

class Progress {
 public:
  Progress(const CommandContext& context, std::size_t steps) : context_(context), total_(steps) {}

  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  ~Progress() {
    if (drawn_) {
      painted(context_.err) << "\r\x1b[K" << std::flush;
    }
  }

  void update(const StepProgress& progress) {
    if (progress.what == StepProgress::What::Finished) {
      finished_.insert(progress.step->id);
      if (context_.verbose && !context_.progress) {
        context_.err << step_words(*progress.step) << ": " << step_state_name(progress.record.state)
                     << (progress.record.detail.empty() ? "" : " (" + progress.record.detail + ')')
                     << '\n';
      }
    }
    if (context_.progress && !context_.quiet) {
      draw(step_words(*progress.step));
    }
  }

 private:
  void draw(const std::string& words) {
    const std::size_t filled = total_ == 0 ? kBarWidth : finished_.size() * kBarWidth / total_;
    std::string bar;
    for (std::size_t i = 0; i < kBarWidth; ++i) {
      bar += i < filled ? "█" : "░";
    }
    painted(context_.err) << "\r\x1b[K" << bar << ' ' << finished_.size() << '/' << total_ << "  "
                          << printable(words.substr(0, 60)) << std::flush;
    drawn_ = true;
  }

  const CommandContext& context_;
  std::size_t total_;
  std::set<std::string> finished_;
  bool drawn_ = false;
};

void print_people(const CommandContext& context, const RunReport& report, const Plan& plan) {
  if (!report.asked.empty()) {
    context.out << "\nasked and told:\n";
    for (const StepNote& note : report.asked) {
      const auto step = std::find_if(plan.steps.begin(), plan.steps.end(),
                                     [&](const PlanStep& s) { return s.id == note.step; });
      context.out << "  " << printable(step == plan.steps.end() ? note.why : message_words(*step))
                  << '\n';
    }
  }
  if (!report.needs_person.empty()) {
    context.out << "\nneeds a person:\n";
    for (const PersonNote& note : report.needs_person) {
      context.out << "  " << note.item << " — " << printable(note.why)
                  << (note.who.empty() ? "" : " (" + note.who + ')') << '\n';
    }
  }
  if (report.timers.empty()) {
    return;
  }
  context.out << "\nlater, kept in the store:\n";
  for (const Timer& timer : report.timers) {
    const auto step = std::find_if(plan.steps.begin(), plan.steps.end(),
                                   [&](const PlanStep& s) { return s.id == timer.step; });
    context.out << "  " << format_instant(timer.due) << "  "
                << (step == plan.steps.end() ? timer.step : step_words(*step))
                << (timer.why.empty() ? "" : " — " + timer.why) << '\n';
  }
}

// The facts for the closure proof: the plan's systems listed again, then the whole inventory. Null
// when that fails; the reason is printed.
std::shared_ptr<const Inventory> collect_again(const CommandContext& context, Session& session,
                                               const Plan& plan) {
  std::set<std::string> systems;
  for (const PlanStep& step : plan.steps) {
    systems.insert(step.system);
  }
  const auto listings = collect_systems(
      session.connectors, {systems.begin(), systems.end()}, *session.store, context.clock,
      [](const std::string&) {}, use_names(session.project));
  if (!listings) {
    context.report(listings.error());
    return nullptr;
  }
  for (const CollectedListing& listing : *listings) {
    if (!listing.complete) {
      context.err << "note: " << listing.system << ' ' << listing.kind
                  << " could not be listed again: " << listing.why << '\n';
    }
  }
  Diagnostics diagnostics;
  auto inventory = reload_inventory(session, diagnostics);
  if (!inventory) {
    context.report(inventory.error());
    return nullptr;
  }
  return *std::move(inventory);
}

ExitCode exit_code_of(const RunReport& report, const VerifiedOutcome& outcome) {
  if (report.failed > 0) {
    return ExitCode::WorldFailed;
  }
  const bool waiting = report.waiting_for_person > 0;
  const bool proved = outcome.closure_checked && outcome.agrees() && outcome.paths_left() == 0;
  return waiting || !proved ? ExitCode::Blocked : ExitCode::Done;
}

// Reads the run's steps back, searches for access that is left, prints both.
ExitCode verify_and_print(const CommandContext& context, Session& session, const RunReport& report,
                          const Plan& plan) {
  const std::shared_ptr<const Inventory> observed = collect_again(context, session, plan);
  const CapabilityMap systems = describe_connectors(session.connectors, {}).systems;
  const auto outcome =
      verify_execution(report.run, *session.store, session.connectors, context.clock,
                       {.inventory = observed.get(), .systems = &systems});
  if (!outcome) {
    return context.report(outcome.error());
  }
  escalate(context, session, plan, report.run);
  if (!context.quiet) {
    print_people(context, report, plan);
    context.out << '\n'
                << report.run << " is " << run_state_name(outcome->state) << ".\n"
                << print_outcome(*outcome);
  }
  return exit_code_of(report, *outcome);
}

}  // namespace

std::function<void(const StepProgress&)> make_progress(const CommandContext& context,
                                                       std::size_t steps) {
  const auto progress = std::make_shared<Progress>(context, steps);
  return [progress](const StepProgress& step) { progress->update(step); };
}

namespace {

// Notify and ask steps go to their people; where nothing is configured the report lists them.
std::function<Status(const PlanStep&)> hand_over_of(const CommandContext& context,
                                                    const Session& session) {
  const auto opened = open_hand_over(session.project);
  if (opened && *opened == nullptr) {
    return [](const PlanStep&) { return Status(); };
  }
  const auto people =
      std::make_shared<const Result<People>>(session_people(session, context.clock.now()));
  return [opened, people, &clock = context.clock](const PlanStep& step) -> Status {
    RESCIND_ASSIGN_OR_RETURN(const std::shared_ptr<HandOver> way, opened);
    if (!*people) {
      return tl::unexpected(people->error());
    }
    const auto went = way->deliver(step_message(step, **people, clock.now()));
    return went ? Status() : tl::unexpected(went.error());
  };
}

}  // namespace

Result<ExecuteOptions> execute_options(const CommandContext& context, const Session& session,
                                       std::size_t steps) {
  ExecuteOptions options;
  RESCIND_ASSIGN_OR_RETURN(People people, session_people(session, context.clock.now()));
  options.approvers = std::move(people.approvers);
  const auto engine = std::make_shared<std::mt19937_64>(std::random_device{}());
  options.random = [engine] { return std::uniform_real_distribution<double>(0.0, 1.0)(*engine); };
  for (const SystemConfiguration& system : session.project.configuration.systems) {
    if (system.pause.count() > 0) {
      options.pauses[system.id] = system.pause;
    }
  }
  if (session.store) {
    options.objection = make_objection(*session.store, session.inventory, context.clock);
  }
  options.deliveries = session.deliveries.get();
  options.seal_key = seal_key_source(session.project);
  options.progress = make_progress(context, steps);
  options.hand_over = hand_over_of(context, session);
  return options;
}

ExitCode conclude_run(const CommandContext& context, Session& session, const RunReport& report) {
  const auto run_plan = load_run_plan(*session.store, report.run);
  if (!run_plan) {
    return context.report(run_plan.error());
  }
  const ExitCode code = verify_and_print(context, session, report, run_plan->plan);
  sign_at_end(context, session.project, *session.store);
  return code;
}

}  // namespace rescind
