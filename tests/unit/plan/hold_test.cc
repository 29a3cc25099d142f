// Holds and limits: what they keep from happening, and what they leave alone.
#include <doctest/doctest.h>

#include "records.h"

namespace rescind::test {
namespace {

constexpr std::string_view kMail = R"(
{"record":"account","id":"mail:alice","system":"mail","holder":"alice"}
{"record":"license","id":"mail:seat","system":"mail","holder":"alice","account":"mail:alice","name":"seat"}
{"record":"data","id":"mail:box","system":"mail","holder":"alice","account":"mail:alice","license":"mail:seat"}
{"record":"group","id":"mail:staff","system":"mail","holder":"alice","account":"mail:alice","name":"staff","carries_license":"seat"}
)";

std::vector<Rule> rules() {
  return {rule(
      "leaver", {"leaver"},
      {{.verb = Verb::Disable, .kinds = Kind::Account, .within = minutes(15)},
       {.verb = Verb::Remove, .kinds = KindSet(Kind::License) | Kind::Group, .within = days(2)},
       {.verb = Verb::Delete, .kinds = Kind::Data, .within = days(12), .after = days(10)},
       {.verb = Verb::Delete, .kinds = Kind::Account, .after = days(30)}})};
}

Plan held(Hold hold) {
  Organisation organisation = alice_leaves(std::string(kMail), rules());
  organisation.holds = {std::move(hold)};
  return plan_of(organisation);
}

}  // namespace

TEST_CASE("hold: until lifted protects the data and whatever would take it along") {
  const Plan plan = held({.name = "litigation", .verbs = {Verb::Delete}, .item = "mail:box"});
  for (const std::string_view item : {"mail:box", "mail:alice"}) {
    CHECK(find_step(plan, item, Verb::Delete) == nullptr);
  }
  CHECK(find_step(plan, "mail:seat", Verb::Remove) == nullptr);
  CHECK(find_step(plan, "mail:staff", Verb::Remove) == nullptr);
  CHECK(find_step(plan, "mail:alice", Verb::Disable) != nullptr);
  REQUIRE(plan.protected_items.size() == 4);
  CHECK(plan.protected_items[0].hold == "test.litigation");
  CHECK(plan.protected_items[0].ordered_by == "legal");
  CHECK(plan.protected_items[0].because.find("it would take mail:box with it") !=
        std::string::npos);
  CHECK(plan.complete);
}

TEST_CASE("hold: until an instant postpones, names the end and moves the deadline along") {
  const Instant end = at("2026-06-30T12:00:00Z");
  const Plan plan =
      held({.name = "litigation", .verbs = {Verb::Delete}, .item = "mail:box", .until = end});
  const PlanStep* step = find_step(plan, "mail:box", Verb::Delete);
  REQUIRE(step != nullptr);
  CHECK(step->not_before == end);
  CHECK(step->deadline == end + days(2));
  REQUIRE(step->gate.has_value());
  CHECK(step->gate->kind == "hold");
  CHECK(step->appointment);
  CHECK(plan.postponed.size() == 4);
  for (const StepNote& note : plan.infeasible) {
    CHECK(note.step != step->id);
  }
}

TEST_CASE("hold: what ends before a step could start does not touch it") {
  const Plan plan = held({.name = "short",
                          .verbs = {Verb::Delete},
                          .item = "mail:box",
                          .until = at("2026-01-08T00:00:00Z")});
  CHECK_FALSE(find_step(plan, "mail:box", Verb::Delete)->gate.has_value());
  CHECK(find_step(plan, "mail:box", Verb::Delete)->not_before == at(kNow) + days(10));
}

TEST_CASE("hold: one that has ended does not hold what could have started before") {
  const Plan plan = held({.name = "past",
                          .verbs = {Verb::Disable},
                          .item = "mail:alice",
                          .until = at(kNow),
                          .even_containment = true});
  CHECK_FALSE(find_step(plan, "mail:alice", Verb::Disable)->gate.has_value());
  CHECK(plan.postponed.empty());
}

TEST_CASE("hold: containment is held only by a hold that says so") {
  Hold hold{.name = "trap", .verbs = {Verb::Disable, Verb::Delete}, .item = "mail:alice"};
  const Plan without = held(hold);
  CHECK(find_step(without, "mail:alice", Verb::Disable) != nullptr);
  hold.even_containment = true;
  const Plan with_it = held(hold);
  CHECK(find_step(with_it, "mail:alice", Verb::Disable) == nullptr);
  CHECK_FALSE(with_it.residual_access.empty());
}

TEST_CASE(
    "hold: what only contains goes on when a long hold ends, what destroys is decided again") {
  const Plan plan = held({.name = "trap",
                          .verbs = {Verb::Disable, Verb::Delete},
                          .item = "mail:alice",
                          .until = at("2026-06-30T12:00:00Z"),
                          .even_containment = true});
  const PlanStep* disable = find_step(plan, "mail:alice", Verb::Disable);
  REQUIRE(disable != nullptr);
  REQUIRE(disable->gate.has_value());
  CHECK(disable->gate->kind == "hold");
  CHECK_FALSE(disable->appointment);
  CHECK(find_step(plan, "mail:alice", Verb::Delete)->appointment);
}

TEST_CASE("hold: one in doubt holds against what cannot be taken back, and nothing else") {
  const Plan plan = held({.name = "doubt",
                          .verbs = {Verb::Disable, Verb::Delete},
                          .item = "mail:alice",
                          .even_containment = true,
                          .unknown = true});
  CHECK(find_step(plan, "mail:alice", Verb::Disable) != nullptr);
  CHECK(find_step(plan, "mail:alice", Verb::Delete) == nullptr);
}

TEST_CASE("hold: approvals of a deletion bind the license that would destroy the same data") {
  Organisation organisation = alice_leaves(
      std::string(kMail), {rule("leaver", {"leaver"},
                                {{.verb = Verb::Remove, .kinds = Kind::License, .within = days(2)},
                                 {.verb = Verb::Delete,
                                  .kinds = Kind::Data,
                                  .after = days(10),
                                  .approved_by = {"carol"}}})});
  const Plan plan = plan_of(organisation);
  const PlanStep* seat = find_step(plan, "mail:seat", Verb::Remove);
  REQUIRE(seat != nullptr);
  REQUIRE(seat->approvals.size() == 1);
  CHECK(seat->approvals[0].by == std::vector<std::string>{"carol"});
  CHECK(seat->not_before == at(kNow) + days(10));
  CHECK(plan.infeasible.size() == 1);
}

TEST_CASE("limit: excess waits behind a gate in whole subjects; sessions are still cut") {
  std::string records;
  std::vector<Report> events;
  for (const std::string name : {"p1", "p2", "p3"}) {
    records += R"({"record":"identity","id":")" + name + R"(","kind":"employee"})" + "\n";
    for (const std::string number : {"a", "b"}) {
      records += R"({"record":"account","id":"crm:)" + name + number +
                 R"(","system":"crm","holder":")" + name + "\"}\n";
    }
    records += R"({"record":"session","id":"crm:s-)" + name + R"(","system":"crm","holder":")" +
               name + R"(","account":"crm:)" + name + "a\"}\n";
    events.push_back({.type = "leaver", .subject = name});
  }
  Organisation organisation{
      .records = with(records),
      .rules = {rule("leaver", {"leaver"},
                     {{.verb = Verb::Disable, .kinds = Kind::Account, .within = minutes(15)},
                      {.verb = Verb::Revoke, .kinds = Kind::Session, .within = minutes(5)}})},
      .limits = {{.name = "mass",
                  .verbs = {Verb::Disable},
                  .kinds = Kind::Account,
                  .count = 2,
                  .per_system = true}},
      .events = events};
  PlanOptions options;
  options.limit_used[{"test.mass", "crm"}] = 1;
  const Plan plan = plan_of(organisation, options);
  for (const std::string_view item : {"crm:p1a", "crm:p1b"}) {
    CHECK_FALSE(find_step(plan, item, Verb::Disable)->gate.has_value());
    CHECK(find_step(plan, item, Verb::Disable)->limits.size() == 1);
  }
  for (const std::string_view item : {"crm:p2a", "crm:p2b", "crm:p3a", "crm:p3b"}) {
    REQUIRE(find_step(plan, item, Verb::Disable)->gate.has_value());
    CHECK(find_step(plan, item, Verb::Disable)->gate->text == "limit test.mass");
  }
  for (const PlanStep& step : plan.steps) {
    CHECK((step.kind != "session" || !step.gate));
  }
  REQUIRE(plan.limits.size() == 1);
  CHECK(plan.limits[0].used == 2);
  CHECK(plan.limits[0].allowed == 2);
  CHECK(plan.limits[0].tripped);
  CHECK_FALSE(plan.complete);
}

TEST_CASE("limit: a percentage counts items of the kind in the system, the greater bound counts") {
  std::string records;
  for (int i = 0; i < 40; ++i) {
    records += R"({"record":"account","id":"crm:x)" + std::to_string(i) +
               R"(","system":"crm","holder":"bob"})" + "\n";
  }
  Organisation organisation = alice_leaves(
      records + R"({"record":"account","id":"crm:alice","system":"crm","holder":"alice"})",
      {rule("leaver", {"leaver"},
            {{.verb = Verb::Disable, .kinds = Kind::Account, .within = minutes(15)}})});
  organisation.limits = {{.name = "mass",
                          .verbs = {Verb::Disable},
                          .kinds = Kind::Account,
                          .count = 3,
                          .percent = 20,
                          .per_system = true}};
  const Plan plan = plan_of(organisation);
  REQUIRE(plan.limits.size() == 1);
  CHECK(plan.limits[0].allowed == 8);
  CHECK_FALSE(plan.limits[0].tripped);
  CHECK(plan.complete);
}

}  // namespace rescind::test
