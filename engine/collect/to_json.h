// YAML and CSV inventories, record by record as JSON, so that one reader decides what a record may
// be.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/schema.h"

namespace rescind {

struct ConvertedRecord {
  std::string json;
  std::uint32_t line = 1;  // 1-based, where the record begins
  std::string why;         // not empty: what makes this part of the file unreadable
};

struct ConvertedRecords {
  std::vector<ConvertedRecord> records;
};

// A sequence of mappings, or documents that are mappings. Plain scalars are typed by the schema.
ConvertedRecords yaml_records(std::string_view text, const Schema& schema);

// RFC 4180 with a header line. An empty cell gives no value; elements of a set are separated by
// `;`.
ConvertedRecords csv_records(std::string_view text, const Schema& schema);

// The attribute's type, for `record` of one of the entities; null for fields that are plain
// strings.
const Type* field_type(const Schema& schema, std::string_view record, std::string_view field);

// A value written without quotes, as JSON of the type that the attribute has.
void append_typed(std::string_view text, const Type* type, std::string& out);

void append_json_string(std::string_view text, std::string& out);

}  // namespace rescind
