// Evidence when the inventory is sealed: what records of use, coverage, delivery and succession are
// about, and what follows from them for the items.
#include <algorithm>
#include <string>
#include <tuple>

#include "collect/inventory_builder.h"

namespace rescind {
namespace {

// A cell of a column that may hold nothing but defaults so far.
void set_word(Column& column, std::size_t rows, std::uint32_t row, std::uint32_t value) {
  if (column.words.empty()) {
    column.words.resize(rows, column.default_word);
  }
  column.words[row] = value;
}

}  // namespace

// What the store kept about an item that has gone since is no defect: evidence outlives its item.
void InventoryBuilder::name_unknown(RowPlace place, std::string_view record, std::string_view what,
                                    Symbol target) {
  if (inventory_->sources[place.source].name.starts_with("collect:")) {
    return;
  }
  const std::string id{inventory_->text(target)};
  name_defect(place, Code::R0509,
              std::string(record) + " names `" + id + "`, which is not " + std::string(what) +
                  " of the inventory",
              id);
}

void InventoryBuilder::resolve_pending() {
  for (auto& [usage, target, place] : usages_) {
    usage.item = inventory_->item_of(target);
    if (usage.item.valid()) {
      inventory_->usages.push_back(usage);
    } else {
      name_unknown(place, "a usage record", "an item", target);
    }
  }
  for (auto& [coverage, target, place] : coverages_) {
    coverage.system = inventory_->system_of(target);
    if (coverage.system.valid()) {
      inventory_->coverages.push_back(coverage);
    } else {
      name_unknown(place, "a coverage record", "a system", target);
    }
  }
  for (auto& [delivery, target, place] : deliveries_) {
    delivery.item = inventory_->item_of(target);
    if (delivery.item.valid()) {
      inventory_->deliveries.push_back(delivery);
    } else {
      name_unknown(place, "a delivery record", "an item", target);
    }
  }
  sort_evidence();
}

void InventoryBuilder::sort_evidence() {
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

// The latest record counts; a successor that the item's own record names stands.
void InventoryBuilder::settle_successors() {
  std::sort(successors_.begin(), successors_.end(), [this](const auto& a, const auto& b) {
    return std::tuple(a.record.at, inventory_->text(a.record.successor)) <
           std::tuple(b.record.at, inventory_->text(b.record.successor));
  });
  std::vector<std::uint32_t> named_by_records;  // cells of items
  for (const auto& [record, target, place] : successors_) {
    const ItemRef item = inventory_->item_of(target);
    const ItemRef successor = inventory_->item_of(record.successor);
    if (!item.valid() || !successor.valid()) {
      name_unknown(place, "a successor record", "an item",
                   item.valid() ? record.successor : target);
      continue;
    }
    const Entity entity = entity_of(item.kind());
    const auto attribute = schema().find(entity, "successor");
    if (!attribute || !kCredentialKinds.contains(successor.kind())) {
      name_unknown(place, "a successor record", "a credential", target);
      continue;
    }
    const bool ours = std::find(named_by_records.begin(), named_by_records.end(), item.cell) !=
                      named_by_records.end();
    Column& cells = column(entity, *attribute);
    if (ours || cells.word_at(item.row()) == kMissingCell) {
      set_word(cells, inventory_->table(entity).rows(), item.row(), successor.cell);
      named_by_records.push_back(item.cell);
    }
  }
}

// `even_unknown`: where nobody said who depends on the item, these are who does. Gives whether one
// of them is new.
bool InventoryBuilder::add_dependents(ItemRef item, const std::vector<std::uint32_t>& names,
                                      bool even_unknown) {
  const Entity entity = entity_of(item.kind());
  const auto attribute = schema().find(entity, "dependents");
  if (!attribute || names.empty()) {
    return false;
  }
  Column& cells = column(entity, *attribute);
  const SetId before{cells.word_at(item.row())};
  const bool all_there =
      before != kMissingSet && std::all_of(names.begin(), names.end(), [&](std::uint32_t name) {
        return sets().contains(before, name);
      });
  if (all_there || (before == kMissingSet && !even_unknown)) {
    return false;
  }
  std::vector<std::uint32_t> all = names;
  if (before != kMissingSet) {
    const auto elements = sets().elements(before);
    all.insert(all.end(), elements.begin(), elements.end());
  }
  set_word(cells, inventory_->table(entity).rows(), item.row(),
           static_cast<std::uint32_t>(sets().intern(all)));
  return true;
}

// Who depends on an item is what its record says, what the deliveries say, and who was seen to use
// it. WHY use alone does not make an unknown set known: nobody says that it is all of them.
void InventoryBuilder::learn_dependents(const SealOptions& options) {
  for (const auto& [id, dependents] : options.dependents) {
    const ItemRef item = inventory_->find_item(id);
    if (!item.valid()) {
      continue;
    }
    std::vector<std::uint32_t> names;
    for (const std::string& name : dependents) {
      names.push_back(raw(symbols().intern(name)));
    }
    add_dependents(item, names, true);
  }
  for (const UsageRecord& usage : inventory_->usages) {
    // Only those whom the inventory knows: an unknown name is a finding, not a dependent.
    const bool known = usage.by != kMissingSymbol && (inventory_->identity_of(usage.by).valid() ||
                                                      inventory_->item_of(usage.by).valid());
    if (usage.success && known && add_dependents(usage.item, {raw(usage.by)}, false)) {
      inventory_->learned.push_back({usage.item, usage.by});
    }
  }
}

}  // namespace rescind
