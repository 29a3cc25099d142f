// Retirements, containment claims, escalations, events, refusals.
#include "tests/unit/store/fixture.h"

namespace rescind {
namespace {

RetirementRecord retirement_of(const std::string& run) {
  RetirementRecord retirement;
  retirement.id = "retirement:1";
  retirement.run = run;
  retirement.item = "aws:key";
  retirement.retire = "acme.service_credential";
  retirement.stage = "drain";
  retirement.generation = 2;
  retirement.state = RetirementState::Gated;
  retirement.gate = GateAnswer::Unknown;
  retirement.why = "coverage ends before the window";
  retirement.entered_at = at_second(1);
  retirement.due = at_second(100);
  retirement.overdue = at_second(200);
  retirement.returns = 1;
  retirement.escalated = true;
  retirement.updated_at = at_second(2);
  return retirement;
}

JournalRecord line_of(const RunRecord& run) {
  JournalRecord line;
  line.run = run.id;
  line.epoch = run.epoch;
  line.at = at_second(1);
  line.entry = RecordEntry::Stage;
  line.item = "aws:key";
  return line;
}

RunRecord begin(Store& store, const NewRun& made) {
  const auto opened = store.open_run(made);
  REQUIRE(opened.has_value());
  return store.claim_run(opened->id, made.at)->run;
}

}  // namespace

TEST_CASE("store: a retirement and its journal line are one, and it is found while it is open") {
  const TemporaryFolder folder;
  RunRecord run;
  {
    auto store = open_store(folder);
    NewRun made = new_run("aa");
    made.retirements = {retirement_of("")};
    run = begin(*store, made);
  }
  auto store = open_store(folder);
  const auto found = store->list_retirements_of("aws:key");
  REQUIRE(found->size() == 1);
  RetirementRecord retirement = found->front();
  CHECK(retirement.run == run.id);
  CHECK(retirement.stage == "drain");
  CHECK(retirement.generation == 2);
  CHECK(retirement.state == RetirementState::Gated);
  CHECK(retirement.gate == GateAnswer::Unknown);
  CHECK(retirement.why == "coverage ends before the window");
  CHECK(retirement.entered_at == at_second(1));
  CHECK(retirement.due == at_second(100));
  CHECK(retirement.overdue == at_second(200));
  CHECK(retirement.returns == 1);
  CHECK(retirement.escalated);
  CHECK(store->list_due_retirements(at_second(99))->empty());
  CHECK(store->list_due_retirements(at_second(100))->size() == 1);

  JournalRecord line = line_of(run);
  line.epoch = run.epoch + 1;
  retirement.stage = "quarantine";
  CHECK(store->save_retirement(line, retirement).error().kind() == ErrorKind::Conflict);
  CHECK(store->list_retirements(run.id)->front().stage == "drain");
  CHECK(store->list_records(run.id)->empty());

  line.epoch = run.epoch;
  retirement.state = RetirementState::Ended;
  REQUIRE(store->save_retirement(line, retirement).has_value());
  CHECK(store->list_records(run.id)->back().entry == RecordEntry::Stage);
  CHECK(store->list_retirements_of("aws:key")->front().state == RetirementState::Ended);
  CHECK(store->list_due_retirements(at_second(1000))->empty());
  CHECK(store->list_retirements("")->size() == 1);
}

TEST_CASE("store: an item under retirement stays known when it is not listed any more") {
  const TemporaryFolder folder;
  auto store = open_store(folder);
  NewRun made = new_run("aa");
  made.retirements = {retirement_of("")};
  const RunRecord run = begin(*store, made);
  StoredListing listing{"aws", "api_key", at_second(1), true, "", 2};
  REQUIRE(store->replace_listing(listing, {{"aws", "api_key", "aws:key", "{}", at_second(1)},
                                           {"aws", "api_key", "aws:other", "{}", at_second(1)}}));
  REQUIRE(store->replace_listing(listing, {}));
  REQUIRE(store->list_inventory()->size() == 1);
  CHECK(store->list_inventory()->front().id == "aws:key");
  RetirementRecord ended = retirement_of(run.id);
  ended.state = RetirementState::Ended;
  REQUIRE(store->save_retirement(line_of(run), ended).has_value());
  REQUIRE(store->replace_listing(listing, {}));
  CHECK(store->list_inventory()->empty());
}

TEST_CASE("store: a claim stands until its own cause drops it") {
  const TemporaryFolder folder;
  auto store = open_store(folder);
  const RunRecord run = begin(*store, new_run("aa"));
  ContainmentClaim claim{"okta:alice", "leaver/alice", "leaver", "alice",      run.id,
                         "step:a",     at_second(1),   {},       std::string()};
  JournalRecord line = line_of(run);
  line.entry = RecordEntry::Claimed;
  REQUIRE(store->append(line, nullptr, nullptr, {claim}).has_value());
  claim.cause = "risk/alice";
  REQUIRE(store->append(line, nullptr, nullptr, {claim}).has_value());
  claim.item = "crm:alice";
  REQUIRE(store->append(line, nullptr, nullptr, {claim}).has_value());

  CHECK(*store->release_claims("leaver/alice", "", "run:b", at_second(9)) == 1);
  CHECK(*store->release_claims("leaver/alice", "", "run:b", at_second(9)) == 0);
  auto claims = store->list_claims("okta:alice");
  REQUIRE(claims->size() == 2);
  CHECK((*claims)[0].released_at == at_second(9));
  CHECK((*claims)[0].released_by == "run:b");
  CHECK_FALSE((*claims)[1].released_at.has_value());
  CHECK(*store->release_claims("risk/alice", "crm:alice", "run:b", at_second(9)) == 1);
  CHECK_FALSE(store->list_claims("okta:alice")->back().released_at.has_value());
  CHECK(store->list_claims("")->size() == 3);

  // Made again, it stands again.
  claim.item = "okta:alice";
  claim.cause = "leaver/alice";
  REQUIRE(store->append(line, nullptr, nullptr, {claim}).has_value());
  CHECK_FALSE(store->list_claims("okta:alice")->front().released_at.has_value());
}

TEST_CASE("store: an escalation stays, open until what it was about is settled") {
  const TemporaryFolder folder;
  auto store = open_store(folder);
  const RunRecord run = begin(*store, new_run("aa"));
  EscalationRecord escalation;
  escalation.id = "escalation:1";
  escalation.run = run.id;
  escalation.step = "step:a";
  escalation.item = "okta:alice";
  escalation.why = "past its deadline";
  escalation.to = {"bob", "team:iam"};
  escalation.raised_at = at_second(1);
  escalation.next_at = at_second(50);
  escalation.deadline = at_second(60);
  REQUIRE(store->save_escalation(escalation).has_value());
  escalation.level = 1;
  escalation.delivered = {"file:/tmp/e"};
  escalation.system = "okta";
  escalation.asks = true;
  escalation.calls = 2;
  escalation.unreached = {"bob"};
  escalation.retry_at = at_second(55);
  escalation.acknowledged_by = "ines";
  escalation.acknowledged_at = at_second(40);
  REQUIRE(store->save_escalation(escalation).has_value());
  auto listed = store->list_escalations(true);
  REQUIRE(listed->size() == 1);
  CHECK(listed->front().level == 1);
  CHECK(listed->front().to == std::vector<std::string>{"bob", "team:iam"});
  CHECK(listed->front().delivered == std::vector<std::string>{"file:/tmp/e"});
  CHECK(listed->front().next_at == at_second(50));
  CHECK(listed->front().deadline == at_second(60));
  CHECK(listed->front().system == "okta");
  CHECK(listed->front().asks);
  CHECK(listed->front().calls == 2);
  CHECK(listed->front().unreached == std::vector<std::string>{"bob"});
  CHECK(listed->front().retry_at == at_second(55));
  CHECK(listed->front().acknowledged_by == "ines");
  CHECK(listed->front().acknowledged_at == at_second(40));
  EscalationRecord late = escalation;
  late.id = "escalation:2";
  late.asks = false;
  REQUIRE(store->save_escalation(late).has_value());
  // What somebody was asked to do outlives the run that asked.
  REQUIRE(store->set_run_state(run.id, run.epoch, RunState::Closed, at_second(70)).has_value());
  listed = store->list_escalations(true);
  REQUIRE(listed->size() == 1);
  CHECK(listed->front().id == "escalation:1");
  CHECK(store->list_escalations(false)->back().closed_at == at_second(70));
}

TEST_CASE("store: events are open until their run closes or they are taken back") {
  const TemporaryFolder folder;
  auto store = open_store(folder);
  StoredEvent event;
  event.lineage = "leaver/alice@hr:1#1";
  event.source = "hr";
  event.id = "1";
  event.type = "leaver";
  event.subject = "alice";
  event.json = R"({"type":"leaver"})";
  event.arrived = at_second(3);
  REQUIRE(store->record_event(event).has_value());
  event.lineage = "risk/alice@siem:2#1";
  event.arrived = at_second(2);
  event.subject = "bob";
  REQUIRE(store->record_event(event).has_value());
  const auto all = store->list_open_events("");
  REQUIRE(all->size() == 2);
  CHECK(all->front().subject == "bob");
  CHECK(all->back().json == R"({"type":"leaver"})");
  CHECK(store->list_open_events("alice")->size() == 1);
  REQUIRE(store->close_event("leaver/alice@hr:1#1", at_second(5)).has_value());
  CHECK(store->list_open_events("alice")->empty());
  NewRun made = new_run("aa");
  made.events = {event};
  const RunRecord run = begin(*store, made);
  CHECK(store->list_open_events("bob")->front().run == run.id);
  REQUIRE(store->set_run_state(run.id, run.epoch, RunState::Closed, at_second(9)).has_value());
  CHECK(store->list_open_events("")->empty());
}

TEST_CASE("store: a refusal is kept with its reason, and the last word counts") {
  const TemporaryFolder folder;
  auto store = open_store(folder);
  const RunRecord run = begin(*store, new_run("aa"));
  StoredApproval word{run.id, "step:a", "sha256:1", "carol", at_second(1)};
  word.plan_digest = "sha256:aa";
  word.expires = at_second(500);
  word.on_behalf_of = "bob";
  word.document = "c2ln";
  word.key = "a2V5";
  REQUIRE(store->add_approval(word).has_value());
  word.at = at_second(2);
  REQUIRE(store->add_approval(word).has_value());  // says the same
  word.refused = true;
  word.reason = "she still needs it";
  REQUIRE(store->add_approval(word).has_value());
  word.refused = false;
  word.reason.clear();
  REQUIRE(store->add_approval(word).has_value());
  const auto words = store->list_approvals(run.id);
  REQUIRE(words->size() == 3);
  CHECK(words->front().at == at_second(1));
  CHECK(words->front().expires == at_second(500));
  CHECK(words->front().on_behalf_of == "bob");
  CHECK(words->front().document == "c2ln");
  CHECK(words->front().key == "a2V5");
  CHECK(words->front().plan_digest == "sha256:aa");
  CHECK((*words)[1].refused);
  CHECK((*words)[1].reason == "she still needs it");
  CHECK_FALSE((*words)[2].refused);
}

}  // namespace rescind
