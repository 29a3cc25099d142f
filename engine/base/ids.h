// StrongId: a 32-bit index that cannot be mixed up with an index of something else.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace rescind {

template <typename Tag>
struct StrongId {
  static constexpr std::uint32_t kNone = 0xFFFFFFFFU;
  std::uint32_t value = kNone;  // 0-based index; kNone: refers to nothing

  [[nodiscard]] constexpr bool valid() const { return value != kNone; }

  [[nodiscard]] constexpr std::size_t index() const { return value; }

  friend constexpr auto operator<=>(StrongId, StrongId) = default;
};

}  // namespace rescind

template <typename Tag>
struct std::hash<rescind::StrongId<Tag>> {
  std::size_t operator()(rescind::StrongId<Tag> id) const noexcept { return id.value; }
};
