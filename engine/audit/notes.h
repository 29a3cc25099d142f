// What the engine's own records say in the evidence log. Every function gives the same note for the
// same input, so that the journal can be held against the log later.
#pragma once

#include <vector>

#include "audit/entry.h"
#include "model/plan.h"
#include "model/record.h"

namespace rescind {

// A record of the journal, with its sequence number there as `record`.
AuditNote note_of(const JournalRecord& record);

// What a plan decided and what it will do: events, decisions, steps, what is excepted, and the ways
// in that it leaves. `at` and `run` of the notes are given by the store that opens the run.
std::vector<AuditNote> notes_of(const Plan& plan);

}  // namespace rescind
