// The collect stage: inventory files and what connectors found become one sealed snapshot. Bad
// records are named and left aside, never fatal.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "collect/inventory_builder.h"
#include "collect/record_reader.h"
#include "diagnostics/diagnostic.h"
#include "model/inventory.h"

namespace rescind {

// Where records come from: a file, a folder (searched for .jsonl, .json, .yaml, .yml and .csv
// files), or text that somebody already holds.
struct InventoryInput {
  std::string name;                     // path; or, with `text`, what messages call it
  std::optional<std::string> text;      // the records themselves; the name's extension gives the
                                        // format, without one JSON Lines
  std::optional<Instant> collected_at;  // when a connector listed them
  std::vector<std::string>
      incomplete;  // "SYSTEM kind: why" for listings that failed or were cut short

  bool operator==(const InventoryInput&) const = default;
};

struct CollectOptions {
  RecordLimits limits;
  SealOptions seal;
  std::size_t max_file_bytes = 256UL * 1024 * 1024;  // of formats read as a whole: JSON, YAML, CSV
};

// Reads all inputs in the order of their file names. Every bad record is in Inventory::rejected;
// the first of them are also warnings in `diagnostics`. Errors: a path that is not there or
// unreadable.
Result<std::shared_ptr<const Inventory>> collect_inventory(
    const std::vector<InventoryInput>& inputs, std::shared_ptr<const Schema> schema,
    const CollectOptions& options, Diagnostics& diagnostics);

// The inventory of JSON Lines in memory, for tests and tools.
std::shared_ptr<const Inventory> collect_inventory_from_text(std::string_view json_lines,
                                                             std::shared_ptr<const Schema> schema);

// A record as a connector gave it, with the key by which its holder is found.
std::string with_holder_key(std::string_view record_json, std::string_view holder_key);

}  // namespace rescind
