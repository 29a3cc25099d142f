// The index over rules: which rules can hold at all, by event type and by equality conditions on
// scalar values.
#pragma once

#include <vector>

#include "compile/graph.h"

namespace rescind {

// Fills rules_on and guards. `conjuncts` are those of each rule's `when`; returns per rule those
// that no guard decides.
std::vector<std::vector<NodeId>> index_rules(Graph& graph, Program& program,
                                             const std::vector<std::vector<NodeId>>& conjuncts);

}  // namespace rescind
