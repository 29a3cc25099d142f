// What the search knows of single items: until when each can be used, given the assumed changes.
// Internal to residual.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "residual/residual.h"

namespace rescind {

// Seconds since 1970 until which something is open. Bigger is longer; the lattice of the search.
using Until = std::int64_t;
inline constexpr Until kClosed = std::numeric_limits<Until>::min();
inline constexpr Until kForever = std::numeric_limits<Until>::max();

inline Until until_of(Instant at) {
  return at.time_since_epoch().count();
}

class ResidualFacts {
 public:
  ResidualFacts(const Inventory& inventory, const ResidualQuery& query);

  [[nodiscard]] const Inventory& inventory() const { return inventory_; }

  [[nodiscard]] const ResidualQuery& query() const { return query_; }

  // When the first and the last of the changes that end use of the item happen; kForever: none
  // does.
  [[nodiscard]] Until first_end(ItemRef item) const;
  [[nodiscard]] Until last_end(ItemRef item) const;
  // When the account is swept; kForever: never.
  [[nodiscard]] Until swept(ItemRef account) const;
  // How long the item itself can be used: its end, its expiry or its longest life, whichever is
  // first.
  [[nodiscard]] Until usable(ItemRef item) const;

  // The latest of all assumed changes; `from` when there are none.
  [[nodiscard]] Until last_change() const { return last_change_; }

  // Whether the system can list what is live of that kind: `false` only when it says so.
  [[nodiscard]] bool listable(SystemRef system, Kind kind) const;
  // How long what is minted there lives: the longest that the system and the account's own sessions
  // say; nothing: unknown.
  [[nodiscard]] std::optional<Seconds> life(ItemRef account) const;

  [[nodiscard]] std::optional<Seconds> session_life(SystemRef system) const;

  [[nodiscard]] std::string label(ItemRef item) const;
  [[nodiscard]] std::optional<bool> flag(ItemRef item, std::string_view attribute) const;
  [[nodiscard]] ItemRef item_of(ItemRef item, std::string_view attribute) const;
  // Symbols; empty when missing.
  [[nodiscard]] std::vector<Symbol> set_of(ItemRef item, std::string_view attribute) const;
  [[nodiscard]] std::vector<SystemRef> systems_of(SystemRef system, AttributeIndex attribute) const;
  // Credentials that the subject knows or can read: from the query, else searched.
  [[nodiscard]] std::vector<ItemRef> known() const;

 private:
  [[nodiscard]] std::optional<std::int64_t> long_of(ItemRef item, std::string_view attribute) const;
  [[nodiscard]] std::vector<ItemRef> search_known() const;

  const Inventory& inventory_;
  const ResidualQuery& query_;

  struct Ends {
    Until first = kForever;
    Until last = kForever;
  };

  std::unordered_map<std::uint32_t, Ends> ends_;
  std::unordered_map<std::uint32_t, Until> sweeps_;
  Until last_change_;
};

}  // namespace rescind
