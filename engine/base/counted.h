// "1 entry", "2 entries": a number with what it counts.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace rescind {

// `noun` in the singular, with a regular plural.
inline std::string counted(std::uint64_t count, std::string_view noun) {
  std::string text = std::to_string(count) + " ";
  if (count == 1) {
    return text.append(noun);
  }
  if (noun.ends_with('y')) {
    return text.append(noun.substr(0, noun.size() - 1)).append("ies");
  }
  return text.append(noun).append("s");
}

}  // namespace rescind
