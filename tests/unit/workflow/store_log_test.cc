// The log of a store beside its journal: what is in one of them only, or says something else.
#include <algorithm>
#include <memory>
#include <string>

#include <doctest/doctest.h>

#include "base/sqlite.h"
#include "tests/support/temporary_folder.h"
#include "workflow/audit_log.h"

namespace rescind {
namespace {

constexpr const char* kRun = "run:aa";

struct Journal {
  TemporaryFolder folder;
  std::unique_ptr<Store> store;

  explicit Journal(int records, bool in_memory = false) {
    store = *open_sqlite_store(in_memory ? ":memory:" : folder.file("store.db"), {});
    NewRun run;
    run.digest = "sha256:aa";
    run.plan = "{}";
    REQUIRE(store->open_run(run).has_value());
    const auto claim = store->claim_run(kRun, Instant(Seconds(1)));
    for (int i = 0; i < records; ++i) {
      JournalRecord record;
      record.run = kRun;
      record.epoch = claim->run.epoch;
      record.at = Instant(Seconds(i));
      record.detail = "detail " + std::to_string(i);
      REQUIRE(store->append(record, nullptr, nullptr).has_value());
    }
  }

  // What somebody does who can write to the file.
  void tamper(const std::string& sql) const {
    auto database = SqliteDatabase::open(folder.file("store.db"), {});
    const Status done = database->execute(
        "DROP TRIGGER IF EXISTS records_no_update; DROP TRIGGER IF EXISTS records_no_delete; " +
        sql);
    REQUIRE_MESSAGE(done.has_value(), done.error().to_string());
  }

  [[nodiscard]] std::vector<std::string> findings() const {
    const auto report = check_store_log(*store, {}, {});
    REQUIRE(report.has_value());
    std::vector<std::string> out;
    for (const Finding& finding : report->findings) {
      if (finding.kind != FindingKind::Unsigned) {  // nothing here is signed
        out.push_back(finding.message);
      }
    }
    return out;
  }
};

using Messages = std::vector<std::string>;

}  // namespace

TEST_CASE("store log: a journal that is as the log tells it gives no finding") {
  CHECK(Journal(0).findings().empty());
  CHECK(Journal(5).findings().empty());
  // More than one page.
  CHECK(Journal(5000, true).findings().empty());
}

TEST_CASE("store log: a record that was changed is named with its entry") {
  const Journal journal(5);
  journal.tamper("UPDATE records SET detail = 'nothing happened' WHERE sequence = 3");
  CHECK(journal.findings() == Messages{"journal record 3 of run:aa says something else than entry "
                                       "4"});
}

TEST_CASE("store log: a record that was taken out is named, and the others still fit") {
  const Journal journal(5);
  SUBCASE("the first") {
    journal.tamper("DELETE FROM records WHERE sequence = 1");
    CHECK(journal.findings() ==
          Messages{"entry 2 tells of journal record 1, which the store does not have, or of which "
                   "it was told before"});
  }
  SUBCASE("the last") {
    journal.tamper("DELETE FROM records WHERE sequence = 5");
    CHECK(journal.findings() ==
          Messages{"entry 6 tells of journal record 5, which the store does not have, or of which "
                   "it was told before"});
  }
  SUBCASE("all") {
    journal.tamper("DELETE FROM records");
    CHECK(journal.findings().size() == 5);
  }
}

TEST_CASE("store log: a record that nobody logged is named, wherever it stands") {
  const Journal journal(5);
  journal.tamper(
      "DELETE FROM records WHERE sequence = 3; INSERT INTO records SELECT 9, run, step, "
      "epoch, at, entry, item, generation, state, result, detail, until, requests, "
      "response FROM records WHERE sequence = 1");
  CHECK(journal.findings() ==
        Messages{"entry 4 tells of journal record 3, which the store does not have, or of which it "
                 "was told before",
                 "journal record 9 of run:aa is not in the log"});
}

TEST_CASE("store log: the entries of the log are heard again and again, up to a size") {
  const Journal journal(3);
  const auto heard = [](const LogSource& log, const EntryKinds& kinds) {
    std::size_t count = 0;
    REQUIRE(log(kinds, [&count](const AuditEntry&) { ++count; }).has_value());
    return count;
  };
  const LogSource log = *log_of(*journal.store);
  CHECK(heard(log, {}) == *journal.store->audit_size());
  CHECK(heard(log, {}) == *journal.store->audit_size());
  CHECK(heard(log, {"run"}) == 1);
  CHECK(heard(log_of(*journal.store, 2), {}) == 2);
}

}  // namespace rescind
