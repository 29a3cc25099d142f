// Conditions over a block of up to 64 items at once: one bit per item. A three-valued answer is two
// words: items for which the condition surely holds, and items for which it may.
#pragma once

#include <array>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <vector>

#include "evaluate/bound.h"
#include "evaluate/interpreter.h"
#include "evaluate/kernels.h"
#include "evaluate/scope.h"

namespace rescind {

inline constexpr std::uint32_t kBlockItems = 64;

// INVARIANT: yes is a subset of maybe.
struct Masks {
  std::uint64_t yes = 0;
  std::uint64_t maybe = 0;
};

// The values of one column for the items of the block.
struct Gathered {
  std::uint32_t epoch = 0;
  std::uint64_t missing = 0;
  std::uint64_t broken = 0;
  std::uint64_t flags = 0;                                      // of Flag
  alignas(64) std::array<std::int64_t, kBlockItems> numbers{};  // of Number
  std::array<std::uint32_t, kBlockItems> words{};               // of Word and Set
  // Of Word: by code, the items that have it. Of Set: by code, the items whose set has the
  // constant.
  std::vector<std::uint64_t> rows_of_code;
  // Of Set: by set, the codes in it as bits, kSetSeen when looked up. Grown by the system on touch.
  std::unique_ptr<std::uint64_t[], decltype(&std::free)> codes_of_set{nullptr, &std::free};
};

class BlockEvaluator {
 public:
  BlockEvaluator(const Bound& bound, Interpreter& interpreter);

  // Makes the rows `first` … `first + count` of the scope (counted over its segments) the block.
  void load(const std::vector<Segment>& segments, std::size_t first, std::uint32_t count);

  // The answer for the items in `need`; other bits mean nothing.
  Masks evaluate(NodeId id, std::uint64_t need) {
    const Memo& kept = memos_[id.index()];
    if (kept.epoch == epoch_ && (need & ~kept.done) == 0) {
      return {kept.yes, kept.maybe};
    }
    return evaluate_anew(id, need);
  }

  [[nodiscard]] std::uint64_t all() const { return all_; }

  [[nodiscard]] std::uint64_t of_kinds(KindSet kinds) const;

  // Items whose record may not be decided on.
  [[nodiscard]] std::uint64_t undetermined() const { return undetermined_; }

  [[nodiscard]] ItemRef item(std::uint32_t bit) const { return items_[bit]; }

  [[nodiscard]] const ItemRef* items() const { return items_.data(); }

  [[nodiscard]] Kind kind(std::uint32_t bit) const { return items_[bit].kind(); }

  [[nodiscard]] std::uint32_t count() const { return count_; }

 private:
  static constexpr std::uint32_t kStride = 8;
  static_assert(kBlockItems % kStride == 0);

  struct Memo {
    std::uint64_t yes = 0;
    std::uint64_t maybe = 0;
    std::uint64_t done = 0;
    std::uint32_t epoch = 0;
  };

  Masks evaluate_anew(NodeId id, std::uint64_t need);
  Masks junction(const Node& node, std::uint64_t need);
  Masks leaf(const Node& node);
  Masks compare(const Node& node);
  Masks one_of(const Node& node);
  Masks equal_word(const Node& node);
  Masks contains_word(const Node& node);
  Masks each(NodeId id, std::uint64_t need);
  [[nodiscard]] Masks settled(std::uint64_t holds, const Gathered& column) const;

  const Gathered& gather(std::uint32_t column);
  template <typename Cell, typename Put>
  void each_cell(const BoundColumn& column, Put put) const;
  void gather_flags(Gathered& out, const BoundColumn& column);
  void gather_numbers(Gathered& out, const BoundColumn& column, bool may_miss);
  void gather_words(Gathered& out, const BoundColumn& column);
  void gather_codes(Gathered& out, const BoundColumn& column);
  void fill_missing(Gathered& out, const ColumnUse& use, const BoundColumn& column);
  void code_words(Gathered& out, const BoundColumn& column);
  void code_sets(Gathered& out, const BoundColumn& column);
  std::uint64_t codes_in_set(Gathered& out, const BoundColumn& column, std::uint32_t set);

  const Bound& bound_;
  const Program& program_;
  const Inventory& inventory_;
  Interpreter& interpreter_;
  const Kernels& kernels_;
  std::uint32_t epoch_ = 0;
  std::vector<Memo> memos_;
  std::vector<Gathered> gathered_;

  KindSet kinds_;  // of the block
  std::array<std::uint64_t, kKindCount> kind_masks_{};
  std::array<ItemRef, kBlockItems> items_{};  // to the next multiple of kStride all are valid
  std::uint64_t all_ = 0;
  std::uint64_t undetermined_ = 0;
  std::uint32_t count_ = 0;
};

}  // namespace rescind
