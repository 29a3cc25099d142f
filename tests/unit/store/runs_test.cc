// Opening, claiming and fencing runs.
#include "tests/unit/store/fixture.h"

namespace rescind {

TEST_CASE("store: opening a run consumes the plan's digest, also across processes") {
  const TemporaryFolder folder;
  std::string run;
  {
    auto store = open_store(folder);
    auto opened = store->open_run(new_run("0123456789abcdef00"));
    REQUIRE(opened.has_value());
    CHECK(opened->id == "run:0123456789abcdef");
    run = opened->id;
  }
  auto store = open_store(folder);
  const auto again = store->open_run(new_run("0123456789abcdef00"));
  REQUIRE_FALSE(again.has_value());
  CHECK(again.error().kind() == ErrorKind::Conflict);
  CHECK(again.error().message() ==
        "the plan was used before, by run:0123456789abcdef; a plan is applied once");
  CHECK(store->list_runs()->size() == 1);
  CHECK(*store->plan_of_run(run) == "{}");
  CHECK(store->find_run_of_digest("sha256:0123456789abcdef00").value()->id == run);
  CHECK_FALSE(store->find_run("run:none").value().has_value());
}

TEST_CASE("store: a run is worked by one process at a time and an older epoch is fenced") {
  const TemporaryFolder folder;
  auto store = open_store(folder);
  auto other = open_store(folder);
  const std::string run = store->open_run(new_run("aa"))->id;

  auto first = store->claim_run(run, at_second(1));
  REQUIRE(first.has_value());
  CHECK(first->run.epoch == 1);
  const auto refused = other->claim_run(run, at_second(2));
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().kind() == ErrorKind::Conflict);
  CHECK(refused.error().message() == "another process is working on run:aa; let it finish");

  first->lease.reset();
  auto second = other->claim_run(run, at_second(3));
  REQUIRE(second.has_value());
  CHECK(second->run.epoch == 2);

  JournalRecord late;
  late.run = run;
  late.epoch = 1;
  late.at = at_second(4);
  const auto fenced = store->append(late, nullptr, nullptr);
  REQUIRE_FALSE(fenced.has_value());
  CHECK(fenced.error().message() == "another process took over run:aa; this one stops");
  CHECK_FALSE(store->set_run_state(run, 1, RunState::Closed, at_second(4)).has_value());
  CHECK(store->set_run_state(run, 2, RunState::Settled, at_second(5)).has_value());
  CHECK(store->find_run(run).value()->state == RunState::Settled);
}

TEST_CASE("store: a run that is not there is said so") {
  const TemporaryFolder folder;
  auto store = open_store(folder);
  CHECK(store->claim_run("run:none", at_second(0)).error().kind() == ErrorKind::NotFound);
  CHECK(store->plan_of_run("run:none").error().kind() == ErrorKind::NotFound);
}

TEST_CASE("store: an approval given twice is one, and is bound to what was approved") {
  const TemporaryFolder folder;
  auto store = open_store(folder);
  const std::string run = store->open_run(new_run("aa"))->id;
  const StoredApproval approval{run, "step:a", "sha256:1", "carol", at_second(1)};
  REQUIRE(store->add_approval(approval).has_value());
  REQUIRE(store->add_approval(approval).has_value());
  REQUIRE(store->add_approval({run, "step:a", "sha256:2", "carol", at_second(2)}).has_value());
  const auto approvals = store->list_approvals(run);
  REQUIRE(approvals.has_value());
  REQUIRE(approvals->size() == 2);
  CHECK((*approvals)[0].binding == "sha256:1");
  CHECK((*approvals)[1].binding == "sha256:2");
}

TEST_CASE("store: settings are kept and replaced") {
  const TemporaryFolder folder;
  auto store = open_store(folder);
  CHECK_FALSE(store->find_setting("heartbeat").value().has_value());
  REQUIRE(store->set_setting("heartbeat", "1").has_value());
  REQUIRE(store->set_setting("heartbeat", "2").has_value());
  CHECK(store->find_setting("heartbeat").value().value() == "2");
}

}  // namespace rescind
