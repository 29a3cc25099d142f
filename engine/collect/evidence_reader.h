// Records that say something about an item or system: usage, coverage,
// delivery and successor.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>

#include "collect/inventory_builder.h"
#include "collect/record_json.h"
#include "collect/record_reader.h"

namespace rescind {

// Reads one such record. Nothing of it is kept when something in it is wrong.
class EvidenceReader {
 public:
  // `record`: its word. `word_read`: the field that says so is behind the reader.
  EvidenceReader(InventoryBuilder& builder, const RecordLimits& limits, std::string record,
                 bool word_read);

  // Reads the fields that are left. An error: the JSON is broken.
  simdjson::error_code read(JsonFields& at);
  // Hands the record to the builder, or names what is wrong with it.
  void add(std::uint32_t line);

 private:
  bool read_field(const std::string& name, json::value value);
  bool read_kinds(json::value& value);
  void spoil(Code code, std::string why);
  [[nodiscard]] std::string required_text(const std::string& name);
  [[nodiscard]] Instant required_instant(const std::string& name);
  [[nodiscard]] Symbol optional_symbol(const std::string& name) const;

  InventoryBuilder& builder_;
  const RecordLimits& limits_;
  std::string record_;
  std::unordered_map<std::string, std::string> texts_;
  KindSet kinds_;
  std::string bad_;  // why it cannot be used, "" when it can
  Code code_ = Code::R0506;
};

}  // namespace rescind
