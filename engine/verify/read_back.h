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

// By id of a step that put something back: the step that had changed it.
using Originals = std::map<std::string, PlanStep>;

// One proof per step of the plan, in its order. `records` are parallel to the plan's steps.
std::vector<StepProof> read_back(const Plan& plan, const std::vector<StepRecord>& records,
                                 const Originals& originals, ConnectorSet& connectors,
                                 bool inline_workers);

}  // namespace rescind::verify
