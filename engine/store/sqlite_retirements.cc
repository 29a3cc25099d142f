// Retirements, containment claims and escalations.
#include <string>
#include <utility>

#include "base/text.h"
#include "store/sqlite_rows.h"
#include "store/sqlite_store.h"

namespace rescind {
namespace {

Result<RetirementRecord> read_retirement(const SqliteStatement& row) {
  RetirementRecord retirement;
  retirement.id = row.text(0);
  retirement.run = row.text(1);
  retirement.item = row.text(2);
  retirement.retire = row.text(3);
  retirement.stage = row.text(4);
  retirement.generation = static_cast<std::uint32_t>(row.number(5));
  const auto state = find_retirement_state(row.text(6));
  const auto gate = find_gate_answer(row.text(7));
  if (!state || !gate) {
    return unknown_word("retirement `" + retirement.id + "`", state ? row.text(7) : row.text(6));
  }
  retirement.state = *state;
  retirement.gate = *gate;
  retirement.why = row.text(8);
  retirement.entered_at = instant_of(row.number(9));
  retirement.due = instant_of(row.optional_number(10));
  retirement.overdue = instant_of(row.optional_number(11));
  retirement.returns = static_cast<std::uint32_t>(row.number(12));
  retirement.escalated = row.number(13) != 0;
  retirement.updated_at = instant_of(row.optional_number(14));
  return retirement;
}

constexpr std::string_view kRetirementColumns =
    "id, run, item, retire, stage, generation, state, gate, why, entered_at, due, overdue, "
    "returns, escalated, updated_at";

Result<std::vector<RetirementRecord>> read_retirements(SqliteStatement& select) {
  std::vector<RetirementRecord> retirements;
  while (true) {
    RESCIND_ASSIGN_OR_RETURN(const bool row, select.step());
    if (!row) {
      return retirements;
    }
    RESCIND_ASSIGN_OR_RETURN(auto retirement, read_retirement(select));
    retirements.push_back(std::move(retirement));
  }
}

ContainmentClaim read_claim(const SqliteStatement& row) {
  ContainmentClaim claim;
  claim.item = row.text(0);
  claim.cause = row.text(1);
  claim.event_type = row.text(2);
  claim.subject = row.text(3);
  claim.run = row.text(4);
  claim.step = row.text(5);
  claim.at = instant_of(row.number(6));
  claim.released_at = instant_of(row.optional_number(7));
  claim.released_by = row.text(8);
  return claim;
}

EscalationRecord read_escalation(const SqliteStatement& row) {
  EscalationRecord escalation;
  escalation.id = row.text(0);
  escalation.run = row.text(1);
  escalation.step = row.text(2);
  escalation.retirement = row.text(3);
  escalation.item = row.text(4);
  escalation.why = row.text(5);
  escalation.level = static_cast<std::uint32_t>(row.number(6));
  escalation.to = decode_lines(row.text(7));
  escalation.raised_at = instant_of(row.number(8));
  escalation.next_at = instant_of(row.optional_number(9));
  escalation.deadline = instant_of(row.optional_number(10));
  escalation.delivered = decode_lines(row.text(11));
  escalation.closed_at = instant_of(row.optional_number(12));
  escalation.system = row.text(13);
  escalation.asks = row.number(14) != 0;
  escalation.calls = static_cast<std::uint32_t>(row.number(15));
  escalation.unreached = decode_lines(row.text(16));
  escalation.retry_at = instant_of(row.optional_number(17));
  escalation.acknowledged_by = row.text(18);
  escalation.acknowledged_at = instant_of(row.optional_number(19));
  return escalation;
}

AuditNote note_of(const RetirementRecord& retirement) {
  AuditNote note;
  note.at = retirement.updated_at.value_or(retirement.entered_at);
  note.kind = "retirement";
  note.run = retirement.run;
  note.item = retirement.item;
  note.detail = retirement.why;
  note.add("id", retirement.id);
  note.add("retire", retirement.retire);
  note.add("stage", retirement.stage);
  note.add("generation", std::to_string(retirement.generation));
  note.add("state", std::string(retirement_state_name(retirement.state)));
  note.add("gate", std::string(gate_answer_name(retirement.gate)));
  note.add("entered_at", format_instant(retirement.entered_at));
  note.add("returns", std::to_string(retirement.returns));
  return note;
}

AuditNote note_of(const EscalationRecord& escalation) {
  AuditNote note;
  note.at = escalation.closed_at.value_or(escalation.raised_at);
  note.kind = "escalation";
  note.run = escalation.run;
  note.step = escalation.step;
  note.item = escalation.item;
  note.detail = escalation.why;
  note.add("id", escalation.id);
  note.add("retirement", escalation.retirement);
  note.add("level", std::to_string(escalation.level));
  note.add("to", join(escalation.to, ", "));
  note.add("deadline", escalation.deadline ? format_instant(*escalation.deadline) : "");
  note.add("delivered", join(escalation.delivered, "\n"));
  note.add("acknowledged_by", escalation.acknowledged_by);
  note.add("closed", escalation.closed_at ? "true" : "");
  return note;
}

}  // namespace

Status SqliteStore::write_retirement(const RetirementRecord& retirement) {
  RESCIND_ASSIGN_OR_RETURN(
      auto insert,
      database_.prepare(
          "INSERT OR REPLACE INTO retirements VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"));
  RESCIND_RETURN_IF_ERROR(insert.bind(retirement.id)
                              .bind(retirement.run)
                              .bind(retirement.item)
                              .bind(retirement.retire)
                              .bind(retirement.stage)
                              .bind(std::int64_t{retirement.generation})
                              .bind(retirement_state_name(retirement.state))
                              .bind(std::int64_t{is_end_state(retirement.state) ? 1 : 0})
                              .bind(gate_answer_name(retirement.gate))
                              .bind(retirement.why)
                              .bind(stored(retirement.entered_at))
                              .bind(stored(retirement.due))
                              .bind(stored(retirement.overdue))
                              .bind(std::int64_t{retirement.returns})
                              .bind(std::int64_t{retirement.escalated ? 1 : 0})
                              .bind(stored(retirement.updated_at))
                              .run());
  return audit_.append(database_, note_of(retirement));
}

Status SqliteStore::save_retirement(const JournalRecord& record,
                                    const RetirementRecord& retirement) {
  const std::lock_guard lock(mutex_);
  RESCIND_ASSIGN_OR_RETURN(auto transaction, SqliteTransaction::begin(database_));
  RESCIND_RETURN_IF_ERROR(check_epoch(record.run, record.epoch));
  RESCIND_RETURN_IF_ERROR(write_record(record));
  RESCIND_RETURN_IF_ERROR(write_retirement(retirement));
  return transaction.commit();
}

Result<std::vector<RetirementRecord>> SqliteStore::retirements_where(std::string_view condition,
                                                                     const std::string& value) {
  RESCIND_ASSIGN_OR_RETURN(
      auto select,
      database_.prepare("SELECT " + std::string(kRetirementColumns) + " FROM retirements WHERE " +
                        std::string(condition) + " ORDER BY item, entered_at, id"));
  select.bind(value);
  return read_retirements(select);
}

Result<std::vector<RetirementRecord>> SqliteStore::list_retirements(const std::string& run) {
  const std::lock_guard lock(mutex_);
  return retirements_where(run.empty() ? "run <> ?" : "run = ?", run);
}

Result<std::vector<RetirementRecord>> SqliteStore::list_retirements_of(const std::string& item) {
  const std::lock_guard lock(mutex_);
  return retirements_where("item = ?", item);
}

Result<std::vector<RetirementRecord>> SqliteStore::list_due_retirements(Instant at) {
  const std::lock_guard lock(mutex_);
  RESCIND_ASSIGN_OR_RETURN(
      auto select,
      database_.prepare("SELECT " + std::string(kRetirementColumns) +
                        " FROM retirements WHERE ended = 0 AND due IS NOT NULL AND due <= ? "
                        "ORDER BY due, id"));
  select.bind(stored(at));
  return read_retirements(select);
}

Status SqliteStore::write_claim(const ContainmentClaim& claim) {
  RESCIND_ASSIGN_OR_RETURN(
      auto insert, database_.prepare("INSERT OR REPLACE INTO claims VALUES (?,?,?,?,?,?,?,?,?)"));
  return insert.bind(claim.item)
      .bind(claim.cause)
      .bind(claim.event_type)
      .bind(claim.subject)
      .bind(claim.run)
      .bind(claim.step)
      .bind(stored(claim.at))
      .bind(stored(claim.released_at))
      .bind(claim.released_by)
      .run();
}

Result<std::uint64_t> SqliteStore::release_claims(const std::string& cause, const std::string& item,
                                                  const std::string& by, Instant at) {
  const std::lock_guard lock(mutex_);
  RESCIND_ASSIGN_OR_RETURN(auto transaction, SqliteTransaction::begin(database_));
  RESCIND_ASSIGN_OR_RETURN(
      auto update,
      database_.prepare("UPDATE claims SET released_at = ?1, released_by = ?2 WHERE cause = ?3 AND "
                        "released_at IS NULL AND (?4 = '' OR item = ?4)"));
  RESCIND_RETURN_IF_ERROR(update.bind(stored(at)).bind(by).bind(cause).bind(item).run());
  const auto released = static_cast<std::uint64_t>(database_.changes());
  if (released > 0) {
    AuditNote note;
    note.at = at;
    note.kind = "claims_released";
    note.item = item;
    note.detail = std::to_string(released) + " claims dropped by " + by;
    note.add("lineage", cause);
    RESCIND_RETURN_IF_ERROR(audit_.append(database_, note));
  }
  RESCIND_RETURN_IF_ERROR(transaction.commit());
  return released;
}

Result<std::vector<ContainmentClaim>> SqliteStore::list_claims(const std::string& item) {
  const std::lock_guard lock(mutex_);
  RESCIND_ASSIGN_OR_RETURN(
      auto select, database_.prepare("SELECT item, cause, event_type, subject, run, step, at, "
                                     "released_at, released_by FROM claims WHERE ?1 = '' OR item = "
                                     "?1 ORDER BY item, cause"));
  select.bind(item);
  std::vector<ContainmentClaim> claims;
  while (true) {
    RESCIND_ASSIGN_OR_RETURN(const bool row, select.step());
    if (!row) {
      return claims;
    }
    claims.push_back(read_claim(select));
  }
}

Status SqliteStore::save_escalation(const EscalationRecord& escalation) {
  const std::lock_guard lock(mutex_);
  RESCIND_ASSIGN_OR_RETURN(auto transaction, SqliteTransaction::begin(database_));
  RESCIND_ASSIGN_OR_RETURN(auto insert,
                           database_.prepare("INSERT OR REPLACE INTO escalations VALUES "
                                             "(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"));
  RESCIND_RETURN_IF_ERROR(insert.bind(escalation.id)
                              .bind(escalation.run)
                              .bind(escalation.step)
                              .bind(escalation.retirement)
                              .bind(escalation.item)
                              .bind(escalation.why)
                              .bind(std::int64_t{escalation.level})
                              .bind(encode_lines(escalation.to))
                              .bind(stored(escalation.raised_at))
                              .bind(stored(escalation.next_at))
                              .bind(stored(escalation.deadline))
                              .bind(encode_lines(escalation.delivered))
                              .bind(stored(escalation.closed_at))
                              .bind(escalation.system)
                              .bind(std::int64_t{escalation.asks ? 1 : 0})
                              .bind(std::int64_t{escalation.calls})
                              .bind(encode_lines(escalation.unreached))
                              .bind(stored(escalation.retry_at))
                              .bind(escalation.acknowledged_by)
                              .bind(stored(escalation.acknowledged_at))
                              .run());
  RESCIND_RETURN_IF_ERROR(audit_.append(database_, note_of(escalation)));
  return transaction.commit();
}

Result<std::vector<EscalationRecord>> SqliteStore::escalations_where(std::string_view condition,
                                                                     const std::string& value) {
  RESCIND_ASSIGN_OR_RETURN(
      auto select,
      database_.prepare("SELECT id, run, step, retirement, item, why, level, called, raised_at, "
                        "next_at, deadline, delivered, closed_at, system, asks, calls, unreached, "
                        "retry_at, acknowledged_by, acknowledged_at FROM escalations WHERE " +
                        std::string(condition) + " ORDER BY raised_at, id"));
  select.bind(value);
  std::vector<EscalationRecord> escalations;
  while (true) {
    RESCIND_ASSIGN_OR_RETURN(const bool row, select.step());
    if (!row) {
      return escalations;
    }
    escalations.push_back(read_escalation(select));
  }
}

Result<std::vector<EscalationRecord>> SqliteStore::list_escalations(bool open_only) {
  const std::lock_guard lock(mutex_);
  return escalations_where(open_only ? "closed_at IS NULL AND id <> ?" : "id <> ?", "");
}

Result<std::vector<EscalationRecord>> SqliteStore::list_escalations_of(const std::string& run) {
  const std::lock_guard lock(mutex_);
  return escalations_where("run = ?", run);
}

}  // namespace rescind
