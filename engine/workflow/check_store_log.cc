// Holds the log of a store against itself, its signatures and the rest of the store.
#include <algorithm>
#include <charconv>
#include <limits>
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
// Records without an entry in their place may have one later: so many are remembered.
constexpr std::size_t kMaxSkipped = 1000;

// What a note says, without what the journal's row does not have.
MerkleHash hash_of(AuditNote note) {
  note.data.erase("captured");
  return hash_leaf(encode_entry({0, std::move(note), {}}));
}

class StoreChecker {
 public:
  StoreChecker(Store& store, LogChecker& log) : store_(store), log_(log) {}

  Status hear(const AuditEntry& entry) {
    const AuditNote& note = entry.note;
    if (const std::string record = note.get("record"); !record.empty()) {
      return hear_record(entry, record);
    }
    if (note.kind == "run") {
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
    return {};
  }

  // After the last entry.
  Status check() {
    RESCIND_RETURN_IF_ERROR(skip_records(std::numeric_limits<std::int64_t>::max()));
    for (const JournalRecord& record : skipped_) {
      report_absent(record);
    }
    RESCIND_ASSIGN_OR_RETURN(const auto runs, store_.list_runs());
    for (const RunRecord& run : runs) {
      heirs_[run.id] = run.superseded_by;
      RESCIND_RETURN_IF_ERROR(check_run(run));
      RESCIND_RETURN_IF_ERROR(check_supplements(run.id));
      runs_.erase(run.id);
    }
    RESCIND_RETURN_IF_ERROR(check_approvals());
    for (const auto& [run, said] : runs_) {
      differs(said.state.first, "the log tells of " + run + ", which the store does not have");
    }
    return {};
  }

 private:
  using Said = std::pair<std::uint64_t, std::string>;  // entry, value

  struct SaidOfRun {
    Said state, plan;
    std::map<std::string, Said> supplements;  // by number; digest and SHA-256 of the text
  };

  // The next record of the journal; null: there is none.
  Result<const JournalRecord*> next_record() {
    if (at_ == page_.size()) {
      RESCIND_ASSIGN_OR_RETURN(page_, store_.list_journal(read_to_, kPageEntries));
      at_ = 0;
    }
    return page_.empty() ? nullptr : &page_[at_];
  }

  void pass() { read_to_ = page_[at_++].sequence; }

  // The journal's records before that number, which the log has not told of where it should have.
  Status skip_records(std::int64_t number) {
    while (true) {
      RESCIND_ASSIGN_OR_RETURN(const JournalRecord* next, next_record());
      if (next == nullptr || next->sequence >= number) {
        return {};
      }
      if (skipped_.size() < kMaxSkipped) {
        skipped_.push_back(*next);
      } else {
        report_absent(*next);
      }
      pass();
    }
  }

  // WHY side by side: a record and its entry are written together, so that both are in one order.
  Status hear_record(const AuditEntry& entry, const std::string& text) {
    std::int64_t number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    RESCIND_RETURN_IF_ERROR(skip_records(number));
    RESCIND_ASSIGN_OR_RETURN(const JournalRecord* next, next_record());
    if (next != nullptr && next->sequence == number) {
      compare(entry, *next);
      pass();
      return {};
    }
    const auto late =
        std::find_if(skipped_.begin(), skipped_.end(),
                     [number](const JournalRecord& one) { return one.sequence == number; });
    if (late != skipped_.end()) {
      compare(entry, *late);
      skipped_.erase(late);
    } else {
      differs(entry.sequence,
              "entry " + std::to_string(entry.sequence) + " tells of journal record " + text +
                  ", which the store does not have, or of which it was told before");
    }
    return {};
  }

  void compare(const AuditEntry& entry, const JournalRecord& record) {
    if (hash_of(entry.note) != hash_of(note_of(record))) {
      differs(entry.sequence, "journal record " + std::to_string(record.sequence) + " of " +
                                  record.run + " says something else than entry " +
                                  std::to_string(entry.sequence));
    }
  }

  void report_absent(const JournalRecord& record) {
    log_.report(FindingKind::Differs, std::nullopt,
                "journal record " + std::to_string(record.sequence) + " of " + record.run +
                    " is not in the log");
  }

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
  std::vector<JournalRecord> page_;     // of the journal
  std::size_t at_ = 0;                  // the next one of the page
  std::int64_t read_to_ = 0;            // the number of the last one that was passed
  std::vector<JournalRecord> skipped_;  // passed without an entry that tells of them
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
        RESCIND_RETURN_IF_ERROR(checker.hear(*entry));
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
