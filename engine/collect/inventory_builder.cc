// Load time of the inventory: rows, cells and defects, before references mean anything.
#include "collect/inventory_builder.h"

#include <algorithm>

#include "base/check.h"
#include "base/hash.h"
#include "collect/inventory_digest.h"

namespace rescind {
namespace {

bool has_value(const Attribute& attribute) {
  return !attribute.type.optional && attribute.fallback.has_value();
}

// What a row holds that gives no value: the declared default, or "missing".
Column column_for(const Attribute& attribute, SymbolTable& symbols, SetPool& sets) {
  Column column;
  const bool given = attribute.fallback.has_value();
  const Constant fallback = attribute.fallback.value_or(Constant{});
  switch (attribute.type.kind) {
  case TypeKind::Bool:
    column.width = Column::Width::Byte;
    column.default_byte = given ? static_cast<std::uint8_t>(fallback.number != 0) : 2;
    break;
  case TypeKind::Int:
  case TypeKind::Instant:
  case TypeKind::Duration:
    column.width = Column::Width::Long;
    column.default_long = given ? fallback.number : kMissingInt;
    break;
  case TypeKind::Set: {
    std::vector<std::uint32_t> elements;
    for (const std::string& element : fallback.elements) {
      elements.push_back(raw(symbols.intern(element)));
    }
    for (const std::int64_t number : fallback.numbers) {
      elements.push_back(static_cast<std::uint32_t>(number));
    }
    column.default_word = static_cast<std::uint32_t>(given ? sets.intern(elements) : kMissingSet);
    break;
  }
  case TypeKind::String:
  case TypeKind::Enum:
  case TypeKind::Principal:
    column.default_word = raw(given ? symbols.intern(fallback.text) : kMissingSymbol);
    break;
  case TypeKind::Identity:
  case TypeKind::System:
  case TypeKind::Item:
    // A reference that is not given is missing, whatever the schema says.
    column.default_word = has_value(attribute) ? raw(symbols.intern(fallback.text)) : kMissingCell;
    break;
  case TypeKind::Event:
    RESCIND_CHECK(false, "no attribute has the type event");
  }
  return column;
}

}  // namespace

InventoryBuilder::InventoryBuilder(std::shared_ptr<const Schema> schema)
    : inventory_(std::make_shared<Inventory>()) {
  inventory_->schema = std::move(schema);
  for (std::size_t entity = 0; entity < kEntityCount; ++entity) {
    Table& table = inventory_->tables[entity];
    for (const Attribute& attribute : inventory_->schema->entities[entity].attributes) {
      table.columns.push_back(column_for(attribute, inventory_->symbols, inventory_->sets));
    }
  }
}

void InventoryBuilder::begin_source(InventorySource source) {
  inventory_->sources.push_back(std::move(source));
}

std::uint32_t InventoryBuilder::open_row(Entity entity, std::uint32_t line) {
  RESCIND_CHECK(!inventory_->sources.empty(), "a record without a source");
  InventorySource& source = inventory_->sources.back();
  ++source.records;
  open_entity_ = entity;
  open_row_ = static_cast<std::uint32_t>(places_[entity_index(entity)].size());
  RESCIND_CHECK(open_row_ < ItemRef::kMaxRows, "too many records of one kind");
  open_place_ = {static_cast<std::uint32_t>(inventory_->sources.size() - 1), line};
  defects_.clear();
  holder_key_.clear();
  return open_row_;
}

void InventoryBuilder::defect(Code code, std::string why) {
  defects_.emplace_back(code, std::move(why));
}

void InventoryBuilder::name_defect(RowPlace place, Code code, std::string_view why,
                                   std::string id) {
  RejectedRecord& rejected = inventory_->rejected.emplace_back();
  rejected.file = inventory_->sources[place.source].name;
  rejected.line = place.line;
  rejected.why = code_name(code) + ": " + std::string(why);
  rejected.id = std::move(id);
}

void InventoryBuilder::mark_undetermined(RowKey row, std::string why) {
  reasons_[row.packed()].push_back(std::move(why));
}

void InventoryBuilder::close_row(std::string_view id) {
  const Entity entity = open_entity_;
  Table& table = inventory_->tables[entity_index(entity)];
  const Symbol symbol = inventory_->symbols.intern(id);
  const RowKey row{entity, open_row_};
  for (const auto& [code, why] : defects_) {
    name_defect(open_place_, code, why, std::string(id));
    mark_undetermined(row, code_name(code) + ": " + why);
  }
  if (!holder_key_.empty()) {
    holder_keys_[row.packed()] = holder_key_;
  }
  table.ids.push_back(symbol);
  places_[entity_index(entity)].push_back(open_place_);
  if (repeats(row, symbol)) {
    cut_rows(entity, open_row_);
    reasons_.erase(row.packed());
    holder_keys_.erase(row.packed());
  }
}

void InventoryBuilder::drop_row() {
  for (const auto& [code, why] : defects_) {
    name_defect(open_place_, code, why, {});
  }
  cut_rows(open_entity_, open_row_);
}

void InventoryBuilder::abandon_row() {
  --inventory_->sources.back().records;
  cut_rows(open_entity_, open_row_);
}

void InventoryBuilder::reject(Code code, std::uint32_t line, std::string why, std::string id) {
  InventorySource& source = inventory_->sources.back();
  ++source.records;
  const RowPlace place{static_cast<std::uint32_t>(inventory_->sources.size() - 1), line};
  name_defect(place, code, why, std::move(id));
}

void InventoryBuilder::cut_rows(Entity entity, std::uint32_t rows) {
  Table& table = inventory_->tables[entity_index(entity)];
  const auto cut = [rows](auto& cells) {
    if (cells.size() > rows) {
      cells.resize(rows);
    }
  };
  cut(table.ids);
  cut(places_[entity_index(entity)]);
  for (Column& column : table.columns) {
    cut(column.bytes);
    cut(column.words);
    cut(column.longs);
  }
}

std::string InventoryBuilder::content_of(RowKey row) const {
  std::string content;
  append_row_content(*inventory_, row.entity, row.row, References::Named, content);
  if (const auto key = holder_keys_.find(row.packed()); key != holder_keys_.end()) {
    content += "holder_key=" + key->second;
  }
  if (const auto why = reasons_.find(row.packed()); why != reasons_.end()) {
    std::vector<std::string> sorted = why->second;
    std::sort(sorted.begin(), sorted.end());
    for (const std::string& reason : sorted) {
      content += reason;
    }
  }
  return content;
}

bool InventoryBuilder::repeats(RowKey row, Symbol id) {
  std::uint32_t earlier = 0;
  bool first = true;
  if (is_item(row.entity)) {
    auto& items = inventory_->item_by_symbol;
    if (items.size() <= raw(id)) {
      items.resize(inventory_->symbols.size() + inventory_->symbols.size() / 2, 0);
    }
    const std::uint32_t cell = ItemRef::of(static_cast<Kind>(row.entity), row.row).cell;
    first = items[raw(id)] == 0;
    earlier = first ? cell : items[raw(id)];
    items[raw(id)] = earlier;
  } else {
    auto& rows = row.entity == Entity::Identity ? inventory_->identity_by_symbol
                 : row.entity == Entity::System ? inventory_->system_by_symbol
                                                : inventory_->team_by_symbol;
    const auto [found, added] = rows.try_emplace(raw(id), row.row);
    first = added;
    earlier = found->second;
  }
  if (first) {
    return false;
  }
  RowKey earlier_row{row.entity, earlier};
  if (is_item(row.entity)) {
    earlier_row = {entity_of(ItemRef{earlier}.kind()), ItemRef{earlier}.row()};
  }
  const IdKey key{is_item(row.entity) ? 0 : entity_index(row.entity), raw(id)};
  std::vector<Variant>& variants = duplicates_[key];
  if (variants.empty()) {
    variants.push_back({hash_bytes(content_of(earlier_row)), earlier_row});
  }
  const std::string content = content_of(row);
  const std::uint64_t hash = hash_bytes(content);
  for (const Variant& variant : variants) {
    if (variant.content_hash == hash && content_of(variant.row) == content) {
      return true;
    }
  }
  variants.push_back({hash, row});
  return false;
}

InventoryBuilder::RowPlace InventoryBuilder::place_of(RowKey row) const {
  return places_[entity_index(row.entity)][row.row];
}

std::string InventoryBuilder::place_text(RowPlace place) const {
  const std::string& name = inventory_->sources[place.source].name;
  return place.line == 0 ? name : name + ":" + std::to_string(place.line);
}

void InventoryBuilder::add_usage(UsageRecord usage, Symbol item, std::uint32_t line) {
  ++inventory_->sources.back().records;
  usages_.push_back(
      {usage, item, {static_cast<std::uint32_t>(inventory_->sources.size() - 1), line}});
}

void InventoryBuilder::add_coverage(CoverageRecord coverage, Symbol system, std::uint32_t line) {
  ++inventory_->sources.back().records;
  coverages_.push_back(
      {coverage, system, {static_cast<std::uint32_t>(inventory_->sources.size() - 1), line}});
}

void InventoryBuilder::add_delivery(DeliveryRecord delivery, Symbol item, std::uint32_t line) {
  ++inventory_->sources.back().records;
  deliveries_.push_back(
      {delivery, item, {static_cast<std::uint32_t>(inventory_->sources.size() - 1), line}});
}

void InventoryBuilder::add_successor(SuccessorRecord successor, Symbol item, std::uint32_t line) {
  ++inventory_->sources.back().records;
  successors_.push_back(
      {successor, item, {static_cast<std::uint32_t>(inventory_->sources.size() - 1), line}});
}

}  // namespace rescind
