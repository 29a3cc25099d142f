// Values of event attributes, checked against the types that the schema declares.
#pragma once

#include <string>

#include "collect/document.h"
#include "model/event.h"
#include "model/inventory.h"
#include "model/schema.h"

namespace rescind {

class EventValues {
 public:
  EventValues(const Schema& schema, const Inventory* inventory, Diagnostics& diagnostics)
      : schema_(schema), inventory_(inventory), diagnostics_(diagnostics) {}

  // A mapping of declared attributes; `whose` names them in messages ("event `leaver`").
  AttributeMap read_map(const DocumentNode& node, const std::vector<Attribute>& declared,
                        const std::string& field, const std::string& whose);

 private:
  std::optional<AttributeValue> read_value(const DocumentNode& node, const Attribute& attribute);
  std::optional<AttributeValue> read_set(const DocumentNode& node, const Attribute& attribute);
  bool fits(const DocumentNode& node, TypeKind kind, const Type& type) const;
  [[nodiscard]] std::string what_fits(TypeKind kind, const Type& type) const;
  void refuse(const DocumentNode& node, const Attribute& attribute);

  const Schema& schema_;
  const Inventory* inventory_;
  Diagnostics& diagnostics_;
};

// A whole number that fits 64 bits.
std::optional<std::int64_t> integer_of(const DocumentNode& node);

}  // namespace rescind
