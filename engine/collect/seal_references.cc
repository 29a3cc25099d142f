// Sealing, second part: ids become rows, and what follows from one row for others.
#include <algorithm>
#include <bit>

#include "base/text.h"
#include "collect/inventory_builder.h"

namespace rescind {
namespace {

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

}  // namespace

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

}  // namespace rescind
