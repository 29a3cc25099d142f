// People with keys, and what they sign: what tests of approvals share.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "execute/approvals.h"
#include "model/approval.h"
#include "model/approver.h"
#include "model/plan.h"
#include "store/store.h"

namespace rescind {

// The key pair of a name: the same name, the same key.
inline KeyPair key_of(const std::string& name) {
  std::array<std::uint8_t, 32> seed{};
  for (std::size_t i = 0; i < seed.size(); ++i) {
    seed[i] = static_cast<std::uint8_t>(name[i % name.size()] + static_cast<char>(i));
  }
  const auto pair = key_pair_of_seed(seed);
  REQUIRE(pair.has_value());
  return *pair;
}

inline std::string public_key_of(const std::string& name) {
  return format_public_key(key_of(name).public_key);
}

// Facts that a test may change while an Approvals looks at them.
struct Signers {
  std::map<std::string, ApproverPerson> people;
  ApproverFacts facts;

  Signers() {
    facts.find_person = [this](const std::string& identity) {
      const auto found = people.find(identity);
      return found == people.end() ? std::nullopt : std::optional(found->second);
    };
  }

  Signers(const Signers&) = delete;
  Signers& operator=(const Signers&) = delete;
  Signers(Signers&&) = delete;
  Signers& operator=(Signers&&) = delete;
  ~Signers() = default;

  // Joins the team with a key of their own, and the plan knows of it.
  void add(Plan& plan, const std::string& team, const std::string& identity) {
    facts.teams[team].insert(identity);
    facts.signing_teams.insert(team);
    people[identity].keys.insert(public_key_of(identity));
    plan.bindings[approver_binding_key(identity)] = public_key_of(identity);
  }
};

// An approval of these steps, not signed yet.
inline ApprovalDocument document_for(const Plan& plan, const std::vector<std::string>& steps,
                                     const std::string& approver, Instant at) {
  ApprovalDocument document;
  document.plan = plan.digest;
  document.approver = approver;
  document.at = at;
  document.expires = at + Seconds(86400);
  for (const PlanStep& step : plan.steps) {
    if (std::find(steps.begin(), steps.end(), step.id) != steps.end()) {
      document.steps.push_back({step.id, execute::approval_binding(step)});
    }
  }
  return document;
}

inline ApprovalDocument signed_by(ApprovalDocument document, const std::string& name) {
  sign_document(document, key_of(name));
  return document;
}

// The rows that storing the document makes, one per step.
inline std::vector<StoredApproval> rows_of(const ApprovalDocument& document) {
  std::vector<StoredApproval> rows;
  for (const ApprovedStep& step : document.steps) {
    StoredApproval row;
    row.step = step.id;
    row.binding = step.binding;
    row.approver = document.approver;
    row.at = document.at;
    row.refused = document.refuse;
    row.reason = document.reason;
    row.document = encode_approval(document);
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace rescind
