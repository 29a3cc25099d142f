// The policy packs that travel inside the program.
#pragma once

#include <span>
#include <string_view>

namespace rescind {

struct ShippedPack {
  std::string_view name;  // path within the project: "policies/leaver/leaver.rescind"
  std::string_view text;
};

// Sorted by name. The texts live as long as the program.
std::span<const ShippedPack> shipped_packs();

}  // namespace rescind
