// From a run to the plan that puts it back.
#pragma once

#include <string>

#include "model/plan.h"
#include "workflow/plan_events.h"

namespace rescind {

// The request's events count for nothing; its store must be set. `inventory` may be null. What the
// run took over from others is put back with it. Errors: of the store, NotFound when there is no
// such run, Conflict when it was put back already or goes on in another run, which is named.
Result<Plan> plan_undo_of_run(const PlanRequest& request,
                              const std::shared_ptr<const Inventory>& inventory,
                              const std::string& run);

}  // namespace rescind
