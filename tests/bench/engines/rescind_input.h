// Rescind's side of the benchmark: the generated policy, inventory and events through the engine's
// own stages.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "model/decision.h"
#include "model/event.h"
#include "model/inventory.h"
#include "model/program.h"

namespace bench {

struct Policy {
  std::shared_ptr<const rescind::CheckedPolicy> checked;
  double parse_s = 0;  // text to syntax tree
  double check_s = 0;  // syntax tree to checked policy
};

// All of these end the process when something is wrong: the input is ours.
std::string read_text(const std::string& path);
// Each file is (name, text); all of them are active.
Policy check_policy_files(const std::vector<std::pair<std::string, std::string>>& files);
std::shared_ptr<const rescind::Inventory> load_inventory(
    const std::string& path, std::shared_ptr<const rescind::Schema> schema, bool with_digest);
std::vector<rescind::Event> load_events(const std::string& path, std::size_t limit);

// The event as a cause of its own, its type and subject resolved.
rescind::Cause cause_of(const rescind::Event& event, const rescind::Inventory& inventory);

}  // namespace bench
