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
  for (auto& [key, rows] : duplicates_) {
    std::map<std::string, RowKey> by_content;
    for (const RowKey row : rows) {
      by_content.emplace(content_of(row), row);
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
    for (const RowKey row : rows) {
      std::vector<std::string> elsewhere;
      for (const RowKey other : rows) {
        if (other.packed() != row.packed()) {
          elsewhere.push_back(place_text(place_of(other)));
        }
      }
      std::sort(elsewhere.begin(), elsewhere.end());
      name_defect(place_of(row), Code::R0508,
                  "`" + id + "` is described differently at " + join(elsewhere, ", "), id);
      mark_undetermined(row, "R0508: " + std::to_string(rows.size()) + " records with the id `" +
                                 id + "` differ");
    }
  }
}

void InventoryBuilder::match_holder_keys(const SealOptions& options) {
  if (holder_keys_.empty()) {
    return;
  }
  const Table& people = inventory_->table(Entity::Identity);
  // Per identity attribute: value → identities with it.
  std::map<std::string, std::unordered_map<std::uint32_t, std::vector<std::uint32_t>>> by_value;
  for (const auto& [system, attribute] : options.holder_attributes) {
    auto& values = by_value[attribute];
    const auto index = inventory_->schema->find(Entity::Identity, attribute);
    for (std::uint32_t row = 0; values.size() < people.ids.size() && row < people.rows(); ++row) {
      const Symbol value = index ? Symbol{people.columns[*index].word_at(row)} : people.ids[row];
      values[raw(value)].push_back(row);
    }
  }
  for (const auto& [packed, key] : holder_keys_) {
    const RowKey row{static_cast<Entity>(packed >> 32U), static_cast<std::uint32_t>(packed)};
    Column& holders = column(row.entity, item_attribute::kHolder);
    const Symbol system{column(row.entity, item_attribute::kSystem).word_at(row.row)};
    const auto rule = raw(system) == kBrokenCell
                          ? options.holder_attributes.end()
                          : options.holder_attributes.find(std::string(inventory_->text(system)));
    const std::optional<Symbol> value = inventory_->symbols.find(key);
    if (rule == options.holder_attributes.end() || !value ||
        holders.word_at(row.row) != kMissingCell) {
      continue;
    }
    const auto& values = by_value[rule->second];
    const auto found = values.find(raw(*value));
    if (found == values.end()) {
      continue;  // no match: nobody
    }
    pad(holders.words, holders.default_word, inventory_->table(row.entity).ids.size());
    if (holders.words.empty()) {
      holders.words.resize(inventory_->table(row.entity).ids.size(), holders.default_word);
    }
    // Rows of one conflicting id are one identity here.
    std::vector<std::uint32_t> ids;
    for (const std::uint32_t person : found->second) {
      ids.push_back(raw(people.ids[person]));
    }
    std::sort(ids.begin(), ids.end());
    ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
    if (ids.size() == 1) {
      holders.words[row.row] = ids.front();
      continue;
    }
    holders.words[row.row] = kBrokenCell;
    const std::string why = std::to_string(ids.size()) + " identities have `" + key + "` as `" +
                            rule->second + "`: the holder is ambiguous";
    name_defect(place_of(row), Code::R0514, why, std::string(inventory_->text(id_of(row))));
    mark_undetermined(row, "R0514: " + why);
  }
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

// A chain of managers that comes back to itself has no top: each manager in the cycle is unknown.
void InventoryBuilder::break_manager_cycles() {
  Column& managers = column(Entity::Identity, identity_attribute::kManager);
  enum class State : std::uint8_t { New, OnPath, Done };
  std::vector<State> states(managers.words.size(), State::New);
  std::vector<std::uint32_t> path;
  std::vector<std::uint32_t> broken;
  for (std::uint32_t start = 0; start < managers.words.size(); ++start) {
    path.clear();
    std::uint32_t row = start;
    while (states[row] == State::New) {
      states[row] = State::OnPath;
      path.push_back(row);
      const IdentityRef next{managers.words[row]};
      if (!next.valid()) {
        break;
      }
      row = next.row();
      if (states[row] == State::OnPath) {
        broken.insert(broken.end(), std::find(path.begin(), path.end(), row), path.end());
      }
    }
    for (const std::uint32_t seen : path) {
      states[seen] = State::Done;
    }
  }
  for (const std::uint32_t row : broken) {
    const RowKey key{Entity::Identity, row};
    name_defect(
        place_of(key), Code::R0510,
        "the managers above `" + std::string(inventory_->text(id_of(key))) + "` lead back to it",
        std::string(inventory_->text(id_of(key))));
  }
  for (const std::uint32_t row : broken) {
    managers.words[row] = kBrokenCell;
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

// What hangs on an account and names no holder belongs to the account's holder.
void InventoryBuilder::inherit_holders() {
  constexpr int kMaxChain = 32;
  const Column& own_accounts = column(Entity{}, item_attribute::kAccount);
  std::vector<std::uint32_t> account_holders = column(Entity{}, item_attribute::kHolder).words;
  if (account_holders.empty()) {
    return;
  }
  const auto holder_through = [&](ItemRef account) {
    std::uint32_t holder = kMissingCell;
    for (int step = 0; step < kMaxChain && account.valid() && holder == kMissingCell; ++step) {
      holder = account_holders[account.row()];
      account = ItemRef{own_accounts.word_at(account.row())};
    }
    return holder;
  };
  for (std::size_t kind = 0; kind < kKindCount; ++kind) {
    const auto entity = static_cast<Entity>(kind);
    const Column& accounts = column(entity, item_attribute::kAccount);
    Column& holders = column(entity, item_attribute::kHolder);
    for (std::uint32_t row = 0; row < accounts.words.size(); ++row) {
      if (holders.word_at(row) != kMissingCell) {
        continue;
      }
      const std::uint32_t holder = holder_through(ItemRef{accounts.words[row]});
      if (holder != kMissingCell && holders.words.empty()) {
        holders.words.resize(accounts.words.size(), holders.default_word);
      }
      if (holder != kMissingCell) {
        holders.words[row] = holder;
      }
    }
  }
}

// What hangs on an account that may not be decided on may not be decided on either.
void InventoryBuilder::spread_undetermined() {
  for (bool more = !reasons_.empty(); more;) {
    more = false;
    for (std::size_t kind = 0; kind < kKindCount; ++kind) {
      const auto entity = static_cast<Entity>(kind);
      const Column& accounts = column(entity, item_attribute::kAccount);
      for (std::uint32_t row = 0; row < accounts.words.size(); ++row) {
        const ItemRef account{accounts.words[row]};
        const RowKey key{entity, row};
        if (!account.valid() || reasons_.contains(key.packed()) ||
            !reasons_.contains(RowKey{entity_of(Kind::Account), account.row()}.packed())) {
          continue;
        }
        mark_undetermined(
            key, "its account `" + std::string(inventory_->id(account)) + "` is undetermined");
        more = true;
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
  break_manager_cycles();
  settle_accounts();
  inherit_holders();
  spread_undetermined();
  resolve_pending();
  build_groupings();
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
