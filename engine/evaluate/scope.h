// Which items a cause reaches: what its subject holds or was granted, an account with everything
// under it, or everything on a system.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "evaluate/bound.h"

namespace rescind {

// Rows of one kind, ascending.
struct Segment {
  Kind kind{};
  const std::uint32_t* rows = nullptr;
  std::uint32_t count = 0;
};

class Scope {
 public:
  // Segments by kind, valid until the next call. Nothing for a subject, item or system that the
  // inventory does not have.
  void find(const Bound& bound, const BoundCause& cause);

  [[nodiscard]] const std::vector<Segment>& segments() const { return segments_; }

 private:
  void find_identity(const Bound& bound, IdentityRef subject);
  void find_item(const Bound& bound, ItemRef item);
  void find_system(const Bound& bound, SystemRef system);
  // Adds what hangs on the account row, and on accounts among that, to the extras, except what the
  // scope has anyway: items of `subject`, and `root`.
  void add_under(const Bound& bound, std::uint32_t account_row, IdentityRef subject, ItemRef root);
  void emit(Kind kind, std::span<const std::uint32_t> own);

  std::vector<Segment> segments_;
  std::array<std::vector<std::uint32_t>, kKindCount> extra_;
  std::array<std::vector<std::uint32_t>, kKindCount> merged_;
  std::vector<std::uint32_t> accounts_;  // to look under
  bool any_extra_ = false;
};

}  // namespace rescind
