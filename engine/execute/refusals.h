// Refusals of people: a step that nobody may start any more ends, and the journal says by whom and
// why.
#pragma once

#include <vector>

#include "base/result.h"
#include "execute/approvals.h"
#include "execute/journal.h"
#include "model/plan.h"
#include "model/record.h"
#include "store/store.h"

namespace rescind::execute {

// The plans whose runs this plan's run took over, and those that they took over, with their
// supplements.
Result<Ancestry> read_ancestry(const Plan& plan, Store& store);

// Ends every step that has not begun and was refused, in the store and in `steps` (in the plan's
// order).
Status end_refused(const Plan& plan, const Approvals& approvals, std::vector<StepRecord>& steps,
                   RunJournal& journal, Instant now);

}  // namespace rescind::execute
