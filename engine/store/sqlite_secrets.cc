// Sealed values that wait for their delivery, and inventory that execution adds. The store never
// sees a value in the clear.
#include <algorithm>
#include <string>

#include "base/hash.h"
#include "store/sqlite_schema.h"
#include "store/sqlite_store.h"

namespace rescind {

Status SqliteStore::put_secret(const SealedSecret& secret) {
  const std::lock_guard lock(mutex_);
  RESCIND_ASSIGN_OR_RETURN(
      auto insert, database_.prepare("INSERT OR REPLACE INTO secrets VALUES (?,?,?,?,?,?)"));
  return insert.bind(secret.run)
      .bind(secret.step)
      .bind(secret.item)
      .bind(std::int64_t{secret.generation})
      .bind(secret.sealed)
      .bind(stored(secret.at))
      .run();
}

Result<std::optional<SealedSecret>> SqliteStore::find_secret(const std::string& step,
                                                             std::uint32_t generation) {
  const std::lock_guard lock(mutex_);
  RESCIND_ASSIGN_OR_RETURN(
      auto select, database_.prepare("SELECT item, sealed, at, run FROM secrets WHERE step = ? AND "
                                     "generation = ? ORDER BY at DESC, run LIMIT 1"));
  select.bind(step).bind(std::int64_t{generation});
  RESCIND_ASSIGN_OR_RETURN(const bool row, select.step());
  if (!row) {
    return std::optional<SealedSecret>{};
  }
  return std::optional<SealedSecret>(SealedSecret{select.text(3), step, select.text(0), generation,
                                                  select.text(1), instant_of(select.number(2))});
}

Status SqliteStore::erase_secret(const std::string& step, std::uint32_t generation) {
  const std::lock_guard lock(mutex_);
  RESCIND_ASSIGN_OR_RETURN(
      auto erase, database_.prepare("DELETE FROM secrets WHERE step = ? AND generation = ?"));
  return erase.bind(step).bind(std::int64_t{generation}).run();
}

// With the end of a step nobody needs its value any more: in the same transaction, so that no crash
// leaves a delivered value without the word that it was delivered.
Status SqliteStore::erase_secrets_of_ended(const StepRecord& step) {
  if (!is_end_state(step.state) || step.state == StepState::Cancelled) {
    return {};  // a step that was cancelled in one run may go on in the next
  }
  RESCIND_ASSIGN_OR_RETURN(
      auto erase, database_.prepare("DELETE FROM secrets WHERE step = ? AND generation = ?"));
  return erase.bind(step.step).bind(std::int64_t{step.generation}).run();
}

Status SqliteStore::add_inventory(const std::vector<StoredInventoryRecord>& records) {
  const std::lock_guard lock(mutex_);
  RESCIND_ASSIGN_OR_RETURN(auto transaction, SqliteTransaction::begin(database_));
  RESCIND_ASSIGN_OR_RETURN(
      auto insert, database_.prepare("INSERT OR REPLACE INTO inventory VALUES (?,?,?,?,?)"));
  Sha256 digest;
  AuditNote note;
  for (const StoredInventoryRecord& record : records) {
    digest.update_field(record.id).update_field(record.json);
    note.at = std::max(note.at, record.collected_at);
    insert.reset();
    RESCIND_RETURN_IF_ERROR(insert.bind(record.system)
                                .bind(record.kind)
                                .bind(record.id)
                                .bind(record.json)
                                .bind(stored(record.collected_at))
                                .run());
  }
  if (!records.empty()) {
    note.kind = "evidence";
    note.detail = std::to_string(records.size()) + " records";
    note.add("digest", "sha256:" + to_hex(digest.finish()));
    RESCIND_RETURN_IF_ERROR(audit_.append(database_, note));
  }
  return transaction.commit();
}

}  // namespace rescind
