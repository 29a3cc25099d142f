// The store: the durable state of the engine behind one port. What must survive a crash is here:
// plans that were used, runs, the journal, captured state, events, retirements, claims,
// escalations, approvals, limits, timers, collected inventory. docs/store.md specifies the SQLite
// form in full.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "model/record.h"
#include "store/audit_store.h"
#include "store/decoded_plans.h"

namespace rescind {

struct NewStep {
  std::string id;
  std::uint32_t generation = 1;
  std::optional<Instant> due = std::nullopt;  // not_before, when later than now
  // The superseded run whose record of the same step goes on here: its state, generation, attempts,
  // captures, approvals, sealed values. "" it begins afresh.
  std::string inherits_run = "";
};

// A reported event, as far as runs are found by it.
struct EventName {
  std::string subject;
  std::string source, id;  // id may be ""
};

// By what a run is found when others are planned (store/run_plan.h makes it from a plan).
struct PlanIndex {
  std::vector<std::string> items;  // that its steps act on
  std::vector<EventName> events;   // that it works
};

// An event as the store keeps it. Open until every run that works it has closed, or it was taken
// back.
struct StoredEvent {
  std::string lineage;     // names one revision of one event
  std::string source, id;  // as reported; id may be ""
  std::uint32_t revision = 1;
  std::string type, subject;
  std::string json;  // in the event's own form, one line
  Instant arrived{};
  std::string run;  // that works it; "" none yet
  bool withdrawn = false;
  std::optional<Instant> closed_at;
};

struct NewRun {
  std::string digest;          // of the plan; consumed by opening
  std::string plan;            // its encoded text
  PlanIndex index;             // of the plan
  std::vector<NewStep> steps;  // in the plan's order
  Instant at{};
  std::vector<std::string> supersedes;  // runs that end with this one's beginning
  std::string undoes;                   // the run that this one puts back; "" none
  // What that one has done, as undo_binding_value (store/run_plan.h) said when this was planned;
  // "" not compared. Errors: Conflict when it went on meanwhile.
  std::string undo_state;
  std::vector<StoredEvent> events;            // `run` is filled in
  std::vector<RetirementRecord> retirements;  // `run` is filled in; one with a known id goes on
  std::vector<AuditNote> notes{};  // what the evidence log says of the plan (audit/notes.h)
};

// Steps added to an open run after it began. A step whose id the run has already is meant in the
// supplement's form from now on: it was decided again.
struct NewSupplement {
  std::string digest;          // of its plan; consumed
  std::string plan;            // its encoded text, steps only
  std::vector<NewStep> steps;  // those that the run does not have yet
  std::string why;
  Instant at{};
  std::vector<RetirementRecord> retirements{};  // that begin or move with it
  std::vector<AuditNote> notes{};               // as of a run
  PlanIndex index{};                            // of the plan
};

struct Supplement {
  std::string run;
  std::uint32_t number = 0;  // 1, 2, …
  std::string digest, plan, why;
  Instant at{};
};

// What a person said about one step (or the run: step ""). Bound to what was shown to them. The
// last word of an approver about one binding counts.
struct StoredApproval {
  std::string run, step;
  std::string binding;  // digest of the step as shown
  std::string approver;
  Instant at{};
  bool refused = false;
  std::string reason = "";       // of a refusal
  std::string plan_digest = "";  // of the plan that was shown
  std::optional<Instant> expires = std::nullopt;
  std::string on_behalf_of = "";  // who delegated it; "" nobody
  std::string document = "";      // as it was signed; "" a named approval without a signature
  std::string key = "";           // public key that it was checked with
};

// State read before a change, for undo and evidence.
struct Capture {
  std::string run, step, item;
  std::uint32_t generation = 1;
  Instant at{};
  std::string state;  // JSON, secrets left out
};

// One count against a limit. A subject that is counted already within the window counts once.
struct LimitClaim {
  std::string limit, scope, subject;
  Seconds window{};          // rolling, ending now
  std::int64_t allowed = 0;  // distinct subjects within the window
  bool may_exceed = false;   // somebody whom the limit asks lets it: counted, whatever is allowed
};

struct LimitAnswer {
  bool reserved = false;
  std::string full;                // the limit that has no room, when not reserved
  std::optional<Instant> room_at;  // when the oldest count leaves that window
};

struct Timer {
  std::string run, step;
  Instant due{};
  std::string why;
};

// What collection stored about one kind in one system.
struct StoredListing {
  std::string system, kind;
  Instant collected_at{};
  bool complete = false;
  std::string why;  // when not complete
  std::uint64_t records = 0;
};

struct StoredInventoryRecord {
  std::string system, kind, id;
  std::string json;  // in the inventory's own form, one line
  Instant collected_at{};
};

// The value of a successor between its making and its delivery, sealed (base/seal.h).
struct SealedSecret {
  std::string run, step;
  std::string item;  // of the successor
  std::uint32_t generation = 1;
  std::string sealed;
  Instant at{};
};

// Thread-safe. Every call that changes something is one transaction and durable when it returns.
class Store : public AuditStore {
 public:
  // --- runs. Opening consumes the plan's digest. Errors: Conflict when it was used before.
  // In the same transaction superseded runs end: their epoch is raised, steps that have not begun
  // are cancelled, inherited ones and their retirements go on in the new run, events and
  // escalations that the new run does not take over are closed. The run that is undone is fenced
  // too and becomes Undoing. Conflict as well when one of them has ended already.
  virtual Result<RunRecord> open_run(const NewRun& run) = 0;

  // Takes the run up: a new epoch, and sole use until the returned lease is destroyed or the
  // process ends. Errors: Conflict while another process works it, NotFound.
  class Lease {
   public:
    virtual ~Lease() = default;
  };

  struct Claim {
    RunRecord run;
    std::unique_ptr<Lease> lease;
  };

  virtual Result<Claim> claim_run(const std::string& run, Instant at) = 0;
  virtual Result<std::optional<RunRecord>> find_run(const std::string& run) = 0;
  virtual Result<std::optional<RunRecord>> find_run_of_digest(const std::string& digest) = 0;
  virtual Result<std::vector<RunRecord>> list_runs() = 0;  // by opened_at, id
  virtual Result<std::string> plan_of_run(const std::string& run) = 0;
  // By index, so that runs about others cost nothing; each list by opened_at, id.
  // Open, contained and settled ones that work an event on the subject, or an event of that source
  // and id, whatever its revision.
  virtual Result<std::vector<RunRecord>> list_open_runs_about(const std::string& subject) = 0;
  virtual Result<std::vector<RunRecord>> list_open_runs_of_event(const std::string& source,
                                                                 const std::string& id) = 0;
  // All with a step on the item, ended ones too.
  virtual Result<std::vector<RunRecord>> list_runs_on(const std::string& item) = 0;
  // Closed and Undone also close the run's events, and its escalations except those that ask: these
  // stay open until somebody answers.
  virtual Status set_run_state(const std::string& run, std::uint64_t epoch, RunState state,
                               Instant at) = 0;

  // When the run should be taken up again; nothing: only when something comes from outside. A run
  // that was opened, claimed or approved is due at once until this says otherwise, so that one
  // whose process was killed is found.
  virtual Status set_run_due(const std::string& run, std::uint64_t epoch,
                             const std::optional<Instant>& due) = 0;
  // Runs that have not ended and are due, the longest overdue first. By an index: other runs cost
  // nothing.
  virtual Result<std::vector<std::string>> list_due_runs(Instant at) = 0;
  // The earliest instant at which a run is due; nothing: none is.
  virtual Result<std::optional<Instant>> next_due() = 0;

  // Adds steps to a run, or gives known ones another form, in one transaction. Returns the number
  // of the supplement, from 1. Errors: Conflict when fenced or used before.
  virtual Result<std::uint32_t> extend_run(const JournalRecord& record,
                                           const NewSupplement& supplement) = 0;
  virtual Result<std::vector<Supplement>> list_supplements(const std::string& run) = 0;

  // Of a run that is Undoing: the steps that were put back become Undone; with `whole` the run does
  // too. Of one that is Superseded: the steps only. Those that the run does not have are left out.
  virtual Status mark_undone(const std::string& run, const std::string& by,
                             const std::vector<std::string>& steps, bool whole, Instant at) = 0;

  // --- journal. Appends the record and makes `step` the state of its step; when `capture` is given
  // it is kept in the same transaction. Errors: Conflict when the epoch was fenced.
  // `claims`: made by this very record.
  virtual Status append(const JournalRecord& record, const StepRecord* step, const Capture* capture,
                        const std::vector<ContainmentClaim>& claims = {}) = 0;
  virtual Result<std::vector<StepRecord>> list_steps(const std::string& run) = 0;  // by position
  // The step wherever it is planned; by run.
  virtual Result<std::vector<StepRecord>> find_steps(const std::string& step) = 0;
  virtual Result<std::vector<JournalRecord>> list_records(
      const std::string& run) = 0;  // by sequence
  // Of all runs: at most `count` records behind number `after`, by sequence.
  virtual Result<std::vector<JournalRecord>> list_journal(std::int64_t after,
                                                          std::size_t count) = 0;
  virtual Result<std::vector<Capture>> list_captures(const std::string& run) = 0;

  // --- retirements
  // Makes `retirement` the state of its retirement, together with the journal's line. Errors:
  // Conflict when the epoch was fenced.
  virtual Status save_retirement(const JournalRecord& record,
                                 const RetirementRecord& retirement) = 0;
  virtual Result<std::vector<RetirementRecord>> list_retirements(
      const std::string& run) = 0;  // "" all; by item, entered_at, id
  virtual Result<std::vector<RetirementRecord>> list_retirements_of(
      const std::string& item) = 0;  // by entered_at, id
  virtual Result<std::vector<RetirementRecord>> list_due_retirements(Instant at) = 0;

  // --- containment claims. One per item and cause; a claim made again stands again.
  // Releases those of the cause on the item (item "": on all). How many stood.
  virtual Result<std::uint64_t> release_claims(const std::string& cause, const std::string& item,
                                               const std::string& by, Instant at) = 0;
  virtual Result<std::vector<ContainmentClaim>> list_claims(
      const std::string& item) = 0;  // "" all; released ones too; by item, cause

  // --- events. Recording one again replaces what is known of it.
  virtual Status record_event(const StoredEvent& event) = 0;
  virtual Result<std::vector<StoredEvent>> list_open_events(
      const std::string& subject) = 0;                         // "" all; by arrival, lineage
  virtual Result<std::vector<StoredEvent>> list_events() = 0;  // by arrival, lineage
  // All revisions of an event, by lineage; `event`: its lineage up to the `#`.
  virtual Result<std::vector<StoredEvent>> list_revisions(const std::string& event) = 0;
  virtual Status close_event(const std::string& lineage, Instant at) = 0;

  // --- escalations. Saving again replaces it.
  virtual Status save_escalation(const EscalationRecord& escalation) = 0;
  virtual Result<std::vector<EscalationRecord>> list_escalations(
      bool open_only) = 0;  // by raised_at, id
  virtual Result<std::vector<EscalationRecord>> list_escalations_of(
      const std::string& run) = 0;  // closed ones too; by raised_at, id

  // --- approvals and refusals. The same one twice is one.
  virtual Status add_approval(const StoredApproval& approval) = 0;
  virtual Result<std::vector<StoredApproval>> list_approvals(
      const std::string& run) = 0;  // "" of all runs; as they were given

  // --- limits
  // Reserves all claims or none, at once. Reserving again for the same run and step changes
  // nothing.
  virtual Result<LimitAnswer> reserve(const std::string& run, const std::string& step,
                                      const std::vector<LimitClaim>& claims, Instant at) = 0;
  // Distinct subjects counted in (at - window, at].
  virtual Result<std::int64_t> limit_usage(const std::string& limit, const std::string& scope,
                                           Seconds window, Instant at) = 0;

  // --- timers: steps with a due instant that have not ended, earliest first.
  virtual Result<std::vector<Timer>> list_timers() = 0;
  virtual Result<std::vector<Timer>> list_due(Instant at) = 0;

  // --- inventory
  // Replaces what is known of that kind in that system; an item under an open retirement stays
  // known when it is not listed any more. An incomplete listing updates the records it has and
  // removes none.
  virtual Status replace_listing(const StoredListing& listing,
                                 const std::vector<StoredInventoryRecord>& records) = 0;
  virtual Result<std::vector<StoredListing>> list_listings() = 0;           // by system, kind
  virtual Result<std::vector<StoredInventoryRecord>> list_inventory() = 0;  // by system, kind, id

  // Adds records or replaces those of the same system, kind and id, whatever is listed otherwise:
  // what execution made, and evidence: records `usage`, `coverage` and `delivery`.
  virtual Status add_inventory(const std::vector<StoredInventoryRecord>& records) = 0;

  // --- sealed values: one per run, step and generation. Putting replaces; a step that
  // another run goes on with finds its value; erasing what is not there is no error.
  virtual Status put_secret(const SealedSecret& secret) = 0;
  virtual Result<std::optional<SealedSecret>> find_secret(const std::string& step,
                                                          std::uint32_t generation) = 0;
  virtual Status erase_secret(const std::string& step, std::uint32_t generation) = 0;

  // --- settings
  virtual Status set_setting(const std::string& key, const std::string& value) = 0;
  virtual Result<std::optional<std::string>> find_setting(const std::string& key) = 0;

  // For store/run_plan.h.
  [[nodiscard]] DecodedPlans& decoded_plans() { return decoded_plans_; }

 private:
  DecodedPlans decoded_plans_;
};

struct StoreOptions {
  bool read_only = false;
  Seconds busy_timeout{5};
  std::int64_t max_pages = 0;  // bound on the file's size, 0 none
};

// Opens or creates the SQLite store. Errors: Io (cannot be opened, read-only), Conflict (locked),
// Limit (disk full), Corrupt (damaged, not a store), Unsupported (written by a newer version).
Result<std::unique_ptr<Store>> open_sqlite_store(const std::string& path,
                                                 const StoreOptions& options);

}  // namespace rescind
