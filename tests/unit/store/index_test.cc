// By what runs are found, and that a file from before there was an index gets it.
#include "base/sqlite.h"
#include "store/run_plan.h"
#include "tests/unit/store/fixture.h"

namespace rescind {
namespace {

// A leaver whose account goes, and a machine of theirs that this concerns too.
Plan plan_about(const std::string& subject, const std::string& event) {
  Plan plan;
  Event leaver;
  leaver.type = "leaver";
  leaver.subject = subject;
  leaver.source = "hr";
  leaver.id = event;
  plan.events.push_back(leaver);
  plan.event_lineages.push_back(lineage_of(leaver));
  Event derived;
  derived.type = "owner_left";
  derived.subject = "bot of " + subject;
  derived.source = "derived";
  plan.events.push_back(derived);
  plan.event_lineages.push_back(plan.event_lineages.front() + " > owner_left/bot");
  PlanStep step;
  step.id = "step:" + subject;
  step.item = "crm:" + subject;
  plan.steps.push_back(step);
  step.id = "step:tell";
  step.item.clear();
  step.verb = Verb::Notify;
  plan.steps.push_back(step);
  plan.digest = compute_plan_digest(plan);
  return plan;
}

std::string open_run_of(Store& store, const Plan& plan, std::int64_t second) {
  NewRun run;
  run.digest = plan.digest;
  run.plan = encode_plan(plan);
  run.index = index_plan(plan);
  run.at = at_second(second);
  for (const PlanStep& step : plan.steps) {
    run.steps.push_back({.id = step.id});
  }
  auto opened = store.open_run(run);
  REQUIRE_MESSAGE(opened.has_value(), opened.error().to_string());
  return opened->id;
}

std::vector<std::string> ids(const Result<std::vector<RunRecord>>& runs) {
  REQUIRE(runs.has_value());
  std::vector<std::string> out;
  for (const RunRecord& run : *runs) {
    out.push_back(run.id);
  }
  return out;
}

using Ids = std::vector<std::string>;

}  // namespace

TEST_CASE("store: runs are found by the subjects, events, items and steps that they have") {
  const TemporaryFolder folder;
  const auto store = open_store(folder);
  const std::string late = open_run_of(*store, plan_about("alice", "7"), 9);
  const std::string early = open_run_of(*store, plan_about("alice", "8"), 1);
  const std::string other = open_run_of(*store, plan_about("bob", "9"), 5);

  CHECK(ids(store->list_open_runs_about("alice")) == Ids{early, late});
  CHECK(ids(store->list_open_runs_about("bob")) == Ids{other});
  // What was derived from an event is no reason to decide another one together with it.
  CHECK(ids(store->list_open_runs_about("bot of alice")).empty());
  CHECK(ids(store->list_open_runs_of_event("hr", "7")) == Ids{late});
  CHECK(ids(store->list_open_runs_of_event("app", "7")).empty());
  CHECK(ids(store->list_runs_on("crm:alice")) == Ids{early, late});
  CHECK(ids(store->list_runs_on("")).empty());
  const auto told = store->find_steps("step:tell");
  REQUIRE(told.has_value());
  CHECK(told->size() == 3);
  CHECK(store->find_steps("step:none")->empty());

  const auto claim = store->claim_run(late, at_second(10));
  REQUIRE(store->set_run_state(late, claim->run.epoch, RunState::Closed, at_second(11)));
  CHECK(ids(store->list_open_runs_about("alice")) == Ids{early});
  CHECK(ids(store->list_open_runs_of_event("hr", "7")).empty());
  CHECK(ids(store->list_runs_on("crm:alice")) == Ids{early, late});
}

TEST_CASE("store: what a supplement adds to a run is found too") {
  const TemporaryFolder folder;
  const auto store = open_store(folder);
  const std::string run = open_run_of(*store, plan_about("alice", "7"), 1);
  const auto claim = store->claim_run(run, at_second(2));
  Plan more;
  PlanStep step;
  step.id = "step:more";
  step.item = "crm:alice:key";
  more.steps.push_back(step);
  more.digest = compute_plan_digest(more);
  NewSupplement supplement;
  supplement.digest = more.digest;
  supplement.plan = encode_plan(more);
  supplement.index = index_plan(more);
  supplement.steps = {{.id = step.id}};
  supplement.at = at_second(3);
  JournalRecord record;
  record.run = run;
  record.epoch = claim->run.epoch;
  record.at = at_second(3);
  record.entry = RecordEntry::Extended;
  REQUIRE(store->extend_run(record, supplement).has_value());
  CHECK(ids(store->list_runs_on("crm:alice:key")) == Ids{run});
  CHECK(store->find_steps("step:more")->size() == 1);
}

TEST_CASE("store: the revisions of an event are found, and no other event's") {
  const TemporaryFolder folder;
  const auto store = open_store(folder);
  for (const char* lineage :
       {"leaver/alice@hr:1#1", "leaver/alice@hr:1#2", "leaver/alice@hr:11#1", "leaver/al@hr:1#1"}) {
    StoredEvent event;
    event.lineage = lineage;
    event.json = "{}";
    event.arrived = at_second(1);
    REQUIRE(store->record_event(event).has_value());
  }
  const auto revisions = store->list_revisions("leaver/alice@hr:1");
  REQUIRE(revisions.has_value());
  REQUIRE(revisions->size() == 2);
  CHECK(revisions->front().lineage == "leaver/alice@hr:1#1");
  CHECK(revisions->back().lineage == "leaver/alice@hr:1#2");
}

namespace {

// What a file of version 1 has, and has not.
void make_version_1(const std::string& path) {
  auto database = SqliteDatabase::open(path, {});
  REQUIRE(database.has_value());
  const Status made = database->execute(
      "DROP TABLE run_events; DROP TABLE run_items; DROP INDEX steps_step; DROP INDEX "
      "escalations_run; DELETE FROM schema_version; INSERT INTO schema_version VALUES (1)");
  REQUIRE_MESSAGE(made.has_value(), made.error().to_string());
}

}  // namespace

TEST_CASE("store: a file of version 1 is brought up to date, and its runs are found") {
  const TemporaryFolder folder;
  std::string alice;
  std::string bob;
  {
    const auto store = open_store(folder);
    alice = open_run_of(*store, plan_about("alice", "7"), 1);
    bob = open_run_of(*store, plan_about("bob", "8"), 2);
  }
  make_version_1(folder.file("store.db"));

  StoreOptions reading;
  reading.read_only = true;
  const auto refused = open_sqlite_store(folder.file("store.db"), reading);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().kind() == ErrorKind::Unsupported);
  CHECK(refused.error().to_string().find("written by an older version") != std::string::npos);

  for (int again = 0; again < 2; ++again) {
    const auto store = open_store(folder);
    CHECK(ids(store->list_open_runs_about("alice")) == Ids{alice});
    CHECK(ids(store->list_open_runs_of_event("hr", "8")) == Ids{bob});
    CHECK(ids(store->list_runs_on("crm:bob")) == Ids{bob});
    CHECK(store->find_steps("step:alice")->size() == 1);
  }
  CHECK(open_sqlite_store(folder.file("store.db"), reading).has_value());
}

TEST_CASE("store: a file of version 1 with a plan that cannot be read is left as it is") {
  const TemporaryFolder folder;
  {
    const auto store = open_store(folder);
    open_run_of(*store, plan_about("alice", "7"), 1);
    REQUIRE(store->open_run(new_run("aa")).has_value());  // its plan is none
  }
  make_version_1(folder.file("store.db"));
  const auto refused = open_sqlite_store(folder.file("store.db"), {});
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().to_string().find("reading the plan of run:aa") != std::string::npos);
  auto database = SqliteDatabase::open(folder.file("store.db"), {});
  CHECK(database->query_int("SELECT max(version) FROM schema_version", 0) == 1);
  CHECK(database->query_int("SELECT count(*) FROM sqlite_master WHERE name = 'run_items'", 9) == 0);
}

}  // namespace rescind
