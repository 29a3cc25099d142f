// Bringing the values of a column together for the items of a block, and what conditions ask of
// words and sets already answered per interesting value.
#include <algorithm>
#include <bit>

#include "base/check.h"
#include "evaluate/block.h"

namespace rescind {
namespace {

constexpr std::uint64_t kSetSeen = std::uint64_t{1} << 63U;

}  // namespace

const Gathered& BlockEvaluator::gather(std::uint32_t index) {
  Gathered& out = gathered_[index];
  if (out.epoch == epoch_) {
    return out;
  }
  out.epoch = epoch_;
  out.missing = 0;
  const ColumnUse& use = program_.columns[index];
  const BoundColumn& column = bound_.column(index);
  const bool alternatives = use.attributes.size() > 1 || use.fallback.valid();
  out.broken = of_kinds(column.lacking);
  if (use.shape == ColumnUse::Shape::Flag) {
    gather_flags(out, column);
    return out;
  }
  if (column.codes_only) {
    gather_codes(out, column);
    return out;
  }
  if (use.shape == ColumnUse::Shape::Number) {
    gather_numbers(out, column, use.optional || alternatives);
  } else {
    gather_words(out, column);
  }
  if (out.missing != 0 && alternatives) {
    fill_missing(out, use, column);
  }
  if (use.shape == ColumnUse::Shape::Word && !use.constants.empty()) {
    code_words(out, column);
  } else if (use.shape == ColumnUse::Shape::Set && !use.constants.empty()) {
    code_sets(out, column);
  }
  return out;
}

// Calls `put` with place and cell for every item, and on to the next multiple of kStride with the
// cell of some other item: few different numbers of rounds are easier to foresee than many.
template <typename Cell, typename Put>
void BlockEvaluator::each_cell(const BoundColumn& column, Put put) const {
  for (std::uint32_t begin = 0; begin < count_; begin += kStride) {
    for (std::uint32_t i = begin; i < begin + kStride; ++i) {
      const Cells& cells = column.cells[static_cast<std::size_t>(items_[i].kind())];
      put(i, static_cast<const Cell*>(cells.first)[items_[i].row() & cells.row_mask]);
    }
  }
}

void BlockEvaluator::gather_flags(Gathered& out, const BoundColumn& column) {
  std::uint64_t ones = 0;  // of the lower bit: true; of the higher: missing
  std::uint64_t twos = 0;
  each_cell<std::uint8_t>(column, [&](std::uint32_t i, std::uint64_t byte) {
    ones |= (byte & 1U) << i;
    twos |= (byte >> 1U) << i;
  });
  out.flags = ones & all_;
  out.missing = twos & all_;
}

void BlockEvaluator::gather_numbers(Gathered& out, const BoundColumn& column, bool may_miss) {
  each_cell<std::int64_t>(column,
                          [&](std::uint32_t i, std::int64_t number) { out.numbers[i] = number; });
  if (may_miss) {
    out.missing = kernels_.equal(out.numbers.data(), count_, kMissingInt) & all_ & ~out.broken;
  }
}

void BlockEvaluator::gather_words(Gathered& out, const BoundColumn& column) {
  std::uint64_t zero = 0;
  std::uint64_t broken = 0;
  each_cell<std::uint32_t>(column, [&](std::uint32_t i, std::uint32_t word) {
    out.words[i] = word;
    zero |= std::uint64_t{word == kMissingCell} << i;
    broken |= std::uint64_t{word == kBrokenCell} << i;
  });
  out.broken |= column.may_break ? broken & all_ : 0;
  out.missing = column.missing_is_zero ? zero & all_ & ~out.broken : 0;
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

void BlockEvaluator::code_words(Gathered& out, const BoundColumn& column) {
  std::fill(out.rows_of_code.begin(), out.rows_of_code.end(), 0);
  for (std::uint32_t i = 0; i < count_; ++i) {
    out.rows_of_code[column.codes.of(out.words[i])] |= std::uint64_t{1} << i;
  }
}

// A word that is only compared with constants: no value of it is kept, only who has which.
void BlockEvaluator::gather_codes(Gathered& out, const BoundColumn& column) {
  std::uint64_t* rows_of_code = out.rows_of_code.data();
  std::fill(out.rows_of_code.begin(), out.rows_of_code.end(), 0);
  std::uint64_t broken = 0;
  each_cell<std::uint32_t>(column, [&](std::uint32_t i, std::uint32_t word) {
    rows_of_code[column.codes.of(word)] |= std::uint64_t{1} << i;
    broken |= std::uint64_t{word == kBrokenCell} << i;
  });
  out.broken |= broken & all_;
  // The last code is that of "no value".
  out.missing = column.missing_is_zero ? out.rows_of_code.back() & all_ & ~out.broken : 0;
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
