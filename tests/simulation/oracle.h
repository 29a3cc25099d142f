// The invariants, judged on what happened in the simulated systems and on what the store says; it
// calls no function of the engine that decides anything.
#pragma once

#include "drive.h"

namespace rescind::simulation {

// After the engine has done what was due.
void check_pause(Trace& trace);
// When nothing is left to happen.
void check_end(Trace& trace);

}  // namespace rescind::simulation
