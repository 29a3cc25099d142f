// What a run leaves behind when another takes over, is added to it, or puts it back.
#include <algorithm>
#include <string>
#include <utility>

#include "base/hash.h"
#include "store/sqlite_schema.h"
#include "store/sqlite_store.h"

namespace rescind {
namespace {

bool stands_still(StepState state) {
  return state == StepState::Pending || state == StepState::Waiting || state == StepState::Ready;
}

// A request was sent, or may have been: the step cannot simply be taken back.
bool has_begun(const StepRecord& step) {
  return step.attempts > 0 ||
         !(stands_still(step.state) || step.state == StepState::Failed ||
           step.state == StepState::Conflict || step.state == StepState::Throttled);
}

}  // namespace

// Takes the run away from whoever works it. Its epoch is raised, so that their writes are refused.
Status SqliteStore::fence(const std::string& run, RunState state, const std::string& by,
                          Instant at) {
  RESCIND_ASSIGN_OR_RETURN(const auto found, find_run_where("run = ?", run));
  if (!found) {
    return fail(ErrorKind::NotFound, "there is no run `" + run + "`; `rescind runs` lists them");
  }
  const bool undoes = state == RunState::Undoing;
  if (found->state == RunState::Superseded || found->state == RunState::Undone ||
      found->state == RunState::Undoing || (found->state == RunState::Closed && !undoes)) {
    return fail(ErrorKind::Conflict, run + " is " + std::string(run_state_name(found->state)) +
                                         " meanwhile; plan again");
  }
  RESCIND_ASSIGN_OR_RETURN(
      auto update,
      database_.prepare("UPDATE runs SET epoch = epoch + 1, state = ?, updated_at = ?, "
                        "due = NULL, superseded_by = ? WHERE run = ?"));
  RESCIND_RETURN_IF_ERROR(
      update.bind(run_state_name(state)).bind(stored(at)).bind(by).bind(run).run());
  RESCIND_RETURN_IF_ERROR(
      log_run("run", run, at, {{"state", std::string(run_state_name(state))}, {"by", by}}));
  JournalRecord record;
  record.run = run;
  record.epoch = found->epoch + 1;
  record.at = at;
  record.entry = RecordEntry::State;
  record.result = run_state_name(state);
  record.detail = std::string(run_state_name(state)) + " by " + by;
  return write_record(record);
}

// The step goes on where the superseded run left it.
Status SqliteStore::inherit_step(const StepRecord& fresh, const std::string& from) {
  RESCIND_ASSIGN_OR_RETURN(const auto old, find_step(from, fresh.step));
  if (!old) {
    return write_step(fresh);
  }
  StepRecord record = *old;
  record.run = fresh.run;
  record.position = fresh.position;
  if (stands_still(old->state)) {
    record.state = StepState::Pending;
    record.wait.clear();
    record.due = fresh.due;
  }
  RESCIND_RETURN_IF_ERROR(write_step(record));
  JournalRecord line;
  line.run = record.run;
  line.step = record.step;
  line.at = old->updated_at.value_or(Instant{});
  line.entry = RecordEntry::Opened;
  line.generation = record.generation;
  line.state = record.state;
  line.result = record.result;
  line.detail = "goes on from " + from;
  line.until = record.until;
  RESCIND_RETURN_IF_ERROR(write_record(line));
  for (const char* sql :
       {"INSERT OR IGNORE INTO captures SELECT ?, step, item, generation, at, state FROM captures "
        "WHERE run = ? AND step = ?",
        "INSERT INTO approvals (run, step, binding, approver, at, refused, reason, plan_digest, "
        "expires, on_behalf_of, document, key) SELECT ?, step, binding, approver, at, refused, "
        "reason, plan_digest, expires, on_behalf_of, document, key FROM approvals WHERE run = ? "
        "AND step = ? ORDER BY sequence",
        "UPDATE secrets SET run = ? WHERE run = ? AND step = ?",
        "UPDATE escalations SET run = ? WHERE run = ? AND step = ?"}) {
    RESCIND_ASSIGN_OR_RETURN(auto move, database_.prepare(sql));
    RESCIND_RETURN_IF_ERROR(move.bind(record.run).bind(from).bind(record.step).run());
  }
  return {};
}

// Ends what the fenced run still had open and nobody took over.
Status SqliteStore::end_superseded(const std::string& run, const std::string& by, Instant at) {
  RESCIND_ASSIGN_OR_RETURN(const auto found, find_run_where("run = ?", run));
  RESCIND_ASSIGN_OR_RETURN(auto steps, steps_of(run));
  for (StepRecord& step : steps) {
    if (is_end_state(step.state)) {
      continue;
    }
    RESCIND_ASSIGN_OR_RETURN(const auto heir, find_step(by, step.step));
    if (has_begun(step) && !heir) {
      step.due.reset();  // keeps its state: what came of it is not known here
      step.escalated = true;
    } else {
      step.state = StepState::Cancelled;
      step.wait.clear();
      step.due.reset();
      step.escalated = false;
    }
    step.detail = (heir ? "goes on in " : "taken back by ") + by;
    step.updated_at = at;
    RESCIND_RETURN_IF_ERROR(write_step(step));
    JournalRecord line;
    line.run = run;
    line.step = step.step;
    line.epoch = found->epoch;
    line.at = at;
    line.entry = RecordEntry::Ended;
    line.generation = step.generation;
    line.state = step.state;
    line.detail = step.detail;
    RESCIND_RETURN_IF_ERROR(write_record(line));
  }
  RESCIND_ASSIGN_OR_RETURN(auto retirements, retirements_where("run = ? AND ended = 0", run));
  for (RetirementRecord& retirement : retirements) {
    retirement.state = RetirementState::Cancelled;
    retirement.why = "taken back by " + by;
    retirement.due.reset();
    retirement.updated_at = at;
    RESCIND_RETURN_IF_ERROR(write_retirement(retirement));
  }
  return close_what_it_worked(run, at);
}

Result<std::uint32_t> SqliteStore::extend_run(const JournalRecord& record,
                                              const NewSupplement& supplement) {
  const std::lock_guard lock(mutex_);
  RESCIND_ASSIGN_OR_RETURN(auto transaction, SqliteTransaction::begin(database_));
  RESCIND_RETURN_IF_ERROR(check_epoch(record.run, record.epoch));
  RESCIND_RETURN_IF_ERROR(consume_digest(supplement.digest, record.run, supplement.at));
  RESCIND_ASSIGN_OR_RETURN(
      auto last, database_.prepare("SELECT coalesce((SELECT max(number) FROM supplements WHERE run "
                                   "= ?1), 0), (SELECT count(*) FROM steps WHERE run = ?1)"));
  RESCIND_ASSIGN_OR_RETURN(const bool row, last.bind(record.run).step());
  const auto number = static_cast<std::uint32_t>(row ? last.number(0) + 1 : 1);
  const auto position = static_cast<std::uint32_t>(row ? last.number(1) : 0);
  RESCIND_ASSIGN_OR_RETURN(auto insert,
                           database_.prepare("INSERT INTO supplements VALUES (?,?,?,?,?,?)"));
  RESCIND_RETURN_IF_ERROR(insert.bind(record.run)
                              .bind(std::int64_t{number})
                              .bind(supplement.digest)
                              .bind(supplement.plan)
                              .bind(supplement.why)
                              .bind(stored(supplement.at))
                              .run());
  RESCIND_RETURN_IF_ERROR(write_run_index(database_, record.run, supplement.index));
  RESCIND_RETURN_IF_ERROR(log_run("supplement", record.run, supplement.at,
                                  {{"number", std::to_string(number)},
                                   {"digest", supplement.digest},
                                   {"plan", sha256_digest(supplement.plan)}}));
  RESCIND_RETURN_IF_ERROR(log_notes(supplement.notes, record.run, supplement.at));
  RESCIND_RETURN_IF_ERROR(write_new_steps(record.run, supplement.steps, position));
  for (RetirementRecord retirement : supplement.retirements) {
    retirement.run = record.run;
    RESCIND_RETURN_IF_ERROR(write_retirement(retirement));
  }
  RESCIND_RETURN_IF_ERROR(write_record(record));
  RESCIND_RETURN_IF_ERROR(transaction.commit());
  return number;
}

Result<std::vector<Supplement>> SqliteStore::list_supplements(const std::string& run) {
  const std::lock_guard lock(mutex_);
  RESCIND_ASSIGN_OR_RETURN(
      auto select, database_.prepare("SELECT run, number, digest, text, why, at FROM supplements "
                                     "WHERE run = ? ORDER BY number"));
  select.bind(run);
  std::vector<Supplement> supplements;
  while (true) {
    RESCIND_ASSIGN_OR_RETURN(const bool row, select.step());
    if (!row) {
      return supplements;
    }
    supplements.push_back({select.text(0), static_cast<std::uint32_t>(select.number(1)),
                           select.text(2), select.text(3), select.text(4),
                           instant_of(select.number(5))});
  }
}

Status SqliteStore::mark_undone(const std::string& run, const std::string& by,
                                const std::vector<std::string>& steps, bool whole, Instant at) {
  const std::lock_guard lock(mutex_);
  RESCIND_ASSIGN_OR_RETURN(auto transaction, SqliteTransaction::begin(database_));
  RESCIND_ASSIGN_OR_RETURN(const auto found, find_run_where("run = ?", run));
  const bool superseded = found && found->state == RunState::Superseded && !whole;
  if (!superseded && (!found || found->state != RunState::Undoing)) {
    return fail(ErrorKind::Conflict, run + " is not being undone");
  }
  RESCIND_ASSIGN_OR_RETURN(auto touch,
                           database_.prepare("UPDATE runs SET updated_at = ? WHERE run = ?"));
  RESCIND_RETURN_IF_ERROR(touch.bind(stored(at)).bind(run).run());
  JournalRecord line;
  line.run = run;
  line.epoch = found->epoch;
  line.at = at;
  for (const std::string& id : steps) {
    RESCIND_ASSIGN_OR_RETURN(auto step, find_step(run, id));
    if (!step || step->state == StepState::Undone) {
      continue;
    }
    step->state = StepState::Undone;
    step->wait.clear();
    step->due.reset();
    step->escalated = false;
    step->updated_at = at;
    RESCIND_RETURN_IF_ERROR(write_step(*step));
    line.step = id;
    line.entry = RecordEntry::Ended;
    line.generation = step->generation;
    line.state = step->state;
    line.detail = "put back by " + by;
    RESCIND_RETURN_IF_ERROR(write_record(line));
  }
  if (whole) {
    RESCIND_ASSIGN_OR_RETURN(
        auto update, database_.prepare("UPDATE runs SET state = ?, updated_at = ? WHERE run = ?"));
    RESCIND_RETURN_IF_ERROR(
        update.bind(run_state_name(RunState::Undone)).bind(stored(at)).bind(run).run());
    RESCIND_RETURN_IF_ERROR(log_run(
        "run", run, at, {{"state", std::string(run_state_name(RunState::Undone))}, {"by", by}}));
    line = JournalRecord{};
    line.run = run;
    line.epoch = found->epoch;
    line.at = at;
    line.entry = RecordEntry::State;
    line.result = run_state_name(RunState::Undone);
    line.detail = "undone by " + by;
    RESCIND_RETURN_IF_ERROR(write_record(line));
  }
  return transaction.commit();
}

}  // namespace rescind
