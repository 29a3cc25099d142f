// Opening the store, runs, approvals and settings.
#include "store/sqlite_store.h"

#include <string>
#include <utility>

#include "store/run_lock.h"
#include "store/sqlite_schema.h"

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
  return run;
}

constexpr std::string_view kRunColumns = "run, digest, epoch, state, opened_at, updated_at";

std::string run_id_of(const std::string& digest) {
  const std::size_t colon = digest.find(':');
  return "run:" + digest.substr(colon == std::string::npos ? 0 : colon + 1, 16);
}

}  // namespace

Result<std::unique_ptr<Store>> open_sqlite_store(const std::string& path,
                                                 const StoreOptions& options) {
  SqliteOptions sqlite;
  sqlite.read_only = options.read_only;
  sqlite.busy_timeout = options.busy_timeout;
  sqlite.max_pages = options.max_pages;
  auto database = SqliteDatabase::open(path, sqlite);
  if (!database) {
    return tl::unexpected(database.error().add_context("opening the store"));
  }
  if (auto prepared = prepare_store_schema(*database, options.read_only); !prepared) {
    return tl::unexpected(prepared.error().add_context("opening the store"));
  }
  return std::unique_ptr<Store>(std::make_unique<SqliteStore>(std::move(*database)));
}

Result<RunRecord> SqliteStore::open_run(const NewRun& run) {
  const std::lock_guard lock(mutex_);
  RESCIND_ASSIGN_OR_RETURN(auto transaction, SqliteTransaction::begin(database_));
  RESCIND_ASSIGN_OR_RETURN(auto used,
                           database_.prepare("SELECT run FROM used_digests WHERE digest = ?"));
  RESCIND_ASSIGN_OR_RETURN(const bool again, used.bind(run.digest).step());
  if (again) {
    return fail(ErrorKind::Conflict,
                "the plan was used before, by " + used.text(0) + "; a plan is applied once");
  }
  RunRecord opened;
  opened.id = run_id_of(run.digest);
  opened.digest = run.digest;
  opened.opened_at = run.at;
  opened.updated_at = run.at;
  RESCIND_ASSIGN_OR_RETURN(auto consume,
                           database_.prepare("INSERT INTO used_digests VALUES (?,?,?)"));
  RESCIND_RETURN_IF_ERROR(consume.bind(run.digest).bind(opened.id).bind(stored(run.at)).run());
  RESCIND_ASSIGN_OR_RETURN(auto insert, database_.prepare("INSERT INTO runs VALUES (?,?,0,?,?,?)"));
  RESCIND_RETURN_IF_ERROR(insert.bind(opened.id)
                              .bind(run.digest)
                              .bind(run_state_name(opened.state))
                              .bind(stored(run.at))
                              .bind(stored(run.at))
                              .run());
  RESCIND_ASSIGN_OR_RETURN(auto plan, database_.prepare("INSERT INTO plans VALUES (?,?)"));
  RESCIND_RETURN_IF_ERROR(plan.bind(opened.id).bind(run.plan).run());
  std::uint32_t position = 0;
  for (const NewStep& step : run.steps) {
    StepRecord record;
    record.run = opened.id;
    record.step = step.id;
    record.position = position++;
    record.generation = step.generation;
    record.due = step.due;
    RESCIND_RETURN_IF_ERROR(write_step(record));
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
      database_.prepare("UPDATE runs SET epoch = epoch + 1, updated_at = ? WHERE run = ?"));
  RESCIND_RETURN_IF_ERROR(update.bind(stored(at)).bind(run).run());
  RESCIND_ASSIGN_OR_RETURN(auto record, find_run_where("run = ?", run));
  if (!record) {
    return fail(ErrorKind::NotFound, "there is no run `" + run + "`; `rescind runs` lists them");
  }
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

Result<std::vector<RunRecord>> SqliteStore::list_runs() {
  const std::lock_guard lock(mutex_);
  RESCIND_ASSIGN_OR_RETURN(auto select, database_.prepare("SELECT " + std::string(kRunColumns) +
                                                          " FROM runs ORDER BY opened_at, run"));
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
  return transaction.commit();
}

Status SqliteStore::add_approval(const StoredApproval& approval) {
  const std::lock_guard lock(mutex_);
  RESCIND_ASSIGN_OR_RETURN(auto insert,
                           database_.prepare("INSERT OR IGNORE INTO approvals VALUES (?,?,?,?,?)"));
  return insert.bind(approval.run)
      .bind(approval.step)
      .bind(approval.binding)
      .bind(approval.approver)
      .bind(stored(approval.at))
      .run();
}

Result<std::vector<StoredApproval>> SqliteStore::list_approvals(const std::string& run) {
  const std::lock_guard lock(mutex_);
  RESCIND_ASSIGN_OR_RETURN(
      auto select, database_.prepare("SELECT run, step, binding, approver, at FROM approvals "
                                     "WHERE run = ? ORDER BY step, binding, approver"));
  select.bind(run);
  std::vector<StoredApproval> approvals;
  while (true) {
    RESCIND_ASSIGN_OR_RETURN(const bool row, select.step());
    if (!row) {
      return approvals;
    }
    StoredApproval approval;
    approval.run = select.text(0);
    approval.step = select.text(1);
    approval.binding = select.text(2);
    approval.approver = select.text(3);
    approval.at = instant_of(select.number(4));
    approvals.push_back(std::move(approval));
  }
}

Status SqliteStore::set_setting(const std::string& key, const std::string& value) {
  const std::lock_guard lock(mutex_);
  RESCIND_ASSIGN_OR_RETURN(
      auto insert, database_.prepare("INSERT INTO settings VALUES (?,?) "
                                     "ON CONFLICT (key) DO UPDATE SET value = excluded.value"));
  return insert.bind(key).bind(value).run();
}

Result<std::optional<std::string>> SqliteStore::find_setting(const std::string& key) {
  const std::lock_guard lock(mutex_);
  RESCIND_ASSIGN_OR_RETURN(auto select,
                           database_.prepare("SELECT value FROM settings WHERE key = ?"));
  RESCIND_ASSIGN_OR_RETURN(const bool found, select.bind(key).step());
  return found ? std::optional<std::string>(select.text(0)) : std::nullopt;
}

}  // namespace rescind
