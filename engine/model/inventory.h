// The inventory snapshot: who and what there is, in columns. A table per entity (18 item kinds,
// identities, systems, teams); a column per attribute, present only once a record gives a value
// other than the default. Immutable once collect has sealed it; shared between threads.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/symbols.h"
#include "base/time.h"
#include "model/schema.h"

namespace rescind {

// A row of the identity, system or team table. In cells: row + 1, 0 = missing, kBrokenCell = the
// record names something that is not there.
inline constexpr std::uint32_t kMissingCell = 0;
inline constexpr std::uint32_t kBrokenCell = 0xFFFFFFFFU;

struct IdentityRef {
  std::uint32_t cell = kMissingCell;

  [[nodiscard]] constexpr bool valid() const { return cell != kMissingCell && cell != kBrokenCell; }

  [[nodiscard]] constexpr std::uint32_t row() const { return cell - 1; }

  static constexpr IdentityRef of_row(std::uint32_t row) { return {row + 1}; }

  friend constexpr auto operator<=>(IdentityRef, IdentityRef) = default;
};

struct SystemRef {
  std::uint32_t cell = kMissingCell;

  [[nodiscard]] constexpr bool valid() const { return cell != kMissingCell && cell != kBrokenCell; }

  [[nodiscard]] constexpr std::uint32_t row() const { return cell - 1; }

  static constexpr SystemRef of_row(std::uint32_t row) { return {row + 1}; }

  friend constexpr auto operator<=>(SystemRef, SystemRef) = default;
};

// An access item: kind and row in one word. In cells the same word; 0 = missing.
struct ItemRef {
  std::uint32_t cell = kMissingCell;  // (kind + 1) << 27 | row
  static constexpr std::uint32_t kMaxRows = 1U << 27;

  static constexpr ItemRef of(Kind kind, std::uint32_t row) {
    return {((static_cast<std::uint32_t>(kind) + 1U) << 27) | row};
  }

  [[nodiscard]] constexpr bool valid() const { return cell != kMissingCell && cell != kBrokenCell; }

  [[nodiscard]] constexpr Kind kind() const { return static_cast<Kind>((cell >> 27) - 1U); }

  [[nodiscard]] constexpr std::uint32_t row() const { return cell & (kMaxRows - 1U); }

  friend constexpr auto operator<=>(ItemRef, ItemRef) = default;
};

// Sets are interned: equal sets have equal ids. Elements are sorted and unique: symbols for
// strings, enums, identities, teams, systems and items (their ids as text), values for numbers.
enum class SetId : std::uint32_t {};
inline constexpr SetId kMissingSet{0};  // unknown, which is not empty
inline constexpr SetId kEmptySet{1};

class SetPool {
 public:
  SetPool();
  SetId intern(std::vector<std::uint32_t>& elements);  // sorts and dedups its argument

  [[nodiscard]] std::span<const std::uint32_t> elements(SetId set) const {
    const auto i = static_cast<std::uint32_t>(set);
    return {elements_.data() + offsets_[i], offsets_[i + 1] - offsets_[i]};
  }

  [[nodiscard]] bool contains(SetId set, std::uint32_t element) const;

  [[nodiscard]] std::size_t size() const { return offsets_.size() - 1; }

  [[nodiscard]] std::size_t memory_bytes() const;

 private:
  std::vector<std::uint32_t> offsets_;
  std::vector<std::uint32_t> elements_;
  std::vector<std::uint32_t> slots_;  // open addressing over set ids; 0 = free
};

// The storage of one attribute: by type 1 byte (bool: 0, 1, 2 = missing), 4 bytes (symbol,
// reference cell, SetId) or 8 bytes (int, instant, duration; kMissingInt = missing). Empty: every
// row holds the default.
struct Column {
  enum class Width : std::uint8_t { Byte, Word, Long };
  Width width = Width::Word;
  std::uint8_t default_byte = 0;
  std::uint32_t default_word = 0;
  std::int64_t default_long = 0;
  std::vector<std::uint8_t> bytes;
  std::vector<std::uint32_t> words;
  std::vector<std::int64_t> longs;

  [[nodiscard]] std::uint8_t byte_at(std::uint32_t row) const {
    return bytes.empty() ? default_byte : bytes[row];
  }

  [[nodiscard]] std::uint32_t word_at(std::uint32_t row) const {
    return words.empty() ? default_word : words[row];
  }

  [[nodiscard]] std::int64_t long_at(std::uint32_t row) const {
    return longs.empty() ? default_long : longs[row];
  }

  [[nodiscard]] bool materialised() const {
    return !bytes.empty() || !words.empty() || !longs.empty();
  }
};

struct Table {
  std::vector<Symbol> ids;      // by row
  std::vector<Column> columns;  // by AttributeIndex of the schema

  [[nodiscard]] std::uint32_t rows() const { return static_cast<std::uint32_t>(ids.size()); }
};

// Rows grouped by a key (holder, account, system …): rows of key k are rows[begins[k] ..
// begins[k+1]).
struct Grouping {
  std::vector<std::uint32_t> begins;
  std::vector<std::uint32_t> rows;

  [[nodiscard]] std::span<const std::uint32_t> of(std::uint32_t key) const {
    if (key + 1 >= begins.size()) {
      return {};
    }
    return {rows.data() + begins[key], begins[key + 1] - begins[key]};
  }
};

// A record that was refused, or a part of one that could not be resolved.
struct RejectedRecord {
  std::string file;
  std::uint32_t line = 0;  // 1-based; 0: unknown
  std::string why;         // with the diagnostic code in front: "R0503: …"
  std::string id;          // when it could be read
};

struct UsageRecord {
  ItemRef item;
  Symbol by;
  Instant at;
  Symbol source;
  bool success = true;
};

// Somebody of whom only use says that they depend on the item.
struct LearnedDependent {
  ItemRef item;
  Symbol by;
};

struct CoverageRecord {
  SystemRef system;
  KindSet kinds;
  Instant since;
  Instant until;
  Symbol source;
};

struct DeliveryRecord {
  ItemRef item;
  Symbol to;
  Instant at;
  Symbol confirmed_by;
};

// Where records came from and how far they can be trusted to be all of them.
struct InventorySource {
  std::string name;                     // file path as given, or "collect:SYSTEM"
  std::optional<Instant> collected_at;  // when a connector listed it
  std::uint64_t records = 0;
  std::vector<std::string>
      incomplete;  // "SYSTEM kind: why" for listings that failed or were cut short
};

struct Inventory {
  std::shared_ptr<const Schema> schema;
  SymbolTable symbols;
  SetPool sets;
  std::array<Table, kEntityCount> tables;

  // Identity row → rows of that kind it holds; the last key (identity count) is nobody.
  std::array<Grouping, kKindCount> by_holder;
  std::array<Grouping, kKindCount>
      by_grantee;  // identity row → rows granted to it by somebody else
  std::array<Grouping, kKindCount> by_account;  // account row → rows under that account
  std::array<Grouping, kKindCount> by_system;   // system row → rows there
  Grouping owned_by;  // identity row → identity rows that name it in `owner`

  std::vector<UsageRecord> usages;        // sorted by item, then time
  std::vector<LearnedDependent> learned;  // sorted as usages
  std::vector<CoverageRecord> coverages;
  std::vector<DeliveryRecord> deliveries;  // sorted by item, then time

  std::vector<RejectedRecord> rejected;  // sorted by file, line
  // Rows that exist but may not be decided on, with the reason (conflicting duplicate, dangling
  // reference, broken attribute). Key: entity index << 32 | row.
  std::unordered_map<std::uint64_t, std::string> undetermined;
  std::vector<InventorySource> sources;
  std::string digest;  // "sha256:…" over the content, independent of record order

  [[nodiscard]] const Table& table(Entity e) const { return tables[entity_index(e)]; }

  [[nodiscard]] const Table& table(Kind k) const { return tables[static_cast<std::size_t>(k)]; }

  [[nodiscard]] std::size_t item_count() const;
  [[nodiscard]] IdentityRef find_identity(std::string_view id) const;
  [[nodiscard]] SystemRef find_system(std::string_view id) const;
  [[nodiscard]] ItemRef find_item(std::string_view id) const;
  [[nodiscard]] std::optional<std::uint32_t> find_team(std::string_view id) const;  // its row
  [[nodiscard]] IdentityRef identity_of(Symbol id) const;
  [[nodiscard]] SystemRef system_of(Symbol id) const;
  [[nodiscard]] ItemRef item_of(Symbol id) const;

  [[nodiscard]] std::string_view text(Symbol s) const { return symbols.text(s); }

  [[nodiscard]] std::string_view id(IdentityRef r) const;  // "nobody" for a missing one
  [[nodiscard]] std::string_view id(SystemRef r) const;
  [[nodiscard]] std::string_view id(ItemRef r) const;

  [[nodiscard]] std::uint32_t word(ItemRef r, AttributeIndex a) const {
    return table(r.kind()).columns[a].word_at(r.row());
  }

  [[nodiscard]] std::int64_t number(ItemRef r, AttributeIndex a) const {
    return table(r.kind()).columns[a].long_at(r.row());
  }

  [[nodiscard]] std::uint8_t flag(ItemRef r, AttributeIndex a) const {
    return table(r.kind()).columns[a].byte_at(r.row());
  }

  [[nodiscard]] IdentityRef holder(ItemRef r) const { return {word(r, item_attribute::kHolder)}; }

  [[nodiscard]] SystemRef system(ItemRef r) const { return {word(r, item_attribute::kSystem)}; }

  [[nodiscard]] ItemRef account(ItemRef r) const { return {word(r, item_attribute::kAccount)}; }

  [[nodiscard]] const std::string* why_undetermined(Entity e, std::uint32_t row) const;

  // The lookups that collect fills: id symbol → row or item. Items are dense by symbol.
  std::vector<std::uint32_t> item_by_symbol;  // ItemRef cell; 0 none
  std::unordered_map<std::uint32_t, std::uint32_t> identity_by_symbol, system_by_symbol,
      team_by_symbol;

  // Bytes of everything but the characters of the strings.
  [[nodiscard]] std::size_t memory_bytes() const;
};

}  // namespace rescind
