// Events, and what people said: approvals and refusals.
#include <string>
#include <utility>

#include "base/hash.h"
#include "store/approval_note.h"
#include "store/sqlite_store.h"

namespace rescind {
namespace {

constexpr std::string_view kEventColumns =
    "lineage, source, id, revision, type, subject, event, arrived, run, withdrawn, closed_at";

StoredEvent read_event(const SqliteStatement& row) {
  StoredEvent event;
  event.lineage = row.text(0);
  event.source = row.text(1);
  event.id = row.text(2);
  event.revision = static_cast<std::uint32_t>(row.number(3));
  event.type = row.text(4);
  event.subject = row.text(5);
  event.json = row.text(6);
  event.arrived = instant_of(row.number(7));
  event.run = row.text(8);
  event.withdrawn = row.number(9) != 0;
  event.closed_at = instant_of(row.optional_number(10));
  return event;
}

StoredApproval read_approval(const SqliteStatement& row) {
  StoredApproval approval;
  approval.run = row.text(0);
  approval.step = row.text(1);
  approval.binding = row.text(2);
  approval.approver = row.text(3);
  approval.at = instant_of(row.number(4));
  approval.refused = row.number(5) != 0;
  approval.reason = row.text(6);
  approval.plan_digest = row.text(7);
  approval.expires = instant_of(row.optional_number(8));
  approval.on_behalf_of = row.text(9);
  approval.document = row.text(10);
  approval.key = row.text(11);
  return approval;
}

AuditNote note_of(const StoredEvent& event) {
  AuditNote note;
  note.at = event.arrived;
  note.kind = "reported";
  note.who = event.subject;
  note.detail = event.type + " of " + event.subject;
  note.add("type", event.type);
  note.add("lineage", event.lineage);
  note.add("source", event.source);
  note.add("id", event.id);
  note.add("revision", std::to_string(event.revision));
  note.add("withdrawn", event.withdrawn ? "true" : "");
  note.add("digest", sha256_digest(event.json));
  return note;
}

bool says_the_same(const StoredApproval& a, const StoredApproval& b) {
  return a.refused == b.refused && a.reason == b.reason && a.plan_digest == b.plan_digest &&
         a.expires == b.expires && a.on_behalf_of == b.on_behalf_of && a.document == b.document;
}

constexpr std::string_view kApprovalColumns =
    "run, step, binding, approver, at, refused, reason, plan_digest, expires, on_behalf_of, "
    "document, key";

}  // namespace

AuditNote note_of(const StoredApproval& approval) {
  AuditNote note;
  note.at = approval.at;
  note.kind = "approval";
  note.run = approval.run;
  note.step = approval.step;
  note.who = approval.approver;
  note.detail = approval.reason;
  note.add("refused", approval.refused ? "true" : "");
  note.add("binding", approval.binding);
  note.add("plan", approval.plan_digest);
  note.add("expires", approval.expires ? format_instant(*approval.expires) : "");
  note.add("on_behalf_of", approval.on_behalf_of);
  note.add("document", approval.document);
  note.add("key", approval.key);
  return note;
}

Status SqliteStore::write_event(const StoredEvent& event) {
  RESCIND_ASSIGN_OR_RETURN(
      auto insert,
      database_.prepare("INSERT OR REPLACE INTO events VALUES (?,?,?,?,?,?,?,?,?,?,?)"));
  return insert.bind(event.lineage)
      .bind(event.source)
      .bind(event.id)
      .bind(std::int64_t{event.revision})
      .bind(event.type)
      .bind(event.subject)
      .bind(event.json)
      .bind(stored(event.arrived))
      .bind(event.run)
      .bind(std::int64_t{event.withdrawn ? 1 : 0})
      .bind(stored(event.closed_at))
      .run();
}

Status SqliteStore::record_event(const StoredEvent& event) {
  const std::lock_guard lock(mutex_);
  RESCIND_ASSIGN_OR_RETURN(auto transaction, SqliteTransaction::begin(database_));
  RESCIND_RETURN_IF_ERROR(write_event(event));
  RESCIND_RETURN_IF_ERROR(audit_.append(database_, note_of(event)));
  return transaction.commit();
}

Result<std::vector<StoredEvent>> SqliteStore::events_where(std::string_view condition,
                                                           const std::string& value) {
  RESCIND_ASSIGN_OR_RETURN(
      auto select,
      database_.prepare("SELECT " + std::string(kEventColumns) + " FROM events WHERE " +
                        std::string(condition) + " ORDER BY arrived, lineage"));
  select.bind(value);
  std::vector<StoredEvent> events;
  while (true) {
    RESCIND_ASSIGN_OR_RETURN(const bool row, select.step());
    if (!row) {
      return events;
    }
    events.push_back(read_event(select));
  }
}

Result<std::vector<StoredEvent>> SqliteStore::list_open_events(const std::string& subject) {
  const std::lock_guard lock(mutex_);
  return events_where(
      subject.empty() ? "closed_at IS NULL AND subject <> ?" : "closed_at IS NULL AND subject = ?",
      subject);
}

Result<std::vector<StoredEvent>> SqliteStore::list_events() {
  const std::lock_guard lock(mutex_);
  return events_where("lineage <> ?", "");
}

Result<std::vector<StoredEvent>> SqliteStore::list_revisions(const std::string& event) {
  const std::lock_guard lock(mutex_);
  // `$` follows `#`: all that begin with the event and a `#`, by the primary key.
  return events_where("lineage >= ?1 || '#' AND lineage < ?1 || '$'", event);
}

Status SqliteStore::close_event(const std::string& lineage, Instant at) {
  const std::lock_guard lock(mutex_);
  RESCIND_ASSIGN_OR_RETURN(auto transaction, SqliteTransaction::begin(database_));
  RESCIND_ASSIGN_OR_RETURN(auto close,
                           database_.prepare("UPDATE events SET closed_at = ? WHERE lineage = ? "
                                             "AND closed_at IS NULL"));
  RESCIND_RETURN_IF_ERROR(close.bind(stored(at)).bind(lineage).run());
  if (database_.changes() > 0) {
    AuditNote note;
    note.at = at;
    note.kind = "event_closed";
    note.add("lineage", lineage);
    RESCIND_RETURN_IF_ERROR(audit_.append(database_, note));
  }
  return transaction.commit();
}

Status SqliteStore::add_approval(const StoredApproval& approval) {
  const std::lock_guard lock(mutex_);
  RESCIND_ASSIGN_OR_RETURN(auto transaction, SqliteTransaction::begin(database_));
  RESCIND_ASSIGN_OR_RETURN(
      auto last, database_.prepare("SELECT " + std::string(kApprovalColumns) +
                                   " FROM approvals WHERE run = ? AND step = ? AND binding = ? "
                                   "AND approver = ? ORDER BY sequence DESC LIMIT 1"));
  last.bind(approval.run).bind(approval.step).bind(approval.binding).bind(approval.approver);
  RESCIND_ASSIGN_OR_RETURN(const bool known, last.step());
  if (known && says_the_same(read_approval(last), approval)) {
    return {};
  }
  last.reset();
  RESCIND_ASSIGN_OR_RETURN(
      auto insert, database_.prepare("INSERT INTO approvals (" + std::string(kApprovalColumns) +
                                     ") VALUES (?,?,?,?,?,?,?,?,?,?,?,?)"));
  RESCIND_RETURN_IF_ERROR(insert.bind(approval.run)
                              .bind(approval.step)
                              .bind(approval.binding)
                              .bind(approval.approver)
                              .bind(stored(approval.at))
                              .bind(std::int64_t{approval.refused ? 1 : 0})
                              .bind(approval.reason)
                              .bind(approval.plan_digest)
                              .bind(stored(approval.expires))
                              .bind(approval.on_behalf_of)
                              .bind(approval.document)
                              .bind(approval.key)
                              .run());
  RESCIND_RETURN_IF_ERROR(audit_.append(database_, note_of(approval)));
  RESCIND_ASSIGN_OR_RETURN(
      auto wake,
      database_.prepare("UPDATE runs SET due = min(coalesce(due, ?1), ?1) WHERE run = ?2 "
                        "AND state IN ('open', 'contained', 'settled')"));
  RESCIND_RETURN_IF_ERROR(wake.bind(stored(approval.at)).bind(approval.run).run());
  return transaction.commit();
}

Result<std::vector<StoredApproval>> SqliteStore::list_approvals(const std::string& run) {
  const std::lock_guard lock(mutex_);
  RESCIND_ASSIGN_OR_RETURN(
      auto select,
      database_.prepare("SELECT " + std::string(kApprovalColumns) + " FROM approvals WHERE " +
                        (run.empty() ? "run <> ?" : "run = ?") + " ORDER BY sequence"));
  select.bind(run);
  std::vector<StoredApproval> approvals;
  while (true) {
    RESCIND_ASSIGN_OR_RETURN(const bool row, select.step());
    if (!row) {
      return approvals;
    }
    approvals.push_back(read_approval(select));
  }
}

}  // namespace rescind
