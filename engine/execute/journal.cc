// Durable writes of a run.
#include "execute/journal.h"

namespace rescind::execute {

Entry entry_of(RecordEntry entry, const ActionResult& answer) {
  Entry made;
  made.entry = entry;
  made.result = result_class_name(answer.result);
  made.detail = answer.detail;
  made.until = answer.until;
  made.requests = answer.requests;
  made.response_digest = answer.response_digest;
  return made;
}

Status RunJournal::write(StepRecord& step, const Entry& entry) {
  step.updated_at = clock_.now();
  JournalRecord record;
  record.run = run_;
  record.step = step.step;
  record.epoch = epoch_;
  record.at = *step.updated_at;
  record.entry = entry.entry;
  record.item = entry.item;
  record.generation = step.generation;
  record.state = step.state;
  record.result = entry.result;
  record.detail = entry.detail;
  record.until = entry.until;
  record.requests = entry.requests;
  record.response_digest = entry.response_digest;
  Capture capture;
  if (entry.captured) {
    capture = {run_, step.step, entry.item, step.generation, record.at, *entry.captured};
  }
  std::vector<ContainmentClaim> claims;
  const auto made = claims_.find(step.step);
  if (made != claims_.end() && (is_done_state(step.state) || step.state == StepState::Residual)) {
    claims = made->second;
    for (ContainmentClaim& claim : claims) {
      claim.at = record.at;
    }
  }
  point();
  RESCIND_RETURN_IF_ERROR(
      store_.append(record, &step, entry.captured ? &capture : nullptr, claims));
  point();
  return {};
}

Status RunJournal::write_run(RecordEntry entry, const std::string& detail) {
  JournalRecord record;
  record.run = run_;
  record.epoch = epoch_;
  record.at = clock_.now();
  record.entry = entry;
  record.detail = detail;
  point();
  RESCIND_RETURN_IF_ERROR(store_.append(record, nullptr, nullptr));
  point();
  return {};
}

Status RunJournal::claim(const std::vector<ContainmentClaim>& claims, const std::string& detail) {
  JournalRecord record;
  record.run = run_;
  record.epoch = epoch_;
  record.at = clock_.now();
  record.entry = RecordEntry::Claimed;
  record.item = claims.front().item;
  record.detail = detail;
  point();
  RESCIND_RETURN_IF_ERROR(store_.append(record, nullptr, nullptr, claims));
  point();
  return {};
}

Status RunJournal::release(const std::string& step, const std::string& item,
                           const std::vector<std::string>& causes) {
  for (const std::string& cause : causes) {
    point();
    RESCIND_ASSIGN_OR_RETURN(const std::uint64_t released,
                             store_.release_claims(cause, item, run_, clock_.now()));
    if (released > 0) {
      JournalRecord record;
      record.run = run_;
      record.step = step;
      record.epoch = epoch_;
      record.at = clock_.now();
      record.entry = RecordEntry::Released;
      record.item = item;
      record.state = StepState::Ready;
      record.detail = cause;
      RESCIND_RETURN_IF_ERROR(store_.append(record, nullptr, nullptr));
    }
    point();
  }
  return {};
}

Status RunJournal::set_state(RunState state) {
  point();
  RESCIND_RETURN_IF_ERROR(store_.set_run_state(run_, epoch_, state, clock_.now()));
  point();
  return {};
}

Status RunJournal::set_due(const std::optional<Instant>& due) {
  point();
  RESCIND_RETURN_IF_ERROR(store_.set_run_due(run_, epoch_, due));
  point();
  return {};
}

Status RunJournal::mark_undone(const std::string& undone, const std::vector<std::string>& steps,
                               bool whole) {
  point();
  RESCIND_RETURN_IF_ERROR(store_.mark_undone(undone, run_, steps, whole, clock_.now()));
  point();
  return {};
}

Status RunJournal::approve(const StoredApproval& approval) {
  point();
  RESCIND_RETURN_IF_ERROR(store_.add_approval(approval));
  point();
  return {};
}

Result<LimitAnswer> RunJournal::reserve(const std::string& step,
                                        const std::vector<LimitClaim>& claims) {
  point();
  RESCIND_ASSIGN_OR_RETURN(LimitAnswer answer, store_.reserve(run_, step, claims, clock_.now()));
  point();
  return answer;
}

Status RunJournal::put_secret(SealedSecret secret) {
  secret.run = run_;
  point();
  RESCIND_RETURN_IF_ERROR(store_.put_secret(secret));
  point();
  return {};
}

Result<std::optional<SealedSecret>> RunJournal::find_secret(const StepRecord& step) {
  return store_.find_secret(step.step, step.generation);
}

Status RunJournal::add_inventory(const std::vector<StoredInventoryRecord>& records) {
  point();
  RESCIND_RETURN_IF_ERROR(store_.add_inventory(records));
  point();
  return {};
}

}  // namespace rescind::execute
