// Holds the log of a store against itself, its signatures and the rest of the store.
#include <map>
#include <set>
#include <tuple>

#include "audit/notes.h"
#include "workflow/audit_log.h"

namespace rescind {
namespace {

constexpr std::size_t kPageEntries = 4096;

// What a note says, without what the journal's row does not have.
MerkleHash hash_of(AuditNote note) {
  note.data.erase("captured");
  return hash_leaf(encode_entry({0, std::move(note), {}}));
}

class StoreChecker {
 public:
  StoreChecker(Store& store, LogChecker& log) : store_(store), log_(log) {}

  void hear(const AuditEntry& entry) {
    const AuditNote& note = entry.note;
    if (const std::string record = note.get("record"); !record.empty()) {
      records_[record] = {entry.sequence, hash_of(note)};
    } else if (note.kind == "run") {
      runs_[note.run].state = {entry.sequence, note.get("state")};
      if (note.data.contains("plan")) {
        runs_[note.run].plan = {entry.sequence, note.get("plan")};
      }
    } else if (note.kind == "approval") {
      approvals_.insert({note.step, note.get("binding"), note.who});
    }
  }

  Status check() {
    RESCIND_ASSIGN_OR_RETURN(const auto runs, store_.list_runs());
    for (const RunRecord& run : runs) {
      RESCIND_RETURN_IF_ERROR(check_run(run));
      RESCIND_RETURN_IF_ERROR(check_records(run.id));
      RESCIND_RETURN_IF_ERROR(check_approvals(run.id));
      runs_.erase(run.id);
    }
    for (const auto& [run, said] : runs_) {
      differs(said.state.first, "the log tells of " + run + ", which the store does not have");
    }
    for (const auto& [record, said] : records_) {
      differs(said.first, "entry " + std::to_string(said.first) + " tells of journal record " +
                              record + ", which the store does not have");
    }
    return {};
  }

 private:
  using Said = std::pair<std::uint64_t, std::string>;  // entry, value

  struct SaidOfRun {
    Said state, plan;
  };

  void differs(std::uint64_t entry, std::string message) {
    log_.report(FindingKind::Differs, entry, std::move(message));
  }

  Status check_run(const RunRecord& run) {
    const auto said = runs_.find(run.id);
    if (said == runs_.end()) {
      log_.report(FindingKind::Differs, std::nullopt, "the log does not tell of " + run.id);
      return {};
    }
    const std::string state(run_state_name(run.state));
    if (said->second.state.second != state) {
      differs(said->second.state.first, run.id + " is " + state + " in the store and " +
                                            said->second.state.second + " in entry " +
                                            std::to_string(said->second.state.first));
    }
    RESCIND_ASSIGN_OR_RETURN(const std::string plan, store_.plan_of_run(run.id));
    if (said->second.plan.second != sha256_digest(plan)) {
      differs(said->second.plan.first, "the stored plan of " + run.id +
                                           " is not the one that entry " +
                                           std::to_string(said->second.plan.first) + " names");
    }
    return {};
  }

  Status check_records(const std::string& run) {
    RESCIND_ASSIGN_OR_RETURN(const auto records, store_.list_records(run));
    for (const JournalRecord& record : records) {
      const std::string number = std::to_string(record.sequence);
      const auto said = records_.find(number);
      if (said == records_.end()) {
        log_.report(FindingKind::Differs, std::nullopt,
                    "journal record " + number + " of " + run + " is not in the log");
        continue;
      }
      if (said->second.second != hash_of(note_of(record))) {
        differs(said->second.first, "journal record " + number + " of " + run +
                                        " says something else than entry " +
                                        std::to_string(said->second.first));
      }
      records_.erase(said);
    }
    return {};
  }

  Status check_approvals(const std::string& run) {
    RESCIND_ASSIGN_OR_RETURN(const auto approvals, store_.list_approvals(run));
    for (const StoredApproval& approval : approvals) {
      if (!approvals_.contains({approval.step, approval.binding, approval.approver})) {
        log_.report(FindingKind::Differs, std::nullopt,
                    "the approval of `" + approval.approver + "` for " +
                        (approval.step.empty() ? run : approval.step) + " is not in the log");
      }
    }
    return {};
  }

  Store& store_;
  LogChecker& log_;
  std::map<std::string, std::pair<std::uint64_t, MerkleHash>> records_;  // by number
  std::map<std::string, SaidOfRun> runs_;
  std::set<std::tuple<std::string, std::string, std::string>> approvals_;  // step, binding, who
};

}  // namespace

Result<LogReport> check_store_log(Store& store, const std::vector<PublicKey>& keys,
                                  const std::vector<NamedNote>& notes) {
  LogChecker log({keys, "", false});
  StoreChecker checker(store, log);
  RESCIND_ASSIGN_OR_RETURN(const auto checkpoints, store.list_checkpoints());
  for (std::size_t at = 0; at < checkpoints.size(); ++at) {
    log.add_checkpoint(checkpoints[at], "checkpoint " + std::to_string(at + 1) + " of the store");
  }
  for (const NamedNote& named : notes) {
    log.add_checkpoint(named.note, named.from);
  }
  for (std::uint64_t from = 0;;) {
    RESCIND_ASSIGN_OR_RETURN(const auto page, store.list_audit(from, kPageEntries));
    if (page.empty()) {
      break;
    }
    for (const StoredEntry& stored : page) {
      if (const auto entry = log.add_line(stored.line)) {
        checker.hear(*entry);
      }
      if (stored.nodes != log.completed()) {
        log.report(FindingKind::Changed, stored.sequence,
                   "the hashes that the store keeps with entry " + std::to_string(stored.sequence) +
                       " are not those of the log");
      }
    }
    from = page.back().sequence + 1;
  }
  RESCIND_RETURN_IF_ERROR(checker.check());
  return log.finish();
}

}  // namespace rescind
