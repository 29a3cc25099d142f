// What the verbs do to simulated items, and the items' JSON forms.
#include "simulate/estate_verbs.h"

#include <nlohmann/json.hpp>

namespace rescind {
namespace simulate {
namespace {

using Json = nlohmann::json;

std::string text_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

void set_or_erase(Json& object, const char* key, const std::string& value) {
  if (value.empty()) {
    object.erase(key);
  } else {
    object[key] = value;
  }
}

bool is_gone_by(Verb verb) {
  return verb == Verb::Revoke || verb == Verb::Remove || verb == Verb::Delete || verb == Verb::Wipe;
}

}  // namespace

bool goal_holds(const EstateItem& item, const ActionRequest& request) {
  if (is_gone_by(request.verb)) {
    return !item.present;
  }
  switch (request.verb) {
  case Verb::Disable:
    return !item.enabled;
  case Verb::Lock:
    return item.locked;
  case Verb::Rotate:
  case Verb::Replace:
    return item.changed_by == request.marker;
  case Verb::Narrow:
    return item.level == request.text;
  case Verb::Transfer:
    return item.holder == request.target;
  case Verb::Redirect:
    return item.redirect_to == request.target;
  case Verb::Archive:
    return item.archived;
  case Verb::Revoke:
  case Verb::Remove:
  case Verb::Delete:
  case Verb::Wipe:
  case Verb::Restore:
  case Verb::Notify:
  case Verb::Ask:
    return false;
  }
  return false;
}

bool can_put_back(Verb verb, Kind kind) {
  return verb == Verb::Disable || verb == Verb::Lock || verb == Verb::Narrow ||
         verb == Verb::Transfer || verb == Verb::Redirect || verb == Verb::Archive ||
         (verb == Verb::Remove && kind != Kind::Device);
}

std::string state_text(const EstateItem& item) {
  return Json{{"present", item.present},         {"enabled", item.enabled},
              {"locked", item.locked},           {"archived", item.archived},
              {"holder", item.holder},           {"account", item.account},
              {"license", item.license},         {"level", item.level},
              {"redirect_to", item.redirect_to}, {"version", item.version}}
      .dump();
}

void restore_state(EstateItem& item, const std::string& state) {
  const Json object = Json::parse(state, nullptr, false);
  if (!object.is_object()) {
    return;
  }
  const auto flag = [&object](const char* key) {
    return object.value(key, Json(false)) == Json(true);
  };
  item.present = flag("present");
  item.enabled = flag("enabled");
  item.locked = flag("locked");
  item.archived = flag("archived");
  item.holder = text_of(object, "holder");
  item.account = text_of(object, "account");
  item.license = text_of(object, "license");
  item.level = text_of(object, "level");
  item.redirect_to = text_of(object, "redirect_to");
}

std::string record_text(const EstateItem& item) {
  Json object = Json::parse(item.record, nullptr, false);
  if (!object.is_object()) {
    object = Json::object();
  }
  object["record"] = kind_name(item.kind);
  object["id"] = item.id;
  object["system"] = item.system;
  object["native_id"] = item.native_id;
  set_or_erase(object, "holder", item.holder);
  set_or_erase(object, "account", item.account);
  if (item.kind == Kind::Account) {
    object["enabled"] = item.enabled;
    if (item.locked) {
      object["local_login"] = false;
    }
  }
  if (!item.level.empty()) {
    object["level"] = item.level;
  }
  if (item.kind == Kind::Data) {
    set_or_erase(object, "license", item.license);
  }
  if (item.version > 1 && object.contains("known_to")) {
    object["known_to"] = item.known_to;
  }
  if (!item.successor.empty()) {
    object["successor"] = item.successor;
  }
  return object.dump();
}

Result<EstateItem> item_of_record(const std::string& json) {
  const Json object = Json::parse(json, nullptr, false);
  EstateItem item;
  if (object.is_object()) {
    item.id = text_of(object, "id");
    item.system = text_of(object, "system");
    item.kind = find_kind(text_of(object, "record")).value_or(Kind::Account);
  }
  if (item.id.empty() || item.system.empty()) {
    return fail(ErrorKind::Corrupt, "an item needs `id` and `system`");
  }
  item.native_id = text_of(object, "native_id");
  if (item.native_id.empty()) {
    item.native_id =
        item.id.starts_with(item.system + ":") ? item.id.substr(item.system.size() + 1) : item.id;
  }
  item.name = text_of(object, "name");
  item.account = text_of(object, "account");
  item.holder = text_of(object, "holder");
  item.level = text_of(object, "level");
  item.license = text_of(object, "license");
  item.carries_license = text_of(object, "carries_license");
  item.credential = text_of(object, "credential");
  item.enabled = object.value("enabled", Json(true)) != Json(false);
  if (const auto known = object.find("known_to"); known != object.end() && known->is_array()) {
    for (const Json& one : *known) {
      if (one.is_string()) {
        item.known_to.insert(one.get<std::string>());
      }
    }
  }
  item.record = json;
  return item;
}

Status update_by_record(EstateItem& item, const std::string& json) {
  const Json changes = Json::parse(json, nullptr, false);
  Json merged = Json::parse(record_text(item), nullptr, false);
  merged.update(changes);
  RESCIND_ASSIGN_OR_RETURN(EstateItem fresh, item_of_record(merged.dump()));
  item.name = fresh.name;
  item.account = fresh.account;
  item.holder = fresh.holder;
  item.level = fresh.level;
  item.license = fresh.license;
  item.carries_license = fresh.carries_license;
  item.known_to = fresh.known_to;
  item.enabled = fresh.enabled;
  item.record = fresh.record;
  return {};
}

}  // namespace simulate

namespace {

void new_value(EstateItem& item, const std::string& marker) {
  ++item.version;
  item.changed_by = marker;
  item.known_to.clear();
}

}  // namespace

void SimulatedEstate::take_along(const std::string& marker,
                                 const std::function<bool(const EstateItem&)>& which) {
  for (auto& [id, item] : items_) {
    if (item.present && which(item)) {
      item.present = false;
      note(marker, item.kind == Kind::Data ? "destroyed" : "removed", id);
    }
  }
}

void SimulatedEstate::apply_verb(EstateItem& item, const ActionRequest& request) {
  const auto license_goes = [&](const std::string& license) {
    take_along(request.marker, [&license](const EstateItem& other) {
      return other.kind == Kind::Data && other.license == license;
    });
  };
  switch (request.verb) {
  case Verb::Disable:
    item.enabled = false;
    break;
  case Verb::Lock:
    item.locked = true;
    break;
  case Verb::Rotate:
  case Verb::Replace:
    new_value(item, request.marker);
    break;
  case Verb::Narrow:
    item.level = request.text;
    break;
  case Verb::Transfer:
    item.holder = request.target;
    item.account.clear();
    item.license.clear();
    break;
  case Verb::Redirect:
    item.redirect_to = request.target;
    break;
  case Verb::Archive:
    item.archived = true;
    item.enabled = item.kind != Kind::Account && item.enabled;
    item.license.clear();
    break;
  case Verb::Remove:
    if (item.kind == Kind::License) {
      license_goes(item.id);
    } else if (item.kind == Kind::Group && !item.carries_license.empty()) {
      for (auto& [id, other] : items_) {
        if (other.present && other.kind == Kind::License && other.system == item.system &&
            other.name == item.carries_license && other.account == item.account) {
          license_goes(id);
          other.present = false;
          note(request.marker, "removed", id);
        }
      }
    }
    item.present = false;
    break;
  case Verb::Revoke:
    if (item.kind == Kind::Checkout) {
      if (EstateItem* taken = find(item.credential); taken != nullptr && taken->present) {
        new_value(*taken, request.marker);
        note(request.marker, "rotate", taken->id);
      }
    }
    item.present = false;
    break;
  case Verb::Delete:
    if (item.kind == Kind::Account) {
      take_along(request.marker,
                 [&item](const EstateItem& other) { return other.account == item.id; });
    }
    item.present = false;
    break;
  case Verb::Wipe:
    item.present = false;
    break;
  case Verb::Restore:
  case Verb::Notify:
  case Verb::Ask:
    return;
  }
  note(request.marker, std::string(verb_name(request.verb)), item.id);
}

}  // namespace rescind
