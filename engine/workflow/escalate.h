// Escalation: who is called about what, who is called next and when. The chain is resolved when it
// is used: who was named, then the holder's owners, the system's owners, the steward.
// docs/escalation.md has the rules.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "connect/hand_over.h"
#include "diagnostics/diagnostic.h"
#include "model/plan.h"
#include "model/record.h"
#include "store/store.h"
#include "workflow/people.h"

namespace rescind {

// Something that needs a person.
struct EscalationCause {
  std::string run, step, retirement;  // a step or a retirement
  std::string item, system, holder;
  std::string why;                              // one line, no secrets
  std::vector<std::vector<std::string>> chain;  // principals per level, as the policy names them
  std::vector<Seconds> after;                   // parallel: since the level before; 0 the default
  Instant since{};
  std::optional<Instant> deadline;
  std::set<std::string> subjects;  // of the events, and the holder: never called
  bool asks = false;               // an `ask` step: level 0 was asked when the step was done
  bool first_is_asked = false;     // level 0 is who must answer, also where that is the steward
};

// What waits when the policy does not say how long.
inline constexpr Seconds kLevelWait{4 * 3600};
// How often the last level is called again, and everybody else who answers nothing.
inline constexpr Seconds kCallAgain{24 * 3600};
// When a call that could not be handed over is tried again.
inline constexpr Seconds kRetryCall{300};

struct CalledLevel {
  std::vector<std::string> to;  // sorted
  Seconds wait{};               // after the level before it
};

// Everybody who may be called, level by level; nobody twice. Empty: nobody is left.
std::vector<CalledLevel> resolve_chain(const EscalationCause& cause, const People& people);

// What needs a person in this run now, by step and retirement. `steps` and `retirements` are the
// store's; what becomes overdue later is not in it.
std::vector<EscalationCause> find_escalation_causes(
    const Plan& plan, const std::string& run, const std::vector<StepRecord>& steps,
    const std::vector<RetirementRecord>& retirements, Instant now);

struct EscalationMove {
  enum class What : std::uint8_t { Nothing, Call, CallAgain, Close };
  What what = What::Nothing;
  EscalationRecord record;  // as it is from now on
};

// A record for a cause that nobody was called about. It calls level 0 as its next move.
EscalationRecord open_escalation(const EscalationCause& cause, const std::string& id);

// The next move of an open record. Without a cause what it was about is settled. Pure.
EscalationMove next_escalation(EscalationRecord record, const EscalationCause* cause,
                               const People& people, Instant now);

// When it is worth looking again; nothing: it is closed.
std::optional<Instant> next_look(const EscalationRecord& record);

// Whoever is called has seen it. An `ask` is settled by that; everything else waits one more period
// before the next level is called. Nothing: R0890 or R0891 in the diagnostics.
std::optional<EscalationRecord> acknowledge_escalation(EscalationRecord record,
                                                       const std::string& who,
                                                       const std::set<std::string>& subjects,
                                                       Instant now, Diagnostics& diagnostics);

// What is handed over for a record, to one principal of its level.
HandOverMessage escalation_message(const EscalationRecord& record, const People& people,
                                   const std::string& to, Instant now);
// What is handed over for a notify or ask step. The key is the step's, in its run's plan.
HandOverMessage step_message(const PlanStep& step, const People& people, Instant now);

// Moves every escalation of the run: opens, calls, calls again, closes; a call is in the store
// before it is handed over. `hand_over` may be null: records say so. Gives the earliest instant at
// which it is worth doing again. Errors: of the store.
Result<std::optional<Instant>> escalate_run(const Plan& plan, const std::string& run, Store& store,
                                            const People& people, HandOver* hand_over, Instant now);

// The same for every run that has an open escalation, ended ones too: what people were asked to do
// outlives the run that asked.
Result<std::optional<Instant>> escalate_due(Store& store, const People& people, HandOver* hand_over,
                                            Instant now);

// Subjects of the plan's events.
std::set<std::string> subjects_of(const Plan& plan);

}  // namespace rescind
