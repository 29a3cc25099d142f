// A run's plan with what supplements added, and the decoded plans that are kept.
#include "store/run_plan.h"

#include "store/decoded_plans.h"
#include "tests/unit/store/fixture.h"

namespace rescind {
namespace {

Plan plan_of(const std::string& step, Instant expires) {
  Plan plan;
  plan.steps.emplace_back();
  plan.steps.back().id = step;
  plan.expires_at = expires;
  plan.digest = compute_plan_digest(plan);
  return plan;
}

LimitUse limit_in(const std::string& scope, std::int64_t used) {
  LimitUse limit;
  limit.name = "mass";
  limit.scope = scope;
  limit.used = used;
  return limit;
}

}  // namespace

TEST_CASE("run plan: a supplement says anew until when its steps may be relied on") {
  RunPlan run;
  run.plan = plan_of("step:a", at_second(10));
  run.plan.steps.emplace_back();
  run.plan.steps.back().id = "step:b";
  Plan more = plan_of("step:b", at_second(99));
  more.steps.back().item = "crm:b";
  more.steps.emplace_back();
  more.steps.back().id = "step:c";
  add_supplement(run, more);
  REQUIRE(run.plan.steps.size() == 3);
  CHECK(run.plan.steps[1].item == "crm:b");
  CHECK(run.plan.steps[2].id == "step:c");
  CHECK(run.expires_at("step:a") == at_second(10));
  CHECK(run.expires_at("step:b") == at_second(99));
  CHECK(run.expires_at("step:c") == at_second(99));
}

TEST_CASE("run plan: a limit is one by its name and scope") {
  RunPlan run;
  run.plan.limits.push_back(limit_in("crm", 1));
  Plan more;
  more.limits.push_back(limit_in("aws", 2));
  more.limits.push_back(limit_in("crm", 3));
  add_supplement(run, more);
  REQUIRE(run.plan.limits.size() == 2);
  CHECK(run.plan.limits[0].scope == "crm");
  CHECK(run.plan.limits[0].used == 3);
  CHECK(run.plan.limits[1].used == 2);
}

TEST_CASE("decoded plans: each text gives its own plan, decoded once") {
  DecodedPlans plans;
  const std::string a = encode_plan(plan_of("step:a", at_second(1)));
  const std::string b = encode_plan(plan_of("step:b", at_second(2)));
  const auto first = plans.decode(a);
  const auto second = plans.decode(b);
  REQUIRE((first && second));
  for (int again = 0; again < 2; ++again) {
    CHECK(*plans.decode(a) == *first);
    CHECK(*plans.decode(b) == *second);
  }
  CHECK((*first)->steps.front().id == "step:a");
  CHECK((*second)->steps.front().id == "step:b");
  CHECK_FALSE(plans.decode(a.substr(1)).has_value());
}

}  // namespace rescind
