// Causes are named by the event that was reported, whatever its revision.
#include "execute/claims.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <set>
#include <utility>

#include "base/text.h"
#include "store/run_plan.h"

namespace rescind::execute {
namespace {

std::set<std::string> causes_of_events(const Plan& plan) {
  std::set<std::string> causes;
  for (const std::string& lineage : plan.event_lineages) {
    causes.insert(claim_cause(lineage));
  }
  return causes;
}

std::set<std::string> causes_of(const Plan& plan, const PlanStep& step) {
  std::set<std::string> causes;
  for (const Reason& reason : step.reasons) {
    if (!reason.cause.empty()) {
      causes.insert(claim_cause(reason.cause));
    }
  }
  // A step that no rule asked for stands for every event of its plan.
  return causes.empty() ? causes_of_events(plan) : causes;
}

ContainmentClaim claim_for(const Plan& plan, const std::string& item, const std::string& cause) {
  const Event* event = event_of_claim(plan, cause);
  ContainmentClaim claim;
  claim.item = item;
  claim.cause = cause;
  claim.event_type = event == nullptr ? "" : event->type;
  claim.subject = event == nullptr ? "" : event->subject;
  return claim;
}

std::vector<ContainmentClaim> claims_of_retirement(const Plan& plan,
                                                   const PlannedRetirement& planned) {
  std::set<std::string> causes;
  causes.insert(claim_cause(planned.cause));
  for (const Reason& reason : planned.reasons) {
    if (!reason.cause.empty()) {
      causes.insert(claim_cause(reason.cause));
    }
  }
  std::vector<ContainmentClaim> claims;
  for (const std::string& cause : causes) {
    claims.push_back(claim_for(plan, planned.item, cause));
  }
  return claims;
}

const PlannedRetirement* find_planned(const Plan& plan, const std::string& id) {
  const auto found = std::find_if(plan.retirements.begin(), plan.retirements.end(),
                                  [&id](const PlannedRetirement& one) { return one.id == id; });
  return found == plan.retirements.end() ? nullptr : &*found;
}

// Going back in a retirement drops what its step claims, for whatever joined it too; every other
// restore what its plan releases.
std::vector<std::string> causes_dropped(const Plan& plan, const PlanStep& step, const Plan& was,
                                        const std::vector<ContainmentClaim>& known) {
  std::set<std::string> dropped;
  if (!step.retirement.empty()) {
    dropped = causes_of(plan, step);
    for (const ContainmentClaim& claim : known) {
      if (claim.step == step.restores_step) {
        dropped.insert(claim.cause);
      }
    }
    return {dropped.begin(), dropped.end()};
  }
  for (const ClaimRelease& release : plan.releases) {
    if (release.item == step.item) {
      dropped.insert(release.cause);
    }
  }
  // A right that comes back has no claims of its own; neither have undos that name none.
  if (dropped.empty() && !plan.undoes.empty()) {
    dropped = causes_of_events(was);
  }
  return {dropped.begin(), dropped.end()};
}

std::optional<std::string> state_before(const std::vector<Capture>& captures,
                                        const PlanStep& step) {
  const Capture* best = nullptr;
  for (const Capture& capture : captures) {
    // The step's own reading; where it could not read, the one that was made for that purpose.
    const bool own = capture.step == step.id;
    if (capture.item == step.item && (best == nullptr || own)) {
      best = &capture;
    }
  }
  return best == nullptr ? std::nullopt : std::optional<std::string>(best->state);
}

ActionRequest original_request(const PlanStep& step, std::string captured) {
  ActionRequest request;
  request.verb = step.verb;
  request.item = {step.item,
                  find_kind(step.kind).value_or(Kind::Account),
                  step.system,
                  step.native_id,
                  step.item_name,
                  step.account,
                  step.account_native_id,
                  step.holder};
  request.target = step.target;
  request.text = step.text;
  request.captured = std::move(captured);
  return request;
}

struct Earlier {
  RunPlan run;
  std::vector<Capture> captures;
};

RestoreTarget target_of(const Plan& plan, const PlanStep& step, const Earlier& earlier,
                        const std::vector<ContainmentClaim>& known) {
  RestoreTarget target;
  const std::vector<PlanStep>& steps = earlier.run.plan.steps;
  const auto was = std::find_if(steps.begin(), steps.end(), [&step](const PlanStep& other) {
    return other.id == step.restores_step;
  });
  if (was == steps.end()) {
    target.why_not = step.restores_run + " has no " + step.restores_step;
    return target;
  }
  auto captured = state_before(earlier.captures, *was);
  if (!captured) {
    target.why_not = "nothing was captured before it was changed";
  }
  target.original = original_request(*was, captured.value_or(""));
  target.causes = causes_dropped(plan, step, earlier.run.plan, known);
  return target;
}

}  // namespace

// WHY the generation: a disable that is only repeated because a provisioner may have pushed the
// account again claims nothing; before it, the account was as the first one left it.
bool claims_its_item(const PlanStep& step) {
  const bool repeated = step.generation > 1 && step.retirement.empty();
  return !repeated && step.action.empty() && !step.item.empty() && step.verb != Verb::Restore &&
         step.effects.has(Effect::Contains) && step.reversible != Reversible::Never;
}

ClaimMap claims_of(const Plan& plan, const std::string& run) {
  ClaimMap claims;
  for (const PlanStep& step : plan.steps) {
    if (!claims_its_item(step)) {
      continue;
    }
    for (const std::string& cause : causes_of(plan, step)) {
      ContainmentClaim claim = claim_for(plan, step.item, cause);
      claim.run = run;
      claim.step = step.id;
      claims[step.id].push_back(std::move(claim));
    }
  }
  return claims;
}

Result<std::vector<JoinedRetirement>> list_joined(Store& store, const RetirementRecord& record) {
  std::vector<JoinedRetirement> joined;
  RESCIND_ASSIGN_OR_RETURN(const auto all, store.list_retirements_of(record.item));
  for (const RetirementRecord& other : all) {
    if (other.id == record.id || is_end_state(other.state) || other.run == record.run) {
      continue;
    }
    RESCIND_ASSIGN_OR_RETURN(const RunPlan theirs, load_run_plan(store, other.run));
    const PlannedRetirement* planned = find_planned(theirs.plan, other.id);
    if (planned != nullptr && planned->joins == record.id) {
      joined.push_back({other, *planned, claims_of_retirement(theirs.plan, *planned)});
    }
  }
  return joined;
}

Status add_joined_claims(const Plan& plan, const std::vector<RetirementRecord>& retirements,
                         Store& store, ClaimMap& claims) {
  for (const RetirementRecord& record : retirements) {
    if (is_end_state(record.state)) {
      continue;
    }
    RESCIND_ASSIGN_OR_RETURN(const auto joined, list_joined(store, record));
    for (const PlanStep& step : plan.steps) {
      const auto own = claims.find(step.id);
      if (step.retirement != record.id || own == claims.end()) {
        continue;
      }
      for (const JoinedRetirement& other : joined) {
        for (ContainmentClaim claim : other.claims) {
          claim.run = own->second.front().run;
          claim.step = step.id;
          own->second.push_back(std::move(claim));
        }
      }
    }
  }
  return {};
}

Result<std::vector<ContainmentClaim>> claims_by_joining(const Plan& plan, Store& store,
                                                        Instant now) {
  std::vector<ContainmentClaim> missing;
  for (const PlannedRetirement& planned : plan.retirements) {
    if (planned.joins.empty()) {
      continue;
    }
    RESCIND_ASSIGN_OR_RETURN(const auto known, store.list_claims(planned.item));
    RESCIND_ASSIGN_OR_RETURN(const auto all, store.list_retirements_of(planned.item));
    const auto other =
        std::find_if(all.begin(), all.end(),
                     [&planned](const RetirementRecord& one) { return one.id == planned.joins; });
    if (other == all.end() || is_end_state(other->state)) {
      continue;
    }
    RESCIND_ASSIGN_OR_RETURN(const RunPlan theirs, load_run_plan(store, other->run));
    const auto held = std::find_if(known.begin(), known.end(), [&](const ContainmentClaim& claim) {
      return !claim.released_at && std::any_of(theirs.plan.steps.begin(), theirs.plan.steps.end(),
                                               [&](const PlanStep& step) {
                                                 return step.id == claim.step &&
                                                        step.retirement == other->id;
                                               });
    });
    if (held == known.end()) {
      continue;
    }
    for (ContainmentClaim claim : claims_of_retirement(plan, planned)) {
      const bool there =
          std::any_of(known.begin(), known.end(),
                      [&claim](const ContainmentClaim& one) { return one.cause == claim.cause; });
      if (!there) {
        claim.run = held->run;
        claim.step = held->step;
        claim.at = now;
        missing.push_back(std::move(claim));
      }
    }
  }
  return missing;
}

const Event* event_of_claim(const Plan& plan, const std::string& cause) {
  for (std::size_t i = 0; i < plan.events.size() && i < plan.event_lineages.size(); ++i) {
    if (plan.event_lineages[i].find(" > ") == std::string::npos &&
        claim_cause(plan.event_lineages[i]) == cause) {
      return &plan.events[i];
    }
  }
  return nullptr;
}

Result<RestoreMap> read_restores(const Plan& plan, Store& store) {
  RestoreMap restores;
  std::map<std::string, Earlier> earlier;
  for (const PlanStep& step : plan.steps) {
    if (step.verb != Verb::Restore || !step.action.empty()) {
      continue;
    }
    if (step.restores_run.empty()) {
      restores[step.id].why_not = "the plan does not say from when";
      continue;
    }
    auto known = earlier.find(step.restores_run);
    if (known == earlier.end()) {
      Earlier read;
      RESCIND_ASSIGN_OR_RETURN(read.run, load_run_plan(store, step.restores_run));
      RESCIND_ASSIGN_OR_RETURN(read.captures, store.list_captures(step.restores_run));
      known = earlier.emplace(step.restores_run, std::move(read)).first;
    }
    RESCIND_ASSIGN_OR_RETURN(const auto claims, store.list_claims(step.item));
    restores[step.id] = target_of(plan, step, known->second, claims);
  }
  return restores;
}

std::vector<ClaimRelease> releases_alone(const Plan& plan) {
  std::set<std::string> restored;
  for (const PlanStep& step : plan.steps) {
    if (step.verb == Verb::Restore) {
      restored.insert(step.item);
    }
  }
  std::vector<ClaimRelease> alone;
  std::copy_if(plan.releases.begin(), plan.releases.end(), std::back_inserter(alone),
               [&](const ClaimRelease& release) { return !restored.contains(release.item); });
  return alone;
}

Result<std::string> standing_claims(Store& store, const std::string& item,
                                    const std::vector<std::string>& but) {
  RESCIND_ASSIGN_OR_RETURN(const auto claims, store.list_claims(item));
  std::vector<std::string> others;
  for (const ContainmentClaim& claim : claims) {
    if (!claim.released_at && std::find(but.begin(), but.end(), claim.cause) == but.end()) {
      others.push_back(claim.cause);
    }
  }
  return join(others, ", ");
}

Result<std::optional<ContainmentClaim>> find_standing_disable(Store& store,
                                                              const std::string& item) {
  RESCIND_ASSIGN_OR_RETURN(const auto claims, store.list_claims(item));
  for (const ContainmentClaim& claim : claims) {
    if (claim.released_at) {
      continue;
    }
    RESCIND_ASSIGN_OR_RETURN(const RunPlan run, load_run_plan(store, claim.run));
    for (const PlanStep& step : run.plan.steps) {
      if (step.id == claim.step && step.verb == Verb::Disable) {
        return std::optional(claim);
      }
    }
  }
  return std::optional<ContainmentClaim>();
}

}  // namespace rescind::execute
