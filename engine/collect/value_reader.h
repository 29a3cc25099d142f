// Reads the value of one attribute of a record into its cell. Scalars are read from their raw
// tokens, so that a plain string is never copied before it is interned.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "collect/inventory_builder.h"
#include "collect/record_fields.h"
#include "collect/record_json.h"
#include "collect/record_reader.h"

namespace rescind {

// How reading a value ended. Refused: a defect of the row was added. Malformed: the JSON itself is
// broken, the record cannot be read on.
enum class Read : std::uint8_t { Done, Refused, Malformed };

// Borrows the builder and the limits.
class ValueReader {
 public:
  ValueReader(InventoryBuilder& builder, const RecordLimits& limits)
      : builder_(builder), limits_(limits) {}

  // The row whose cells are filled from now on; whether there is an escape in its record.
  void begin_row(Entity entity, std::uint32_t row, bool escapes) {
    entity_ = entity;
    row_ = row;
    escapes_ = escapes;
  }

  Read read(RecordField& field, json::value& value);
  // Where the cell can say so, it says that the value is unknown rather than absent.
  void break_reference(const RecordField& field);
  Read refuse_long(const RecordField& field, std::size_t size);

 private:
  Read read_null(const RecordField& field);
  Read refuse(const RecordField& field, std::string_view found);
  Read read_scalar(RecordField& field, json::value& value, std::string_view token);
  Read read_symbol(RecordField& field, Column& column, std::string_view text);
  std::optional<Symbol> symbol_of(const RecordField& field, std::string_view text);
  Read read_set(RecordField& field, json::value& value, std::string_view token);
  Read read_elements(RecordField& field, json::value& value);
  Read read_element(RecordField& field, json::value& element);
  Read read_pairs(RecordField& field, json::value& value);

  InventoryBuilder& builder_;
  const RecordLimits& limits_;
  Entity entity_{};
  std::uint32_t row_ = 0;
  bool escapes_ = true;
  std::vector<std::uint32_t> elements_;  // of the set that is being read
};

}  // namespace rescind
