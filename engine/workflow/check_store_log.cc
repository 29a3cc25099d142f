// Holds the log of a store against itself, its signatures and the rest of the store.
#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "audit/notes.h"
#include "store/approval_note.h"
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
    } else if (note.kind == "supplement") {
      runs_[note.run].supplements[note.get("number")] = {
          entry.sequence, note.get("digest") + ' ' + note.get("plan")};
    } else if (note.kind == "approval") {
      const MerkleHash said = hash_of_words(note);
      said_in_[said].insert(note.run);
      approvals_[{note.run, said}].push_back(entry);
    }
  }

  Status check() {
    RESCIND_ASSIGN_OR_RETURN(const auto runs, store_.list_runs());
    for (const RunRecord& run : runs) {
      heirs_[run.id] = run.superseded_by;
      RESCIND_RETURN_IF_ERROR(check_run(run));
      RESCIND_RETURN_IF_ERROR(check_supplements(run.id));
      RESCIND_RETURN_IF_ERROR(check_records(run.id));
      runs_.erase(run.id);
    }
    RESCIND_RETURN_IF_ERROR(check_approvals());
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
    std::map<std::string, Said> supplements;  // by number; digest and SHA-256 of the text
  };

  // What a person said, whichever run it was handed in for: a run that takes over another's steps
  // takes their approvals along, and the log has them once, with the first run.
  static MerkleHash hash_of_words(AuditNote note) {
    note.run.clear();
    return hash_of(std::move(note));
  }

  static std::string approval_words(const AuditNote& note) {
    return std::string("the ") + (note.data.contains("refused") ? "refusal" : "approval") +
           " of `" + note.who + "` for " + (note.step.empty() ? note.run : note.step);
  }

  // The words were said in this run or in one that it took over, as far back as that goes.
  [[nodiscard]] bool was_said(const std::string& run, const MerkleHash& words) const {
    const auto runs = said_in_.find(words);
    return runs != said_in_.end() &&
           std::any_of(runs->second.begin(), runs->second.end(), [&](const std::string& first) {
             std::set<std::string> seen;
             for (std::string at = first; seen.insert(at).second;) {
               const auto heir = heirs_.find(at);
               if (at == run || heir == heirs_.end()) {
                 return at == run;
               }
               at = heir->second;
             }
             return false;
           });
  }

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

  Status check_supplements(const std::string& run) {
    RESCIND_ASSIGN_OR_RETURN(const auto supplements, store_.list_supplements(run));
    std::map<std::string, Said>& logged = runs_[run].supplements;
    for (const Supplement& supplement : supplements) {
      const std::string number = std::to_string(supplement.number);
      const std::string words = "supplement " + number + " of " + run;
      const auto said = logged.find(number);
      if (said == logged.end()) {
        log_.report(FindingKind::Differs, std::nullopt, words + " is not in the log");
        continue;
      }
      if (said->second.second != supplement.digest + ' ' + sha256_digest(supplement.plan)) {
        differs(said->second.first, "the stored " + words + " is not the one that entry " +
                                        std::to_string(said->second.first) + " names");
      }
      logged.erase(said);
    }
    for (const auto& [number, said] : logged) {
      differs(said.first, "the log tells of supplement " + number + " of " + run +
                              ", which the store does not have");
    }
    return {};
  }

  Status check_approvals() {
    RESCIND_ASSIGN_OR_RETURN(const auto approvals, store_.list_approvals(""));
    for (const StoredApproval& approval : approvals) {
      const AuditNote note = note_of(approval);
      const MerkleHash words = hash_of_words(note);
      if (!was_said(approval.run, words)) {
        log_.report(FindingKind::Differs, std::nullopt,
                    approval_words(note) +
                        " in the store is not in the log, or says something "
                        "else there");
      }
      const auto said = approvals_.find({approval.run, words});
      if (said != approvals_.end()) {
        said->second.pop_back();
        if (said->second.empty()) {
          approvals_.erase(said);
        }
      }
    }
    for (const auto& [what, entries] : approvals_) {
      for (const AuditEntry& entry : entries) {
        differs(entry.sequence, "entry " + std::to_string(entry.sequence) + " tells of " +
                                    approval_words(entry.note) +
                                    ", which the store does not have as it was given");
      }
    }
    return {};
  }

  Store& store_;
  LogChecker& log_;
  std::map<std::string, std::pair<std::uint64_t, MerkleHash>> records_;  // by number
  std::map<std::string, SaidOfRun> runs_;
  // By run and words, those that the store did not show yet.
  std::map<std::pair<std::string, MerkleHash>, std::vector<AuditEntry>> approvals_;
  std::map<MerkleHash, std::set<std::string>> said_in_;  // words → runs
  std::map<std::string, std::string> heirs_;             // run → the one that took it over; ""
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
