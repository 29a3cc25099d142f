// Rotation that delivers, in the sandbox: successors, its vault, and what it knows of use.
#include <utility>

#include "base/hash.h"
#include "connectors/sandbox/connector.h"
#include "connectors/sandbox/sandbox_vault.h"

namespace rescind::sandbox {
namespace {

Successor with_answer(ActionResult answer) {
  Successor out;
  out.answer = std::move(answer);
  return out;
}

// The successor as the port shows it. Its login is the account's name, like that of the old one.
void describe_successor(const Item& item, Successor& out) {
  out.item.item = item.id;
  out.item.kind = item.kind;
  out.item.system = item.system;
  out.item.native_id = item.native_id;
  out.item.account = item.account;
  out.item.holder = item.holder;
  out.records.push_back({record_of_item(item), ""});
}

ActionResult failed_answer(const Error& error) {
  return answer_of(error.kind() == ErrorKind::Auth ? ResultClass::AuthFailed : ResultClass::Failed,
                   error.to_string());
}

}  // namespace

Result<Successor> SandboxConnector::look_for_successor(const ActionRequest& request) {
  RESCIND_RETURN_IF_ERROR(reject_faulty_read("probe", request.item.item));
  RESCIND_ASSIGN_OR_RETURN(auto old, find(request.item));
  if (!old) {
    return with_answer(answer_of(ResultClass::Absent, "the old one was never here"));
  }
  const Item wanted = successor_of(*old, request);
  RESCIND_ASSIGN_OR_RETURN(auto there, find_item(file_, system_, wanted.id, ""));
  if (!there || !there->present) {
    return with_answer(answer_of(ResultClass::Absent, "404 by exact id"));
  }
  Successor out = with_answer(answer_of(ResultClass::AlreadyDone, "there by exact id"));
  describe_successor(*there, out);
  return out;
}

Result<Successor> SandboxConnector::make_successor(const ActionRequest& request) {
  RESCIND_ASSIGN_OR_RETURN(const Fault fault, take_fault("create", request.item.item, true));
  if (auto answer = answer_without_effect(fault)) {
    return with_answer(*std::move(answer));
  }
  RESCIND_ASSIGN_OR_RETURN(Successor there, look_for_successor(request));
  if (there.answer.result == ResultClass::AlreadyDone) {
    return there;
  }
  RESCIND_ASSIGN_OR_RETURN(auto transaction, SqliteTransaction::begin(file_));
  RESCIND_ASSIGN_OR_RETURN(auto old, find(request.item));
  if (!old || !old->present || !kCredentialKinds.contains(old->kind)) {
    return with_answer(answer_of(ResultClass::Failed, "there is nothing to replace"));
  }
  RESCIND_ASSIGN_OR_RETURN(Secret secret, add_successor(file_, *old, request, now()));
  RESCIND_RETURN_IF_ERROR(transaction.commit());
  if (fault && fault->kind == SandboxFaultKind::TimeoutAfterEffect) {
    return with_answer(answer_of(ResultClass::Unknown, "no answer in time"));
  }
  RESCIND_ASSIGN_OR_RETURN(Successor out, look_for_successor(request));
  out.answer = answer_of(ResultClass::Changed, "201");
  if (!fault || fault->kind != SandboxFaultKind::LostSecret) {
    out.secret = std::move(secret);
  }
  return out;
}

Result<ActionResult> SandboxConnector::end_successor(const ActionRequest& request,
                                                     const ItemAddress& successor) {
  RESCIND_ASSIGN_OR_RETURN(const Fault fault, take_fault("delete", successor.item, true));
  if (auto answer = answer_without_effect(fault)) {
    return *std::move(answer);
  }
  RESCIND_ASSIGN_OR_RETURN(auto transaction, SqliteTransaction::begin(file_));
  RESCIND_ASSIGN_OR_RETURN(auto there, find_item(file_, system_, successor.item, ""));
  if (!there || !there->present) {
    return answer_of(ResultClass::Absent, "404 by exact id");
  }
  if (there->changed_by != request.marker) {
    return answer_of(ResultClass::NeedsHuman,
                     "`" + successor.item + "` was made by another request");
  }
  RESCIND_RETURN_IF_ERROR(remove_successor(file_, *std::move(there), request.marker));
  RESCIND_RETURN_IF_ERROR(transaction.commit());
  return fault && fault->kind == SandboxFaultKind::TimeoutAfterEffect
             ? answer_of(ResultClass::Unknown, "no answer in time")
             : answer_of(ResultClass::Changed, "204");
}

Result<ActionResult> SandboxConnector::write_delivery(const DeliveryRequest& request,
                                                      const Secret& secret) {
  RESCIND_ASSIGN_OR_RETURN(const Fault fault, take_fault("deliver", request.dependent, true));
  if (auto answer = answer_without_effect(fault)) {
    return *std::move(answer);
  }
  if (request.target.kind != DeliveryKind::Vault) {
    return answer_of(ResultClass::Unsupported, "the sandbox receives in its vault only");
  }
  RESCIND_ASSIGN_OR_RETURN(auto transaction, SqliteTransaction::begin(file_));
  RESCIND_ASSIGN_OR_RETURN(const bool written,
                           write_version(file_, system_, request, secret, now()));
  RESCIND_RETURN_IF_ERROR(transaction.commit());
  if (fault && fault->kind == SandboxFaultKind::TimeoutAfterEffect) {
    return answer_of(ResultClass::Unknown, "no answer in time");
  }
  return written ? answer_of(ResultClass::Changed, "201, a new version")
                 : answer_of(ResultClass::AlreadyDone, "that version is there");
}

// Dependents of the sandbox take up what is delivered as soon as somebody looks, unless they are
// scripted to be deaf.
Result<ProbeResult> SandboxConnector::look_for_use(const DeliveryRequest& request) {
  RESCIND_RETURN_IF_ERROR(reject_faulty_read("probe", request.successor.item));
  const bool vault = request.target.kind == DeliveryKind::Vault && request.target.system == system_;
  if (vault) {
    RESCIND_ASSIGN_OR_RETURN(const bool there, has_version(file_, system_, request));
    if (!there) {
      return ProbeResult{ProbeAnswer::NotDone, "the vault has no such version", std::nullopt};
    }
  }
  RESCIND_ASSIGN_OR_RETURN(const Fault fault, take_fault("read", request.dependent, true));
  if (fault) {
    return ProbeResult{ProbeAnswer::NotDone, "not read yet", std::nullopt};
  }
  RESCIND_ASSIGN_OR_RETURN(auto successor, find_item(file_, system_, request.successor.item, ""));
  if (successor && successor->present && successor->enabled) {
    RESCIND_RETURN_IF_ERROR(note_use(file_, *successor, request.dependent, true, now()));
  } else if (!vault) {
    return ProbeResult{ProbeAnswer::NotDone, "the successor is not there", std::nullopt};
  }
  return ProbeResult{ProbeAnswer::Done, "the log of use shows it", std::nullopt};
}

Successor SandboxConnector::create_successor(const ActionRequest& request) {
  auto made = make_successor(request);
  Successor out = made ? *std::move(made) : with_answer(failed_answer(made.error()));
  out.answer.requests.push_back("sandbox " + system_ + ": create a successor of " +
                                request.item.item);
  out.answer.response_digest = sha256_digest(out.answer.detail);
  return out;
}

Successor SandboxConnector::find_successor(const ActionRequest& request) {
  auto found = look_for_successor(request);
  return found ? *std::move(found) : with_answer(failed_answer(found.error()));
}

ActionResult SandboxConnector::delete_successor(const ActionRequest& request,
                                                const ItemAddress& successor) {
  auto answer = end_successor(request, successor);
  ActionResult out = answer ? *std::move(answer) : failed_answer(answer.error());
  out.requests.push_back("sandbox " + system_ + ": delete " + successor.item);
  out.response_digest = sha256_digest(out.detail);
  return out;
}

ActionResult SandboxConnector::deliver(const DeliveryRequest& request, const Secret& secret) {
  auto answer = write_delivery(request, secret);
  ActionResult out = answer ? *std::move(answer) : failed_answer(answer.error());
  out.requests.push_back("sandbox " + system_ + ": write " + request.target.path +
                         " (value redacted)");
  out.response_digest = sha256_digest(out.detail);
  return out;
}

ProbeResult SandboxConnector::confirm_delivery(const DeliveryRequest& request) {
  auto answer = look_for_use(request);
  return answer ? *answer
                : ProbeResult{ProbeAnswer::Unknown, answer.error().message(), std::nullopt};
}

Result<EvidenceReport> SandboxConnector::usage(const UsageQuery& query) {
  RESCIND_RETURN_IF_ERROR(reject_faulty_read("usage", ""));
  EvidenceReport report;
  const std::int64_t since = query.since ? query.since->time_since_epoch().count() : 0;
  RESCIND_ASSIGN_OR_RETURN(report.records, list_use(file_, system_, since, now()));
  return report;
}

}  // namespace rescind::sandbox
