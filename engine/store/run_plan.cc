// Base plan and supplements as one.
#include "store/run_plan.h"

#include <algorithm>
#include <set>
#include <sstream>
#include <utility>

#include "base/hash.h"

namespace rescind {
namespace {

// Replaces what has the same key, appends the rest.
template <typename T, typename Same>
void merge_into(std::vector<T>& list, std::vector<T>& more, const Same& same) {
  for (T& one : more) {
    const auto known =
        std::find_if(list.begin(), list.end(), [&](const T& other) { return same(one, other); });
    if (known == list.end()) {
      list.push_back(std::move(one));
    } else {
      *known = std::move(one);
    }
  }
}

}  // namespace

Instant RunPlan::expires_at(const std::string& step) const {
  const auto found = expires.find(step);
  return found == expires.end() ? plan.expires_at : found->second;
}

PlanIndex index_plan(const Plan& plan) {
  PlanIndex index;
  for (std::size_t i = 0; i < plan.events.size(); ++i) {
    if (is_reported(plan, i)) {
      const Event& event = plan.events[i];
      index.events.push_back({event.subject, event.source, event.id});
    }
  }
  std::set<std::string> items;
  for (const PlanStep& step : plan.steps) {
    if (!step.item.empty()) {
      items.insert(step.item);
    }
  }
  index.items.assign(items.begin(), items.end());
  return index;
}

std::string undo_binding_key(const std::string& run) {
  return "undo of " + run;
}

// Only what was sent counts: that a step waits for something else changes nothing.
std::string undo_binding_value(std::vector<StepRecord> records) {
  std::erase_if(records, [](const StepRecord& step) {
    return is_untouched_state(step.state) || step.state == StepState::Cancelled ||
           step.state == StepState::Refused || step.state == StepState::Unsupported;
  });
  std::sort(records.begin(), records.end(),
            [](const StepRecord& a, const StepRecord& b) { return a.step < b.step; });
  Sha256 hash;
  for (const StepRecord& step : records) {
    const bool done = is_done_state(step.state) || step.state == StepState::Applied ||
                      step.state == StepState::Residual;
    hash.update_field(step.step).update_field(done ? "done" : "begun");
  }
  return "sha256:" + to_hex(hash.finish());
}

void add_supplement(RunPlan& run, Plan supplement) {
  for (const PlanStep& step : supplement.steps) {
    run.expires[step.id] = supplement.expires_at;
  }
  merge_into(run.plan.steps, supplement.steps,
             [](const PlanStep& a, const PlanStep& b) { return a.id == b.id; });
  merge_into(run.plan.limits, supplement.limits, [](const LimitUse& a, const LimitUse& b) {
    return a.name == b.name && a.scope == b.scope;
  });
  merge_into(run.plan.retirements, supplement.retirements,
             [](const PlannedRetirement& a, const PlannedRetirement& b) { return a.id == b.id; });
  for (auto& [key, value] : supplement.bindings) {
    run.plan.bindings[key] = std::move(value);
  }
}

Result<std::shared_ptr<const Plan>> load_first_plan(Store& store, const std::string& run) {
  RESCIND_ASSIGN_OR_RETURN(const std::string text, store.plan_of_run(run));
  auto plan = store.decoded_plans().decode(text);
  if (!plan) {
    return tl::unexpected(plan.error().add_context("reading the plan of " + run));
  }
  return plan;
}

Result<RunPlan> first_run_plan(Store& store, const Plan& plan) {
  RunPlan made;
  made.plan = plan;
  RESCIND_ASSIGN_OR_RETURN(const auto listed,
                           store.find_setting(std::string(kNotComparedSetting) + plan.digest));
  std::set<std::string> systems;
  std::istringstream lines(listed.value_or(""));
  for (std::string line; std::getline(lines, line);) {
    systems.insert(line);
  }
  for (const PlanStep& step : made.plan.steps) {
    if (systems.contains(step.system)) {
      made.expires[step.id] = made.plan.as_of;
    }
  }
  return made;
}

Result<RunPlan> load_run_plan(Store& store, const std::string& run) {
  RESCIND_ASSIGN_OR_RETURN(const auto plan, load_first_plan(store, run));
  RESCIND_ASSIGN_OR_RETURN(RunPlan made, first_run_plan(store, *plan));
  RESCIND_ASSIGN_OR_RETURN(const auto supplements, store.list_supplements(run));
  for (const Supplement& supplement : supplements) {
    auto more = store.decoded_plans().decode(supplement.plan);
    if (!more) {
      return tl::unexpected(more.error().add_context(
          "reading supplement " + std::to_string(supplement.number) + " of " + run));
    }
    add_supplement(made, **more);
  }
  return made;
}

}  // namespace rescind
