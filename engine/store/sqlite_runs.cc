// Runs: opening, superseding, claiming, their states, and what is due.
#include <string>
#include <utility>

#include "base/hash.h"
#include "store/run_lock.h"
#include "store/run_plan.h"
#include "store/sqlite_schema.h"
#include "store/sqlite_store.h"

namespace rescind {
namespace {

Result<RunRecord> read_run(const SqliteStatement& row) {
  RunRecord run;
  run.id = row.text(0);
  run.digest = row.text(1);
  run.epoch = static_cast<std::uint64_t>(row.number(2));
  const auto state = find_run_state(row.text(3));
  if (!state) {
    return fail(ErrorKind::Corrupt, "run `" + run.id + "` has the unknown state `" + row.text(3) +
                                        "`; restore the store from a backup");
  }
  run.state = *state;
  run.opened_at = instant_of(row.number(4));
  run.updated_at = instant_of(row.number(5));
  run.due = instant_of(row.optional_number(6));
  run.undoes = row.text(7);
  run.superseded_by = row.text(8);
  return run;
}

constexpr std::string_view kRunColumns =
    "run, digest, epoch, state, opened_at, updated_at, due, undoes, superseded_by";

constexpr std::string_view kIsOpen = "state IN ('open', 'contained', 'settled') AND ";

std::string run_id_of(const std::string& digest) {
  const std::size_t colon = digest.find(':');
  return "run:" + digest.substr(colon == std::string::npos ? 0 : colon + 1, 16);
}

}  // namespace

Status SqliteStore::consume_digest(const std::string& digest, const std::string& run, Instant at) {
  RESCIND_ASSIGN_OR_RETURN(auto used,
                           database_.prepare("SELECT run FROM used_digests WHERE digest = ?"));
  RESCIND_ASSIGN_OR_RETURN(const bool again, used.bind(digest).step());
  if (again) {
    return fail(ErrorKind::Conflict,
                "the plan was used before, by " + used.text(0) + "; a plan is applied once");
  }
  RESCIND_ASSIGN_OR_RETURN(auto consume,
                           database_.prepare("INSERT INTO used_digests VALUES (?,?,?)"));
  return consume.bind(digest).bind(run).bind(stored(at)).run();
}

Status SqliteStore::write_new_steps(const std::string& run, const std::vector<NewStep>& steps,
                                    std::uint32_t position) {
  for (const NewStep& step : steps) {
    StepRecord record;
    record.run = run;
    record.step = step.id;
    record.position = position++;
    record.generation = step.generation;
    record.due = step.due;
    RESCIND_RETURN_IF_ERROR(step.inherits_run.empty() ? write_step(record)
                                                      : inherit_step(record, step.inherits_run));
  }
  return {};
}

Result<RunRecord> SqliteStore::open_run(const NewRun& run) {
  const std::lock_guard lock(mutex_);
  RESCIND_ASSIGN_OR_RETURN(auto transaction, SqliteTransaction::begin(database_));
  RunRecord opened;
  opened.id = run_id_of(run.digest);
  opened.digest = run.digest;
  opened.opened_at = run.at;
  opened.updated_at = run.at;
  opened.due = run.at;
  opened.undoes = run.undoes;
  RESCIND_RETURN_IF_ERROR(consume_digest(run.digest, opened.id, run.at));
  RESCIND_ASSIGN_OR_RETURN(auto insert,
                           database_.prepare("INSERT INTO runs VALUES (?,?,0,?,?,?,?,?,'')"));
  RESCIND_RETURN_IF_ERROR(insert.bind(opened.id)
                              .bind(run.digest)
                              .bind(run_state_name(opened.state))
                              .bind(stored(run.at))
                              .bind(stored(run.at))
                              .bind(stored(run.at))
                              .bind(run.undoes)
                              .run());
  RESCIND_ASSIGN_OR_RETURN(auto plan, database_.prepare("INSERT INTO plans VALUES (?,?)"));
  RESCIND_RETURN_IF_ERROR(plan.bind(opened.id).bind(run.plan).run());
  RESCIND_RETURN_IF_ERROR(write_run_index(database_, opened.id, run.index));
  RESCIND_RETURN_IF_ERROR(log_run("run", opened.id, run.at,
                                  {{"state", std::string(run_state_name(opened.state))},
                                   {"digest", run.digest},
                                   {"plan", sha256_digest(run.plan)}}));
  RESCIND_RETURN_IF_ERROR(log_notes(run.notes, opened.id, run.at));
  for (const std::string& old : run.supersedes) {
    RESCIND_RETURN_IF_ERROR(fence(old, RunState::Superseded, opened.id, run.at));
  }
  if (!run.undoes.empty()) {
    RESCIND_RETURN_IF_ERROR(fence(run.undoes, RunState::Undoing, opened.id, run.at));
    RESCIND_ASSIGN_OR_RETURN(auto steps, steps_of(run.undoes));
    if (!run.undo_state.empty() && undo_binding_value(std::move(steps)) != run.undo_state) {
      return fail(ErrorKind::Conflict, run.undoes + " went on since this was planned; plan again");
    }
  }
  RESCIND_RETURN_IF_ERROR(write_new_steps(opened.id, run.steps, 0));
  for (StoredEvent event : run.events) {
    event.run = opened.id;
    RESCIND_RETURN_IF_ERROR(write_event(event));
  }
  for (RetirementRecord retirement : run.retirements) {
    retirement.run = opened.id;
    RESCIND_RETURN_IF_ERROR(write_retirement(retirement));
  }
  for (const std::string& old : run.supersedes) {
    RESCIND_RETURN_IF_ERROR(end_superseded(old, opened.id, run.at));
  }
  if (!run.undoes.empty()) {
    RESCIND_RETURN_IF_ERROR(end_superseded(run.undoes, opened.id, run.at));
  }
  RESCIND_RETURN_IF_ERROR(transaction.commit());
  return opened;
}

Result<Store::Claim> SqliteStore::claim_run(const std::string& run, Instant at) {
  const std::lock_guard lock(mutex_);
  RESCIND_ASSIGN_OR_RETURN(auto lease, lock_run(database_.path(), run));
  RESCIND_ASSIGN_OR_RETURN(auto transaction, SqliteTransaction::begin(database_));
  RESCIND_ASSIGN_OR_RETURN(
      auto update,
      // WHY: due at once until it was worked to rest, so that a run whose process dies is found.
      database_.prepare("UPDATE runs SET epoch = epoch + 1, updated_at = ?1, due = CASE WHEN state "
                        "IN ('open', 'contained', 'settled') THEN min(coalesce(due, ?1), ?1) END "
                        "WHERE run = ?2"));
  RESCIND_RETURN_IF_ERROR(update.bind(stored(at)).bind(run).run());
  RESCIND_ASSIGN_OR_RETURN(auto record, find_run_where("run = ?", run));
  if (!record) {
    return fail(ErrorKind::NotFound, "there is no run `" + run + "`; `rescind runs` lists them");
  }
  RESCIND_RETURN_IF_ERROR(log_run("taken_up", run, at, {{"epoch", std::to_string(record->epoch)}}));
  RESCIND_RETURN_IF_ERROR(transaction.commit());
  return Claim{*record, std::move(lease)};
}

Result<std::optional<RunRecord>> SqliteStore::find_run_where(std::string_view condition,
                                                             const std::string& value) {
  RESCIND_ASSIGN_OR_RETURN(
      auto select, database_.prepare("SELECT " + std::string(kRunColumns) + " FROM runs WHERE " +
                                     std::string(condition)));
  RESCIND_ASSIGN_OR_RETURN(const bool found, select.bind(value).step());
  if (!found) {
    return std::optional<RunRecord>{};
  }
  RESCIND_ASSIGN_OR_RETURN(auto run, read_run(select));
  return std::optional<RunRecord>(std::move(run));
}

Result<std::optional<RunRecord>> SqliteStore::find_run(const std::string& run) {
  const std::lock_guard lock(mutex_);
  return find_run_where("run = ?", run);
}

Result<std::optional<RunRecord>> SqliteStore::find_run_of_digest(const std::string& digest) {
  const std::lock_guard lock(mutex_);
  return find_run_where("digest = ?", digest);
}

Result<std::vector<RunRecord>> SqliteStore::runs_where(std::string_view condition,
                                                       const std::vector<std::string>& values) {
  RESCIND_ASSIGN_OR_RETURN(
      auto select, database_.prepare("SELECT " + std::string(kRunColumns) + " FROM runs WHERE " +
                                     std::string(condition) + " ORDER BY opened_at, run"));
  for (const std::string& value : values) {
    select.bind(value);
  }
  std::vector<RunRecord> runs;
  while (true) {
    RESCIND_ASSIGN_OR_RETURN(const bool row, select.step());
    if (!row) {
      return runs;
    }
    RESCIND_ASSIGN_OR_RETURN(auto run, read_run(select));
    runs.push_back(std::move(run));
  }
}

Result<std::vector<RunRecord>> SqliteStore::list_runs() {
  const std::lock_guard lock(mutex_);
  return runs_where("true", {});
}

Result<std::vector<RunRecord>> SqliteStore::list_open_runs_about(const std::string& subject) {
  const std::lock_guard lock(mutex_);
  return runs_where(std::string(kIsOpen) + "run IN (SELECT run FROM run_events WHERE subject = ?)",
                    {subject});
}

Result<std::vector<RunRecord>> SqliteStore::list_open_runs_of_event(const std::string& source,
                                                                    const std::string& id) {
  const std::lock_guard lock(mutex_);
  return runs_where(
      std::string(kIsOpen) + "run IN (SELECT run FROM run_events WHERE source = ? AND id = ?)",
      {source, id});
}

Result<std::vector<RunRecord>> SqliteStore::list_runs_on(const std::string& item) {
  const std::lock_guard lock(mutex_);
  return runs_where("run IN (SELECT run FROM run_items WHERE item = ?)", {item});
}

Result<std::string> SqliteStore::plan_of_run(const std::string& run) {
  const std::lock_guard lock(mutex_);
  RESCIND_ASSIGN_OR_RETURN(auto select, database_.prepare("SELECT text FROM plans WHERE run = ?"));
  RESCIND_ASSIGN_OR_RETURN(const bool found, select.bind(run).step());
  if (!found) {
    return fail(ErrorKind::NotFound, "there is no run `" + run + "`; `rescind runs` lists them");
  }
  return select.text(0);
}

Status SqliteStore::check_epoch(const std::string& run, std::uint64_t epoch) {
  RESCIND_ASSIGN_OR_RETURN(auto select, database_.prepare("SELECT epoch FROM runs WHERE run = ?"));
  RESCIND_ASSIGN_OR_RETURN(const bool found, select.bind(run).step());
  if (!found) {
    return fail(ErrorKind::NotFound, "there is no run `" + run + "`; `rescind runs` lists them");
  }
  if (static_cast<std::uint64_t>(select.number(0)) != epoch) {
    return fail(ErrorKind::Conflict, "another process took over " + run + "; this one stops");
  }
  return {};
}

Status SqliteStore::set_run_state(const std::string& run, std::uint64_t epoch, RunState state,
                                  Instant at) {
  const std::lock_guard lock(mutex_);
  RESCIND_ASSIGN_OR_RETURN(auto transaction, SqliteTransaction::begin(database_));
  RESCIND_RETURN_IF_ERROR(check_epoch(run, epoch));
  RESCIND_ASSIGN_OR_RETURN(
      auto update, database_.prepare("UPDATE runs SET state = ?, updated_at = ? WHERE run = ?"));
  RESCIND_RETURN_IF_ERROR(update.bind(run_state_name(state)).bind(stored(at)).bind(run).run());
  RESCIND_RETURN_IF_ERROR(
      log_run("run", run, at,
              {{"state", std::string(run_state_name(state))}, {"epoch", std::to_string(epoch)}}));
  if (state == RunState::Closed || state == RunState::Undone) {
    RESCIND_RETURN_IF_ERROR(close_what_it_worked(run, at));
  }
  return transaction.commit();
}

Status SqliteStore::close_what_it_worked(const std::string& run, Instant at) {
  for (const char* sql : {"UPDATE events SET closed_at = ? WHERE run = ? AND closed_at IS NULL",
                          "UPDATE escalations SET closed_at = ?, next_at = NULL WHERE run = ? AND "
                          "closed_at IS NULL AND asks = 0"}) {
    RESCIND_ASSIGN_OR_RETURN(auto close, database_.prepare(sql));
    RESCIND_RETURN_IF_ERROR(close.bind(stored(at)).bind(run).run());
  }
  RESCIND_ASSIGN_OR_RETURN(auto rest,
                           database_.prepare("UPDATE runs SET due = NULL WHERE run = ?"));
  return rest.bind(run).run();
}

Status SqliteStore::set_run_due(const std::string& run, std::uint64_t epoch,
                                const std::optional<Instant>& due) {
  const std::lock_guard lock(mutex_);
  RESCIND_ASSIGN_OR_RETURN(auto transaction, SqliteTransaction::begin(database_));
  RESCIND_RETURN_IF_ERROR(check_epoch(run, epoch));
  RESCIND_ASSIGN_OR_RETURN(auto update, database_.prepare("UPDATE runs SET due = ? WHERE run = ?"));
  RESCIND_RETURN_IF_ERROR(update.bind(stored(due)).bind(run).run());
  return transaction.commit();
}

Result<std::vector<std::string>> SqliteStore::list_due_runs(Instant at) {
  const std::lock_guard lock(mutex_);
  RESCIND_ASSIGN_OR_RETURN(auto select, database_.prepare("SELECT run FROM runs WHERE due IS NOT "
                                                          "NULL AND due <= ? ORDER BY due, run"));
  select.bind(stored(at));
  std::vector<std::string> runs;
  while (true) {
    RESCIND_ASSIGN_OR_RETURN(const bool row, select.step());
    if (!row) {
      return runs;
    }
    runs.push_back(select.text(0));
  }
}

Result<std::optional<Instant>> SqliteStore::next_due() {
  const std::lock_guard lock(mutex_);
  RESCIND_ASSIGN_OR_RETURN(auto select,
                           database_.prepare("SELECT min(due) FROM runs WHERE due IS NOT NULL"));
  RESCIND_ASSIGN_OR_RETURN(const bool row, select.step());
  return row ? instant_of(select.optional_number(0)) : std::nullopt;
}

}  // namespace rescind
