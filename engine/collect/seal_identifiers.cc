// Sealing, first part: what to make of ids that came twice, and whose accounts without a holder
// are.
#include <algorithm>
#include <map>

#include "base/text.h"
#include "collect/inventory_builder.h"

namespace rescind {

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

}  // namespace rescind
