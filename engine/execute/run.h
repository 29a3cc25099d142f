// A run being worked: dispatches actions to the workers until nothing is left to do now, then says
// in the store what each step waits for.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "execute/approvals.h"
#include "execute/execute_plan.h"
#include "execute/journal.h"
#include "execute/schedule.h"
#include "execute/workers.h"

namespace rescind::execute {

class Run {
 public:
  // References are borrowed.
  Run(const RunPlan& run, Store::Claim claim, Store& store, ConnectorSet& connectors, Clock& clock,
      const ExecuteOptions& options);

  Result<RunReport> work();

 private:
  Status record_approvals(std::vector<StepRecord>& steps);
  Status cancel_passed();
  Status claim_what_is_held(const ClaimMap& claims);
  Status finish(RunState state);
  Status finish_undoing();
  Result<std::map<std::string, std::vector<std::string>>> list_put_back();
  Result<bool> leaves_something_to_decide();
  Status dispatch_all();
  void start(std::size_t index, std::size_t lane);
  Workers::Job job_of(std::size_t index, std::size_t lane);
  Result<ActionReport> act(const PlanStep& step, StepRecord record, Effort& effort,
                           const ActionContext& context);
  Status take_in(std::vector<Workers::Done> done);
  Status connect_missing();
  Status say_what_waits();
  Status update_wait(Slot& slot, const Readiness& readiness);
  [[nodiscard]] RunState state_now() const;
  RunReport report() const;
  void tell(StepProgress::What what, const Slot& slot) const;

  const RunPlan& run_plan_;
  const Plan& plan_;
  Store::Claim claim_;
  Store& store_;
  ConnectorSet& connectors_;
  Clock& clock_;
  const ExecuteOptions& options_;
  RunJournal journal_;
  RestoreMap restores_;
  std::vector<RetirementRecord> retirements_;
  std::unique_ptr<Approvals> approvals_;
  std::unique_ptr<Schedule> schedule_;
  // Touched by the calling thread only: systems that were asked for their capabilities, and those
  // of them that have not answered yet, with the slot whose action asks.
  std::set<std::string> greeted_;
  std::map<std::string, std::size_t> greeting_;
  Workers workers_;  // last: its threads end before what they use
};

}  // namespace rescind::execute
