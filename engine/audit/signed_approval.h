// Whether the entry of an approval carries what its approver signed. Anybody can check that with
// nothing but the entry; whose key it is the reader compares with the key that the approver gave
// them. docs/approvals.md has the document and its signed bytes.
#pragma once

#include <string>

#include "audit/entry.h"

namespace rescind {

struct ApprovalSignature {
  std::string key;    // the public key in the document; "" the entry carries no document
  std::string wrong;  // why the document does not vouch for the entry; "" nothing

  [[nodiscard]] bool holds() const { return !key.empty() && wrong.empty(); }
};

// Of an entry of another kind: no document.
ApprovalSignature check_approval_signature(const AuditNote& note);

// "the document with the approval of `carol` in entry 12 does not vouch for it: ".
std::string approval_words(const AuditEntry& entry);

}  // namespace rescind
