// The store: the durable state of the engine behind one port. What must survive a crash is here:
// plans that were used, runs, the journal, captured state, approvals, limits, timers, collected
// inventory. docs/store.md specifies the SQLite form in full.
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

namespace rescind {

struct NewStep {
  std::string id;
  std::uint32_t generation = 1;
  std::optional<Instant> due;  // not_before, when later than now
};

struct NewRun {
  std::string digest;          // of the plan; consumed by opening
  std::string plan;            // its encoded text
  std::vector<NewStep> steps;  // in the plan's order
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
class Store {
 public:
  virtual ~Store() = default;

  // --- runs. Opening consumes the plan's digest. Errors: Conflict when it was used before.
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
  virtual Status set_run_state(const std::string& run, std::uint64_t epoch, RunState state,
                               Instant at) = 0;

  // --- journal. Appends the record and makes `step` the state of its step; when `capture` is given
  // it is kept in the same transaction. Errors: Conflict when the epoch was fenced.
  virtual Status append(const JournalRecord& record, const StepRecord* step,
                        const Capture* capture) = 0;
  virtual Result<std::vector<StepRecord>> list_steps(const std::string& run) = 0;  // by position
  virtual Result<std::vector<JournalRecord>> list_records(
      const std::string& run) = 0;  // by sequence
  virtual Result<std::vector<Capture>> list_captures(const std::string& run) = 0;

  // --- approvals. The same one twice is one.
  virtual Status add_approval(const StoredApproval& approval) = 0;
  virtual Result<std::vector<StoredApproval>> list_approvals(const std::string& run) = 0;

  // --- limits
  // Reserves all claims or none, at once. Reserving again for the same run and step changes
  // nothing.
  virtual Result<LimitAnswer> reserve(const std::string& run, const std::string& step,
                                      const std::vector<LimitClaim>& claims, Instant at,
                                      bool over_limit_approved) = 0;
  // Distinct subjects counted in (at - window, at].
  virtual Result<std::int64_t> limit_usage(const std::string& limit, const std::string& scope,
                                           Seconds window, Instant at) = 0;

  // --- timers: steps with a due instant that have not ended, earliest first.
  virtual Result<std::vector<Timer>> list_timers() = 0;
  virtual Result<std::vector<Timer>> list_due(Instant at) = 0;

  // --- inventory
  // Replaces what is known of that kind in that system. An incomplete listing updates the records
  // it has and removes none.
  virtual Status replace_listing(const StoredListing& listing,
                                 const std::vector<StoredInventoryRecord>& records) = 0;
  virtual Result<std::vector<StoredListing>> list_listings() = 0;           // by system, kind
  virtual Result<std::vector<StoredInventoryRecord>> list_inventory() = 0;  // by system, kind, id

  // Adds records or replaces those of the same system, kind and id, whatever is listed otherwise:
  // what execution made, what was seen of use and delivery.
  virtual Status add_inventory(const std::vector<StoredInventoryRecord>& records) = 0;

  // --- sealed values: one per run, step and generation. Putting replaces; erasing what is not
  // there is no error.
  virtual Status put_secret(const SealedSecret& secret) = 0;
  virtual Result<std::optional<SealedSecret>> find_secret(const std::string& run,
                                                          const std::string& step,
                                                          std::uint32_t generation) = 0;
  virtual Status erase_secret(const std::string& run, const std::string& step,
                              std::uint32_t generation) = 0;

  // --- settings
  virtual Status set_setting(const std::string& key, const std::string& value) = 0;
  virtual Result<std::optional<std::string>> find_setting(const std::string& key) = 0;
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
