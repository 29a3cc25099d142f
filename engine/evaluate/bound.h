// A program bound to one inventory: constants as symbols and cells, attributes as columns, patterns
// compiled. Read-only while causes are decided.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "evaluate/evaluator.h"
#include "evaluate/value.h"

namespace rescind {

// A cause in the program's own terms.
struct BoundCause {
  std::uint32_t type = 0;  // index into Schema::events
  EventAbout about = EventAbout::Identity;
  IdentityRef subject;
  ItemRef item;
  SystemRef system;
  bool subject_unknown = false;                                 // its record is undetermined
  std::vector<Value> attributes;                                // by Program::event_attributes
  std::array<Value, 5> fields;                                  // by EventField
  std::vector<std::pair<AttributeIndex, Value>> before, after;  // of the subject
  bool ends_engagement = false;  // the subject leaves, by this cause or another open one
  std::list<std::vector<std::uint32_t>> sets;  // what set values point into
};

// Small codes for the few interesting values of a word. 0: any other value.
class CodeMap {
 public:
  void add(std::uint32_t value, std::uint32_t code);

  [[nodiscard]] std::uint32_t of(std::uint32_t value) const {
    if (value < direct_.size()) {
      return direct_[value];
    }
    return sparse_.empty() ? 0 : find_sparse(value);
  }

 private:
  static constexpr std::uint32_t kDirectLimit = 1U << 16U;
  [[nodiscard]] std::uint32_t find_sparse(std::uint32_t value) const;
  std::vector<std::uint32_t> direct_;
  std::unordered_map<std::uint32_t, std::uint32_t> sparse_;
};

// The cells of a column for one kind, of the column's width. What stands for every row (a default)
// is one cell, which every row finds because its number is masked.
struct Cells {
  const void* first = nullptr;
  std::uint32_t row_mask = 0;
};

// Where the rows of each kind keep the values of a column of the program.
struct BoundColumn {
  std::array<Cells, kKindCount> cells;  // of the first alternative; never null
  KindSet lacking;                      // kinds that have no such attribute
  // [alternative][kind]; null: the kind has no such attribute.
  std::vector<std::array<const Column*, kKindCount>> columns;
  TypeKind kind = TypeKind::Int;
  bool missing_is_zero = false;  // a Word or Set whose cell 0 stands for "no value"
  bool may_break = false;        // a reference, which can point at nothing
  bool codes_only = false;       // a Word that is compared with nothing but constants
  CodeMap codes;                 // of Word (the last code: no value), and of the elements of Set
};

// A scalar number in its commonest form: a value that is at hand, plus a constant.
struct QuickNumber {
  enum class Base : std::uint8_t {
    None,  // not of this form
    Constant,
    Now,
    EventField,
    EventAttribute,
    Subject,  // a column of the subject's record
  };
  Base base = Base::None;
  std::uint32_t index = 0;
  const Column* column = nullptr;
  std::int64_t plus = 0;
};

// A scalar condition in one of its commonest forms.
struct QuickTest {
  enum class Form : std::uint8_t {
    None,
    SubjectFlag,      // a Bool of the subject
    SubjectContains,  // a set of the subject has a symbol
    Less,             // two quick numbers, of nodes `left` and `right`
  };
  Form form = Form::None;
  std::uint32_t symbol = 0;
  NodeId left, right;
  const Column* column = nullptr;
};

class Pattern {
 public:
  virtual ~Pattern() = default;
  [[nodiscard]] virtual bool matches(std::string_view text) const = 0;
};

class Bound {
 public:
  Bound(std::shared_ptr<const Program> program, std::shared_ptr<const Inventory> inventory,
        EvaluatorOptions options);

  [[nodiscard]] const Program& program() const { return *program_; }

  [[nodiscard]] const Inventory& inventory() const { return *inventory_; }

  [[nodiscard]] const CheckedPolicy& policy() const { return *program_->policy; }

  [[nodiscard]] const std::shared_ptr<const Inventory>& shared_inventory() const {
    return inventory_;
  }

  [[nodiscard]] const EvaluatorOptions& options() const { return options_; }

  [[nodiscard]] std::int64_t now() const { return options_.now.time_since_epoch().count(); }

  [[nodiscard]] const Value& constant(std::uint32_t index) const { return constants_[index]; }

  [[nodiscard]] const BoundColumn& column(std::uint32_t index) const { return columns_[index]; }

  [[nodiscard]] const CodeMap& guard_codes(std::size_t guard) const { return guards_[guard]; }

  // The subject's column that holds the guard's value, or null.
  [[nodiscard]] const Column* guard_column(std::size_t guard) const {
    return guard_columns_[guard];
  }

  [[nodiscard]] const QuickNumber& quick_number(NodeId id) const {
    return quick_numbers_[id.index()];
  }

  [[nodiscard]] const QuickTest& quick_test(NodeId id) const { return quick_tests_[id.index()]; }

  [[nodiscard]] bool identity_kind_in(std::uint32_t words, std::uint32_t kind_symbol) const;
  [[nodiscard]] bool event_in(std::uint32_t words, std::uint32_t event_type) const;
  [[nodiscard]] const Pattern& pattern(ExprOp op, std::uint32_t constant) const;

  [[nodiscard]] bool undetermined(Entity entity, std::uint32_t row) const {
    const auto& bits = undetermined_[entity_index(entity)];
    return !bits.empty() && ((bits[row / 64] >> (row % 64)) & 1U) != 0;
  }

  // One bit per row, 64 to a word; empty: none of that kind.
  [[nodiscard]] const std::vector<std::uint64_t>& undetermined_rows(Kind kind) const {
    return undetermined_[static_cast<std::size_t>(kind)];
  }

  [[nodiscard]] std::string_view text(std::uint32_t symbol) const;

  [[nodiscard]] std::uint32_t kind_symbol(Kind kind) const {
    return kind_symbols_[static_cast<std::size_t>(kind)];
  }

  [[nodiscard]] std::uint32_t nobody() const { return nobody_; }

  [[nodiscard]] std::uint32_t unknown_kind() const { return unknown_kind_; }

  // The symbol by which a value is named in sets and texts: itself, or the id of what it refers to.
  [[nodiscard]] std::uint32_t symbol_of(const Value& value) const;
  // What an inventory column holds for a row, as a value of that type.
  [[nodiscard]] Value read(const Column& column, const Type& type, std::uint32_t row) const;

  // Kinds that have rows at all; kinds with rows in by_grantee and by_account.
  [[nodiscard]] std::span<const Kind> kinds_present() const { return kinds_present_; }

  [[nodiscard]] std::span<const Kind> kinds_granted() const { return kinds_granted_; }

  [[nodiscard]] std::span<const Kind> kinds_under_accounts() const { return kinds_under_accounts_; }

  // Items whose known_to names the identity. Made on first use, for everybody at once.
  [[nodiscard]] std::span<const std::uint32_t> known_by(IdentityRef identity) const;

  // Interning: only while nobody decides.
  std::uint32_t intern(std::string_view text);
  [[nodiscard]] std::shared_ptr<BoundCause> bind(const Cause& cause);

 private:
  Value bind_constant(const Constant& constant, const Type& type);
  Value bind_event_value(const AttributeValue& value, const Type& type, BoundCause& cause);
  Value default_of(const Attribute& attribute, BoundCause& cause);
  void bind_attributes(const Event& event, BoundCause& cause);
  void bind_overlay(const AttributeMap& attributes, BoundCause& cause,
                    std::vector<std::pair<AttributeIndex, Value>>& overlay);
  void bind_columns();
  void bind_guards();
  void bind_words();
  void bind_patterns();
  void find_quick_forms();
  [[nodiscard]] QuickNumber quick_number_of(const Node& node) const;
  [[nodiscard]] QuickTest quick_test_of(const Node& node) const;
  // The column of the subject's record that the node reads, or null.
  [[nodiscard]] const Column* subject_column(const Node& node) const;
  void mark_undetermined();
  void list_kinds();
  [[nodiscard]] std::uint32_t word_of_constant(std::uint32_t constant, TypeKind kind) const;

  std::shared_ptr<const Program> program_;
  std::shared_ptr<const Inventory> inventory_;
  EvaluatorOptions options_;
  std::unordered_map<std::string, std::uint32_t> extra_;  // texts that the inventory lacks
  std::deque<std::string> extra_texts_;
  std::deque<std::vector<std::uint32_t>> sets_;
  std::deque<std::vector<std::int64_t>> long_sets_;
  std::vector<Value> constants_;
  std::vector<BoundColumn> columns_;
  std::vector<CodeMap> guards_;
  std::vector<const Column*> guard_columns_;
  std::vector<QuickNumber> quick_numbers_;  // by node
  std::vector<QuickTest> quick_tests_;
  std::vector<std::vector<std::uint32_t>> word_symbols_;  // by Program::words, sorted
  std::vector<std::vector<std::uint32_t>> word_events_;
  std::unordered_map<std::uint64_t, std::unique_ptr<Pattern>> patterns_;
  std::array<std::vector<std::uint64_t>, kEntityCount> undetermined_;
  std::array<std::uint32_t, kKindCount> kind_symbols_{};
  std::uint32_t nobody_ = 0;
  std::uint32_t unknown_kind_ = 0;
  std::vector<Kind> kinds_present_, kinds_granted_, kinds_under_accounts_;

  mutable std::once_flag known_once_;
  mutable std::unordered_map<std::uint32_t, std::vector<std::uint32_t>> known_by_;
};

}  // namespace rescind
