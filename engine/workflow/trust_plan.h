// Whether a plan that comes out of a file may be carried out: it was made with the key of this
// store and nobody changed it since, and deciding again would still take away what it takes away.
// docs/decisions/0016-sealed-plans.md says why both.
#pragma once

#include <memory>

#include "base/result.h"
#include "base/seal.h"
#include "diagnostics/diagnostic.h"
#include "model/inventory.h"
#include "model/plan.h"
#include "workflow/load_policy.h"
#include "workflow/plan_events.h"

namespace rescind {

// Puts the seal on it; the digest must be there.
void seal_plan(Plan& plan, const SealKey& key);

// False: it has no seal, or that of another key or another plan (R0826).
bool check_seal(const Plan& plan, const SealKey& key, Diagnostics& diagnostics);

// Whether the plan still stands on what the request's store and connectors, this policy and this
// inventory say now. False: another policy, a cause that was taken back or has a newer revision, a
// run that it does not know, or something that it destroys, gives back or moves and that deciding again
// would not, or later, or asking more (R0827). What contains is not compared: it goes on unless its
// cause is gone. The request's events count for nothing; its store must be set. Errors: of the
// store.
Result<bool> check_current(const LoadedPolicy& policy, std::shared_ptr<const Inventory> inventory,
                           PlanRequest request, const Plan& plan, Diagnostics& diagnostics);

}  // namespace rescind
