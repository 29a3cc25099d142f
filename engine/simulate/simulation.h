// A simulation: the engine's own functions over a simulated clock, simulated systems and any store.
// Nothing is decided here; time is let pass and the engine is called when something is due.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collect/collect_inventory.h"
#include "execute/execute_plan.h"
#include "simulate/simulated_clock.h"
#include "simulate/simulated_estate.h"
#include "store/store.h"
#include "workflow/load_policy.h"
#include "workflow/plan_events.h"

namespace rescind {

struct SimulationOptions {
  ExecuteOptions execute;  // works inline, whatever it says
  PlanRequest plan;        // events, instant, store and connectors are filled in
  CollectOptions collect;
};

// Used by one thread. References are borrowed. May be thrown away after an exception from a crash
// point: what is durable is in the store and in the estate, and a new one goes on from there.
class Simulation {
 public:
  Simulation(const LoadedPolicy& policy, SimulatedEstate& estate, Store& store,
             SimulatedClock& clock, SimulationOptions options);

  // The organisation as JSON Lines: systems and items go into the estate, the rest into the store.
  static Status seed(std::string_view json_lines, SimulatedEstate& estate, Store& store,
                     Instant at);

  // Lists the systems and reads the inventory, as `collect` does.
  Result<std::shared_ptr<const Inventory>> observe();
  Result<Plan> plan(const std::vector<Event>& events);
  // Plans and applies. The run; "" when there is nothing to do.
  Result<std::string> report(const std::vector<Event>& events);
  // Does what is due now, once: every run that has not ended and has a timer that has run out, or
  // all of them. Then reads back what they claim.
  Status work(bool all);
  // The next instant after now at which something is due; nothing: only people can move it.
  Result<std::optional<Instant>> next_due();

  ConnectorSet& connectors() { return connectors_; }

 private:
  Status verify(const std::string& run);

  const LoadedPolicy& policy_;
  Store& store_;
  SimulatedClock& clock_;
  SimulationOptions options_;
  ConnectorSet connectors_;
};

}  // namespace rescind
