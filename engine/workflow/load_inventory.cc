// Files and stored listings as one set of inputs to collect.
#include "workflow/load_inventory.h"

#include <algorithm>
#include <map>

namespace rescind {
namespace {

// One input per system: its records as JSON Lines, when they were listed, what was cut short.
Result<std::vector<InventoryInput>> stored_inputs(Store& store) {
  RESCIND_ASSIGN_OR_RETURN(const std::vector<StoredListing> listings, store.list_listings());
  RESCIND_ASSIGN_OR_RETURN(const std::vector<StoredInventoryRecord> records,
                           store.list_inventory());
  std::map<std::string, InventoryInput> inputs;
  for (const StoredListing& listing : listings) {
    InventoryInput& input = inputs[listing.system];
    input.name = "collect:" + listing.system;
    input.text.emplace();
    // The oldest listing says how fresh the whole is.
    input.collected_at =
        std::min(input.collected_at.value_or(listing.collected_at), listing.collected_at);
    if (!listing.complete) {
      input.incomplete.push_back(listing.system + " " + listing.kind + ": " + listing.why);
    }
  }
  for (const StoredInventoryRecord& record : records) {
    InventoryInput& input = inputs[record.system];
    input.name = "collect:" + record.system;
    if (!input.text) {
      input.text.emplace();
    }
    *input.text += record.json;
    *input.text += '\n';
  }
  std::vector<InventoryInput> out;
  for (auto& [system, input] : inputs) {
    out.push_back(std::move(input));
  }
  return out;
}

}  // namespace

Result<std::shared_ptr<const Inventory>> load_inventory(
    const std::vector<std::string>& paths, Store* store, std::shared_ptr<const Schema> schema,
    const CollectOptions& options, Diagnostics& diagnostics, InventoryMemory* memory) {
  std::vector<InventoryInput> inputs;
  for (const std::string& path : paths) {
    if (path != kStoreInventory) {
      inputs.push_back({.name = path, .text = {}, .collected_at = {}, .incomplete = {}});
      continue;
    }
    if (store == nullptr) {
      return fail(ErrorKind::NotFound,
                  "the inventory is to come from the store, but no store is configured");
    }
    RESCIND_ASSIGN_OR_RETURN(std::vector<InventoryInput> stored, stored_inputs(*store));
    std::move(stored.begin(), stored.end(), std::back_inserter(inputs));
  }
  const bool from_store = std::all_of(inputs.begin(), inputs.end(),
                                      [](const InventoryInput& input) { return input.text; });
  if (memory == nullptr || !from_store) {
    return collect_inventory(inputs, std::move(schema), options, diagnostics);
  }
  if (!memory->inventory || memory->inputs != inputs) {
    memory->inventory.reset();
    RESCIND_ASSIGN_OR_RETURN(memory->inventory,
                             collect_inventory(inputs, std::move(schema), options, diagnostics));
    memory->inputs = std::move(inputs);
  }
  return memory->inventory;
}

}  // namespace rescind
