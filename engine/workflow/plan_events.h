// From events to a plan: evaluate, then plan, with what only the store and the connectors know.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "connect/connector_set.h"
#include "model/capabilities.h"
#include "model/decision.h"
#include "model/event.h"
#include "model/plan.h"
#include "store/store.h"
#include "workflow/load_policy.h"

namespace rescind {

struct PlanRequest {
  std::vector<Event> events;
  Instant as_of{};
  bool looked_at_only = false;  // as_of was chosen by a person: the plan cannot be applied
  Seconds expiry{std::chrono::hours(24)};
  std::string steward;
  Store* store = nullptr;              // null: no usage of limits and no earlier runs are known
  ConnectorSet* connectors = nullptr;  // null: the inventory alone says what systems can do
  std::map<std::string, std::string> acts_as;  // system → item id of the connector's own credential
  std::size_t threads = 1;
  // A run that is decided again: its steps are planned as if it had not begun. "" none.
  std::string again;
};

// The events that a plan was made of, without those derived from them. What has no arrival of its
// own arrived when the plan was made.
std::vector<Event> reported_events(const Plan& plan);

// What the connectors say of themselves.
struct ConnectorsDescribed {
  CapabilityMap systems;
  std::map<std::string, std::string> bindings;  // for the plan's digest
  std::vector<std::string> notes;               // who did not answer, and why
};

// `acts_as`: system → item id of the connector's own credential.
ConnectorsDescribed describe_connectors(ConnectorSet& connectors,
                                        const std::map<std::string, std::string>& acts_as);

// What the decisions of `evaluate` need of the connectors.
Decisions decide_events(const LoadedPolicy& policy, std::shared_ptr<const Inventory> inventory,
                        const PlanRequest& request);

// Errors: of the store. A connector that does not answer is a note in the plan and its steps need a
// person.
Result<Plan> plan_events(const LoadedPolicy& policy, std::shared_ptr<const Inventory> inventory,
                         const PlanRequest& request);

}  // namespace rescind
