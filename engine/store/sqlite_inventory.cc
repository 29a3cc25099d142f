// What collection stored: listings with their completeness, and their records.
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "base/hash.h"
#include "store/sqlite_store.h"

namespace rescind {

namespace {

using KnownRecords = std::map<std::string, std::string>;  // id → JSON

Result<KnownRecords> read_known(SqliteDatabase& database, const StoredListing& listing) {
  RESCIND_ASSIGN_OR_RETURN(
      auto select,
      database.prepare("SELECT id, record FROM inventory WHERE system = ? AND kind = ?"));
  select.bind(listing.system).bind(listing.kind);
  KnownRecords known;
  while (true) {
    RESCIND_ASSIGN_OR_RETURN(const bool row, select.step());
    if (!row) {
      return known;
    }
    known.emplace(select.text(0), select.text(1));
  }
}

// Removes what a complete listing does not have any more. Gives what is left of it.
Result<std::size_t> remove_unlisted(SqliteDatabase& database, const StoredListing& listing,
                                    const KnownRecords& known,
                                    const std::set<std::string_view>& listed) {
  std::size_t left = 0;
  for (const auto& [id, json] : known) {
    if (listed.contains(id)) {
      continue;
    }
    ++left;
    if (!listing.complete) {
      continue;
    }
    RESCIND_ASSIGN_OR_RETURN(
        // WHY: a credential that is out of use is listed by few systems any more; what is under a
        // retirement stays known until that has ended.
        auto remove,
        database.prepare("DELETE FROM inventory WHERE system = ? AND kind = ? AND id = ? AND id "
                         "NOT IN (SELECT item FROM retirements WHERE ended = 0)"));
    RESCIND_RETURN_IF_ERROR(remove.bind(listing.system).bind(listing.kind).bind(id).run());
    left -= static_cast<std::size_t>(database.changes());
  }
  return left;
}

// What is as it was is not written again: only when it was seen.
Status write_listed(SqliteDatabase& database, const StoredListing& listing,
                    const std::vector<StoredInventoryRecord>& records, KnownRecords known,
                    bool nothing_else) {
  RESCIND_ASSIGN_OR_RETURN(auto insert,
                           database.prepare("INSERT OR REPLACE INTO inventory VALUES (?,?,?,?,?)"));
  bool unchanged = false;
  for (const StoredInventoryRecord& record : records) {
    const auto old = known.find(record.id);
    if (nothing_else && old != known.end() && old->second == record.json) {
      unchanged = true;
      continue;
    }
    known[record.id] = record.json;
    insert.reset();
    RESCIND_RETURN_IF_ERROR(insert.bind(listing.system)
                                .bind(listing.kind)
                                .bind(record.id)
                                .bind(record.json)
                                .bind(stored(listing.collected_at))
                                .run());
  }
  if (!unchanged) {
    return {};
  }
  RESCIND_ASSIGN_OR_RETURN(auto seen,
                           database.prepare("UPDATE inventory SET collected_at = ?1 WHERE system = "
                                            "?2 AND kind = ?3 AND collected_at <> ?1"));
  return seen.bind(stored(listing.collected_at)).bind(listing.system).bind(listing.kind).run();
}

}  // namespace

Status SqliteStore::replace_listing(const StoredListing& listing,
                                    const std::vector<StoredInventoryRecord>& records) {
  const std::lock_guard lock(mutex_);
  RESCIND_ASSIGN_OR_RETURN(auto transaction, SqliteTransaction::begin(database_));
  RESCIND_ASSIGN_OR_RETURN(KnownRecords known, read_known(database_, listing));
  Sha256 digest;
  std::set<std::string_view> listed;
  for (const StoredInventoryRecord& record : records) {
    digest.update_field(record.id).update_field(record.json);
    listed.insert(record.id);
  }
  RESCIND_ASSIGN_OR_RETURN(const std::size_t unlisted,
                           remove_unlisted(database_, listing, known, listed));
  const bool news = !records.empty() || !listing.complete || known.size() > unlisted;
  RESCIND_RETURN_IF_ERROR(
      write_listed(database_, listing, records, std::move(known), unlisted == 0));
  RESCIND_ASSIGN_OR_RETURN(auto state,
                           database_.prepare("INSERT OR REPLACE INTO listings VALUES (?,?,?,?,?)"));
  RESCIND_RETURN_IF_ERROR(state.bind(listing.system)
                              .bind(listing.kind)
                              .bind(stored(listing.collected_at))
                              .bind(std::int64_t{listing.complete ? 1 : 0})
                              .bind(listing.why)
                              .run());
  if (!news) {  // nothing of that kind, as before: not worth an entry of the evidence log
    return transaction.commit();
  }
  AuditNote note;
  note.at = listing.collected_at;
  note.kind = "listing";
  note.detail = listing.why;
  note.add("system", listing.system);
  note.add("kind", listing.kind);
  note.add("complete", listing.complete ? "true" : "false");
  note.add("records", std::to_string(records.size()));
  note.add("digest", "sha256:" + to_hex(digest.finish()));
  RESCIND_RETURN_IF_ERROR(audit_.append(database_, note));
  return transaction.commit();
}

Result<std::vector<StoredListing>> SqliteStore::list_listings() {
  const std::lock_guard lock(mutex_);
  RESCIND_ASSIGN_OR_RETURN(
      auto select,
      database_.prepare("SELECT system, kind, collected_at, complete, why, (SELECT count(*) FROM "
                        "inventory i WHERE i.system = l.system AND i.kind = l.kind) "
                        "FROM listings l ORDER BY system, kind"));
  std::vector<StoredListing> listings;
  while (true) {
    RESCIND_ASSIGN_OR_RETURN(const bool row, select.step());
    if (!row) {
      return listings;
    }
    listings.push_back({select.text(0), select.text(1), instant_of(select.number(2)),
                        select.number(3) != 0, select.text(4),
                        static_cast<std::uint64_t>(select.number(5))});
  }
}

Result<std::vector<StoredInventoryRecord>> SqliteStore::list_inventory() {
  const std::lock_guard lock(mutex_);
  RESCIND_ASSIGN_OR_RETURN(
      auto select, database_.prepare("SELECT system, kind, id, record, collected_at FROM inventory "
                                     "ORDER BY system, kind, id"));
  std::vector<StoredInventoryRecord> records;
  while (true) {
    RESCIND_ASSIGN_OR_RETURN(const bool row, select.step());
    if (!row) {
      return records;
    }
    records.push_back({select.text(0), select.text(1), select.text(2), select.text(3),
                       instant_of(select.number(4))});
  }
}

}  // namespace rescind
