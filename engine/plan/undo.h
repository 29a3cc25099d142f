// Putting a run back: the reverse of every step that was done and can be reversed, newest first, as
// a plan like any other.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "model/capabilities.h"
#include "model/inventory.h"
#include "model/plan.h"
#include "model/record.h"
#include "plan/build.h"

namespace rescind {

// A run that is put back, with all that joined it.
struct UndoneRun {
  std::string run;
  const Plan* plan = nullptr;
  std::vector<StepRecord> records;
  std::set<std::string> captured;  // steps before which state was captured
};

struct UndoRequest {
  // The run, and behind it those that it took over from, the newest first: their steps stand for
  // its events.
  std::vector<UndoneRun> runs;
  // By item: what stands on it, whoever did it.
  std::map<std::string, std::vector<StandingChange>> standing;
  std::set<std::pair<std::string, std::string>> put_back;  // (run, step): done already
  std::map<std::string, PlanStep> others;  // by id: steps of other runs that `standing` speaks of
  CapabilityMap systems;
  const Inventory* inventory = nullptr;  // what hangs on a restored account; may be null
  Instant now{};
  Seconds expiry{24 * 3600};
  std::string steward;
  std::string engine = "rescind 0.1.0";
  std::map<std::string, std::string> bindings;
};

// An item comes back when no other cause holds it any more, to what it was before the first of the
// changes that stand; the claims of the run's own causes end either way. What cannot be put back is
// listed with the reason. `undoes` names the run.
Plan plan_undo(const UndoRequest& request);

}  // namespace rescind
