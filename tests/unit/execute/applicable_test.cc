// Plans that must not be applied: R0820 to R0825.
#include "tests/support/company.h"

namespace rescind {
namespace {

std::string refusal(Company& company) {
  const std::string before = company.effects();
  const auto report = company.try_apply();
  REQUIRE_FALSE(report.has_value());
  CHECK(report.error().kind() == ErrorKind::Conflict);
  CHECK(company.effects() == before);
  return report.error().message();
}

bool starts(const std::string& text, const std::string& with) {
  return text.starts_with(with);
}

}  // namespace

TEST_CASE("apply: a used plan is refused (R0820), also when its run has ended") {
  Company company;
  company.step("disable", Verb::Disable, Kind::Account, "crm:alice");
  const RunReport report = company.apply();
  CHECK(starts(refusal(company), "R0820: the plan was used before, by " + report.run));
}

TEST_CASE("apply: an expired plan is refused (R0821)") {
  Company company;
  company.step("disable", Verb::Disable, Kind::Account, "crm:alice");
  company.plan.expires_at = company.clock.now();
  CHECK(starts(refusal(company), "R0821: the plan expired at 2026-01-05T08:00:00Z"));
}

TEST_CASE("apply: a plan for looking at is refused (R0822)") {
  Company company;
  company.plan.looked_at_only = true;
  CHECK(starts(refusal(company), "R0822: the plan was made as of 2026-01-05T08:00:00Z"));
}

TEST_CASE("apply: an incomplete plan is refused and says what is missing (R0823)") {
  Company company;
  company.plan.complete = false;
  SUBCASE("undetermined") {
    company.plan.undetermined = {{"crm:x", "dangling holder"}};
    CHECK(starts(
        refusal(company),
        "R0823: the plan is incomplete: 1 item undetermined, first `crm:x`: dangling holder"));
  }
  SUBCASE("uncovered") {
    company.plan.uncovered = {{"crm:x", ""}, {"crm:y", ""}};
    CHECK(starts(refusal(company),
                 "R0823: the plan is incomplete: 2 items that no rule speaks of, first `crm:x`"));
  }
  SUBCASE("infeasible") {
    company.plan.infeasible = {{"step:x", "too late"}};
    CHECK(starts(refusal(company), "R0823: the plan is incomplete: 1 deadline that cannot be met"));
  }
  SUBCASE("it only says so") {
    CHECK(starts(refusal(company), "R0823: the plan is incomplete: the plan does not say why"));
  }
}

TEST_CASE("apply: an edited plan is refused (R0825)") {
  Company company;
  company.step("disable", Verb::Disable, Kind::Account, "crm:alice");
  company.plan.digest = compute_plan_digest(company.plan);
  company.plan.steps.front().item = "crm:carol";
  const auto report = execute_plan(company.plan, *company.store, company.connectors, company.clock,
                                   company.options);
  REQUIRE_FALSE(report.has_value());
  CHECK(starts(report.error().message(), "R0825: the plan's digest does not match what it says"));
}

TEST_CASE("apply: every reason against a plan is a diagnostic with help") {
  Company company;
  company.plan.looked_at_only = true;
  company.plan.expires_at = company.clock.now();
  company.plan.digest = compute_plan_digest(company.plan);
  Diagnostics diagnostics;
  const auto applicable =
      check_applicable(company.plan, *company.store, company.clock.now(), "alice", diagnostics);
  REQUIRE(applicable.has_value());
  CHECK_FALSE(*applicable);
  CHECK(diagnostics.error_count() == 3);  // R0821, R0822, R0824
  for (const Diagnostic& diagnostic : diagnostics.sorted()) {
    CHECK(diagnostic.help.size() == 1);
  }
}

}  // namespace rescind
