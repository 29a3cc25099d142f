// Columns → records, by the schema.
#include "simulate/records_of_inventory.h"

#include <nlohmann/json.hpp>

namespace rescind {
namespace {

using Json = nlohmann::json;

bool is_number(TypeKind kind) {
  return kind == TypeKind::Int || kind == TypeKind::Instant || kind == TypeKind::Duration;
}

Json number_value(TypeKind kind, std::int64_t value) {
  if (kind == TypeKind::Instant) {
    return format_instant(Instant(Seconds(value)));
  }
  if (kind == TypeKind::Duration) {
    return format_duration(Seconds(value));
  }
  return value;
}

Json set_value(const Inventory& inventory, const Type& type, SetId set) {
  Json out = Json::array();
  for (const std::uint32_t element : inventory.sets.elements(set)) {
    if (is_number(type.element)) {
      out.push_back(number_value(type.element, element));
    } else {
      out.push_back(inventory.text(Symbol{element}));
    }
  }
  return out;
}

// Nothing: missing, or broken.
std::optional<Json> value_of(const Inventory& inventory, const Type& type, const Column& column,
                             std::uint32_t row) {
  switch (type.kind) {
  case TypeKind::Bool: {
    const std::uint8_t value = column.byte_at(row);
    return value > 1 ? std::nullopt : std::optional<Json>(value == 1);
  }
  case TypeKind::Int:
  case TypeKind::Instant:
  case TypeKind::Duration: {
    const std::int64_t value = column.long_at(row);
    return value == kMissingInt ? std::nullopt
                                : std::optional<Json>(number_value(type.kind, value));
  }
  case TypeKind::String:
  case TypeKind::Enum:
  case TypeKind::Principal:
  case TypeKind::Event: {
    const std::string_view text = inventory.text(Symbol{column.word_at(row)});
    return text.empty() ? std::nullopt : std::optional<Json>(text);
  }
  case TypeKind::Set: {
    const SetId set{column.word_at(row)};
    return set == kMissingSet ? std::nullopt : std::optional<Json>(set_value(inventory, type, set));
  }
  case TypeKind::Identity: {
    const IdentityRef ref{column.word_at(row)};
    return ref.valid() ? std::optional<Json>(inventory.id(ref)) : std::nullopt;
  }
  case TypeKind::System: {
    const SystemRef ref{column.word_at(row)};
    return ref.valid() ? std::optional<Json>(inventory.id(ref)) : std::nullopt;
  }
  case TypeKind::Item: {
    const ItemRef ref{column.word_at(row)};
    return ref.valid() ? std::optional<Json>(inventory.id(ref)) : std::nullopt;
  }
  }
  return std::nullopt;
}

void append(std::string& out, const Json& record) {
  out += record.dump();
  out += '\n';
}

void append_entity(const Inventory& inventory, Entity entity, std::string& out) {
  const Table& table = inventory.table(entity);
  const EntitySchema& schema = inventory.schema->of(entity);
  for (std::uint32_t row = 0; row < table.rows(); ++row) {
    Json record{{"record", entity_name(entity)}, {"id", inventory.text(table.ids[row])}};
    bool whole = true;
    for (std::size_t a = 0; a < schema.attributes.size() && a < table.columns.size(); ++a) {
      const Attribute& attribute = schema.attributes[a];
      if (!table.columns[a].materialised() && !attribute.required) {
        continue;
      }
      auto value = value_of(inventory, attribute.type, table.columns[a], row);
      whole = whole && (value.has_value() || !attribute.required);
      if (value) {
        record[attribute.name] = *std::move(value);
      }
    }
    if (!whole) {
      continue;  // known by name alone
    }
    append(out, record);
  }
}

Json kinds_value(KindSet kinds) {
  Json out = Json::array();
  for (std::size_t k = 0; k < kKindCount; ++k) {
    if (kinds.contains(static_cast<Kind>(k))) {
      out.push_back(kind_name(static_cast<Kind>(k)));
    }
  }
  return out;
}

void append_evidence(const Inventory& inventory, std::string& out) {
  for (const UsageRecord& usage : inventory.usages) {
    append(out, {{"record", "usage"},
                 {"item", inventory.id(usage.item)},
                 {"by", inventory.text(usage.by)},
                 {"at", format_instant(usage.at)},
                 {"source", inventory.text(usage.source)},
                 {"outcome", usage.success ? "success" : "failure"}});
  }
  for (const CoverageRecord& coverage : inventory.coverages) {
    append(out, {{"record", "coverage"},
                 {"system", inventory.id(coverage.system)},
                 {"kinds", kinds_value(coverage.kinds)},
                 {"since", format_instant(coverage.since)},
                 {"until", format_instant(coverage.until)},
                 {"source", inventory.text(coverage.source)}});
  }
  for (const DeliveryRecord& delivery : inventory.deliveries) {
    append(out, {{"record", "delivery"},
                 {"item", inventory.id(delivery.item)},
                 {"to", inventory.text(delivery.to)},
                 {"at", format_instant(delivery.at)},
                 {"confirmed_by", inventory.text(delivery.confirmed_by)}});
  }
}

}  // namespace

std::string records_of_inventory(const Inventory& inventory) {
  std::string out;
  for (const Entity entity : {Entity::System, Entity::Team, Entity::Identity}) {
    append_entity(inventory, entity, out);
  }
  for (std::size_t k = 0; k < kKindCount; ++k) {
    append_entity(inventory, static_cast<Entity>(k), out);
  }
  append_evidence(inventory, out);
  return out;
}

}  // namespace rescind
