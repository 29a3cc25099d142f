// A run being worked: its next action in each system, what an action came to, and at the end what
// each step waits for, in the store. A Fleet drives it.
#pragma once

#include <memory>
#include <optional>
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
      const ExecuteOptions& options, SystemBook& book);

  // Reads what the store knows. To be called first.
  Status begin();

  // Those of its steps; "" for what is done in none.
  [[nodiscard]] std::vector<std::string> systems() const;
  [[nodiscard]] std::optional<NextAction> next_action(
      const std::string& system, const std::vector<const PlanStep*>& elsewhere) const;
  [[nodiscard]] const PlanStep& step(std::size_t slot) const;
  // Its next action there asks the system whether it is the one of the plan.
  [[nodiscard]] bool has_to_greet(const std::string& system) const;
  // The action under way; the job may run in another thread.
  Workers::Job start(std::size_t slot, std::size_t lane);
  // Errors: of the store; nothing more may be started then.
  Status take_in(std::size_t slot, const Result<ActionReport>& report);
  // How long until something may change by itself; nothing: only from outside.
  [[nodiscard]] std::optional<Milliseconds> until_change() const;
  // Nothing is left to do now, and nothing is under way.
  Result<RunReport> conclude();

 private:
  Status record_approvals(std::vector<StepRecord>& steps);
  Status add_word(const std::string& by, const std::string& step, const std::string& binding);
  Status approve_by_name();
  Status let_pass_by_name(const std::vector<StepRecord>& steps);
  Status cancel_passed();
  Status claim_what_is_held(const ClaimMap& claims);
  Status contain_again(const std::string& item);
  Status finish(RunState state);
  Status finish_undoing();
  Result<std::map<std::string, std::vector<std::string>>> list_put_back();
  Result<bool> leaves_something_to_decide();
  [[nodiscard]] std::optional<Error> other_than_planned(const std::string& system,
                                                        const Capabilities& can) const;
  void connect_missing();
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
  SystemBook& book_;
  // Systems that were asked for their capabilities. The calling thread's.
  std::set<std::string> greeted_;
};

}  // namespace rescind::execute
