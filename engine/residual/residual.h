// The residual-access search: through what could an identity still get in or act, and until when,
// once certain changes hold? Used before (a plan's claim) and after (observed facts: the closure
// proof). docs/plans.md gives the rules in words.
#pragma once

#include <optional>
#include <vector>

#include "model/capabilities.h"
#include "model/inventory.h"
#include "model/plan.h"

namespace rescind {

// From `at` on, what the verb does to the item holds (disabled, revoked, rotated, removed …).
struct AssumedChange {
  ItemRef item;
  Verb verb = Verb::Disable;
  Instant at{};
};

// From `at` on, everything live under the account has been listed and ended: what was minted before
// is gone.
struct AssumedSweep {
  ItemRef account;
  Instant at{};
};

struct ResidualQuery {
  IdentityRef subject;
  Instant from{};  // paths that end before it are not reported
  std::vector<AssumedChange> changes;
  std::vector<AssumedSweep> sweeps;
  // Credentials that the subject knows besides those it holds. Nothing: the inventory is searched.
  std::optional<std::vector<ItemRef>> known;
  const CapabilityMap* systems = nullptr;  // borrowed; may be null
};

struct ResidualAccess {
  std::vector<ResidualPath> paths;  // open or unknown after the changes; sorted
  // When the last path closes; nothing: one never does, or cannot be told.
  std::optional<Instant> last_path_closes_at;
};

// Every path that is still open or unknown after the last of the assumed changes. Equal inputs give
// equal results; the cost depends on what the subject holds and knows, not on the inventory's size
// (except when `known` is not given).
ResidualAccess find_residual_access(const Inventory& inventory, const ResidualQuery& query);

}  // namespace rescind
