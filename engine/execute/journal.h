// RunJournal: every durable write of a run goes through here, with the crash points around it.
#pragma once

#include <functional>
#include <string>
#include <utility>

#include "base/clock.h"
#include "connect/connector.h"
#include "execute/claims.h"
#include "model/record.h"
#include "store/store.h"

namespace rescind::execute {

// What a record says besides the state of its step.
struct Entry {
  RecordEntry entry = RecordEntry::Waited;
  std::string item;  // when not the step's own
  std::string result;
  std::string detail;
  std::optional<Instant> until;
  std::vector<std::string> requests;
  std::string response_digest;
  std::optional<std::string> captured;  // state read before the change
};

Entry entry_of(RecordEntry entry, const ActionResult& answer);

// Thread-safe.
class RunJournal {
 public:
  RunJournal(Store& store, const Clock& clock, std::string run, std::uint64_t epoch,
             std::function<void()> crash_point)
      : store_(store),
        clock_(clock),
        run_(std::move(run)),
        epoch_(epoch),
        crash_point_(std::move(crash_point)) {}

  // What each step claims when it is done. Before the first write.
  void set_claims(ClaimMap claims) { claims_ = std::move(claims); }

  // Makes the entry and the step's state durable, together; when it is done, also the claims that
  // it makes.
  Status write(StepRecord& step, const Entry& entry);
  // About the run itself.
  Status write_run(RecordEntry entry, const std::string& detail);
  Status set_state(RunState state);
  Status set_due(const std::optional<Instant>& due);
  Status mark_undone(const std::string& undone, const std::vector<std::string>& steps, bool whole);
  Status approve(const StoredApproval& approval);
  Result<LimitAnswer> reserve(const std::string& step, const std::vector<LimitClaim>& claims);
  // More causes hold contained what is contained already.
  Status claim(const std::vector<ContainmentClaim>& claims, const std::string& detail);
  // The causes no longer hold the item contained.
  Status release(const std::string& step, const std::string& item,
                 const std::vector<std::string>& causes);
  // Sealed values of this run, and what it made or saw.
  Status put_secret(SealedSecret secret);
  Result<std::optional<SealedSecret>> find_secret(const StepRecord& step);
  Status add_inventory(const std::vector<StoredInventoryRecord>& records);

  [[nodiscard]] const std::string& run() const { return run_; }

  [[nodiscard]] Store& store() const { return store_; }

 private:
  void point() const {
    if (crash_point_) {
      crash_point_();
    }
  }

  Store& store_;
  const Clock& clock_;
  std::string run_;
  std::uint64_t epoch_;
  ClaimMap claims_;
  std::function<void()> crash_point_;
};

}  // namespace rescind::execute
