// A simulation: the engine's own functions over a simulated clock, simulated systems and any store.
// Nothing is decided here: what is due is worked as `rescind run --due` works it, and time is let
// pass.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collect/collect_inventory.h"
#include "connect/hand_over.h"
#include "execute/execute_plan.h"
#include "simulate/simulated_clock.h"
#include "simulate/simulated_estate.h"
#include "store/store.h"
#include "workflow/advance.h"
#include "workflow/load_policy.h"
#include "workflow/people.h"
#include "workflow/plan_events.h"

namespace rescind {

struct SimulationOptions {
  // Works inline, whatever it says. Approvers without `find_person`, and a missing `hand_over`, are
  // taken from the inventory and from `call`. `look_again` is how often evidence is looked at while
  // a stage waits for it: what is not looked at costs nothing.
  ExecuteOptions execute;
  PlanRequest plan;  // events, instant, store and connectors are filled in
  CollectOptions collect;
  Seconds clock_heartbeat{600};
  // Instead of sending something to a person; a failure is tried again, as in earnest. Absent:
  // everything arrives.
  std::function<Status(const HandOverMessage&)> call;
  // What people say counts without a signature, whatever keys their teams declare.
  bool unsigned_approvals = false;
};

// What one person says of steps that ask for it.
struct ApproverWord {
  std::string by;
  std::string item;  // "" whatever they may speak of
  bool refused = false;
  std::string reason = "";  // of a refusal
  // A limit that steps may exceed; it approves nothing by that. "" it is about the steps.
  std::string over_limit = "";
};

// Used by one thread. References are borrowed. May be thrown away after an exception from a crash
// point: what is durable is in the store and in the estate, and a new one goes on from there.
class Simulation {
 public:
  Simulation(const LoadedPolicy& policy, SimulatedEstate& estate, Store& store,
             SimulatedClock& clock, SimulationOptions options);
  ~Simulation();
  Simulation(const Simulation&) = delete;
  Simulation& operator=(const Simulation&) = delete;

  // The organisation as JSON Lines: systems and items go into the estate, the rest into the store.
  static Status seed(std::string_view json_lines, SimulatedEstate& estate, Store& store,
                     Instant at);

  // Lists every system and reads the inventory, as `collect` does.
  Result<std::shared_ptr<const Inventory>> observe();
  Result<Plan> plan(const std::vector<Event>& events);
  // Plans, applies and works what is due then. The run; "" when there is nothing to do.
  Result<std::string> report(const std::vector<Event>& events);
  // Puts a run back: plans that, applies it and works what is due then. The run that does it; ""
  // when there is nothing to put back.
  Result<std::string> undo(const std::string& run);
  // Works what is due now, once: `run --due`. With `all` every run that has not ended is taken up,
  // due or not. Errors: of the store, and the first of a run that could not be worked; the others
  // were.
  Status work(bool all);
  // Somebody approves or refuses; what that lets go on is worked. The number of steps it was about.
  Result<std::size_t> say(const ApproverWord& word);
  // Somebody has seen what they were called about; how much that was.
  Result<std::size_t> acknowledge(const std::string& by);
  // The clock is right, whatever it did: `run --due --accept-clock`.
  Status accept_clock();
  // The next instant after now at which something is due; nothing: only people can move it.
  Result<std::optional<Instant>> next_due();

  ConnectorSet& connectors() { return connectors_; }

 private:
  class Calls;

  Result<std::size_t> say_in_run(const ApproverWord& word, const std::string& run,
                                 const ApproverFacts& facts);

  Result<std::shared_ptr<const Inventory>> read_inventory(const std::vector<std::string>& systems);
  Result<People> people();
  Result<ExecuteOptions> execute_options();
  Result<AdvanceRequest> advance_request();
  Result<std::string> apply(const Plan& plan);
  Status conclude(const Plan& plan, const std::string& run);
  Status work_due(const AdvanceRequest& request);
  Status work_all(const AdvanceRequest& request);
  Status call_again();
  Result<std::optional<Instant>> next_call();

  const LoadedPolicy& policy_;
  Store& store_;
  SimulatedClock& clock_;
  SimulationOptions options_;
  ConnectorSet connectors_;
  CapabilityMap systems_;
  std::shared_ptr<const Inventory> inventory_;  // as it was read last; null: not yet
  std::unique_ptr<Calls> calls_;
};

}  // namespace rescind
