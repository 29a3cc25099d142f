// The plan of a run as it stands: what it was opened with, and what was added or decided again
// since.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/plan.h"
#include "store/store.h"

namespace rescind {

// Settings of this name and a plan's digest: systems, each on a line, that did not answer when the
// plan was compared with what is known, before it was applied.
inline constexpr std::string_view kNotComparedSetting = "not_compared.";

// Plans that undo are bound to who else holds what they leave contained: with the item, the key of
// Plan::bindings.
inline constexpr std::string_view kHeldBinding = "held by others: ";

struct RunPlan {
  // The digest is that of the plan that the run was opened with. Steps are in the order of the
  // store's records.
  Plan plan;
  // Steps of supplements: until when the plan that last spoke of them may be relied on. Steps of
  // systems that were not compared: since it was made. Others: the plan's own expiry.
  std::map<std::string, Instant> expires;

  [[nodiscard]] Instant expires_at(const std::string& step) const;
};

// What the run was opened with. Errors: NotFound, Corrupt, those of the store.
Result<std::shared_ptr<const Plan>> load_first_plan(Store& store, const std::string& run);

// As a run of it begins. Errors: of the store.
Result<RunPlan> first_run_plan(Store& store, const Plan& plan);

// Errors: as above.
Result<RunPlan> load_run_plan(Store& store, const std::string& run);

// By what a run of the plan is found.
PlanIndex index_plan(const Plan& plan);

// How a plan that undoes a run is bound to what that run has done: key and value of Plan::bindings.
std::string undo_binding_key(const std::string& run);
std::string undo_binding_value(std::vector<StepRecord> records);

// Puts the steps, limits and retirements of a supplement into the plan.
void add_supplement(RunPlan& run, Plan supplement);

}  // namespace rescind
