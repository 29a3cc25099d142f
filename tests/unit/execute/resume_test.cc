// Going on with a run: after a crash at any of its states, and when there is nothing left to do.
#include "tests/support/company.h"

namespace rescind {
TEST_CASE("resume: an ended run does nothing again") {
  Company company;
  company.step("disable", Verb::Disable, Kind::Account, "crm:alice");
  const RunReport report = company.apply();
  const std::size_t records = company.store->list_records(report.run)->size();
  const RunReport again = company.resume(report.run);
  CHECK(again.state == report.state);
  CHECK(company.store->list_records(report.run)->size() == records);
  CHECK(company.effects() == "disable crm:alice\n");
}

TEST_CASE("resume: an intent without an outcome is probed before anything else") {
  Company company;
  company.step("wipe", Verb::Wipe, Kind::Device, "mdm:laptop");
  company.plan.digest = compute_plan_digest(company.plan);
  NewRun run;
  run.digest = company.plan.digest;
  run.plan = encode_plan(company.plan);
  run.steps = {{"step:wipe", 1, std::nullopt}};
  run.at = company.clock.now();
  const auto opened = company.store->open_run(run);
  REQUIRE(opened.has_value());
  {
    auto claim = company.store->claim_run(opened->id, company.clock.now());
    StepRecord step = company.store->list_steps(opened->id)->front();
    step.state = StepState::Intent;
    step.attempts = 1;
    JournalRecord record;
    record.run = opened->id;
    record.step = "step:wipe";
    record.epoch = claim->run.epoch;
    record.entry = RecordEntry::Intent;
    record.state = StepState::Intent;
    REQUIRE(company.store->append(record, &step, nullptr).has_value());
  }
  bool happened = false;
  SUBCASE("the request had its effect") {
    happened = true;
    ActionRequest request;
    request.marker = "step:wipe#1";
    request.verb = Verb::Wipe;
    request.item.item = "mdm:laptop";
    REQUIRE(company.connectors.find("mdm")->perform(request).result == ResultClass::Changed);
  }
  SUBCASE("the request was never sent") {}
  const RunReport report = company.resume(opened->id);
  CHECK(state_of(report, "wipe") == StepState::Verified);
  CHECK(record_of(report, "wipe").attempts == (happened ? 1 : 2));
  CHECK(company.effect_count("wipe", "mdm:laptop") == 1);
}

TEST_CASE("resume: a run that another process works is left to it") {
  Company company;
  company.step("disable", Verb::Disable, Kind::Account, "crm:alice").not_before =
      company.clock.now() + Seconds(86400);
  const RunReport report = company.apply();
  auto held = company.store->claim_run(report.run, company.clock.now());
  REQUIRE(held.has_value());
  const auto refused =
      resume_run(report.run, *company.store, company.connectors, company.clock, company.options);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().message() ==
        "another process is working on " + report.run + "; let it finish");
}

TEST_CASE("resume: all open runs are taken up, ended ones are not") {
  Company company;
  company.step("disable", Verb::Disable, Kind::Account, "crm:alice");
  const RunReport first = company.apply();
  company.plan.steps.clear();
  company.step("okta", Verb::Disable, Kind::Account, "okta:alice").not_before =
      company.clock.now() + Seconds(7200);
  const RunReport second = company.apply();
  {
    auto claim = company.store->claim_run(first.run, company.clock.now());
    REQUIRE(company.store->set_run_state(first.run, claim->run.epoch, RunState::Closed,
                                         company.clock.now()));
  }
  company.clock.sleep_for(std::chrono::hours(2));
  const auto reports =
      resume_open_runs(*company.store, company.connectors, company.clock, company.options);
  REQUIRE(reports.has_value());
  REQUIRE(reports->size() == 1);
  CHECK(reports->front().run == second.run);
  CHECK(state_of(reports->front(), "okta") == StepState::Verified);
  const auto closed =
      resume_run(first.run, *company.store, company.connectors, company.clock, company.options);
  CHECK(closed.error().message() == first.run + " is closed, nothing goes on");
}

}  // namespace rescind
