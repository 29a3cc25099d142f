// Every result class is handled as it must be.
#include "tests/support/company.h"

namespace rescind {
namespace {

// Steps that this test looks at: one account to disable, one device to wipe.
PlanStep& disable(Company& company) {
  return company.step("disable", Verb::Disable, Kind::Account, "crm:alice");
}

}  // namespace

TEST_CASE("execute: a change is applied, then verified by a fresh probe, and journalled in order") {
  Company company;
  disable(company);
  const RunReport report = company.apply();
  CHECK(report.state == RunState::Settled);
  CHECK(report.failed == 0);
  CHECK(state_of(report, "disable") == StepState::Verified);
  CHECK(company.effects() == "disable crm:alice\n");
  const auto records = company.store->list_records(report.run);
  REQUIRE(records.has_value());
  std::string entries;
  for (const JournalRecord& record : *records) {
    entries += std::string(record_entry_name(record.entry)) + ":" +
               std::string(step_state_name(record.state)) + ":" + record.result + "\n";
  }
  CHECK(entries ==
        "intent:intent:\noutcome:applied:changed\nprobed:verified:changed\nstate:pending:\n");
  CHECK(records->at(1).requests == std::vector<std::string>{"sandbox crm: disable account alice"});
  const auto captures = company.store->list_captures(report.run);
  REQUIRE(captures->size() == 1);
  CHECK(captures->front().state.find("\"enabled\":true") != std::string::npos);
}

TEST_CASE("execute: what is done already, or gone, needs no change") {
  Company company;
  disable(company);
  company.step("session", Verb::Revoke, Kind::Session, "crm:s-gone");
  {
    ActionRequest request;
    request.item.item = "crm:alice";
    request.marker = "earlier";
    REQUIRE(company.connectors.find("crm")->perform(request).result == ResultClass::Changed);
  }
  const RunReport report = company.apply();
  CHECK(state_of(report, "disable") == StepState::AlreadyDone);
  CHECK(state_of(report, "session") == StepState::AlreadyDone);
  CHECK(record_of(report, "session").attempts == 0);
  CHECK(company.effects() == "disable crm:alice\n");
}

TEST_CASE("execute: what is at its receiver already is done, not in the wrong hands") {
  Company company;
  REQUIRE(
      company.world->seed(R"({"record":"data","id":"crm:drive","system":"crm","holder":"carol"})"));
  company.step("transfer", Verb::Transfer, Kind::Data, "crm:drive").target = "carol";
  CHECK(state_of(company.apply(), "transfer") == StepState::AlreadyDone);
  CHECK(company.effects().empty());
}

TEST_CASE("execute: a vanished item that should be kept is refused, not taken for done") {
  Company company;
  company.step("transfer", Verb::Transfer, Kind::Data, "crm:gone").target = "carol";
  const RunReport report = company.apply();
  CHECK(state_of(report, "transfer") == StepState::Refused);
  REQUIRE(report.needs_person.size() == 1);
  CHECK(report.needs_person.front().item == "crm:gone");
  CHECK(report.failed == 1);
}

TEST_CASE("execute: an item that has changed hands since the plan is left alone") {
  Company company;
  PlanStep& step = company.step("disable", Verb::Disable, Kind::Account, "crm:carol");
  step.facts["holder"] = "alice";
  const RunReport report = company.apply();
  CHECK(state_of(report, "disable") == StepState::Refused);
  CHECK(record_of(report, "disable").detail ==
        "its holder was `alice` when planned and is `carol` now");
  CHECK(company.effects().empty());
}

TEST_CASE("execute: an accepted request is polled until it is done") {
  Company company;
  disable(company);
  company.fault(SandboxFaultKind::Async, "crm", "disable", 5);
  const RunReport report = company.apply();
  CHECK(state_of(report, "disable") == StepState::Verified);
  CHECK(record_of(report, "disable").attempts == 1);
}

TEST_CASE("execute: residual access keeps the step open until it ends") {
  Company company;
  disable(company);
  company.fault(SandboxFaultKind::Residual, "crm", "disable", 3600);
  const RunReport report = company.apply();
  CHECK(state_of(report, "disable") == StepState::Residual);
  REQUIRE(report.timers.size() == 1);
  CHECK(report.timers.front().due == company.plan.as_of + Seconds(3600));
  CHECK(company.store->list_due(company.clock.now() + Seconds(3600))->size() == 1);

  company.clock.sleep_for(std::chrono::hours(1));
  const RunReport later = company.resume(report.run);
  CHECK(state_of(later, "disable") == StepState::Verified);
  CHECK(company.effect_count("disable", "crm:alice") == 1);
}

TEST_CASE("execute: a throttled request waits as long as the system asked") {
  Company company;
  disable(company);
  company.fault(SandboxFaultKind::Throttled, "crm", "disable", 20);
  const RunReport report = company.apply();
  CHECK(state_of(report, "disable") == StepState::Verified);
  CHECK(company.clock.now() >= company.plan.as_of + Seconds(20));
}

TEST_CASE("execute: a wait beyond the patience stays in the store as a timer") {
  Company company;
  disable(company);
  company.fault(SandboxFaultKind::Throttled, "crm", "disable", 7200);
  const RunReport report = company.apply();
  CHECK(state_of(report, "disable") == StepState::Throttled);
  CHECK(company.clock.now() < company.plan.as_of + Seconds(120));
  REQUIRE(report.timers.size() == 1);
  CHECK(report.timers.front().due == company.plan.as_of + Seconds(7200));
}

TEST_CASE("execute: a run is taken up when a step of it is late, though it is tried again later") {
  Company company;
  disable(company);
  company.plan.steps.front().deadline = company.plan.as_of + Seconds(900);
  company.fault(SandboxFaultKind::Throttled, "crm", "disable", 7200);
  const RunReport report = company.apply();
  CHECK_FALSE(record_of(report, "disable").escalated);
  CHECK(company.store->find_run(report.run).value()->due == company.plan.as_of + Seconds(900));
  company.clock.sleep_for(Seconds(900));
  company.fault(SandboxFaultKind::Throttled, "crm", "disable", 7200);
  CHECK(record_of(company.resume(report.run), "disable").escalated);
}

TEST_CASE("execute: what only a person can do is refused and listed") {
  Company company;
  PlanStep& step = disable(company);
  step.escalate = {{"iam-oncall"}};
  SUBCASE("needs a human") {
    company.fault(SandboxFaultKind::NeedsHuman, "crm", "disable");
  }
  SUBCASE("needs a code change") {
    company.fault(SandboxFaultKind::NeedsCodeChange, "crm", "disable");
  }
  SUBCASE("unsupported") {
    company.fault(SandboxFaultKind::Unsupported, "crm", "disable");
  }
  const RunReport report = company.apply();
  CHECK((state_of(report, "disable") == StepState::Refused ||
         state_of(report, "disable") == StepState::Unsupported));
  REQUIRE(report.needs_person.size() == 1);
  CHECK(report.needs_person.front().who == "iam-oncall");
  CHECK(record_of(report, "disable").attempts == 1);
  CHECK(company.effects().empty());
}

TEST_CASE("execute: a conflict reads again and tries again") {
  Company company;
  disable(company);
  company.fault(SandboxFaultKind::Conflict, "crm", "disable", 0, 2);
  const RunReport report = company.apply();
  CHECK(state_of(report, "disable") == StepState::Verified);
  CHECK(record_of(report, "disable").attempts == 3);
}

TEST_CASE("execute: a server error is probed, then tried again with growing, jittered delays") {
  Company company;
  disable(company);
  company.fault(SandboxFaultKind::ServerError, "crm", "disable", 0, 2);
  double jitter = 0.0;
  company.options.random = [&jitter] { return jitter; };
  SUBCASE("least jitter") {
    jitter = 0.0;
  }
  SUBCASE("most jitter") {
    jitter = 0.99;
  }
  const RunReport report = company.apply();
  CHECK(state_of(report, "disable") == StepState::Verified);
  CHECK(record_of(report, "disable").attempts == 3);
  // Unknown, probe, failed, again: 500 + 1000 + 2000 + 4000 ms, scaled by 0.5 to 1.49.
  const auto waited = company.clock.monotonic().count();
  CHECK(waited >= (jitter < 0.5 ? 3750 : 11175));
  CHECK(waited <= (jitter < 0.5 ? 3760 : 11185));
}

TEST_CASE("execute: a time-out after the effect is found out by a probe, never repeated") {
  Company company;
  company.step("wipe", Verb::Wipe, Kind::Device, "mdm:laptop");
  company.fault(SandboxFaultKind::TimeoutAfterEffect, "mdm", "wipe");
  const RunReport report = company.apply();
  CHECK(state_of(report, "wipe") == StepState::Verified);
  CHECK(record_of(report, "wipe").attempts == 1);
  CHECK(company.effect_count("wipe", "mdm:laptop") == 1);
}

TEST_CASE(
    "execute: a destroying request without an answer is looked at twice before it is repeated") {
  Company company;
  company.step("wipe", Verb::Wipe, Kind::Device, "mdm:laptop");
  company.fault(SandboxFaultKind::TimeoutBeforeEffect, "mdm", "wipe");
  const RunReport report = company.apply();
  CHECK(state_of(report, "wipe") == StepState::Verified);
  CHECK(record_of(report, "wipe").attempts == 2);
  const auto records = company.store->list_records(report.run);
  const auto probes = std::count_if(records->begin(), records->end(), [](const JournalRecord& r) {
    return r.entry == RecordEntry::Probed && r.state != StepState::Verified;
  });
  CHECK(probes == 2);
}

TEST_CASE("execute: a system that says done and does nothing is caught") {
  Company company;
  SUBCASE("containing: done again") {
    disable(company);
    company.fault(SandboxFaultKind::Lying, "crm", "disable");
    const RunReport report = company.apply();
    CHECK(state_of(report, "disable") == StepState::Verified);
    CHECK(record_of(report, "disable").attempts == 2);
    CHECK(company.effect_count("disable", "crm:alice") == 1);
  }
  SUBCASE("containing, always lying: failed and escalated") {
    disable(company);
    company.fault(SandboxFaultKind::Lying, "crm", "disable", 0, -1);
    company.options.patience = Seconds(600);
    const RunReport report = company.apply();
    CHECK(state_of(report, "disable") == StepState::Failed);
    CHECK(record_of(report, "disable").escalated);
    CHECK(record_of(report, "disable").attempts == 5);
    CHECK(report.state == RunState::Open);
  }
  SUBCASE("destroying: not repeated, escalated") {
    company.step("wipe", Verb::Wipe, Kind::Device, "mdm:laptop");
    company.fault(SandboxFaultKind::Lying, "mdm", "wipe");
    const RunReport report = company.apply();
    CHECK(state_of(report, "wipe") == StepState::Refused);
    CHECK(record_of(report, "wipe").attempts == 1);
    REQUIRE(report.needs_person.size() == 1);
    CHECK(report.needs_person.front().why ==
          "wipe: the system said done, reading back says not done");
  }
}

TEST_CASE("execute: a slow effect is waited for, not repeated") {
  Company company;
  disable(company);
  company.fault(SandboxFaultKind::SlowEffect, "crm", "disable", 3);
  const RunReport report = company.apply();
  CHECK(state_of(report, "disable") == StepState::Verified);
  CHECK(record_of(report, "disable").attempts == 1);
}

TEST_CASE("execute: notifications and questions are handed over once and reported") {
  Company company;
  PlanStep& ask = company.step("ask", Verb::Ask, Kind::Account, "");
  ask.system.clear();
  ask.kind.clear();
  ask.rank = Rank::Prepare;
  ask.target = "it-security";
  ask.text = "collect badge and laptop";
  int handed_over = 0;
  company.options.hand_over = [&handed_over](const PlanStep& step) -> Status {
    CHECK(step.target == "it-security");
    ++handed_over;
    return {};
  };
  const RunReport report = company.apply();
  CHECK(state_of(report, "ask") == StepState::Verified);
  CHECK(handed_over == 1);
  REQUIRE(report.asked.size() == 1);
  CHECK(report.asked.front().why == "collect badge and laptop");
}

}  // namespace rescind
