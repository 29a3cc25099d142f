// What the store knows of the subjects of new events: the other events about them that are still
// worked, the runs that work them, what was done there. Events on one subject are decided together.
// Runs about others are not read.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/event.h"
#include "model/schema.h"
#include "workflow/earlier_runs.h"

namespace rescind {

struct OpenCase {
  // New and open ones, of each the newest revision; those taken back stand apart.
  std::vector<Event> events, withdrawn;
  std::vector<std::string> supersedes;  // runs that worked them
  std::set<std::string> known_steps;    // of those runs
  std::vector<std::string> notes;
};

// Where every one of `events` is worked already, they are all that there is: nothing is superseded.
// Otherwise the open runs about their subjects, and what else those runs are about.
Result<OpenCase> gather_case(StoredPlans& plans, const Schema& schema, std::vector<Event> events,
                             Instant now);

}  // namespace rescind
