// A thin layer over SQLite: connections, statements and transactions whose failures are Results
// with a remedy. The one place that includes sqlite3.h.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace rescind {

class SqliteStatement;

struct SqliteOptions {
  bool read_only = false;
  std::chrono::milliseconds busy_timeout{5000};  // how long to wait for another process's lock
  std::int64_t max_pages = 0;                    // bound on the file's size in pages; 0: none
};

// One connection; used by one thread at a time.
class SqliteDatabase {
 public:
  // Opens or creates the file, in WAL mode with synchronous=FULL and foreign keys on.
  static Result<SqliteDatabase> open(const std::string& path, const SqliteOptions& options);
  SqliteDatabase(SqliteDatabase&& other) noexcept;
  SqliteDatabase& operator=(SqliteDatabase&& other) noexcept;
  SqliteDatabase(const SqliteDatabase&) = delete;
  SqliteDatabase& operator=(const SqliteDatabase&) = delete;
  ~SqliteDatabase();

  // One or more statements without parameters or rows.
  Status execute(const std::string& sql);
  // A statement of that text that nobody uses just now, or a new one. It comes back, reset, when it
  // is destroyed, so that the same text is compiled once.
  Result<SqliteStatement> prepare(std::string_view sql);
  [[nodiscard]] std::int64_t changes() const;  // rows of the last statement
  [[nodiscard]] std::int64_t last_insert_id() const;

  [[nodiscard]] const std::string& path() const { return path_; }

  // The first column of the first row as an integer; `fallback` when there is no row.
  Result<std::int64_t> query_int(std::string_view sql, std::int64_t fallback);

 private:
  friend class SqliteStatement;
  friend class SqliteTransaction;
  using IdleStatements = std::map<std::string, std::vector<sqlite3_stmt*>, std::less<>>;

  SqliteDatabase() = default;
  [[nodiscard]] Error error(int code) const;

  sqlite3* handle_ = nullptr;
  std::string path_;
  IdleStatements idle_;  // by text
};

// A prepared statement. Bind in order with `bind`, then `step` until it says there is no row; a
// statement may be run again after `reset`. Its database must neither end nor move before it.
class SqliteStatement {
 public:
  SqliteStatement(SqliteStatement&& other) noexcept;
  SqliteStatement& operator=(SqliteStatement&& other) noexcept;
  SqliteStatement(const SqliteStatement&) = delete;
  SqliteStatement& operator=(const SqliteStatement&) = delete;
  ~SqliteStatement();

  // Binds the next parameter.
  SqliteStatement& bind(std::string_view text);
  SqliteStatement& bind(std::int64_t number);
  SqliteStatement& bind(const std::optional<std::int64_t>& number);  // nothing: NULL
  // True: a row can be read. False: done.
  Result<bool> step();
  // Runs to the end, ignoring rows.
  Status run();
  void reset();

  [[nodiscard]] std::string text(int column) const;  // "" for NULL
  [[nodiscard]] std::int64_t number(int column) const;
  [[nodiscard]] std::optional<std::int64_t> optional_number(int column) const;

 private:
  friend class SqliteDatabase;

  SqliteStatement(SqliteDatabase& database, std::vector<sqlite3_stmt*>& idle, sqlite3_stmt* handle)
      : database_(&database), idle_(&idle), handle_(handle) {}

  SqliteDatabase* database_;
  std::vector<sqlite3_stmt*>* idle_;  // where it goes back to
  sqlite3_stmt* handle_;              // null: moved from
  int next_ = 1;
  int bind_error_ = 0;
};

// BEGIN IMMEDIATE … COMMIT; rolls back unless commit succeeded.
class SqliteTransaction {
 public:
  static Result<SqliteTransaction> begin(SqliteDatabase& database);

  SqliteTransaction(SqliteTransaction&& other) noexcept : database_(other.database_) {
    other.database_ = nullptr;
  }

  SqliteTransaction& operator=(SqliteTransaction&&) = delete;
  SqliteTransaction(const SqliteTransaction&) = delete;
  SqliteTransaction& operator=(const SqliteTransaction&) = delete;
  ~SqliteTransaction();
  Status commit();

 private:
  explicit SqliteTransaction(SqliteDatabase& database) : database_(&database) {}

  SqliteDatabase* database_;
};

}  // namespace rescind
