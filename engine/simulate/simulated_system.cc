// Calls on a simulated system: scripted faults first, then the verb itself.
#include "simulate/simulated_system.h"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

#include "base/hash.h"

namespace rescind {
namespace {

using Json = nlohmann::json;

ActionResult answer_of(ResultClass result, std::string detail) {
  ActionResult answer;
  answer.result = result;
  answer.detail = std::move(detail);
  return answer;
}

// Faults that answer instead of the system. Nothing: the verb runs.
std::optional<ActionResult> answer_without_effect(const std::optional<EstateFault>& fault,
                                                  Instant now) {
  if (!fault) {
    return std::nullopt;
  }
  switch (fault->kind) {
  case EstateFaultKind::Refused:
    return answer_of(ResultClass::Failed, "connection refused");
  case EstateFaultKind::AuthFailed:
    return answer_of(ResultClass::AuthFailed, "401, our credential was refused");
  case EstateFaultKind::Throttled: {
    ActionResult answer = answer_of(ResultClass::Throttled, "429, too many requests");
    answer.until = now + fault->delay;
    return answer;
  }
  case EstateFaultKind::ServerError:
    return answer_of(ResultClass::Unknown, "500, internal error");
  case EstateFaultKind::TimeoutBefore:
    return answer_of(ResultClass::Unknown, "no answer in time");
  case EstateFaultKind::Lying:
    return answer_of(ResultClass::Changed, "200");
  case EstateFaultKind::Conflict:
    return answer_of(ResultClass::Conflict, "409, changed by somebody else");
  case EstateFaultKind::NeedsHuman:
    return answer_of(ResultClass::NeedsHuman, "only a person can do that here");
  case EstateFaultKind::Unsupported:
    return answer_of(ResultClass::Unsupported, "this system cannot do that");
  case EstateFaultKind::Unreadable:
  case EstateFaultKind::TimeoutAfter:
  case EstateFaultKind::Slow:
  case EstateFaultKind::Residual:
    return std::nullopt;
  }
  return std::nullopt;
}

bool needs_item(Verb verb) {
  return verb == Verb::Transfer || verb == Verb::Redirect || verb == Verb::Archive;
}

std::string request_line(const std::string& system, const ActionRequest& request) {
  return "simulated " + system + ": " + std::string(verb_name(request.verb)) + " " +
         request.item.item + (request.target.empty() ? "" : " to " + request.target);
}

}  // namespace

void SimulatedSystem::watch(SimulatedEstate::Moment moment, std::string_view call,
                            const std::string& item) const {
  if (estate_.watch) {
    estate_.watch(moment, call, item);
  }
}

EstateItem* SimulatedSystem::find(const ItemAddress& address) {
  estate_.apply_postponed(system_);
  EstateItem* item = estate_.find(address.item);
  return item != nullptr && item->system == system_ ? item : nullptr;
}

Status SimulatedSystem::reject_reading(const std::string& item) {
  const auto fault = estate_.take_fault(system_, std::nullopt, item);
  if (!fault) {
    return {};
  }
  return fault->kind == EstateFaultKind::AuthFailed
             ? fail(ErrorKind::Auth, system_ + ": 401, our credential was refused")
             : fail(ErrorKind::Network, system_ + ": connection refused", RetryAdvice::Safe);
}

Result<Capabilities> SimulatedSystem::capabilities() {
  const std::vector<std::string>& supports = estate_.systems_[system_].supports;
  Capabilities out;
  out.connector = "simulated";
  out.version = "1";
  out.endpoint = "simulated:" + system_;
  out.enumerable = kAllKinds;
  out.successors = kCredentialKinds;
  out.receives = {DeliveryKind::File, DeliveryKind::Ldap, DeliveryKind::Vault};
  out.evidence = {{.name = "simulated", .kinds = kAllKinds, .lag = {}, .blind_spots = {}}};
  for (std::size_t v = 0; v < kVerbCount; ++v) {
    const Verb verb = static_cast<Verb>(v);
    for (std::size_t k = 0; verb != Verb::Restore && k < kKindCount; ++k) {
      const Kind kind = static_cast<Kind>(k);
      const std::string word(verb_name(verb));
      const bool can = supports.empty() ||
                       std::find(supports.begin(), supports.end(), word) != supports.end() ||
                       std::find(supports.begin(), supports.end(),
                                 word + ":" + std::string(kind_name(kind))) != supports.end();
      if (verb_kinds(verb).contains(kind) && can) {
        VerbSupport support;
        support.verb = verb;
        support.kind = kind;
        support.reversible = can_put_back(verb, kind) ? Reversible::Yes : Reversible::Never;
        out.verbs.push_back(support);
      }
    }
  }
  return out;
}

Result<Discovery> SimulatedSystem::list(KindSet kinds, const std::string& account) {
  RESCIND_RETURN_IF_ERROR(reject_reading(account));
  estate_.apply_postponed(system_);
  Discovery found;
  for (const auto& [id, item] : estate_.items_) {
    if (is_live(item) && item.system == system_ && kinds.contains(item.kind) &&
        (account.empty() || item.account == account)) {
      found.records.push_back({record_of_item(item), ""});
    }
  }
  for (std::size_t k = 0; k < kKindCount; ++k) {
    if (kinds.contains(static_cast<Kind>(k))) {
      found.listings.push_back({std::string(kind_name(static_cast<Kind>(k))), true, ""});
    }
  }
  return found;
}

Result<Discovery> SimulatedSystem::discover() {
  watch(SimulatedEstate::Moment::Before, "discover", "");
  return list(kAllKinds, "");
}

Result<Discovery> SimulatedSystem::discover_account(const ItemAddress& account) {
  watch(SimulatedEstate::Moment::Before, "discover", account.item);
  auto found =
      list(KindSet(Kind::Session) | Kind::Token | Kind::Checkout | Kind::Delegation, account.item);
  watch(SimulatedEstate::Moment::After, "discover", account.item);
  return found;
}

Result<Observation> SimulatedSystem::observe(const ItemAddress& address) {
  watch(SimulatedEstate::Moment::Before, "observe", address.item);
  RESCIND_RETURN_IF_ERROR(reject_reading(address.item));
  const EstateItem* item = find(address);
  Observation seen;
  if (item == nullptr || !item->present) {
    seen.presence = Presence::Absent;
    return seen;
  }
  seen.presence = Presence::Present;
  if (item->kind == Kind::Account || kCredentialKinds.contains(item->kind) ||
      item->kind == Kind::BreakGlass) {
    seen.enabled = item->enabled;
  }
  if (!item->holder.empty()) {
    seen.facts["holder"] = item->holder;
  }
  seen.facts["account"] = item->account;
  if (!item->level.empty()) {
    seen.facts["level"] = item->level;
  }
  if (kEntitlementKinds.contains(item->kind)) {
    seen.facts["last_holder"] = estate_.is_last_holder(*item) ? "true" : "false";
  }
  seen.state = state_of_item(*item);
  watch(SimulatedEstate::Moment::After, "observe", address.item);
  return seen;
}

ActionResult SimulatedSystem::change(const ActionRequest& request) {
  const auto fault = estate_.take_fault(system_, request.verb, request.item.item);
  if (auto answer = answer_without_effect(fault, estate_.clock_.now())) {
    return *answer;
  }
  EstateItem* item = find(request.item);
  if (item == nullptr || !item->present) {
    return answer_of(ResultClass::Absent, "404 by exact id");
  }
  if (goal_holds(*item, request)) {
    return answer_of(ResultClass::AlreadyDone, "was so already");
  }
  ActionResult answer = estate_.act(*item, request, fault);
  return fault && fault->kind == EstateFaultKind::TimeoutAfter
             ? answer_of(ResultClass::Unknown, "no answer in time")
             : answer;
}

ActionResult SimulatedSystem::perform(const ActionRequest& request) {
  const std::string call(verb_name(request.verb));
  watch(SimulatedEstate::Moment::Before, call, request.item.item);
  ActionResult answer = change(request);
  answer.requests.push_back(request_line(system_, request));
  if (answer.result != ResultClass::Unknown && answer.detail != "connection refused") {
    answer.response_digest = sha256_digest(answer.detail);
  }
  watch(SimulatedEstate::Moment::After, call, request.item.item);
  return answer;
}

ProbeResult SimulatedSystem::probe(const ActionRequest& request) {
  watch(SimulatedEstate::Moment::Before, "probe", request.item.item);
  ProbeResult result;
  if (auto reachable = reject_reading(request.item.item); !reachable) {
    result.detail = reachable.error().message();
    return result;
  }
  const EstateItem* item = find(request.item);
  const bool gone = item == nullptr || !item->present;
  const bool done = gone ? !needs_item(request.verb) : goal_holds(*item, request);
  result.answer = done ? ProbeAnswer::Done : ProbeAnswer::NotDone;
  result.detail = gone ? "not there, read by exact id" : done ? "read back as asked" : "as before";
  if (item != nullptr && item->residual_until && *item->residual_until > estate_.clock_.now()) {
    result.residual_until = item->residual_until;
  }
  return result;
}

ActionResult SimulatedSystem::undo(const ActionRequest& request) {
  watch(SimulatedEstate::Moment::Before, "undo", request.item.item);
  const auto fault = estate_.take_fault(system_, request.verb, request.item.item);
  if (auto answer = answer_without_effect(fault, estate_.clock_.now())) {
    return *answer;
  }
  EstateItem* item = find(request.item);
  if (item == nullptr) {
    return answer_of(ResultClass::Failed, "it was never here");
  }
  if (!can_put_back(request.verb, item->kind)) {
    return answer_of(ResultClass::Unsupported, "there is no way back from that");
  }
  const std::string before = state_of_item(*item);
  if (const Status restored = restore_state(*item, request.captured); !restored) {
    return answer_of(ResultClass::Failed, restored.error().message());
  }
  ActionResult answer = answer_of(ResultClass::AlreadyDone, "was so already");
  if (state_of_item(*item) != before) {
    estate_.note(request.marker, "undone", item->id);
    answer = answer_of(ResultClass::Changed, "200");
  }
  answer.requests.push_back("undo " + request_line(system_, request));
  watch(SimulatedEstate::Moment::After, "undo", request.item.item);
  return answer;
}

std::vector<std::string> SimulatedSystem::preview(const ActionRequest& request) {
  return {request_line(system_, request)};
}

Successor SimulatedSystem::describe_successor(const EstateItem& made, ResultClass result) const {
  Successor out;
  out.answer = answer_of(result, result == ResultClass::Changed ? "201" : "it is there");
  out.item = {.item = made.id,
              .kind = made.kind,
              .system = made.system,
              .native_id = made.native_id,
              .name = made.name,
              .account = made.account,
              .account_native_id = "",
              .holder = made.holder};
  out.login = made.native_id;
  out.records.push_back({record_of_item(made), ""});
  return out;
}

Successor SimulatedSystem::create_successor(const ActionRequest& request) {
  watch(SimulatedEstate::Moment::Before, "create_successor", request.item.item);
  Successor out = find_successor(request);
  if (out.answer.result != ResultClass::Absent) {
    return out;
  }
  const auto fault = estate_.take_fault(system_, Verb::Replace, request.item.item);
  if (auto answer = answer_without_effect(fault, estate_.clock_.now())) {
    out.answer = *answer;
    return out;
  }
  EstateItem* old = find(request.item);
  if (old == nullptr || !old->present) {
    out.answer = answer_of(ResultClass::Failed, "there is nothing to replace");
    return out;
  }
  EstateItem made = *old;
  std::int64_t number = old->version;
  do {  // another request may have made one before
    ++number;
    made.id = old->id + "~" + std::to_string(number);
  } while (estate_.find(made.id) != nullptr && estate_.find(made.id)->present);
  made.native_id = old->native_id + "~" + std::to_string(number);
  made.version = 2;
  made.forgotten = true;
  made.known_to.clear();
  made.successor.clear();
  made.enabled = true;
  made.changed_by = request.marker;
  made.made_by = request.marker;
  old->successor = made.id;
  estate_.items_[made.id] = made;
  estate_.note(request.marker, "created", made.id);
  out = describe_successor(made, ResultClass::Changed);
  out.secret = Secret("simulated-" + made.id);
  watch(SimulatedEstate::Moment::After, "create_successor", request.item.item);
  if (fault && fault->kind == EstateFaultKind::TimeoutAfter) {
    out = Successor();
    out.answer = answer_of(ResultClass::Unknown, "no answer in time");
  }
  return out;
}

Successor SimulatedSystem::find_successor(const ActionRequest& request) {
  Successor out;
  if (auto reachable = reject_reading(request.item.item); !reachable) {
    out.answer = answer_of(ResultClass::Unknown, reachable.error().message());
    return out;
  }
  estate_.apply_postponed(system_);
  for (const auto& [id, item] : estate_.items_) {
    if (item.present && item.made_by == request.marker && id != request.item.item) {
      return describe_successor(item, ResultClass::AlreadyDone);
    }
  }
  out.answer = answer_of(ResultClass::Absent, "404 by marker");
  return out;
}

ActionResult SimulatedSystem::delete_successor(const ActionRequest& request,
                                               const ItemAddress& successor) {
  watch(SimulatedEstate::Moment::Before, "delete_successor", successor.item);
  EstateItem* made = find(successor);
  if (made == nullptr || !made->present) {
    return answer_of(ResultClass::Absent, "404 by exact id");
  }
  if (made->made_by != request.marker) {
    return answer_of(ResultClass::Conflict, "another request made it");
  }
  made->present = false;
  estate_.note(request.marker, "removed", made->id);
  return answer_of(ResultClass::Changed, "200");
}

ActionResult SimulatedSystem::deliver(const DeliveryRequest& request, const Secret& secret) {
  watch(SimulatedEstate::Moment::Before, "deliver", request.successor.item);
  if (auto reachable = reject_reading(request.successor.item); !reachable) {
    return answer_of(ResultClass::Failed, reachable.error().message());
  }
  if (secret.empty()) {
    return answer_of(ResultClass::Failed, "there is no value to deliver");
  }
  estate_.note(request.marker, "delivered", request.successor.item);
  return answer_of(ResultClass::Changed, "200");
}

ProbeResult SimulatedSystem::confirm_delivery(const DeliveryRequest& request) {
  ProbeResult out;
  const auto found = estate_.delivered_.find(request.successor.item);
  const bool taken = found != estate_.delivered_.end() && found->second.contains(request.dependent);
  out.answer = taken ? ProbeAnswer::Done : ProbeAnswer::NotDone;
  out.detail = request.dependent + (taken ? " has used it" : " has not used it yet");
  return out;
}

Result<EvidenceReport> SimulatedSystem::usage(const UsageQuery& query) {
  RESCIND_RETURN_IF_ERROR(reject_reading(""));
  EvidenceReport report;
  for (const SimulatedEstate::Usage& use : estate_.usages_) {
    const EstateItem* item = estate_.find(use.item);
    if (item != nullptr && item->system == system_ && (!query.since || use.at >= *query.since)) {
      report.records.push_back({Json{{"record", "usage"},
                                     {"item", use.item},
                                     {"by", use.by},
                                     {"at", format_instant(use.at)},
                                     {"source", "simulated"},
                                     {"outcome", use.success ? "success" : "failure"}}
                                    .dump(),
                                ""});
    }
  }
  report.records.push_back({Json{{"record", "coverage"},
                                 {"system", system_},
                                 {"kinds", {"credential", "account"}},
                                 {"since", format_instant(estate_.begun_)},
                                 {"until", format_instant(estate_.clock_.now())},
                                 {"source", "simulated"}}
                                .dump(),
                            ""});
  return report;
}

}  // namespace rescind
