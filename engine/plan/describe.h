// Words of a step that follow from its verb and item: what can be undone and how, how it is seen to
// be done, which facts must still hold when it starts.
#pragma once

#include "plan/draft.h"

namespace rescind {

// Fills undo, reversible, probe and facts of a step made from the order.
void describe_step(const Draft& draft, const Order& order, PlanStep& step);

}  // namespace rescind
