// Sealing: ids become rows, what points at nothing is named, and rows are grouped by holder,
// account and system. Nothing here depends on the order in which records came.
#include <algorithm>
#include <bit>
#include <tuple>

#include "base/check.h"
#include "base/text.h"
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

bool is_reference(TypeKind kind) {
  return kind == TypeKind::Identity || kind == TypeKind::System || kind == TypeKind::Item;
}

std::string what_is_meant(const Type& type) {
  const TypeKind kind = type.kind == TypeKind::Set ? type.element : type.kind;
  if (kind == TypeKind::Identity) {
    return "an identity";
  }
  if (kind == TypeKind::System) {
    return "a system";
  }
  if (kind == TypeKind::Principal) {
    return "an identity or team";
  }
  if (type.kinds.size() == 1) {
    const auto only = static_cast<Kind>(std::countr_zero(type.kinds.bits));
    const std::string name{kind_name(only)};
    return (name.find_first_of("aeiou") == 0 ? "an " : "a ") + name;
  }
  return type.kinds == kCredentialKinds ? "a credential" : "an item";
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

// Records with one id and different content: all stay, none may be decided on, and the id means the
// one whose content comes first in byte order.
void InventoryBuilder::settle_duplicates() {
  constexpr std::size_t kMaxPlaces = 3;
  for (const auto& [key, variants] : duplicates_) {
    if (variants.size() == 1) {
      continue;  // repeated word for word
    }
    std::map<std::string, RowKey> by_content;
    for (const Variant& variant : variants) {
      by_content.emplace(content_of(variant.row), variant.row);
    }
    const RowKey chosen = by_content.begin()->second;
    if (key.space == 0) {
      inventory_->item_by_symbol[key.symbol] =
          ItemRef::of(static_cast<Kind>(chosen.entity), chosen.row).cell;
    } else {
      auto& by_symbol = chosen.entity == Entity::Identity ? inventory_->identity_by_symbol
                        : chosen.entity == Entity::System ? inventory_->system_by_symbol
                                                          : inventory_->team_by_symbol;
      by_symbol[key.symbol] = chosen.row;
    }
    const std::string id{inventory_->text(Symbol{key.symbol})};
    for (const Variant& variant : variants) {
      std::vector<std::string> elsewhere;
      for (std::size_t i = 0; i < variants.size() && elsewhere.size() < kMaxPlaces; ++i) {
        if (variants[i].row.packed() != variant.row.packed()) {
          elsewhere.push_back(place_text(place_of(variants[i].row)));
        }
      }
      std::sort(elsewhere.begin(), elsewhere.end());
      if (variants.size() > kMaxPlaces + 1) {
        elsewhere.push_back("and in " + std::to_string(variants.size() - 1 - kMaxPlaces) +
                            " more places");
      }
      name_defect(place_of(variant.row), Code::R0508,
                  "`" + id + "` is described differently at " + join(elsewhere, ", "), id);
      mark_undetermined(variant.row, "R0508: " + std::to_string(variants.size()) +
                                         " records with the id `" + id + "` differ");
    }
  }
}

namespace {

// Value → the ids of the identities that have it, as symbols.
using IdsByValue = std::unordered_map<std::uint32_t, std::vector<std::uint32_t>>;

// Nothing when identities have no attribute of that name that is a string.
std::optional<IdsByValue> ids_by_value(const Inventory& inventory, const std::string& attribute) {
  const auto index = inventory.schema->find(Entity::Identity, attribute);
  const auto& declared = inventory.schema->of(Entity::Identity).attributes;
  if (attribute != "id" && (!index || declared[*index].type.kind != TypeKind::String)) {
    return std::nullopt;
  }
  const Table& people = inventory.table(Entity::Identity);
  IdsByValue by_value;
  for (std::uint32_t row = 0; row < people.rows(); ++row) {
    const std::uint32_t id = raw(people.ids[row]);
    // Rows of one id with different content are one identity here.
    std::vector<std::uint32_t>& ids =
        by_value[attribute == "id" ? id : people.columns[*index].word_at(row)];
    if (std::find(ids.begin(), ids.end(), id) == ids.end() && ids.size() < 2) {
      ids.push_back(id);
    }
  }
  return by_value;
}

}  // namespace

void InventoryBuilder::match_holder_keys(const SealOptions& options) {
  std::map<std::string, std::optional<IdsByValue>> tables;
  for (const auto& [packed, key] : holder_keys_) {
    const RowKey row{static_cast<Entity>(packed >> 32U), static_cast<std::uint32_t>(packed)};
    Column& holders = column(row.entity, item_attribute::kHolder);
    const std::uint32_t system = column(row.entity, item_attribute::kSystem).word_at(row.row);
    if (system == kBrokenCell || holders.word_at(row.row) != kMissingCell) {
      continue;
    }
    const auto rule = options.holder_attributes.find(std::string(inventory_->text(Symbol{system})));
    if (rule == options.holder_attributes.end()) {
      continue;
    }
    const auto [table, added] = tables.try_emplace(rule->second);
    if (added) {
      table->second = ids_by_value(*inventory_, rule->second);
    }
    const std::optional<Symbol> value = inventory_->symbols.find(key);
    std::string why;
    if (!table->second) {
      why = "identities have no string `" + rule->second + "`: the holder cannot be found";
    } else if (value && table->second->contains(raw(*value))) {
      const std::vector<std::uint32_t>& ids = table->second->at(raw(*value));
      set_holder(row, ids.size() == 1 ? ids.front() : kBrokenCell);
      why = ids.size() == 1 ? ""
                            : "several identities have `" + key + "` as `" + rule->second +
                                  "`: the holder is ambiguous";
    }
    if (!why.empty()) {
      set_holder(row, kBrokenCell);
      name_defect(place_of(row), Code::R0514, why, std::string(inventory_->text(id_of(row))));
      mark_undetermined(row, "R0514: " + why);
    }
  }
}

void InventoryBuilder::set_holder(RowKey row, std::uint32_t cell) {
  Column& holders = column(row.entity, item_attribute::kHolder);
  if (holders.words.empty()) {
    holders.words.resize(inventory_->table(row.entity).ids.size(), holders.default_word);
  }
  holders.words[row.row] = cell;
}

std::uint32_t InventoryBuilder::resolve(TypeKind kind, KindSet kinds, Symbol target) const {
  if (kind == TypeKind::Identity) {
    const IdentityRef found = inventory_->identity_of(target);
    return found.valid() ? found.cell : kBrokenCell;
  }
  if (kind == TypeKind::System) {
    const SystemRef found = inventory_->system_of(target);
    return found.valid() ? found.cell : kBrokenCell;
  }
  const ItemRef found = inventory_->item_of(target);
  return found.valid() && kinds.contains(found.kind()) ? found.cell : kBrokenCell;
}

void InventoryBuilder::dangling(RowKey row, const Attribute& attribute, Symbol target) {
  const std::string id{inventory_->text(id_of(row))};
  const std::string why = "`" + attribute.name + "` names `" +
                          std::string(inventory_->text(target)) + "`, which is not " +
                          what_is_meant(attribute.type) + " of the inventory";
  name_defect(place_of(row), Code::R0509, why, id);
  // Whoever reads the manager meets a broken cell; everything else about the person holds.
  const bool manager = row.entity == Entity::Identity && attribute.name == "manager";
  if (!manager) {
    mark_undetermined(row, "R0509: " + why);
  }
}

void InventoryBuilder::resolve_column(Entity entity, AttributeIndex index) {
  const Attribute& attribute = inventory_->schema->of(entity).attributes[index];
  Column& cells = column(entity, index);
  // Not materialised, the one default of all rows is resolved.
  if (cells.words.empty()) {
    if (cells.default_word != kMissingCell) {
      cells.default_word =
          resolve(attribute.type.kind, attribute.type.kinds, Symbol{cells.default_word});
    }
    return;
  }
  std::uint32_t last_target = kMissingCell;
  std::uint32_t last_cell = kMissingCell;
  for (std::uint32_t row = 0; row < cells.words.size(); ++row) {
    std::uint32_t& cell = cells.words[row];
    if (cell == kMissingCell || cell == kBrokenCell) {
      continue;
    }
    if (cell != last_target) {
      last_target = cell;
      last_cell = resolve(attribute.type.kind, attribute.type.kinds, Symbol{cell});
    }
    if (last_cell == kBrokenCell) {
      dangling({entity, row}, attribute, Symbol{cell});
    }
    cell = last_cell;
  }
  if (cells.default_word != kMissingCell) {
    cells.default_word =
        resolve(attribute.type.kind, attribute.type.kinds, Symbol{cells.default_word});
  }
}

bool InventoryBuilder::element_exists(const Type& type, Symbol element) const {
  if (type.element == TypeKind::Principal) {
    const std::string name{inventory_->text(element)};
    const auto& declared = inventory_->schema->teams;
    return inventory_->identity_of(element).valid() || inventory_->find_team(name) ||
           std::find(declared.begin(), declared.end(), name) != declared.end();
  }
  return resolve(type.element, type.kinds, element) != kBrokenCell;
}

void InventoryBuilder::check_set_column(Entity entity, AttributeIndex index) {
  const Attribute& attribute = inventory_->schema->of(entity).attributes[index];
  const Column& cells = column(entity, index);
  enum class State : std::uint8_t { Unseen, Sound, Broken };
  std::vector<State> states(inventory_->sets.size(), State::Unseen);
  for (std::uint32_t row = 0; row < cells.words.size(); ++row) {
    const std::uint32_t set = cells.words[row];
    const auto elements = inventory_->sets.elements(SetId{set});
    const auto exists = [&](std::uint32_t e) { return element_exists(attribute.type, Symbol{e}); };
    if (states[set] == State::Unseen) {
      states[set] =
          std::all_of(elements.begin(), elements.end(), exists) ? State::Sound : State::Broken;
    }
    if (states[set] == State::Broken) {
      for (const std::uint32_t element : elements) {
        if (!exists(element)) {
          dangling({entity, row}, attribute, Symbol{element});
        }
      }
    }
  }
}

void InventoryBuilder::resolve_references() {
  for (std::size_t i = 0; i < kEntityCount; ++i) {
    const auto entity = static_cast<Entity>(i);
    const auto& attributes = inventory_->schema->of(entity).attributes;
    for (std::size_t a = 0; a < attributes.size(); ++a) {
      const Type& type = attributes[a].type;
      if (is_reference(type.kind)) {
        resolve_column(entity, static_cast<AttributeIndex>(a));
      } else if (type.kind == TypeKind::Set &&
                 (is_reference(type.element) || type.element == TypeKind::Principal)) {
        check_set_column(entity, static_cast<AttributeIndex>(a));
      }
    }
  }
}

// A chain that comes back to itself has no top: each cell of the cycle is unknown. `what`:
// "managers".
void InventoryBuilder::break_cycles(Entity entity, AttributeIndex attribute,
                                    std::string_view what) {
  Column& next = column(entity, attribute);
  const auto row_after = [&](std::uint32_t row) -> std::optional<std::uint32_t> {
    const std::uint32_t cell = next.words[row];
    if (entity == Entity::Identity) {
      return IdentityRef{cell}.valid() ? std::optional(IdentityRef{cell}.row()) : std::nullopt;
    }
    return ItemRef{cell}.valid() ? std::optional(ItemRef{cell}.row()) : std::nullopt;
  };
  enum class State : std::uint8_t { New, OnPath, Done };
  std::vector<State> states(next.words.size(), State::New);
  std::vector<std::uint32_t> path;
  std::vector<std::uint32_t> broken;
  for (std::uint32_t start = 0; start < next.words.size(); ++start) {
    path.clear();
    for (std::optional<std::uint32_t> row = start; row; row = row_after(*row)) {
      if (states[*row] == State::OnPath) {
        broken.insert(broken.end(), std::find(path.begin(), path.end(), *row), path.end());
      }
      if (states[*row] != State::New) {
        break;
      }
      states[*row] = State::OnPath;
      path.push_back(*row);
    }
    for (const std::uint32_t seen : path) {
      states[seen] = State::Done;
    }
  }
  for (const std::uint32_t row : broken) {
    const RowKey key{entity, row};
    const std::string id{inventory_->text(id_of(key))};
    const std::string why = "the " + std::string(what) + " above `" + id + "` lead back to it";
    name_defect(place_of(key), Code::R0510, why, id);
    if (is_item(entity)) {
      mark_undetermined(key, "R0510: " + why);
    }
    next.words[row] = kBrokenCell;
  }
}

// An item on one system cannot hang on an account of another.
void InventoryBuilder::settle_accounts() {
  const Column& account_systems = column(Entity{}, item_attribute::kSystem);
  for (std::size_t kind = 0; kind < kKindCount; ++kind) {
    const auto entity = static_cast<Entity>(kind);
    const Column& accounts = column(entity, item_attribute::kAccount);
    const Column& systems = column(entity, item_attribute::kSystem);
    for (std::uint32_t row = 0; row < accounts.words.size(); ++row) {
      const ItemRef account{accounts.words[row]};
      if (!account.valid()) {
        continue;
      }
      const SystemRef here{systems.word_at(row)};
      const SystemRef there{account_systems.word_at(account.row())};
      if (here.valid() && there.valid() && here != there) {
        const RowKey key{entity, row};
        const std::string why = "its account `" + std::string(inventory_->id(account)) +
                                "` is on `" + std::string(inventory_->id(there)) + "`, not on `" +
                                std::string(inventory_->id(here)) + "`";
        name_defect(place_of(key), Code::R0511, why, std::string(inventory_->text(id_of(key))));
        mark_undetermined(key, "R0511: " + why);
      }
    }
  }
}

// What hangs on an account and names no holder belongs to the account's holder. Chains of accounts
// have an end: cycles are broken before.
void InventoryBuilder::inherit_holders() {
  const auto accounts_of = [this](Entity e) -> const Column& {
    return column(e, item_attribute::kAccount);
  };
  const Entity account_entity = entity_of(Kind::Account);
  if (!column(account_entity, item_attribute::kHolder).materialised()) {
    return;
  }
  std::vector<std::uint32_t> chain;
  const auto inherit = [&](RowKey row) {
    chain.clear();
    std::uint32_t holder = kMissingCell;
    const Column& above = accounts_of(account_entity);
    ItemRef account{accounts_of(row.entity).word_at(row.row)};
    while (account.valid() && holder == kMissingCell) {
      holder = column(account_entity, item_attribute::kHolder).word_at(account.row());
      if (holder == kMissingCell) {
        chain.push_back(account.row());
      }
      account = ItemRef{above.word_at(account.row())};
    }
    if (holder == kMissingCell) {
      return;
    }
    set_holder(row, holder);
    for (const std::uint32_t passed : chain) {
      set_holder({account_entity, passed}, holder);
    }
  };
  for (std::size_t kind = 0; kind < kKindCount; ++kind) {
    const auto entity = static_cast<Entity>(kind);
    const std::size_t rows = accounts_of(entity).words.size();
    for (std::uint32_t row = 0; row < rows; ++row) {
      if (column(entity, item_attribute::kHolder).word_at(row) == kMissingCell) {
        inherit({entity, row});
      }
    }
  }
}

// What hangs on an account that may not be decided on may not be decided on either.
void InventoryBuilder::spread_undetermined() {
  std::vector<std::uint32_t> open;
  for (const auto& [packed, reasons] : reasons_) {
    if (static_cast<Entity>(packed >> 32U) == entity_of(Kind::Account)) {
      open.push_back(static_cast<std::uint32_t>(packed));
    }
  }
  while (!open.empty()) {
    const std::uint32_t account = open.back();
    open.pop_back();
    const std::string why = "its account `" +
                            std::string(inventory_->id(ItemRef::of(Kind::Account, account))) +
                            "` is undetermined";
    for (std::size_t kind = 0; kind < kKindCount; ++kind) {
      for (const std::uint32_t row : inventory_->by_account[kind].of(account)) {
        const RowKey key{static_cast<Entity>(kind), row};
        if (!reasons_.contains(key.packed())) {
          mark_undetermined(key, why);
          if (kind == static_cast<std::size_t>(Kind::Account)) {
            open.push_back(row);
          }
        }
      }
    }
  }
  for (auto& [packed, reasons] : reasons_) {
    std::sort(reasons.begin(), reasons.end());
    reasons.erase(std::unique(reasons.begin(), reasons.end()), reasons.end());
    inventory_->undetermined.emplace(packed, join(reasons, "; "));
  }
}

void InventoryBuilder::resolve_pending() {
  const auto unknown = [this](RowPlace place, std::string_view record, std::string_view what,
                              Symbol target) {
    const std::string id{inventory_->text(target)};
    name_defect(place, Code::R0509,
                std::string(record) + " names `" + id + "`, which is not " + std::string(what) +
                    " of the inventory",
                id);
  };
  for (auto& [usage, target, place] : usages_) {
    usage.item = inventory_->item_of(target);
    if (usage.item.valid()) {
      inventory_->usages.push_back(usage);
    } else {
      unknown(place, "a usage record", "an item", target);
    }
  }
  for (auto& [coverage, target, place] : coverages_) {
    coverage.system = inventory_->system_of(target);
    if (coverage.system.valid()) {
      inventory_->coverages.push_back(coverage);
    } else {
      unknown(place, "a coverage record", "a system", target);
    }
  }
  for (auto& [delivery, target, place] : deliveries_) {
    delivery.item = inventory_->item_of(target);
    if (delivery.item.valid()) {
      inventory_->deliveries.push_back(delivery);
    } else {
      unknown(place, "a delivery record", "an item", target);
    }
  }
  const auto text = [this](Symbol symbol) { return inventory_->text(symbol); };
  std::sort(inventory_->usages.begin(), inventory_->usages.end(),
            [&text](const UsageRecord& a, const UsageRecord& b) {
              return std::tuple(a.item, a.at, text(a.by), text(a.source), a.success) <
                     std::tuple(b.item, b.at, text(b.by), text(b.source), b.success);
            });
  std::sort(inventory_->deliveries.begin(), inventory_->deliveries.end(),
            [&text](const DeliveryRecord& a, const DeliveryRecord& b) {
              return std::tuple(a.item, a.at, text(a.to), text(a.confirmed_by)) <
                     std::tuple(b.item, b.at, text(b.to), text(b.confirmed_by));
            });
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
