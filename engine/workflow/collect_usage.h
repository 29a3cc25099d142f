// Asks a system what it saw of the use of its items, and keeps the answer in the store.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "connect/connector.h"
#include "store/store.h"

namespace rescind {

// By what name systems show a dependent → who that is (deliveries' `used_as`).
using UseNames = std::map<std::string, std::string>;

// Keeps the latest use per item, user, source and outcome, and coverage: a span that goes on where
// the stored one of its source ends makes that one longer. Gives the number of usage records;
// nothing when the system shows no use. Errors: of the system and of the store.
Result<std::optional<std::uint64_t>> collect_usage(Connector& connector, const std::string& system,
                                                   Store& store, const Clock& clock,
                                                   const UseNames& names);

}  // namespace rescind
