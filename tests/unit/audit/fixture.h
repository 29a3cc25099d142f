// Keys, entries and logs that tests share.
#pragma once

#include <array>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "audit/checkpoint.h"
#include "audit/entry.h"

namespace rescind {

inline KeyPair key_of(std::uint8_t fill) {
  std::array<std::uint8_t, 32> seed{};
  seed.fill(fill);
  const auto key = key_pair_of_seed(seed);
  REQUIRE(key.has_value());
  return *key;
}

inline Instant at_second(std::int64_t seconds) {
  return Instant(Seconds(1767600000 + seconds));
}

// A node source over leaves that are all in memory, by the definition of the tree.
inline NodeSource nodes_over(const std::vector<MerkleHash>& leaves) {
  return [&leaves](MerkleNode node) -> Result<MerkleHash> {
    std::vector<MerkleHash> level(
        leaves.begin() + static_cast<std::ptrdiff_t>(node.index << node.level),
        leaves.begin() + static_cast<std::ptrdiff_t>((node.index + 1) << node.level));
    while (level.size() > 1) {
      std::vector<MerkleHash> parents;
      for (std::size_t at = 0; at < level.size(); at += 2) {
        parents.push_back(hash_node(level[at], level[at + 1]));
      }
      level = std::move(parents);
    }
    return level.front();
  };
}

}  // namespace rescind
