// Who may approve a step, which approvals it has, and who refused it. Nobody approves in their own
// case or what they set off themselves; whoever has a declared key signs. Judged when it is used:
// docs/approvals.md has every rule.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "diagnostics/diagnostic.h"
#include "model/approval.h"
#include "model/approver.h"
#include "model/plan.h"
#include "store/store.h"

namespace rescind::execute {

// The digest of what an approval is bound to: a step that changes loses it.
std::string approval_binding(const PlanStep& step);
// The same for letting the step exceed a limit, by its qualified name. No approval of the step fits
// it, and no other limit.
std::string over_limit_binding(const PlanStep& step, std::string_view limit);

// The identity is a subject of the plan's events, or the holder of the step's item.
bool is_own_case(const Plan& plan, const PlanStep& step, const std::string& identity);
bool is_subject(const Plan& plan, const std::string& identity);
// The identity submitted one of the plan's events.
bool is_author(const Plan& plan, const std::string& identity);
// Whether approvals of the identity or team only count with a signature: keys are declared.
bool must_sign(const ApproverFacts& facts, const std::string& principal);

// What stands against an approval.
struct Objection {
  Code code{};
  std::string why;
};

// What one person said about one step.
struct Voice {
  std::string approver;  // who said it
  std::string seat;      // in whose place: the approver, or who delegated to them
  bool refuse = false;
  std::string reason;
  Instant at{};
  std::string plan;  // without a document: digest of the plan that was shown; "" not known
  // The signed document; absent: a named approval without a signature.
  std::optional<ApprovalDocument> document;
};

// The plans that this one took over and whose approvals it may inherit: digest → step → the latest
// start that the step had there, which is what its approvers were shown at the most.
using Ancestry = std::map<std::string, std::map<std::string, Instant>>;

// What is wrong with a document wherever it is used: its signature, its plan, keys that the plan
// does not know, a delegation to somebody else.
std::optional<Objection> objection_to(const ApprovalDocument& document, const Plan& plan,
                                      const Ancestry& ancestry);

class Approvals {
 public:
  // Plan and facts are borrowed.
  Approvals(const Plan& plan, const ApproverFacts& facts, const std::vector<StoredApproval>& stored,
            Ancestry ancestry = {});

  void add(const StoredApproval& approval);

  // "" when all are given; else who is asked, and what became of what was said: "bob or iam (the
  // approval of carol expired at …)".
  [[nodiscard]] std::string missing(const PlanStep& step, const std::vector<Approval>& needed,
                                    Instant now) const;
  // The refusal that ends the step: every way in which it could start needs what was refused.
  [[nodiscard]] std::optional<Voice> refusal(const PlanStep& step, Instant now) const;

  // Who may let the step exceed that limit; nothing: the step is not counted by it.
  [[nodiscard]] std::optional<Approval> limit_approval(const PlanStep& step,
                                                       std::string_view limit) const;
  // Whether somebody whom the limit asks has said that this step may exceed it.
  [[nodiscard]] bool may_exceed(const PlanStep& step, const std::string& limit, Instant now) const;
  // Whether the identity may say so, without a signature, and nobody has yet.
  [[nodiscard]] bool can_pass_limit(const PlanStep& step, const std::string& limit,
                                    const std::string& identity, Instant now) const;
  // Whether the identity may give one of the approvals that the step still needs, without a
  // signature.
  [[nodiscard]] bool can_give(const PlanStep& step, const std::string& identity, Instant now) const;

  // Why what was said does not count for this approval now; nothing: it counts.
  [[nodiscard]] std::optional<Objection> objection(const PlanStep& step, const Approval& approval,
                                                   const Voice& voice, Instant now) const;

 private:
  [[nodiscard]] std::set<std::string> same_person(const PlanStep& step, const std::string& identity,
                                                  const std::optional<ApproverPerson>& person,
                                                  const std::string& key) const;
  [[nodiscard]] std::optional<Objection> person_objection(const PlanStep& step,
                                                          const Voice& voice) const;
  [[nodiscard]] std::optional<Objection> start_objection(const PlanStep& step, const Voice& voice,
                                                         Instant now) const;
  [[nodiscard]] std::optional<Objection> signature_objection(const PlanStep& step,
                                                             const Voice& voice, Instant now) const;
  [[nodiscard]] bool seated(const Approval& approval, const std::string& identity) const;
  // `over_limit`: by what was said about exceeding that limit; "" about the step.
  [[nodiscard]] bool given(const PlanStep& step, const Approval& approval, Instant now,
                           const std::string& over_limit = "") const;
  [[nodiscard]] std::vector<const Voice*> voices(const PlanStep& step,
                                                 const std::string& over_limit = "") const;
  [[nodiscard]] const Voice* refused(const PlanStep& step, const std::vector<Approval>& needed,
                                     Instant now) const;
  [[nodiscard]] std::string dropped(const PlanStep& step, const Approval& approval,
                                    Instant now) const;

  const Plan& plan_;
  const ApproverFacts& facts_;
  Ancestry ancestry_;
  // Step and limit ("" the step itself) → approver → the last word.
  std::map<std::pair<std::string, std::string>, std::map<std::string, Voice>> voices_;
  // Step and binding → the limit that it is about, "" the step itself.
  std::map<std::pair<std::string, std::string>, std::string> bindings_;
};

}  // namespace rescind::execute
