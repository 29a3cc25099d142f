// InventoryBuilder: takes records one cell at a time straight into columns and seals them into a
// snapshot. Between the two, reference cells hold the symbol of the id that the record names.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "diagnostics/diagnostic.h"
#include "model/inventory.h"

namespace rescind {

// What a sealed inventory needs besides its records.
struct SealOptions {
  // Systems that exist although no record describes them (those of the configuration).
  std::vector<std::string> systems;
  // system → identity attribute ("id" or a name): an account that names no holder but carries a
  // `holder_key` belongs to the one identity with that value.
  std::map<std::string, std::string> holder_attributes;
  // item → who depends on it, as the configuration's deliveries say: in addition to the records.
  std::map<std::string, std::vector<std::string>> dependents;
  // Off only where a bulk load is measured: a plan needs the digest.
  bool with_digest = true;
};

// That one credential has replaced another.
struct SuccessorRecord {
  Symbol successor;
  Instant at;
};

class InventoryBuilder {
 public:
  explicit InventoryBuilder(std::shared_ptr<const Schema> schema);

  [[nodiscard]] const Schema& schema() const { return *inventory_->schema; }

  SymbolTable& symbols() { return inventory_->symbols; }

  SetPool& sets() { return inventory_->sets; }

  // The records that follow come from here.
  void begin_source(InventorySource source);

  // --- one record: open a row, set cells, then close or drop it ---

  // The row that the record's cells go into. `line` 1-based, 0 unknown.
  std::uint32_t open_row(Entity entity, std::uint32_t line);

  Column& column(Entity entity, AttributeIndex attribute) {
    return inventory_->tables[entity_index(entity)].columns[attribute];
  }

  static void put_byte(Column& column, std::uint32_t row, std::uint8_t value) {
    put(column.bytes, column.default_byte, row, value);
  }

  static void put_word(Column& column, std::uint32_t row, std::uint32_t value) {
    put(column.words, column.default_word, row, value);
  }

  static void put_long(Column& column, std::uint32_t row, std::int64_t value) {
    put(column.longs, column.default_long, row, value);
  }

  // Something is wrong with the record that is being read: it is named, and its row, if it keeps
  // one, may not be decided on.
  void defect(Code code, std::string why);

  // The value by which the open account's holder is found, see SealOptions::holder_attributes.
  void set_holder_key(std::string_view key) { holder_key_ = key; }

  // Ends the record. One that repeats an earlier record word for word leaves no trace.
  void close_row(std::string_view id);
  // Ends a record that cannot keep a row; its defects stay named.
  void drop_row();
  // Forgets the open row and its defects.
  void abandon_row();
  // Names a record of which nothing could be kept.
  void reject(Code code, std::uint32_t line, std::string why, std::string id = {});

  // --- records about items and systems; references are resolved when sealed ---

  void add_usage(UsageRecord usage, Symbol item, std::uint32_t line);
  void add_coverage(CoverageRecord coverage, Symbol system, std::uint32_t line);
  void add_delivery(DeliveryRecord delivery, Symbol item, std::uint32_t line);
  void add_successor(SuccessorRecord successor, Symbol item, std::uint32_t line);

  // Resolves, groups, names what points at nothing. The builder is empty afterwards.
  std::shared_ptr<const Inventory> seal(const SealOptions& options);

 private:
  struct RowPlace {
    std::uint32_t source;
    std::uint32_t line;
  };

  struct RowKey {
    Entity entity;
    std::uint32_t row;

    [[nodiscard]] std::uint64_t packed() const {
      return static_cast<std::uint64_t>(entity_index(entity)) << 32U | row;
    }
  };

  template <typename T>
  struct Pending {
    T record;
    Symbol target;
    RowPlace place;
  };

  template <typename T>
  static void put(std::vector<T>& cells, T fallback, std::uint32_t row, T value) {
    if (row < cells.size()) {
      cells[row] = value;
    } else if (value != fallback) {
      cells.resize(row, fallback);
      cells.push_back(value);
    }
  }

  // Load time (inventory_builder.cc).
  void cut_rows(Entity entity, std::uint32_t rows);
  [[nodiscard]] std::string content_of(RowKey row) const;
  // True when the row repeats an earlier one and may go.
  bool repeats(RowKey row, Symbol id);
  [[nodiscard]] RowPlace place_of(RowKey row) const;
  [[nodiscard]] std::string place_text(RowPlace place) const;
  void name_defect(RowPlace place, Code code, std::string_view why, std::string id);
  void mark_undetermined(RowKey row, std::string why);

  // Sealing (seal_inventory.cc).
  void add_configured_systems(const SealOptions& options);
  void pad_columns();
  void settle_duplicates();
  void match_holder_keys(const SealOptions& options);
  void resolve_references();
  void resolve_column(Entity entity, AttributeIndex attribute);
  void check_set_column(Entity entity, AttributeIndex attribute);
  void break_cycles(Entity entity, AttributeIndex attribute, std::string_view what);
  void settle_accounts();
  void set_holder(RowKey row, std::uint32_t cell);
  void inherit_holders();
  void spread_undetermined();
  void build_groupings();
  void shrink();

  // Evidence (seal_evidence.cc).
  void resolve_pending();
  void name_unknown(RowPlace place, std::string_view record, std::string_view what, Symbol target);
  void sort_evidence();
  void settle_successors();
  void learn_dependents(const SealOptions& options);
  bool add_dependents(ItemRef item, const std::vector<std::uint32_t>& names, bool even_unknown);
  [[nodiscard]] std::uint32_t resolve(TypeKind kind, KindSet kinds, Symbol target) const;
  [[nodiscard]] bool element_exists(const Type& type, Symbol element) const;
  void dangling(RowKey row, const Attribute& attribute, Symbol target);
  [[nodiscard]] Symbol id_of(RowKey row) const;

  std::shared_ptr<Inventory> inventory_;
  std::array<std::vector<RowPlace>, kEntityCount> places_;

  // Items share one space of ids; identities, systems and teams have their own.
  struct IdKey {
    std::size_t space;
    std::uint32_t symbol;
    friend auto operator<=>(const IdKey&, const IdKey&) = default;
  };

  struct Variant {
    std::uint64_t content_hash;
    RowKey row;
  };

  std::map<IdKey, std::vector<Variant>> duplicates_;            // ids that came more than once
  std::map<std::uint64_t, std::vector<std::string>> reasons_;   // by row key: why undetermined
  std::unordered_map<std::uint64_t, std::string> holder_keys_;  // by row key
  std::vector<Pending<UsageRecord>> usages_;
  std::vector<Pending<CoverageRecord>> coverages_;
  std::vector<Pending<DeliveryRecord>> deliveries_;
  std::vector<Pending<SuccessorRecord>> successors_;

  // The record being read.
  Entity open_entity_{};
  std::uint32_t open_row_ = 0;
  RowPlace open_place_{};
  std::vector<std::pair<Code, std::string>> defects_;
  std::string holder_key_;
};

}  // namespace rescind
