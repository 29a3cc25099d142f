// `rescind simulate`: months in milliseconds. The program's own functions run on a simulated clock
// and simulated systems; a script says what people and systems do meanwhile.
#pragma once

#include <string>
#include <vector>

#include "simulate/script.h"
#include "simulate/simulation.h"
#include "simulate/timeline.h"

namespace rescind {

struct SimulationRequest {
  const LoadedPolicy* policy = nullptr;
  std::string records;  // the organisation, JSON Lines
  std::vector<Event> events;
  std::vector<ScriptEntry> script;
  Instant begin{}, end{};
  SimulationOptions options;
};

// Errors: those of an in-memory store; a plan that cannot be applied is a line of the timeline.
Result<Timeline> simulate(const SimulationRequest& request);

}  // namespace rescind
