// SCIM resources: reading what servers show and writing what they may understand.
#include "connectors/scim/resource.h"

#include <algorithm>
#include <cctype>

#include <nlohmann/json.hpp>

#include "connectors/scim/http.h"

namespace rescind::scim {
namespace {

using Json = nlohmann::json;

constexpr int kMaxDepth = 32;
constexpr std::size_t kMaxDetail = 200;
constexpr const char* kPatchSchema = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

const Json* member(const Json& object, std::string_view key) {
  if (!object.is_object()) {
    return nullptr;
  }
  const auto it = object.find(std::string(key));
  return it == object.end() ? nullptr : &*it;
}

std::string element_value(const Json& element) {
  return element.is_string() ? element.get<std::string>() : string_member(element, "value");
}

// The primary element's value, else the first one's.
std::string preferred_value(const Json& list) {
  const Json* chosen = nullptr;
  for (const Json& element : list) {
    const Json* primary = member(element, "primary");
    if (primary != nullptr && primary->is_boolean() && primary->get<bool>()) {
      chosen = &element;
      break;
    }
    chosen = chosen == nullptr ? &element : chosen;
  }
  return chosen == nullptr ? std::string() : element_value(*chosen);
}

std::string patch(Json operation) {
  Json body = Json::object();
  body["schemas"] = Json::array({kPatchSchema});
  body["Operations"] = Json::array({std::move(operation)});
  return dump(body);
}

// The whole resource as it is to be after the change.
std::string put_body(const Target& target, bool want, Json resource, const Json& element) {
  resource.erase("groups");  // read-only on users
  resource.erase("password");
  if (target.what == Target::What::Active) {
    resource["active"] = want;
    return dump(resource);
  }
  Json kept = Json::array();
  if (const Json* list = member(resource, target.attribute); list != nullptr && list->is_array()) {
    for (const Json& one : *list) {
      if (element_value(one) != target.value) {
        kept.push_back(one);
      }
    }
  }
  if (want) {
    kept.push_back(element);
  }
  resource[target.attribute] = std::move(kept);
  return dump(resource);
}

std::vector<Dialect> active_dialects(bool want) {
  return {
      {"PATCH", patch({{"op", "replace"}, {"path", "active"}, {"value", want}}),
       "PATCH with a path"},
      {"PATCH", patch({{"op", "replace"}, {"value", {{"active", want}}}}), "PATCH without a path"}};
}

std::vector<Dialect> value_dialects(const Target& target, bool want, const Json& element) {
  if (want) {
    return {{"PATCH",
             patch({{"op", "add"}, {"path", target.attribute}, {"value", Json::array({element})}}),
             "PATCH add"}};
  }
  // WHY: dumping the value as a JSON string is exactly the escaping that a SCIM filter asks for.
  const std::string filter = target.attribute + "[value eq " + dump(Json(target.value)) + "]";
  const Json value = Json::array({Json{{"value", target.value}}});
  return {{"PATCH", patch({{"op", "remove"}, {"path", filter}}), "PATCH with a filtered path"},
          {"PATCH", patch({{"op", "remove"}, {"path", target.attribute}, {"value", value}}),
           "PATCH with a list of values"}};
}

}  // namespace

std::optional<nlohmann::json> parse_object(std::string_view text) {
  bool too_deep = false;
  const auto watch = [&too_deep](int depth, Json::parse_event_t, Json&) {
    too_deep = too_deep || depth > kMaxDepth;
    return !too_deep;
  };
  Json parsed = Json::parse(text.begin(), text.end(), watch, false);
  if (too_deep || !parsed.is_object()) {
    return std::nullopt;
  }
  return parsed;
}

std::string string_member(const nlohmann::json& object, std::string_view key) {
  const Json* found = member(object, key);
  return found != nullptr && found->is_string() ? found->get<std::string>() : std::string();
}

std::optional<bool> read_active(const nlohmann::json& user) {
  const Json* active = member(user, "active");
  if (active == nullptr) {
    return std::nullopt;
  }
  if (active->is_boolean()) {
    return active->get<bool>();
  }
  if (!active->is_string()) {
    return std::nullopt;
  }
  std::string text = active->get<std::string>();
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (text == "true" || text == "false") {
    return text == "true";
  }
  return std::nullopt;
}

std::vector<std::string> values_of(const nlohmann::json& resource, std::string_view attribute) {
  std::vector<std::string> values;
  const Json* list = member(resource, attribute);
  if (list == nullptr) {
    return values;
  }
  if (list->is_array()) {
    for (const Json& element : *list) {
      values.push_back(element_value(element));
    }
  } else {
    values.push_back(element_value(*list));
  }
  std::erase(values, std::string());
  return values;
}

std::string attribute_text(const nlohmann::json& user, std::string_view name) {
  if (const Json* direct = member(user, name); direct != nullptr) {
    return direct->is_array() ? preferred_value(*direct) : element_value(*direct);
  }
  // An extension's attribute stands after the last colon of its URN, a sub-attribute after a dot.
  for (const char separator : {':', '.'}) {
    const std::size_t at = name.rfind(separator);
    if (at == std::string_view::npos) {
      continue;
    }
    if (const Json* outer = member(user, name.substr(0, at)); outer != nullptr) {
      return outer->is_array() ? preferred_value(*outer)
                               : attribute_text(*outer, name.substr(at + 1));
    }
  }
  return {};
}

std::string error_detail(std::string_view body) {
  const std::optional<Json> error = parse_object(body);
  std::string detail = error ? string_member(*error, "detail") : std::string();
  for (char& c : detail) {
    if (static_cast<unsigned char>(c) < 0x20) {
      c = ' ';
    }
  }
  if (detail.size() > kMaxDetail) {
    detail.resize(kMaxDetail);
  }
  return detail;
}

std::string Target::path() const {
  return "/" + collection + "/" + percent_encode(id);
}

std::optional<bool> holds(const Target& target, bool want, const nlohmann::json& resource) {
  if (target.what == Target::What::Active) {
    const std::optional<bool> active = read_active(resource);
    if (!active) {
      return std::nullopt;
    }
    return *active == want;
  }
  const std::vector<std::string> values = values_of(resource, target.attribute);
  const bool there = std::find(values.begin(), values.end(), target.value) != values.end();
  return there == want;
}

std::vector<Dialect> dialects(const Target& target, bool want, const nlohmann::json* resource,
                              const std::string& element) {
  if (target.what == Target::What::Whole) {
    return {{"DELETE", "", "DELETE"}};
  }
  std::optional<Json> given = parse_object(element);
  const Json added = given ? std::move(*given) : Json{{"value", target.value}};
  std::vector<Dialect> all = target.what == Target::What::Active
                                 ? active_dialects(want)
                                 : value_dialects(target, want, added);
  if (resource != nullptr) {
    all.push_back({"PUT", put_body(target, want, *resource, added), "PUT of the whole resource"});
  }
  return all;
}

}  // namespace rescind::scim
