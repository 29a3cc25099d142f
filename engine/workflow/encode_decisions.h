// Decisions as JSON, one object per cause: what `rescind evaluate` prints and POST /v1/evaluate
// answers.
#pragma once

#include <string>
#include <vector>

#include "model/decision.h"

namespace rescind {

// One compact JSON object per cause, in the order of the causes:
//   {"event":{"type","subject","at","id","source","lineage","derived_by"},
//    "decisions":[{"item","kind","system","holder","verb","rule","clause","certainty","because"}],
//    "held":[{"item","hold","certainty"}],"justified":[{"item","by"}],"undetermined":[{"item"|"identity","why"}]}
// held, justified and undetermined belong to all causes together and stand in the first object
// only.
std::vector<std::string> encode_decisions(const Decisions& decisions);

}  // namespace rescind
