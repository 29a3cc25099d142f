// The checks of the end, by what they look at.
#pragma once

#include "evidence.h"

namespace rescind::simulation {

// Plans and journals: order, replay, nothing lost, containment in time.
void check_records(Evidence& evidence);
// Each change in the systems: authority, destruction, holds, limits, owners, successors.
void check_changes(Evidence& evidence);
// Who approved, received and was called.
void check_people(Evidence& evidence);
// What is left, what was reached when, what claims say, how long retirements took.
void check_access(Evidence& evidence);

}  // namespace rescind::simulation
