// Sweeps: what slipped in between the snapshot and the disable is found and ended.
#include "tests/support/company.h"

namespace rescind {

TEST_CASE("execute: a session that slips in before the disable is swept") {
  Company company;
  company.step("session", Verb::Revoke, Kind::Session, "crm:s-1");
  company.step("disable", Verb::Disable, Kind::Account, "crm:alice").after = {"step:session"};
  company.sweep("sweep", "crm:alice", {"step:disable"});
  REQUIRE(company.world->sign_in("crm:alice").has_value());
  const RunReport report = company.apply();
  CHECK(report.failed == 0);
  CHECK(state_of(report, "sweep") == StepState::Verified);
  CHECK(record_of(report, "sweep").detail == "found 0");
  // The known session, the new one and the token are gone.
  ItemAddress account;
  account.item = "crm:alice";
  CHECK(company.connectors.find("crm")->discover_account(account)->records.empty());
  CHECK(company.effect_count("revoke", "crm:t-1") == 1);
}

TEST_CASE("execute: a sweep waits until the disable is seen, also on another system") {
  Company company;
  company.step("okta", Verb::Disable, Kind::Account, "okta:alice");
  company.step("crm", Verb::Disable, Kind::Account, "crm:alice");
  company.sweep("sweep", "crm:alice", {"step:okta", "step:crm"});
  company.fault(SandboxFaultKind::SlowEffect, "okta", "disable", 4);
  std::string order;
  company.options.progress = [&order](const StepProgress& progress) {
    if (progress.what == StepProgress::What::Finished || progress.step->action == "sweep") {
      order += progress.step->id + " ";
    }
  };
  CHECK(company.apply().failed == 0);
  CHECK(order.find("step:okta step:sweep") != std::string::npos);
}

TEST_CASE("execute: where the disable cannot be seen, the sweep runs once and stays open") {
  Company company;
  company.step("okta", Verb::Disable, Kind::Account, "okta:alice");
  company.step("crm", Verb::Disable, Kind::Account, "crm:alice");
  company.sweep("sweep", "crm:alice", {"step:okta", "step:crm"});
  company.fault(SandboxFaultKind::Refused, "okta", "", 0, -1);
  const RunReport report = company.apply();
  CHECK(company.effect_count("revoke", "crm:s-1") == 1);
  CHECK(state_of(report, "sweep") == StepState::Waiting);
  CHECK(record_of(report, "sweep").wait == "not seen yet: step:okta");
  CHECK(report.state == RunState::Open);

  // Somebody signs in through okta meanwhile; once okta answers, the sweep is repeated.
  REQUIRE(company.world->seed(
      R"({"record":"session","id":"crm:s-late","system":"crm","holder":"alice","account":"crm:alice"})"));
  REQUIRE(company.world->clear_faults().has_value());
  const RunReport later = company.resume(report.run);
  CHECK(state_of(later, "sweep") == StepState::Verified);
  CHECK(company.effect_count("revoke", "crm:s-late") == 1);
}

TEST_CASE("execute: an incomplete listing is never taken for nothing left") {
  Company company;
  company.step("crm", Verb::Disable, Kind::Account, "crm:alice");
  company.sweep("sweep", "crm:alice", {"step:crm"});
  company.options.max_sweep_rounds = 4;
  SUBCASE("for ever") {
    company.fault(SandboxFaultKind::TruncatedListing, "crm", "", 0, -1, "token");
    const RunReport report = company.apply();
    CHECK(state_of(report, "sweep") == StepState::Failed);
    CHECK(record_of(report, "sweep").detail.find("the token listing is incomplete") !=
          std::string::npos);
    CHECK(record_of(report, "sweep").escalated);
  }
  SUBCASE("once") {
    company.fault(SandboxFaultKind::TruncatedListing, "crm", "", 0, 1, "token");
    CHECK(state_of(company.apply(), "sweep") == StepState::Verified);
  }
}

TEST_CASE("execute: a sweep gives up on what comes back each time, and says what") {
  Company company;
  company.step("crm", Verb::Disable, Kind::Account, "crm:alice");
  company.sweep("sweep", "crm:alice", {"step:crm"});
  company.options.max_sweep_rounds = 5;
  SUBCASE("it lies about revoking") {
    company.fault(SandboxFaultKind::Lying, "crm", "revoke", 0, -1);
    const RunReport report = company.apply();
    CHECK(state_of(report, "sweep") == StepState::Failed);
    CHECK(record_of(report, "sweep").detail == "found 2");
  }
  SUBCASE("only a person can end it") {
    company.fault(SandboxFaultKind::NeedsHuman, "crm", "revoke", 0, -1);
    const RunReport report = company.apply();
    CHECK(state_of(report, "sweep") == StepState::Refused);
  }
  SUBCASE("the account is enabled again behind our back") {
    company.options.patience = Seconds(5);
    int calls = 0;
    // Enabled by hand once the disable has been verified.
    company.options.progress = [&](const StepProgress& progress) {
      if (progress.what == StepProgress::What::Finished && progress.step->id == "step:crm" &&
          calls++ == 0) {
        ActionRequest undo;
        undo.marker = "by hand";
        undo.item.item = "crm:alice";
        undo.captured = R"({"present":true,"enabled":true,"holder":"alice"})";
        CHECK(company.connectors.find("crm")->undo(undo).result == ResultClass::Changed);
      }
    };
    const RunReport report = company.apply();
    CHECK(state_of(report, "crm") == StepState::Verified);
    CHECK(state_of(report, "sweep") == StepState::Verified);
    CHECK(company.effect_count("disable", "crm:alice") == 2);
  }
}

}  // namespace rescind
