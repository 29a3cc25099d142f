// One action on one step: an attempt, a reading back, a sweep round, a capture, a hand-over. Runs
// in the worker of the step's system; says what should come next, and decides nothing across steps.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "connect/connector.h"
#include "execute/claims.h"
#include "execute/execute_plan.h"
#include "execute/journal.h"
#include "model/plan.h"
#include "model/record.h"

namespace rescind::execute {

// What this process has spent on a step already. Not durable: a resumed run starts afresh.
struct Effort {
  std::uint32_t attempts = 0;  // requests
  std::uint32_t probes = 0;    // readings without an answer, in a row
  std::uint32_t not_done = 0;  // readings that said "not done", in a row
  std::uint32_t rounds = 0;    // of a sweep
  std::uint32_t throttled = 0;
  std::uint32_t waits = 0;  // back-offs in a row
  // Of a replacement: for whom it was written, and who was seen to have taken the successor up.
  std::set<std::string> delivered, confirmed;
};

// Begins the `wait` of a destroying step whose item is in use again.
inline constexpr std::string_view kContainmentGone = "containment: ";

// What should happen next to the step.
enum class NextMove : std::uint8_t {
  Ended,    // an end state
  AtOnce,   // the next action is due now
  Backoff,  // after a growing delay
  At,       // at `at`
  GiveUp,   // not in this process
};

// What the answer says about the system. Foreign: it is another one than the plan was made for.
enum class Health : std::uint8_t { Good, Bad, AuthFailed, Foreign, NotAsked };

struct ActionReport {
  StepRecord record;
  NextMove next = NextMove::Ended;
  Instant at{};
  Health health = Health::NotAsked;
  std::string why;                            // of bad health
  std::optional<Instant> system_quiet_until;  // Retry-After concerns the whole system
};

struct ActionContext {
  RunJournal& journal;
  Connector* connector;  // null for notify and ask
  const Clock& clock;
  const ExecuteOptions& options;
  // Limits that count the step, to be reserved before its first request.
  std::vector<LimitClaim> claims;
  // Sweeps: what it waits for has been seen to hold; "" or what has not.
  std::string unseen;
  // Sweeps: this plan disables the swept account.
  bool account_is_disabled = false;
  // Restores: what is put back. Null for everything else.
  const RestoreTarget* restore = nullptr;
  // Replacements: markers of those that this one takes the place of.
  std::vector<std::string> earlier;
};

// Errors: of the store; nothing may be sent after one.
Result<ActionReport> take_action(const ActionContext& context, const PlanStep& step,
                                 StepRecord record, Effort& effort);

// Parts of it, in their own files.
Result<ActionReport> attempt_step(const ActionContext& context, const PlanStep& step,
                                  StepRecord record, Effort& effort);
Result<ActionReport> probe_step(const ActionContext& context, const PlanStep& step,
                                StepRecord record, Effort& effort);
Result<ActionReport> restore_step(const ActionContext& context, const PlanStep& step,
                                  StepRecord record, Effort& effort);
Result<ActionReport> sweep_account(const ActionContext& context, const PlanStep& step,
                                   StepRecord record, Effort& effort);
// Whether the connector makes a successor for this replace or rotate step, to be delivered.
Result<bool> delivers_successor(const ActionContext& context, const PlanStep& step);
Result<ActionReport> replace_credential(const ActionContext& context, const PlanStep& step,
                                        StepRecord record, Effort& effort);

// What an attempt is made of, for those that send more than one request.
// What stands before the first request: a live reading, preconditions, limits. Nothing: it may be
// sent, and `seen` is the item's state; else the action is over.
Result<std::optional<ActionReport>> check_before_request(const ActionContext& context,
                                                         const PlanStep& step, StepRecord& record,
                                                         Effort& effort, Observation& seen);
// Makes the intent durable, with the state before.
Status write_intent(const ActionContext& context, const PlanStep& step, StepRecord& record,
                    Effort& effort, const Observation& seen);
// Makes the outcome durable: the state after the answer, and what comes next.
Result<ActionReport> settle_answer(const ActionContext& context, const PlanStep& step,
                                   StepRecord record, Effort& effort, const ActionResult& answer);

// The request of a step; `marker` is its idempotency key.
ActionRequest request_of(const PlanStep& step, const StepRecord& record);
bool destroys(const PlanStep& step);
// Is decided again when it is due later than its plan can be trusted: what destroys, and what frees
// something that may take data with it.
bool is_decided_when_due(const PlanStep& step);

// The step waits, durably. `person`: somebody must do something first; without an instant to look
// again that is so anyway.
Result<ActionReport> wait_for(const ActionContext& context, StepRecord record, std::string wait,
                              const std::optional<Instant>& due, bool person = false);
// Ends the step without a request.
Result<ActionReport> end_step(const ActionContext& context, StepRecord record, StepState state,
                              ResultClass result, std::string detail);
// Ends the action: makes `entry` durable with the record's new state.
Result<ActionReport> finish_action(const ActionContext& context, ActionReport report,
                                   const Entry& entry);
// A failed reading of the system, as the outcome of an attempt.
Result<ActionReport> finish_unreadable(const ActionContext& context, StepRecord record,
                                       Effort& effort, const Error& error);

}  // namespace rescind::execute
