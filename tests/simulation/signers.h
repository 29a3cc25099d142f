// People who approve with a key of their own, and the one whom `keeper` lets approve for them.
#pragma once

#include <string>

#include "drive.h"

namespace rescind::simulation {

inline constexpr const char* kKeeper = "keeper";
inline constexpr const char* kDeputy = "deputy";

std::string public_key_of(const std::string& person);

// Signs for, or refuses, whatever that person may speak of in any run that is worked now, as
// `rescind approve` does. How many documents that were.
Result<std::size_t> sign_everywhere(Trace& trace, const ApprovalTime& approval);

}  // namespace rescind::simulation
