// The inventory that decisions are made on: files of the project and what `rescind collect` stored.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "collect/collect_inventory.h"
#include "model/inventory.h"
#include "store/store.h"

namespace rescind {

// The word among the configured inventory paths that stands for what the store collected.
inline constexpr std::string_view kStoreInventory = "store";

// What was given last. As long as the inputs, which must all come from the store, say the same, it
// is given again and nothing is parsed. For one schema and one set of options; used by one thread.
struct InventoryMemory {
  std::vector<InventoryInput> inputs;
  std::shared_ptr<const Inventory> inventory;
};

// Reads files and folders and, where `paths` says "store", the collected records. `store` may be
// null when they do not. Errors: of files and of the store. Bad records never fail: see
// Inventory::rejected. What is remembered brings no diagnostics again.
Result<std::shared_ptr<const Inventory>> load_inventory(
    const std::vector<std::string>& paths, Store* store, std::shared_ptr<const Schema> schema,
    const CollectOptions& options, Diagnostics& diagnostics, InventoryMemory* memory = nullptr);

}  // namespace rescind
