#include "drive.h"

#include <algorithm>
#include <functional>
#include <stdexcept>

#include "dice.h"
#include "oracle.h"

namespace rescind::simulation {
namespace {

struct Crash : std::runtime_error {
  Crash() : std::runtime_error("killed") {}
};

// The world is broken in a way that no scenario asks for.
struct Broken : std::runtime_error {
  using std::runtime_error::runtime_error;
};

constexpr Seconds kRestart{2};
constexpr std::size_t kMostCrashes = 25;
constexpr std::size_t kMostActs = 60;

template <typename T>
T must(Result<T> result) {
  if (!result) {
    throw Broken(result.error().to_string());
  }
  if constexpr (!std::is_void_v<T>) {
    return *std::move(result);
  }
}

class Driver {
 public:
  Driver(const Scenario& scenario, const DriveOptions& options)
      : options_(options),
        choices_(scenario.seed ^ 0xC0FFEEULL),
        crashes_(scenario.seed ^ 0xDEADULL),
        attacks_(scenario.seed ^ 0xA77ACULL) {
    trace_.scenario = scenario;
  }

  Trace play();

 private:
  void prepare();
  void start_engine();
  void plan_agenda();

  void add(Instant at, std::function<void()> what) { agenda_.emplace(at, std::move(what)); }

  // Runs the engine; killed, it is started again and goes on with what it finds.
  void call_engine(const std::function<void(Simulation&)>& what);
  void resume_after_crash();

  void work(bool all) {
    call_engine([all](Simulation& engine) { must(engine.work(all)); });
  }

  void report(const Report& report);
  void apply_again(const std::string& run);
  void pause();
  [[nodiscard]] std::optional<ApproverPerson> find_person(const std::string& id) const;
  void maybe_crash();
  void maybe_attack();
  void attack(const std::string& person);
  void settle();

  void tell(const std::string& what) {
    if (options_.verbose) {
      trace_.story.push_back(format_instant(trace_.clock->now()) + "  " + what);
    }
  }

  DriveOptions options_;
  Trace trace_;
  Dice choices_, crashes_, attacks_;
  std::multimap<Instant, std::function<void()>> agenda_;
  std::unique_ptr<Simulation> engine_;
  std::string approver_;
  bool inside_ = false;  // the engine is at work: it can be killed
  bool attacking_ = false;
};

void Driver::prepare() {
  const Scenario& scenario = trace_.scenario;
  trace_.clock = std::make_unique<SimulatedClock>(scenario.begin);
  trace_.estate = std::make_unique<SimulatedEstate>(*trace_.clock);
  trace_.sources = std::make_shared<SourceSet>();
  Diagnostics diagnostics;
  auto policy =
      load_policy_from_text("scenario.rescind", scenario.policy, trace_.sources, diagnostics);
  if (!policy) {
    throw Broken("policy: " + render_text(diagnostics, *trace_.sources, {}));
  }
  trace_.policy = *std::move(policy);
  trace_.store = must(open_sqlite_store(":memory:", {}));
  must(Simulation::seed(scenario.records, *trace_.estate, *trace_.store, scenario.begin));
  trace_.items_at_first = trace_.estate->items();
  trace_.estate->watch = [this](SimulatedEstate::Moment, std::string_view, const std::string&) {
    if (inside_) {
      maybe_attack();
      if (options_.tamper) {
        options_.tamper(*trace_.estate, trace_.scenario);
      }
      maybe_crash();
    }
  };
  start_engine();
}

void Driver::start_engine() {
  SimulationOptions options;
  options.plan.steward = "office";
  options.execute.approve_as = approver_;
  options.execute.approvers.teams = {{"office", {"keeper", "p0"}}, {"records", {"second"}}};
  options.execute.approvers.find_person = [this](const std::string& id) { return find_person(id); };
  options.execute.choose = [this](std::size_t of) { return choices_.pick(of); };
  options.execute.random = [this] { return static_cast<double>(choices_.pick(1000)) / 1000.0; };
  options.execute.crash_point = [this] { maybe_crash(); };
  options.execute.hand_over = [this](const PlanStep& step) {
    trace_.hand_overs.push_back({trace_.clock->now(), step.id, step.target});
    return Status();
  };
  if (options_.verbose) {
    options.execute.progress = [this](const StepProgress& progress) {
      static const char* const words[] = {"started ", "finished ", "waits "};
      tell(words[static_cast<std::size_t>(progress.what)] +
           std::string(verb_name(progress.step->verb)) + " " + progress.step->action + " " +
           progress.step->item + " " + std::string(step_state_name(progress.record.state)) + " " +
           progress.record.wait);
    };
  }
  engine_ = std::make_unique<Simulation>(trace_.policy, *trace_.estate, *trace_.store,
                                         *trace_.clock, std::move(options));
}

std::optional<ApproverPerson> Driver::find_person(const std::string& id) const {
  ApproverPerson person;
  for (const Report& report : trace_.scenario.reports) {
    person.leaving = person.leaving || (report.event.subject == id && report.event.type != "risk" &&
                                        report.arrives <= trace_.clock->now());
  }
  return person;
}

void Driver::maybe_crash() {
  if (options_.crashes && inside_ && trace_.crashes < kMostCrashes &&
      crashes_.pick(1000) < trace_.scenario.crash_percent_of_points) {
    ++trace_.crashes;
    throw Crash();
  }
}

// Whoever leaves does in the systems whatever they still can.
void Driver::maybe_attack() {
  if (attacking_ || trace_.acts >= kMostActs || !attacks_.chance(trace_.scenario.attack_percent)) {
    return;
  }
  attacking_ = true;
  for (const std::string& person : trace_.scenario.leavers()) {
    if (attacks_.chance(60)) {
      attack(person);
    }
  }
  attacking_ = false;
}

void Driver::attack(const std::string& person) {
  SimulatedEstate& estate = *trace_.estate;
  std::vector<std::string> accounts;
  for (const auto& [id, item] : estate.items()) {
    if (item.kind == Kind::Account && item.holder == person) {
      accounts.push_back(id);
    }
  }
  if (accounts.empty()) {
    return;
  }
  const std::string account = attacks_.of(accounts);
  if (attacks_.chance(50)) {
    if (estate.sign_in(account, person)) {
      ++trace_.acts;
      tell("attack: " + person + " signs in to " + account);
    }
  } else if (estate.mint_token(account, person)) {
    ++trace_.acts;
    tell("attack: " + person + " makes a token of " + account);
  }
}

void Driver::resume_after_crash() {
  while (true) {
    tell("killed; starts again");
    approver_.clear();
    trace_.clock->sleep_for(kRestart);
    start_engine();
    try {
      inside_ = true;
      must(engine_->work(true));
      inside_ = false;
      return;
    } catch (const Crash&) {
      inside_ = false;
    }
  }
}

void Driver::call_engine(const std::function<void(Simulation&)>& what) {
  while (true) {
    try {
      inside_ = true;
      what(*engine_);
      inside_ = false;
      return;
    } catch (const Crash&) {
      inside_ = false;
      resume_after_crash();
    }
  }
}

void Driver::report(const Report& report) {
  tell("event: " + report.event.type + " " + report.event.subject + " at " +
       format_instant(report.event.at));
  std::string run;
  call_engine([&](Simulation& engine) { run = must(engine.report({report.event})); });
  if (!run.empty() && choices_.chance(30)) {
    apply_again(run);
  }
}

// Invariant 14: a plan is used once.
void Driver::apply_again(const std::string& run) {
  const Plan plan = must(decode_plan(must(trace_.store->plan_of_run(run))));
  const std::size_t before = trace_.estate->changes().size();
  ExecuteOptions execute;
  execute.inline_workers = true;
  const auto again =
      execute_plan(plan, *trace_.store, engine_->connectors(), *trace_.clock, execute);
  if (again || trace_.estate->changes().size() != before) {
    trace_.violations.push_back(
        {"14 a second apply does nothing", trace_.clock->now(), run, "it was applied again"});
  }
}

void Driver::plan_agenda() {
  const Scenario& scenario = trace_.scenario;
  for (const Report& one : scenario.reports) {
    add(one.arrives, [this, &one] { report(one); });
  }
  for (const HoldChange& hold : scenario.holds) {
    add(hold.at, [this, &hold] {
      tell(std::string(hold.held ? "hold on " : "hold lifted from ") + hold.person);
      std::vector<StoredInventoryRecord> records;
      for (const StoredInventoryRecord& old : must(trace_.store->list_inventory())) {
        if (old.kind == "identity" &&
            old.json.find("\"id\":\"" + hold.person + "\"") != std::string::npos) {
          records.push_back(old);
          records.back().json = person_record(hold.person, hold.held);
        }
      }
      must(trace_.store->add_inventory(records));
    });
  }
  for (const FaultWindow& window : scenario.faults) {
    add(window.from, [this, &window] {
      tell("fault: " + std::string(estate_fault_name(window.fault.kind)) + " in " +
           window.fault.system + " until " + format_instant(window.until));
      trace_.estate->add_fault(window.fault);
    });
  }
  for (const ApprovalTime& approval : scenario.approvals) {
    add(approval.at, [this, &approval] {
      // Nobody approves in their own case; asking is not held against them.
      tell("approves what may be approved: " + approval.by);
      approver_ = approval.by;
      start_engine();
      call_engine([](Simulation& engine) { static_cast<void>(engine.work(true)); });
      approver_.clear();
      start_engine();
    });
  }
  for (const ClockJump& jump : scenario.jumps) {
    add(jump.at, [this, &jump] {
      tell("the clock jumps by " + format_duration(jump.by));
      trace_.clock->jump(jump.by);
    });
  }
}

void Driver::pause() {
  check_pause(trace_);
}

// Everything works again; the attacker goes on.
void Driver::settle() {
  trace_.estate->mend("");
  for (int round = 0; round < 4; ++round) {
    trace_.clock->sleep_for(std::chrono::hours(1));
    work(true);
    pause();
  }
}

Trace Driver::play() {
  try {
    prepare();
    plan_agenda();
    const Instant end = trace_.scenario.end;
    while (trace_.clock->now() < end) {
      const auto due = must(engine_->next_due());
      const Instant next =
          std::min({agenda_.empty() ? end : agenda_.begin()->first, due.value_or(end), end});
      trace_.clock->advance_to(next);
      const Instant now = trace_.clock->now();
      while (!agenda_.empty() && agenda_.begin()->first <= now) {
        const auto what = agenda_.begin()->second;
        agenda_.erase(agenda_.begin());
        what();
      }
      work(false);
      pause();
    }
    settle();
    check_end(trace_);
  } catch (const Broken& broken) {
    trace_.violations.push_back({"0 the engine goes on",
                                 trace_.clock ? trace_.clock->now() : Instant{}, "",
                                 broken.what()});
  }
  trace_.estate->watch = nullptr;
  return std::move(trace_);
}

}  // namespace

Trace drive(const Scenario& scenario, const DriveOptions& options) {
  return Driver(scenario, options).play();
}

}  // namespace rescind::simulation
