// The entry of an approval held against the document in it.
#include "audit/signed_approval.h"

#include <algorithm>

#include "model/approval.h"

namespace rescind {
namespace {

// What the entry says otherwise than the document; "" nothing.
std::string difference(const AuditNote& note, const ApprovalDocument& document) {
  if (note.who != document.approver || note.get("on_behalf_of") != document.on_behalf_of) {
    return "it is by somebody else";
  }
  if (note.data.contains("refused") != document.refuse || note.detail != document.reason) {
    return "it says something else";
  }
  if (note.get("plan") != document.plan ||
      std::find(document.steps.begin(), document.steps.end(),
                ApprovedStep{note.step, note.get("binding")}) == document.steps.end()) {
    return "it is about something else";
  }
  if (note.at != document.at || note.get("expires") != format_instant(document.expires)) {
    return "it is of another time";
  }
  return note.get("key") == document.key ? "" : "it names another key";
}

}  // namespace

ApprovalSignature check_approval_signature(const AuditNote& note) {
  ApprovalSignature found;
  const std::string text = note.kind == "approval" ? note.get("document") : std::string();
  if (text.empty()) {
    return found;
  }
  const auto document = decode_approval(text);
  if (!document) {
    found.key = note.get("key");
    found.wrong = "it cannot be read: " + document.error().message();
    return found;
  }
  found.key = document->key;
  if (!signature_holds(*document)) {
    found.wrong = "its signature does not match what it says";
  } else if (document->delegation && (!signature_holds(*document->delegation) ||
                                      document->delegation->delegate != document->approver ||
                                      document->delegation->delegator != document->on_behalf_of)) {
    found.wrong = "the delegation in it does not match";
  } else {
    found.wrong = difference(note, *document);
  }
  return found;
}

std::string approval_words(const AuditEntry& entry) {
  return "the document with the approval of `" + entry.note.who + "` in entry " +
         std::to_string(entry.sequence) + " does not vouch for it: ";
}

}  // namespace rescind
