// SqliteStore: the store in one SQLite file. One connection behind a mutex, so that any thread may
// use it; every change is one IMMEDIATE transaction with synchronous=FULL.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "base/sqlite.h"
#include "store/audit_writer.h"
#include "store/store.h"

namespace rescind {

class SqliteStore final : public Store {
 public:
  explicit SqliteStore(SqliteDatabase database) : database_(std::move(database)) {}

  Status log(const AuditNote& note) override;
  Result<std::uint64_t> audit_size() override;
  Result<std::vector<StoredEntry>> list_audit(std::uint64_t from, std::size_t count) override;
  Result<MerkleHash> audit_node(MerkleNode node) override;
  Status add_checkpoint(const Checkpoint& checkpoint, const std::string& note) override;
  Result<std::vector<std::string>> list_checkpoints() override;

  Result<RunRecord> open_run(const NewRun& run) override;
  Result<Claim> claim_run(const std::string& run, Instant at) override;
  Result<std::optional<RunRecord>> find_run(const std::string& run) override;
  Result<std::optional<RunRecord>> find_run_of_digest(const std::string& digest) override;
  Result<std::vector<RunRecord>> list_runs() override;
  Result<std::string> plan_of_run(const std::string& run) override;
  Result<std::vector<RunRecord>> list_open_runs_about(const std::string& subject) override;
  Result<std::vector<RunRecord>> list_open_runs_of_event(const std::string& source,
                                                         const std::string& id) override;
  Result<std::vector<RunRecord>> list_runs_on(const std::string& item) override;
  Status set_run_state(const std::string& run, std::uint64_t epoch, RunState state,
                       Instant at) override;
  Status set_run_due(const std::string& run, std::uint64_t epoch,
                     const std::optional<Instant>& due) override;
  Result<std::vector<std::string>> list_due_runs(Instant at) override;
  Result<std::optional<Instant>> next_due() override;
  Result<std::uint32_t> extend_run(const JournalRecord& record,
                                   const NewSupplement& supplement) override;
  Result<std::vector<Supplement>> list_supplements(const std::string& run) override;
  Status mark_undone(const std::string& run, const std::string& by,
                     const std::vector<std::string>& steps, bool whole, Instant at) override;

  Status append(const JournalRecord& record, const StepRecord* step, const Capture* capture,
                const std::vector<ContainmentClaim>& claims) override;
  Result<std::vector<StepRecord>> list_steps(const std::string& run) override;
  Result<std::vector<StepRecord>> find_steps(const std::string& step) override;
  Result<std::vector<JournalRecord>> list_records(const std::string& run) override;
  Result<std::vector<JournalRecord>> list_journal(std::int64_t after, std::size_t count) override;
  Result<std::vector<Capture>> list_captures(const std::string& run) override;

  Status save_retirement(const JournalRecord& record, const RetirementRecord& retirement) override;
  Result<std::vector<RetirementRecord>> list_retirements(const std::string& run) override;
  Result<std::vector<RetirementRecord>> list_retirements_of(const std::string& item) override;
  Result<std::vector<RetirementRecord>> list_due_retirements(Instant at) override;

  Result<std::uint64_t> release_claims(const std::string& cause, const std::string& item,
                                       const std::string& by, Instant at) override;
  Result<std::vector<ContainmentClaim>> list_claims(const std::string& item) override;

  Status record_event(const StoredEvent& event) override;
  Result<std::vector<StoredEvent>> list_open_events(const std::string& subject) override;
  Result<std::vector<StoredEvent>> list_events() override;
  Result<std::vector<StoredEvent>> list_revisions(const std::string& event) override;
  Status close_event(const std::string& lineage, Instant at) override;

  Status save_escalation(const EscalationRecord& escalation) override;
  Result<std::vector<EscalationRecord>> list_escalations(bool open_only) override;
  Result<std::vector<EscalationRecord>> list_escalations_of(const std::string& run) override;

  Status add_approval(const StoredApproval& approval) override;
  Result<std::vector<StoredApproval>> list_approvals(const std::string& run) override;

  Result<LimitAnswer> reserve(const std::string& run, const std::string& step,
                              const std::vector<LimitClaim>& claims, Instant at) override;
  Result<std::int64_t> limit_usage(const std::string& limit, const std::string& scope,
                                   Seconds window, Instant at) override;

  Result<std::vector<Timer>> list_timers() override;
  Result<std::vector<Timer>> list_due(Instant at) override;

  Status replace_listing(const StoredListing& listing,
                         const std::vector<StoredInventoryRecord>& records) override;
  Result<std::vector<StoredListing>> list_listings() override;
  Result<std::vector<StoredInventoryRecord>> list_inventory() override;
  Status add_inventory(const std::vector<StoredInventoryRecord>& records) override;

  Status put_secret(const SealedSecret& secret) override;
  Result<std::optional<SealedSecret>> find_secret(const std::string& step,
                                                  std::uint32_t generation) override;
  Status erase_secret(const std::string& step, std::uint32_t generation) override;

  Status set_setting(const std::string& key, const std::string& value) override;
  Result<std::optional<std::string>> find_setting(const std::string& key) override;

 private:
  // All below: with mutex_ held.
  // Within a transaction: what happens to a run, for the evidence log.
  Status log_run(std::string kind, const std::string& run, Instant at,
                 std::map<std::string, std::string> data);
  Status log_notes(const std::vector<AuditNote>& notes, const std::string& run, Instant at);
  Status check_epoch(const std::string& run, std::uint64_t epoch);
  Result<std::optional<RunRecord>> find_run_where(std::string_view condition,
                                                  const std::string& value);
  Result<std::vector<RunRecord>> runs_where(std::string_view condition,
                                            const std::vector<std::string>& values);
  Status consume_digest(const std::string& digest, const std::string& run, Instant at);
  Status write_step(const StepRecord& step);
  Status erase_secrets_of_ended(const StepRecord& step);
  // With its entry in the evidence log, which names the digest of what was captured.
  Status write_record(const JournalRecord& record, const Capture* capture = nullptr);
  Status write_retirement(const RetirementRecord& retirement);
  Status write_claim(const ContainmentClaim& claim);
  Status write_event(const StoredEvent& event);
  // Writes steps of `run` from position `position` on.
  Status write_new_steps(const std::string& run, const std::vector<NewStep>& steps,
                         std::uint32_t position);
  Status inherit_step(const StepRecord& fresh, const std::string& from);
  Result<std::vector<StepRecord>> steps_of(const std::string& run);
  Result<std::vector<StepRecord>> steps_where(std::string_view condition, const std::string& value);
  Result<std::optional<StepRecord>> find_step(const std::string& run, const std::string& step);
  Status close_what_it_worked(const std::string& run, Instant at);
  Status fence(const std::string& run, RunState state, const std::string& by, Instant at);
  Status end_superseded(const std::string& run, const std::string& by, Instant at);
  Result<std::vector<RetirementRecord>> retirements_where(std::string_view condition,
                                                          const std::string& value);
  Result<std::vector<StoredEvent>> events_where(std::string_view condition,
                                                const std::string& value);
  Result<std::vector<EscalationRecord>> escalations_where(std::string_view condition,
                                                          const std::string& value);
  Result<std::vector<Timer>> timers_where(std::string_view condition, Instant at);
  Result<std::optional<LimitAnswer>> check_claim(const std::string& run, const std::string& step,
                                                 const LimitClaim& claim, Instant at);

  std::mutex mutex_;
  SqliteDatabase database_;
  AuditWriter audit_;
};

// Instants are stored as seconds since 1970.
inline std::int64_t stored(Instant at) {
  return at.time_since_epoch().count();
}

inline std::optional<std::int64_t> stored(const std::optional<Instant>& at) {
  return at ? std::optional<std::int64_t>(stored(*at)) : std::nullopt;
}

inline Instant instant_of(std::int64_t seconds) {
  return Instant(Seconds(seconds));
}

inline std::optional<Instant> instant_of(const std::optional<std::int64_t>& seconds) {
  return seconds ? std::optional<Instant>(instant_of(*seconds)) : std::nullopt;
}

}  // namespace rescind
