// Earlier runs by the index of the store; their plans with all that joined them.
#include "workflow/earlier_runs.h"

#include <algorithm>
#include <iterator>

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

}  // namespace

Result<std::set<std::string>> captured_steps(Store& store, const std::string& run,
                                             const Plan& plan) {
  RESCIND_ASSIGN_OR_RETURN(const std::vector<Capture> captures, store.list_captures(run));
  std::set<std::string> items;
  for (const Capture& capture : captures) {
    items.insert(capture.item);
  }
  std::set<std::string> out;
  for (const PlanStep& step : plan.steps) {
    if (items.contains(step.item)) {
      out.insert(step.id);
    }
  }
  return out;
}

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
  return answer(find_on(item), status_).changes;
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

// Whether the retirement only follows another one's stages.
Result<bool> EarlierRuns::has_joined(const RetirementRecord& record) {
  RESCIND_ASSIGN_OR_RETURN(const Plan* plan, plans_.of(record.run));
  return std::any_of(plan->retirements.begin(), plan->retirements.end(),
                     [&record](const PlannedRetirement& planned) {
                       return planned.id == record.id && !planned.joins.empty();
                     });
}

Result<std::optional<RetirementRecord>> EarlierRuns::find_retirement(const std::string& item) {
  RESCIND_ASSIGN_OR_RETURN(auto records, plans_.store().list_retirements_of(item));
  std::erase_if(records, [this](const RetirementRecord& record) {
    return is_end_state(record.state) || (!again_.empty() && record.run != again_);
  });
  // The one whose steps are worked; one that joined has none.
  for (std::size_t i = 0; records.size() > 1 && i < records.size(); ++i) {
    RESCIND_ASSIGN_OR_RETURN(const bool joined, has_joined(records[i]));
    if (!joined) {
      return std::optional<RetirementRecord>(records[i]);
    }
  }
  return records.empty() ? std::nullopt : std::optional<RetirementRecord>(records.front());
}

Status EarlierRuns::add_changes(const RunRecord& run, const std::string& item,
                                const std::vector<ContainmentClaim>& claims, OnItem& out) {
  RESCIND_ASSIGN_OR_RETURN(const Plan* plan, plans_.of(run.id));
  RESCIND_ASSIGN_OR_RETURN(const auto captured, captured_steps(plans_.store(), run.id, *plan));
  RESCIND_ASSIGN_OR_RETURN(const auto records, plans_.store().list_steps(run.id));
  for (const PlanStep& step : plan->steps) {
    const auto record = std::find_if(records.begin(), records.end(), [&](const StepRecord& one) {
      return step.item == item && one.step == step.id;
    });
    if (record == records.end()) {
      continue;
    }
    if (!step.restores_step.empty() && is_done_state(record->state)) {
      out.put_back.emplace(step.restores_run, step.restores_step);
    }
    std::vector<ContainmentClaim> made;
    std::copy_if(claims.begin(), claims.end(), std::back_inserter(made),
                 [&](const ContainmentClaim& claim) {
                   return claim.run == run.id && claim.step == step.id;
                 });
    if (auto right = claim_of_right(*plan, step, *record); made.empty() && right) {
      made.push_back(*std::move(right));
    }
    for (ContainmentClaim& claim : made) {
      out.changes.push_back({.claim = std::move(claim),
                             .verb = step.verb,
                             .reversible = step.reversible,
                             .captured = captured.contains(step.id),
                             .found_so = record->state == StepState::AlreadyDone});
    }
  }
  return {};
}

Result<EarlierRuns::OnItem> EarlierRuns::find_on(const std::string& item) {
  OnItem out;
  RESCIND_ASSIGN_OR_RETURN(const auto runs, plans_.store().list_runs_on(item));
  RESCIND_ASSIGN_OR_RETURN(const auto claims, plans_.store().list_claims(item));
  for (const RunRecord& run : runs) {
    RESCIND_RETURN_IF_ERROR(add_changes(run, item, claims, out));
  }
  std::erase_if(out.changes, [&](const StandingChange& change) {
    return !change.claim.released_at &&
           out.put_back.contains({change.claim.run, change.claim.step});
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
