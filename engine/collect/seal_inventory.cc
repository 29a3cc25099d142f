// Sealing: ids become rows, what points at nothing is named, and rows are grouped by holder,
// account and system. Nothing here depends on the order in which records came.
#include <algorithm>
#include <tuple>

#include "base/check.h"
#include "collect/inventory_builder.h"
#include "collect/inventory_digest.h"

namespace rescind {
namespace {

template <typename T>
void pad(std::vector<T>& cells, T fallback, std::size_t rows) {
  if (!cells.empty()) {
    cells.resize(rows, fallback);
  }
}

Grouping group(std::size_t keys, std::uint32_t rows, const auto& key_of) {
  Grouping grouping;
  grouping.begins.assign(keys + 1, 0);
  std::size_t total = 0;
  for (std::uint32_t row = 0; row < rows; ++row) {
    if (const std::size_t key = key_of(row); key < keys) {
      ++grouping.begins[key + 1];
      ++total;
    }
  }
  for (std::size_t key = 0; key < keys; ++key) {
    grouping.begins[key + 1] += grouping.begins[key];
  }
  grouping.rows.resize(total);
  std::vector<std::uint32_t> next(grouping.begins.begin(), grouping.begins.end() - 1);
  for (std::uint32_t row = 0; row < rows; ++row) {
    if (const std::size_t key = key_of(row); key < keys) {
      grouping.rows[next[key]++] = row;
    }
  }
  return grouping;
}

constexpr std::size_t kNoKey = SIZE_MAX;

}  // namespace

void InventoryBuilder::add_configured_systems(const SealOptions& options) {
  bool begun = false;
  for (const std::string& id : options.systems) {
    if (inventory_->find_system(id).valid()) {
      continue;
    }
    if (!begun) {
      begin_source(InventorySource{"configuration", {}, 0, {}});
      begun = true;
    }
    open_row(Entity::System, 0);
    close_row(id);
  }
}

void InventoryBuilder::pad_columns() {
  for (Table& table : inventory_->tables) {
    for (Column& column : table.columns) {
      pad(column.bytes, column.default_byte, table.ids.size());
      pad(column.words, column.default_word, table.ids.size());
      pad(column.longs, column.default_long, table.ids.size());
    }
  }
  inventory_->item_by_symbol.resize(inventory_->symbols.size(), 0);
}

Symbol InventoryBuilder::id_of(RowKey row) const {
  return inventory_->table(row.entity).ids[row.row];
}

void InventoryBuilder::build_groupings() {
  Inventory& inventory = *inventory_;
  const std::size_t people = inventory.table(Entity::Identity).ids.size();
  const std::size_t systems = inventory.table(Entity::System).ids.size();
  const std::size_t accounts = inventory.table(Kind::Account).ids.size();
  for (std::size_t kind = 0; kind < kKindCount; ++kind) {
    const Table& table = inventory.tables[kind];
    if (table.ids.empty()) {
      continue;
    }
    const Column& holders = table.columns[item_attribute::kHolder];
    const Column& grantees = table.columns[item_attribute::kGrantee];
    inventory.by_holder[kind] = group(people + 1, table.rows(), [&](std::uint32_t row) {
      const IdentityRef holder{holders.word_at(row)};
      return holder.cell == kMissingCell ? people : holder.valid() ? holder.row() : kNoKey;
    });
    inventory.by_system[kind] = group(systems, table.rows(), [&](std::uint32_t row) {
      const SystemRef system{table.columns[item_attribute::kSystem].word_at(row)};
      return system.valid() ? system.row() : kNoKey;
    });
    if (grantees.materialised()) {
      inventory.by_grantee[kind] = group(people, table.rows(), [&](std::uint32_t row) {
        const IdentityRef grantee{grantees.words[row]};
        const bool other = grantee.valid() && grantee.cell != holders.word_at(row);
        return other ? grantee.row() : kNoKey;
      });
    }
    if (table.columns[item_attribute::kAccount].materialised()) {
      inventory.by_account[kind] = group(accounts, table.rows(), [&](std::uint32_t row) {
        const ItemRef account{table.columns[item_attribute::kAccount].words[row]};
        return account.valid() ? account.row() : kNoKey;
      });
    }
  }
  // An identity can have several owners: pairs (owner, owned), grouped by the owner.
  std::vector<std::pair<std::uint32_t, std::uint32_t>> pairs;
  const Column& owners = inventory.table(Entity::Identity).columns[identity_attribute::kOwner];
  for (std::uint32_t row = 0; row < owners.words.size(); ++row) {
    for (const std::uint32_t element : inventory.sets.elements(SetId{owners.words[row]})) {
      if (const IdentityRef owner = inventory.identity_of(Symbol{element}); owner.valid()) {
        pairs.emplace_back(owner.row(), row);
      }
    }
  }
  inventory.owned_by = group(people, static_cast<std::uint32_t>(pairs.size()),
                             [&pairs](std::uint32_t i) { return std::size_t{pairs[i].first}; });
  for (std::uint32_t& row : inventory.owned_by.rows) {
    row = pairs[row].second;
  }
}

void InventoryBuilder::shrink() {
  for (Table& table : inventory_->tables) {
    table.ids.shrink_to_fit();
    for (Column& column : table.columns) {
      column.bytes.shrink_to_fit();
      column.words.shrink_to_fit();
      column.longs.shrink_to_fit();
    }
  }
  inventory_->item_by_symbol.shrink_to_fit();
  inventory_->symbols.shrink_to_fit();
}

std::shared_ptr<const Inventory> InventoryBuilder::seal(const SealOptions& options) {
  add_configured_systems(options);
  pad_columns();
  settle_duplicates();
  match_holder_keys(options);
  resolve_references();
  break_cycles(Entity::Identity, identity_attribute::kManager, "managers");
  break_cycles(entity_of(Kind::Account), item_attribute::kAccount, "accounts");
  settle_accounts();
  inherit_holders();
  build_groupings();
  spread_undetermined();
  resolve_pending();
  settle_successors();
  learn_dependents(options);
  std::sort(inventory_->rejected.begin(), inventory_->rejected.end(),
            [](const RejectedRecord& a, const RejectedRecord& b) {
              return std::tie(a.file, a.line, a.why, a.id) < std::tie(b.file, b.line, b.why, b.id);
            });
  shrink();
  if (options.with_digest) {
    inventory_->digest = inventory_digest(*inventory_);
  }
  return std::exchange(inventory_, nullptr);
}

}  // namespace rescind
