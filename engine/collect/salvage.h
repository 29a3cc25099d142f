// What can still be read of a JSON object that is cut off or damaged: its top-level strings.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rescind {

struct SalvagedFields {
  std::vector<std::pair<std::string, std::string>> strings;  // first one of a name counts
  // "" when the field was not found.
  [[nodiscard]] std::string text(std::string_view name) const;
};

// Reads `"key": "value"` pairs of the outermost object up to the first damage. Values with escapes
// or invalid UTF-8 are left out.
SalvagedFields salvage_fields(std::string_view text);

// The elements of a JSON text that should be an array of objects, an object, or several objects:
// each with the line it begins on. The last may be cut off.
struct JsonElement {
  std::string_view text;
  std::uint32_t line = 1;  // 1-based
};

std::vector<JsonElement> split_elements(std::string_view text);

}  // namespace rescind
