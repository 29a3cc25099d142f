// The journal: records, the states of steps, captured state and timers.
#include <string>
#include <utility>

#include "audit/notes.h"
#include "base/hash.h"
#include "store/sqlite_rows.h"
#include "store/sqlite_store.h"

namespace rescind {
namespace {

Result<StepRecord> read_step(const SqliteStatement& row) {
  StepRecord step;
  step.run = row.text(0);
  step.step = row.text(1);
  step.position = static_cast<std::uint32_t>(row.number(2));
  const auto state = find_step_state(row.text(3));
  if (!state) {
    return unknown_word("step `" + step.step + "`", row.text(3));
  }
  step.state = *state;
  step.generation = static_cast<std::uint32_t>(row.number(4));
  step.attempts = static_cast<std::uint32_t>(row.number(5));
  step.escalated = row.number(6) != 0;
  step.wait = row.text(7);
  step.due = instant_of(row.optional_number(8));
  step.result = row.text(9);
  step.detail = row.text(10);
  step.until = instant_of(row.optional_number(11));
  step.settled_at = instant_of(row.optional_number(12));
  step.updated_at = instant_of(row.optional_number(13));
  return step;
}

constexpr std::string_view kStepColumns =
    "run, step, position, state, generation, attempts, escalated, wait, due, result, detail, "
    "until, settled_at, updated_at";

Result<JournalRecord> read_record(const SqliteStatement& row) {
  JournalRecord record;
  record.sequence = row.number(0);
  record.run = row.text(1);
  record.step = row.text(2);
  record.epoch = static_cast<std::uint64_t>(row.number(3));
  record.at = instant_of(row.number(4));
  const auto entry = find_record_entry(row.text(5));
  const auto state = find_step_state(row.text(8));
  if (!entry || !state) {
    return unknown_word("journal record " + std::to_string(record.sequence),
                        entry ? row.text(8) : row.text(5));
  }
  record.entry = *entry;
  record.item = row.text(6);
  record.generation = static_cast<std::uint32_t>(row.number(7));
  record.state = *state;
  record.result = row.text(9);
  record.detail = row.text(10);
  record.until = instant_of(row.optional_number(11));
  record.requests = decode_lines(row.text(12));
  record.response_digest = row.text(13);
  return record;
}

constexpr std::string_view kRecordColumns =
    "sequence, run, step, epoch, at, entry, item, generation, state, result, detail, until, "
    "requests, response";

Result<std::vector<JournalRecord>> read_records(SqliteStatement& select) {
  std::vector<JournalRecord> records;
  while (true) {
    RESCIND_ASSIGN_OR_RETURN(const bool row, select.step());
    if (!row) {
      return records;
    }
    RESCIND_ASSIGN_OR_RETURN(auto record, read_record(select));
    records.push_back(std::move(record));
  }
}

}  // namespace

Status SqliteStore::write_step(const StepRecord& step) {
  // WHY not REPLACE: that would write every index of the row anew, with every move of the step.
  RESCIND_ASSIGN_OR_RETURN(
      auto insert,
      database_.prepare(
          "INSERT INTO steps VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT (run, step) DO "
          "UPDATE SET position = excluded.position, state = excluded.state, ended = "
          "excluded.ended, generation = excluded.generation, attempts = excluded.attempts, "
          "escalated = excluded.escalated, wait = excluded.wait, due = excluded.due, result = "
          "excluded.result, detail = excluded.detail, until = excluded.until, settled_at = "
          "excluded.settled_at, updated_at = excluded.updated_at"));
  return insert.bind(step.run)
      .bind(step.step)
      .bind(std::int64_t{step.position})
      .bind(step_state_name(step.state))
      .bind(std::int64_t{is_end_state(step.state) ? 1 : 0})
      .bind(std::int64_t{step.generation})
      .bind(std::int64_t{step.attempts})
      .bind(std::int64_t{step.escalated ? 1 : 0})
      .bind(step.wait)
      .bind(stored(step.due))
      .bind(step.result)
      .bind(step.detail)
      .bind(stored(step.until))
      .bind(stored(step.settled_at))
      .bind(stored(step.updated_at))
      .run();
}

Status SqliteStore::write_record(const JournalRecord& record, const Capture* capture) {
  RESCIND_ASSIGN_OR_RETURN(
      auto insert, database_.prepare(
                       "INSERT INTO records (run, step, epoch, at, entry, item, generation, state, "
                       "result, detail, until, requests, response) "
                       "VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)"));
  RESCIND_RETURN_IF_ERROR(insert.bind(record.run)
                              .bind(record.step)
                              .bind(static_cast<std::int64_t>(record.epoch))
                              .bind(stored(record.at))
                              .bind(record_entry_name(record.entry))
                              .bind(record.item)
                              .bind(std::int64_t{record.generation})
                              .bind(step_state_name(record.state))
                              .bind(record.result)
                              .bind(record.detail)
                              .bind(stored(record.until))
                              .bind(encode_lines(record.requests))
                              .bind(record.response_digest)
                              .run());
  JournalRecord written = record;
  written.sequence = database_.last_insert_id();
  AuditNote note = note_of(written);
  if (capture != nullptr) {
    note.add("captured", sha256_digest(capture->state));
  }
  return audit_.append(database_, note);
}

Status SqliteStore::append(const JournalRecord& record, const StepRecord* step,
                           const Capture* capture, const std::vector<ContainmentClaim>& claims) {
  const std::lock_guard lock(mutex_);
  RESCIND_ASSIGN_OR_RETURN(auto transaction, SqliteTransaction::begin(database_));
  RESCIND_RETURN_IF_ERROR(check_epoch(record.run, record.epoch));
  RESCIND_RETURN_IF_ERROR(write_record(record, capture));
  if (step != nullptr) {
    RESCIND_RETURN_IF_ERROR(write_step(*step));
    RESCIND_RETURN_IF_ERROR(erase_secrets_of_ended(*step));
  }
  if (capture != nullptr) {
    // The first capture of a generation stands: what is read after a request is no pre-image.
    RESCIND_ASSIGN_OR_RETURN(
        auto keep, database_.prepare("INSERT OR IGNORE INTO captures VALUES (?,?,?,?,?,?)"));
    RESCIND_RETURN_IF_ERROR(keep.bind(capture->run)
                                .bind(capture->step)
                                .bind(capture->item)
                                .bind(std::int64_t{capture->generation})
                                .bind(stored(capture->at))
                                .bind(capture->state)
                                .run());
  }
  for (const ContainmentClaim& claim : claims) {
    RESCIND_RETURN_IF_ERROR(write_claim(claim));
  }
  return transaction.commit();
}

Result<std::vector<StepRecord>> SqliteStore::list_steps(const std::string& run) {
  const std::lock_guard lock(mutex_);
  return steps_of(run);
}

Result<std::vector<StepRecord>> SqliteStore::find_steps(const std::string& step) {
  const std::lock_guard lock(mutex_);
  return steps_where("step = ? ORDER BY run", step);
}

Result<std::vector<StepRecord>> SqliteStore::steps_of(const std::string& run) {
  return steps_where("run = ? ORDER BY position", run);
}

Result<std::vector<StepRecord>> SqliteStore::steps_where(std::string_view condition,
                                                         const std::string& value) {
  RESCIND_ASSIGN_OR_RETURN(
      auto select, database_.prepare("SELECT " + std::string(kStepColumns) + " FROM steps WHERE " +
                                     std::string(condition)));
  select.bind(value);
  std::vector<StepRecord> steps;
  while (true) {
    RESCIND_ASSIGN_OR_RETURN(const bool row, select.step());
    if (!row) {
      return steps;
    }
    RESCIND_ASSIGN_OR_RETURN(auto step, read_step(select));
    steps.push_back(std::move(step));
  }
}

Result<std::optional<StepRecord>> SqliteStore::find_step(const std::string& run,
                                                         const std::string& step) {
  RESCIND_ASSIGN_OR_RETURN(auto select,
                           database_.prepare("SELECT " + std::string(kStepColumns) +
                                             " FROM steps WHERE run = ? AND step = ?"));
  RESCIND_ASSIGN_OR_RETURN(const bool row, select.bind(run).bind(step).step());
  if (!row) {
    return std::optional<StepRecord>{};
  }
  RESCIND_ASSIGN_OR_RETURN(auto found, read_step(select));
  return std::optional<StepRecord>(std::move(found));
}

Result<std::vector<JournalRecord>> SqliteStore::list_records(const std::string& run) {
  const std::lock_guard lock(mutex_);
  RESCIND_ASSIGN_OR_RETURN(auto select, database_.prepare("SELECT " + std::string(kRecordColumns) +
                                                          " FROM records WHERE run = ? ORDER BY "
                                                          "sequence"));
  select.bind(run);
  return read_records(select);
}

Result<std::vector<JournalRecord>> SqliteStore::list_journal(std::int64_t after,
                                                             std::size_t count) {
  const std::lock_guard lock(mutex_);
  RESCIND_ASSIGN_OR_RETURN(auto select, database_.prepare("SELECT " + std::string(kRecordColumns) +
                                                          " FROM records WHERE sequence > ? ORDER "
                                                          "BY sequence LIMIT ?"));
  select.bind(after).bind(static_cast<std::int64_t>(count));
  return read_records(select);
}

Result<std::vector<Capture>> SqliteStore::list_captures(const std::string& run) {
  const std::lock_guard lock(mutex_);
  RESCIND_ASSIGN_OR_RETURN(
      auto select, database_.prepare("SELECT run, step, item, generation, at, state FROM captures "
                                     "WHERE run = ? ORDER BY step, item, generation"));
  select.bind(run);
  std::vector<Capture> captures;
  while (true) {
    RESCIND_ASSIGN_OR_RETURN(const bool row, select.step());
    if (!row) {
      return captures;
    }
    captures.push_back({select.text(0), select.text(1), select.text(2),
                        static_cast<std::uint32_t>(select.number(3)), instant_of(select.number(4)),
                        select.text(5)});
  }
}

Result<std::vector<Timer>> SqliteStore::timers_where(std::string_view condition, Instant at) {
  RESCIND_ASSIGN_OR_RETURN(
      auto select, database_.prepare("SELECT run, step, due, wait FROM steps WHERE ended = 0 "
                                     "AND due IS NOT NULL AND " +
                                     std::string(condition) + " ORDER BY due, run, step"));
  select.bind(stored(at));
  std::vector<Timer> timers;
  while (true) {
    RESCIND_ASSIGN_OR_RETURN(const bool row, select.step());
    if (!row) {
      return timers;
    }
    timers.push_back(
        {select.text(0), select.text(1), instant_of(select.number(2)), select.text(3)});
  }
}

Result<std::vector<Timer>> SqliteStore::list_timers() {
  const std::lock_guard lock(mutex_);
  return timers_where("due >= ?", Instant::min());
}

Result<std::vector<Timer>> SqliteStore::list_due(Instant at) {
  const std::lock_guard lock(mutex_);
  return timers_where("due <= ?", at);
}

}  // namespace rescind
