// Equality of short texts without a call: field names, enum values and repeated ids are compared
// once per cell of a load.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace rescind {

template <typename Word>
bool same_ends(const char* a, const char* b, std::size_t size) {
  Word head_a{};
  Word head_b{};
  Word tail_a{};
  Word tail_b{};
  std::memcpy(&head_a, a, sizeof(Word));
  std::memcpy(&head_b, b, sizeof(Word));
  std::memcpy(&tail_a, a + size - sizeof(Word), sizeof(Word));
  std::memcpy(&tail_b, b + size - sizeof(Word), sizeof(Word));
  return head_a == head_b && tail_a == tail_b;
}

// Both have `size` bytes.
inline bool same_bytes(const char* a, const char* b, std::size_t size) {
  if (size > 16) {
    return std::memcmp(a, b, size) == 0;
  }
  if (size >= 8) {
    return same_ends<std::uint64_t>(a, b, size);
  }
  if (size >= 4) {
    return same_ends<std::uint32_t>(a, b, size);
  }
  bool same = true;
  for (std::size_t i = 0; i < size; ++i) {
    same = same && a[i] == b[i];
  }
  return same;
}

inline bool same_text(std::string_view a, std::string_view b) {
  return a.size() == b.size() && same_bytes(a.data(), b.data(), a.size());
}

}  // namespace rescind
