// The laws of order: one test for each, by what comes before what.
#include <doctest/doctest.h>

#include "records.h"

namespace rescind::test {
namespace {

constexpr KindSet kLive = KindSet(Kind::Session) | Kind::Token;

Clause revoke() {
  return {.verb = Verb::Revoke, .kinds = kLive, .within = minutes(5)};
}

Clause disable() {
  return {.verb = Verb::Disable, .kinds = Kind::Account, .within = minutes(15)};
}

Clause strip() {
  return {.verb = Verb::Remove, .kinds = kEntitlementKinds, .within = hours(1)};
}

Clause deletion() {
  return {.verb = Verb::Delete, .kinds = Kind::Account, .after = days(30)};
}

Clause hand_over() {
  return {.verb = Verb::Transfer, .kinds = Kind::Data, .within = days(1), .to = {"bob"}};
}

Clause release() {
  return {.verb = Verb::Remove, .kinds = Kind::License, .within = days(2)};
}

Plan leaver_plan(std::string records, std::vector<Clause> clauses, PlanOptions options = {}) {
  Plan plan = plan_of(
      alice_leaves(std::move(records),
                   {rule("leaver", {"leaver", "owner_left", "knower_left"}, std::move(clauses))}),
      std::move(options));
  CHECK(wrong_order(plan) == "");
  return plan;
}

const PlanStep& step_of(const Plan& plan, std::string_view item, Verb verb,
                        std::string_view action = {}, std::uint32_t generation = 1) {
  const PlanStep* step = find_step(plan, item, verb, action, generation);
  REQUIRE_MESSAGE(step != nullptr, item);
  return *step;
}

constexpr std::string_view kCrm = R"(
{"record":"account","id":"crm:alice","system":"crm","holder":"alice"}
{"record":"session","id":"crm:s1","system":"crm","holder":"alice","account":"crm:alice"}
{"record":"role","id":"crm:r1","system":"crm","holder":"alice","account":"crm:alice","name":"Std"}
{"record":"license","id":"crm:seat","system":"crm","holder":"alice","account":"crm:alice","name":"seat"}
{"record":"data","id":"crm:box","system":"crm","holder":"alice","account":"crm:alice","license":"crm:seat"}
)";

}  // namespace

TEST_CASE("order O1: state is captured before it changes, weakly before containment") {
  const Plan plan = leaver_plan(std::string(kCrm), {disable(), strip()});
  const PlanStep& capture = step_of(plan, "crm:alice", Verb::Restore, "capture");
  CHECK(weakly_after(step_of(plan, "crm:alice", Verb::Disable), capture));
  CHECK(strongly_after(step_of(plan, "crm:r1", Verb::Remove), capture));
  CHECK(plan.steps.front().id == capture.id);
}

TEST_CASE("order O2: sessions and tokens go before the disable of their account, weakly") {
  const Plan plan = leaver_plan(std::string(kCrm), {disable(), revoke()});
  CHECK(weakly_after(step_of(plan, "crm:alice", Verb::Disable),
                     step_of(plan, "crm:s1", Verb::Revoke)));
}

TEST_CASE("order O2: a session that goes later, or after an approval, never holds up the disable") {
  Clause late = revoke();
  SUBCASE("later") {
    late.after = hours(2);
    late.within = hours(3);
  }
  SUBCASE("approved") {
    late.approved_by = {"bob"};
  }
  const Plan plan = leaver_plan(std::string(kCrm), {disable(), late});
  const PlanStep& account = step_of(plan, "crm:alice", Verb::Disable);
  CHECK_FALSE(comes_before(plan, step_of(plan, "crm:s1", Verb::Revoke), account));
}

TEST_CASE(
    "order O3 and O4: the sweep waits for the disable of its account and of every identity "
    "provider") {
  const std::string records = R"(
{"record":"system","id":"root","kind":"idp","tier":0}
{"record":"system","id":"okta","kind":"idp","tier":0,"federated_by":["root"]}
{"record":"account","id":"root:alice","system":"root","holder":"alice"}
{"record":"account","id":"okta:alice","system":"okta","holder":"alice"}
{"record":"account","id":"crm:alice","system":"crm","holder":"alice"})";
  Organisation organisation = alice_leaves(records, {rule("leaver", {"leaver"}, {disable()})});
  // The provider's record above stands for the one in the shared records.
  const std::string shared = R"({"record":"system","id":"okta","kind":"idp","tier":0})";
  organisation.records.erase(organisation.records.find(shared), shared.size());
  const Plan plan = plan_of(organisation);
  CHECK(wrong_order(plan) == "");
  const PlanStep& sweep = step_of(plan, "crm:alice", Verb::Revoke, "sweep");
  for (const std::string_view account : {"crm:alice", "okta:alice", "root:alice"}) {
    CHECK(weakly_after(sweep, step_of(plan, account, Verb::Disable)));
  }
  // Priority without an edge: the roots come first among equals.
  CHECK_FALSE(comes_before(plan, step_of(plan, "okta:alice", Verb::Disable),
                           step_of(plan, "crm:alice", Verb::Disable)));
  CHECK(&step_of(plan, "okta:alice", Verb::Disable) < &step_of(plan, "crm:alice", Verb::Disable));
}

TEST_CASE(
    "order: identity providers that name each other end the search, and the plan is no cycle") {
  const Plan plan = plan_of(alice_leaves(R"(
{"record":"system","id":"a","kind":"idp","federated_by":["b"]}
{"record":"system","id":"b","kind":"idp","federated_by":["a"]}
{"record":"account","id":"a:alice","system":"a","holder":"alice"}
{"record":"account","id":"b:alice","system":"b","holder":"alice"})",
                                         {rule("leaver", {"leaver"}, {disable()})}));
  CHECK(wrong_order(plan) == "");
  CHECK(plan.residual_access.empty());
}

TEST_CASE("order O5: the account is disabled before its rights go") {
  const Plan plan = leaver_plan(std::string(kCrm), {disable(), strip()});
  CHECK(weakly_after(step_of(plan, "crm:r1", Verb::Remove),
                     step_of(plan, "crm:alice", Verb::Disable)));
}

TEST_CASE("order O5: a connector may declare another order inside its accounts") {
  PlanOptions options;
  options.systems["crm"] = {.connector = "rest",
                            .version = "1",
                            .endpoint = "",
                            .acts_as = "",
                            .verbs = {{.verb = Verb::Disable, .kind = Kind::Account},
                                      {.verb = Verb::Disable, .kind = Kind::Secret},
                                      {.verb = Verb::Revoke, .kind = Kind::Session}},
                            .enumerable = {},
                            .order_inside_account = {Kind::Secret, Kind::Account, Kind::Session}};
  Clause codes{.verb = Verb::Disable, .kinds = Kind::Secret, .within = minutes(15)};
  const Plan plan = leaver_plan(std::string(kCrm) + R"(
{"record":"secret","id":"crm:codes","system":"crm","holder":"alice","account":"crm:alice"})",
                                {disable(), revoke(), codes}, options);
  const PlanStep& account = step_of(plan, "crm:alice", Verb::Disable);
  CHECK(weakly_after(account, step_of(plan, "crm:codes", Verb::Disable)));
  CHECK(weakly_after(step_of(plan, "crm:s1", Verb::Revoke), account));
}

TEST_CASE("order O6: data is kept safe before the license that carries it is given back") {
  const Plan plan = leaver_plan(std::string(kCrm), {disable(), hand_over(), release()});
  CHECK(strongly_after(step_of(plan, "crm:seat", Verb::Remove),
                       step_of(plan, "crm:box", Verb::Transfer)));
  CHECK(step_of(plan, "crm:seat", Verb::Remove).reversible == Reversible::Yes);
  CHECK_FALSE(plan.summary.point_of_no_return_at.has_value());
}

TEST_CASE("order O6: leaving a group that carries a license counts as giving the license back") {
  const Plan plan = leaver_plan(std::string(kCrm) + R"(
{"record":"group","id":"crm:g","system":"crm","holder":"alice","account":"crm:alice","name":"staff","carries_license":"seat"})",
                                {disable(), hand_over(), strip()});
  const PlanStep& group = step_of(plan, "crm:g", Verb::Remove);
  CHECK(group.rank == Rank::Release);
  CHECK(strongly_after(group, step_of(plan, "crm:box", Verb::Transfer)));
}

TEST_CASE("order O6: what a planned leaver's data needs is done before another event takes it") {
  Organisation organisation = alice_leaves(
      std::string(kCrm),
      {rule("leaver", {"leaver"}, {disable(), hand_over()}), rule("risk", {"risk"}, {release()})});
  organisation.events[0].when = "2026-01-12T17:00:00Z";
  organisation.events.push_back({.type = "risk", .subject = "alice"});
  const Plan plan = plan_of(organisation);
  CHECK(wrong_order(plan) == "");
  CHECK(plan.infeasible.empty());
  CHECK(step_of(plan, "crm:box", Verb::Transfer).not_before ==
        step_of(plan, "crm:seat", Verb::Remove).not_before);
  CHECK(step_of(plan, "crm:alice", Verb::Disable).not_before == at("2026-01-12T17:00:00Z"));
}

TEST_CASE("order: a license that would take unsaved data with it marks the point of no return") {
  const Plan plan = leaver_plan(std::string(kCrm), {disable(), release()});
  CHECK(step_of(plan, "crm:seat", Verb::Remove).reversible == Reversible::Never);
  CHECK(plan.summary.point_of_no_return_at == at(kNow));
}

TEST_CASE("order O8: a machine's successor is delivered before the old credential is disabled") {
  const std::string records = R"(
{"record":"identity","id":"bot","kind":"service","owner":["alice"]}
{"record":"identity","id":"job","kind":"service","owner":["alice"]}
{"record":"api_key","id":"db:bot","system":"db","holder":"bot","dependents":["job"],"known_to":[]}
{"record":"api_key","id":"db:job","system":"db","holder":"job","dependents":["bot"],"known_to":[]})";
  const Clause replace{.verb = Verb::Replace, .kinds = Kind::ApiKey, .within = days(1)};
  const Clause off{.verb = Verb::Disable, .kinds = Kind::ApiKey, .within = days(2)};
  SUBCASE("in a cycle all are delivered, then all are disabled") {
    const Plan plan = leaver_plan(records, {replace, off});
    for (const std::string_view old : {"db:bot", "db:job"}) {
      for (const std::string_view successor : {"db:bot", "db:job"}) {
        CHECK(strongly_after(step_of(plan, old, Verb::Disable),
                             step_of(plan, successor, Verb::Replace)));
      }
    }
  }
  SUBCASE("what the leaver knows is contained now, with no overlap") {
    std::string known = records;
    const std::string none = R"("dependents":["job"],"known_to":[])";
    known.replace(known.find(none), none.size(), R"("dependents":["job"],"known_to":["alice"])");
    const Plan plan = leaver_plan(known, {replace, off});
    CHECK_FALSE(comes_before(plan, step_of(plan, "db:bot", Verb::Replace),
                             step_of(plan, "db:bot", Verb::Disable)));
  }
  SUBCASE("a person who has to approve the successor does not hold up containment") {
    Clause approved = replace;
    approved.approved_by = {"bob"};
    const Plan plan = leaver_plan(records, {approved, off});
    CHECK(step_of(plan, "db:bot", Verb::Disable).strong_after.empty());
  }
}

TEST_CASE("order O8: for a planned leaver the successor is prepared before the last day") {
  Organisation organisation =
      alice_leaves(R"(
{"record":"identity","id":"bot","kind":"service","owner":["alice"]}
{"record":"api_key","id":"db:bot","system":"db","holder":"bot","dependents":[],"known_to":["alice"]})",
                   {rule("machines", {"owner_left"},
                         {{.verb = Verb::Replace, .kinds = Kind::ApiKey, .within = days(1)},
                          {.verb = Verb::Disable, .kinds = Kind::ApiKey, .within = days(1)}})});
  organisation.events[0].when = "2026-01-12T17:00:00Z";
  const Plan plan = plan_of(organisation);
  CHECK(step_of(plan, "db:bot", Verb::Replace).not_before == at(kNow));
  CHECK(step_of(plan, "db:bot", Verb::Replace).deadline == at("2026-01-12T17:00:00Z"));
  CHECK(step_of(plan, "db:bot", Verb::Disable).not_before == at("2026-01-12T17:00:00Z"));
}

TEST_CASE("order O9: the last one in charge hands over first, and leavers do not count") {
  const std::string role = R"(
{"record":"role","id":"crm:a","system":"crm","holder":"alice","name":"Admin","privileged":true}
{"record":"account","id":"crm:alice","system":"crm","holder":"alice"})";
  const auto gate = [](const Plan& plan) { return step_of(plan, "crm:a", Verb::Remove).gate; };
  const Plan alone = leaver_plan(role, {disable(), strip()});
  REQUIRE(gate(alone).has_value());
  CHECK(gate(alone)->kind == "handover");
  CHECK(alone.needs_person.size() == 1);
  CHECK_FALSE(step_of(alone, "crm:alice", Verb::Disable).gate.has_value());
  const std::string other = role + R"(
{"record":"role","id":"crm:c","system":"crm","holder":"carol","name":"Admin","privileged":true})";
  CHECK_FALSE(gate(leaver_plan(other, {disable(), strip()})).has_value());
  Organisation both = alice_leaves(other, {rule("leaver", {"leaver"}, {disable(), strip()})});
  both.events.push_back({.type = "leaver", .subject = "carol", .when = "2026-02-01T17:00:00Z"});
  CHECK(gate(plan_of(both)).has_value());
}

TEST_CASE("order O10: the credential through which a connector acts is not cut off under it") {
  const std::string records = R"(
{"record":"api_key","id":"db:own","system":"db","holder":"alice","known_to":[],"dependents":[]}
{"record":"role","id":"db:r","system":"db","holder":"alice","name":"reader"})";
  PlanOptions options;
  options.systems["db"] = {.connector = "postgres",
                           .version = "1",
                           .endpoint = "",
                           .acts_as = "db:own",
                           .verbs = {{.verb = Verb::Disable, .kind = Kind::ApiKey},
                                     {.verb = Verb::Replace, .kind = Kind::ApiKey},
                                     {.verb = Verb::Remove, .kind = Kind::Role}},
                           .enumerable = {},
                           .order_inside_account = {}};
  const Clause off{.verb = Verb::Disable, .kinds = Kind::ApiKey, .within = minutes(15)};
  SUBCASE("without a second one a person is needed and the path stays") {
    const Plan plan = leaver_plan(records, {off, strip()}, options);
    CHECK(find_step(plan, "db:own", Verb::Disable) == nullptr);
    REQUIRE(plan.needs_person.size() == 1);
    CHECK(plan.needs_person[0].why.find("acts through it") != std::string::npos);
    CHECK(plan.residual_access.size() == 1);
    CHECK(find_step(plan, "db:r", Verb::Remove) != nullptr);
  }
  SUBCASE("with one it goes after it") {
    const Plan plan = leaver_plan(
        records, {off, strip(), {.verb = Verb::Replace, .kinds = Kind::ApiKey}}, options);
    CHECK(strongly_after(step_of(plan, "db:own", Verb::Disable),
                         step_of(plan, "db:own", Verb::Replace)));
  }
}

TEST_CASE("order O11: what is checked out is checked in, then rotated") {
  const Plan plan =
      leaver_plan(R"(
{"record":"account","id":"db:alice","system":"db","holder":"alice"}
{"record":"checkout","id":"db:co","system":"db","holder":"alice","account":"db:alice"}
{"record":"secret","id":"db:root","system":"db","holder":"alice","account":"db:alice","known_to":["alice"]})",
                  {{.verb = Verb::Revoke, .kinds = Kind::Checkout, .within = minutes(5)},
                   {.verb = Verb::Rotate, .kinds = Kind::Secret, .within = minutes(15)}});
  CHECK(weakly_after(step_of(plan, "db:root", Verb::Rotate), step_of(plan, "db:co", Verb::Revoke)));
}

TEST_CASE(
    "order O12: destruction waits for everything of its item and account, and for its parts") {
  const Plan plan = leaver_plan(std::string(kCrm),
                                {disable(),
                                 revoke(),
                                 strip(),
                                 hand_over(),
                                 release(),
                                 deletion(),
                                 {.verb = Verb::Delete, .kinds = Kind::Data, .after = days(40)}});
  const PlanStep& end = step_of(plan, "crm:alice", Verb::Delete);
  for (const PlanStep& step : plan.steps) {
    if (step.id != end.id && !step.item.empty()) {
      CHECK_MESSAGE(comes_before(plan, step, end), step.item);
    }
  }
  CHECK(strongly_after(end, step_of(plan, "crm:box", Verb::Delete)));
}

TEST_CASE("order: where a provisioner pushes accounts the disable is repeated after the root's") {
  const Plan plan = leaver_plan(R"(
{"record":"system","id":"hub","kind":"idp","pushes_to":["crm"]}
{"record":"account","id":"hub:alice","system":"hub","holder":"alice"}
{"record":"account","id":"crm:alice","system":"crm","holder":"alice"})",
                                {disable()});
  const PlanStep& again = step_of(plan, "crm:alice", Verb::Disable, "", 2);
  CHECK(again.rank == Rank::Sweep);
  CHECK(weakly_after(again, step_of(plan, "hub:alice", Verb::Disable)));
  CHECK(weakly_after(again, step_of(plan, "crm:alice", Verb::Disable)));
  CHECK(weakly_after(step_of(plan, "crm:alice", Verb::Revoke, "sweep"), again));
  CHECK(find_step(plan, "hub:alice", Verb::Disable, "", 2) == nullptr);
}

TEST_CASE("order: a deadline before a predecessor can be done is infeasible, and said so") {
  Clause early = release();
  Clause late = hand_over();
  late.after = days(3);
  late.within = days(4);
  const Plan plan = leaver_plan(std::string(kCrm), {disable(), late, early});
  REQUIRE(plan.infeasible.size() == 1);
  CHECK(plan.infeasible[0].step == step_of(plan, "crm:seat", Verb::Remove).id);
  CHECK(plan.infeasible[0].why.find("waits for `transfer crm:box`") != std::string::npos);
  CHECK_FALSE(plan.complete);
}

}  // namespace rescind::test
