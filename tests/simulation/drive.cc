#include "drive.h"

#include <algorithm>
#include <functional>
#include <stdexcept>

#include "attacker.h"
#include "base/seal.h"
#include "evidence.h"
#include "oracle.h"
#include "signers.h"

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
// More would mean that something is due again and again.
constexpr std::size_t kMostPauses = 5000;

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
        attacks_(scenario.seed ^ 0xA77ACULL),
        people_(scenario.seed ^ 0x9E0B1EULL),
        attacker_(trace_, attacks_, [this](const std::string& what) { tell(what); }) {
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

  void report(const std::vector<Event>& events);
  void undo();
  void write_person(const std::string& person);
  void approve(const ApprovalTime& approval);
  void jump(const ClockJump& jump);
  void apply_again(const std::string& run);
  void pause();
  void maybe_crash();
  void maybe_attack();
  void settle();

  void tell(const std::string& what) {
    if (options_.verbose) {
      trace_.story.push_back(format_instant(trace_.clock->now()) + "  " + what);
      if (options_.listen) {
        options_.listen(trace_.story.back());
      }
    }
  }

  DriveOptions options_;
  Trace trace_;
  Dice choices_, crashes_, attacks_, people_;
  Attacker attacker_;
  std::multimap<Instant, std::function<void()>> agenda_;
  std::unique_ptr<Simulation> engine_;
  std::string approver_;
  std::map<std::string, bool> held_;
  std::set<std::string> moved_;
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
  must(engine_->observe());  // every system was listed before it fell silent
}

void Driver::start_engine() {
  SimulationOptions options;
  options.plan.steward = "keeper";
  ExecuteOptions& execute = options.execute;
  execute.approve_as = approver_;
  execute.over_limit_as = approver_;
  execute.over_limits = {"t.mass"};
  execute.choose = [this](std::size_t of) { return choices_.pick(of); };
  execute.random = [this] { return static_cast<double>(choices_.pick(1000)) / 1000.0; };
  execute.crash_point = [this] { maybe_crash(); };
  execute.look_again = trace_.scenario.look_again;
  execute.retry_later = trace_.scenario.retry_later;
  execute.seal_key = [] { return Result<SealKey>(SealKey(SealKey::Bytes{})); };
  options.call = [this](const HandOverMessage& message) -> Status {
    if (people_.chance(trace_.scenario.lost_calls_percent)) {
      return fail(ErrorKind::Network, "nobody answers");
    }
    Call call{trace_.clock->now(), message.to, "", "", ""};
    for (const auto& [name, value] : message.fields) {
      call.kind = name == "kind" ? value : call.kind;
      call.run = name == "run" ? value : call.run;
      call.step = name == "step" ? value : call.step;
    }
    tell(call.kind + " to " + call.to + ": " + message.subject);
    trace_.calls.push_back(std::move(call));
    return {};
  };
  if (options_.verbose) {
    execute.progress = [this](const StepProgress& progress) {
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

void Driver::maybe_crash() {
  if (options_.crashes && inside_ && trace_.crashes < kMostCrashes &&
      crashes_.pick(1000) < trace_.scenario.crash_percent_of_points) {
    ++trace_.crashes;
    throw Crash();
  }
}

// Whoever leaves does in the systems whatever they still can.
void Driver::maybe_attack() {
  const Scenario& scenario = trace_.scenario;
  if (attacking_) {
    return;
  }
  attacking_ = true;
  if (attacks_.chance(scenario.push_percent)) {
    attacker_.push();
  }
  if (trace_.acts < kMostActs && attacks_.chance(scenario.attack_percent)) {
    for (const std::string& person : scenario.leavers()) {
      if (attacks_.chance(60)) {
        attacker_.act(person);
      }
    }
  }
  attacking_ = false;
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

void Driver::report(const std::vector<Event>& events) {
  for (const Event& event : events) {
    tell("event: " + event.type + " " + event.subject + " at " + format_instant(event.at) +
         (event.revision > 1 ? " revision " + std::to_string(event.revision) : "") +
         (event.withdrawn ? " taken back" : ""));
  }
  std::string run;
  call_engine([&](Simulation& engine) { run = must(engine.report(events)); });
  if (!run.empty() && choices_.chance(30)) {
    apply_again(run);
  }
}

// Undoing it would have to contain again what it put back: see docs/simulation.md.
bool gives_back(const Trace& trace, const std::string& run) {
  const auto known = trace.runs.find(run);
  return known == trace.runs.end() ||
         std::any_of(known->second.plans.front().events.begin(),
                     known->second.plans.front().events.end(), [](const Event& event) {
                       return event.type == "rehire" || event.type == "leave_end";
                     });
}

// Somebody puts the run back that was opened last.
void Driver::undo() {
  const auto runs = must(trace_.store->list_runs());
  for (auto run = runs.rbegin(); run != runs.rend(); ++run) {
    if (run->undoes.empty() && !gives_back(trace_, run->id) &&
        (run->state == RunState::Open || run->state == RunState::Contained ||
         run->state == RunState::Settled || run->state == RunState::Closed)) {
      tell("undo: " + run->id);
      bool begun = false;
      call_engine([&](Simulation& engine) {
        // Killed on the way, it is asked for again, unless that run was opened.
        const RunState state = must(trace_.store->find_run(run->id))->state;
        begun = begun || state == RunState::Undoing || state == RunState::Undone;
        if (!begun) {
          begun = !must(engine.undo(run->id)).empty();
        }
      });
      for (const std::string& person : trace_.scenario.leavers()) {
        write_person(person);
      }
      return;
    }
  }
}

// What personnel has of somebody now.
void Driver::write_person(const std::string& person) {
  const bool gone = Evidence(trace_).is_gone(person, trace_.clock->now());
  std::vector<StoredInventoryRecord> records;
  for (const StoredInventoryRecord& old : must(trace_.store->list_inventory())) {
    if (old.kind == "identity" && old.id == person) {
      const bool works = !trace_.scenario.promise.grants.empty();
      records.push_back(old);
      records.back().json = person_record(person, held_[person],
                                          !works                    ? ""
                                          : moved_.contains(person) ? kNewJob
                                                                    : kOldJob,
                                          gone);
    }
  }
  must(trace_.store->add_inventory(records));
}

// Nobody approves in their own case; asking is not held against them.
void Driver::approve(const ApprovalTime& approval) {
  tell((approval.refuses ? "refuses what may be refused: " : "approves what may be approved: ") +
       approval.by + (approval.by_name ? "" : ", with a signature"));
  if (!approval.by_name) {
    must(sign_everywhere(trace_, approval));
    return work(true);
  }
  if (approval.refuses) {
    call_engine([&approval](Simulation& engine) {
      must(engine.say({.by = approval.by, .item = "", .refused = true, .reason = "no"}));
    });
    return;
  }
  approver_ = approval.by;
  start_engine();
  call_engine([](Simulation& engine) { static_cast<void>(engine.work(true)); });
  approver_.clear();
  start_engine();
}

void Driver::jump(const ClockJump& jump) {
  tell("the clock jumps by " + format_duration(jump.by));
  trace_.clock->jump(jump.by);
  if (jump.accepted_after.count() == 0) {
    return;
  }
  trace_.frozen.push_back({trace_.estate->changes().size(), std::string::npos});
  add(trace_.clock->now() + jump.accepted_after, [this] {
    tell("somebody says that the clock is right");
    trace_.frozen.back().until = trace_.estate->changes().size();
    call_engine([](Simulation& engine) { must(engine.accept_clock()); });
  });
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
  // Personnel knows first.
  for (const Report& report : scenario.reports) {
    const std::string& type = report.event.type;
    if (type == "mover" || type == "rehire" || is_departure(type)) {
      add(std::max(report.arrives, report.event.at), [this, &report] {
        if (report.event.type == "mover") {
          moved_.insert(report.event.subject);
        }
        write_person(report.event.subject);
      });
      if (report.event.at > report.arrives && report.event.revision > 1) {
        add(report.arrives, [this, &report] { write_person(report.event.subject); });
      }
    }
  }
  for (std::size_t i = 0; i < scenario.reports.size();) {
    const Instant arrives = scenario.reports[i].arrives;
    std::vector<Event> together;
    for (; i < scenario.reports.size() && scenario.reports[i].arrives == arrives; ++i) {
      together.push_back(scenario.reports[i].event);
    }
    add(arrives, [this, together] { report(together); });
  }
  for (const Instant at : scenario.undos) {
    add(at, [this] { undo(); });
  }
  for (const UseTime& use : scenario.uses) {
    add(use.at, [this, &use] {
      if (use.takes_up) {
        tell(use.by + " takes up " + use.item);
        trace_.estate->confirm_delivery(use.item, use.by);
      } else {
        const bool worked = trace_.estate->use(use.item, use.by);
        tell(use.by + (worked ? " uses " : " is turned away from ") + use.item);
      }
    });
  }
  for (const HoldChange& hold : scenario.holds) {
    add(hold.at, [this, &hold] {
      tell(std::string(hold.held ? "hold on " : "hold lifted from ") + hold.person);
      held_[hold.person] = hold.held;
      write_person(hold.person);
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
    add(approval.at, [this, &approval] { approve(approval); });
  }
  for (const SeenTime& seen : scenario.seen) {
    add(seen.at, [this, &seen] {
      tell("has seen what they were called about: " + seen.by);
      call_engine([&](Simulation& engine) { trace_.seen += must(engine.acknowledge(seen.by)); });
    });
  }
  for (const ClockJump& jump : scenario.jumps) {
    add(jump.at, [this, &jump] { this->jump(jump); });
  }
}

void Driver::pause() {
  if (++trace_.pauses > kMostPauses) {
    throw Broken("something is due again and again");
  }
  if (options_.forge) {
    options_.forge(trace_);
  }
  check_pause(trace_);
}

// Everything works again; the attacker goes on.
void Driver::settle() {
  trace_.estate->mend("");
  call_engine([](Simulation& engine) { must(engine.accept_clock()); });
  for (FrozenTime& frozen : trace_.frozen) {
    frozen.until = std::min(frozen.until, trace_.estate->changes().size());
  }
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
