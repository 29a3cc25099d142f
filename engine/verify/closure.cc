// From proofs to assumed changes, from there to the paths that are left.
#include "verify/closure.h"

#include <algorithm>
#include <set>
#include <string>

#include "residual/residual.h"

namespace rescind::verify {
namespace {

bool makes_leave(const Event& event) {
  const auto events = builtin_events();
  return !event.withdrawn &&
         std::any_of(events.begin(), events.end(), [&event](const BuiltinEvent& known) {
           return known.name == event.type && known.leaver_type &&
                  known.about == EventAbout::Identity;
         });
}

// The step is still to come, as planned: what it will close is no surprise now.
bool is_to_come(const StepProof& proof) {
  return proof.proof == Proof::Open &&
         (proof.claimed == StepState::Pending || proof.claimed == StepState::Waiting ||
          proof.claimed == StepState::Ready);
}

ResidualQuery query_of(const Plan& plan, const std::vector<StepProof>& proofs,
                       const Inventory& inventory, Instant now, bool with_steps_to_come) {
  ResidualQuery query;
  query.from = now;
  for (std::size_t i = 0; i < plan.steps.size(); ++i) {
    const PlanStep& step = plan.steps[i];
    // An item that is not in the facts any more needs no assumption.
    const ItemRef item = inventory.find_item(step.item);
    const bool holds =
        proofs[i].proof == Proof::Holds || (with_steps_to_come && is_to_come(proofs[i]));
    if (!holds || !item.valid() || step.action == "capture") {
      continue;
    }
    if (step.action == "sweep") {
      query.sweeps.push_back({item, now});
    } else {
      query.changes.push_back({item, step.verb, now});
    }
  }
  return query;
}

// The plan said that this path would be left, and for as long.
bool is_claimed(const Plan& plan, const ResidualPath& path) {
  return std::any_of(plan.residual_access.begin(), plan.residual_access.end(),
                     [&path](const ResidualPath& claimed) {
                       const bool as_long =
                           !claimed.until || (path.until && *path.until <= *claimed.until);
                       return claimed.path == path.path && as_long;
                     });
}

}  // namespace

std::vector<SubjectClosure> prove_closure(const Plan& plan, const std::vector<StepProof>& proofs,
                                          const Inventory& inventory, const CapabilityMap* systems,
                                          Instant now) {
  std::set<std::string> leaving;
  for (const Event& event : plan.events) {
    // WHY: who is given back what a run took does not leave.
    if (makes_leave(event) && plan.undoes.empty()) {
      leaving.insert(event.subject);
    }
  }
  ResidualQuery now_query = query_of(plan, proofs, inventory, now, false);
  ResidualQuery end_query = query_of(plan, proofs, inventory, now, true);
  now_query.systems = systems;
  end_query.systems = systems;
  std::vector<SubjectClosure> closures;
  for (const std::string& subject : leaving) {
    SubjectClosure closure;
    closure.subject = subject;
    now_query.subject = inventory.find_identity(subject);
    end_query.subject = now_query.subject;
    std::vector<ResidualPath> in_the_end;
    if (!now_query.subject.valid()) {
      ResidualPath path;
      path.path = {"identity " + subject};
      path.state = PathState::Unknown;
      path.why = "it is not in the inventory, what it holds cannot be told";
      closure.paths.push_back(path);
      in_the_end = closure.paths;
    } else {
      ResidualAccess access = find_residual_access(inventory, now_query);
      closure.paths = std::move(access.paths);
      closure.last_path_closes_at = access.last_path_closes_at;
      in_the_end = find_residual_access(inventory, end_query).paths;
    }
    for (ResidualPath& path : in_the_end) {
      if (!is_claimed(plan, path)) {
        closure.unclaimed.push_back(std::move(path));
      }
    }
    closures.push_back(std::move(closure));
  }
  return closures;
}

}  // namespace rescind::verify
