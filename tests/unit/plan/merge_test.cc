// Merging: what several rules and causes say of one item and verb becomes one step.
#include <doctest/doctest.h>

#include "records.h"

namespace rescind::test {
namespace {

constexpr std::string_view kAccount =
    R"({"record":"account","id":"crm:alice","system":"crm","holder":"alice"})";

}  // namespace

TEST_CASE("merge: of two containing clauses the earliest start and the earliest deadline count") {
  const Plan plan = plan_of(alice_leaves(
      std::string(kAccount),
      {rule("a", {"leaver"}, {{.verb = Verb::Disable, .kinds = Kind::Account, .within = hours(1)}}),
       rule("b", {"leaver"},
            {{.verb = Verb::Disable,
              .kinds = Kind::Account,
              .within = hours(9),
              .after = hours(2)}}),
       rule("c", {"leaver"},
            {{.verb = Verb::Disable,
              .kinds = Kind::Account,
              .within = minutes(5),
              .after = minutes(2)}})}));
  const PlanStep* step = find_step(plan, "crm:alice", Verb::Disable);
  REQUIRE(step != nullptr);
  CHECK(step->not_before == at(kNow));
  CHECK(step->deadline == at("2026-01-05T17:05:00Z"));
  CHECK(step->reasons.size() == 3);
  CHECK(step->reasons[0].rule == "test.a");
  CHECK(step->reasons[0].file == "policies/test.rescind");
  CHECK(step->reasons[0].because == "because of a");
  CHECK(plan.complete);
}

TEST_CASE("merge: an approval asked by one rule never delays what another orders without it") {
  Clause approved{
      .verb = Verb::Disable, .kinds = Kind::Account, .within = hours(1), .approved_by = {"bob"}};
  Clause later{
      .verb = Verb::Disable, .kinds = Kind::Account, .within = hours(4), .after = hours(2)};
  const Plan both = plan_of(alice_leaves(
      std::string(kAccount), {rule("a", {"leaver"}, {approved}), rule("b", {"leaver"}, {later})}));
  const PlanStep* step = find_step(both, "crm:alice", Verb::Disable);
  REQUIRE(step != nullptr);
  CHECK(step->approvals.empty());
  CHECK(step->not_before == at("2026-01-05T19:00:00Z"));
  REQUIRE(step->alternatives.size() == 1);
  CHECK(step->alternatives[0].not_before == at(kNow));
  CHECK(step->alternatives[0].approvals[0].by == std::vector<std::string>{"bob"});
  // An unapproved clause that starts as early makes the approval pointless.
  later.after = {};
  const Plan plain = plan_of(alice_leaves(
      std::string(kAccount), {rule("a", {"leaver"}, {approved}), rule("b", {"leaver"}, {later})}));
  CHECK(find_step(plain, "crm:alice", Verb::Disable)->alternatives.empty());
}

TEST_CASE("merge: destruction takes the latest start, the longest slack and every approval") {
  const Plan plan = plan_of(
      alice_leaves(std::string(kAccount),
                   {rule("a", {"leaver"},
                         {{.verb = Verb::Disable, .kinds = Kind::Account, .within = minutes(15)},
                          {.verb = Verb::Delete,
                           .kinds = Kind::Account,
                           .within = days(31),
                           .after = days(30),
                           .approved_by = {"carol"}}}),
                    rule("b", {"leaver"},
                         {{.verb = Verb::Delete,
                           .kinds = Kind::Account,
                           .within = days(12),
                           .after = days(10),
                           .approved_by = {"bob"}}})}));
  const PlanStep* step = find_step(plan, "crm:alice", Verb::Delete);
  REQUIRE(step != nullptr);
  CHECK(step->not_before == at(kNow) + days(30));
  CHECK(step->deadline == at(kNow) + days(32));
  CHECK(step->soak == days(30));
  CHECK(step->approvals.size() == 2);
  CHECK(step->appointment);
  CHECK(step->reversible == Reversible::Never);
  CHECK(plan.summary.point_of_no_return_at == step->not_before);
}

TEST_CASE("merge: a way that needs an approval is in time, though another one comes later") {
  const Clause approved{
      .verb = Verb::Disable, .kinds = Kind::Account, .within = minutes(15), .approved_by = {"bob"}};
  const Clause planned{.verb = Verb::Disable, .kinds = Kind::Account, .within = hours(1)};
  Organisation both = alice_leaves(std::string(kAccount), {rule("risk", {"risk"}, {approved}),
                                                           rule("out", {"leaver"}, {planned})});
  both.events[0].when = "2026-01-20T17:00:00Z";
  both.events[0].arrived = std::string(kNow);
  both.events.push_back({.type = "risk", .subject = "alice"});
  const Plan plan = plan_of(both);
  const PlanStep* disable = find_step(plan, "crm:alice", Verb::Disable);
  REQUIRE(disable != nullptr);
  CHECK(disable->alternatives.size() == 1);
  CHECK(plan.infeasible.empty());
  CHECK(plan.complete);
}

TEST_CASE("merge: an event that arrives 40 days late contains now and never deletes on arrival") {
  Organisation late =
      alice_leaves(std::string(kAccount),
                   {rule("a", {"leaver"},
                         {{.verb = Verb::Disable, .kinds = Kind::Account, .within = minutes(15)},
                          {.verb = Verb::Delete, .kinds = Kind::Account, .after = days(30)}})});
  late.events[0].when = "2025-11-26T17:00:00Z";
  late.events[0].arrived = std::string(kNow);
  const Plan plan = plan_of(late);
  const PlanStep* disable = find_step(plan, "crm:alice", Verb::Disable);
  REQUIRE(disable != nullptr);
  CHECK(disable->overdue_at_arrival);
  CHECK(disable->deadline == at(kNow));
  CHECK(plan.infeasible.empty());
  CHECK(find_step(plan, "crm:alice", Verb::Delete)->not_before == at(kNow) + days(30));
  REQUIRE(plan.notes.size() == 1);
  CHECK(plan.notes[0].find("overdue at arrival") != std::string::npos);
}

TEST_CASE(
    "merge: what is destroyed is contained, at once on departure, with the approvals on hygiene") {
  const Clause deletion{
      .verb = Verb::Delete, .kinds = Kind::Account, .after = days(30), .approved_by = {"bob"}};
  SUBCASE("departure") {
    const Plan plan =
        plan_of(alice_leaves(std::string(kAccount), {rule("a", {"leaver"}, {deletion})}));
    const PlanStep* disable = find_step(plan, "crm:alice", Verb::Disable);
    REQUIRE(disable != nullptr);
    CHECK(disable->implied);
    CHECK(disable->approvals.empty());
    CHECK(disable->not_before == at(kNow));
  }
  SUBCASE("hygiene") {
    Organisation unused = alice_leaves(std::string(kAccount), {rule("a", {"unused"}, {deletion})});
    unused.events = {{.type = "unused", .subject = "crm:alice"}};
    const Plan plan = plan_of(unused);
    const PlanStep* disable = find_step(plan, "crm:alice", Verb::Disable);
    REQUIRE(disable != nullptr);
    CHECK(disable->implied);
    CHECK(disable->approvals.size() == 1);
  }
  SUBCASE("an explicit disable is enough") {
    const Plan plan = plan_of(alice_leaves(
        std::string(kAccount),
        {rule(
            "a", {"leaver"},
            {deletion, {.verb = Verb::Disable, .kinds = Kind::Account, .within = minutes(15)}})}));
    CHECK_FALSE(find_step(plan, "crm:alice", Verb::Disable)->implied);
    CHECK(find_step(plan, "crm:alice", Verb::Disable)->reasons.size() == 1);
  }
}

TEST_CASE(
    "merge: where the system cannot disable, the next best contains; else a person is needed") {
  PlanOptions options;
  SystemCapabilities crm{.connector = "rest",
                         .version = "1",
                         .endpoint = "https://crm",
                         .acts_as = "",
                         .verbs = {{.verb = Verb::Lock, .kind = Kind::Account}},
                         .enumerable = {},
                         .order_inside_account = {}};
  const Organisation organisation = alice_leaves(
      std::string(kAccount),
      {rule("a", {"leaver"},
            {{.verb = Verb::Disable, .kinds = Kind::Account, .within = minutes(15)}})});
  SUBCASE("lock") {
    options.systems["crm"] = crm;
    const Plan plan = plan_of(organisation, options);
    const PlanStep* lock = find_step(plan, "crm:alice", Verb::Lock);
    REQUIRE(lock != nullptr);
    CHECK(lock->implied);
    CHECK(lock->deadline == at("2026-01-05T17:15:00Z"));
    CHECK(lock->reasons[0].because == "crm cannot disable this account");
  }
  SUBCASE("a disable that destroys is destruction, and something else contains") {
    crm.verbs.push_back(
        {.verb = Verb::Disable, .kind = Kind::Account, .effects = Effect::Destroys});
    options.systems["crm"] = crm;
    const Plan plan = plan_of(organisation, options);
    CHECK(find_step(plan, "crm:alice", Verb::Disable)->rank == Rank::Destroy);
    CHECK(find_step(plan, "crm:alice", Verb::Lock)->rank == Rank::Contain);
  }
  SUBCASE("nothing") {
    crm.verbs.clear();
    options.systems["crm"] = crm;
    const Plan plan = plan_of(organisation, options);
    CHECK(plan.steps.empty());
    REQUIRE(plan.needs_person.size() == 1);
    CHECK(plan.needs_person[0].who == "oncall");
    REQUIRE(plan.residual_access.size() == 1);
    CHECK(plan.residual_access[0].path.back() == "account crm:alice");
  }
  SUBCASE("the inventory says so and no connector is there") {
    Organisation listed = organisation;
    listed.records += R"(
{"record":"system","id":"old","kind":"saas","supports":["lock"]}
{"record":"account","id":"old:alice","system":"old","holder":"alice"})";
    const Plan plan = plan_of(listed);
    CHECK(find_step(plan, "old:alice", Verb::Lock) != nullptr);
    CHECK(find_step(plan, "old:alice", Verb::Disable) == nullptr);
  }
}

TEST_CASE(
    "merge: two receivers for one thing are a conflict for a person, and nothing is lost "
    "meanwhile") {
  const Plan plan = plan_of(alice_leaves(
      R"({"record":"data","id":"mail:box","system":"mail","holder":"alice"})",
      {rule("a", {"leaver"},
            {{.verb = Verb::Transfer, .kinds = Kind::Data, .within = days(1), .to = {"bob"}}}),
       rule("b", {"leaver"},
            {{.verb = Verb::Transfer, .kinds = Kind::Data, .within = days(1), .to = {"carol"}},
             {.verb = Verb::Delete, .kinds = Kind::Data, .after = days(9)}})}));
  CHECK(plan.steps.empty());
  REQUIRE(plan.needs_person.size() == 2);
  CHECK(plan.needs_person[0].why.find("`delete` waits") != std::string::npos);
  CHECK(plan.needs_person[1].why == "rules name different receivers: bob, carol");
}

TEST_CASE("merge: removing beats narrowing, unless narrowing can come earlier") {
  const std::string role =
      R"({"record":"role","id":"crm:admin","system":"crm","holder":"alice","name":"Admin","level":"admin"})";
  const Clause narrow{
      .verb = Verb::Narrow, .kinds = Kind::Role, .within = minutes(5), .text = "member"};
  Clause removal{.verb = Verb::Remove, .kinds = Kind::Role, .within = hours(1)};
  SUBCASE("one step, the earlier deadline") {
    const Plan plan = plan_of(alice_leaves(role, {rule("a", {"leaver"}, {narrow, removal})}));
    CHECK(find_step(plan, "crm:admin", Verb::Narrow) == nullptr);
    CHECK(find_step(plan, "crm:admin", Verb::Remove)->deadline == at("2026-01-05T17:05:00Z"));
    CHECK(find_step(plan, "crm:admin", Verb::Remove)->reasons.size() == 2);
  }
  SUBCASE("a removal that waits for approval leaves the narrowing in place") {
    removal.approved_by = {"bob"};
    const Plan plan = plan_of(alice_leaves(role, {rule("a", {"leaver"}, {narrow, removal})}));
    CHECK(find_step(plan, "crm:admin", Verb::Narrow) != nullptr);
    CHECK(find_step(plan, "crm:admin", Verb::Remove) != nullptr);
  }
  SUBCASE("two levels are a conflict") {
    Clause other = narrow;
    other.text = "viewer";
    const Plan plan = plan_of(
        alice_leaves(role, {rule("a", {"leaver"}, {narrow}), rule("b", {"leaver"}, {other})}));
    CHECK(plan.steps.empty());
    CHECK(plan.needs_person.size() == 1);
  }
}

TEST_CASE("merge: approvers and receivers are never the subject, a leaver or somebody inactive") {
  const std::string data = R"({"record":"data","id":"mail:box","system":"mail","holder":"alice"}
{"record":"identity","id":"eve","kind":"employee","status":"suspended"})";
  const auto target = [&](std::vector<std::string> to, std::vector<Report> more) {
    Organisation organisation = alice_leaves(data, {rule("a", {"leaver"},
                                                         {{.verb = Verb::Transfer,
                                                           .kinds = Kind::Data,
                                                           .within = days(1),
                                                           .to = std::move(to)}})});
    organisation.events.insert(organisation.events.end(), more.begin(), more.end());
    const Plan plan = plan_of(organisation);
    const PlanStep* step = find_step(plan, "mail:box", Verb::Transfer);
    return step == nullptr ? std::string("nobody") : step->target;
  };
  CHECK(target({"bob"}, {}) == "bob");
  CHECK(target({"alice"}, {}) == "oncall");
  CHECK(target({"eve"}, {}) == "oncall");
  CHECK(target({"bob"}, {{.type = "leaver", .subject = "bob", .when = "2026-03-01T17:00:00Z"}}) ==
        "oncall");
  // A team may while somebody in it may.
  CHECK(target({"security"}, {}) == "security");
  CHECK(target({"security"}, {{.type = "leaver", .subject = "carol"}}) == "oncall");
}

TEST_CASE("merge: with nobody left in the chain a person is needed") {
  Organisation organisation =
      alice_leaves(R"({"record":"data","id":"mail:box","system":"mail","holder":"alice"})",
                   {rule("a", {"leaver"},
                         {{.verb = Verb::Transfer, .kinds = Kind::Data, .to = {"alice"}},
                          {.verb = Verb::Delete, .kinds = Kind::Data, .approved_by = {"alice"}}})});
  PlanOptions options;
  options.steward = "alice";
  const Plan plan = plan_of(organisation, options);
  CHECK(plan.steps.empty());
  CHECK(plan.needs_person.size() == 2);
}

TEST_CASE(
    "merge: a clause in doubt leaves the item undetermined, except containment on a risk event") {
  const Clause doubtful{
      .verb = Verb::Disable, .kinds = Kind::Account, .within = minutes(5), .unknown = true};
  Organisation organisation =
      alice_leaves(std::string(kAccount), {rule("a", {"leaver", "risk"}, {doubtful})});
  CHECK(plan_of(organisation).steps.empty());
  REQUIRE(plan_of(organisation).undetermined.size() == 1);
  CHECK_FALSE(plan_of(organisation).complete);
  organisation.events = {{.type = "risk", .subject = "alice"}};
  const Plan risky = plan_of(organisation);
  CHECK(find_step(risky, "crm:alice", Verb::Disable) != nullptr);
}

TEST_CASE("merge: an item whose records contradict each other is undetermined for every verb") {
  Organisation organisation = alice_leaves(
      std::string(kAccount),
      {rule("a", {"leaver"},
            {{.verb = Verb::Disable, .kinds = Kind::Account, .within = minutes(15)}})});
  organisation.uncertain = {"crm:alice"};
  const Plan plan = plan_of(organisation);
  CHECK(plan.steps.empty());
  REQUIRE(plan.undetermined.size() == 1);
  CHECK(plan.undetermined[0].why == "two records differ");
}

TEST_CASE("merge: what no rule speaks of after a leaver is uncovered") {
  const Plan plan = plan_of(alice_leaves(
      std::string(kAccount) + R"(
{"record":"license","id":"crm:seat","system":"crm","holder":"alice"})",
      {rule("a", {"leaver"},
            {{.verb = Verb::Disable, .kinds = Kind::Account, .within = minutes(15)}})}));
  REQUIRE(plan.uncovered.size() == 1);
  CHECK(plan.uncovered[0].item == "crm:seat");
  CHECK_FALSE(plan.complete);
}

TEST_CASE("merge: what is so already gives no step, and a settled step is not planned again") {
  const std::vector<Rule> rules{
      rule("a", {"leaver"},
           {{.verb = Verb::Disable, .kinds = Kind::Account, .within = minutes(15)},
            {.verb = Verb::Notify, .kinds = {}, .to = {"bob"}}})};
  const std::string disabled =
      R"({"record":"account","id":"crm:alice","system":"crm","holder":"alice","enabled":false})";
  const Plan first = plan_of(alice_leaves(disabled, rules));
  REQUIRE(first.steps.size() == 1);
  CHECK(first.steps[0].verb == Verb::Notify);
  CHECK(first.steps[0].target == "bob");
  CHECK(first.steps[0].holder == "alice");
  PlanOptions options;
  options.is_settled = [&](const std::string& step) { return step == first.steps[0].id; };
  CHECK(plan_of(alice_leaves(disabled, rules), options).steps.empty());
}

TEST_CASE("merge: a step keeps its id when another cause of the same event drops out") {
  const std::vector<Rule> rules{
      rule("machines", {"owner_left", "knower_left"},
           {{.verb = Verb::Rotate, .kinds = Kind::ApiKey, .within = hours(24)}})};
  const auto records = [](const std::string& owner) {
    return R"({"record":"identity","id":"ci-bot","kind":"service","owner":[")" + owner + R"("]}
{"record":"api_key","id":"crm:key","system":"crm","holder":"ci-bot","dependents":[],"known_to":["alice"]})";
  };
  const Plan first = plan_of(alice_leaves(records("alice"), rules));
  REQUIRE(first.steps.size() == 2);  // the capture and the rotation
  PlanOptions options;
  options.is_settled = [&](const std::string& step) { return step == first.steps[1].id; };
  // The machine has been handed over meanwhile; alice knew the value, and it has been rotated.
  CHECK(plan_of(alice_leaves(records("bob"), rules), options).steps.empty());
}

TEST_CASE("merge: a settled step closes its path though it is not planned again") {
  const std::vector<Rule> rules{
      rule("a", {"leaver"}, {{.verb = Verb::Lock, .kinds = Kind::Device, .within = minutes(15)}})};
  const std::string device =
      R"({"record":"device","id":"crm:laptop","system":"crm","holder":"alice"})";
  const Plan first = plan_of(alice_leaves(device, rules));
  REQUIRE(first.residual_access.empty());
  PlanOptions options;
  options.is_settled = [](const std::string&) { return true; };
  const Plan second = plan_of(alice_leaves(device, rules), options);
  CHECK(second.steps.empty());
  CHECK(second.residual_access.empty());
}

TEST_CASE("merge: several causes of one subject are decided together and joined in one step") {
  Organisation organisation = alice_leaves(
      std::string(kAccount),
      {rule("a", {"leaver"}, {{.verb = Verb::Disable, .kinds = Kind::Account, .within = hours(8)}}),
       rule("b", {"risk"},
            {{.verb = Verb::Disable, .kinds = Kind::Account, .within = minutes(5)}})});
  organisation.events[0].when = "2026-01-09T17:00:00Z";
  organisation.events.push_back({.type = "risk", .subject = "alice"});
  const Plan plan = plan_of(organisation);
  const PlanStep* step = find_step(plan, "crm:alice", Verb::Disable);
  REQUIRE(step != nullptr);
  CHECK(step->not_before == at(kNow));
  CHECK(step->deadline == at("2026-01-05T17:05:00Z"));
  CHECK(step->reasons.size() == 2);
}

TEST_CASE(
    "merge: a system with thousands of accounts is planned in time that grows with them, not "
    "faster") {
  std::string records = R"({"record":"system","id":"big","kind":"saas"})" + std::string("\n");
  const int accounts = 3000;
  for (int i = 0; i < accounts; ++i) {
    records += R"({"record":"account","id":"big:)" + std::to_string(i) +
               R"(","system":"big","holder":"bob"})" + "\n";
  }
  Organisation organisation = alice_leaves(
      records, {rule("shut", {"decommission"},
                     {{.verb = Verb::Delete, .kinds = Kind::Account, .after = days(30)}})});
  organisation.events = {{.type = "decommission", .subject = "big"}};
  const Plan plan = plan_of(organisation);
  // A capture, an implied disable, a sweep and the deletion of each.
  CHECK(plan.steps.size() == 4U * accounts);
  CHECK(wrong_order(plan) == "");
  std::size_t edges = 0;
  for (const PlanStep& step : plan.steps) {
    edges += step.after.size() + step.strong_after.size();
  }
  CHECK(edges <= 8U * accounts);
}

TEST_CASE("merge: the escalation chain ends with the steward and never names the subject") {
  Organisation organisation = alice_leaves(
      std::string(kAccount),
      {{.name = "a",
        .on = {"leaver"},
        .clauses = {{.verb = Verb::Disable, .kinds = Kind::Account, .within = minutes(15)}},
        .escalate = {{"alice"}, {"bob"}}}});
  const Plan plan = plan_of(organisation);
  const PlanStep* step = find_step(plan, "crm:alice", Verb::Disable);
  REQUIRE(step != nullptr);
  REQUIRE(step->escalate.size() == 2);
  CHECK(step->escalate[0] == std::vector<std::string>{"oncall"});
  CHECK(step->escalate[1] == std::vector<std::string>{"bob"});
}

}  // namespace rescind::test
