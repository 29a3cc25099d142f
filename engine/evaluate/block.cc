// The block evaluator: a node's answer is kept for the block, so that what rules share is computed
// once.
#include "evaluate/block.h"

#include <algorithm>
#include <bit>

#include "base/check.h"

namespace rescind {
namespace {

constexpr std::uint64_t bits_below(std::uint32_t count) {
  return count >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << count) - 1;
}

}  // namespace

BlockEvaluator::BlockEvaluator(const Bound& bound, Interpreter& interpreter)
    : bound_(bound),
      program_(bound.program()),
      inventory_(bound.inventory()),
      interpreter_(interpreter),
      kernels_(best_kernels()),
      memos_(program_.nodes.size()),
      gathered_(program_.columns.size()) {
  for (std::size_t i = 0; i < gathered_.size(); ++i) {
    // One for any other value before the constants, one for no value after them.
    gathered_[i].rows_of_code.assign(program_.columns[i].constants.size() + 2, 0);
  }
}

void BlockEvaluator::load(const std::vector<Segment>& segments, std::size_t first,
                          std::uint32_t count) {
  if (++epoch_ == 0) {  // wrapped: stale marks could look fresh
    for (Memo& memo : memos_) {
      memo.epoch = 0;
    }
    for (Gathered& column : gathered_) {
      column.epoch = 0;
    }
    epoch_ = 1;
  }
  kinds_ = {};
  count_ = 0;
  undetermined_ = 0;
  for (const Segment& segment : segments) {
    if (first >= segment.count) {
      first -= segment.count;
      continue;
    }
    const std::uint32_t skip = static_cast<std::uint32_t>(first);
    first = 0;
    const std::uint32_t take = std::min(segment.count - skip, count - count_);
    const std::uint32_t* rows = segment.rows + skip;
    for (std::uint32_t i = 0; i < take; ++i) {
      items_[count_ + i] = ItemRef::of(segment.kind, rows[i]);
    }
    const std::vector<std::uint64_t>& flagged = bound_.undetermined_rows(segment.kind);
    for (std::uint32_t i = 0; !flagged.empty() && i < take; ++i) {
      undetermined_ |= ((flagged[rows[i] / 64] >> (rows[i] % 64)) & 1U) << (count_ + i);
    }
    kinds_ = kinds_ | segment.kind;
    kind_masks_[static_cast<std::size_t>(segment.kind)] = bits_below(take) << count_;
    count_ += take;
    if (count_ == count) {
      break;
    }
  }
  for (std::uint32_t i = count_; i % kStride != 0; ++i) {
    items_[i] = items_[0];
  }
  all_ = bits_below(count_);
}

std::uint64_t BlockEvaluator::of_kinds(KindSet kinds) const {
  std::uint64_t mask = 0;
  for (std::uint32_t bits = kinds.bits & kinds_.bits; bits != 0; bits &= bits - 1) {
    mask |= kind_masks_[static_cast<std::size_t>(std::countr_zero(bits))];
  }
  return mask;
}

Masks BlockEvaluator::evaluate_anew(NodeId id, std::uint64_t need) {
  const Node& node = program_.node(id);
  Masks result;
  switch (node.lowering) {
  case Lowering::And:
  case Lowering::Or:
    result = junction(node, need);
    break;
  case Lowering::Not: {
    const Masks inner = evaluate(program_.children_of(node)[0], need);
    result = {need & ~inner.maybe, need & ~inner.yes};
    break;
  }
  case Lowering::Each:
    result = each(id, need);
    break;
  case Lowering::None:
  case Lowering::KindIs:
  case Lowering::Flag:
  case Lowering::KnownColumn:
  case Lowering::Compare:
  case Lowering::EqualWord:
  case Lowering::OneOf:
  case Lowering::Contains:
  case Lowering::ContainsWord:
    // For the whole block: costs no more than a part would.
    result = leaf(node);
    memos_[id.index()] = {result.yes, result.maybe, ~std::uint64_t{0}, epoch_};
    return result;
  }
  Memo& memo = memos_[id.index()];
  if (memo.epoch == epoch_) {
    memo.yes = (memo.yes & ~need) | (result.yes & need);
    memo.maybe = (memo.maybe & ~need) | (result.maybe & need);
    memo.done |= need;
  } else {
    memo = {result.yes, result.maybe, need, epoch_};
  }
  return {memo.yes, memo.maybe};
}

Masks BlockEvaluator::junction(const Node& node, std::uint64_t need) {
  const bool is_and = node.lowering == Lowering::And;
  const auto children = program_.children_of(node);
  // Scalar children come first; one can decide for all items.
  Tri scalar = is_and ? Tri::True : Tri::False;
  for (const NodeId child : children.first(node.scalar_children)) {
    const Tri one = interpreter_.test(child);
    scalar = is_and ? std::min(scalar, one) : std::max(scalar, one);
  }
  const std::uint64_t sure = scalar == Tri::True ? need : 0;
  const std::uint64_t possible = scalar == Tri::False ? 0 : need;
  Masks result{sure, possible};
  if (is_and) {
    for (const NodeId child : children.subspan(node.scalar_children)) {
      if (result.maybe == 0) {
        break;
      }
      const Masks one = evaluate(child, result.maybe);
      result.yes &= one.yes;
      result.maybe &= one.maybe;
    }
    return result;
  }
  for (const NodeId child : children.subspan(node.scalar_children)) {
    const std::uint64_t open = need & ~result.yes;
    if (open == 0) {
      break;
    }
    const Masks one = evaluate(child, open);
    result.yes |= one.yes & open;
    result.maybe |= one.maybe & open;
  }
  return result;
}

// What holds where the column has a value; elsewhere nobody knows.
Masks BlockEvaluator::settled(std::uint64_t holds, const Gathered& column) const {
  const std::uint64_t unknown = column.missing | column.broken | undetermined_;
  return {holds & ~unknown & all_, (holds | unknown) & all_};
}

Masks BlockEvaluator::leaf(const Node& node) {
  switch (node.lowering) {
  case Lowering::KindIs: {
    const std::uint64_t mask = of_kinds(node.kinds);
    return {mask, mask};
  }
  case Lowering::Flag: {
    const Gathered& column = gather(node.column);
    return settled(column.flags, column);
  }
  case Lowering::KnownColumn: {
    const Gathered& column = gather(node.column);
    const std::uint64_t known = all_ & ~column.missing;
    const std::uint64_t unknown = (column.broken | undetermined_) & all_;
    return {known & ~unknown, known | unknown};
  }
  case Lowering::Compare:
    return compare(node);
  case Lowering::OneOf:
    return one_of(node);
  case Lowering::Contains: {
    const Gathered& column = gather(node.column);
    return settled(column.rows_of_code[node.code + 1], column);
  }
  case Lowering::EqualWord:
    return equal_word(node);
  case Lowering::ContainsWord:
    return contains_word(node);
  case Lowering::None:
  case Lowering::And:
  case Lowering::Or:
  case Lowering::Not:
  case Lowering::Each:
    break;
  }
  RESCIND_CHECK(false, "a condition over items has a lowering");
}

Masks BlockEvaluator::compare(const Node& node) {
  std::int64_t operand = 0;
  if (!interpreter_.number(node.operand, operand)) {
    return {0, all_};
  }
  const Gathered& column = gather(node.column);
  const std::int64_t* values = column.numbers.data();
  std::uint64_t holds = 0;
  if (node.compare == ExprOp::Less) {
    holds = kernels_.less(values, count_, operand);
  } else if (node.compare == ExprOp::Greater) {
    holds = kernels_.greater(values, count_, operand);
  } else {
    holds = kernels_.equal(values, count_, operand);
  }
  return settled(holds, column);
}

Masks BlockEvaluator::one_of(const Node& node) {
  const Gathered& column = gather(node.column);
  const Bitmap& bitmap = program_.bitmaps[node.bitmap];
  std::uint64_t holds = 0;
  for (std::size_t w = 0; w < bitmap.words.size(); ++w) {
    const std::uint64_t* rows = column.rows_of_code.data() + w * 64;
    for (std::uint64_t codes = bitmap.words[w]; codes != 0; codes &= codes - 1) {
      holds |= rows[std::countr_zero(codes)];
    }
  }
  return settled(holds, column);
}

Masks BlockEvaluator::equal_word(const Node& node) {
  const Value& operand = interpreter_.scalar(node.operand);
  if (!operand.known()) {
    return {0, all_};
  }
  const Gathered& column = gather(node.column);
  std::uint64_t holds = 0;
  for (std::uint32_t i = 0; i < count_; ++i) {
    holds |= std::uint64_t{column.words[i] == operand.word()} << i;
  }
  return settled(holds, column);
}

Masks BlockEvaluator::contains_word(const Node& node) {
  const Value& operand = interpreter_.scalar(node.operand);
  if (!operand.known()) {
    return {0, all_};
  }
  const std::uint32_t symbol = bound_.symbol_of(operand);
  const Gathered& column = gather(node.column);
  std::uint64_t holds = 0;
  for (std::uint32_t i = 0; i < count_; ++i) {
    holds |= std::uint64_t{inventory_.sets.contains(SetId{column.words[i]}, symbol)} << i;
  }
  return settled(holds, column);
}

Masks BlockEvaluator::each(NodeId id, std::uint64_t need) {
  Masks result;
  for (std::uint64_t bits = need & all_; bits != 0; bits &= bits - 1) {
    const auto bit = static_cast<std::uint32_t>(std::countr_zero(bits));
    const Tri tri = interpreter_.test_item(id, items_[bit]);
    result.yes |= std::uint64_t{tri == Tri::True} << bit;
    result.maybe |= std::uint64_t{tri != Tri::False} << bit;
  }
  return result;
}

}  // namespace rescind
