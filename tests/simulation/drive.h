// Plays a scenario: lets time pass, calls the engine when something is due, kills it at random
// instants, and keeps what the oracle needs.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "model/plan.h"
#include "scenario.h"
#include "simulate/simulation.h"
#include "store/store.h"

namespace rescind::simulation {

struct Violation {
  std::string invariant;
  Instant at{};
  std::string item;
  std::string what;
};

// A call to a person, or something that a person was asked or told.
struct Call {
  Instant at{};
  std::string to, kind, run, step;
};

// Something that the attacker got.
struct Reach {
  Instant at{};
  std::string person, what, item;
};

// Somebody put a run back: its events are no reason any more.
struct UndoneRun {
  Instant at{};
  std::string run;
};

// The clock could not be believed between two places in the history of changes.
struct FrozenTime {
  std::size_t from = 0, until = 0;  // indices into the estate's changes
};

// A run as the oracle knows it. Read again when somebody took the run up since.
struct KnownRun {
  RunRecord record;
  Instant seen{};              // when it was read
  std::deque<Plan> plans;      // what it was opened with, then its supplements
  std::vector<Instant> since;  // parallel
  std::vector<StepRecord> steps;
  // A step's forms, by id: the plan that gave it, oldest first.
  std::unordered_map<std::string, std::vector<std::pair<Instant, const PlanStep*>>> forms;
};

// What is left of a run of a scenario.
struct Trace {
  Scenario scenario;
  std::unique_ptr<SimulatedClock> clock;
  std::unique_ptr<SimulatedEstate> estate;
  std::map<std::string, EstateItem> items_at_first;
  std::shared_ptr<SourceSet> sources;
  LoadedPolicy policy;
  std::unique_ptr<Store> store;
  std::map<std::string, KnownRun> runs;
  std::map<std::string, std::vector<RetirementRecord>> retirements;  // by id, each form it had
  std::vector<Call> calls;
  std::vector<Reach> reaches;
  std::vector<UndoneRun> undone;
  std::vector<FrozenTime> frozen;
  std::vector<std::string> story;  // one line per thing that happened, for --verbose
  std::vector<Violation> violations;
  std::size_t crashes = 0, acts = 0, seen = 0, pauses = 0;
};

struct DriveOptions {
  bool crashes = true;
  bool verbose = false;
  // Hears each line of the story when it happens.
  std::function<void(const std::string&)> listen = {};
  // Faults of the estate that no honest system has, so that the oracle has something to find:
  // called after every call on a system.
  std::function<void(SimulatedEstate&, const Scenario&)> tamper = {};
  // The same for what the engine leaves in its store and what people hear: called before a look of
  // the oracle.
  std::function<void(Trace&)> forge = {};
};

// The oracle looks at every pause and at the end.
Trace drive(const Scenario& scenario, const DriveOptions& options);

}  // namespace rescind::simulation
