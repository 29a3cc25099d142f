// SQLite behind Results: every code that a caller can meet gets a message that says what to do.
#include "base/sqlite.h"

#include <utility>

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

namespace rescind {
namespace {

// Of one text; more are in use at once only where its rows are read while it runs again.
constexpr std::size_t kIdleOfOneText = 2;

std::string quoted(const std::string& path) {
  return "database `" + path + "`";
}

Error error_of(int code, const std::string& path, const std::string& detail) {
  switch (code & 0xFF) {
  case SQLITE_READONLY:
    return Error(ErrorKind::Io, quoted(path) +
                                    " is read-only; make the file and its folder writable, or name "
                                    "another file");
  case SQLITE_FULL:
    return Error(ErrorKind::Limit,
                 quoted(path) +
                     " cannot grow, the disk is full; free space and continue, what was "
                     "written before is safe",
                 RetryAdvice::Safe);
  case SQLITE_BUSY:
  case SQLITE_LOCKED:
    return Error(ErrorKind::Conflict,
                 quoted(path) + " is locked by another process; let it finish, then try again",
                 RetryAdvice::Safe);
  case SQLITE_CORRUPT:
  case SQLITE_NOTADB:
    return Error(ErrorKind::Corrupt, quoted(path) + " is damaged or not a database (" + detail +
                                         "); restore it from a backup, do not delete it");
  case SQLITE_CANTOPEN:
    return Error(ErrorKind::Io, quoted(path) +
                                    " cannot be opened; check that its folder exists and that this "
                                    "user may read and write it");
  case SQLITE_PERM:
  case SQLITE_AUTH:
    return Error(ErrorKind::Io,
                 "no permission to use " + quoted(path) + "; check its owner and mode");
  default:
    return Error(ErrorKind::Io, quoted(path) + ": " + detail);
  }
}

// A new file is its owner's alone, whatever the umask: what stands in it is nobody else's business.
// SQLite gives its journals the mode of the file. What goes wrong here is said by the opening.
void create_private(const std::string& path) {
  if (path.empty() || path.starts_with(":") || path.starts_with("file:")) {
    return;
  }
  constexpr mode_t kOwnerOnly = 0600;
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, kOwnerOnly);
  if (file >= 0) {
    ::close(file);
  }
}

}  // namespace

Error SqliteDatabase::error(int code) const {
  return error_of(code, path_, handle_ != nullptr ? sqlite3_errmsg(handle_) : sqlite3_errstr(code));
}

Result<SqliteDatabase> SqliteDatabase::open(const std::string& path, const SqliteOptions& options) {
  SqliteDatabase database;
  database.path_ = path;
  if (!options.read_only) {
    create_private(path);
  }
  const int flags =
      (options.read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE) |
      SQLITE_OPEN_NOMUTEX;
  if (const int code = sqlite3_open_v2(path.c_str(), &database.handle_, flags, nullptr);
      code != SQLITE_OK) {
    return tl::unexpected(database.error(code));
  }
  sqlite3_extended_result_codes(database.handle_, 1);
  sqlite3_busy_timeout(database.handle_, static_cast<int>(options.busy_timeout.count()));
  if (options.max_pages > 0) {
    RESCIND_RETURN_IF_ERROR(
        database.execute("PRAGMA max_page_count = " + std::to_string(options.max_pages)));
  }
  RESCIND_RETURN_IF_ERROR(database.execute("PRAGMA foreign_keys = ON"));
  if (!options.read_only) {
    RESCIND_RETURN_IF_ERROR(database.execute("PRAGMA journal_mode = WAL"));
    RESCIND_RETURN_IF_ERROR(database.execute("PRAGMA synchronous = FULL"));
  }
  return database;
}

SqliteDatabase::SqliteDatabase(SqliteDatabase&& other) noexcept
    : handle_(std::exchange(other.handle_, nullptr)),
      path_(std::move(other.path_)),
      idle_(std::exchange(other.idle_, {})) {}

SqliteDatabase& SqliteDatabase::operator=(SqliteDatabase&& other) noexcept {
  std::swap(handle_, other.handle_);
  std::swap(path_, other.path_);
  std::swap(idle_, other.idle_);
  return *this;
}

SqliteDatabase::~SqliteDatabase() {
  for (const auto& [text, statements] : idle_) {
    for (sqlite3_stmt* statement : statements) {
      sqlite3_finalize(statement);
    }
  }
  sqlite3_close_v2(handle_);
}

Status SqliteDatabase::execute(const std::string& sql) {
  const int code = sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) {
    return tl::unexpected(error(code));
  }
  return {};
}

Result<SqliteStatement> SqliteDatabase::prepare(std::string_view sql) {
  auto known = idle_.find(sql);
  if (known == idle_.end()) {
    known = idle_.emplace(sql, std::vector<sqlite3_stmt*>()).first;
  }
  std::vector<sqlite3_stmt*>& idle = known->second;
  if (!idle.empty()) {
    sqlite3_stmt* statement = idle.back();
    idle.pop_back();
    return SqliteStatement(*this, idle, statement);
  }
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (code != SQLITE_OK) {
    return tl::unexpected(error(code));
  }
  return SqliteStatement(*this, idle, statement);
}

std::int64_t SqliteDatabase::changes() const {
  return sqlite3_changes64(handle_);
}

std::int64_t SqliteDatabase::last_insert_id() const {
  return sqlite3_last_insert_rowid(handle_);
}

Result<std::int64_t> SqliteDatabase::query_int(std::string_view sql, std::int64_t fallback) {
  RESCIND_ASSIGN_OR_RETURN(auto statement, prepare(sql));
  RESCIND_ASSIGN_OR_RETURN(const bool row, statement.step());
  return row ? statement.number(0) : fallback;
}

SqliteStatement::SqliteStatement(SqliteStatement&& other) noexcept
    : database_(other.database_),
      idle_(other.idle_),
      handle_(std::exchange(other.handle_, nullptr)),
      next_(other.next_),
      bind_error_(other.bind_error_) {}

SqliteStatement& SqliteStatement::operator=(SqliteStatement&& other) noexcept {
  std::swap(database_, other.database_);
  std::swap(idle_, other.idle_);
  std::swap(handle_, other.handle_);
  std::swap(next_, other.next_);
  std::swap(bind_error_, other.bind_error_);
  return *this;
}

SqliteStatement::~SqliteStatement() {
  if (handle_ == nullptr) {
    return;
  }
  if (idle_->size() < kIdleOfOneText) {
    reset();
    idle_->push_back(handle_);
  } else {
    sqlite3_finalize(handle_);
  }
}

SqliteStatement& SqliteStatement::bind(std::string_view text) {
  const char* data = text.empty() ? "" : text.data();
  const int code =
      sqlite3_bind_text(handle_, next_++, data, static_cast<int>(text.size()), SQLITE_TRANSIENT);
  bind_error_ = bind_error_ == SQLITE_OK ? code : bind_error_;
  return *this;
}

SqliteStatement& SqliteStatement::bind(std::int64_t number) {
  const int code = sqlite3_bind_int64(handle_, next_++, number);
  bind_error_ = bind_error_ == SQLITE_OK ? code : bind_error_;
  return *this;
}

SqliteStatement& SqliteStatement::bind(const std::optional<std::int64_t>& number) {
  if (number) {
    return bind(*number);
  }
  const int code = sqlite3_bind_null(handle_, next_++);
  bind_error_ = bind_error_ == SQLITE_OK ? code : bind_error_;
  return *this;
}

Result<bool> SqliteStatement::step() {
  if (bind_error_ != SQLITE_OK) {
    return tl::unexpected(database_->error(bind_error_));
  }
  const int code = sqlite3_step(handle_);
  if (code == SQLITE_ROW) {
    return true;
  }
  if (code == SQLITE_DONE) {
    return false;
  }
  return tl::unexpected(database_->error(code));
}

Status SqliteStatement::run() {
  while (true) {
    RESCIND_ASSIGN_OR_RETURN(const bool row, step());
    if (!row) {
      return {};
    }
  }
}

void SqliteStatement::reset() {
  sqlite3_reset(handle_);
  sqlite3_clear_bindings(handle_);
  next_ = 1;
  bind_error_ = SQLITE_OK;
}

std::string SqliteStatement::text(int column) const {
  const auto* data = sqlite3_column_blob(handle_, column);
  const int size = sqlite3_column_bytes(handle_, column);
  return data == nullptr
             ? std::string{}
             : std::string(static_cast<const char*>(data), static_cast<std::size_t>(size));
}

std::int64_t SqliteStatement::number(int column) const {
  return sqlite3_column_int64(handle_, column);
}

std::optional<std::int64_t> SqliteStatement::optional_number(int column) const {
  if (sqlite3_column_type(handle_, column) == SQLITE_NULL) {
    return std::nullopt;
  }
  return number(column);
}

Result<SqliteTransaction> SqliteTransaction::begin(SqliteDatabase& database) {
  RESCIND_ASSIGN_OR_RETURN(auto begin, database.prepare("BEGIN IMMEDIATE"));
  RESCIND_RETURN_IF_ERROR(begin.run());
  return SqliteTransaction(database);
}

SqliteTransaction::~SqliteTransaction() {
  if (database_ != nullptr) {
    sqlite3_exec(database_->handle_, "ROLLBACK", nullptr, nullptr, nullptr);
  }
}

Status SqliteTransaction::commit() {
  RESCIND_ASSIGN_OR_RETURN(auto commit, database_->prepare("COMMIT"));
  RESCIND_RETURN_IF_ERROR(commit.run());
  database_ = nullptr;
  return {};
}

}  // namespace rescind
