// Reading and writing the sandbox's items.
#include "connectors/sandbox/sandbox_items.h"

#include <utility>

#include "connectors/sandbox/sandbox_vault.h"

namespace rescind::sandbox {
namespace {

constexpr const char* kTables = R"sql(
CREATE TABLE IF NOT EXISTS items (
  id TEXT NOT NULL PRIMARY KEY, system TEXT NOT NULL, kind TEXT NOT NULL, native_id TEXT NOT NULL,
  name TEXT NOT NULL, account TEXT NOT NULL, holder TEXT NOT NULL, level TEXT NOT NULL,
  license TEXT NOT NULL, carries_license TEXT NOT NULL, credential TEXT NOT NULL,
  present INTEGER NOT NULL, enabled INTEGER NOT NULL, locked INTEGER NOT NULL,
  archived INTEGER NOT NULL, redirect_to TEXT NOT NULL, version INTEGER NOT NULL,
  changed_by TEXT NOT NULL, forgotten INTEGER NOT NULL, successor TEXT NOT NULL,
  residual_until INTEGER, record TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS items_account ON items (account);
CREATE INDEX IF NOT EXISTS items_native ON items (system, native_id);
CREATE TABLE IF NOT EXISTS faults (
  sequence INTEGER PRIMARY KEY, kind INTEGER NOT NULL, system TEXT NOT NULL, call TEXT NOT NULL,
  item TEXT NOT NULL, value INTEGER NOT NULL, times INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS effects (
  sequence INTEGER PRIMARY KEY, marker TEXT NOT NULL, verb TEXT NOT NULL, item TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS pending (
  sequence INTEGER PRIMARY KEY, due INTEGER NOT NULL, system TEXT NOT NULL, marker TEXT NOT NULL,
  verb TEXT NOT NULL, item TEXT NOT NULL, target TEXT NOT NULL, text TEXT NOT NULL
) STRICT;
)sql";

constexpr std::string_view kColumns =
    "id, system, kind, native_id, name, account, holder, level, license, carries_license, "
    "credential, present, enabled, locked, archived, redirect_to, version, changed_by, forgotten, "
    "successor, residual_until, record";

Item read_item(const SqliteStatement& row) {
  Item item;
  item.id = row.text(0);
  item.system = row.text(1);
  item.kind = find_kind(row.text(2)).value_or(Kind::Account);
  item.native_id = row.text(3);
  item.name = row.text(4);
  item.account = row.text(5);
  item.holder = row.text(6);
  item.level = row.text(7);
  item.license = row.text(8);
  item.carries_license = row.text(9);
  item.credential = row.text(10);
  item.present = row.number(11) != 0;
  item.enabled = row.number(12) != 0;
  item.locked = row.number(13) != 0;
  item.archived = row.number(14) != 0;
  item.redirect_to = row.text(15);
  item.version = row.number(16);
  item.changed_by = row.text(17);
  item.forgotten = row.number(18) != 0;
  item.successor = row.text(19);
  if (const auto until = row.optional_number(20)) {
    item.residual_until = Instant(Seconds(*until));
  }
  item.record = row.text(21);
  return item;
}

}  // namespace

Result<SqliteDatabase> open_file(const std::string& path) {
  RESCIND_ASSIGN_OR_RETURN(auto file, SqliteDatabase::open(path, {}));
  // WHY: it plays a system, not our store: what it loses when the power fails harms nobody.
  RESCIND_RETURN_IF_ERROR(file.execute("PRAGMA synchronous = NORMAL"));
  RESCIND_RETURN_IF_ERROR(file.execute(kTables));
  RESCIND_RETURN_IF_ERROR(create_vault_tables(file));
  return file;
}

Result<std::vector<Item>> select_items(SqliteDatabase& file, std::string_view where,
                                       const std::vector<std::string>& values) {
  RESCIND_ASSIGN_OR_RETURN(auto select,
                           file.prepare("SELECT " + std::string(kColumns) + " FROM items WHERE " +
                                        std::string(where) + " ORDER BY id"));
  for (const std::string& value : values) {
    select.bind(value);
  }
  std::vector<Item> items;
  while (true) {
    RESCIND_ASSIGN_OR_RETURN(const bool row, select.step());
    if (!row) {
      return items;
    }
    items.push_back(read_item(select));
  }
}

Result<std::optional<Item>> find_item(SqliteDatabase& file, const std::string& system,
                                      const std::string& id, const std::string& native_id) {
  RESCIND_ASSIGN_OR_RETURN(auto items, select_items(file, "id = ? AND system = ?", {id, system}));
  if (items.empty() && !native_id.empty()) {
    RESCIND_ASSIGN_OR_RETURN(
        items, select_items(file, "system = ? AND native_id = ?", {system, native_id}));
  }
  return items.empty() ? std::optional<Item>{} : std::optional<Item>(std::move(items.front()));
}

Status save_item(SqliteDatabase& file, const Item& item) {
  RESCIND_ASSIGN_OR_RETURN(auto save,
                           file.prepare("INSERT OR REPLACE INTO items VALUES "
                                        "(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"));
  const auto flag = [](bool value) { return std::int64_t{value ? 1 : 0}; };
  std::optional<std::int64_t> residual_until;
  if (item.residual_until) {
    residual_until = item.residual_until->time_since_epoch().count();
  }
  return save.bind(item.id)
      .bind(item.system)
      .bind(kind_name(item.kind))
      .bind(item.native_id)
      .bind(item.name)
      .bind(item.account)
      .bind(item.holder)
      .bind(item.level)
      .bind(item.license)
      .bind(item.carries_license)
      .bind(item.credential)
      .bind(flag(item.present))
      .bind(flag(item.enabled))
      .bind(flag(item.locked))
      .bind(flag(item.archived))
      .bind(item.redirect_to)
      .bind(item.version)
      .bind(item.changed_by)
      .bind(flag(item.forgotten))
      .bind(item.successor)
      .bind(residual_until)
      .bind(item.record)
      .run();
}

Status record_effect(SqliteDatabase& file, const std::string& marker, std::string_view verb,
                     const std::string& item) {
  RESCIND_ASSIGN_OR_RETURN(auto insert,
                           file.prepare("INSERT INTO effects (marker, verb, item) VALUES (?,?,?)"));
  return insert.bind(marker).bind(verb).bind(item).run();
}

}  // namespace rescind::sandbox
