// Versions and the log of use, in the sandbox's own file.
#include "connectors/sandbox/sandbox_vault.h"

#include <utility>

#include <nlohmann/json.hpp>

#include "base/hash.h"
#include "base/time.h"
#include "connectors/support/secret.h"

namespace rescind::sandbox {
namespace {

using nlohmann::json;

constexpr const char* kTables = R"sql(
CREATE TABLE IF NOT EXISTS versions (
  system TEXT NOT NULL, path TEXT NOT NULL, successor TEXT NOT NULL, value TEXT NOT NULL,
  at INTEGER NOT NULL, PRIMARY KEY (system, path, successor)
) STRICT;
CREATE TABLE IF NOT EXISTS uses (
  sequence INTEGER PRIMARY KEY, system TEXT NOT NULL, item TEXT NOT NULL, by TEXT NOT NULL,
  at INTEGER NOT NULL, success INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS uses_at ON uses (system, at);
CREATE TABLE IF NOT EXISTS watched (
  system TEXT NOT NULL PRIMARY KEY, since INTEGER NOT NULL
) STRICT;
)sql";

constexpr std::size_t kMarkDigits = 8;

std::string dump(const json& object) {
  return object.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string instant_text(std::int64_t seconds) {
  return format_instant(Instant(Seconds(seconds)));
}

}  // namespace

Status create_vault_tables(SqliteDatabase& file) {
  return file.execute(kTables);
}

Item successor_of(const Item& item, const ActionRequest& request) {
  const std::string mark = "~" + to_hex(sha256(request.marker)).substr(0, kMarkDigits);
  Item successor = item;
  successor.id = item.id + mark;
  successor.native_id = item.native_id + mark;
  successor.version = 1;
  successor.enabled = true;
  successor.present = true;
  successor.successor.clear();
  successor.changed_by = request.marker;
  successor.forgotten = true;
  successor.residual_until.reset();
  return successor;
}

Result<Secret> add_successor(SqliteDatabase& file, const Item& item, const ActionRequest& request,
                             std::int64_t now) {
  Item successor = successor_of(item, request);
  json record = json::parse(item.record, nullptr, false);
  if (!record.is_object()) {
    record = json::object();
  }
  record["created"] = instant_text(now);
  record.erase("last_used");
  record.erase("successor");
  successor.record = dump(record);
  RESCIND_RETURN_IF_ERROR(save_item(file, successor));
  RESCIND_RETURN_IF_ERROR(record_effect(file, request.marker, "created", successor.id));
  RESCIND_ASSIGN_OR_RETURN(std::string value, random_password());
  return Secret::take(value);
}

Status remove_successor(SqliteDatabase& file, Item successor, const std::string& marker) {
  RESCIND_ASSIGN_OR_RETURN(auto erase,
                           file.prepare("DELETE FROM versions WHERE system = ? AND successor = ?"));
  RESCIND_RETURN_IF_ERROR(erase.bind(successor.system).bind(successor.id).run());
  successor.present = false;
  RESCIND_RETURN_IF_ERROR(save_item(file, successor));
  return record_effect(file, marker, "delete", successor.id);
}

Result<bool> write_version(SqliteDatabase& file, const std::string& system,
                           const DeliveryRequest& request, const Secret& secret, std::int64_t now) {
  RESCIND_ASSIGN_OR_RETURN(
      auto find, file.prepare("SELECT value FROM versions WHERE system = ? AND path = ? AND "
                              "successor = ?"));
  find.bind(system).bind(request.target.path).bind(request.successor.item);
  RESCIND_ASSIGN_OR_RETURN(const bool there, find.step());
  if (there && find.text(0) == secret.reveal()) {
    return false;
  }
  find.reset();
  RESCIND_ASSIGN_OR_RETURN(auto write,
                           file.prepare("INSERT OR REPLACE INTO versions VALUES (?,?,?,?,?)"));
  RESCIND_RETURN_IF_ERROR(write.bind(system)
                              .bind(request.target.path)
                              .bind(request.successor.item)
                              .bind(secret.reveal())
                              .bind(now)
                              .run());
  return true;
}

Result<bool> has_version(SqliteDatabase& file, const std::string& system,
                         const DeliveryRequest& request) {
  RESCIND_ASSIGN_OR_RETURN(auto find,
                           file.prepare("SELECT 1 FROM versions WHERE system = ? AND path = ? AND "
                                        "successor = ?"));
  find.bind(system).bind(request.target.path).bind(request.successor.item);
  return find.step();
}

Status note_use(SqliteDatabase& file, const Item& item, const std::string& by, bool success,
                std::int64_t now) {
  RESCIND_ASSIGN_OR_RETURN(
      auto insert,
      file.prepare("INSERT INTO uses (system, item, by, at, success) VALUES (?,?,?,?,?)"));
  return insert.bind(item.system)
      .bind(item.id)
      .bind(by)
      .bind(now)
      .bind(std::int64_t{success ? 1 : 0})
      .run();
}

Result<std::vector<DiscoveredRecord>> list_use(SqliteDatabase& file, const std::string& system,
                                               std::int64_t since, std::int64_t now) {
  std::vector<DiscoveredRecord> records;
  RESCIND_ASSIGN_OR_RETURN(
      auto uses, file.prepare("SELECT item, by, max(at), success FROM uses WHERE system = ? AND at "
                              "> ? GROUP BY item, by, success ORDER BY item, by, success"));
  uses.bind(system).bind(since);
  while (true) {
    RESCIND_ASSIGN_OR_RETURN(const bool row, uses.step());
    if (!row) {
      break;
    }
    records.push_back({dump({{"record", "usage"},
                             {"item", uses.text(0)},
                             {"by", uses.text(1)},
                             {"at", instant_text(uses.number(2))},
                             {"source", "sandbox"},
                             {"outcome", uses.number(3) != 0 ? "success" : "failure"}}),
                       ""});
  }
  RESCIND_ASSIGN_OR_RETURN(auto begin, file.prepare("INSERT OR IGNORE INTO watched VALUES (?,?)"));
  RESCIND_RETURN_IF_ERROR(begin.bind(system).bind(now).run());
  RESCIND_ASSIGN_OR_RETURN(auto watched,
                           file.prepare("SELECT since FROM watched WHERE system = ?"));
  watched.bind(system);
  RESCIND_ASSIGN_OR_RETURN(const bool row, watched.step());
  json kinds = json::array({"account", "credential"});
  records.push_back({dump({{"record", "coverage"},
                           {"system", system},
                           {"kinds", std::move(kinds)},
                           {"since", instant_text(row ? watched.number(0) : now)},
                           {"until", instant_text(now)},
                           {"source", "sandbox"}}),
                     ""});
  return records;
}

}  // namespace rescind::sandbox
