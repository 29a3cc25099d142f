// What earlier runs did and still do, as far as the plan that is being made asks. Runs about others
// are not read: they are found by item and step.
#pragma once

#include <map>
#include <memory>
#include <optional>
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

 private:
  Result<bool> find_settled(const std::string& step);
  Result<std::optional<RetirementRecord>> find_retirement(const std::string& item);
  Result<std::vector<StandingChange>> find_standing(const std::string& item);

  StoredPlans& plans_;
  std::vector<std::string> supersedes_;
  std::string again_;
  Status status_;
};

// What runs made to take the place of something, a login that came with it included: item → when.
Result<std::map<std::string, Instant>> find_successors(Store& store);

}  // namespace rescind
