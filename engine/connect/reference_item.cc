// Items of systems that we play ourselves.
#include "connect/reference_item.h"

#include <utility>

#include <nlohmann/json.hpp>

namespace rescind {
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

std::string native_id_of(const Json& object, const std::string& id, const std::string& system) {
  std::string native = text_of(object, "native_id");
  if (native.empty()) {
    native = id.starts_with(system + ":") ? id.substr(system.size() + 1) : id;
  }
  return native;
}

}  // namespace

bool is_live(const ReferenceItem& item) {
  return item.present && (item.enabled || item.kind == Kind::Account);
}

Result<std::optional<ReferenceItem>> item_of_record(std::string_view text) {
  const Json object = Json::parse(text, nullptr, false);
  if (!object.is_object()) {
    return fail(ErrorKind::Corrupt, "a record must be one JSON object on its line");
  }
  const auto kind = find_kind(text_of(object, "record"));
  if (!kind) {
    return std::optional<ReferenceItem>{};
  }
  ReferenceItem item;
  item.id = text_of(object, "id");
  item.system = text_of(object, "system");
  if (item.id.empty() || item.system.empty()) {
    return fail(ErrorKind::Corrupt, "an item needs `id` and `system`");
  }
  item.kind = *kind;
  item.native_id = native_id_of(object, item.id, item.system);
  item.name = text_of(object, "name");
  item.account = text_of(object, "account");
  item.holder = text_of(object, "holder");
  item.level = text_of(object, "level");
  item.license = text_of(object, "license");
  item.carries_license = text_of(object, "carries_license");
  item.credential = text_of(object, "credential");
  item.enabled = object.value("enabled", Json(true)) != Json(false);
  item.record = object.dump();
  return std::optional<ReferenceItem>(std::move(item));
}

std::string record_of_item(const ReferenceItem& item) {
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
  if (item.forgotten && object.contains("known_to")) {
    object["known_to"] = Json::array();
  }
  if (!item.successor.empty()) {
    object["successor"] = item.successor;
  }
  return object.dump();
}

std::string state_of_item(const ReferenceItem& item) {
  return Json{{"present", item.present},         {"enabled", item.enabled},
              {"locked", item.locked},           {"archived", item.archived},
              {"holder", item.holder},           {"account", item.account},
              {"license", item.license},         {"level", item.level},
              {"redirect_to", item.redirect_to}, {"version", item.version}}
      .dump();
}

Status restore_state(ReferenceItem& item, const std::string& state) {
  const Json object = Json::parse(state, nullptr, false);
  if (!object.is_object() || !object.contains("enabled")) {
    return fail(ErrorKind::Corrupt, "the captured state of `" + item.id + "` cannot be read");
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
  return {};
}

std::string describe_item(const ReferenceItem& item) {
  std::string line = item.id + " " + std::string(kind_name(item.kind));
  line += item.present ? " present" : " gone";
  line += item.enabled ? " enabled" : " disabled";
  line += item.locked ? " locked" : "";
  line += item.archived ? " archived" : "";
  line += " holder=" + item.holder + " version=" + std::to_string(item.version);
  line += item.level.empty() ? "" : " level=" + item.level;
  line += item.redirect_to.empty() ? "" : " redirect=" + item.redirect_to;
  line += item.successor.empty() ? "" : " successor=" + item.successor;
  return line;
}

bool can_put_back(Verb verb, Kind kind) {
  switch (verb) {
  case Verb::Disable:
  case Verb::Lock:
  case Verb::Narrow:
  case Verb::Transfer:
  case Verb::Redirect:
  case Verb::Archive:
    return true;
  case Verb::Remove:
    return kind != Kind::Device;  // an unenrolled device must be enrolled by its user
  case Verb::Revoke:
  case Verb::Rotate:
  case Verb::Replace:
  case Verb::Delete:
  case Verb::Wipe:
  case Verb::Restore:
  case Verb::Notify:
  case Verb::Ask:
    return false;
  }
  return false;
}

bool goal_holds(const ReferenceItem& item, const ActionRequest& request) {
  switch (request.verb) {
  case Verb::Revoke:
  case Verb::Remove:
  case Verb::Delete:
  case Verb::Wipe:
    return !item.present;
  case Verb::Disable:
    return !item.present || !item.enabled;
  case Verb::Lock:
    return !item.present || item.locked;
  case Verb::Rotate:
    // WHY: a version number says nothing about who rotated; the request's own marker does.
    return !item.present || item.changed_by == request.marker;
  case Verb::Narrow:
    return !item.present || item.level == request.text;
  case Verb::Transfer:
    return item.present && item.holder == request.target;
  case Verb::Redirect:
    return item.present && item.redirect_to == request.target;
  case Verb::Archive:
    return item.present && item.archived;
  case Verb::Restore:
    return item.present && item.enabled;
  case Verb::Replace:  // made and delivered part by part
  case Verb::Notify:
  case Verb::Ask:
    return false;
  }
  return false;
}

void change_item(ReferenceItem& item, const ActionRequest& request) {
  switch (request.verb) {
  case Verb::Revoke:
  case Verb::Remove:
  case Verb::Delete:
  case Verb::Wipe:
    item.present = false;
    return;
  case Verb::Disable:
    item.enabled = false;  // sessions and tokens live on
    return;
  case Verb::Lock:
    item.locked = true;
    return;
  case Verb::Rotate:
    renew_value(item, request.marker);
    return;
  case Verb::Narrow:
    item.level = request.text;
    return;
  case Verb::Transfer:
    item.holder = request.target;
    item.account.clear();
    item.license.clear();
    return;
  case Verb::Redirect:
    item.redirect_to = request.target;
    return;
  case Verb::Archive:
    item.archived = true;
    item.enabled = item.kind != Kind::Account && item.enabled;
    item.license.clear();
    return;
  case Verb::Replace:  // made and delivered part by part
  case Verb::Restore:
  case Verb::Notify:
  case Verb::Ask:
    return;
  }
}

void renew_value(ReferenceItem& item, const std::string& marker) {
  ++item.version;
  item.changed_by = marker;
  item.forgotten = true;
}

}  // namespace rescind
