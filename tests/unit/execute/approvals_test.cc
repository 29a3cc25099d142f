// Named approvals: who may, what they cover, and that nobody approves in their own case.
#include "execute/approvals.h"

#include "tests/support/company.h"

namespace rescind {
namespace {

PlanStep& wipe(Company& company) {
  PlanStep& step = company.step("wipe", Verb::Wipe, Kind::Device, "mdm:laptop");
  step.approvals = {{{"it-security", "omar"}, ApprovalState::Needed, ""}};
  return step;
}

}  // namespace

TEST_CASE("approvals: a step waits for its approver, others go on, and an approval releases it") {
  Company company;
  wipe(company);
  company.step("disable", Verb::Disable, Kind::Account, "crm:alice");
  const RunReport report = company.apply();
  CHECK(state_of(report, "disable") == StepState::Verified);
  CHECK(state_of(report, "wipe") == StepState::Waiting);
  CHECK(record_of(report, "wipe").wait == "approval by it-security or omar");
  CHECK(report.waiting_for_person == 1);
  CHECK(report.failed == 0);
  CHECK(report.state == RunState::Settled);

  company.options.approve_as = "bob";
  CHECK(state_of(company.resume(report.run), "wipe") == StepState::Waiting);
  company.options.approve_as = "omar";
  CHECK(state_of(company.resume(report.run), "wipe") == StepState::Verified);
  const auto approvals = company.store->list_approvals(report.run);
  REQUIRE(approvals->size() == 3);  // bob and omar of the run, omar of the step
  CHECK(approvals->back().approver == "omar");
  CHECK(approvals->back().step == "step:wipe");
}

TEST_CASE("approvals: a member of a team approves for it") {
  Company company;
  wipe(company);
  company.options.approve_as = "ines";
  SUBCASE("a member") {
    company.options.approvers.teams["it-security"] = {"ines"};
    CHECK(state_of(company.apply(), "wipe") == StepState::Verified);
  }
  SUBCASE("not a member") {
    CHECK(state_of(company.apply(), "wipe") == StepState::Waiting);
  }
}

TEST_CASE("approvals: all that are asked for are needed") {
  Company company;
  wipe(company).approvals.push_back({{"legal"}, ApprovalState::Needed, ""});
  company.options.approve_as = "omar";
  const RunReport report = company.apply();
  CHECK(record_of(report, "wipe").wait == "approval by legal");
  company.options.approve_as = "legal";
  CHECK(state_of(company.resume(report.run), "wipe") == StepState::Verified);
}

TEST_CASE("approvals: an approval in the plan counts only when its giver may give it") {
  Company company;
  PlanStep& step = wipe(company);
  step.approvals.front().state = ApprovalState::Given;
  SUBCASE("by somebody who may") {
    step.approvals.front().given_by = "omar";
    CHECK(state_of(company.apply(), "wipe") == StepState::Verified);
  }
  SUBCASE("by somebody else") {
    step.approvals.front().given_by = "mallory";
    CHECK(state_of(company.apply(), "wipe") == StepState::Waiting);
  }
  SUBCASE("by the subject") {
    step.approvals.front().by = {"alice"};
    step.approvals.front().given_by = "alice";
    CHECK(state_of(company.apply(), "wipe") == StepState::Waiting);
  }
}

TEST_CASE("approvals: the subject is refused, the holder of an item is not asked about it") {
  Company company;
  wipe(company).approvals = {{{"alice", "bob"}, ApprovalState::Needed, ""}};
  company.options.approve_as = "alice";
  const auto refused = company.try_apply();
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().message().starts_with("R0824: `alice` cannot approve in their own case"));
  CHECK(company.store->list_runs()->empty());

  company.plan.steps.front().holder = "bob";
  company.plan.steps.front().facts.clear();
  company.options.approve_as = "bob";
  const RunReport report = company.apply();
  CHECK(state_of(report, "wipe") == StepState::Waiting);
  company.options.approve_as = "alice";
  const auto again =
      resume_run(report.run, *company.store, company.connectors, company.clock, company.options);
  REQUIRE_FALSE(again.has_value());
  CHECK(again.error().message().starts_with("R0824"));
}

TEST_CASE("approvals: an approved alternative starts a step earlier than its own time") {
  Company company;
  PlanStep& step = company.step("disable", Verb::Disable, Kind::Account, "crm:alice");
  step.not_before = company.clock.now() + Seconds(86400);
  Alternative now;
  now.not_before = company.clock.now();
  now.approvals = {{{"bob"}, ApprovalState::Needed, ""}};
  step.alternatives.push_back(now);
  SUBCASE("not approved: its own time, and somebody hears that they could let it start now") {
    const RunReport report = company.apply();
    CHECK(record_of(report, "disable").wait == "approval by bob");
    CHECK(record_of(report, "disable").escalated);
    CHECK(record_of(report, "disable").due == company.plan.as_of + Seconds(86400));
  }
  SUBCASE("approved: at once") {
    company.options.approve_as = "bob";
    CHECK(state_of(company.apply(), "disable") == StepState::Verified);
  }
}

TEST_CASE("approvals: a changed step has another binding") {
  Company company;
  PlanStep step = wipe(company);
  const std::string binding = execute::approval_binding(step);
  step.facts["holder"] = "carol";
  CHECK(execute::approval_binding(step) != binding);
  step = company.plan.steps.front();
  step.target = "x";
  CHECK(execute::approval_binding(step) != binding);
}

}  // namespace rescind
