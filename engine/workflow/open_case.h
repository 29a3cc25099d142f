// What the store knows of the subjects of new events: the other events about them that are still
// worked, the runs that work them, what was done there. Events on one subject are decided together.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/event.h"
#include "model/record.h"
#include "model/schema.h"
#include "plan/build.h"
#include "store/store.h"

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
Result<OpenCase> gather_case(Store& store, const Schema& schema, std::vector<Event> events,
                             Instant now);

// Steps of runs that need not be planned again: those still open in runs that are neither taken
// over nor decided again, and those done whose effect no inventory shows.
Result<std::set<std::string>> find_settled_steps(Store& store,
                                                 const std::vector<std::string>& supersedes,
                                                 const std::string& again);

// Retirements that have not ended, by item; with `again` only those of that run.
Result<std::map<std::string, RetirementRecord>> find_open_retirements(Store& store,
                                                                      const std::string& again);

// What runs made to take the place of something, a login that came with it included: item → when.
Result<std::map<std::string, Instant>> find_successors(Store& store);

// What stands on items, for rules that restore.
Result<std::map<std::string, std::vector<StandingChange>>> find_standing(Store& store);

}  // namespace rescind
