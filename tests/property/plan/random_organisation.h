// Random organisations, small and full of traps: federation that names itself, machines that depend
// on each other, last administrators, licenses with data, events that are late or far ahead.
#pragma once

#include "organisation.h"

namespace rescind::test {

struct RandomOptions {
  bool limits = true;
  bool retires = true;
  bool replaces = true;  // `replace` clauses: these may delay containment, visibly
};

// To be called inside a rapidcheck property.
Organisation random_organisation(const RandomOptions& options);
// A clause that contains or strips, as one may be added to a policy.
Rule random_urgent_rule(const std::string& name);

// The organisation as it is once every step of the plan is done, and the steps that leave no trace
// in records, by id.
struct Applied {
  Organisation organisation;
  std::set<std::string> settled;
};

Applied apply_plan(const Organisation& organisation, const Plan& plan);
Organisation shuffled(const Organisation& organisation);

}  // namespace rescind::test
