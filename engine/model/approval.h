// What people sign: approvals and refusals of steps, and delegations. The documents stand alone, so
// that they can be carried in files and verified offline; docs/approvals.md gives the signed bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/signature.h"
#include "base/time.h"

namespace rescind {

// A step as it was approved: a step that changes has another binding.
struct ApprovedStep {
  std::string id;
  std::string binding;  // "sha256:…" over what the step does
  friend auto operator<=>(const ApprovedStep&, const ApprovedStep&) = default;
};

enum class DelegationScope : std::uint8_t { Any, System, Rule };
std::string_view delegation_scope_name(DelegationScope scope);  // "any" "system" "rule"
std::optional<DelegationScope> find_delegation_scope(std::string_view name);

// The delegator lets the delegate approve in their place.
struct Delegation {
  std::string delegator, delegate;  // identities
  DelegationScope scope = DelegationScope::Any;
  std::string name;  // of the system or the rule; "" with Any
  Instant from{}, until{};
  std::string key;        // the delegator's public key
  std::string signature;  // by it
  friend bool operator==(const Delegation&, const Delegation&) = default;
};

struct ApprovalDocument {
  std::string plan;                 // digest
  std::vector<ApprovedStep> steps;  // sorted by id
  bool refuse = false;
  // Qualified name of a limit that the steps may exceed: it lets them pass that limit and approves
  // nothing else. "" it approves the steps, and lets them pass no limit.
  std::string over_limit;
  std::string reason;        // why it is refused; may be given with an approval too
  std::string approver;      // who signs
  std::string on_behalf_of;  // the delegator; "" in the approver's own name
  std::optional<Delegation> delegation;
  Instant at{}, expires{};
  std::string key;        // the approver's public key
  std::string signature;  // by it
  friend bool operator==(const ApprovalDocument&, const ApprovalDocument&) = default;
};

// The bytes under the signature. Their first line names what is signed, so that no signature of one
// kind is one of another kind.
std::string signed_bytes(const ApprovalDocument& document);
std::string signed_bytes(const Delegation& delegation);

// Puts key and signature into it; the steps are sorted first.
void sign_document(ApprovalDocument& document, const KeyPair& key);
void sign_document(Delegation& delegation, const KeyPair& key);

// Whether the signature in it is by the key in it. Says nothing about whose key that is.
[[nodiscard]] bool signature_holds(const ApprovalDocument& document);
[[nodiscard]] bool signature_holds(const Delegation& delegation);

// JSON, two-space indented, keys in the documented order, final newline.
std::string encode_approval(const ApprovalDocument& document);
std::string encode_delegation(const Delegation& delegation);
// Read them back; the signature is not looked at. Errors: Corrupt, the message starts with R0871:
// not JSON, a field missing, unknown or of the wrong form.
Result<ApprovalDocument> decode_approval(std::string_view json);
Result<Delegation> decode_delegation(std::string_view json);

// How a plan is bound to the keys that were declared when it was made: the key of Plan::bindings
// for one identity. The value is its public keys, sorted, with a space between.
std::string approver_binding_key(std::string_view identity);

}  // namespace rescind
