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

// Reads files and folders and, where `paths` says "store", the collected records. `store` may be
// null when they do not. Errors: of files and of the store. Bad records never fail: see
// Inventory::rejected.
Result<std::shared_ptr<const Inventory>> load_inventory(const std::vector<std::string>& paths,
                                                        Store* store,
                                                        std::shared_ptr<const Schema> schema,
                                                        const CollectOptions& options,
                                                        Diagnostics& diagnostics);

}  // namespace rescind
