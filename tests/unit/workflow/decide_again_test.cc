// An appointment is compared with what would be planned today: due, moved, held or gone, and why.
#include "workflow/decide_again.h"

#include "tests/unit/workflow/office.h"

namespace rescind::testing {
namespace {

const std::string kPolicy = R"(module t
schema { systems { crm } teams { desk, legal } }
rule out {
  on leaver because "gone" escalate to desk
  disable account within 15m
  delete  account after 30d
}
hold matter { when subject.legal_hold blocks delete of account until lifted ordered by "legal" because "M-1" }
hold dated  { when subject.location == "attic" blocks delete of account until 2026-06-30 ordered by "legal" because "M-2" }
)";

const std::string kSystems = R"({"record":"system","id":"crm","kind":"saas"}
{"record":"team","id":"desk","members":["bob"]}
{"record":"identity","id":"bob","kind":"employee"}
)";

std::string person(const std::string& more = "") {
  return R"({"record":"identity","id":"alice","kind":"employee")" + more + "}\n";
}

std::string account(const std::string& more = "") {
  return R"({"record":"account","id":"crm:alice","system":"crm","holder":"alice","native_id":"a1")" +
         more + "}\n";
}

// A run whose containment is done, 31 days later.
struct Later {
  Office office{kPolicy};
  Plan plan;
  std::string run;

  Later() {
    office.records = kSystems + person() + account();
    plan = office.plan({make_event("leaver", "alice", "2026-01-05T17:00:00Z")});
    run = office.open(plan);
    office.settle(run, *find_step(plan, "crm:alice", Verb::Disable));
    office.now = instant("2026-02-05T17:00:00Z");
    office.records = kSystems + person() + account(R"(,"enabled":false)");
  }

  AppointmentAgain again() {
    const PlanStep* appointment = find_step(plan, "crm:alice", Verb::Delete);
    REQUIRE(appointment != nullptr);
    CHECK(appointment->appointment);
    const auto fresh = decide_again(office.policy(), office.inventory(), office.request({}), run);
    REQUIRE_MESSAGE(fresh.has_value(), fresh.error().to_string());
    return judge_appointment(*appointment, *fresh);
  }
};

}  // namespace

TEST_CASE("decide again: an appointment whose time has come is due, with the same id") {
  Later later;
  const AppointmentAgain again = later.again();
  CHECK(again.state == AppointmentState::Due);
  CHECK(again.why == "");
  CHECK_FALSE(again.changed);
  REQUIRE(again.fresh.has_value());
  CHECK(again.fresh->verb == Verb::Delete);
}

TEST_CASE("decide again: a hold that came meanwhile keeps the appointment back") {
  Later later;
  later.office.records = kSystems + person(R"(,"legal_hold":true)") + account();
  AppointmentAgain again = later.again();
  CHECK(again.state == AppointmentState::Held);
  CHECK(again.why == "hold t.matter until it is lifted: M-1");
  CHECK_FALSE(again.due.has_value());

  later.office.records = kSystems + person(R"(,"location":"attic")") + account();
  again = later.again();
  CHECK(again.state == AppointmentState::Held);
  CHECK(again.due == instant("2026-07-01T12:00:00Z"));
}

TEST_CASE("decide again: what is not there any more is gone, and so is what nobody can decide") {
  Later later;
  later.office.records = kSystems + person();
  AppointmentAgain again = later.again();
  CHECK(again.state == AppointmentState::Gone);
  CHECK(again.why == "nothing asks for it any more, as things are now");

  later.office.records = kSystems + person() + account() + account(R"(,"enabled":false)");
  again = later.again();
  CHECK(again.state == AppointmentState::Gone);
  CHECK(again.why.starts_with("it cannot be decided any more: "));
}

TEST_CASE("decide again: an item that is another one now needs approvals anew") {
  Later later;
  later.office.records =
      kSystems + person() +
      R"({"record":"account","id":"crm:alice","system":"crm","holder":"alice","native_id":"a2"})"
      "\n";
  const AppointmentAgain again = later.again();
  CHECK(again.state == AppointmentState::Due);
  CHECK(again.changed);
}

TEST_CASE(
    "decide again: before its time it is still to come, counted from when the event arrived") {
  Later later;
  later.office.now = instant("2026-01-20T17:00:00Z");
  const AppointmentAgain again = later.again();
  CHECK(again.state == AppointmentState::Moved);
  CHECK(again.due == instant("2026-02-04T17:00:00Z"));
}

TEST_CASE("decide again: a run that the store does not have is an error") {
  Later later;
  const auto fresh = decide_again(later.office.policy(), later.office.inventory(),
                                  later.office.request({}), "run:0000000000000000");
  REQUIRE_FALSE(fresh.has_value());
  CHECK(fresh.error().kind() == ErrorKind::NotFound);
}

}  // namespace rescind::testing
