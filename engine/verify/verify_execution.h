// The verify stage: reads back every step that a run claims to have done, searches for access that
// is left on observed facts, and closes the run when claim and observation agree and nothing is
// left. docs/stages/verify.md explains it.
#pragma once

#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "connect/connector_set.h"
#include "model/capabilities.h"
#include "model/inventory.h"
#include "model/outcome.h"
#include "store/store.h"

namespace rescind {

struct VerifyOptions {
  // Facts for the closure proof: best collected again after the run, else the plan's own. Null: the
  // proof is left out and said to be missing.
  const Inventory* inventory = nullptr;
  const CapabilityMap* systems = nullptr;  // may be null
  bool inline_workers = false;             // no threads: systems are read one after the other
};

// Reads every claimed step and writes what it saw into the journal. A step that does not hold is
// taken up again by the next resume (a destroying one only by a person). Systems are read side by
// side; one that does not answer leaves its steps unknown. Errors: NotFound, Conflict while another
// process works the run or when it was superseded or undone, those of the store.
Result<VerifiedOutcome> verify_execution(const std::string& run, Store& store,
                                         ConnectorSet& connectors, Clock& clock,
                                         const VerifyOptions& options);

}  // namespace rescind
