// Earlier runs by the index of the store; their plans with all that joined them.
#include "workflow/earlier_runs.h"

#include <algorithm>
#include <set>

#include <nlohmann/json.hpp>

#include "execute/claims.h"
#include "store/run_plan.h"

namespace rescind {
namespace {

const PlanStep* step_of(const Plan& plan, const std::string& id) {
  const auto found = std::find_if(plan.steps.begin(), plan.steps.end(),
                                  [&id](const PlanStep& step) { return step.id == id; });
  return found == plan.steps.end() ? nullptr : &*found;
}

// What was asked, or nothing of its kind; the first failure is kept.
template <typename T>
T answer(Result<T> result, Status& status) {
  if (result) {
    return *std::move(result);
  }
  if (status) {
    status = tl::unexpected(result.error());
  }
  return T();
}

// Whether the inventory shows that the verb was done, so that a plan need not remember it.
bool shows_in_inventory(Verb verb) {
  switch (verb) {
  case Verb::Revoke:
  case Verb::Disable:
  case Verb::Remove:
  case Verb::Narrow:
  case Verb::Delete:
  case Verb::Wipe:
    return true;
  case Verb::Lock:
  case Verb::Rotate:
  case Verb::Replace:
  case Verb::Transfer:
  case Verb::Redirect:
  case Verb::Archive:
  case Verb::Restore:
  case Verb::Notify:
  case Verb::Ask:
    return false;
  }
  return false;
}

// A right that was taken is held back by the step that took it, as an item is by a claim.
std::optional<ContainmentClaim> claim_of_right(const Plan& plan, const PlanStep& step,
                                               const StepRecord& record) {
  const bool taken = step.rank == Rank::Strip && step.action.empty() &&
                     record.state == StepState::Verified && !step.reasons.empty();
  if (!taken) {
    return std::nullopt;
  }
  ContainmentClaim claim;
  claim.item = step.item;
  for (const Reason& reason : step.reasons) {
    claim.cause = claim.cause.empty() ? claim_cause(reason.cause) : claim.cause;
  }
  if (const Event* event = execute::event_of_claim(plan, claim.cause)) {
    claim.event_type = event->type;
    claim.subject = event->subject;
  }
  claim.run = record.run;
  claim.step = record.step;
  claim.at = record.settled_at.value_or(record.updated_at.value_or(plan.as_of));
  return claim;
}

// The steps of which the store has what the item, or the whole account, was before.
Result<std::set<std::string>> captured_steps(Store& store, const std::string& run,
                                             const std::vector<const PlanStep*>& steps) {
  RESCIND_ASSIGN_OR_RETURN(const std::vector<Capture> captures, store.list_captures(run));
  std::set<std::string> out;
  for (const PlanStep* step : steps) {
    const bool captured =
        std::any_of(captures.begin(), captures.end(), [step](const Capture& capture) {
          return capture.step == step->id || capture.item == step->item;
        });
    if (captured) {
      out.insert(step->id);
    }
  }
  return out;
}

}  // namespace

Result<const Plan*> StoredPlans::of(const std::string& run) {
  auto known = known_.find(run);
  if (known == known_.end()) {
    RESCIND_ASSIGN_OR_RETURN(const auto supplements, store_.list_supplements(run));
    if (supplements.empty()) {
      RESCIND_ASSIGN_OR_RETURN(auto plan, load_first_plan(store_, run));
      known = known_.emplace(run, std::move(plan)).first;
    } else {
      RESCIND_ASSIGN_OR_RETURN(RunPlan all, load_run_plan(store_, run));
      known = known_.emplace(run, std::make_shared<const Plan>(std::move(all.plan))).first;
    }
  }
  return known->second.get();
}

bool EarlierRuns::is_settled(const std::string& step) {
  return answer(find_settled(step), status_);
}

std::optional<RetirementRecord> EarlierRuns::open_retirement(const std::string& item) {
  return answer(find_retirement(item), status_);
}

std::vector<StandingChange> EarlierRuns::standing_on(const std::string& item) {
  return answer(find_standing(item), status_);
}

Result<bool> EarlierRuns::find_settled(const std::string& step) {
  RESCIND_ASSIGN_OR_RETURN(const std::vector<StepRecord> records, plans_.store().find_steps(step));
  for (const StepRecord& record : records) {
    if (record.run == again_) {
      continue;
    }
    RESCIND_ASSIGN_OR_RETURN(const auto run, plans_.store().find_run(record.run));
    if (!run || run->state == RunState::Superseded || run->state == RunState::Undone) {
      continue;
    }
    const bool taken_over =
        std::find(supersedes_.begin(), supersedes_.end(), record.run) != supersedes_.end();
    if (!is_end_state(record.state) && !taken_over) {
      return true;
    }
    if (is_done_state(record.state)) {
      RESCIND_ASSIGN_OR_RETURN(const Plan* plan, plans_.of(record.run));
      const PlanStep* planned = step_of(*plan, step);
      if (planned != nullptr && !shows_in_inventory(planned->verb)) {
        return true;
      }
    }
  }
  return false;
}

Result<std::optional<RetirementRecord>> EarlierRuns::find_retirement(const std::string& item) {
  if (again_.empty()) {
    return plans_.store().find_open_retirement(item);
  }
  RESCIND_ASSIGN_OR_RETURN(const auto records, plans_.store().list_retirements_of(item));
  for (const RetirementRecord& record : records) {
    if (record.run == again_ && !is_end_state(record.state)) {
      return std::optional<RetirementRecord>(record);
    }
  }
  return std::optional<RetirementRecord>{};
}

Result<std::vector<StandingChange>> EarlierRuns::find_standing(const std::string& item) {
  Store& store = plans_.store();
  std::vector<StandingChange> out;
  RESCIND_ASSIGN_OR_RETURN(const std::vector<RunRecord> runs, store.list_runs_on(item));
  if (runs.empty()) {
    return out;
  }
  using StepOfRun = std::pair<std::string, std::string>;
  std::map<StepOfRun, const ContainmentClaim*> by_step;
  RESCIND_ASSIGN_OR_RETURN(const std::vector<ContainmentClaim> claims, store.list_claims(item));
  for (const ContainmentClaim& claim : claims) {
    by_step[{claim.run, claim.step}] = &claim;
  }
  std::set<StepOfRun> restored;
  for (const RunRecord& run : runs) {
    RESCIND_ASSIGN_OR_RETURN(const Plan* plan, plans_.of(run.id));
    std::vector<const PlanStep*> steps;
    for (const PlanStep& step : plan->steps) {
      if (step.item == item) {
        steps.push_back(&step);
      }
    }
    RESCIND_ASSIGN_OR_RETURN(const auto captured, captured_steps(store, run.id, steps));
    RESCIND_ASSIGN_OR_RETURN(const std::vector<StepRecord> records, store.list_steps(run.id));
    for (const PlanStep* step : steps) {
      const auto record =
          std::find_if(records.begin(), records.end(),
                       [step](const StepRecord& one) { return one.step == step->id; });
      if (record == records.end()) {
        continue;
      }
      if (!step->restores_step.empty() && is_done_state(record->state)) {
        restored.emplace(step->restores_run, step->restores_step);
      }
      const auto claim = by_step.find({run.id, step->id});
      const std::optional<ContainmentClaim> made =
          claim != by_step.end() ? std::optional<ContainmentClaim>(*claim->second)
                                 : claim_of_right(*plan, *step, *record);
      if (made) {
        out.push_back({.claim = *made,
                       .verb = step->verb,
                       .reversible = step->reversible,
                       .captured = captured.contains(step->id)});
      }
    }
  }
  std::erase_if(out, [&](const StandingChange& change) {
    return !change.claim.released_at && restored.contains({change.claim.run, change.claim.step});
  });
  return out;
}

Result<std::map<std::string, Instant>> find_successors(Store& store) {
  std::map<std::string, Instant> out;
  RESCIND_ASSIGN_OR_RETURN(const auto records, store.list_inventory());
  for (const StoredInventoryRecord& record : records) {
    if (record.kind != "successor") {
      continue;
    }
    const auto json = nlohmann::json::parse(record.json, nullptr, false);
    const auto text = [&json](const char* key) {
      const bool there = json.is_object() && json.contains(key) && json[key].is_string();
      return there ? json[key].get<std::string>() : std::string();
    };
    if (const auto at = parse_instant(text("at"))) {
      out.emplace(text("successor"), *at);
    }
  }
  return out;
}

}  // namespace rescind
