// The fields that a record of one entity may have, found by name without allocating: in the order
// of the record before when they keep to it, else by hash.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/symbols.h"
#include "model/schema.h"

namespace rescind {

enum class FieldRole : std::uint8_t { Record, Id, HolderKey, Attribute };

struct RecordField {
  std::string name;
  FieldRole role = FieldRole::Attribute;
  AttributeIndex attribute = 0;
  Type type;
  bool required = false;
  bool takes_one = false;    // a set that may be given as a single string
  bool takes_pairs = false;  // a set of `key=value` that may be given as an object
  bool time_zone = false;
  std::vector<std::pair<std::string_view, Symbol>> values;  // of an enum, or a set of enums
  std::uint32_t next = 0;      // index of the field that last followed this one
  std::uint32_t seen_in = 0;   // number of the record that last gave it
  std::string_view last_text;  // the last string, in the symbol table
  Symbol last_symbol = kMissingSymbol;
};

class RecordFields {
 public:
  RecordFields(const Schema& schema, Entity entity, SymbolTable& symbols);

  [[nodiscard]] RecordField* find(std::string_view name);

  [[nodiscard]] RecordField& at(std::uint32_t index) { return fields_[index]; }

  [[nodiscard]] std::uint32_t index_of(const RecordField& field) const {
    return static_cast<std::uint32_t>(&field - fields_.data());
  }

  [[nodiscard]] const std::vector<RecordField*>& required() const { return required_; }

  [[nodiscard]] std::vector<std::string> names() const;

 private:
  void add(RecordField field);

  std::vector<RecordField> fields_;
  std::vector<RecordField*> required_;
  std::vector<std::uint32_t> slots_;  // open addressing; index + 1, 0 = free
};

}  // namespace rescind
