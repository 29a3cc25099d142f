// The plan: an ordered, explained list of steps bound to its inputs. It stands alone (ids are
// text), so that it can be stored, shown and executed without the policy or the inventory it came
// from.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "model/event.h"
#include "model/vocabulary.h"

namespace rescind {

inline constexpr std::string_view kPlanFormatVersion = "1.0";

struct Reason {
  std::string rule;    // qualified name
  std::string clause;  // "revoke session, token #1"
  std::string file;
  std::uint32_t line = 0;
  std::string because;
  std::vector<std::string> controls;
  std::string cause;  // lineage of the event
  friend auto operator<=>(const Reason&, const Reason&) = default;
};

enum class Outcome : std::uint8_t {
  Scheduled,
  Staged,
  Postponed,
  Protected,
  Justified,
  Uncovered,
  Undetermined
};
std::string_view outcome_name(Outcome outcome);
std::optional<Outcome> find_outcome(std::string_view name);

struct PlanDecision {
  std::string item, kind, system, holder;
  std::string verb;  // "" for uncovered, undetermined and justified items
  Outcome outcome = Outcome::Scheduled;
  std::vector<Reason> reasons;
};

enum class ApprovalState : std::uint8_t { Needed, Given };

struct Approval {
  std::vector<std::string> by;  // any one of these principals
  ApprovalState state = ApprovalState::Needed;
  std::string given_by;  // identity
};

struct Gate {
  // "limit", "hold", "handover" (last owner or admin: O9), "stage" (of a retirement, not entered
  // yet)
  std::string kind;
  std::string text;
};

// A limit that counts a step: an entry of Plan::limits.
struct LimitRef {
  std::string name, scope;
  friend auto operator<=>(const LimitRef&, const LimitRef&) = default;
};

// Another way in which a step may start, as good as its own `not_before` with its own `approvals`.
struct Alternative {
  Instant not_before{};
  std::vector<Approval> approvals;  // all are needed
};

struct Described {
  std::string kind;  // undo: verb or "none"; probe: "read"
  std::string text;
};

struct PlanStep {
  std::string id;  // "step:" + 16 hex digits
  Verb verb = Verb::Revoke;
  // What runs besides a policy verb: "capture" (of state), "sweep" (live sessions and tokens of an
  // account).
  std::string action;  // "" for the verb itself
  std::string item;    // id; "" for notify and ask
  std::string kind;    // kind name
  std::string system;
  std::string holder;
  std::string account;            // id of the account that the item is under; "" none
  std::string native_id;          // how the system calls the item
  std::string account_native_id;  // how the system calls the account
  std::string item_name;          // the item's name (role name, group name)
  std::string target;             // transfer, redirect, notify, ask: principal id
  std::string text;               // narrow: level; ask: what is asked
  Rank rank = Rank::Contain;
  // Weak predecessors: wait until the first attempt is settled or its deadline has passed, and
  // never beyond this step's own deadline.
  std::vector<std::string> after;
  std::vector<std::string> strong_after;  // strong predecessors
  Instant not_before{};
  std::optional<Instant> deadline;
  bool overdue_at_arrival = false;
  std::vector<Approval> approvals;  // all are needed
  std::vector<Alternative>
      alternatives;  // containing and stripping: an approved start earlier than the step's own
  Seconds soak{0};   // destroying: also waits so long after its last strong predecessor is verified
  std::optional<Gate> gate;
  // Replace and rotate: who stops working without the item and gets its successor, from the
  // inventory and from what was seen of its use. Nothing: not known.
  std::optional<std::vector<std::string>> dependents;
  std::vector<LimitRef>
      limits;  // limits that count it: reserved when the step starts; counted once per holder
  std::string stage;       // "" outside retirements
  std::string retirement;  // id of Plan::retirements, with `stage`
  std::uint32_t generation = 1;
  // Restores: what is put back. The state was captured before `restores_step` of `restores_run`.
  std::string restores_run, restores_step;
  bool implied = false;
  bool appointment = false;  // destroying and due after the plan's expiry: decided again when due
  EffectSet effects;
  Reversible reversible = Reversible::Yes;
  Described undo;
  std::vector<Reason> reasons;
  std::vector<std::vector<std::string>> escalate;  // chain: principals per level
  std::vector<Seconds>
      escalate_after;  // parallel: how long after the level before it (first: after the deadline)
  std::vector<std::string> preview;  // what the connector would send, secrets redacted
  Described probe;
  std::map<std::string, std::string>
      facts;  // facts read, checked again before the step (precondition)
};

// One stage of a planned retirement. Its steps carry its name in PlanStep::stage.
struct PlannedStage {
  std::string name;
  std::string gate;  // as the policy writes it; "" done when its steps are
  std::optional<Seconds> within;
  std::optional<Seconds> soak;
  std::string on_use_return_to;        // name of an earlier stage; "" no way back
  std::vector<Approval> approvals;     // all are needed before its steps
  std::vector<std::string> otherwise;  // principals who hear of it when `within` has passed
  // What it asks for and this plan has no step for, and why (a hold, nobody to approve, a system
  // that cannot). Such a stage is not done when its steps are: it is decided again.
  std::vector<std::string> missing;
};

// One item on its way out, stage by stage. Its state while it runs is a RetirementRecord.
struct PlannedRetirement {
  std::string id;  // "retirement:" + 16 hex digits, of the item and the reported event
  std::string item, kind, system, holder;
  std::string retire;                       // qualified name in the policy
  std::string cause;                        // lineage of the event
  std::string start;                        // name of the stage it begins with
  std::map<std::string, Instant> enter_by;  // stage → the item is in it by then
  std::vector<PlannedStage> stages;
  std::vector<std::vector<std::string>> escalate;  // chain, as PlanStep::escalate
  std::vector<Seconds> escalate_after;
  std::vector<Reason> reasons;
  // The open retirement of this item that this one joins (furthest stage, earliest deadlines); ""
  // it is the first. Steps that the other one has are not planned again.
  std::string joins;
};

struct HeldItem {
  std::string item, verb, hold, ordered_by;
  std::optional<Instant> until;
  std::string because;
};

struct ItemNote {
  std::string item, why;
};

struct StepNote {
  std::string step, why;
};

struct PersonNote {
  std::string item, why, who;
};

struct LimitUse {
  std::string name;
  std::int64_t used = 0;
  std::int64_t allowed = 0;
  bool tripped = false;
  std::string scope;
  Seconds window{};
  std::string ask{};  // who lets the excess pass; "" nobody
};
enum class PathState : std::uint8_t { Open, Unknown };

struct ResidualPath {
  std::vector<std::string>
      path;  // "session sso:s-1", "token crm:t-1" …: first how it is had, last what it gives
  PathState state = PathState::Open;
  std::string why;
  std::optional<Instant> until;
};

// A cause no longer holds an item contained.
struct ClaimRelease {
  std::string item;
  std::string cause;  // of the ContainmentClaim
  friend auto operator<=>(const ClaimRelease&, const ClaimRelease&) = default;
};

struct Plan {
  std::string format_version{kPlanFormatVersion};
  std::string digest;  // over everything below but itself and the seal
  // By whom it was made: a code over the digest with the key of a store; "" none.
  std::string seal;

  struct PolicyRef {
    std::string digest, revision;
  } policy;

  struct InventoryRef {
    std::string digest;
    std::uint64_t records = 0;

    struct Rejected {
      std::string file;
      std::uint32_t line = 0;
      std::string why;
    };

    std::vector<Rejected> rejected;
  } inventory;

  std::string engine;                       // "rescind 0.1.0"
  std::vector<Event> events;                // reported and derived
  std::vector<std::string> event_lineages;  // parallel to events
  Instant as_of{};
  Instant expires_at{};
  bool looked_at_only = false;  // --as-of other than now: cannot be applied
  std::map<std::string, std::string>
      bindings;  // other inputs in the digest: connector versions, endpoints, tzdata, store usage

  struct Summary {
    std::uint64_t steps = 0;
    std::map<std::string, std::uint64_t> by_verb, by_system;
    std::optional<Instant> containment_complete_at, last_path_closes_at, point_of_no_return_at;
  } summary;

  std::vector<PlanDecision> decisions;         // sorted by item, verb
  std::vector<PlanStep> steps;                 // in execution order
  std::vector<PlannedRetirement> retirements;  // sorted by item
  // Open runs about the same subjects, decided again here: opening this plan's run fences them. A
  // step of theirs that is here too goes on where it stood; one that is not is cancelled if it has
  // not begun.
  std::vector<std::string> supersedes;
  std::string undoes;  // the run that this plan puts back; "" none
  // Claims that end when the run of this plan is opened. What is restored has none left.
  std::vector<ClaimRelease> releases;
  std::vector<HeldItem> postponed, protected_items;
  std::vector<ItemNote> uncovered, undetermined;
  std::vector<StepNote> infeasible;
  std::vector<PersonNote> needs_person;
  std::vector<LimitUse> limits;
  std::vector<ResidualPath> residual_access;
  std::vector<std::string> notes;
  bool complete = true;
};

// Whether event number `index` was reported, rather than derived from one that was.
bool is_reported(const Plan& plan, std::size_t index);

// JSON as docs/formats.md describes it, two-space indented, keys in the documented order, final
// newline.
std::string encode_plan(const Plan& plan);
// Reads it back. Errors: Corrupt (not JSON, truncated, a field of the wrong type, a digest that
// does not match the content), Unsupported (another format version). `verify_digest` false: for
// showing only.
Result<Plan> decode_plan(std::string_view json, bool verify_digest = true);
// One event as it stands in a plan, on one line.
std::string encode_event_line(const Event& event, const std::string& lineage);
// The digest over the canonical encoding without its own digest field.
std::string compute_plan_digest(const Plan& plan);

}  // namespace rescind
