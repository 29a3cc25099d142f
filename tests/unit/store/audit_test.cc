// The evidence log in the store: written with what it tells of, never changed, one tree.
#include "audit/notes.h"
#include "base/sqlite.h"
#include "tests/unit/store/fixture.h"

namespace rescind {
namespace {

AuditNote note(const std::string& kind) {
  AuditNote made;
  made.at = at_second(3);
  made.kind = kind;
  return made;
}

std::vector<AuditEntry> entries_of(Store& store) {
  const auto stored = store.list_audit(0, 1000);
  REQUIRE(stored.has_value());
  std::vector<AuditEntry> entries;
  for (const StoredEntry& entry : *stored) {
    auto read = decode_entry(entry.line);
    REQUIRE_MESSAGE(read.has_value(), read.error().to_string());
    CHECK(read->sequence == entry.sequence);
    entries.push_back(std::move(*read));
  }
  return entries;
}

std::vector<std::string> kinds_of(Store& store) {
  std::vector<std::string> kinds;
  for (const AuditEntry& entry : entries_of(store)) {
    kinds.push_back(entry.note.kind);
  }
  return kinds;
}

// The root of the stored nodes equals the root over the stored lines, and each line names the one
// before it.
void check_tree(Store& store) {
  MerkleFrontier frontier;
  MerkleHash previous{};
  const auto stored = store.list_audit(0, 10000);
  for (const StoredEntry& entry : stored.value()) {
    CHECK(decode_entry(entry.line)->previous == previous);
    previous = hash_leaf(entry.line);
    CHECK(entry.nodes == frontier.append(previous));
  }
  CHECK(frontier.size() == *store.audit_size());
  const auto root =
      tree_root(frontier.size(), [&](MerkleNode node) { return store.audit_node(node); });
  CHECK(root.value() == frontier.root());
}

}  // namespace

TEST_CASE("audit: what happens to a run is in the log, in its order") {
  const TemporaryFolder folder;
  const auto store = open_store(folder);
  NewRun opened = new_run("aa");
  opened.notes = {note("plan"), note("event")};
  const std::string run = store->open_run(opened)->id;
  auto claim = store->claim_run(run, at_second(1));
  REQUIRE(claim.has_value());
  REQUIRE(store->add_approval({run, "step:a", "sha256:1", "bob", at_second(2)}));
  REQUIRE(store->add_approval({run, "step:a", "sha256:1", "bob", at_second(9)}));  // no news
  JournalRecord record;
  record.run = run;
  record.step = "step:a";
  record.epoch = claim->run.epoch;
  record.at = at_second(3);
  record.entry = RecordEntry::Outcome;
  record.state = StepState::Applied;
  record.result = "changed";
  record.response_digest = "sha256:77";
  record.requests = {"DELETE /sessions/1"};
  const Capture capture{run, "step:a", "crm:alice", 1, at_second(3), R"({"enabled":true})"};
  REQUIRE(store->append(record, nullptr, &capture));
  REQUIRE(store->set_run_state(run, claim->run.epoch, RunState::Contained, at_second(4)));
  REQUIRE(store->replace_listing(
      {"crm", "account", at_second(5), true, "", 1},
      {{"crm", "account", "crm:alice", R"({"record":"account"})", at_second(5)}}));

  CHECK(kinds_of(*store) == std::vector<std::string>{"run", "plan", "event", "taken_up", "approval",
                                                     "outcome", "run", "listing"});
  const std::vector<AuditEntry> entries = entries_of(*store);
  CHECK(entries[0].note.get("digest") == "sha256:aa");
  CHECK(entries[1].note.run == run);
  CHECK(entries[1].note.at == at_second(0));
  CHECK(entries[4].note.who == "bob");
  CHECK(entries[5].note.get("record") == "1");
  CHECK(entries[5].note.get("state") == "applied");
  CHECK(entries[5].note.get("response") == "sha256:77");
  CHECK(entries[5].note.get("captured").starts_with("sha256:"));
  CHECK(entries[5].note.requests == std::vector<std::string>{"DELETE /sessions/1"});
  CHECK(entries[6].note.get("state") == "contained");
  check_tree(*store);
}

TEST_CASE("audit: a write that is refused leaves no entry, and the tree goes on") {
  const TemporaryFolder folder;
  const auto store = open_store(folder);
  const std::string run = store->open_run(new_run("aa"))->id;
  auto claim = store->claim_run(run, at_second(1));
  REQUIRE(claim.has_value());
  CHECK_FALSE(store->open_run(new_run("aa")).has_value());
  JournalRecord record;
  record.run = run;
  record.epoch = claim->run.epoch + 1;
  CHECK_FALSE(store->append(record, nullptr, nullptr).has_value());
  CHECK_FALSE(store->claim_run("run:none", at_second(1)).has_value());
  record.epoch = claim->run.epoch;
  REQUIRE(store->append(record, nullptr, nullptr));
  CHECK(kinds_of(*store) == std::vector<std::string>{"run", "taken_up", "opened"});
  check_tree(*store);
}

TEST_CASE("audit: two connections to one file write one log") {
  const TemporaryFolder folder;
  const auto first = open_store(folder);
  const auto second = open_store(folder);
  for (int round = 0; round < 9; ++round) {
    REQUIRE(first->log(note("first")));
    if (round % 3 == 0) {
      REQUIRE(second->log(note("second")));
    }
  }
  CHECK(*first->audit_size() == 12);
  check_tree(*second);
}

TEST_CASE("audit: a process that opens the store later goes on where the log ended") {
  const TemporaryFolder folder;
  for (int count = 0; count < 7; ++count) {
    REQUIRE(open_store(folder)->log(note("process")));
  }
  check_tree(*open_store(folder));
}

TEST_CASE("audit: entries and checkpoints refuse changes even by hand") {
  const TemporaryFolder folder;
  const auto store = open_store(folder);
  REQUIRE(store->log(note("one")));
  REQUIRE(store->add_checkpoint({"log", 1, hash_leaf("x"), at_second(0)}, "the note"));
  auto database = SqliteDatabase::open(folder.file("store.db"), {});
  REQUIRE(database.has_value());
  CHECK_FALSE(database->execute("UPDATE audit SET entry = 'x'").has_value());
  CHECK_FALSE(database->execute("DELETE FROM audit").has_value());
  CHECK_FALSE(database->execute("UPDATE checkpoints SET size = 2").has_value());
  CHECK_FALSE(database->execute("DELETE FROM checkpoints").has_value());
  CHECK(*store->list_checkpoints() == std::vector<std::string>{"the note"});
}

TEST_CASE("audit: a node whose entry was taken away is an error, not a guess") {
  const TemporaryFolder folder;
  const auto store = open_store(folder);
  REQUIRE(store->log(note("one")));
  REQUIRE(store->log(note("two")));
  auto database = SqliteDatabase::open(folder.file("store.db"), {});
  REQUIRE(database.has_value());
  REQUIRE(database->execute("DROP TRIGGER audit_no_delete"));
  REQUIRE(database->execute("DELETE FROM audit WHERE sequence = 0"));
  const auto node = store->audit_node({0, 0});
  REQUIRE_FALSE(node.has_value());
  CHECK(node.error().kind() == ErrorKind::Corrupt);
  CHECK(node.error().message().find("entry 0 of the evidence log is missing") == 0);
}

TEST_CASE("audit: a plan says in the log what it decided, will do, holds back and leaves") {
  Plan plan;
  plan.digest = "sha256:aa";
  Event event;
  event.type = "leaver";
  event.subject = "alice";
  event.at = at_second(0);
  plan.events = {event};
  plan.event_lineages = {"leaver/alice@hr:1#1"};
  PlanDecision decision;
  decision.item = "crm:alice";
  decision.holder = "alice";
  decision.verb = "disable";
  decision.reasons = {{"std.leaver.close",
                       "disable account #1",
                       "leaver.rescind",
                       12,
                       "the job ended",
                       {"PS-4"},
                       "leaver/alice@hr:1#1"}};
  plan.decisions = {decision};
  PlanStep step;
  step.id = "step:a";
  step.verb = Verb::Disable;
  step.item = "crm:alice";
  step.holder = "alice";
  step.approvals = {{{"bob", "carol"}, ApprovalState::Needed, ""}};
  plan.steps = {step};
  plan.postponed = {
      {"crm:alice", "delete", "litigation", "it-security", at_second(60), "a matter"}};
  plan.residual_access = {
      {{"session crm:s1", "act as alice"}, PathState::Unknown, "not listed", {}}};

  const std::vector<AuditNote> notes = notes_of(plan);
  REQUIRE(notes.size() == 6);
  CHECK(notes[0].kind == "plan");
  CHECK(notes[0].get("digest") == "sha256:aa");
  CHECK(notes[1].kind == "event");
  CHECK(notes[1].who == "alice");
  CHECK(notes[1].get("lineage") == "leaver/alice@hr:1#1");
  CHECK(notes[2].kind == "decision");
  CHECK(notes[2].get("rules") == "std.leaver.close (leaver.rescind:12)");
  CHECK(notes[2].get("because") == "the job ended");
  CHECK(notes[2].get("controls") == "PS-4");
  CHECK(notes[3].kind == "step");
  CHECK(notes[3].detail == "disable crm:alice");
  CHECK(notes[3].get("approvals") == "bob or carol");
  CHECK(notes[4].kind == "exception");
  CHECK(notes[4].who == "alice");
  CHECK(notes[4].get("ordered_by") == "it-security");
  CHECK(notes[5].kind == "path");
  CHECK(notes[5].get("state") == "unknown");
}

}  // namespace rescind
