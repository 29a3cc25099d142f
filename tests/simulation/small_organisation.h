// An organisation that is small enough to say what happens in it: p1 and p2 in two systems, a
// machine with a key that p1 owns and knows, a week and a half.
#pragma once

#include "drive.h"

namespace rescind::simulation {

Scenario small_scenario();
// Reports an event of that person, `after` the beginning.
void happens(Scenario& scenario, const std::string& type, const std::string& person, Seconds after);

}  // namespace rescind::simulation
