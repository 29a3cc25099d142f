// The plan stage: decisions in, ordered plan out. A pure function: no clock, no store, no
// connector; what it needs of them is in the options. docs/stages/plan.md explains the passes.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "model/capabilities.h"
#include "model/decision.h"
#include "model/plan.h"
#include "model/record.h"

namespace rescind {

// A change to an item that holds it contained, or took a right, and was not put back. With claims
// that were released, so that the state before the first of several can be found.
struct StandingChange {
  ContainmentClaim claim;  // of a right that was taken: made from the step that took it
  Verb verb = Verb::Disable;
  Reversible reversible = Reversible::Yes;
  bool captured = false;  // what it was before is in the store
  bool found_so = false;  // it was so already: nothing was changed
};

// The change before which the item was as it is to be again: the first of those that follow each
// other without a time in between at which the item was free. Null: none stands.
const StandingChange* first_standing(const std::vector<StandingChange>& changes);

struct PlanOptions {
  Seconds expiry{24 * 3600};    // plan_expiry of the configuration
  std::string steward;          // last in every chain; "" nobody
  bool looked_at_only = false;  // --as-of other than now
  std::string policy_revision;  // "" unknown
  std::string engine = "rescind 0.1.0";
  CapabilityMap systems;
  // Distinct subjects counted already in the limit's window: (qualified name, system or "") →
  // count.
  std::map<std::pair<std::string, std::string>, std::int64_t> limit_used;
  // Things about the inputs that a person should know; into the plan's own notes.
  std::vector<std::string> notes;
  // Other inputs that the digest covers, by name: connector versions and endpoints, time-zone data.
  std::map<std::string, std::string> bindings;
  // Whether the step is verified in an earlier run, or still open there: left out here. Absent:
  // none.
  std::function<bool(const std::string& step)> is_settled;
  // Steps of runs that this plan takes over: a step that is wanted again keeps its id.
  std::set<std::string> known_steps;
  // The retirement of the item that has not ended. Absent: none has begun.
  std::function<std::optional<RetirementRecord>(const std::string& item)> open_retirement;
  // What stands on the item, in the order of the runs that did it. Absent: nothing does.
  std::function<std::vector<StandingChange>(const std::string& item)> standing_on;
  // Runs that this plan takes over: it decides their events again.
  std::vector<std::string> supersedes;
  // Runs whose retirements go on in this plan; those of others are joined.
  std::set<std::string> continued_runs;
  // Who leaves by an event that this plan is not about: nobody to approve, receive or stay in
  // charge.
  std::set<std::string, std::less<>> leaving;
  // Reported events that were taken back; shown, decided on no more.
  std::vector<Event> withdrawn;
  // What the step's connector would send, one line each. Empty: previews stay empty.
  std::function<std::vector<std::string>(const PlanStep&)> preview;
};

// Never fails: what cannot be planned is in the plan (undetermined, needs_person, infeasible).
// `as_of` is the decisions' own.
Plan build_plan(const Decisions& decisions, const PlanOptions& options);

}  // namespace rescind
