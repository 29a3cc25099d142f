// Plays a scenario: lets time pass, calls the engine when something is due, kills it at random
// instants, and keeps what the oracle needs.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
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

struct HandOver {
  Instant at{};
  std::string step, target;
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
  std::map<std::string, Plan> plans;  // by run
  std::vector<HandOver> hand_overs;
  std::vector<std::string> story;  // one line per thing that happened, for --verbose
  std::vector<Violation> violations;
  std::size_t crashes = 0, acts = 0;
};

struct DriveOptions {
  bool crashes = true;
  bool verbose = false;
  // Faults of the estate that no honest system has, so that the oracle has something to find:
  // called after every call on a system.
  std::function<void(SimulatedEstate&, const Scenario&)> tamper;
};

// The oracle looks at every pause and at the end.
Trace drive(const Scenario& scenario, const DriveOptions& options);

}  // namespace rescind::simulation
