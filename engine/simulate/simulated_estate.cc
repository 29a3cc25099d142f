// The state of the simulated systems, and what people do in them.
#include "simulate/simulated_estate.h"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

#include "simulate/estate_items.h"
#include "simulate/simulated_system.h"

namespace rescind {
namespace {

using Json = nlohmann::json;

struct FaultName {
  EstateFaultKind kind;
  std::string_view name;
};

constexpr FaultName kFaultNames[] = {
    {EstateFaultKind::Refused, "refused"},
    {EstateFaultKind::AuthFailed, "auth_failed"},
    {EstateFaultKind::Throttled, "throttled"},
    {EstateFaultKind::ServerError, "server_error"},
    {EstateFaultKind::TimeoutBefore, "timeout_before"},
    {EstateFaultKind::TimeoutAfter, "timeout_after"},
    {EstateFaultKind::Lying, "lying"},
    {EstateFaultKind::Slow, "slow"},
    {EstateFaultKind::Residual, "residual"},
    {EstateFaultKind::Conflict, "conflict"},
    {EstateFaultKind::NeedsHuman, "needs_human"},
    {EstateFaultKind::Unsupported, "unsupported"},
};

std::vector<std::string> texts_of(const Json& object, const char* key) {
  std::vector<std::string> out;
  const auto found = object.find(key);
  if (found == object.end()) {
    return out;
  }
  if (found->is_string()) {
    out.push_back(found->get<std::string>());
  } else if (found->is_array()) {
    for (const Json& one : *found) {
      if (one.is_string()) {
        out.push_back(one.get<std::string>());
      }
    }
  }
  return out;
}

bool is_owner_level(const std::string& level) {
  return level == "owner" || level == "admin";
}

}  // namespace

std::string_view estate_fault_name(EstateFaultKind kind) {
  for (const FaultName& one : kFaultNames) {
    if (one.kind == kind) {
      return one.name;
    }
  }
  return "";
}

std::optional<EstateFaultKind> find_estate_fault(std::string_view name) {
  for (const FaultName& one : kFaultNames) {
    if (one.name == name) {
      return one.kind;
    }
  }
  return std::nullopt;
}

std::vector<std::string_view> estate_fault_names() {
  std::vector<std::string_view> out;
  for (const FaultName& one : kFaultNames) {
    out.push_back(one.name);
  }
  return out;
}

Status SimulatedEstate::add_record(const std::string& json) {
  const Json object = Json::parse(json, nullptr, false);
  if (!object.is_object() || !object.contains("record") || !object["record"].is_string()) {
    return fail(ErrorKind::Corrupt, "a record must be one JSON object with `record`");
  }
  const auto record = object["record"].get<std::string>();
  if (record == "system" && object.contains("id") && object["id"].is_string()) {
    systems_[object["id"].get<std::string>()] = {.supports = texts_of(object, "supports"),
                                                 .federated_by = texts_of(object, "federated_by"),
                                                 .pushes_to = texts_of(object, "pushes_to")};
    return {};
  }
  if (!find_kind(record)) {
    return {};
  }
  const auto id = object.find("id");
  if (EstateItem* known =
          id != object.end() && id->is_string() ? find(id->get<std::string>()) : nullptr) {
    return simulate::update_by_record(*known, json);
  }
  RESCIND_ASSIGN_OR_RETURN(EstateItem item, simulate::estate_item_of(json));
  systems_.try_emplace(item.system);
  items_.try_emplace(item.id, std::move(item));
  return {};
}

ConnectorSet SimulatedEstate::connectors() {
  ConnectorSet set;
  for (const auto& [name, system] : systems_) {
    set.add(name, std::make_unique<SimulatedSystem>(*this, name));
  }
  return set;
}

EstateItem* SimulatedEstate::find(const std::string& id) {
  const auto found = items_.find(id);
  return found == items_.end() ? nullptr : &found->second;
}

const EstateItem* SimulatedEstate::find(const std::string& id) const {
  const auto found = items_.find(id);
  return found == items_.end() ? nullptr : &found->second;
}

void SimulatedEstate::note(std::string by, std::string what, std::string item) {
  changes_.push_back({clock_.now(), std::move(by), std::move(what), std::move(item)});
}

void SimulatedEstate::mend(const std::string& system) {
  std::erase_if(faults_, [&](const EstateFault& fault) {
    return system.empty() || fault.system.empty() || fault.system == system;
  });
}

std::string SimulatedEstate::mint(const EstateItem& account, Kind kind, const std::string& by) {
  EstateItem made;
  made.system = account.system;
  made.kind = kind;
  made.native_id = "minted-" + std::to_string(++minted_);
  made.id = made.system + ":" + made.native_id;
  made.account = account.id;
  made.holder = account.holder;
  made.record = "{}";
  const std::string id = made.id;
  items_[id] = std::move(made);
  note(by, "minted", id);
  return id;
}

Result<std::string> SimulatedEstate::sign_in(const std::string& account, const std::string& by) {
  apply_postponed("");
  const EstateItem* item = find(account);
  if (item == nullptr || item->kind != Kind::Account || !item->present || !item->enabled ||
      item->locked) {
    return fail(ErrorKind::Auth, "`" + account + "` cannot sign in");
  }
  return mint(*item, Kind::Session, by);
}

Result<std::string> SimulatedEstate::mint_token(const std::string& account, const std::string& by) {
  apply_postponed("");
  const EstateItem* item = find(account);
  const bool live = std::any_of(items_.begin(), items_.end(), [&](const auto& entry) {
    return entry.second.kind == Kind::Session && entry.second.present &&
           entry.second.account == account;
  });
  if (item == nullptr || !item->present || !live) {
    return fail(ErrorKind::Auth, "`" + account + "` has no live session");
  }
  return mint(*item, Kind::Token, by);
}

bool SimulatedEstate::can_be_used(const std::string& id) const {
  const auto works = [](const EstateItem* item) {
    return item != nullptr && item->present && item->enabled;
  };
  const EstateItem* item = find(id);
  return works(item) && (item->account.empty() || works(find(item->account)));
}

bool SimulatedEstate::use(const std::string& item, const std::string& by) {
  apply_postponed("");
  const bool success = can_be_used(item);
  usages_.push_back({item, by, clock_.now(), success});
  note(by, success ? "used" : "denied", item);
  return success;
}

Status SimulatedEstate::enable(const std::string& id, const std::string& by) {
  apply_postponed("");
  EstateItem* item = find(id);
  if (item == nullptr || !item->present) {
    return fail(ErrorKind::NotFound, "`" + id + "` is gone");
  }
  item->enabled = true;
  note(by, "enabled", id);
  return {};
}

void SimulatedEstate::confirm_delivery(const std::string& item, const std::string& dependent) {
  const EstateItem* old = find(item);
  const std::string made = old == nullptr || old->successor.empty() ? item : old->successor;
  delivered_[made].insert(dependent);
  usages_.push_back({made, dependent, clock_.now(), true});
  note(dependent, "used", made);
}

std::string SimulatedEstate::describe() const {
  std::string text;
  for (const auto& [id, item] : items_) {
    text += describe_item(item) + "\n";
  }
  return text;
}

std::optional<EstateFault> SimulatedEstate::take_fault(const std::string& system,
                                                       std::optional<Verb> verb,
                                                       const std::string& item) {
  for (EstateFault& fault : faults_) {
    const bool all_calls =
        fault.kind == EstateFaultKind::Refused || fault.kind == EstateFaultKind::AuthFailed;
    if (fault.times == 0 || (fault.until && clock_.now() >= *fault.until) ||
        (!fault.system.empty() && fault.system != system) ||
        (!fault.item.empty() && fault.item != item) || (!all_calls && !verb) ||
        (fault.verb && fault.verb != verb)) {
      continue;
    }
    if (fault.times > 0) {
      --fault.times;
    }
    return fault;
  }
  return std::nullopt;
}

void SimulatedEstate::apply_postponed(const std::string& system) {
  std::vector<Postponed> due;
  std::erase_if(postponed_, [&](const Postponed& one) {
    const bool now = one.due <= clock_.now() && (system.empty() || one.system == system);
    if (now) {
      due.push_back(one);
    }
    return now;
  });
  for (const Postponed& one : due) {
    EstateItem* item = find(one.request.item.item);
    if (item != nullptr && item->present && !goal_holds(*item, one.request)) {
      apply_verb(*item, one.request);
    }
  }
}

// Somebody else who stays holds the same right; a role with levels counts at its owner level.
bool SimulatedEstate::is_last_holder(const EstateItem& right) const {
  if (right.name.empty()) {
    return false;
  }
  const bool levels = is_owner_level(right.level);
  return std::none_of(items_.begin(), items_.end(), [&](const auto& entry) {
    const EstateItem& other = entry.second;
    return other.present && other.id != right.id && other.system == right.system &&
           other.kind == right.kind && other.name == right.name && other.holder != right.holder &&
           (!levels || is_owner_level(other.level));
  });
}

ActionResult SimulatedEstate::act(EstateItem& item, const ActionRequest& request,
                                  const std::optional<EstateFault>& fault) {
  ActionResult answer;
  answer.result = ResultClass::Changed;
  answer.detail = "200";
  if (fault && fault->kind == EstateFaultKind::Slow) {
    postponed_.push_back({clock_.now() + fault->delay, item.system, request});
    return answer;
  }
  if (fault && fault->kind == EstateFaultKind::Residual) {
    item.residual_until = clock_.now() + fault->delay;
    answer.result = ResultClass::ResidualUntil;
    answer.until = item.residual_until;
    answer.detail = "done, what was handed out before lasts a while";
  }
  apply_verb(item, request);
  return answer;
}

}  // namespace rescind
