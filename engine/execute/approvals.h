// Who may approve a step, and which approvals it has. Nobody approves in their own case.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "model/plan.h"
#include "store/store.h"

namespace rescind::execute {

using Teams = std::map<std::string, std::set<std::string>>;

// The digest of what an approval is bound to: a step that changes loses it.
std::string approval_binding(const PlanStep& step);

// The identity is a subject of the plan's events, or the holder of the step's item.
bool is_own_case(const Plan& plan, const PlanStep& step, const std::string& identity);
bool is_subject(const Plan& plan, const std::string& identity);

class Approvals {
 public:
  Approvals(const Plan& plan, const Teams& teams, const std::vector<StoredApproval>& stored);

  // Who may let a step pass a limit that has no room: the principals whom its limits ask.
  [[nodiscard]] std::vector<Approval> limit_approvals(const PlanStep& step) const;
  // Whether the identity may let the step pass its limits.
  [[nodiscard]] bool can_pass_limit(const PlanStep& step, const std::string& identity) const;
  // Whether the identity may give one of the approvals that the step still needs.
  [[nodiscard]] bool can_give(const PlanStep& step, const std::string& identity) const;
  void add(const StoredApproval& approval);
  // "" when all are given; else who is asked: "bob or team:iam".
  [[nodiscard]] std::string missing(const PlanStep& step,
                                    const std::vector<Approval>& needed) const;

 private:
  [[nodiscard]] bool eligible(const PlanStep& step, const Approval& approval,
                              const std::string& identity) const;
  [[nodiscard]] bool given(const PlanStep& step, const Approval& approval) const;

  const Plan& plan_;
  const Teams& teams_;
  std::map<std::string, std::set<std::string>> approvers_;  // step id → identities
  std::map<std::string, std::string> bindings_;             // step id → binding
};

}  // namespace rescind::execute
