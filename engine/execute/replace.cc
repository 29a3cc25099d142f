// Replacing a credential: create a successor, seal its value in the store, deliver it to every
// dependent, confirm that each has taken it up. Each part is durable before the next; after a crash
// the facts (is there a successor of this marker, is its value sealed) say where to go on. `rotate`
// ends with retiring the old one; after `replace` that is a later step of its own.
#include <algorithm>
#include <map>
#include <utility>

#include <nlohmann/json.hpp>

#include "execute/action.h"

namespace rescind::execute {
namespace {

using Json = nlohmann::json;

// Somebody who gets the successor.
struct Recipient {
  std::string name;
  DeliveryTarget target;
  bool own_system = false;  // the target is kept by the system that makes the successor
};

// Either the next part may begin (nothing), or the action is over.
using Part = Result<std::optional<ActionReport>>;

bool succeeded(const ActionResult& answer) {
  return answer.result == ResultClass::Changed || answer.result == ResultClass::AlreadyDone ||
         answer.result == ResultClass::Absent;
}

std::string target_text(const DeliveryTarget& target) {
  if (target.kind == DeliveryKind::File) {
    return "file " + target.path;
  }
  const std::string place = target.attribute.empty() ? "" : target.attribute + " of ";
  return target.system + ": " + place + target.path;
}

std::string text_of(const Json& object, const char* key) {
  const auto it = object.find(key);
  return it != object.end() && it->is_string() ? it->get<std::string>() : std::string{};
}

std::string joined(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) {
    out += (out.empty() ? "" : ", ") + name;
  }
  return out;
}

class Replacement {
 public:
  Replacement(const ActionContext& context, const PlanStep& step, StepRecord record, Effort& effort)
      : context_(context),
        step_(step),
        record_(std::move(record)),
        effort_(effort),
        request_(request_of(step, record_)) {}

  Result<ActionReport> work();

 private:
  // Who gets it, and where; the reason why nothing may be made, "" none.
  std::string find_recipients(const Capabilities& can);
  // Ends with a successor in successor_ and its value in secret_, sealed in the store.
  Part make_sure_of_successor();
  Part create();
  Part delete_lost();
  Part seal_secret();
  // What the successor is, for plans to come.
  Status record_successor();
  Status deliver_to_all();
  Status deliver(const Recipient& recipient);
  // Names those who have not taken it up.
  Result<std::vector<std::string>> confirm_all();
  Result<bool> confirm(const Recipient& recipient, std::string& why);
  Part wait_for_dependents(const std::vector<std::string>& missing);
  Part retire_old();
  Part delete_earlier();
  Result<ActionReport> finish(const std::vector<std::string>& missing);

  [[nodiscard]] DeliveryRequest delivery_to(const Recipient& recipient) const;
  // The value of one step is not taken for that of another, even if rows of the store are
  // exchanged.
  [[nodiscard]] std::string purpose() const;
  [[nodiscard]] bool must_not_wait() const;
  Status note(RecordEntry kind, const std::string& item, const ActionResult& answer,
              const std::string& what);
  // Ends the action with an answer. `innocent`: the step's own system is not to blame for it.
  Part stop(const ActionResult& answer, bool innocent = false);
  Part refuse(const std::string& why);

  const ActionContext& context_;
  const PlanStep& step_;
  StepRecord record_;
  Effort& effort_;
  ActionRequest request_;
  std::vector<Recipient> recipients_;
  std::map<std::string, std::string> undelivered_;  // in this action, and why
  bool needs_person_ = false;                       // trying again will not deliver it
  Successor successor_;
  Secret secret_;
  Instant made_at_{};
};

std::string Replacement::purpose() const {
  return "successor\n" + request_.marker + "\n" + successor_.item.native_id;
}

Status Replacement::note(RecordEntry kind, const std::string& item, const ActionResult& answer,
                         const std::string& what) {
  Entry entry = entry_of(kind, answer);
  entry.item = item;
  if (kind == RecordEntry::Intent) {
    entry.result.clear();
  }
  entry.detail = answer.detail.empty() ? what : what + ": " + answer.detail;
  return context_.journal.write(record_, entry);
}

Part Replacement::stop(const ActionResult& answer, bool innocent) {
  RESCIND_ASSIGN_OR_RETURN(ActionReport report,
                           settle_answer(context_, step_, std::move(record_), effort_, answer));
  if (innocent) {
    report.health = Health::Good;
  }
  return std::optional<ActionReport>(std::move(report));
}

// Before anything was made a person decides; afterwards it is tried again, because what was made
// must not be left alone.
Part Replacement::refuse(const std::string& why) {
  ActionResult answer;
  answer.result = record_.attempts == 0 ? ResultClass::NeedsHuman : ResultClass::Failed;
  answer.detail = why;
  if (record_.attempts > 0) {
    ++effort_.attempts;
  }
  return stop(answer, true);
}

std::string Replacement::find_recipients(const Capabilities& can) {
  const Deliveries* const routes = context_.options.deliveries;
  std::vector<std::string> names = step_.dependents.value_or(std::vector<std::string>{});
  const std::vector<std::string> routed =
      routes != nullptr ? routes->dependents_of(step_.item) : std::vector<std::string>{};
  if (!step_.dependents && routed.empty()) {
    return "nobody knows who depends on it: give `dependents` in the inventory, or a delivery of "
           "it in the configuration";
  }
  names.insert(names.end(), routed.begin(), routed.end());
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  const bool keeps_it = std::find(can.receives.begin(), can.receives.end(), DeliveryKind::Vault) !=
                        can.receives.end();
  for (const std::string& name : names) {
    const DeliveryTarget* const target =
        routes != nullptr ? routes->find(step_.item, name) : nullptr;
    Recipient recipient{name, {}, false};
    if (target != nullptr) {
      recipient.target = *target;
      recipient.own_system = target->kind != DeliveryKind::File && target->system == step_.system;
    } else if (keeps_it) {
      recipient.target.kind = DeliveryKind::Vault;
      recipient.target.system = step_.system;
      recipient.target.path = step_.item;
      recipient.own_system = true;
    } else {
      return "nobody said where `" + name + "` reads it: name the place under `deliveries`";
    }
    recipients_.push_back(std::move(recipient));
  }
  return "";
}

DeliveryRequest Replacement::delivery_to(const Recipient& recipient) const {
  DeliveryRequest out;
  out.marker = request_.marker;
  out.item = request_.item;
  out.successor = successor_.item;
  out.login = successor_.login;
  out.old_login = successor_.old_login;
  out.dependent = recipient.name;
  out.target = recipient.target;
  out.since = made_at_;
  out.alone = recipients_.size() == 1;
  return out;
}

// A successor whose value nobody has is of no use, unless somebody uses it all the same.
Part Replacement::delete_lost() {
  for (const Recipient& recipient : recipients_) {
    if (context_.connector->confirm_delivery(delivery_to(recipient)).answer == ProbeAnswer::Done) {
      return refuse("the value of " + successor_.item.item + " is lost, and `" + recipient.name +
                    "` uses it");
    }
  }
  const std::string what = "delete " + successor_.item.item + ", its value is lost";
  record_.state = StepState::Intent;
  RESCIND_RETURN_IF_ERROR(note(RecordEntry::Intent, successor_.item.item, {}, what));
  ++effort_.attempts;
  ++record_.attempts;
  const ActionResult answer = context_.connector->delete_successor(request_, successor_.item);
  if (!succeeded(answer)) {
    return stop(answer);
  }
  RESCIND_RETURN_IF_ERROR(note(RecordEntry::Outcome, successor_.item.item, answer, what));
  return std::nullopt;
}

Part Replacement::seal_secret() {
  if (!context_.options.seal_key) {
    return refuse("there is no key to seal its value with");
  }
  const Result<SealKey> key = context_.options.seal_key();
  if (!key) {
    return refuse(key.error().to_string());
  }
  RESCIND_ASSIGN_OR_RETURN(std::string sealed, seal(*key, secret_, purpose()));
  SealedSecret row;
  row.step = record_.step;
  row.item = successor_.item.item;
  row.generation = record_.generation;
  row.sealed = std::move(sealed);
  row.at = made_at_;
  RESCIND_RETURN_IF_ERROR(context_.journal.put_secret(std::move(row)));
  return std::nullopt;
}

Part Replacement::create() {
  // WHY first: what is made and cannot be sealed would have to be deleted again.
  if (!context_.options.seal_key || !context_.options.seal_key()) {
    return refuse("there is no key to seal its value with: see `seal_key` in the configuration");
  }
  Observation seen;
  RESCIND_ASSIGN_OR_RETURN(auto ended,
                           check_before_request(context_, step_, record_, effort_, seen));
  if (ended) {
    return ended;
  }
  RESCIND_RETURN_IF_ERROR(write_intent(context_, step_, record_, effort_, seen));
  made_at_ = context_.clock.now();
  Successor made = context_.connector->create_successor(request_);
  if (made.answer.result == ResultClass::AlreadyDone ||
      (made.answer.result == ResultClass::Changed && made.secret.empty())) {
    made.answer.result = ResultClass::Unknown;  // looked for again, and deleted as lost
  }
  if (made.answer.result != ResultClass::Changed) {
    return stop(made.answer);
  }
  successor_ = std::move(made);
  secret_ = std::move(successor_.secret);
  RESCIND_ASSIGN_OR_RETURN(ended, seal_secret());
  if (ended) {
    return ended;
  }
  RESCIND_RETURN_IF_ERROR(note(RecordEntry::Outcome, successor_.item.item, successor_.answer,
                               "successor " + successor_.item.item + " made and its value sealed"));
  return std::nullopt;
}

Part Replacement::make_sure_of_successor() {
  successor_ = context_.connector->find_successor(request_);
  RESCIND_ASSIGN_OR_RETURN(const auto sealed, context_.journal.find_secret(record_));
  if (successor_.answer.result == ResultClass::Absent) {
    return create();
  }
  if (successor_.answer.result != ResultClass::AlreadyDone) {
    ++effort_.attempts;
    return stop(successor_.answer);
  }
  if (sealed && sealed->item == successor_.item.item) {
    if (!context_.options.seal_key) {
      return refuse("there is no key to open its sealed value with");
    }
    const Result<SealKey> key = context_.options.seal_key();
    if (!key) {
      return refuse(key.error().to_string());
    }
    Result<Secret> opened = unseal(*key, sealed->sealed, purpose());
    if (opened) {
      secret_ = *std::move(opened);
      made_at_ = sealed->at;
      return std::nullopt;
    }
  }
  RESCIND_ASSIGN_OR_RETURN(auto ended, delete_lost());
  return ended ? Part(std::move(ended)) : create();
}

Status Replacement::record_successor() {
  std::vector<StoredInventoryRecord> records;
  const Instant now = context_.clock.now();
  for (const DiscoveredRecord& found : successor_.records) {
    const Json record = Json::parse(found.json, nullptr, false);
    if (record.is_object() && !text_of(record, "id").empty()) {
      records.push_back(
          {step_.system, text_of(record, "record"), text_of(record, "id"), found.json, now});
    }
  }
  const auto link = [&](const std::string& item, const std::string& successor) {
    const Json record{{"record", "successor"},
                      {"item", item},
                      {"successor", successor},
                      {"at", format_instant(made_at_)}};
    records.push_back({step_.system, "successor", item, record.dump(), now});
  };
  link(step_.item, successor_.item.item);
  if (!step_.account.empty() && !successor_.item.account.empty() &&
      successor_.item.account != step_.account) {
    link(step_.account, successor_.item.account);  // a login of its own came with it
  }
  return context_.journal.add_inventory(records);
}

// One that cannot be reached holds up nobody: the others get it, and the step waits for that one as
// for one that has not taken it up.
Status Replacement::deliver_to_all() {
  // WHY: one that nobody depends on is on record as well, or the next event takes it for any key.
  if (!recipients_.empty() && effort_.delivered.size() == recipients_.size()) {
    return {};
  }
  RESCIND_RETURN_IF_ERROR(record_successor());
  for (const Recipient& recipient : recipients_) {
    if (!effort_.delivered.contains(recipient.name)) {
      RESCIND_RETURN_IF_ERROR(deliver(recipient));
    }
  }
  return {};
}

Status Replacement::deliver(const Recipient& recipient) {
  const std::string what = "deliver " + successor_.item.item + " to " + recipient.name + " in " +
                           target_text(recipient.target);
  record_.state = StepState::Intent;
  RESCIND_RETURN_IF_ERROR(note(RecordEntry::Intent, recipient.name, {}, what));
  ++record_.attempts;
  const DeliveryRequest delivery = delivery_to(recipient);
  const ActionResult answer = recipient.own_system ? context_.connector->deliver(delivery, secret_)
                              : context_.options.deliveries != nullptr
                                  ? context_.options.deliveries->deliver(delivery, secret_)
                                  : ActionResult{};
  RESCIND_RETURN_IF_ERROR(note(RecordEntry::Outcome, recipient.name, answer, what));
  if (succeeded(answer)) {
    effort_.delivered.insert(recipient.name);
    return {};
  }
  undelivered_[recipient.name] = "not delivered, " + std::string(result_class_name(answer.result)) +
                                 (answer.detail.empty() ? "" : ": " + answer.detail);
  needs_person_ = needs_person_ || answer.result == ResultClass::NeedsHuman ||
                  answer.result == ResultClass::NeedsCodeChange ||
                  answer.result == ResultClass::Unsupported ||
                  answer.result == ResultClass::AuthFailed;
  return {};
}

Result<bool> Replacement::confirm(const Recipient& recipient, std::string& why) {
  const DeliveryRequest delivery = delivery_to(recipient);
  Deliveries::Confirmation seen;
  if (recipient.own_system || context_.options.deliveries == nullptr) {
    seen.probe = context_.connector->confirm_delivery(delivery);
    seen.proved = seen.probe.answer == ProbeAnswer::Done;
    seen.by = step_.system;
  } else {
    seen = context_.options.deliveries->confirm(delivery, secret_);
    const DeliveryTarget& target = recipient.target;
    const bool misplaced =
        target.kind == DeliveryKind::File && seen.probe.answer != ProbeAnswer::Done;
    if (!seen.proved && !misplaced && target.proof == DeliveryProof::Use) {
      // Whether it is used the system that made it may see.
      seen.probe = context_.connector->confirm_delivery(delivery);
      seen.proved = seen.probe.answer == ProbeAnswer::Done;
      seen.by = step_.system;
    }
  }
  why = seen.probe.detail;
  if (!seen.proved) {
    return false;
  }
  const Instant now = context_.clock.now();
  const Json record{{"record", "delivery"},
                    {"item", successor_.item.item},
                    {"to", recipient.name},
                    {"at", format_instant(now)},
                    {"confirmed_by", seen.by}};
  RESCIND_RETURN_IF_ERROR(context_.journal.add_inventory(
      {{step_.system, "delivery", successor_.item.item + " to " + recipient.name, record.dump(),
        now}}));
  ActionResult answer;
  answer.result = ResultClass::Changed;
  answer.detail = seen.probe.detail;
  RESCIND_RETURN_IF_ERROR(note(RecordEntry::Probed, recipient.name, answer,
                               recipient.name + " uses " + successor_.item.item));
  return true;
}

Result<std::vector<std::string>> Replacement::confirm_all() {
  std::vector<std::string> missing;
  for (const Recipient& recipient : recipients_) {
    if (effort_.confirmed.contains(recipient.name)) {
      continue;
    }
    std::string why;
    bool confirmed = false;
    if (const auto failed = undelivered_.find(recipient.name); failed != undelivered_.end()) {
      why = failed->second;
    } else {
      RESCIND_ASSIGN_OR_RETURN(confirmed, confirm(recipient, why));
    }
    if (confirmed) {
      effort_.confirmed.insert(recipient.name);
    } else {
      missing.push_back(recipient.name + (why.empty() ? "" : " (" + why + ")"));
    }
  }
  return missing;
}

// A rotation contains: it waits for dependents as long as it may, not for ever.
bool Replacement::must_not_wait() const {
  return step_.verb == Verb::Rotate &&
         (step_.deadline ? *step_.deadline <= context_.clock.now()
                         : effort_.probes >= context_.options.max_probes);
}

Part Replacement::wait_for_dependents(const std::vector<std::string>& missing) {
  ++effort_.probes;
  ActionReport report;
  report.health = Health::Good;
  record_.state = StepState::Waiting;
  record_.wait = "delivery: not taken up by " + joined(missing);
  record_.due.reset();
  record_.escalated = record_.escalated || needs_person_;
  report.next = NextMove::Backoff;
  if (effort_.probes >= context_.options.max_probes) {
    report.next = NextMove::At;
    report.at = context_.clock.now() + context_.options.retry_later;
    if (step_.verb == Verb::Rotate && step_.deadline) {
      report.at = std::min(report.at, std::max(*step_.deadline, context_.clock.now()));
    }
    record_.due = report.at;
  }
  Entry entry;
  entry.entry = RecordEntry::Waited;
  entry.detail = record_.wait;
  entry.until = record_.due;
  RESCIND_RETURN_IF_ERROR(context_.journal.write(record_, entry));
  report.record = std::move(record_);
  return std::optional<ActionReport>(std::move(report));
}

Part Replacement::retire_old() {
  ActionRequest retire = request_;
  retire.verb = Verb::Disable;
  const std::string what = "retire " + step_.item;
  record_.state = StepState::Intent;
  record_.wait.clear();
  RESCIND_RETURN_IF_ERROR(note(RecordEntry::Intent, step_.item, {}, what));
  ++effort_.attempts;
  ++record_.attempts;
  const ActionResult answer = context_.connector->perform(retire);
  if (!succeeded(answer)) {
    return stop(answer);
  }
  RESCIND_RETURN_IF_ERROR(note(RecordEntry::Outcome, step_.item, answer, what));
  const ProbeResult probe = context_.connector->probe(retire);
  if (probe.answer != ProbeAnswer::Done) {
    ActionResult unseen;
    unseen.result =
        probe.answer == ProbeAnswer::NotDone ? ResultClass::Failed : ResultClass::Unknown;
    unseen.detail = "the old one is not seen to be retired: " + probe.detail;
    return stop(unseen, true);
  }
  return std::nullopt;
}

// Everybody has this one: the successors that it takes the place of go, so that one lives.
Part Replacement::delete_earlier() {
  for (const std::string& marker : context_.earlier) {
    ActionRequest request = request_;
    request.marker = marker;
    const Successor earlier = context_.connector->find_successor(request);
    if (earlier.answer.result == ResultClass::Absent || earlier.item.item == successor_.item.item) {
      continue;
    }
    ++effort_.attempts;
    if (earlier.answer.result != ResultClass::AlreadyDone) {
      return stop(earlier.answer);
    }
    const std::string what =
        "delete " + earlier.item.item + ", made before " + step_.item + " went back";
    record_.state = StepState::Intent;
    record_.wait.clear();
    RESCIND_RETURN_IF_ERROR(note(RecordEntry::Intent, earlier.item.item, {}, what));
    ++record_.attempts;
    const ActionResult answer = context_.connector->delete_successor(request, earlier.item);
    if (!succeeded(answer)) {
      return stop(answer);
    }
    RESCIND_RETURN_IF_ERROR(note(RecordEntry::Outcome, earlier.item.item, answer, what));
  }
  return std::nullopt;
}

Result<ActionReport> Replacement::finish(const std::vector<std::string>& missing) {
  ActionReport report;
  report.record = std::move(record_);
  report.record.state = StepState::Verified;
  report.health = Health::Good;
  Entry entry;
  entry.entry = RecordEntry::Probed;
  entry.result = result_class_name(ResultClass::Changed);
  entry.detail = "successor " + successor_.item.item + " delivered to " +
                 std::to_string(recipients_.size()) + ", confirmed by " +
                 std::to_string(recipients_.size() - missing.size());
  if (!missing.empty()) {
    entry.detail += "; the old one had to go before " + joined(missing) + " took it up";
  }
  // The store erases the sealed value with the end of the step, in one transaction.
  return finish_action(context_, std::move(report), entry);
}

Result<ActionReport> Replacement::work() {
  const Result<Capabilities> can = context_.connector->capabilities();
  if (!can) {
    return finish_unreadable(context_, std::move(record_), effort_, can.error());
  }
  Part ended = std::optional<ActionReport>();
  if (const std::string why = find_recipients(*can); !why.empty()) {
    ended = refuse(why);
  } else {
    ended = make_sure_of_successor();
  }
  if (!ended) {
    return tl::unexpected(std::move(ended).error());
  }
  if (*ended) {
    return **std::move(ended);
  }
  RESCIND_RETURN_IF_ERROR(deliver_to_all());
  RESCIND_ASSIGN_OR_RETURN(const std::vector<std::string> missing, confirm_all());
  if (!missing.empty() && !must_not_wait()) {
    ended = wait_for_dependents(missing);
  } else {
    ended = step_.verb == Verb::Rotate ? retire_old() : delete_earlier();
  }
  if (!ended) {
    return tl::unexpected(std::move(ended).error());
  }
  return *ended ? Result<ActionReport>(**std::move(ended)) : finish(missing);
}

}  // namespace

Result<bool> delivers_successor(const ActionContext& context, const PlanStep& step) {
  const auto kind = find_kind(step.kind);
  const Deliveries* const routes = context.options.deliveries;
  // A rotation without a place to deliver to is done by the system itself, at once.
  if (!kind || (step.verb == Verb::Rotate &&
                (routes == nullptr || routes->dependents_of(step.item).empty()))) {
    return false;
  }
  RESCIND_ASSIGN_OR_RETURN(const Capabilities can, context.connector->capabilities());
  return can.successors.contains(*kind);
}

Result<ActionReport> replace_credential(const ActionContext& context, const PlanStep& step,
                                        StepRecord record, Effort& effort) {
  return Replacement(context, step, std::move(record), effort).work();
}

}  // namespace rescind::execute
