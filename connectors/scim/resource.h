// Reading and changing SCIM resources as JSON: the dialects that real servers speak are known here
// and nowhere else. No I/O.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "model/vocabulary.h"

namespace rescind::scim {

// A JSON object of bounded depth, or nothing.
std::optional<nlohmann::json> parse_object(std::string_view text);
// The text of a string member, "" when there is none.
std::string string_member(const nlohmann::json& object, std::string_view key);
// `active` as a boolean or as the string that some servers store ("False"); nothing when not shown.
std::optional<bool> read_active(const nlohmann::json& user);
// What a multi-valued attribute holds: the `value` of each element, or the element when it is a
// string.
std::vector<std::string> values_of(const nlohmann::json& resource, std::string_view attribute);
// An attribute by the name that a configuration gives: userName, externalId, emails (the primary
// one), name.familyName, or URN:attribute of an extension. "" when there is none.
std::string attribute_text(const nlohmann::json& user, std::string_view name);
// The detail of a SCIM error answer, else nothing; one line of at most 200 bytes.
std::string error_detail(std::string_view body);

// What a request is about: `active` of a user, one value of a multi-valued attribute, or the whole.
struct Target {
  enum class What : std::uint8_t { Active, Value, Whole };
  What what = What::Active;
  std::string collection;                  // "Users" "Groups"
  std::string id;                          // of the resource
  std::string attribute;                   // Value: "members" "roles" "entitlements"
  std::string value;                       // Value: the element's value
  [[nodiscard]] std::string path() const;  // "/Users/u1", encoded
};

// Whether `active` is `want`, or the value is there exactly when `want`. Nothing: the server does
// not show it. Not for Whole.
std::optional<bool> holds(const Target& target, bool want, const nlohmann::json& resource);

// One way to ask for a change; a server understands some of them.
struct Dialect {
  std::string method;
  std::string body;
  std::string what;  // for people: "PATCH with a path"
};

// From the most exact to the bluntest. `resource` (null: unknown) is needed for PUT, `element`
// (JSON text, may be empty) is what comes back when a value is added.
std::vector<Dialect> dialects(const Target& target, bool want, const nlohmann::json* resource,
                              const std::string& element);

}  // namespace rescind::scim
