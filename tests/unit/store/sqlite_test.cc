// Statements that are kept and used again must not remember whom they served.
#include "base/sqlite.h"

#include <sys/stat.h>

#include "tests/unit/store/fixture.h"

namespace rescind {
namespace {

SqliteDatabase open_numbers(const TemporaryFolder& folder) {
  auto database = SqliteDatabase::open(folder.file("numbers.db"), {});
  REQUIRE(database.has_value());
  REQUIRE(database->execute("CREATE TABLE numbers (n INTEGER)").has_value());
  REQUIRE(database->execute("INSERT INTO numbers VALUES (1), (2), (3)").has_value());
  return std::move(*database);
}

constexpr const char* kAll = "SELECT n FROM numbers WHERE n >= ? ORDER BY n";

}  // namespace

TEST_CASE("sqlite: a new file and its journals are their owner's alone, whatever the umask") {
  const TemporaryFolder folder;
  const mode_t before = umask(022);
  const SqliteDatabase database = open_numbers(folder);
  umask(before);
  for (const char* name : {"numbers.db", "numbers.db-wal", "numbers.db-shm"}) {
    struct stat facts {};

    REQUIRE(stat(folder.file(name).c_str(), &facts) == 0);
    CHECK_MESSAGE((facts.st_mode & 0777U) == 0600U, name);
  }
}

TEST_CASE("sqlite: a statement that was used before knows nothing of what was bound then") {
  const TemporaryFolder folder;
  SqliteDatabase database = open_numbers(folder);
  {
    auto first = database.prepare("SELECT ?1");
    REQUIRE(first->bind(std::string_view("told before")).step() == true);
    CHECK(first->text(0) == "told before");
  }
  auto again = database.prepare("SELECT ?1");
  REQUIRE(again->step() == true);
  CHECK(again->text(0).empty());
  CHECK_FALSE(again->optional_number(0).has_value());
}

TEST_CASE("sqlite: the same text is read several times at once") {
  const TemporaryFolder folder;
  SqliteDatabase database = open_numbers(folder);
  for (int round = 0; round < 2; ++round) {
    auto a = database.prepare(kAll);
    auto b = database.prepare(kAll);
    auto c = database.prepare(kAll);
    REQUIRE(a->bind(std::int64_t{1}).step() == true);
    REQUIRE(b->bind(std::int64_t{2}).step() == true);
    REQUIRE(c->bind(std::int64_t{3}).step() == true);
    REQUIRE(a->step() == true);
    CHECK(a->number(0) == 2);
    CHECK(b->number(0) == 2);
    CHECK(c->number(0) == 3);
    CHECK(c->step() == false);
  }
}

TEST_CASE("sqlite: a statement that is left among its rows does not hold on to what it saw") {
  const TemporaryFolder folder;
  SqliteDatabase database = open_numbers(folder);
  auto other = SqliteDatabase::open(folder.file("numbers.db"), {});
  REQUIRE(other.has_value());
  {
    auto select = database.prepare(kAll);
    REQUIRE(select->bind(std::int64_t{1}).step() == true);
  }
  REQUIRE(other->execute("DELETE FROM numbers WHERE n < 3").has_value());
  CHECK(database.query_int("SELECT count(*) FROM numbers", 0) == 1);
}

TEST_CASE("sqlite: a database that was moved finishes what it kept") {
  const TemporaryFolder folder;
  SqliteDatabase database = open_numbers(folder);
  CHECK(database.query_int("SELECT max(n) FROM numbers", 0) == 3);
  SqliteDatabase moved = std::move(database);
  CHECK(moved.query_int("SELECT max(n) FROM numbers", 0) == 3);
}

TEST_CASE("sqlite: a text that does not compile is refused each time") {
  const TemporaryFolder folder;
  SqliteDatabase database = open_numbers(folder);
  CHECK_FALSE(database.prepare("SELECT nothing FROM nowhere").has_value());
  CHECK_FALSE(database.prepare("SELECT nothing FROM nowhere").has_value());
}

}  // namespace rescind
