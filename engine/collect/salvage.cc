// A forgiving scanner over JSON text: it knows strings and nesting, and trusts nothing else.
#include "collect/salvage.h"

#include <algorithm>

#include "base/text.h"

namespace rescind {
namespace {

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

// The offset after a string that begins with a quote at `begin`; npos when it does not end.
std::size_t end_of_string(std::string_view text, std::size_t begin) {
  for (std::size_t i = begin + 1; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == '"') {
      return i + 1;
    }
  }
  return std::string_view::npos;
}

// The offset after the value at `begin`; npos when it does not end.
std::size_t end_of_value(std::string_view text, std::size_t begin) {
  std::size_t depth = 0;
  for (std::size_t i = begin; i < text.size();) {
    const char c = text[i];
    if (c == '"') {
      i = end_of_string(text, i);
      if (i == std::string_view::npos) {
        return i;
      }
      if (depth == 0) {
        return i;
      }
      continue;
    }
    if (c == '{' || c == '[') {
      ++depth;
    } else if (c == '}' || c == ']') {
      if (depth <= 1) {
        return depth == 0 ? i : i + 1;
      }
      --depth;
    } else if (depth == 0 && (c == ',' || is_space(c))) {
      return i;
    }
    ++i;
  }
  return std::string_view::npos;
}

}  // namespace

std::string SalvagedFields::text(std::string_view name) const {
  const auto found = std::find_if(strings.begin(), strings.end(),
                                  [name](const auto& entry) { return entry.first == name; });
  return found == strings.end() ? std::string{} : found->second;
}

SalvagedFields salvage_fields(std::string_view text) {
  SalvagedFields fields;
  std::size_t at = 0;
  const auto skip_space = [&] {
    while (at < text.size() && is_space(text[at])) {
      ++at;
    }
  };
  const auto take = [&](char c) {
    skip_space();
    const bool there = at < text.size() && text[at] == c;
    at += there ? 1 : 0;
    return there;
  };
  if (!take('{')) {
    return fields;
  }
  do {
    skip_space();
    const std::size_t key = at;
    if (at >= text.size() || text[at] != '"') {
      break;
    }
    at = end_of_string(text, at);
    if (at == std::string_view::npos) {
      break;
    }
    const std::string_view name = text.substr(key + 1, at - key - 2);
    if (!take(':')) {
      break;
    }
    skip_space();
    const std::size_t value = at;
    at = end_of_value(text, at);
    if (at == std::string_view::npos) {
      break;
    }
    const std::string_view token = text.substr(value, at - value);
    if (token.size() >= 2 && token.front() == '"' && token.find('\\') == std::string_view::npos &&
        !first_invalid_utf8(token) && !first_invalid_utf8(name)) {
      fields.strings.emplace_back(name, token.substr(1, token.size() - 2));
    }
  } while (take(','));
  return fields;
}

std::vector<JsonElement> split_elements(std::string_view text) {
  std::vector<JsonElement> elements;
  std::uint32_t line = 1;
  std::size_t counted = 0;
  const auto line_at = [&](std::size_t offset) {
    line += static_cast<std::uint32_t>(
        std::count(text.begin() + static_cast<std::ptrdiff_t>(counted),
                   text.begin() + static_cast<std::ptrdiff_t>(offset), '\n'));
    counted = offset;
    return line;
  };
  std::size_t at = 0;
  bool opened = false;
  while (at < text.size()) {
    const char c = text[at];
    if (is_space(c) || c == ',' || (c == '[' && !opened) || (c == ']' && opened)) {
      opened = opened || c == '[';
      ++at;
      continue;
    }
    const std::size_t end = std::max(std::min(end_of_value(text, at), text.size()), at + 1);
    std::string_view element = text.substr(at, end - at);
    while (!element.empty() && is_space(element.back())) {
      element.remove_suffix(1);
    }
    elements.push_back({element, line_at(at)});
    at = end;
  }
  return elements;
}

}  // namespace rescind
