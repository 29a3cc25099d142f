// A second event while a run is open: moved, taken back, hired again. What was done is not done
// again, what is still to come is decided anew.
#include <algorithm>

#include "tests/unit/workflow/office.h"
#include "workflow/plan_undo_of_run.h"
#include "workflow/trust_plan.h"

namespace rescind::testing {
namespace {

const std::string kPolicy = R"(module t
schema { systems { crm, aws } teams { desk } }
rule out {
  on leaver, contract_end, leave_start because "gone" escalate to desk
  disable account within 15m
  rotate  password within 1h
}
rule gone { on leaver, contract_end because "for good" escalate to desk
  delete account after 30d }
rule back { on leave_end, rehire because "back" escalate to desk
  restore account within 4h }
)";

const std::string kRecords = R"({"record":"system","id":"crm","kind":"saas"}
{"record":"team","id":"desk","members":["bob"]}
{"record":"identity","id":"bob","kind":"employee"}
{"record":"identity","id":"alice","kind":"employee"}
{"record":"identity","id":"carol","kind":"employee"}
{"record":"account","id":"crm:carol","system":"crm","holder":"carol"}
{"record":"password","id":"crm:alice:pw","system":"crm","holder":"alice","account":"crm:alice"}
)";

std::string account(bool enabled) {
  return std::string(R"({"record":"account","id":"crm:alice","system":"crm","holder":"alice")") +
         (enabled ? "}\n" : ",\"enabled\":false}\n");
}

std::vector<std::string> ids(const Plan& plan) {
  std::vector<std::string> out;
  for (const PlanStep& step : plan.steps) {
    out.push_back(step.id);
  }
  std::sort(out.begin(), out.end());
  return out;
}

bool notes_say(const Plan& plan, std::string_view part) {
  return std::any_of(plan.notes.begin(), plan.notes.end(),
                     [&](const std::string& note) { return note.find(part) != std::string::npos; });
}

struct Case {
  Office office{kPolicy};

  Case() { office.records = kRecords + account(true); }

  // The containing step is done and holds the item.
  void contain(const std::string& run, const Plan& plan, const std::string& cause_type,
               const std::string& item = "crm:alice") {
    const PlanStep* disable = find_step(plan, item, Verb::Disable);
    REQUIRE(disable != nullptr);
    StepRecord record;
    const auto records = office.store->list_steps(run);
    REQUIRE(records.has_value());
    for (const StepRecord& one : *records) {
      record = one.step == disable->id ? one : record;
    }
    record.state = StepState::Verified;
    record.settled_at = office.now;
    JournalRecord line;
    line.run = run;
    line.step = disable->id;
    line.epoch = (*office.store->find_run(run))->epoch;
    line.at = office.now;
    line.entry = RecordEntry::Outcome;
    line.item = disable->item;
    line.state = StepState::Verified;
    const Capture capture{.run = run,
                          .step = disable->id,
                          .item = item,
                          .generation = 1,
                          .at = office.now,
                          .state = R"({"enabled":true})"};
    ContainmentClaim claim;
    claim.item = item;
    claim.cause = root_lineage(disable->reasons.at(0).cause);
    claim.event_type = cause_type;
    claim.subject = "alice";
    claim.run = run;
    claim.step = disable->id;
    claim.at = office.now;
    const Status saved = office.store->append(line, &record, &capture, {claim});
    REQUIRE_MESSAGE(saved.has_value(), saved.error().to_string());
    office.records = kRecords + account(false);
  }
};

}  // namespace

TEST_CASE("open case: the same event again supersedes nothing and has nothing to do") {
  Case one;
  const Event leaver = make_event("leaver", "alice", "2026-01-05T17:00:00Z");
  const Plan first = one.office.plan({leaver});
  one.office.open(first);
  const Plan second = one.office.plan({leaver});
  CHECK(second.supersedes.empty());
  CHECK(second.steps.empty());
}

TEST_CASE("open case: a later revision takes over, and its steps are the same ones") {
  Case one;
  const Plan first = one.office.plan({make_event("leaver", "alice", "2026-02-05T17:00:00Z")});
  const std::string run = one.office.open(first);
  const Plan moved =
      one.office.plan({make_event("leaver", "alice", "2026-01-20T17:00:00Z", "1", 2)});
  CHECK(moved.supersedes == std::vector<std::string>{run});
  CHECK(ids(moved) == ids(first));
  CHECK(find_step(moved, "crm:alice", Verb::Disable)->deadline == instant("2026-01-20T17:15:00Z"));
  CHECK(moved.events.size() == 1);
  // An older one that comes late changes nothing.
  one.office.open(moved);
  const Plan stale = one.office.plan({make_event("leaver", "alice", "2026-02-05T17:00:00Z")});
  CHECK(stale.supersedes.empty());
  CHECK(stale.steps.empty());
  CHECK(stale.events.at(0).revision == 2);
}

TEST_CASE("open case: an event that was taken back leaves nothing to do, and ends its run") {
  Case one;
  Event event = make_event("leaver", "alice", "2026-02-05T17:00:00Z");
  const std::string run = one.office.open(one.office.plan({event}));
  event.revision = 2;
  event.withdrawn = true;
  const Plan plan = one.office.plan({event});
  CHECK(plan.supersedes == std::vector<std::string>{run});
  CHECK(plan.steps.empty());
  REQUIRE(plan.events.size() == 1);
  CHECK(plan.events[0].withdrawn);
  CHECK(decode_plan(encode_plan(plan)).has_value());
}

TEST_CASE("open case: a second event on the same person is decided together with the first") {
  Case one;
  const Plan first = one.office.plan({make_event("leaver", "alice", "2026-01-05T17:00:00Z")});
  const std::string run = one.office.open(first);
  one.office.settle(run, *find_step(first, "crm:alice:pw", Verb::Rotate));
  const Plan both =
      one.office.plan({make_event("contract_end", "alice", "2026-01-06T17:00:00Z", "2")});
  CHECK(both.supersedes == std::vector<std::string>{run});
  CHECK(both.events.size() == 2);
  // What was rotated is not rotated again; the rest goes on under its name.
  CHECK(find_step(both, "crm:alice:pw", Verb::Rotate) == nullptr);
  CHECK(find_step(both, "crm:alice", Verb::Delete)->id ==
        find_step(first, "crm:alice", Verb::Delete)->id);
  CHECK(find_step(both, "crm:alice", Verb::Disable)->id ==
        find_step(first, "crm:alice", Verb::Disable)->id);
}

TEST_CASE("open case: a run about several people is taken over with all of them") {
  Case one;
  const Plan first = one.office.plan({make_event("leaver", "alice", "2026-01-05T17:00:00Z"),
                                      make_event("leaver", "carol", "2026-01-05T17:00:00Z", "2")});
  const std::string run = one.office.open(first);
  const Plan moved =
      one.office.plan({make_event("leaver", "alice", "2026-01-25T17:00:00Z", "1", 2)});
  CHECK(moved.supersedes == std::vector<std::string>{run});
  CHECK(find_step(moved, "crm:carol", Verb::Disable) != nullptr);
  CHECK(ids(moved) == ids(first));
}

TEST_CASE("open case: hired again, the deletion is off and the account comes back") {
  Case one;
  const Plan first = one.office.plan({make_event("leaver", "alice", "2026-01-05T17:00:00Z")});
  const std::string run = one.office.open(first);
  one.contain(run, first, "leaver");
  one.office.now = instant("2026-01-10T09:00:00Z");
  const Plan back = one.office.plan({make_event("rehire", "alice", "2026-01-10T08:00:00Z", "9")});
  CHECK(back.supersedes == std::vector<std::string>{run});
  CHECK(find_step(back, "crm:alice", Verb::Delete) == nullptr);
  CHECK(find_step(back, "crm:alice", Verb::Disable) == nullptr);
  const PlanStep* restore = find_step(back, "crm:alice", Verb::Restore);
  REQUIRE(restore != nullptr);
  CHECK(restore->restores_run == run);
  CHECK(restore->restores_step == find_step(first, "crm:alice", Verb::Disable)->id);
  CHECK(back.releases.size() == 1);
  CHECK(find_step(back, "crm:alice", Verb::Revoke, "sweep") != nullptr);
  CHECK(find_step(back, "crm:alice:pw", Verb::Rotate) != nullptr);
}

TEST_CASE("open case: giving back what is not to be given back any more makes the plan stale") {
  Case one;
  const Plan first = one.office.plan({make_event("leaver", "alice", "2026-01-05T17:00:00Z")});
  one.contain(one.office.open(first), first, "leaver");
  one.office.now = instant("2026-01-10T09:00:00Z");
  const Plan back = one.office.plan({make_event("rehire", "alice", "2026-01-10T08:00:00Z", "9")});
  REQUIRE(find_step(back, "crm:alice", Verb::Restore) != nullptr);
  const auto current = [&] {
    Diagnostics diagnostics;
    const Result<bool> holds = check_current(one.office.policy(), one.office.inventory(),
                                             one.office.request({}), back, diagnostics);
    REQUIRE_MESSAGE(holds.has_value(), holds.error().to_string());
    std::string out;
    for (const Diagnostic& found : diagnostics.sorted()) {
      out += found.message + "\n";
    }
    return out;
  };
  CHECK(current() == "");
  // The account is somebody else's by now.
  one.office.records =
      kRecords +
      R"({"record":"account","id":"crm:alice","system":"crm","holder":"carol","enabled":false})"
      "\n";
  CHECK(current().find("`restore account crm:alice` is not to be done any more\n") !=
        std::string::npos);
}

TEST_CASE("open case: what was contained after the sweep comes back too") {
  const std::string second =
      R"({"record":"account","id":"crm:alice2","system":"crm","holder":"alice"})";
  const Event leaver = make_event("leaver", "alice", "2026-01-05T17:00:00Z");
  Case one;
  const std::string run = one.office.open(one.office.plan({leaver}));
  Case later;
  later.office.records += second + "\n";
  const Plan with_it = later.office.plan({leaver});
  Plan found;
  found.events = with_it.events;
  found.event_lineages = with_it.event_lineages;
  found.as_of = one.office.now;
  found.steps.push_back(*find_step(with_it, "crm:alice2", Verb::Disable));
  found.digest = compute_plan_digest(found);
  NewSupplement supplement;
  supplement.digest = found.digest;
  supplement.plan = encode_plan(found);
  supplement.index = index_plan(found);
  supplement.at = one.office.now;
  supplement.steps = {{found.steps.front().id}};
  JournalRecord line;
  line.run = run;
  line.epoch = (*one.office.store->find_run(run))->epoch;
  line.at = one.office.now;
  line.entry = RecordEntry::Extended;
  REQUIRE(one.office.store->extend_run(line, supplement).has_value());
  one.contain(run, found, "leaver", "crm:alice2");
  one.office.records =
      kRecords + account(true) + second.substr(0, second.size() - 1) + ",\"enabled\":false}\n";
  one.office.now = instant("2026-01-10T09:00:00Z");
  const Plan back = one.office.plan({make_event("rehire", "alice", "2026-01-10T08:00:00Z", "9")});
  const PlanStep* restore = find_step(back, "crm:alice2", Verb::Restore);
  REQUIRE(restore != nullptr);
  CHECK(restore->restores_step == found.steps.front().id);
}

TEST_CASE("open case: back from leave after leaving changes nothing on the account") {
  Case one;
  const Plan leave = one.office.plan({make_event("leave_start", "alice", "2026-01-05T17:00:00Z")});
  const std::string run = one.office.open(leave);
  one.contain(run, leave, "leave_start");
  const Plan left = one.office.plan({make_event("leaver", "alice", "2026-01-05T17:00:00Z", "2")});
  CHECK(left.supersedes == std::vector<std::string>{run});
  one.office.open(left);
  // It is disabled already, but the leaver's own claim is still to be made.
  CHECK(find_step(left, "crm:alice", Verb::Disable) != nullptr);
  const Plan back =
      one.office.plan({make_event("leave_end", "alice", "2026-01-05T17:00:00Z", "3")});
  CHECK(find_step(back, "crm:alice", Verb::Delete) != nullptr);
  CHECK(find_step(back, "crm:alice", Verb::Restore) == nullptr);
  CHECK(notes_say(back, "crm:alice is not restored: this plan contains it"));
  CHECK(notes_say(back, "leave_start of `alice`"));
}

TEST_CASE("undo of a run: planned from what the store knows, once") {
  Case one;
  const Plan first = one.office.plan({make_event("leaver", "alice", "2026-01-05T17:00:00Z")});
  const std::string run = one.office.open(first);
  one.contain(run, first, "leaver");
  const PlanRequest request = one.office.request({});
  const auto undo = plan_undo_of_run(request, one.office.inventory(), run);
  REQUIRE_MESSAGE(undo.has_value(), undo.error().to_string());
  CHECK(undo->undoes == run);
  CHECK(find_step(*undo, "crm:alice", Verb::Restore) != nullptr);
  CHECK(find_step(*undo, "crm:alice:pw", Verb::Rotate) != nullptr);
  const auto none = plan_undo_of_run(request, nullptr, "run:0000000000000000");
  REQUIRE_FALSE(none.has_value());
  CHECK(none.error().kind() == ErrorKind::NotFound);
}

}  // namespace rescind::testing
