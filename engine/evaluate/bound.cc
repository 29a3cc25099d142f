// Binding: every name of the program is looked up once, so that deciding compares integers only.
#include "evaluate/bound.h"

#include <algorithm>

#include <re2/re2.h>

#include "base/check.h"
#include "base/text.h"

namespace rescind {
namespace {

// Never the cell of a row: a constant that names something the inventory does not have.
constexpr std::uint32_t kNoSuchCell = 0xFFFFFFFEU;

class GlobPattern final : public Pattern {
 public:
  explicit GlobPattern(std::string pattern) : pattern_(std::move(pattern)) {}

  [[nodiscard]] bool matches(std::string_view text) const override {
    return glob_match(pattern_, text);
  }

 private:
  std::string pattern_;
};

// The whole text must match, as with `like`.
class RegexPattern final : public Pattern {
 public:
  explicit RegexPattern(const std::string& pattern) : regex_(pattern, RE2::Quiet) {
    RESCIND_CHECK(regex_.ok(), "check lets only valid regular expressions pass");
  }

  [[nodiscard]] bool matches(std::string_view text) const override {
    return RE2::FullMatch(re2::StringPiece(text.data(), text.size()), regex_);
  }

 private:
  RE2 regex_;
};

constexpr std::int64_t kNoNumber = kMissingInt;
constexpr std::uint32_t kNoWord = kMissingCell;
constexpr std::uint8_t kNoFlag = 0;

template <typename Cell>
Cells cells_of(const std::vector<Cell>& rows, const Cell& standing_for_all) {
  return rows.empty() ? Cells{&standing_for_all, 0} : Cells{rows.data(), ItemRef::kMaxRows - 1};
}

Cells cells_of(const Column* column, ColumnUse::Shape shape) {
  switch (shape) {
  case ColumnUse::Shape::Number:
    return column == nullptr ? Cells{&kNoNumber, 0} : cells_of(column->longs, column->default_long);
  case ColumnUse::Shape::Flag:
    return column == nullptr ? Cells{&kNoFlag, 0} : cells_of(column->bytes, column->default_byte);
  case ColumnUse::Shape::Word:
  case ColumnUse::Shape::Set:
    break;
  }
  return column == nullptr ? Cells{&kNoWord, 0} : cells_of(column->words, column->default_word);
}

void find_cells(BoundColumn& bound, ColumnUse::Shape shape) {
  for (std::size_t k = 0; k < kKindCount; ++k) {
    const Column* column = bound.columns.front()[k];
    bound.cells[k] = cells_of(column, shape);
    bound.lacking = column == nullptr ? bound.lacking | static_cast<Kind>(k) : bound.lacking;
  }
}

std::uint64_t pattern_key(ExprOp op, std::uint32_t constant) {
  return (static_cast<std::uint64_t>(op) << 32U) | constant;
}

}  // namespace

void CodeMap::add(std::uint32_t value, std::uint32_t code) {
  if (value < kDirectLimit) {
    if (direct_.size() <= value) {
      direct_.resize(value + 1, 0);
    }
    direct_[value] = code;
  } else {
    sparse_[value] = code;
  }
}

std::uint32_t CodeMap::find_sparse(std::uint32_t value) const {
  const auto found = sparse_.find(value);
  return found == sparse_.end() ? 0 : found->second;
}

Bound::Bound(std::shared_ptr<const Program> program, std::shared_ptr<const Inventory> inventory,
             EvaluatorOptions options)
    : program_(std::move(program)), inventory_(std::move(inventory)), options_(std::move(options)) {
  for (std::size_t e = 0; e < kEntityCount; ++e) {
    RESCIND_CHECK(
        inventory_->tables[e].columns.size() == policy().schema->entities[e].attributes.size(),
        "policy and inventory were made with different schemas");
  }
  nobody_ = intern("nobody");
  unknown_kind_ = intern("unknown");
  for (std::size_t k = 0; k < kKindCount; ++k) {
    kind_symbols_[k] = intern(kind_name(static_cast<Kind>(k)));
  }
  for (std::size_t i = 0; i < program_->constants.size(); ++i) {
    constants_.push_back(bind_constant(program_->constants[i], program_->constant_types[i]));
  }
  bind_columns();
  bind_guards();
  bind_words();
  bind_patterns();
  find_quick_forms();
  mark_undetermined();
  list_kinds();
}

std::uint32_t Bound::intern(std::string_view text) {
  if (const std::optional<Symbol> symbol = inventory_->symbols.find(text)) {
    return raw(*symbol);
  }
  const auto next = static_cast<std::uint32_t>(inventory_->symbols.size() + extra_texts_.size());
  const auto [place, added] = extra_.emplace(std::string(text), next);
  if (added) {
    extra_texts_.emplace_back(text);
  }
  return place->second;
}

std::string_view Bound::text(std::uint32_t symbol) const {
  const std::size_t own = inventory_->symbols.size();
  return symbol < own ? inventory_->text(Symbol{symbol})
                      : std::string_view(extra_texts_[symbol - own]);
}

Value Bound::bind_constant(const Constant& constant, const Type& type) {
  switch (type.kind) {
  case TypeKind::Bool:
  case TypeKind::Int:
  case TypeKind::Instant:
  case TypeKind::Duration:
    return Value::of(type.kind, constant.number);
  case TypeKind::String:
  case TypeKind::Enum:
  case TypeKind::Principal:
    return Value::of(type.kind, intern(constant.text));
  case TypeKind::Identity: {
    const IdentityRef ref = inventory_->find_identity(constant.text);
    const bool nobody = constant.text == "nobody";
    return Value::of(type.kind, ref.valid() || nobody ? ref.cell : kNoSuchCell);
  }
  case TypeKind::System: {
    const SystemRef ref = inventory_->find_system(constant.text);
    return Value::of(type.kind, ref.valid() ? ref.cell : kNoSuchCell);
  }
  case TypeKind::Item: {
    const ItemRef ref = inventory_->find_item(constant.text);
    return Value::of(type.kind, ref.valid() ? ref.cell : kNoSuchCell);
  }
  case TypeKind::Set: {
    if (is_number_kind(type.element)) {
      long_sets_.push_back(constant.numbers);
      Value value = Value::set(SetForm::Longs, {});
      value.longs = long_sets_.back().data();
      value.count = static_cast<std::uint32_t>(constant.numbers.size());
      return value;
    }
    std::vector<std::uint32_t> symbols;
    for (const std::string& element : constant.elements) {
      symbols.push_back(intern(element));
    }
    std::sort(symbols.begin(), symbols.end());
    sets_.push_back(std::move(symbols));
    return Value::set(SetForm::Symbols, sets_.back());
  }
  case TypeKind::Event:
    break;
  }
  RESCIND_CHECK(false, "no constant is an event");
}

// How a Word column stores the constant.
std::uint32_t Bound::word_of_constant(std::uint32_t constant, TypeKind kind) const {
  const Value& value = constants_[constant];
  if (value.kind == kind || (is_symbol_kind(value.kind) && is_symbol_kind(kind))) {
    return value.word();
  }
  return kNoSuchCell;
}

void Bound::bind_columns() {
  std::vector<bool> compared(program_->columns.size());  // with other words than constants
  for (const Node& node : program_->nodes) {
    if (node.lowering == Lowering::EqualWord) {
      compared[node.column] = true;
    }
  }
  for (const ColumnUse& use : program_->columns) {
    BoundColumn bound;
    const bool alternatives = use.attributes.size() > 1 || use.fallback.valid();
    for (const std::uint32_t attribute : use.attributes) {
      const AttributeUse& where = program_->attributes[attribute];
      std::array<const Column*, kKindCount> columns{};
      for (std::size_t k = 0; k < kKindCount; ++k) {
        const AttributeIndex index = where.index[k];
        if (index == AttributeUse::kNone) {
          continue;
        }
        columns[k] = &inventory_->tables[k].columns[index];
        bound.kind = policy().schema->of(static_cast<Kind>(k)).attributes[index].type.kind;
      }
      bound.columns.push_back(columns);
    }
    find_cells(bound, use.shape);
    // A holder that is not given is nobody, which is a value.
    bound.missing_is_zero = bound.kind != TypeKind::Identity || use.optional || alternatives;
    bound.may_break = bound.kind == TypeKind::Identity || bound.kind == TypeKind::System ||
                      bound.kind == TypeKind::Item;
    bound.codes_only =
        use.shape == ColumnUse::Shape::Word && !alternatives && !compared[columns_.size()];
    if (use.shape == ColumnUse::Shape::Word && bound.missing_is_zero) {
      bound.codes.add(kMissingCell, static_cast<std::uint32_t>(use.constants.size()) + 1);
    }
    for (std::size_t i = 0; i < use.constants.size(); ++i) {
      const Value& constant = constants_[use.constants[i]];
      const bool in_set = use.shape == ColumnUse::Shape::Set;
      const std::uint32_t word =
          in_set ? symbol_of(constant) : word_of_constant(use.constants[i], bound.kind);
      const bool symbol = in_set || is_symbol_kind(bound.kind);
      // What the inventory does not have is in none of its columns.
      if (word != kNoSuchCell && !(symbol && word >= inventory_->symbols.size())) {
        bound.codes.add(word, static_cast<std::uint32_t>(i) + 1);
      }
    }
    columns_.push_back(std::move(bound));
  }
}

void Bound::bind_guards() {
  for (const Guard& guard : program_->guards) {
    CodeMap codes;
    for (std::size_t i = 0; i < guard.constants.size(); ++i) {
      codes.add(constants_[guard.constants[i]].word(), static_cast<std::uint32_t>(i) + 1);
    }
    guards_.push_back(std::move(codes));
  }
}

void Bound::bind_words() {
  for (const std::vector<std::string>& words : program_->words) {
    std::vector<std::uint32_t> symbols;
    std::vector<std::uint32_t> events;
    for (const std::string& word : words) {
      symbols.push_back(intern(word));
      if (const auto event = policy().schema->find_event(word)) {
        events.push_back(static_cast<std::uint32_t>(*event));
      }
    }
    std::sort(symbols.begin(), symbols.end());
    std::sort(events.begin(), events.end());
    word_symbols_.push_back(std::move(symbols));
    word_events_.push_back(std::move(events));
  }
}

void Bound::bind_patterns() {
  for (const Node& node : program_->nodes) {
    if (node.op != ExprOp::Like && node.op != ExprOp::Matches) {
      continue;
    }
    std::unique_ptr<Pattern>& pattern = patterns_[pattern_key(node.op, node.index)];
    const std::string& text = program_->constants[node.index].text;
    if (node.op == ExprOp::Like) {
      pattern = std::make_unique<GlobPattern>(text);
    } else {
      pattern = std::make_unique<RegexPattern>(text);
    }
  }
}

const Pattern& Bound::pattern(ExprOp op, std::uint32_t constant) const {
  return *patterns_.at(pattern_key(op, constant));
}

bool Bound::identity_kind_in(std::uint32_t words, std::uint32_t kind_symbol) const {
  const std::vector<std::uint32_t>& all = word_symbols_[words];
  return std::binary_search(all.begin(), all.end(), kind_symbol);
}

bool Bound::event_in(std::uint32_t words, std::uint32_t event_type) const {
  const std::vector<std::uint32_t>& all = word_events_[words];
  return std::binary_search(all.begin(), all.end(), event_type);
}

void Bound::mark_undetermined() {
  for (const auto& entry : inventory_->undetermined) {
    const auto entity = static_cast<std::size_t>(entry.first >> 32U);
    const auto row = static_cast<std::uint32_t>(entry.first);
    std::vector<std::uint64_t>& bits = undetermined_[entity];
    if (bits.empty()) {
      bits.assign(inventory_->tables[entity].rows() / 64 + 1, 0);
    }
    bits[row / 64] |= std::uint64_t{1} << (row % 64);
  }
}

void Bound::list_kinds() {
  for (std::size_t k = 0; k < kKindCount; ++k) {
    const auto kind = static_cast<Kind>(k);
    if (inventory_->tables[k].rows() > 0) {
      kinds_present_.push_back(kind);
    }
    if (!inventory_->by_grantee[k].rows.empty()) {
      kinds_granted_.push_back(kind);
    }
    if (!inventory_->by_account[k].rows.empty()) {
      kinds_under_accounts_.push_back(kind);
    }
  }
}

std::uint32_t Bound::symbol_of(const Value& value) const {
  const auto named = [&](Entity entity, std::uint32_t row) {
    return raw(inventory_->table(entity).ids[row]);
  };
  const std::uint32_t cell = value.word();
  const bool refers = cell != kMissingCell && cell != kBrokenCell && cell != kNoSuchCell;
  if (value.kind == TypeKind::Identity) {
    return refers ? named(Entity::Identity, cell - 1) : nobody_;
  }
  if (value.kind == TypeKind::System) {
    return refers ? named(Entity::System, cell - 1) : raw(kMissingSymbol);
  }
  if (value.kind == TypeKind::Item) {
    const ItemRef item{cell};
    return refers ? named(entity_of(item.kind()), item.row()) : raw(kMissingSymbol);
  }
  return cell;
}

Value Bound::read(const Column& column, const Type& type, std::uint32_t row) const {
  switch (type.kind) {
  case TypeKind::Bool: {
    const std::uint8_t byte = column.byte_at(row);
    return byte > 1 ? Value::missing(type.kind) : Value::of(type.kind, byte);
  }
  case TypeKind::Int:
  case TypeKind::Instant:
  case TypeKind::Duration: {
    const std::int64_t number = column.long_at(row);
    return number == kMissingInt ? Value::missing(type.kind) : Value::of(type.kind, number);
  }
  case TypeKind::Set: {
    const SetId set{column.word_at(row)};
    if (set == kMissingSet) {
      return Value::missing(type.kind);
    }
    return Value::set(is_number_kind(type.element) ? SetForm::Numbers : SetForm::Symbols,
                      inventory_->sets.elements(set));
  }
  case TypeKind::String:
  case TypeKind::Enum:
  case TypeKind::Principal:
  case TypeKind::Identity:
  case TypeKind::System:
  case TypeKind::Item:
  case TypeKind::Event:
    break;
  }
  const std::uint32_t word = column.word_at(row);
  if (word == kBrokenCell && !is_symbol_kind(type.kind)) {
    return Value::unknown(type.kind);
  }
  // A holder that is not given is nobody, which is a value.
  if (word == kMissingCell && (type.optional || type.kind != TypeKind::Identity)) {
    return Value::missing(type.kind);
  }
  return Value::of(type.kind, word);
}

std::span<const std::uint32_t> Bound::known_by(IdentityRef identity) const {
  std::call_once(known_once_, [this] {
    for (const Kind kind : kinds_present_) {
      const auto index = inventory_->schema->find(entity_of(kind), "known_to");
      if (!index) {
        continue;
      }
      const Table& table = inventory_->table(kind);
      const Column& column = table.columns[*index];
      for (std::uint32_t row = 0; column.materialised() && row < table.rows(); ++row) {
        for (const std::uint32_t symbol : inventory_->sets.elements(SetId{column.word_at(row)})) {
          known_by_[symbol].push_back(ItemRef::of(kind, row).cell);
        }
      }
    }
  });
  if (!identity.valid()) {
    return {};
  }
  const auto found = known_by_.find(raw(inventory_->table(Entity::Identity).ids[identity.row()]));
  return found == known_by_.end() ? std::span<const std::uint32_t>{} : found->second;
}

}  // namespace rescind
