// A run that takes over from another, is added to, or is put back.
#include <algorithm>

#include "store/run_plan.h"
#include "tests/unit/store/fixture.h"

namespace rescind {
namespace {

// Opens, claims and returns the run.
RunRecord begin(Store& store, const NewRun& made) {
  const auto opened = store.open_run(made);
  REQUIRE_MESSAGE(opened.has_value(), opened.error().to_string());
  auto claim = store.claim_run(opened->id, made.at);
  REQUIRE(claim.has_value());
  return claim->run;
}

StepRecord step_of(Store& store, const std::string& run, const std::string& step) {
  const auto steps = store.list_steps(run);
  REQUIRE(steps.has_value());
  const auto found = std::find_if(steps->begin(), steps->end(), [&step](const StepRecord& record) {
    return record.step == step;
  });
  REQUIRE(found != steps->end());
  return *found;
}

void set_step(Store& store, const RunRecord& run, const std::string& step, StepState state,
              std::uint32_t attempts, const std::string& captured = "") {
  StepRecord record = step_of(store, run.id, step);
  record.state = state;
  record.attempts = attempts;
  record.updated_at = at_second(5);
  record.wait = state == StepState::Waiting ? "time" : "";
  JournalRecord line;
  line.run = run.id;
  line.step = step;
  line.epoch = run.epoch;
  line.at = at_second(5);
  line.state = state;
  const Capture capture{run.id, step, "okta:alice", 1, at_second(5), captured};
  REQUIRE(store.append(line, &record, captured.empty() ? nullptr : &capture).has_value());
}

NewRun four_steps(const std::string& digest) {
  NewRun run = new_run(digest);
  run.steps = {{"step:a"}, {"step:b"}, {"step:c"}, {"step:d"}};
  return run;
}

StoredEvent event_of(const std::string& lineage) {
  StoredEvent event;
  event.lineage = lineage;
  event.type = "leaver";
  event.subject = "alice";
  event.json = "{}";
  event.arrived = at_second(0);
  return event;
}

}  // namespace

TEST_CASE("store: a run that supersedes another fences it and goes on where it stood") {
  const TemporaryFolder folder;
  auto store = open_store(folder);
  NewRun first = four_steps("aa");
  first.events = {event_of("leaver/alice#1")};
  const RunRecord old = begin(*store, first);
  set_step(*store, old, "step:a", StepState::Verified, 1, R"({"enabled":true})");
  set_step(*store, old, "step:b", StepState::Intent, 1);
  set_step(*store, old, "step:c", StepState::Waiting, 0);
  REQUIRE(store->add_approval({old.id, "step:b", "sha256:1", "bob", at_second(6)}).has_value());
  REQUIRE(store->put_secret({old.id, "step:b", "okta:alice", 1, "s1:x", at_second(6)}).has_value());

  NewRun second = new_run("bb");
  second.at = at_second(10);
  second.supersedes = {old.id};
  second.steps = {{"step:a", 1, {}, old.id}, {"step:b", 1, {}, old.id}, {"step:new"}};
  second.events = {event_of("leaver/alice#2")};
  const auto opened = store->open_run(second);
  REQUIRE_MESSAGE(opened.has_value(), opened.error().to_string());

  CHECK(store->find_run(old.id).value()->state == RunState::Superseded);
  CHECK(store->find_run(old.id).value()->superseded_by == opened->id);
  CHECK_FALSE(store->find_run(old.id).value()->due.has_value());
  // What the old process still writes is refused.
  JournalRecord late;
  late.run = old.id;
  late.epoch = old.epoch;
  CHECK(store->append(late, nullptr, nullptr).error().kind() == ErrorKind::Conflict);

  CHECK(step_of(*store, opened->id, "step:a").state == StepState::Verified);
  CHECK(step_of(*store, opened->id, "step:b").state == StepState::Intent);
  CHECK(step_of(*store, opened->id, "step:b").attempts == 1);
  CHECK(step_of(*store, opened->id, "step:new").state == StepState::Pending);
  CHECK(step_of(*store, old.id, "step:a").state == StepState::Verified);
  CHECK(step_of(*store, old.id, "step:b").state == StepState::Cancelled);
  CHECK(step_of(*store, old.id, "step:b").detail == "goes on in " + opened->id);
  CHECK(step_of(*store, old.id, "step:c").detail == "taken back by " + opened->id);
  CHECK(step_of(*store, old.id, "step:d").state == StepState::Cancelled);
  CHECK(store->list_captures(opened->id)->size() == 1);
  CHECK(store->list_approvals(opened->id)->front().approver == "bob");
  CHECK(store->find_secret("step:b", 1).value().has_value());

  const auto open = store->list_open_events("alice");
  REQUIRE(open->size() == 1);
  CHECK(open->front().lineage == "leaver/alice#2");
  CHECK(open->front().run == opened->id);
  CHECK(store->list_events()->size() == 2);
}

TEST_CASE("store: what a superseded run had begun and nobody takes over keeps its state") {
  const TemporaryFolder folder;
  auto store = open_store(folder);
  const RunRecord old = begin(*store, four_steps("aa"));
  set_step(*store, old, "step:a", StepState::Unknown, 1);
  set_step(*store, old, "step:b", StepState::Failed, 1);
  set_step(*store, old, "step:c", StepState::Failed, 0);
  NewRun second = new_run("bb");
  second.steps = {{"step:x", 1, at_second(50)}};
  second.supersedes = {old.id};
  REQUIRE(store->open_run(second).has_value());
  CHECK(step_of(*store, old.id, "step:a").state == StepState::Unknown);
  CHECK(step_of(*store, old.id, "step:a").escalated);
  CHECK(step_of(*store, old.id, "step:b").state == StepState::Failed);
  CHECK(step_of(*store, old.id, "step:c").state == StepState::Cancelled);
  CHECK(store->list_timers()->size() == 1);  // of the new run
}

TEST_CASE("store: a run is superseded once, and nothing of the second attempt stays") {
  const TemporaryFolder folder;
  auto store = open_store(folder);
  const RunRecord old = begin(*store, four_steps("aa"));
  NewRun second = new_run("bb");
  second.supersedes = {old.id};
  REQUIRE(store->open_run(second).has_value());
  NewRun third = new_run("cc");
  third.supersedes = {old.id};
  const auto refused = store->open_run(third);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().kind() == ErrorKind::Conflict);
  CHECK(store->list_runs()->size() == 2);
  CHECK_FALSE(store->find_run_of_digest("sha256:cc").value().has_value());
}

TEST_CASE("store: a run is extended in place, and a known step may get another form") {
  const TemporaryFolder folder;
  auto store = open_store(folder);
  const RunRecord run = begin(*store, new_run("aa"));
  JournalRecord line;
  line.run = run.id;
  line.epoch = run.epoch;
  line.at = at_second(3);
  line.entry = RecordEntry::Extended;
  NewSupplement supplement{"sha256:s1", "{}", {{"step:c"}}, "found after the sweep", at_second(3)};
  CHECK(store->extend_run(line, supplement).value() == 1);
  CHECK(store->extend_run(line, supplement).error().kind() == ErrorKind::Conflict);
  supplement.digest = "sha256:s2";
  supplement.steps.clear();
  CHECK(store->extend_run(line, supplement).value() == 2);
  CHECK(step_of(*store, run.id, "step:c").position == 2);
  const auto supplements = store->list_supplements(run.id);
  REQUIRE(supplements->size() == 2);
  CHECK((*supplements)[0].why == "found after the sweep");
  CHECK((*supplements)[1].digest == "sha256:s2");
  CHECK(store->list_records(run.id)->back().entry == RecordEntry::Extended);
  line.epoch = run.epoch - 1;
  supplement.digest = "sha256:s3";
  CHECK(store->extend_run(line, supplement).error().kind() == ErrorKind::Conflict);
}

TEST_CASE("store: a run is put back step by step, also after it closed") {
  const TemporaryFolder folder;
  auto store = open_store(folder);
  const RunRecord old = begin(*store, four_steps("aa"));
  set_step(*store, old, "step:a", StepState::Verified, 1);
  REQUIRE(store->set_run_state(old.id, old.epoch, RunState::Closed, at_second(6)).has_value());
  CHECK(store->mark_undone(old.id, "run:x", {}, true, at_second(7)).error().kind() ==
        ErrorKind::Conflict);
  NewRun undo = new_run("bb");
  undo.undoes = old.id;
  const auto opened = store->open_run(undo);
  REQUIRE(opened.has_value());
  CHECK(store->find_run(opened->id).value()->undoes == old.id);
  CHECK(store->find_run(old.id).value()->state == RunState::Undoing);
  CHECK(step_of(*store, old.id, "step:b").state == StepState::Cancelled);
  REQUIRE(store->mark_undone(old.id, opened->id, {"step:a"}, false, at_second(8)).has_value());
  CHECK(step_of(*store, old.id, "step:a").state == StepState::Undone);
  CHECK(store->find_run(old.id).value()->state == RunState::Undoing);
  REQUIRE(store->mark_undone(old.id, opened->id, {"step:a"}, true, at_second(9)).has_value());
  CHECK(store->find_run(old.id).value()->state == RunState::Undone);
}

TEST_CASE("store: an undo is not begun when the run went on since it was planned") {
  const TemporaryFolder folder;
  auto store = open_store(folder);
  const RunRecord old = begin(*store, four_steps("aa"));
  set_step(*store, old, "step:a", StepState::Verified, 1);
  NewRun undo = new_run("bb");
  undo.undoes = old.id;
  undo.undo_state = undo_binding_value(*store->list_steps(old.id));
  // That another step waits for something else changes nothing of what is to be put back.
  set_step(*store, old, "step:b", StepState::Waiting, 0);
  CHECK(undo_binding_value(*store->list_steps(old.id)) == undo.undo_state);
  set_step(*store, old, "step:b", StepState::Intent, 1);
  const auto stale = store->open_run(undo);
  REQUIRE_FALSE(stale.has_value());
  CHECK(stale.error().kind() == ErrorKind::Conflict);
  CHECK(store->find_run(old.id).value()->state == RunState::Open);
  CHECK(step_of(*store, old.id, "step:b").state == StepState::Intent);
  undo.undo_state = undo_binding_value(*store->list_steps(old.id));
  CHECK(store->open_run(undo).has_value());
}

TEST_CASE("store: steps of a superseded run become undone, the run stays superseded") {
  const TemporaryFolder folder;
  auto store = open_store(folder);
  const RunRecord old = begin(*store, four_steps("aa"));
  set_step(*store, old, "step:a", StepState::Verified, 1);
  NewRun second = new_run("bb");
  second.supersedes = {old.id};
  REQUIRE(store->open_run(second).has_value());
  REQUIRE(store->mark_undone(old.id, "run:x", {"step:a", "step:other"}, false, at_second(9)));
  CHECK(step_of(*store, old.id, "step:a").state == StepState::Undone);
  CHECK(store->find_run(old.id).value()->state == RunState::Superseded);
  CHECK(store->find_run(old.id).value()->updated_at == at_second(9));
  CHECK(store->mark_undone(old.id, "run:x", {}, true, at_second(9)).error().kind() ==
        ErrorKind::Conflict);
}

TEST_CASE("store: a run is due from its opening until somebody says when it is due next") {
  const TemporaryFolder folder;
  auto store = open_store(folder);
  CHECK_FALSE(store->next_due()->has_value());
  const RunRecord run = begin(*store, new_run("aa"));
  CHECK(*store->list_due_runs(at_second(0)) == std::vector<std::string>{run.id});
  CHECK(*store->next_due() == at_second(0));
  REQUIRE(store->set_run_due(run.id, run.epoch, at_second(60)).has_value());
  CHECK(store->list_due_runs(at_second(59))->empty());
  CHECK(store->list_due_runs(at_second(60))->size() == 1);
  REQUIRE(store->set_run_due(run.id, run.epoch, std::nullopt).has_value());
  CHECK(store->list_due_runs(at_second(1000000))->empty());
  // An approval wakes it.
  REQUIRE(store->add_approval({run.id, "step:a", "sha256:1", "bob", at_second(70)}).has_value());
  CHECK(store->list_due_runs(at_second(70))->size() == 1);
  // One that is being worked stays due, so that it is found if the process dies.
  const auto claim = store->claim_run(run.id, at_second(71));
  CHECK(store->list_due_runs(at_second(71))->size() == 1);
  CHECK(store->set_run_due(run.id, run.epoch, std::nullopt).error().kind() == ErrorKind::Conflict);
  REQUIRE(store->set_run_state(run.id, claim->run.epoch, RunState::Closed, at_second(72)));
  CHECK(store->list_due_runs(at_second(80))->empty());
}

}  // namespace rescind
