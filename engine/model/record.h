// What execution leaves behind: the states of steps and runs, and the journal's records. Written by
// execute through the store, read by verify, reports and people.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace rescind {

// Where a step stands. docs/run-states.md has every transition. States marked (*) are durable
// before the next action; the rest are kept up to date but can be computed again.
enum class StepState : std::uint8_t {
  Pending,  // not looked at yet
  Waiting,  // for time, a gate, an approval, a predecessor, a limit, a person; `wait` says for what
  Ready,    // may be sent now
  Intent,   // * a request is about to be sent, or was sent and nobody knows (after a crash)
  Sent,     // accepted by the system and not finished: polled
  Applied,  // * the system says done; not read back yet
  Residual,     // * done, but access lasts until `until`
  Throttled,    // not done, the system asked to come back at `until`
  Conflict,     // not done, somebody changed the item; read again
  Failed,       // * not done, for certain
  Unknown,      // * may or may not be done: probe before anything else
  Verified,     // * end: read back as done
  AlreadyDone,  // * end: nothing was left to do, read and not guessed
  Unsupported,  // * end: the system cannot do that; a person is needed
  Refused,      // * end: the engine or the system declined; a person is needed
  Cancelled,    // * end: taken back before it started
  Undone,       // * end: put back
};
std::string_view step_state_name(StepState state);  // "already_done"
std::optional<StepState> find_step_state(std::string_view name);
// No further transition in this run.
bool is_end_state(StepState state);
// The goal of the step is known to hold (verified, already_done).
bool is_done_state(StepState state);
// Nothing has been done yet, for certain: what is meant by the step may still change.
bool is_untouched_state(StepState state);

enum class RunState : std::uint8_t {
  Open,        // steps are being worked
  Contained,   // everything that contains, strips and sweeps is verified
  Settled,     // contained, and only timers, appointments, holds, approvals are left
  Closed,      // every step ended and the closure proof agrees
  Superseded,  // a newer plan took over
  Undoing,
  Undone,
};
std::string_view run_state_name(RunState state);
std::optional<RunState> find_run_state(std::string_view name);

// What a journal record says.
enum class RecordEntry : std::uint8_t {
  Opened,     // the run began (or a process took it up again)
  Observed,   // the item was read before the change
  Intent,     // a request is about to be sent
  Outcome,    // what the request came to
  Probed,     // what reading back said
  Waited,     // the step cannot go on now, and why
  Swept,      // a sweep round: what it found
  Approved,   // a person approved
  Escalated,  // a person is needed
  Ended,      // the step reached an end state without a request
  State,      // the run changed state
  Stage,      // a retirement went on, went back or waits, and why
  Decided,    // a due step was decided again
  Refusal,    // a person refused
  Extended,   // steps were added to the run
  Claimed,    // a cause holds the item contained
  Released,   // a cause no longer does
};
std::string_view record_entry_name(RecordEntry entry);
std::optional<RecordEntry> find_record_entry(std::string_view name);

// One line of the append-only journal.
struct JournalRecord {
  std::int64_t sequence = 0;  // given by the store, rising
  std::string run;
  std::string step;         // "" for the run itself
  std::uint64_t epoch = 0;  // of the process that wrote it
  Instant at{};
  RecordEntry entry = RecordEntry::Opened;
  std::string item;  // when not the step's own: what a sweep found
  std::uint32_t generation = 1;
  StepState state = StepState::Pending;  // of the step after this record
  std::string result;                    // result class name, probe answer; "" none
  std::string detail;                    // one line for people; no secrets
  std::optional<Instant> until;
  std::vector<std::string> requests;  // secrets redacted
  std::string response_digest;
};

// Where a step stands, as the store keeps it (the journal's last word, with what waiting needs).
struct StepRecord {
  std::string run, step;
  std::uint32_t position = 0;  // in the plan, 0-based
  StepState state = StepState::Pending;
  std::uint32_t generation = 1;
  std::uint32_t attempts = 0;  // requests sent
  bool escalated = false;      // a person is needed
  std::string wait;  // what it waits for, "" nothing: "time", "approval by …", "after step:…"
  std::optional<Instant> due;  // the next instant at which it is worth looking again
  std::string result;          // last result class name
  std::string detail;
  std::optional<Instant> until;       // residual, throttled
  std::optional<Instant> settled_at;  // when the first attempt was settled
  std::optional<Instant> updated_at;
};

// Where a retirement stands. docs/run-states.md has every transition.
enum class RetirementState : std::uint8_t {
  AwaitingApproval,  // its stage's steps wait for an approval
  Acting,            // its stage's steps are being worked
  Gated,             // the steps are done, the gate is unmet or unknown (`gate`, `why`)
  Soaking,           // the gate is met, the soak runs until `due`
  Ended,             // end: the last stage is done
  Cancelled,         // end: the cause was withdrawn before anything was contained
};
std::string_view retirement_state_name(RetirementState state);  // "awaiting_approval"
bool is_end_state(RetirementState state);                       // ended or cancelled
std::optional<RetirementState> find_retirement_state(std::string_view name);

enum class GateAnswer : std::uint8_t { Met, Unmet, Unknown };
std::string_view gate_answer_name(GateAnswer answer);
std::optional<GateAnswer> find_gate_answer(std::string_view name);

// One item under a `retire`, as the store keeps it.
struct RetirementRecord {
  std::string id;   // of PlannedRetirement
  std::string run;  // whose steps carry it out
  std::string item, retire;
  std::string stage;             // where it is
  std::uint32_t generation = 1;  // raised by every way back; steps of it carry it
  RetirementState state = RetirementState::Acting;
  GateAnswer gate = GateAnswer::Unmet;
  std::string why;                 // what the gate waits for, one line for people
  Instant entered_at{};            // into the stage
  std::optional<Instant> due;      // when it is worth looking again
  std::optional<Instant> overdue;  // entered_at + within, or the instant of `enter … within`
  std::uint32_t returns = 0;       // ways back so far
  bool escalated = false;
  std::optional<Instant> updated_at;
};

// A cause keeps an item contained. The item comes back only when no claim is left.
struct ContainmentClaim {
  std::string item;
  std::string cause;  // lineage of the reported event
  std::string event_type, subject;
  std::string run, step;
  Instant at{};
  std::optional<Instant> released_at;
  std::string released_by;  // run or event that dropped it
};

// Somebody was called. Answered or not, it stays in the store.
struct EscalationRecord {
  std::string id;         // "escalation:" + 16 hex digits
  std::string run, step;  // or
  std::string retirement;
  std::string item, why;
  std::uint32_t level = 0;      // of the chain, 0-based
  std::vector<std::string> to;  // principals of that level
  Instant raised_at{};
  std::optional<Instant> next_at;      // when the next level is called, or this one again
  std::optional<Instant> deadline;     // the SLA clock: what was promised
  std::vector<std::string> delivered;  // "file:…", "smtp:…", "webhook:…" and failures
  std::optional<Instant> closed_at;    // what it was about is settled
  std::string system;                  // "" none
  bool asks = false;                   // an `ask` step: it is settled by whoever acknowledges it
  std::uint32_t calls = 0;             // how often somebody was called, reminders included
  std::vector<std::string> unreached;  // principals to whom the last call could not be handed over
  std::optional<Instant> retry_at;     // when that is tried again
  std::string acknowledged_by;         // "" nobody
  std::optional<Instant> acknowledged_at;
};

struct RunRecord {
  std::string id;           // "run:" + 16 hex digits
  std::string digest;       // of the plan
  std::uint64_t epoch = 0;  // of the process that last took it up; older ones are fenced
  RunState state = RunState::Open;
  Instant opened_at{}, updated_at{};
  std::optional<Instant> due;  // when it should be taken up again
  std::string undoes;          // the run that it puts back; "" none
  std::string superseded_by;   // the run that took over or puts it back; "" none
};

}  // namespace rescind
