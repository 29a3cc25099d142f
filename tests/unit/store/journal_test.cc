// The journal: append-only records, the states of steps, captures and timers.
#include "base/sqlite.h"
#include "tests/unit/store/fixture.h"

namespace rescind {
namespace {

struct OpenRun {
  TemporaryFolder folder;
  std::unique_ptr<Store> store = open_store(folder);
  std::string run = store->open_run(new_run("aa"))->id;
  Store::Claim claim = std::move(*store->claim_run(run, at_second(0)));

  [[nodiscard]] JournalRecord record(RecordEntry entry, StepState state) const {
    JournalRecord made;
    made.run = run;
    made.step = "step:a";
    made.epoch = claim.run.epoch;
    made.at = at_second(7);
    made.entry = entry;
    made.state = state;
    return made;
  }
};

}  // namespace

TEST_CASE("store: a record and the state of its step read back as written") {
  OpenRun open;
  JournalRecord record = open.record(RecordEntry::Outcome, StepState::Residual);
  record.item = "crm:s-1";
  record.generation = 3;
  record.result = "residual_until";
  record.detail = "tokens last 5 minutes";
  record.until = at_second(300);
  record.requests = {"DELETE /sessions/1", "a byte \xff that is no UTF-8"};
  record.response_digest = "sha256:77";
  StepRecord step = open.store->list_steps(open.run)->at(0);
  step.state = StepState::Residual;
  step.attempts = 2;
  step.escalated = true;
  step.wait = "time";
  step.due = at_second(300);
  step.until = at_second(300);
  step.settled_at = at_second(7);
  REQUIRE(open.store->append(record, &step, nullptr).has_value());

  const auto records = open.store->list_records(open.run);
  REQUIRE(records->size() == 1);
  const JournalRecord& read = records->front();
  CHECK(read.sequence == 1);
  CHECK(read.entry == RecordEntry::Outcome);
  CHECK(read.state == StepState::Residual);
  CHECK(read.item == "crm:s-1");
  CHECK(read.generation == 3);
  CHECK(read.result == "residual_until");
  CHECK(read.until == at_second(300));
  REQUIRE(read.requests.size() == 2);
  CHECK(read.requests[0] == "DELETE /sessions/1");
  CHECK(read.response_digest == "sha256:77");

  const auto steps = open.store->list_steps(open.run);
  REQUIRE(steps->size() == 2);
  CHECK(steps->at(0).state == StepState::Residual);
  CHECK(steps->at(0).attempts == 2);
  CHECK(steps->at(0).escalated);
  CHECK(steps->at(0).wait == "time");
  CHECK(steps->at(0).settled_at == at_second(7));
  CHECK(steps->at(1).state == StepState::Pending);
  CHECK(steps->at(1).position == 1);
}

TEST_CASE("store: the journal refuses changes even by hand") {
  OpenRun open;
  REQUIRE(
      open.store->append(open.record(RecordEntry::Intent, StepState::Intent), nullptr, nullptr));
  auto database = SqliteDatabase::open(open.folder.file("store.db"), {});
  REQUIRE(database.has_value());
  CHECK_FALSE(database->execute("UPDATE records SET detail = 'x'").has_value());
  CHECK_FALSE(database->execute("DELETE FROM records").has_value());
}

TEST_CASE("store: the first captured state of a generation stands") {
  OpenRun open;
  const auto record = open.record(RecordEntry::Intent, StepState::Intent);
  Capture capture{open.run, "step:a", "crm:alice", 1, at_second(1), R"({"enabled":true})"};
  REQUIRE(open.store->append(record, nullptr, &capture).has_value());
  capture.state = R"({"enabled":false})";
  REQUIRE(open.store->append(record, nullptr, &capture).has_value());
  const auto captures = open.store->list_captures(open.run);
  REQUIRE(captures->size() == 1);
  CHECK(captures->front().state == R"({"enabled":true})");
}

TEST_CASE("store: steps due later are timers until they end") {
  OpenRun open;
  auto timers = open.store->list_timers();
  REQUIRE(timers->size() == 1);
  CHECK(timers->front().step == "step:b");
  CHECK(timers->front().due == at_second(86400));
  CHECK(open.store->list_due(at_second(86399))->empty());
  CHECK(open.store->list_due(at_second(86400))->size() == 1);

  StepRecord step = open.store->list_steps(open.run)->at(1);
  step.state = StepState::Verified;
  REQUIRE(
      open.store->append(open.record(RecordEntry::Probed, StepState::Verified), &step, nullptr));
  CHECK(open.store->list_timers()->empty());
}

}  // namespace rescind
