// What advance_run is made of: one run that is claimed, with the facts that its decisions need.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "evaluate/gate.h"
#include "execute/approvals.h"
#include "execute/retirement.h"
#include "store/run_plan.h"
#include "workflow/advance.h"
#include "workflow/decide_again.h"

namespace rescind::advance {

// One claimed run between two rounds of work. Everything that it changes is durable at once.
class OpenRun {
 public:
  OpenRun(const AdvanceRequest& request, Store::Claim claim, RunPlan plan, Clock& clock,
          std::vector<std::string>& lines)
      : request_(request),
        store_(*request.plan.store),
        claim_(std::move(claim)),
        plan_(std::move(plan)),
        clock_(clock),
        lines_(lines) {}

  // Reads what the store knows. To be called first.
  Status read();

  // Each gives whether there is something to work now that was not there before.
  Result<bool> move_retirements();
  Result<bool> decide_appointments();
  Result<bool> look_after_sweep();

  [[nodiscard]] const Plan& plan() const { return plan_.plan; }

  // Facts, once they were needed; null: they were not.
  [[nodiscard]] const std::shared_ptr<const Inventory>& inventory() const { return inventory_; }

  // Exactly when time alone moves something, and now and then while evidence may.
  [[nodiscard]] std::optional<Instant> next_look() const;

  Status set_due(const std::optional<Instant>& due) {
    return store_.set_run_due(claim_.run.id, claim_.run.epoch, due);
  }

 private:
  struct Use {
    execute::UseBy by = execute::UseBy::Nobody;
    std::string who, denied;
  };

  // Lists systems again where evidence or a sweep asks for it.
  Status need_facts(const std::vector<std::string>& systems);
  Status need_fresh_plan();
  Status need_approvals();
  void point() const;
  JournalRecord line(RecordEntry entry, const std::string& detail) const;

  // What a supplement adds: steps, and retirements that begin or move with them.
  struct Addition {
    std::vector<PlanStep> steps;
    Instant expires{};
    std::vector<PlannedRetirement> retirements{};
    std::vector<RetirementRecord> records{};
  };

  Status extend(RecordEntry entry, const std::string& why, Addition addition);
  [[nodiscard]] std::vector<PlanStep> due_appointments() const;
  [[nodiscard]] bool still_asks(const PlanStep& step, const AppointmentAgain& again) const;
  Status put_off(const PlanStep& step, const AppointmentAgain& again);
  [[nodiscard]] bool is_swept() const;
  Result<Addition> find_new_items();
  [[nodiscard]] std::set<std::string> successors_made() const;
  [[nodiscard]] const StepRecord* record_of(const std::string& step) const;

  // --- retirements (advance_retirement.cc)
  Result<bool> follow_joined(const RetirementRecord& record, const PlannedRetirement& planned);
  [[nodiscard]] bool is_out_of_date(const RetirementRecord& record,
                                    const execute::StageShape& stage) const;
  Result<bool> move_one(RetirementRecord record, const PlannedRetirement& planned);
  // --- what is known of them (advance_facts.cc)
  Result<execute::RetirementFacts> facts_of(const RetirementRecord& record,
                                            const PlannedRetirement& planned,
                                            const std::vector<execute::StageShape>& stages);
  void read_steps(const RetirementRecord& record, const PlannedRetirement& planned,
                  const std::vector<execute::StageShape>& stages,
                  execute::RetirementFacts& facts) const;
  void read_gate(const RetirementRecord& record, const PlannedRetirement& planned,
                 execute::RetirementFacts& facts);
  Status read_use(const RetirementRecord& record, const PlannedRetirement& planned,
                  execute::RetirementFacts& facts) const;
  void read_coverage(const RetirementRecord& record, const PlannedRetirement& planned,
                     execute::RetirementFacts& facts) const;
  void read_people(const RetirementRecord& record, const PlannedRetirement& planned,
                   const execute::StageShape& stage, execute::RetirementFacts& facts) const;
  Status read_causes(const RetirementRecord& record, const PlannedRetirement& planned,
                     execute::RetirementFacts& facts);
  [[nodiscard]] std::vector<const PlanStep*> steps_of(const RetirementRecord& record,
                                                      const std::string& stage) const;
  Status need_leavers(const RetirementRecord& record);
  [[nodiscard]] Result<Instant> untouched_until(const RetirementRecord& record) const;

  // --- what they ask for (advance_retirement.cc)
  // Decides the steps of a destroying stage again; their fresh forms.
  Result<std::vector<PlanStep>> decide_stage(const RetirementRecord& record,
                                             const execute::StageShape& stage,
                                             execute::RetirementFacts& facts);
  Result<bool> ask_to_return(const RetirementRecord& record, const PlannedRetirement& planned,
                             const execute::StageShape& stage);
  // A stage that the plan had no steps for (a hold, nobody to approve) is planned today. Gives
  // whether it has some now.
  Result<bool> complete_stage(const RetirementRecord& record, const PlannedRetirement& planned);
  std::vector<PlanStep> steps_anew(const RetirementRecord& next, const PlannedRetirement& planned,
                                   const std::string& from_stage) const;

  const AdvanceRequest& request_;
  Store& store_;
  Store::Claim claim_;
  RunPlan plan_;
  Clock& clock_;
  std::vector<std::string>& lines_;
  std::vector<StepRecord> steps_;
  std::vector<RetirementRecord> retirements_;
  std::shared_ptr<const Inventory> inventory_;
  std::set<std::string> leavers_, asked_whether_leaving_;
  std::unique_ptr<GateJudge> gates_;
  std::optional<Plan> fresh_;
  std::unique_ptr<execute::Approvals> approvals_;
};

}  // namespace rescind::advance
