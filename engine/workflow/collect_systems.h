// Lists what the systems hold and keeps it in the store: `rescind collect`.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "connect/connector_set.h"
#include "store/store.h"
#include "workflow/collect_usage.h"

namespace rescind {

struct CollectedListing {
  std::string system, kind;  // kind "": the whole system could not be asked
  std::uint64_t records = 0;
  bool complete = false;
  std::string why;  // when not complete
};

// Asks every connector (or those of `only`, when not empty) one after the other and replaces what
// the store knows, listing by listing. A listing that failed or was cut short removes nothing.
// What a system saw of use is kept too, under the kind "usage" of the report. `progress` is told
// the system that is asked now. Errors: of the store; a system's own failure is in its listing.
Result<std::vector<CollectedListing>> collect_systems(
    ConnectorSet& connectors, const std::vector<std::string>& only, Store& store, Clock& clock,
    const std::function<void(const std::string&)>& progress, const UseNames& names = {});

}  // namespace rescind
