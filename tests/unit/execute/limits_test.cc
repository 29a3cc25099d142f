// Limits are reserved when a step starts; the excess waits, an approval lets it pass.
#include "tests/support/company.h"

namespace rescind {
namespace {

void limited(Company& company, const std::string& name, const std::string& item,
             const std::string& holder) {
  PlanStep& step = company.step(name, Verb::Disable, Kind::Account, item);
  step.holder = holder;
  step.facts["holder"] = holder;
  step.limits = {{"mass", "system crm"}};
}

void one_per_hour(Company& company) {
  LimitUse use;
  use.name = "mass";
  use.scope = "system crm";
  use.allowed = 1;
  use.window = Seconds(3600);
  company.plan.limits = {use};
}

}  // namespace

TEST_CASE("limits: the excess waits for the window, and goes on when it has room") {
  Company company;
  one_per_hour(company);
  limited(company, "alice", "crm:alice", "alice");
  limited(company, "carol", "crm:carol", "carol");
  const RunReport report = company.apply();
  CHECK(state_of(report, "alice") == StepState::Verified);
  CHECK(state_of(report, "carol") == StepState::Waiting);
  CHECK(record_of(report, "carol").wait == "limit mass");
  CHECK(record_of(report, "carol").due == company.plan.as_of + Seconds(3600));
  CHECK(report.waiting_for_person == 1);
  CHECK(company.effects() == "disable crm:alice\n");

  company.clock.sleep_for(std::chrono::hours(1));
  CHECK(state_of(company.resume(report.run), "carol") == StepState::Verified);
}

TEST_CASE("limits: whom the limit asks lets the excess pass") {
  Company company;
  one_per_hour(company);
  company.plan.limits.front().tripped = true;
  company.plan.limits.front().ask = "iam-lead";
  company.plan.complete = false;  // over a limit: only the excess waits
  limited(company, "alice", "crm:alice", "alice");
  limited(company, "carol", "crm:carol", "carol");
  company.plan.steps[1].gate = Gate{"limit", "limit mass"};
  const RunReport report = company.apply();
  CHECK(state_of(report, "alice") == StepState::Verified);
  CHECK(record_of(report, "carol").wait == "limit mass");
  company.options.over_limits = {"mass"};
  company.options.over_limit_as = "bob";
  CHECK(state_of(company.resume(report.run), "carol") == StepState::Waiting);
  company.options.over_limit_as = "iam-lead";
  CHECK(state_of(company.resume(report.run), "carol") == StepState::Verified);
}

TEST_CASE("limits: an approval of the step passes no limit, and passing a limit approves no step") {
  Company company;
  one_per_hour(company);
  company.plan.limits.front().tripped = true;
  company.plan.limits.front().ask = "iam-lead";
  company.plan.complete = false;
  limited(company, "alice", "crm:alice", "alice");
  limited(company, "carol", "crm:carol", "carol");
  PlanStep& carol = company.plan.steps[1];
  carol.gate = Gate{"limit", "limit mass"};
  // The same person is asked for both.
  carol.approvals = {{{"iam-lead"}, ApprovalState::Needed, ""}};
  const RunReport report = company.apply();
  CHECK(record_of(report, "carol").wait == "approval by iam-lead");
  SUBCASE("first the step, then the limit") {
    company.options.approve_as = "iam-lead";
    CHECK(record_of(company.resume(report.run), "carol").wait == "limit mass");
    company.options.approve_as.clear();
    company.options.over_limit_as = "iam-lead";
    company.options.over_limits = {"other"};
    CHECK(record_of(company.resume(report.run), "carol").wait == "limit mass");
    company.options.over_limits = {"mass"};
    CHECK(state_of(company.resume(report.run), "carol") == StepState::Verified);
  }
  SUBCASE("first the limit, then the step") {
    company.options.over_limit_as = "iam-lead";
    company.options.over_limits = {"mass"};
    CHECK(record_of(company.resume(report.run), "carol").wait == "approval by iam-lead");
    company.options.over_limit_as.clear();
    company.options.approve_as = "iam-lead";
    CHECK(state_of(company.resume(report.run), "carol") == StepState::Verified);
  }
}

TEST_CASE("limits: nobody lets their own case exceed a limit") {
  Company company;
  one_per_hour(company);
  company.plan.limits.front().allowed = 0;
  company.plan.limits.front().ask = "alice";
  limited(company, "alice", "crm:alice", "alice");
  const RunReport report = company.apply();
  CHECK(record_of(report, "alice").wait == "limit mass");
  company.options.over_limit_as = "alice";
  company.options.over_limits = {"mass"};
  const auto refused =
      resume_run(report.run, *company.store, company.connectors, company.clock, company.options);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().message().starts_with("R0824"));
}

TEST_CASE("limits: a limit that is used up meanwhile asks too") {
  Company company;
  one_per_hour(company);
  company.plan.limits.front().ask = "iam-lead";
  limited(company, "alice", "crm:alice", "alice");
  LimitClaim other{"mass", "system crm", "zoe", Seconds(3600), 1};
  NewRun earlier;
  earlier.digest = "sha256:00";
  earlier.plan = "{}";
  earlier.at = company.clock.now();
  REQUIRE(company.store->open_run(earlier).has_value());
  REQUIRE(company.store->reserve("run:00", "step:x", {other}, company.clock.now())->reserved);
  const RunReport report = company.apply();
  CHECK(record_of(report, "alice").wait == "limit mass");
  company.options.over_limit_as = "iam-lead";
  company.options.over_limits = {"mass"};
  CHECK(state_of(company.resume(report.run), "alice") == StepState::Verified);
}

TEST_CASE("limits: two plans at once share the window") {
  Company company;
  one_per_hour(company);
  limited(company, "alice", "crm:alice", "alice");
  CHECK(company.apply().failed == 0);
  Plan second = company.plan;
  company.plan.steps.clear();
  limited(company, "carol", "crm:carol", "carol");
  const RunReport report = company.apply();
  CHECK(record_of(report, "carol").wait == "limit mass");
}

TEST_CASE("limits: a limit that the plan does not carry allows nothing") {
  Company company;
  limited(company, "alice", "crm:alice", "alice");
  const RunReport report = company.apply();
  CHECK(record_of(report, "alice").wait == "limit mass");
  CHECK_FALSE(record_of(report, "alice").due.has_value());
  CHECK(company.effects().empty());
}

TEST_CASE("limits: a hold that ends lets containment go on, what destroys is decided again") {
  Company company;
  PlanStep& disable = company.step("disable", Verb::Disable, Kind::Account, "crm:alice");
  disable.gate = Gate{"hold", "hold trial until 2026-01-05T09:00:00Z"};
  disable.not_before = company.clock.now() + Seconds(3600);
  PlanStep& wipe = company.step("wipe", Verb::Wipe, Kind::Device, "mdm:laptop");
  wipe.gate = Gate{"hold", "hold trial until 2026-01-05T09:00:00Z"};
  wipe.not_before = company.clock.now() + Seconds(3600);
  const RunReport report = company.apply();
  CHECK(record_of(report, "disable").wait == "hold: hold trial until 2026-01-05T09:00:00Z");
  CHECK(record_of(report, "disable").due == company.plan.as_of + Seconds(3600));
  CHECK(company.effects().empty());
  company.clock.sleep_for(std::chrono::hours(1));
  const RunReport later = company.resume(report.run);
  CHECK(state_of(later, "disable") == StepState::Verified);
  CHECK(state_of(later, "wipe") == StepState::Waiting);
}

TEST_CASE("limits: a hold keeps its step waiting, a handover waits until another owner is seen") {
  Company company;
  PlanStep& held = company.step("wipe", Verb::Wipe, Kind::Device, "mdm:laptop");
  held.gate = Gate{"hold", "litigation"};
  REQUIRE(company.world->seed(
      R"({"record":"role","id":"crm:own-1","system":"crm","holder":"alice","account":"crm:alice","name":"space","level":"owner"})"));
  PlanStep& owner = company.step("owner", Verb::Remove, Kind::Role, "crm:own-1");
  owner.gate = Gate{"handover", "space needs another owner"};
  const RunReport report = company.apply();
  CHECK(record_of(report, "wipe").wait == "hold: litigation");
  CHECK(record_of(report, "owner").wait == "handover: space needs another owner");
  CHECK(report.waiting_for_person == 2);
  CHECK(company.effects().empty());

  REQUIRE(company.world->seed(
      R"({"record":"role","id":"crm:own-2","system":"crm","holder":"carol","account":"crm:carol","name":"space","level":"owner"})"));
  const RunReport later = company.resume(report.run);
  CHECK(state_of(later, "owner") == StepState::Verified);
  CHECK(state_of(later, "wipe") == StepState::Waiting);
}

}  // namespace rescind
