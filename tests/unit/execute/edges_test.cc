// Order: weak and strong edges, ranks within a system, soaks, and dead systems that hold nobody up.
#include "tests/support/company.h"

namespace rescind {

TEST_CASE("execute: ranks and the plan's order are kept within a system") {
  Company company;
  company.step("role", Verb::Remove, Kind::Role, "crm:r-1");
  company.step("disable", Verb::Disable, Kind::Account, "crm:alice");
  company.step("session", Verb::Revoke, Kind::Session, "crm:s-1");
  const RunReport report = company.apply();
  CHECK(report.state == RunState::Settled);
  // Containment in the plan's order, then stripping; verification does not stand in between.
  CHECK(company.effects() == "disable crm:alice\nrevoke crm:s-1\nremove crm:r-1\n");
}

TEST_CASE(
    "execute: a strong edge waits for verification, so a mailbox is handed over before its license "
    "goes") {
  Company company;
  PlanStep& license = company.step("license", Verb::Remove, Kind::License, "crm:seat");
  license.strong_after = {"step:transfer"};
  PlanStep& transfer = company.step("transfer", Verb::Transfer, Kind::Data, "crm:mail");
  transfer.target = "carol";
  SUBCASE("done: the license goes and the mailbox lives") {
    const RunReport report = company.apply();
    CHECK(company.effects() == "transfer crm:mail\nremove crm:seat\n");
    CHECK(report.failed == 0);
  }
  SUBCASE("refused: the license stays and a person is told why") {
    company.fault(SandboxFaultKind::NeedsHuman, "crm", "transfer");
    const RunReport report = company.apply();
    CHECK(company.effects().empty());
    CHECK(state_of(report, "license") == StepState::Waiting);
    CHECK(record_of(report, "license").wait == "after step:transfer, which ended as refused");
    CHECK(report.needs_person.size() == 2);
  }
  SUBCASE("applied but not read back: the license waits") {
    company.fault(SandboxFaultKind::SlowEffect, "crm", "transfer", 100000, -1);
    const RunReport report = company.apply();
    CHECK(company.effect_count("remove", "crm:seat") == 0);
    CHECK(record_of(report, "license").wait == "after step:transfer");
  }
}

TEST_CASE("execute: a weak edge orders first attempts only") {
  Company company;
  PlanStep& crm = company.step("crm", Verb::Disable, Kind::Account, "crm:alice");
  crm.after = {"step:okta"};
  company.step("okta", Verb::Disable, Kind::Account, "okta:alice");
  SUBCASE("the first goes first") {
    CHECK(company.apply().failed == 0);
    CHECK(company.effects() == "disable okta:alice\ndisable crm:alice\n");
  }
  SUBCASE("a first attempt that failed opens it at once") {
    company.fault(SandboxFaultKind::ServerError, "okta", "disable");
    CHECK(company.apply().failed == 0);
    CHECK(company.effects() == "disable crm:alice\ndisable okta:alice\n");
  }
  SUBCASE("somebody who does not approve does not hold it up") {
    company.plan.steps[1].approvals = {{{"it-security"}, ApprovalState::Needed, ""}};
    const RunReport report = company.apply();
    CHECK(state_of(report, "crm") == StepState::Verified);
    CHECK(state_of(report, "okta") == StepState::Waiting);
  }
  SUBCASE("a predecessor due later is waited for, but not beyond the own deadline") {
    company.plan.steps[1].not_before = company.clock.now() + Seconds(40);
    company.plan.steps[0].deadline = company.clock.now() + Seconds(10);
    CHECK(company.apply().failed == 0);
    CHECK(company.effects() == "disable crm:alice\ndisable okta:alice\n");
    CHECK(company.clock.now() >= company.plan.as_of + Seconds(40));
  }
}

TEST_CASE("execute: a dead system holds nobody up") {
  Company company;
  company.step("okta", Verb::Disable, Kind::Account, "okta:alice");
  company.step("okta-session", Verb::Revoke, Kind::Session, "okta:s-1");
  company.step("crm", Verb::Disable, Kind::Account, "crm:alice").after = {"step:okta"};
  company.step("wipe", Verb::Wipe, Kind::Device, "mdm:laptop").after = {"step:okta-session"};
  company.fault(SandboxFaultKind::Refused, "okta", "", 0, -1);
  const RunReport report = company.apply();
  CHECK(state_of(report, "crm") == StepState::Verified);
  CHECK(state_of(report, "wipe") == StepState::Verified);
  CHECK_FALSE(is_end_state(state_of(report, "okta")));
  CHECK(report.state == RunState::Open);
  CHECK(report.failed == 2);
  CHECK(record_of(report, "okta").due.has_value());
  CHECK(record_of(report, "okta").escalated);

  REQUIRE(company.world->clear_faults().has_value());
  const RunReport later = company.resume(report.run);
  CHECK(later.state == RunState::Settled);
  CHECK(later.failed == 0);
  CHECK(company.effect_count("wipe", "mdm:laptop") == 1);
}

TEST_CASE("execute: a soak counts from the verification of what it follows") {
  Company company;
  company.step("disable", Verb::Disable, Kind::Account, "crm:alice");
  PlanStep& removal = company.step("delete", Verb::Delete, Kind::Account, "crm:alice");
  removal.strong_after = {"step:disable"};
  removal.soak = Seconds(3600);
  const RunReport report = company.apply();
  CHECK(state_of(report, "delete") == StepState::Waiting);
  CHECK(record_of(report, "delete").wait == "soak");
  CHECK(record_of(report, "delete").due == company.plan.as_of + Seconds(3600));
  CHECK(report.state == RunState::Settled);
  company.clock.sleep_for(std::chrono::hours(1));
  CHECK(state_of(company.resume(report.run), "delete") == StepState::Verified);
}

TEST_CASE(
    "execute: steps due later stay as timers, destroying ones past the expiry as appointments") {
  Company company;
  company.step("disable", Verb::Disable, Kind::Account, "crm:alice").not_before =
      company.clock.now() + Seconds(7200);
  PlanStep& removal = company.step("delete", Verb::Delete, Kind::Account, "crm:alice");
  removal.not_before = company.clock.now() + Seconds(30 * 86400);
  removal.appointment = true;
  const RunReport report = company.apply();
  CHECK(report.state == RunState::Settled);
  CHECK(report.failed == 0);
  REQUIRE(report.timers.size() == 2);
  CHECK(report.timers[0].step == "step:disable");
  CHECK(report.timers[0].why == "time");
  CHECK(report.timers[1].why == "appointment");
  CHECK(company.store->list_due(company.clock.now())->empty());
  CHECK(company.effects().empty());

  company.clock.sleep_for(std::chrono::hours(31 * 24));
  const RunReport later = company.resume(report.run);
  CHECK(state_of(later, "disable") == StepState::Verified);
  CHECK(state_of(later, "delete") == StepState::Waiting);
  CHECK(record_of(later, "delete").wait == "appointment");
  CHECK(company.effect_count("delete", "crm:alice") == 0);
}

TEST_CASE("execute: what destroys and was not started is not done after the plan's expiry") {
  Company company;
  PlanStep& wipe = company.step("wipe", Verb::Wipe, Kind::Device, "mdm:laptop");
  wipe.not_before = company.clock.now() + Seconds(3600);
  const RunReport report = company.apply();
  company.clock.sleep_for(std::chrono::hours(48));
  CHECK(record_of(company.resume(report.run), "wipe").wait == "appointment");
  CHECK(company.effects().empty());
}

TEST_CASE("execute: a capture is made before what needs it") {
  Company company;
  PlanStep& capture = company.step("capture", Verb::Delete, Kind::Account, "crm:alice");
  capture.action = "capture";
  capture.rank = Rank::Capture;
  capture.effects = {};
  PlanStep& removal = company.step("delete", Verb::Delete, Kind::Account, "crm:alice");
  removal.strong_after = {"step:capture"};
  const RunReport report = company.apply();
  CHECK(state_of(report, "delete") == StepState::Verified);
  const auto captures = company.store->list_captures(report.run);
  REQUIRE(captures->size() == 2);
  CHECK(captures->front().step == "step:capture");
  CHECK(captures->front().state.find("\"present\":true") != std::string::npos);
}

}  // namespace rescind
