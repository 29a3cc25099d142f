// Creates the store's tables and refuses files that this version must not touch.
#include "store/sqlite_schema.h"

#include <string>

#include "model/plan.h"
#include "store/audit_writer.h"
#include "store/run_plan.h"

namespace rescind {
namespace {

constexpr const char* kTables = R"sql(
CREATE TABLE schema_version (
  version     INTEGER NOT NULL PRIMARY KEY
) STRICT;
CREATE TABLE settings (
  key         TEXT NOT NULL PRIMARY KEY,
  value       TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE runs (
  run         TEXT NOT NULL PRIMARY KEY,
  digest      TEXT NOT NULL UNIQUE,
  epoch       INTEGER NOT NULL,
  state       TEXT NOT NULL,
  opened_at   INTEGER NOT NULL,
  updated_at  INTEGER NOT NULL,
  due         INTEGER,
  undoes      TEXT NOT NULL,
  superseded_by TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX runs_due ON runs (due) WHERE due IS NOT NULL;
CREATE TABLE used_digests (
  digest      TEXT NOT NULL PRIMARY KEY,
  run         TEXT NOT NULL,
  used_at     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE plans (
  run         TEXT NOT NULL PRIMARY KEY REFERENCES runs,
  text        TEXT NOT NULL
) STRICT;
CREATE TABLE supplements (
  run         TEXT NOT NULL REFERENCES runs,
  number      INTEGER NOT NULL,
  digest      TEXT NOT NULL,
  text        TEXT NOT NULL,
  why         TEXT NOT NULL,
  at          INTEGER NOT NULL,
  PRIMARY KEY (run, number)
) STRICT;
CREATE TABLE events (
  lineage     TEXT NOT NULL PRIMARY KEY,
  source      TEXT NOT NULL,
  id          TEXT NOT NULL,
  revision    INTEGER NOT NULL,
  type        TEXT NOT NULL,
  subject     TEXT NOT NULL,
  event       TEXT NOT NULL,
  arrived     INTEGER NOT NULL,
  run         TEXT NOT NULL,
  withdrawn   INTEGER NOT NULL,
  closed_at   INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX events_open ON events (subject) WHERE closed_at IS NULL;
CREATE TABLE retirements (
  id          TEXT NOT NULL PRIMARY KEY,
  run         TEXT NOT NULL REFERENCES runs,
  item        TEXT NOT NULL,
  retire      TEXT NOT NULL,
  stage       TEXT NOT NULL,
  generation  INTEGER NOT NULL,
  state       TEXT NOT NULL,
  ended       INTEGER NOT NULL,
  gate        TEXT NOT NULL,
  why         TEXT NOT NULL,
  entered_at  INTEGER NOT NULL,
  due         INTEGER,
  overdue     INTEGER,
  returns     INTEGER NOT NULL,
  escalated   INTEGER NOT NULL,
  updated_at  INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX retirements_due ON retirements (due) WHERE ended = 0 AND due IS NOT NULL;
CREATE INDEX retirements_item ON retirements (item);
CREATE INDEX retirements_run ON retirements (run);
CREATE TABLE claims (
  item        TEXT NOT NULL,
  cause       TEXT NOT NULL,
  event_type  TEXT NOT NULL,
  subject     TEXT NOT NULL,
  run         TEXT NOT NULL REFERENCES runs,
  step        TEXT NOT NULL,
  at          INTEGER NOT NULL,
  released_at INTEGER,
  released_by TEXT NOT NULL,
  PRIMARY KEY (item, cause)
) STRICT, WITHOUT ROWID;
CREATE INDEX claims_cause ON claims (cause);
CREATE TABLE escalations (
  id          TEXT NOT NULL PRIMARY KEY,
  run         TEXT NOT NULL,
  step        TEXT NOT NULL,
  retirement  TEXT NOT NULL,
  item        TEXT NOT NULL,
  why         TEXT NOT NULL,
  level       INTEGER NOT NULL,
  called      TEXT NOT NULL,
  raised_at   INTEGER NOT NULL,
  next_at     INTEGER,
  deadline    INTEGER,
  delivered   TEXT NOT NULL,
  closed_at   INTEGER,
  system      TEXT NOT NULL,
  asks        INTEGER NOT NULL,
  calls       INTEGER NOT NULL,
  unreached   TEXT NOT NULL,
  retry_at    INTEGER,
  acknowledged_by TEXT NOT NULL,
  acknowledged_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX escalations_open ON escalations (run) WHERE closed_at IS NULL;
CREATE TABLE steps (
  run         TEXT NOT NULL REFERENCES runs,
  step        TEXT NOT NULL,
  position    INTEGER NOT NULL,
  state       TEXT NOT NULL,
  ended       INTEGER NOT NULL,
  generation  INTEGER NOT NULL,
  attempts    INTEGER NOT NULL,
  escalated   INTEGER NOT NULL,
  wait        TEXT NOT NULL,
  due         INTEGER,
  result      TEXT NOT NULL,
  detail      TEXT NOT NULL,
  until       INTEGER,
  settled_at  INTEGER,
  updated_at  INTEGER,
  PRIMARY KEY (run, step)
) STRICT, WITHOUT ROWID;
CREATE INDEX steps_due ON steps (due) WHERE ended = 0 AND due IS NOT NULL;
CREATE TABLE records (
  sequence    INTEGER PRIMARY KEY AUTOINCREMENT,
  run         TEXT NOT NULL REFERENCES runs,
  step        TEXT NOT NULL,
  epoch       INTEGER NOT NULL,
  at          INTEGER NOT NULL,
  entry       TEXT NOT NULL,
  item        TEXT NOT NULL,
  generation  INTEGER NOT NULL,
  state       TEXT NOT NULL,
  result      TEXT NOT NULL,
  detail      TEXT NOT NULL,
  until       INTEGER,
  requests    TEXT NOT NULL,
  response    TEXT NOT NULL
) STRICT;
CREATE INDEX records_run ON records (run, sequence);
CREATE TRIGGER records_no_update BEFORE UPDATE ON records
  BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER records_no_delete BEFORE DELETE ON records
  BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TABLE captures (
  run         TEXT NOT NULL REFERENCES runs,
  step        TEXT NOT NULL,
  item        TEXT NOT NULL,
  generation  INTEGER NOT NULL,
  at          INTEGER NOT NULL,
  state       TEXT NOT NULL,
  PRIMARY KEY (run, step, item, generation)
) STRICT, WITHOUT ROWID;
CREATE TABLE approvals (
  sequence    INTEGER PRIMARY KEY AUTOINCREMENT,
  run         TEXT NOT NULL,
  step        TEXT NOT NULL,
  binding     TEXT NOT NULL,
  approver    TEXT NOT NULL,
  at          INTEGER NOT NULL,
  refused     INTEGER NOT NULL,
  reason      TEXT NOT NULL,
  plan_digest TEXT NOT NULL,
  expires     INTEGER,
  on_behalf_of TEXT NOT NULL,
  document    TEXT NOT NULL,
  key         TEXT NOT NULL
) STRICT;
CREATE INDEX approvals_run ON approvals (run, sequence);
CREATE TABLE limit_events (
  limit_name  TEXT NOT NULL,
  scope       TEXT NOT NULL,
  subject     TEXT NOT NULL,
  at          INTEGER NOT NULL,
  run         TEXT NOT NULL,
  step        TEXT NOT NULL,
  PRIMARY KEY (limit_name, scope, run, step)
) STRICT, WITHOUT ROWID;
CREATE INDEX limit_events_window ON limit_events (limit_name, scope, at);
CREATE TABLE listings (
  system       TEXT NOT NULL,
  kind         TEXT NOT NULL,
  collected_at INTEGER NOT NULL,
  complete     INTEGER NOT NULL,
  why          TEXT NOT NULL,
  PRIMARY KEY (system, kind)
) STRICT, WITHOUT ROWID;
CREATE TABLE inventory (
  system       TEXT NOT NULL,
  kind         TEXT NOT NULL,
  id           TEXT NOT NULL,
  record       TEXT NOT NULL,
  collected_at INTEGER NOT NULL,
  PRIMARY KEY (system, kind, id)
) STRICT, WITHOUT ROWID;
)sql";

// Version 2: by what runs are found, so that planning one case reads no other.
constexpr const char* kIndexTables = R"sql(
CREATE TABLE run_events (
  subject     TEXT NOT NULL,
  source      TEXT NOT NULL,
  id          TEXT NOT NULL,
  run         TEXT NOT NULL REFERENCES runs,
  PRIMARY KEY (subject, source, id, run)
) STRICT, WITHOUT ROWID;
CREATE INDEX run_events_id ON run_events (source, id);
CREATE TABLE run_items (
  item        TEXT NOT NULL,
  run         TEXT NOT NULL REFERENCES runs,
  PRIMARY KEY (item, run)
) STRICT, WITHOUT ROWID;
CREATE INDEX steps_step ON steps (step);
CREATE INDEX escalations_run ON escalations (run);
)sql";

// Sealed values (sqlite_secrets.cc). They came after the tables above, so that a file of that time
// lacks them; nothing else about it is another.
constexpr const char* kSecretTables = R"sql(
CREATE TABLE IF NOT EXISTS secrets (
  run         TEXT NOT NULL REFERENCES runs,
  step        TEXT NOT NULL,
  item        TEXT NOT NULL,
  generation  INTEGER NOT NULL,
  sealed      TEXT NOT NULL,
  at          INTEGER NOT NULL,
  PRIMARY KEY (run, step, generation)
) STRICT, WITHOUT ROWID;
)sql";

}  // namespace

Status write_run_index(SqliteDatabase& database, const std::string& run, const PlanIndex& index) {
  for (const EventName& event : index.events) {
    RESCIND_ASSIGN_OR_RETURN(auto insert,
                             database.prepare("INSERT OR IGNORE INTO run_events VALUES (?,?,?,?)"));
    RESCIND_RETURN_IF_ERROR(
        insert.bind(event.subject).bind(event.source).bind(event.id).bind(run).run());
  }
  for (const std::string& item : index.items) {
    RESCIND_ASSIGN_OR_RETURN(auto insert,
                             database.prepare("INSERT OR IGNORE INTO run_items VALUES (?,?)"));
    RESCIND_RETURN_IF_ERROR(insert.bind(item).bind(run).run());
  }
  return {};
}

namespace {

Status index_texts(SqliteDatabase& database, std::string_view sql) {
  RESCIND_ASSIGN_OR_RETURN(auto select, database.prepare(sql));
  while (true) {
    RESCIND_ASSIGN_OR_RETURN(const bool row, select.step());
    if (!row) {
      return {};
    }
    // WHY without its digest: a damaged plan keeps its run from going on, not the store from
    // opening.
    auto plan = decode_plan(select.text(1), false);
    if (!plan) {
      return tl::unexpected(plan.error().add_context("reading the plan of " + select.text(0)));
    }
    RESCIND_RETURN_IF_ERROR(write_run_index(database, select.text(0), index_plan(*plan)));
  }
}

// Brings a file of an older version up to date.
Status upgrade(SqliteDatabase& database) {
  RESCIND_ASSIGN_OR_RETURN(auto transaction, SqliteTransaction::begin(database));
  // WHY again: another process may have done it while this one waited for the lock.
  RESCIND_ASSIGN_OR_RETURN(const std::int64_t version,
                           database.query_int("SELECT max(version) FROM schema_version", 0));
  if (version == 1) {
    RESCIND_RETURN_IF_ERROR(database.execute(kIndexTables));
    RESCIND_RETURN_IF_ERROR(index_texts(database, "SELECT run, text FROM plans"));
    RESCIND_RETURN_IF_ERROR(index_texts(database, "SELECT run, text FROM supplements"));
    RESCIND_RETURN_IF_ERROR(database.execute("INSERT INTO schema_version VALUES (2)"));
  }
  return transaction.commit();
}

}  // namespace

Status prepare_store_schema(SqliteDatabase& database, bool read_only) {
  constexpr std::string_view kHasVersion =
      "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'schema_version'";
  RESCIND_ASSIGN_OR_RETURN(std::int64_t versioned, database.query_int(kHasVersion, 0));
  if (versioned == 0 && !read_only) {
    RESCIND_ASSIGN_OR_RETURN(auto transaction, SqliteTransaction::begin(database));
    // WHY: another process may have created the tables while this one waited for the lock.
    RESCIND_ASSIGN_OR_RETURN(versioned, database.query_int(kHasVersion, 0));
    if (versioned == 0) {
      RESCIND_ASSIGN_OR_RETURN(const std::int64_t tables,
                               database.query_int("SELECT count(*) FROM sqlite_master", 0));
      if (tables != 0) {
        return fail(ErrorKind::Corrupt, "`" + database.path() +
                                            "` is a database of something else, not a store; name "
                                            "another file");
      }
      RESCIND_RETURN_IF_ERROR(database.execute(kTables));
      RESCIND_RETURN_IF_ERROR(database.execute(kIndexTables));
      RESCIND_RETURN_IF_ERROR(database.execute("INSERT INTO schema_version VALUES (" +
                                               std::to_string(kStoreSchemaVersion) + ")"));
    }
    RESCIND_RETURN_IF_ERROR(transaction.commit());
  } else if (versioned == 0) {
    return fail(ErrorKind::Corrupt,
                "`" + database.path() + "` is not a store; name the file that `apply` wrote");
  }
  RESCIND_ASSIGN_OR_RETURN(const std::int64_t version,
                           database.query_int("SELECT max(version) FROM schema_version", 0));
  if (version > kStoreSchemaVersion) {
    return fail(ErrorKind::Unsupported,
                "store `" + database.path() + "` was written by a newer version (tables " +
                    std::to_string(version) + ", this version knows " +
                    std::to_string(kStoreSchemaVersion) + "); use that version of rescind");
  }
  if (version < 1) {
    return fail(ErrorKind::Corrupt,
                "store `" + database.path() + "` has lost its version; restore it from a backup");
  }
  if (version < kStoreSchemaVersion && read_only) {
    return fail(ErrorKind::Unsupported, "store `" + database.path() +
                                            "` was written by an older version; a command that "
                                            "may write to it brings it up to date");
  }
  if (!read_only) {
    if (version < kStoreSchemaVersion) {
      RESCIND_RETURN_IF_ERROR(upgrade(database));
    }
    RESCIND_RETURN_IF_ERROR(database.execute(kSecretTables));
    RESCIND_RETURN_IF_ERROR(prepare_audit_tables(database));
  }
  return {};
}

}  // namespace rescind
