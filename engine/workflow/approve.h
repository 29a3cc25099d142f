// Making, checking and keeping approvals of people, before a run and while it goes on.
// docs/approvals.md has the rules.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/signature.h"
#include "diagnostics/diagnostic.h"
#include "execute/approvals.h"
#include "model/approval.h"
#include "model/approver.h"
#include "model/plan.h"
#include "store/store.h"

namespace rescind {

struct ApprovalRequest {
  std::string as;                        // who signs
  std::vector<std::string> steps;        // empty: every step that asks for them
  std::set<std::string> settled;         // steps that are over: not among `every`
  std::optional<Instant> expires;        // absent: a week after the last of the steps may start
  std::optional<Delegation> delegation;  // who signs, signs for its delegator
  bool refuse = false;
  std::string
      over_limit;  // the limit that the steps may exceed, instead of approving them; "" none
  std::string reason;
  Instant now{};
};

// The document that approves or refuses these steps of the plan, signed. Nothing: why not is in the
// diagnostics (R0824, R0872 to R0881).
std::optional<ApprovalDocument> make_approval(const Plan& plan, const ApproverFacts& facts,
                                              const execute::Ancestry& ancestry,
                                              const ApprovalRequest& request, const KeyPair& key,
                                              Diagnostics& diagnostics);

// Whether every step of the document counts now. False: why not is in the diagnostics.
bool check_approval(const Plan& plan, const ApproverFacts& facts, const execute::Ancestry& ancestry,
                    const ApprovalDocument& document, Instant now, Diagnostics& diagnostics);

// Whether `as` may approve by their name alone. False: R0870, R0876 or R0878.
bool check_named_approval(const Plan& plan, const ApproverFacts& facts, const std::string& as,
                          Diagnostics& diagnostics);

// Whether the plan counts every one of these limits. False: R0881.
bool check_limit_names(const Plan& plan, const std::set<std::string>& limits,
                       Diagnostics& diagnostics);

// The id of the run that applying a plan opens.
std::string run_of_plan(const std::string& digest);

// Keeps the document for that run, which may not be open yet; one row per step.
Status store_approval(Store& store, const std::string& run, const ApprovalDocument& document);

}  // namespace rescind
