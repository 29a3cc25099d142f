// Reading steps back through their connectors, one thread per system or one after the other.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/clock.h"
#include "connect/connector_set.h"
#include "model/outcome.h"
#include "model/plan.h"
#include "model/record.h"

namespace rescind::verify {

// One proof per step of the plan, in its order. `records` are parallel to the plan's steps, and
// `restored` has the step that each `restore` of the plan puts back.
std::vector<StepProof> read_back(const Plan& plan, const std::vector<StepRecord>& records,
                                 const std::map<std::string, PlanStep>& restored,
                                 ConnectorSet& connectors, bool inline_workers);

}  // namespace rescind::verify
