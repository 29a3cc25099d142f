// Containment claims: which causes hold an item contained once a step is done, and what putting an
// item back needs: the state from before, and that nobody else still claims it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "connect/connector.h"
#include "model/plan.h"
#include "model/record.h"
#include "store/store.h"

namespace rescind::execute {

using ClaimMap = std::map<std::string, std::vector<ContainmentClaim>>;  // by step

// The claims that each containing step of the plan makes when it is done.
ClaimMap claims_of(const Plan& plan, const std::string& run);

// A retirement of another run that follows the steps of this one's.
struct JoinedRetirement {
  RetirementRecord record;
  PlannedRetirement planned;
  std::vector<ContainmentClaim> claims;  // of its causes on the item; run and step are the caller's
};

// Those that have not ended. Errors: of the store, Corrupt.
Result<std::vector<JoinedRetirement>> list_joined(Store& store, const RetirementRecord& record);

// Adds to the containing steps of the run's retirements the claims of what joined them.
Status add_joined_claims(const Plan& plan, const std::vector<RetirementRecord>& retirements,
                         Store& store, ClaimMap& claims);

// Claims of the run's causes on items that the retirements which it joined hold contained already,
// and that it does not have yet.
Result<std::vector<ContainmentClaim>> claims_by_joining(const Plan& plan, Store& store,
                                                        Instant now);

// What a restoring step puts back.
struct RestoreTarget {
  ActionRequest original;           // as it was sent, with the state from before
  std::vector<std::string> causes;  // whose claims on the item this drops
  std::string why_not;              // "" it can be tried
};

using RestoreMap = std::map<std::string, RestoreTarget>;  // by step

// The step holds its item contained for every cause behind it once it is done.
bool claims_its_item(const PlanStep& step);

// Errors: of the store.
Result<RestoreMap> read_restores(const Plan& plan, Store& store);

// The event that is the cause of a claim; null: the plan does not know it. Borrowed from the plan.
const Event* event_of_claim(const Plan& plan, const std::string& cause);

// What the plan releases although its items stay as they are, because other causes hold them.
std::vector<ClaimRelease> releases_alone(const Plan& plan);

// Who else keeps the item contained; "" nobody.
Result<std::string> standing_claims(Store& store, const std::string& item,
                                    const std::vector<std::string>& but);

// A claim on the item that stands and was made by disabling it; nothing: there is none. Errors: of
// the store.
Result<std::optional<ContainmentClaim>> find_standing_disable(Store& store,
                                                              const std::string& item);

}  // namespace rescind::execute
