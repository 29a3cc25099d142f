// The state machine of one item under a `retire`: from where it stands and what is known, to where
// it stands next and what has to be done. Pure: no clock, no store, no system. docs/run-states.md
// has every transition.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/plan.h"
#include "model/record.h"

namespace rescind::execute {

inline constexpr std::uint32_t kMaxReturns = 3;

// What the machine needs to know of a stage.
struct StageShape {
  std::string name;
  bool gated = false;
  std::optional<Seconds> within, soak;
  std::optional<std::size_t> back_to;  // on use; an earlier stage
  bool asks = false;                   // needs approvals before its steps
  bool contains = false;               // a step of it takes the item out of use
  bool destroys = false;
};

// Its place among the stages; their number: it is none of them.
std::size_t stage_index(const std::vector<StageShape>& stages, const std::string& name);

// The stages of a planned retirement, in order. `steps` are those of the run's plan.
std::vector<StageShape> shapes_of(const PlannedRetirement& retirement,
                                  const std::vector<PlanStep>& steps);

// Who used the item since the stage was entered, and was let in.
enum class UseBy : std::uint8_t { Nobody, Dependent, Subject, Unknown };

// What is known at one instant.
struct RetirementFacts {
  Instant now{};
  bool steps_done = false;    // every step of the stage is read back as done
  bool steps_failed = false;  // one ended otherwise
  GateAnswer gate = GateAnswer::Unknown;
  std::string gate_why;
  std::optional<Instant> gate_next;  // when time alone can change the answer
  UseBy use = UseBy::Nobody;
  std::string used_by;   // for people
  std::string denied;    // a dependent that was turned away; "" none
  bool approved = true;  // the stage's own approvals, as far as it has any
  std::string missing;   // who has not approved
  bool return_approved = false;
  bool contained = false;  // what takes it out of use was read back as done
  // Evidence covered the time since the stage was entered.
  GateAnswer covered = GateAnswer::Unknown;
  std::string covered_why;
  std::string held;                   // the hold that protects the item; "" none
  std::optional<Instant> held_until;  // when it ends by itself
  bool withdrawn = false;             // the cause was taken back
  bool owner_gone = false;            // no live owner answers for it
  // Stage → by then the item is in it; of every cause that has joined.
  std::map<std::string, Instant> enter_by;
};

// Why the machine moved. The names are those of docs/run-states.md.
enum class RetirementRule : std::uint8_t {
  Stays,
  Withdrawn,     // before anything was contained
  EnterBy,       // the instant of `enter … within` has come
  Ownerless,     // nobody answered for it within the stage's time
  DrainOver,     // twice its time without an answer of its gate
  Approved,      // what the stage asked for is given
  StepsDone,     // and there is a gate, or a soak
  NextStage,     // done with this one
  GateMet,       // and there is a soak
  UseReturns,    // a dependent used it: back, with a new generation
  LastStageDone  // end
};
std::string_view retirement_rule_name(RetirementRule rule);  // "enter by"

struct RetirementMove {
  RetirementRecord next;
  RetirementRule rule = RetirementRule::Stays;
  std::string line;                   // for the journal; "" nothing worth a line
  std::vector<std::string> escalate;  // somebody must hear of these, each once per stage
  bool incident = false;
  // Entering a stage again: its steps and those after it begin anew with next.generation, and what
  // was taken out of use is put back first.
  bool goes_back = false;

  [[nodiscard]] bool moved() const { return rule != RetirementRule::Stays; }
};

// The record with which a retirement begins, in its start stage.
RetirementRecord begin_retirement(const PlannedRetirement& retirement,
                                  const std::vector<StageShape>& stages, Instant now);

// The record with which a planned retirement takes over from an open one of the same item: the
// furthest stage of the two, what it went through so far, the earlier deadline.
RetirementRecord furthest(const PlannedRetirement& planned, RetirementRecord fresh,
                          const RetirementRecord& open);

// One move. To be repeated until it stays.
RetirementMove move_retirement(const RetirementRecord& record,
                               const std::vector<StageShape>& stages, const RetirementFacts& facts);

}  // namespace rescind::execute
