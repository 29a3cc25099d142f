// What earlier runs did and still do, as far as the plan that is being made asks. Runs about others
// are not read: they are found by item and step.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "model/plan.h"
#include "model/record.h"
#include "plan/build.h"
#include "store/store.h"

namespace rescind {

// Plans of runs with their supplements; each is read once.
class StoredPlans {
 public:
  explicit StoredPlans(Store& store) : store_(store) {}

  [[nodiscard]] Store& store() { return store_; }

  // Lives as long as this. Errors: those of the store, Corrupt.
  Result<const Plan*> of(const std::string& run);

 private:
  Store& store_;
  std::map<std::string, std::shared_ptr<const Plan>> known_;
};

// What earlier runs did and still do, asked while a plan is made. A question that the store does
// not answer is answered with nothing and remembered in `status`: the plan is not to be used then.
class EarlierRuns {
 public:
  // `supersedes`: the runs that the plan takes over. `again`: the run that is decided again; ""
  // none.
  EarlierRuns(StoredPlans& plans, std::vector<std::string> supersedes, std::string again)
      : plans_(plans), supersedes_(std::move(supersedes)), again_(std::move(again)) {}

  // Whether the step need not be planned again: it is still open in a run that is neither taken
  // over nor decided again, or it is done and no inventory shows its effect.
  bool is_settled(const std::string& step);
  // The retirement of the item that has not ended; of the run that is decided again, if one is.
  std::optional<RetirementRecord> open_retirement(const std::string& item);
  // What stands on the item, for rules that restore.
  std::vector<StandingChange> standing_on(const std::string& item);

  [[nodiscard]] const Status& status() const { return status_; }

  // What was done to one item: changes that stand, as above, and the steps (run, step) that were
  // put back. Errors: of the store, Corrupt.
  struct OnItem {
    std::vector<StandingChange> changes;
    std::set<std::pair<std::string, std::string>> put_back;
  };

  Result<OnItem> find_on(const std::string& item);

 private:
  Result<bool> find_settled(const std::string& step);
  Result<bool> has_joined(const RetirementRecord& record);
  Result<std::optional<RetirementRecord>> find_retirement(const std::string& item);
  Status add_changes(const RunRecord& run, const std::string& item,
                     const std::vector<ContainmentClaim>& claims, OnItem& out);

  StoredPlans& plans_;
  std::vector<std::string> supersedes_;
  std::string again_;
  Status status_;
};

// The run's steps of which the store has what their item was before.
Result<std::set<std::string>> captured_steps(Store& store, const std::string& run,
                                             const Plan& plan);

// What runs made to take the place of something, a login that came with it included: item → when.
Result<std::map<std::string, Instant>> find_successors(Store& store);

}  // namespace rescind
