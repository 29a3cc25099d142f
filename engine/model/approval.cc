// The signed bytes of approvals and delegations, and their JSON.
#include "model/approval.h"

#include <algorithm>
#include <array>
#include <initializer_list>

#include <nlohmann/json.hpp>

namespace rescind {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array<std::string_view, 3> kScopeNames = {"any", "system", "rule"};
constexpr std::string_view kApprovalHead = "rescind approval 1\n";
constexpr std::string_view kOverLimitHead = "rescind approval over a limit 1\n";
constexpr std::string_view kDelegationHead = "rescind delegation 1\n";
constexpr std::string_view kApprovalFormat = "approval 1";
constexpr std::string_view kDelegationFormat = "delegation 1";

// A netstring: length, colon, bytes, comma. Two fields never run into each other.
void add_field(std::string& out, std::string_view text) {
  out += std::to_string(text.size());
  out += ':';
  out += text;
  out += ',';
}

void add_fields(std::string& out, std::initializer_list<std::string_view> texts) {
  for (const std::string_view text : texts) {
    add_field(out, text);
  }
}

bool holds(const std::string& key, const std::string& signature, std::string_view bytes) {
  const auto public_key = parse_public_key(key);
  const auto parsed = parse_signature(signature);
  return public_key && parsed && verify_signature(*public_key, bytes, *parsed);
}

Json encode(const Delegation& delegation) {
  return Json{{"format", kDelegationFormat},
              {"delegator", delegation.delegator},
              {"delegate", delegation.delegate},
              {"scope", delegation_scope_name(delegation.scope)},
              {"name", delegation.name},
              {"from", format_instant(delegation.from)},
              {"until", format_instant(delegation.until)},
              {"key", delegation.key},
              {"signature", delegation.signature}};
}

std::string dump(const Json& json) {
  // WHY replace: ids come from elsewhere; bad UTF-8 must not throw, and its signature fails.
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

tl::unexpected<Error> corrupt(const std::string& why) {
  return fail(ErrorKind::Corrupt, "R0871: " + why);
}

// Reads the members of one object and keeps the first thing that is wrong with them.
class Members {
 public:
  Members(const Json& object, std::string what) : object_(object), what_(std::move(what)) {
    if (!object.is_object()) {
      report("is not an object");
    }
  }

  std::string text(const char* name) {
    const Json* value = find(name);
    if (value == nullptr) {
      return {};
    }
    if (!value->is_string()) {
      report("has a `" + std::string(name) + "` that is no text");
      return {};
    }
    return value->get<std::string>();
  }

  Instant instant(const char* name) {
    const std::string given = text(name);
    const std::optional<Instant> parsed = parse_instant(given);
    // INVARIANT: one instant, one text: the signed bytes hold the text again.
    if (problem_.empty() && (!parsed || format_instant(*parsed) != given)) {
      report("has a `" + std::string(name) + "` that is no instant like 2026-11-20T17:00:00Z");
    }
    return parsed.value_or(Instant{});
  }

  const Json* find(const char* name) {
    if (!problem_.empty()) {
      return nullptr;
    }
    const auto found = object_.find(name);
    if (found == object_.end()) {
      report("has no `" + std::string(name) + "`");
      return nullptr;
    }
    ++read_;
    return &*found;
  }

  // Whether the optional member is there.
  [[nodiscard]] bool has(const char* name) const {
    return problem_.empty() && object_.contains(name);
  }

  // All members were asked for: nothing is in it that the signature does not cover.
  void expect_no_more() {
    if (problem_.empty() && read_ != object_.size()) {
      report("has a field that does not belong there");
    }
  }

  void report(const std::string& what) {
    if (problem_.empty()) {
      problem_ = what_ + ' ' + what;
    }
  }

  [[nodiscard]] const std::string& problem() const { return problem_; }

 private:
  const Json& object_;
  std::string what_;
  std::string problem_;
  std::size_t read_ = 0;
};

Result<Delegation> read_delegation(const Json& json) {
  Members members(json, "the delegation");
  Delegation delegation;
  if (members.text("format") != kDelegationFormat) {
    members.report("has another `format` than `" + std::string(kDelegationFormat) + "`");
  }
  delegation.delegator = members.text("delegator");
  delegation.delegate = members.text("delegate");
  const auto scope = find_delegation_scope(members.text("scope"));
  if (!scope) {
    members.report("has a `scope` that is not `any`, `system` or `rule`");
  }
  delegation.scope = scope.value_or(DelegationScope::Any);
  delegation.name = members.text("name");
  delegation.from = members.instant("from");
  delegation.until = members.instant("until");
  delegation.key = members.text("key");
  delegation.signature = members.text("signature");
  members.expect_no_more();
  if (!members.problem().empty()) {
    return corrupt(members.problem());
  }
  return delegation;
}

Result<std::vector<ApprovedStep>> read_steps(const Json& json) {
  std::vector<ApprovedStep> steps;
  if (!json.is_array()) {
    return corrupt("the `steps` of the approval are no list");
  }
  for (const Json& element : json) {
    Members members(element, "a step of the approval");
    ApprovedStep step;
    step.id = members.text("id");
    step.binding = members.text("binding");
    members.expect_no_more();
    if (!members.problem().empty()) {
      return corrupt(members.problem());
    }
    if (!steps.empty() && steps.back().id >= step.id) {
      return corrupt("the `steps` of the approval are not in order, each once");
    }
    steps.push_back(std::move(step));
  }
  return steps;
}

Result<Json> parse(std::string_view text) {
  try {
    return Json::parse(text);
  } catch (const Json::exception& error) {
    return corrupt("it is not JSON: " + std::string(error.what()));
  }
}

Result<ApprovalDocument> read_approval(const Json& json) {
  Members members(json, "the approval");
  ApprovalDocument document;
  if (members.text("format") != kApprovalFormat) {
    members.report("has another `format` than `" + std::string(kApprovalFormat) + "`");
  }
  document.plan = members.text("plan");
  const std::string decision = members.text("decision");
  if (decision != "approve" && decision != "refuse") {
    members.report("has a `decision` that is neither `approve` nor `refuse`");
  }
  document.refuse = decision == "refuse";
  if (members.has("over_limit")) {
    document.over_limit = members.text("over_limit");
    if (document.over_limit.empty()) {
      members.report("has an `over_limit` without a name");
    }
  }
  document.reason = members.text("reason");
  document.approver = members.text("approver");
  document.on_behalf_of = members.text("on_behalf_of");
  document.at = members.instant("at");
  document.expires = members.instant("expires");
  document.key = members.text("key");
  document.signature = members.text("signature");
  if (const Json* steps = members.find("steps")) {
    RESCIND_ASSIGN_OR_RETURN(document.steps, read_steps(*steps));
  }
  if (members.has("delegation")) {
    RESCIND_ASSIGN_OR_RETURN(document.delegation, read_delegation(*members.find("delegation")));
  }
  members.expect_no_more();
  if (!members.problem().empty()) {
    return corrupt(members.problem());
  }
  return document;
}

}  // namespace

std::string_view delegation_scope_name(DelegationScope scope) {
  return kScopeNames[static_cast<std::size_t>(scope)];
}

std::optional<DelegationScope> find_delegation_scope(std::string_view name) {
  const auto found = std::find(kScopeNames.begin(), kScopeNames.end(), name);
  if (found == kScopeNames.end()) {
    return std::nullopt;
  }
  return static_cast<DelegationScope>(found - kScopeNames.begin());
}

std::string signed_bytes(const Delegation& delegation) {
  std::string out(kDelegationHead);
  add_fields(out,
             {delegation.delegator, delegation.delegate, delegation_scope_name(delegation.scope),
              delegation.name, format_instant(delegation.from), format_instant(delegation.until),
              delegation.key});
  return out;
}

std::string signed_bytes(const ApprovalDocument& document) {
  std::string out(document.over_limit.empty() ? kApprovalHead : kOverLimitHead);
  if (!document.over_limit.empty()) {
    add_field(out, document.over_limit);
  }
  add_fields(out, {document.plan, document.refuse ? "refuse" : "approve", document.reason,
                   document.approver, document.on_behalf_of, format_instant(document.at),
                   format_instant(document.expires), document.key});
  add_field(out, document.delegation ? signed_bytes(*document.delegation) : "");
  add_field(out, document.delegation ? document.delegation->signature : "");
  add_field(out, std::to_string(document.steps.size()));
  for (const ApprovedStep& step : document.steps) {
    add_fields(out, {step.id, step.binding});
  }
  return out;
}

void sign_document(ApprovalDocument& document, const KeyPair& key) {
  std::sort(document.steps.begin(), document.steps.end());
  document.key = format_public_key(key.public_key);
  document.signature = format_signature(sign(key, signed_bytes(document)));
}

void sign_document(Delegation& delegation, const KeyPair& key) {
  delegation.key = format_public_key(key.public_key);
  delegation.signature = format_signature(sign(key, signed_bytes(delegation)));
}

bool signature_holds(const ApprovalDocument& document) {
  return holds(document.key, document.signature, signed_bytes(document));
}

bool signature_holds(const Delegation& delegation) {
  return holds(delegation.key, delegation.signature, signed_bytes(delegation));
}

std::string encode_delegation(const Delegation& delegation) {
  return dump(encode(delegation));
}

std::string encode_approval(const ApprovalDocument& document) {
  Json out = Json::object();
  out["format"] = kApprovalFormat;
  out["plan"] = document.plan;
  out["decision"] = document.refuse ? "refuse" : "approve";
  if (!document.over_limit.empty()) {
    out["over_limit"] = document.over_limit;
  }
  out["reason"] = document.reason;
  out["approver"] = document.approver;
  out["on_behalf_of"] = document.on_behalf_of;
  if (document.delegation) {
    out["delegation"] = encode(*document.delegation);
  }
  out["at"] = format_instant(document.at);
  out["expires"] = format_instant(document.expires);
  Json steps = Json::array();
  for (const ApprovedStep& step : document.steps) {
    steps.push_back(Json{{"id", step.id}, {"binding", step.binding}});
  }
  out["steps"] = std::move(steps);
  out["key"] = document.key;
  out["signature"] = document.signature;
  return dump(out);
}

Result<ApprovalDocument> decode_approval(std::string_view json) {
  RESCIND_ASSIGN_OR_RETURN(const Json document, parse(json));
  return read_approval(document);
}

Result<Delegation> decode_delegation(std::string_view json) {
  RESCIND_ASSIGN_OR_RETURN(const Json document, parse(json));
  return read_delegation(document);
}

std::string approver_binding_key(std::string_view identity) {
  return "approver keys of " + std::string(identity);
}

}  // namespace rescind
