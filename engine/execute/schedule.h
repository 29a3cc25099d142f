// The schedule of a run: which step may act now, which waits for what, and when to look again. Pure
// bookkeeping over the plan's edges and the steps' states; it talks to no system and no store.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "execute/action.h"
#include "execute/approvals.h"
#include "execute/execute_plan.h"
#include "execute/system_book.h"
#include "model/plan.h"
#include "model/record.h"
#include "store/run_plan.h"

namespace rescind::execute {

using Milliseconds = std::chrono::milliseconds;

// A step with what this process knows of it.
struct Slot {
  const PlanStep* step = nullptr;
  StepRecord record;
  std::vector<std::size_t> weak, strong;  // predecessors, indexes of slots
  std::vector<LimitClaim> claims;
  bool account_is_disabled = false;  // sweeps: a step of this plan disables the account
  Effort effort;
  bool running = false;
  bool gave_up = false;                   // not again in this process
  bool parked = false;                    // a sweep that waits for what has not been seen
  std::optional<Milliseconds> not_until;  // monotonic
};

// A system as one run sees it.
struct RunSystem {
  SystemHealth* health = nullptr;  // as every run sees it
  bool closed = false;             // for this run alone: no connector, or not the one of its plan
  std::string why;
};

// The action of a system that should come next, and how urgent it is: the least first.
struct NextAction {
  using Order = std::tuple<Rank, bool, std::uint32_t>;

  std::size_t slot = 0;
  Order order;
};

// Whether a step may act, else what it waits for.
struct Readiness {
  bool ready = false;
  std::string wait;
  std::optional<Instant> due;  // when waiting for time
  bool person = false;         // somebody must do something first
};

class Schedule {
 public:
  // `steps` are the store's records of the plan's steps, `retirements` those of the run. References
  // are borrowed.
  Schedule(const RunPlan& run, std::vector<StepRecord> steps,
           const std::vector<RetirementRecord>& retirements, const Approvals& approvals,
           const ExecuteOptions& options, SystemBook& book);

  [[nodiscard]] std::vector<Slot>& slots() { return slots_; }

  [[nodiscard]] const std::vector<Slot>& slots() const { return slots_; }

  [[nodiscard]] const std::map<std::string, RunSystem>& systems() const { return systems_; }

  // For this run alone the system is not asked.
  void close(const std::string& system, std::string why);
  // Why the system is not asked; nothing: it is.
  [[nodiscard]] std::optional<std::string> closed_because(const std::string& system) const;
  // When a system that is not asked may be asked again.
  [[nodiscard]] Instant opens_at(const std::string& system, Instant now,
                                 Milliseconds monotonic) const;

  [[nodiscard]] Readiness readiness(const Slot& slot, Instant now) const;
  // The next step of the system that may act beside those that run there, in this run and in
  // others (`elsewhere`); nothing when none may. Never two on one account or item, never one that
  // ranks behind one of its own run.
  [[nodiscard]] std::optional<NextAction> next_action(
      const std::string& system, Instant now, Milliseconds monotonic,
      const std::vector<const PlanStep*>& elsewhere) const;
  // How long until something may change by itself; nothing: only from outside.
  [[nodiscard]] std::optional<Milliseconds> until_change(Instant now, Milliseconds monotonic) const;
  // Sweeps: which predecessors do not hold yet, "" none.
  [[nodiscard]] std::string unseen(const Slot& slot) const;
  // The limits that count the step, and which of them it may exceed.
  [[nodiscard]] std::vector<LimitClaim> claims(const Slot& slot, Instant now) const;
  // An action of the system starts now.
  void note_start(const std::string& system, Milliseconds monotonic);
  // Takes in what an action came to.
  void apply(std::size_t index, const ActionReport& report, Milliseconds monotonic);
  // Steps of the run that disabled the item and were done: to be done once more. They may act from
  // now on.
  std::vector<std::size_t> reopen_disable(const std::string& item);
  // A step that waits past the plan's expiry and destroys: decided again when due, never run here.
  [[nodiscard]] bool is_appointment(const Slot& slot, Instant now) const;
  // A step of a retirement that will not be there any more: a later stage has begun, or it began
  // anew, or it has ended.
  [[nodiscard]] bool has_passed(const Slot& slot) const;

  // Markers of the steps that this one repeats for a later generation of its retirement.
  [[nodiscard]] std::vector<std::string> earlier_markers(const Slot& slot) const;
  // A replacement that has begun is finished although its stage is over: what it made must not be
  // left alone, and who depends on it still has to get it.
  [[nodiscard]] bool is_finishing(const Slot& slot) const;

  // From now on nothing is destroyed, and why.
  void freeze(std::string why) { frozen_ = std::move(why); }

 private:
  void list_open_steps();
  [[nodiscard]] std::vector<const Slot*> running_in(const std::string& system) const;
  [[nodiscard]] Readiness stage_condition(const Slot& slot) const;
  [[nodiscard]] Readiness start_condition(const Slot& slot, Instant now) const;
  [[nodiscard]] Readiness strong_condition(const Slot& slot, Instant now) const;
  [[nodiscard]] bool weak_edge_open(const Slot& slot, const Slot& before, Instant now) const;
  void note_health(const std::string& system, const ActionReport& report, Milliseconds monotonic);

  const RunPlan& run_;
  const Plan& plan_;
  std::map<std::string, RetirementRecord> retirements_;  // by id
  std::string frozen_;
  const Approvals& approvals_;
  const ExecuteOptions& options_;
  std::vector<Slot> slots_;
  SystemBook& book_;
  std::map<std::string, RunSystem> systems_;
  // Slots that have not ended, by system, in the order of their ranks.
  std::map<std::string, std::vector<std::size_t>> open_;
};

}  // namespace rescind::execute
