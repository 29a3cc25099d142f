// The closure proof: the residual-access search on what was observed, held against what the plan
// claimed.
#pragma once

#include <vector>

#include "model/capabilities.h"
#include "model/inventory.h"
#include "model/outcome.h"
#include "model/plan.h"

namespace rescind::verify {

// One entry per identity that the plan's events make leave, sorted by id. Only what was seen to
// hold counts as changed.
std::vector<SubjectClosure> prove_closure(const Plan& plan, const std::vector<StepProof>& proofs,
                                          const Inventory& inventory, const CapabilityMap* systems,
                                          Instant now);

}  // namespace rescind::verify
