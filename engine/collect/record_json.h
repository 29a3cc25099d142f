// What the readers of inventory records share: raw tokens of simdjson. Only they include this.
#pragma once

#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include <simdjson.h>

namespace rescind {

namespace json = simdjson::ondemand;

// A place among the fields of an object.
using JsonFields = simdjson::simdjson_result<json::object_iterator>;

// A value as it may stand in a message: shortened, on one line.
std::string shown_value(std::string_view text);

// The text of a scalar as written, or what begins a list or object.
inline std::string_view token_of(json::value& value) {
  std::string_view token = value.raw_json_token();
  while (!token.empty() && static_cast<unsigned char>(token.back()) <= ' ') {
    token.remove_suffix(1);
  }
  return token;
}

// The characters of a string; nothing when it is none, or an escape in it is wrong. `escapes`:
// there may be one; looking once per record is cheaper than once per string.
inline std::optional<std::string_view> string_of(json::value& value, std::string_view token,
                                                 bool escapes = true) {
  if (token.size() < 2 || token.front() != '"') {
    return std::nullopt;
  }
  if (token.back() == '"' &&
      (!escapes || std::memchr(token.data(), '\\', token.size()) == nullptr)) {
    return token.substr(1, token.size() - 2);
  }
  std::string_view text;
  if (value.get_string().get(text) != simdjson::SUCCESS) {
    return std::nullopt;
  }
  return text;
}

}  // namespace rescind
