// Putting a run back: the reverse of every step that was done and can be reversed, newest first, as
// a plan like any other.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "model/capabilities.h"
#include "model/inventory.h"
#include "model/plan.h"
#include "model/record.h"

namespace rescind {

struct UndoRequest {
  std::string run;
  const Plan* plan = nullptr;            // of the run
  std::vector<PlanStep> supplements;     // steps that it was given later
  std::vector<StepRecord> records;       // of all of them
  std::set<std::string> captured;        // steps before which state was captured
  std::vector<ContainmentClaim> claims;  // all that stand, whoever's
  CapabilityMap systems;
  const Inventory* inventory = nullptr;  // what hangs on a restored account; may be null
  Instant now{};
  Seconds expiry{24 * 3600};
  std::string steward;
  std::string engine = "rescind 0.1.0";
  std::map<std::string, std::string> bindings;
};

// What other causes still contain stays, and what cannot be put back is listed with the reason.
// `undoes` names the run.
Plan plan_undo(const UndoRequest& request);

}  // namespace rescind
