// The resources of the HTTP interface as functions of a request: no socket, no global. docs/http.md
// is the contract.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/server/http.h"
#include "base/clock.h"
#include "model/inventory.h"
#include "workflow/load_policy.h"
#include "workflow/plan_events.h"

namespace rescind::server {

// What every request shares. Immutable while the server runs, except `ready`.
struct Service {
  LoadedPolicy policy;
  std::shared_ptr<const Inventory> inventory;
  PlanRequest plan_defaults;        // events and as_of are the request's own
  std::string timezone;             // for plain dates of events
  std::vector<std::string> tokens;  // any one of them opens every resource but health
  std::vector<std::string> hosts;   // accepted Host names (without port), against DNS rebinding
  std::size_t max_events = 10'000;  // per request
  std::chrono::milliseconds time_limit{30'000};  // for the decisions of one request
  Clock* clock = nullptr;
  std::atomic<bool> ready{false};
};

// Why somebody is refused whatever the body says: the name of the host, then the token. Nothing: go
// on.
std::optional<Answer> refuse_asker(const Service& service, const Request& request);

// Routes a request: health and readiness are open, everything else needs a bearer token.
//   GET /healthz · GET /readyz · GET /v1/policy · POST /v1/evaluate · POST /v1/plans
Answer answer(const Service& service, const Request& request);

// One file each:
Answer answer_evaluate(const Service& service, const Request& request);
Answer answer_plans(const Service& service, const Request& request);
Answer answer_policy(const Service& service, const Request& request);

}  // namespace rescind::server
