// The steps of a retirement that went back to an earlier stage: what was disabled is restored, and
// everything from that stage on stands again, under the next generation.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/plan.h"

namespace rescind {

struct GenerationRequest {
  std::string retirement;        // id, of the plan
  std::string stage;             // that it returns to
  std::uint32_t generation = 2;  // the new one
  std::string run;               // in which the steps of the generation before were done
  Instant now{};
};

// Equal to the plan's steps of those stages but for id, generation, and deadlines that have passed.
// The restoring steps are approved by whom the stage names, else by whom the retirement calls
// first. Nothing: the plan has no such retirement or stage.
std::vector<PlanStep> steps_for_generation(const Plan& plan, const GenerationRequest& request);

}  // namespace rescind
