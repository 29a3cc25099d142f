// Files that the store must refuse, each with a remedy, and failures while it is in use.
#include <fstream>

#include "base/sqlite.h"
#include "tests/unit/store/fixture.h"

namespace rescind {
namespace {

Error open_error(const std::string& path, const StoreOptions& options = {}) {
  auto store = open_sqlite_store(path, options);
  REQUIRE_FALSE(store.has_value());
  return store.error();
}

bool says(const Error& error, const std::string& text) {
  return error.to_string().find(text) != std::string::npos;
}

}  // namespace

TEST_CASE("store: a file from a newer version is refused and left alone") {
  const TemporaryFolder folder;
  open_store(folder).reset();
  {
    auto database = SqliteDatabase::open(folder.file("store.db"), {});
    REQUIRE(database->execute("UPDATE schema_version SET version = 99").has_value());
  }
  const Error error = open_error(folder.file("store.db"));
  CHECK(error.kind() == ErrorKind::Unsupported);
  CHECK(says(error, "written by a newer version (tables 99, this version knows 2)"));
}

TEST_CASE("store: a file that is no database, or a database of something else, is refused") {
  const TemporaryFolder folder;
  std::ofstream(folder.file("text.db")) << std::string(5000, 'x');
  const Error text = open_error(folder.file("text.db"));
  CHECK(text.kind() == ErrorKind::Corrupt);
  CHECK(says(text, "is damaged or not a database"));
  {
    auto database = SqliteDatabase::open(folder.file("other.db"), {});
    REQUIRE(database->execute("CREATE TABLE songs (title TEXT)").has_value());
  }
  const Error other = open_error(folder.file("other.db"));
  CHECK(other.kind() == ErrorKind::Corrupt);
  CHECK(says(other, "is a database of something else, not a store"));
}

TEST_CASE("store: a damaged file is refused with the remedy") {
  const TemporaryFolder folder;
  open_store(folder).reset();
  {
    std::fstream file(folder.file("store.db"), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(100);
    file << std::string(8000, '\x5a');
  }
  const Error error = open_error(folder.file("store.db"));
  CHECK(error.kind() == ErrorKind::Corrupt);
  CHECK(says(error, "restore it from a backup"));
}

TEST_CASE("store: a folder that is not there is said so") {
  const TemporaryFolder folder;
  const Error error = open_error(folder.file("missing/store.db"));
  CHECK(error.kind() == ErrorKind::Io);
  CHECK(says(error, "cannot be opened; check that its folder exists"));
}

TEST_CASE("store: a read-only store answers questions and refuses changes") {
  const TemporaryFolder folder;
  auto writer = open_store(folder);
  REQUIRE(writer->open_run(new_run("aa")).has_value());
  StoreOptions options;
  options.read_only = true;
  auto reader = open_sqlite_store(folder.file("store.db"), options);
  REQUIRE(reader.has_value());
  CHECK((*reader)->list_runs()->size() == 1);
  const auto refused = (*reader)->set_setting("a", "b");
  REQUIRE_FALSE(refused.has_value());
  CHECK(says(refused.error(), "is read-only; make the file and its folder writable"));
}

TEST_CASE("store: a locked store is a clear error after the busy time") {
  const TemporaryFolder folder;
  open_store(folder).reset();
  StoreOptions options;
  options.busy_timeout = Seconds(0);
  auto store = open_sqlite_store(folder.file("store.db"), options);
  REQUIRE(store.has_value());
  auto other = SqliteDatabase::open(folder.file("store.db"), {});
  auto held = SqliteTransaction::begin(*other);
  REQUIRE(held.has_value());
  const auto refused = (*store)->open_run(new_run("aa"));
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().kind() == ErrorKind::Conflict);
  CHECK(refused.error().retry() == RetryAdvice::Safe);
  CHECK(says(refused.error(), "is locked by another process"));
}

TEST_CASE("store: a full disk is a clear error and loses nothing that was written") {
  const TemporaryFolder folder;
  StoreOptions options;
  options.max_pages = 60;
  auto store = open_sqlite_store(folder.file("store.db"), options);
  REQUIRE_MESSAGE(store.has_value(), store.error().to_string());
  REQUIRE((*store)->open_run(new_run("aa")).has_value());
  Status status;
  int written = 0;
  while (
      (status = (*store)->set_setting("key " + std::to_string(written), std::string(4000, 'x')))) {
    ++written;
    REQUIRE(written < 100);
  }
  CHECK(status.error().kind() == ErrorKind::Limit);
  CHECK(says(status.error(), "the disk is full; free space and continue"));
  store->reset();
  auto again = open_store(folder);
  CHECK(again->list_runs()->size() == 1);
  for (int i = 0; i < written; ++i) {
    CHECK(again->find_setting("key " + std::to_string(i)).value().has_value());
  }
}

}  // namespace rescind
