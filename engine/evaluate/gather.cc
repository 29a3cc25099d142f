// Bringing the values of a column together for the items of a block, and what conditions ask of
// words and sets already answered per interesting value.
#include <algorithm>
#include <bit>

#include "base/check.h"
#include "evaluate/block.h"

namespace rescind {
namespace {

constexpr std::uint64_t kSetSeen = std::uint64_t{1} << 63U;

constexpr std::uint64_t part_mask(std::uint32_t begin, std::uint32_t count) {
  return (count >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << count) - 1) << begin;
}

}  // namespace

const Gathered& BlockEvaluator::gather(std::uint32_t index) {
  Gathered& out = gathered_[index];
  if (out.epoch == epoch_) {
    return out;
  }
  out.epoch = epoch_;
  out.missing = 0;
  out.broken = 0;
  const ColumnUse& use = program_.columns[index];
  const BoundColumn& column = bound_.column(index);
  switch (use.shape) {
  case ColumnUse::Shape::Flag:
    out.flags = 0;
    gather_flags(out, column, 0, all_);
    break;
  case ColumnUse::Shape::Number:
    gather_numbers(out, column, use.optional || use.fallback.valid() || use.attributes.size() > 1);
    break;
  case ColumnUse::Shape::Word:
  case ColumnUse::Shape::Set:
    gather_words(out, column);
    break;
  }
  if (out.missing != 0 && (use.attributes.size() > 1 || use.fallback.valid())) {
    fill_missing(out, use, column);
  }
  if (use.shape == ColumnUse::Shape::Word) {
    code_words(out, use, column);
  } else if (use.shape == ColumnUse::Shape::Set && !use.constants.empty()) {
    code_sets(out, column);
  }
  return out;
}

void BlockEvaluator::gather_flags(Gathered& out, const BoundColumn& column, std::size_t alternative,
                                  std::uint64_t want) {
  for (const Part& part : parts_) {
    const Column* from = column.columns[alternative][static_cast<std::size_t>(part.kind)];
    if (from == nullptr) {
      out.broken |= want & part_mask(part.begin, part.count);
      continue;
    }
    for (std::uint32_t i = 0; i < part.count; ++i) {
      const std::uint8_t byte = from->byte_at(part.rows[i]);
      out.flags |= std::uint64_t{byte == 1} << (part.begin + i);
      out.missing |= std::uint64_t{byte > 1} << (part.begin + i);
    }
  }
}

void BlockEvaluator::gather_numbers(Gathered& out, const BoundColumn& column, bool may_miss) {
  for (const Part& part : parts_) {
    const Column* from = column.columns[0][static_cast<std::size_t>(part.kind)];
    std::int64_t* to = out.numbers.data() + part.begin;
    if (from == nullptr || from->longs.empty()) {
      std::fill(to, to + part.count, from == nullptr ? kMissingInt : from->default_long);
      if (from == nullptr) {
        out.broken |= part_mask(part.begin, part.count);
      }
    } else {
      const std::int64_t* longs = from->longs.data();
      for (std::uint32_t i = 0; i < part.count; ++i) {
        to[i] = longs[part.rows[i]];
      }
    }
  }
  if (may_miss) {
    out.missing = kernels_.equal(out.numbers.data(), count_, kMissingInt) & all_ & ~out.broken;
  }
}

void BlockEvaluator::gather_words(Gathered& out, const BoundColumn& column) {
  for (const Part& part : parts_) {
    const Column* from = column.columns[0][static_cast<std::size_t>(part.kind)];
    std::uint32_t* to = out.words.data() + part.begin;
    if (from == nullptr) {
      std::fill(to, to + part.count, kMissingCell);
      out.broken |= part_mask(part.begin, part.count);
      continue;
    }
    for (std::uint32_t i = 0; i < part.count; ++i) {
      const std::uint32_t word = from->word_at(part.rows[i]);
      to[i] = word;
      out.missing |= std::uint64_t{word == kMissingCell} << (part.begin + i);
      out.broken |= std::uint64_t{word == kBrokenCell} << (part.begin + i);
    }
  }
  if (!column.missing_is_zero) {
    out.missing = 0;
  }
}

// The next alternatives, then the fallback, for items that the first attribute leaves open.
void BlockEvaluator::fill_missing(Gathered& out, const ColumnUse& use, const BoundColumn& column) {
  const bool numbers = use.shape == ColumnUse::Shape::Number;
  for (std::uint64_t bits = out.missing; bits != 0; bits &= bits - 1) {
    const auto bit = static_cast<std::uint32_t>(std::countr_zero(bits));
    const std::uint64_t mask = std::uint64_t{1} << bit;
    const ItemRef item = items_[bit];
    for (std::size_t a = 1; a < use.attributes.size() && (out.missing & mask) != 0; ++a) {
      const Column* from = column.columns[a][static_cast<std::size_t>(item.kind())];
      if (from == nullptr) {
        out.missing &= ~mask;
        out.broken |= mask;
      } else if (numbers) {
        out.numbers[bit] = from->long_at(item.row());
        out.missing &= out.numbers[bit] == kMissingInt ? ~std::uint64_t{0} : ~mask;
      } else {
        out.words[bit] = from->word_at(item.row());
        out.missing &= out.words[bit] == kMissingCell ? ~std::uint64_t{0} : ~mask;
        out.broken |= out.words[bit] == kBrokenCell ? mask : 0;
      }
    }
  }
  if (!use.fallback.valid() || out.missing == 0) {
    return;
  }
  const Value& fallback = interpreter_.scalar(use.fallback);
  if (fallback.state == ValueState::Unknown) {
    out.broken |= out.missing;
    return;
  }
  if (!fallback.known()) {
    return;
  }
  for (std::uint64_t bits = out.missing; bits != 0; bits &= bits - 1) {
    const auto bit = static_cast<std::uint32_t>(std::countr_zero(bits));
    out.numbers[bit] = fallback.number;
    out.words[bit] = fallback.word();
  }
  out.missing = 0;
}

void BlockEvaluator::code_words(Gathered& out, const ColumnUse& use, const BoundColumn& column) {
  if (use.constants.empty()) {
    return;
  }
  for (const std::uint32_t code : out.present) {
    out.rows_of_code[code] = 0;
  }
  out.present.clear();
  for (std::uint32_t i = 0; i < count_; ++i) {
    const std::uint32_t code = column.codes.of(out.words[i]);
    if (code == 0) {
      continue;
    }
    if (out.rows_of_code[code] == 0) {
      out.present.push_back(code);
    }
    out.rows_of_code[code] |= std::uint64_t{1} << i;
  }
}

void BlockEvaluator::code_sets(Gathered& out, const BoundColumn& column) {
  std::fill(out.rows_of_code.begin(), out.rows_of_code.end(), 0);
  if (out.codes_of_set == nullptr) {
    out.codes_of_set.reset(
        static_cast<std::uint64_t*>(std::calloc(inventory_.sets.size(), sizeof(std::uint64_t))));
    RESCIND_CHECK(out.codes_of_set != nullptr, "out of memory");
  }
  for (std::uint32_t i = 0; i < count_; ++i) {
    for (std::uint64_t codes = codes_in_set(out, column, out.words[i]); codes != 0;
         codes &= codes - 1) {
      const auto code = static_cast<std::size_t>(std::countr_zero(codes)) + 1;
      out.rows_of_code[code] |= std::uint64_t{1} << i;
    }
  }
}

std::uint64_t BlockEvaluator::codes_in_set(Gathered& out, const BoundColumn& column,
                                           std::uint32_t set) {
  if (out.codes_of_set[set] == 0) {
    std::uint64_t codes = kSetSeen;
    for (const std::uint32_t element : inventory_.sets.elements(SetId{set})) {
      const std::uint32_t code = column.codes.of(element);
      if (code != 0) {
        codes |= std::uint64_t{1} << (code - 1);
      }
    }
    out.codes_of_set[set] = codes;
  }
  return out.codes_of_set[set] & ~kSetSeen;
}

}  // namespace rescind
