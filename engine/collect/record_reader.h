// RecordReader: one inventory record as a JSON object, straight into the columns of a builder.
// Every input format arrives here as JSON.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "collect/inventory_builder.h"

namespace rescind {

// Bytes that must be readable after the text of a record.
inline constexpr std::size_t kRecordPadding = 64;

struct RecordLimits {
  std::size_t max_string_bytes = 64UL * 1024;        // of one string in a record
  std::size_t max_record_bytes = 4UL * 1024 * 1024;  // of one line or array element
};

class RecordReader {
 public:
  RecordReader(InventoryBuilder& builder, const RecordLimits& limits);
  ~RecordReader();
  RecordReader(const RecordReader&) = delete;
  RecordReader& operator=(const RecordReader&) = delete;

  // Reads one record; kRecordPadding bytes after `text` must be readable. `line` is 1-based.
  void read_record(std::string_view text, std::uint32_t line);
  // Names a record that is longer than max_record_bytes; `head` is what was read of it.
  void refuse_large(std::string_view head, std::uint32_t line);

 private:
  class Reader;
  std::unique_ptr<Reader> reader_;
};

}  // namespace rescind
