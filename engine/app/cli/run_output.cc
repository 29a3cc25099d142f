// Progress and the closing report of a run.
#include "app/cli/run_output.h"

#include <algorithm>
#include <memory>
#include <ostream>
#include <random>
#include <set>

#include "collect/collect_inventory.h"
#include "verify/verify_execution.h"
#include "workflow/collect_systems.h"

namespace rescind {
namespace {

constexpr std::size_t kBarWidth = 30;

std::string step_words(const PlanStep& step) {
  const std::string verb(step.action.empty() ? std::string(verb_name(step.verb)) : step.action);
  return verb + ' ' + (step.item.empty() ? step.target : step.item);
}

class Progress {
 public:
  Progress(const CommandContext& context, std::size_t steps) : context_(context), total_(steps) {}

  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  ~Progress() {
    if (drawn_) {
      context_.err << "\r\x1b[K" << std::flush;
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
    context_.err << "\r\x1b[K" << bar << ' ' << finished_.size() << '/' << total_ << "  "
                 << words.substr(0, 60) << std::flush;
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
      context.out << "  " << note.why << '\n';
    }
  }
  if (!report.needs_person.empty()) {
    context.out << "\nneeds a person:\n";
    for (const PersonNote& note : report.needs_person) {
      context.out << "  " << note.item << " — " << note.why
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
  const auto listings = collect_systems(session.connectors, {systems.begin(), systems.end()},
                                        *session.store, context.clock, [](const std::string&) {});
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

}  // namespace

std::function<void(const StepProgress&)> make_progress(const CommandContext& context,
                                                       std::size_t steps) {
  const auto progress = std::make_shared<Progress>(context, steps);
  return [progress](const StepProgress& step) { progress->update(step); };
}

ExecuteOptions execute_options(const CommandContext& context, const Session& session,
                               const std::string& approve_as, std::size_t steps) {
  ExecuteOptions options;
  options.approve_as = approve_as;
  const Inventory& inventory = *session.inventory;
  const Table& teams = inventory.table(Entity::Team);
  const auto members = session.policy.checked->schema->find(Entity::Team, "members");
  for (std::uint32_t row = 0; members && row < teams.rows(); ++row) {
    std::set<std::string>& team =
        options.approvers.teams[std::string(inventory.text(teams.ids[row]))];
    const SetId set{teams.columns[*members].word_at(row)};
    for (const std::uint32_t member : inventory.sets.elements(set)) {
      team.emplace(inventory.text(Symbol{member}));
    }
  }
  const auto engine = std::make_shared<std::mt19937_64>(std::random_device{}());
  options.random = [engine] { return std::uniform_real_distribution<double>(0.0, 1.0)(*engine); };
  options.deliveries = session.deliveries.get();
  options.seal_key = seal_key_source(session.project);
  options.progress = make_progress(context, steps);
  options.hand_over = [](const PlanStep&) { return Status(); };
  return options;
}

ExitCode conclude_run(const CommandContext& context, Session& session, const RunReport& report) {
  const auto text = session.store->plan_of_run(report.run);
  if (!text) {
    return context.report(text.error());
  }
  const auto plan = decode_plan(*text);
  if (!plan) {
    return context.report(plan.error());
  }
  const std::shared_ptr<const Inventory> observed = collect_again(context, session, *plan);
  const CapabilityMap systems = describe_connectors(session.connectors, {}).systems;
  const auto outcome =
      verify_execution(report.run, *session.store, session.connectors, context.clock,
                       {.inventory = observed.get(), .systems = &systems});
  if (!outcome) {
    return context.report(outcome.error());
  }
  if (!context.quiet) {
    print_people(context, report, *plan);
    context.out << '\n'
                << report.run << " is " << run_state_name(outcome->state) << ".\n"
                << print_outcome(*outcome);
  }
  return exit_code_of(report, *outcome);
}

}  // namespace rescind
