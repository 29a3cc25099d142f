// Who stays is asked again when a step runs: receivers, and the last one in charge.
#include "workflow/staying.h"

#include <string>

#include "tests/unit/workflow/desk.h"

namespace rescind::testing {
namespace {

const std::string kRolePolicy = R"(module t
schema { systems { crm, aws } teams { desk, legal } }
rule out {
  on leaver because "gone" escalate to desk
  revoke  session within 5m
  disable account within 15m
  remove  role    within 15m
}
)";

// Alice and carol are the only admins.
struct TwoAdmins {
  Desk desk{kRolePolicy};

  TwoAdmins() {
    desk.people = R"({"record":"identity","id":"carol","kind":"employee"})"
                  "\n";
    REQUIRE(
        desk.world
            ->seed(
                R"({"record":"account","id":"crm:carol","system":"crm","holder":"carol","native_id":"carol"}
{"record":"role","id":"crm:admin-a","system":"crm","holder":"alice","account":"crm:alice","name":"admin","privileged":true}
{"record":"role","id":"crm:admin-c","system":"crm","holder":"carol","account":"crm:carol","name":"admin","privileged":true}
)")
            .has_value());
    desk.options.objection =
        make_objection(*desk.office.store, desk.facts({"crm", "aws"}), desk.clock);
  }

  Plan plan(const Event& event) {
    return must(plan_events(desk.office.policy(), desk.facts({}), desk.plan_request({event})));
  }

  RunReport execute(const Plan& plan) {
    return must(execute_plan(plan, *desk.office.store, desk.connectors, desk.clock, desk.options));
  }
};

Event carol_leaves() {
  return make_event("leaver", "carol", "2026-01-05T17:00:00Z", "2");
}

const StepRecord& record_of_item(const RunReport& report, const Plan& plan,
                                 const std::string& item) {
  const PlanStep* step = find_step(plan, item, Verb::Remove);
  REQUIRE(step != nullptr);
  for (const StepRecord& record : report.steps) {
    if (record.step == step->id) {
      return record;
    }
  }
  FAIL("no such step");
  return report.steps.front();
}

}  // namespace

TEST_CASE("staying: of two runs that would each leave the other in charge one waits for a person") {
  TwoAdmins admins;
  const Plan first = admins.plan(leaver());
  const Plan second = admins.plan(carol_leaves());
  REQUIRE_FALSE(find_step(first, "crm:admin-a", Verb::Remove)->gate.has_value());
  REQUIRE_FALSE(find_step(second, "crm:admin-c", Verb::Remove)->gate.has_value());
  const RunReport one = admins.execute(first);
  CHECK(is_done_state(record_of_item(one, first, "crm:admin-a").state));
  const RunReport other = admins.execute(second);
  const StepRecord& last = record_of_item(other, second, "crm:admin-c");
  CHECK(last.wait == "handover: nobody else who stays holds role admin");
  CHECK(last.escalated);
  CHECK(last.due.has_value());
  CHECK(admins.desk.effects("remove", "crm:admin-c") == 0);
  // What contains does not wait for it.
  CHECK(admins.desk.effects("disable", "crm:carol") == 1);

  // Somebody who stays takes over; nobody has to say so.
  REQUIRE(
      admins.desk.world
          ->seed(
              R"({"record":"account","id":"crm:bob","system":"crm","holder":"bob","native_id":"bob"}
{"record":"role","id":"crm:admin-b","system":"crm","holder":"bob","account":"crm:bob","name":"admin","privileged":true}
)")
          .has_value());
  admins.desk.options.objection = make_objection(
      *admins.desk.office.store, admins.desk.facts({"crm", "aws"}), admins.desk.clock);
  admins.desk.advance_after(Seconds(1800));
  CHECK(admins.desk.effects("remove", "crm:admin-c") == 1);
}

TEST_CASE("staying: who leaves by another event is not left in charge by a new plan") {
  TwoAdmins admins;
  admins.execute(admins.plan(leaver()));
  const Plan second = admins.plan(carol_leaves());
  const PlanStep* last = find_step(second, "crm:admin-c", Verb::Remove);
  REQUIRE(last != nullptr);
  REQUIRE(last->gate.has_value());
  CHECK(last->gate->kind == "handover");
}

TEST_CASE("staying: nothing is given to somebody who has begun to leave since it was planned") {
  TwoAdmins admins;
  const auto objection =
      make_objection(*admins.desk.office.store, admins.desk.facts({}), admins.desk.clock);
  PlanStep step;
  step.verb = Verb::Transfer;
  step.item = "crm:alice";
  step.holder = "alice";
  step.target = "carol";
  CHECK(must(objection(step, {})).empty());
  step.target = "alice";
  CHECK(must(objection(step, {})).starts_with("receiver: `alice` is leaving"));
  step.target = "carol";
  admins.execute(admins.plan(carol_leaves()));
  CHECK(must(objection(step, {})) == "receiver: `carol` is leaving or gone; plan again");
}

}  // namespace rescind::testing
