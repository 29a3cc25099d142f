// Field tables built from the schema, once per entity and load.
#include "collect/record_fields.h"

#include "base/hash.h"

namespace rescind {
namespace {

RecordField plain_field(std::string name, FieldRole role) {
  RecordField field;
  field.name = std::move(name);
  field.role = role;
  return field;
}

RecordField attribute_field(const Schema& schema, Entity entity, AttributeIndex index,
                            SymbolTable& symbols) {
  const Attribute& attribute = schema.of(entity).attributes[index];
  const Type& type = attribute.type;
  RecordField field = plain_field(attribute.name, FieldRole::Attribute);
  field.attribute = index;
  field.type = type;
  field.required = attribute.required ||
                   (!attribute.builtin && !type.optional && !attribute.fallback.has_value());
  field.takes_one = type.kind == TypeKind::Set && attribute.builtin &&
                    (attribute.name == "owner" || attribute.name == "federated_by");
  field.takes_pairs = entity == Entity::Team && attribute.name == "approver_keys";
  field.time_zone = entity == Entity::Identity && index == identity_attribute::kTimezone;
  if (type.kind == TypeKind::Enum ||
      (type.kind == TypeKind::Set && type.element == TypeKind::Enum)) {
    for (const std::string& value : schema.enums[type.enum_id].values) {
      field.values.emplace_back(value, symbols.intern(value));
    }
  }
  return field;
}

}  // namespace

RecordFields::RecordFields(const Schema& schema, Entity entity, SymbolTable& symbols) {
  const std::size_t count = schema.of(entity).attributes.size();
  std::size_t slots = 16;
  while (slots < (count + 3) * 2) {
    slots *= 2;
  }
  slots_.assign(slots, 0);
  add(plain_field("record", FieldRole::Record));
  add(plain_field("id", FieldRole::Id));
  add(plain_field("holder_key", FieldRole::HolderKey));
  for (std::size_t i = 0; i < count; ++i) {
    add(attribute_field(schema, entity, static_cast<AttributeIndex>(i), symbols));
  }
  for (RecordField& field : fields_) {
    field.next = (index_of(field) + 1) % static_cast<std::uint32_t>(fields_.size());
    if (field.required) {
      required_.push_back(&field);
    }
  }
}

void RecordFields::add(RecordField field) {
  const std::size_t mask = slots_.size() - 1;
  std::size_t slot = hash_bytes(field.name) & mask;
  while (slots_[slot] != 0) {
    slot = (slot + 1) & mask;
  }
  fields_.push_back(std::move(field));
  slots_[slot] = static_cast<std::uint32_t>(fields_.size());
}

RecordField* RecordFields::find(std::string_view name) {
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t slot = hash_bytes(name) & mask; slots_[slot] != 0; slot = (slot + 1) & mask) {
    RecordField& field = fields_[slots_[slot] - 1];
    if (field.name == name) {
      return &field;
    }
  }
  return nullptr;
}

std::vector<std::string> RecordFields::names() const {
  std::vector<std::string> names;
  for (const RecordField& field : fields_) {
    if (field.role != FieldRole::HolderKey) {
      names.push_back(field.name);
    }
  }
  return names;
}

}  // namespace rescind
