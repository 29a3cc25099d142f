// Named approvals, matched with the principals that a step asks for.
#include "execute/approvals.h"

#include <algorithm>

#include "base/hash.h"
#include "base/text.h"

namespace rescind::execute {

std::string approval_binding(const PlanStep& step) {
  Sha256 hash;
  hash.update_field(step.id)
      .update_field(std::to_string(step.generation))
      .update_field(verb_name(step.verb))
      .update_field(step.action)
      .update_field(step.item)
      .update_field(step.system)
      .update_field(step.native_id)
      .update_field(step.target)
      .update_field(step.text);
  for (const auto& [name, value] : step.facts) {
    hash.update_field(name).update_field(value);
  }
  return "sha256:" + to_hex(hash.finish());
}

bool is_subject(const Plan& plan, const std::string& identity) {
  return std::any_of(plan.events.begin(), plan.events.end(),
                     [&identity](const Event& event) { return event.subject == identity; });
}

bool is_own_case(const Plan& plan, const PlanStep& step, const std::string& identity) {
  return step.holder == identity || is_subject(plan, identity);
}

Approvals::Approvals(const Plan& plan, const Teams& teams,
                     const std::vector<StoredApproval>& stored)
    : plan_(plan), teams_(teams) {
  for (const PlanStep& step : plan.steps) {
    bindings_[step.id] = approval_binding(step);
  }
  for (const StoredApproval& approval : stored) {
    add(approval);
  }
}

void Approvals::add(const StoredApproval& approval) {
  const auto binding = bindings_.find(approval.step);
  if (binding != bindings_.end() && binding->second == approval.binding) {
    approvers_[approval.step].insert(approval.approver);
  }
}

bool Approvals::eligible(const PlanStep& step, const Approval& approval,
                         const std::string& identity) const {
  if (identity.empty() || is_own_case(plan_, step, identity)) {
    return false;
  }
  return std::any_of(approval.by.begin(), approval.by.end(), [&](const std::string& principal) {
    if (principal == identity) {
      return true;
    }
    const auto team = teams_.find(principal);
    return team != teams_.end() && team->second.contains(identity);
  });
}

bool Approvals::given(const PlanStep& step, const Approval& approval) const {
  if (approval.state == ApprovalState::Given && eligible(step, approval, approval.given_by)) {
    return true;
  }
  const auto approvers = approvers_.find(step.id);
  return approvers != approvers_.end() &&
         std::any_of(
             approvers->second.begin(), approvers->second.end(),
             [&](const std::string& identity) { return eligible(step, approval, identity); });
}

bool Approvals::can_give(const PlanStep& step, const std::string& identity) const {
  const auto wanted = [&](const Approval& approval) {
    return !given(step, approval) && eligible(step, approval, identity);
  };
  return std::any_of(step.approvals.begin(), step.approvals.end(), wanted) ||
         std::any_of(step.alternatives.begin(), step.alternatives.end(),
                     [&wanted](const Alternative& alternative) {
                       return std::any_of(alternative.approvals.begin(),
                                          alternative.approvals.end(), wanted);
                     });
}

std::vector<Approval> Approvals::limit_approvals(const PlanStep& step) const {
  std::vector<Approval> approvals;
  for (const LimitRef& ref : step.limits) {
    for (const LimitUse& use : plan_.limits) {
      if (use.name == ref.name && use.scope == ref.scope) {
        Approval approval;
        approval.by = use.ask.empty() ? std::vector<std::string>{} : std::vector{use.ask};
        approvals.push_back(std::move(approval));
      }
    }
  }
  return approvals;
}

bool Approvals::can_pass_limit(const PlanStep& step, const std::string& identity) const {
  const std::vector<Approval> asked = limit_approvals(step);
  return std::any_of(asked.begin(), asked.end(), [&](const Approval& approval) {
    return !given(step, approval) && eligible(step, approval, identity);
  });
}

std::string Approvals::missing(const PlanStep& step, const std::vector<Approval>& needed) const {
  for (const Approval& approval : needed) {
    if (!given(step, approval)) {
      return approval.by.empty() ? "nobody who may approve is left" : join(approval.by, " or ");
    }
  }
  return "";
}

}  // namespace rescind::execute
