// Opening the store, and settings.
#include "store/sqlite_store.h"

#include <string>
#include <utility>

#include "store/sqlite_schema.h"

namespace rescind {

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
