// Staged retirement in a plan: which steps stand in which stage, what they wait for, and what stays
// with the rules.
#include <algorithm>

#include <doctest/doctest.h>

#include "records.h"

namespace rescind::test {
namespace {

const std::string kMachine = R"({"record":"identity","id":"bot","kind":"service","owner":["alice"]}
{"record":"identity","id":"billing","kind":"service","owner":["carol"]}
{"record":"api_key","id":"db:key","system":"db","holder":"bot","dependents":["billing"]}
{"record":"coverage","system":"db","kinds":["api_key"],"since":"2025-01-01T00:00:00Z","until":"2026-01-05T17:00:00Z","source":"audit"}
)";

Retire four_stages() {
  return {.name = "credential",
          .on = {"owner_left", "orphaned", "exposed"},
          .kinds = Kind::ApiKey,
          .stages =
              {{.name = "replace",
                .actions = {{.verb = Verb::Replace}, {.verb = Verb::Notify, .to = {"carol"}}},
                .gate = "delivered",
                .within = days(2)},
               {.name = "drain", .gate = "idle for 24h", .within = days(7), .otherwise = {"carol"}},
               {.name = "quarantine",
                .actions = {{.verb = Verb::Disable}},
                .soak = days(14),
                .return_to = 1},
               {.name = "delete", .actions = {{.verb = Verb::Delete}}, .approved_by = {"carol"}}},
          .escalate = {"carol"}};
}

Organisation orphaned() {
  return {.records = with(kMachine),
          .rules = {},
          .retires = {four_stages()},
          .events = {{.type = "orphaned", .subject = "db:key"}}};
}

const PlannedStage& stage(const Plan& plan, std::size_t i) {
  REQUIRE(plan.retirements.size() == 1);
  REQUIRE(plan.retirements[0].stages.size() > i);
  return plan.retirements[0].stages[i];
}

bool says(const std::vector<PersonNote>& notes, std::string_view item, std::string_view part) {
  return std::any_of(notes.begin(), notes.end(), [&](const PersonNote& note) {
    return note.item == item && note.why.find(part) != std::string::npos;
  });
}

}  // namespace

TEST_CASE("retire: every stage has its steps, and a gate says what the later ones wait for") {
  const Plan plan = plan_of(orphaned());
  REQUIRE(plan.retirements.size() == 1);
  const PlannedRetirement& retirement = plan.retirements[0];
  CHECK(retirement.retire == "test.credential");
  CHECK(retirement.start == "replace");
  CHECK(retirement.item == "db:key");
  const PlanStep* replace = find_step(plan, "db:key", Verb::Replace);
  const PlanStep* disable = find_step(plan, "db:key", Verb::Disable);
  const PlanStep* destroy = find_step(plan, "db:key", Verb::Delete);
  REQUIRE(replace != nullptr);
  REQUIRE(disable != nullptr);
  REQUIRE(destroy != nullptr);
  for (const PlanStep* step : {replace, disable, destroy}) {
    CHECK(step->retirement == retirement.id);
    CHECK(step->generation == 1);
    CHECK(step->escalate == std::vector<std::vector<std::string>>{{"carol"}, {"oncall"}});
    REQUIRE(step->reasons.size() == 1);
    CHECK(step->reasons[0].rule == "test.credential");
  }
  CHECK(replace->stage == "replace");
  CHECK_FALSE(replace->gate.has_value());
  CHECK(replace->not_before == at(kNow));
  CHECK(replace->deadline == at(kNow) + days(2));
  CHECK(disable->stage == "quarantine");
  REQUIRE(disable->gate.has_value());
  CHECK(disable->gate->kind == "stage");
  CHECK(disable->gate->text == "stage drain: idle for 24h");
  CHECK(destroy->gate->text == "stage quarantine, soak 14d");
  CHECK(destroy->appointment);
  CHECK(destroy->not_before == at(kNow) + days(14));
  REQUIRE(destroy->approvals.size() == 1);
  CHECK(destroy->approvals[0].by == std::vector<std::string>{"carol"});
  CHECK(stage(plan, 2).on_use_return_to == "drain");
  CHECK(stage(plan, 3).approvals.size() == 1);
  CHECK(plan.needs_person.empty());
  CHECK(wrong_order(plan) == "");
}

TEST_CASE("retire: stages have no edges among each other, but the state is captured before any") {
  const Plan plan = plan_of(orphaned());
  const PlanStep* capture = find_step(plan, "db:key", Verb::Restore, "capture");
  REQUIRE(capture != nullptr);
  CHECK(capture->stage == "");
  const PlanStep* disable = find_step(plan, "db:key", Verb::Disable);
  const PlanStep* destroy = find_step(plan, "db:key", Verb::Delete);
  CHECK(weakly_after(*disable, *capture));
  CHECK(strongly_after(*destroy, *capture));
  CHECK_FALSE(comes_before(plan, *find_step(plan, "db:key", Verb::Replace), *disable));
  CHECK_FALSE(comes_before(plan, *disable, *destroy));
}

TEST_CASE("retire: rules on the same event leave the item to it, except `even if staged`") {
  Organisation organisation = orphaned();
  organisation.rules = {rule("r", {"orphaned"},
                             {{.verb = Verb::Disable, .kinds = Kind::ApiKey, .within = hours(1)}})};
  Plan plan = plan_of(organisation);
  CHECK(find_step(plan, "db:key", Verb::Disable)->stage == "quarantine");
  const auto decision = std::find_if(plan.decisions.begin(), plan.decisions.end(),
                                     [](const PlanDecision& d) { return d.verb == "disable"; });
  REQUIRE(decision != plan.decisions.end());
  CHECK(decision->outcome == Outcome::Staged);
  CHECK(decision->reasons.size() == 2);

  organisation.rules[0].clauses[0].verb = Verb::Rotate;
  organisation.rules[0].clauses[0].even_if_staged = true;
  plan = plan_of(organisation);
  const PlanStep* rotate = find_step(plan, "db:key", Verb::Rotate);
  REQUIRE(rotate != nullptr);
  CHECK(rotate->stage == "");
  CHECK(rotate->deadline == at(kNow) + hours(1));
  CHECK_FALSE(comes_before(plan, *find_step(plan, "db:key", Verb::Replace), *rotate));
}

TEST_CASE("retire: a rule on another event still acts on the item") {
  Organisation organisation = orphaned();
  organisation.events.push_back({.type = "exposed", .subject = "db:key"});
  organisation.retires[0].on = {"orphaned"};
  organisation.rules = {rule("leak", {"exposed"},
                             {{.verb = Verb::Rotate, .kinds = Kind::ApiKey, .within = hours(1)}})};
  const Plan plan = plan_of(organisation);
  REQUIRE(find_step(plan, "db:key", Verb::Rotate) != nullptr);
  CHECK(find_step(plan, "db:key", Verb::Rotate)->stage == "");
}

TEST_CASE(
    "retire: merging rule 7, what the leaver knows begins at containment, and rules act now") {
  Organisation organisation = orphaned();
  organisation.records = with(
      R"({"record":"identity","id":"bot","kind":"service","owner":["alice"]}
{"record":"api_key","id":"db:key","system":"db","holder":"bot","known_to":["alice"]}
{"record":"coverage","system":"db","kinds":["api_key"],"since":"2025-01-01T00:00:00Z","until":"2026-01-05T17:00:00Z","source":"audit"}
)");
  organisation.events = {{.type = "leaver", .subject = "alice"}};
  Plan plan = plan_of(organisation);
  REQUIRE(plan.retirements.size() == 1);
  CHECK(plan.retirements[0].start == "quarantine");
  const PlanStep* disable = find_step(plan, "db:key", Verb::Disable);
  REQUIRE(disable != nullptr);
  CHECK_FALSE(disable->gate.has_value());
  CHECK(disable->not_before == at(kNow));
  CHECK(find_step(plan, "db:key", Verb::Replace) == nullptr);

  organisation.rules = {rule("r", {"owner_left"},
                             {{.verb = Verb::Rotate, .kinds = Kind::ApiKey, .within = hours(1)}})};
  plan = plan_of(organisation);
  REQUIRE(find_step(plan, "db:key", Verb::Rotate) != nullptr);
  CHECK(find_step(plan, "db:key", Verb::Rotate)->stage == "");
}

TEST_CASE("retire: two retirements of one item are undetermined, and it is contained meanwhile") {
  Organisation organisation = orphaned();
  Retire other = four_stages();
  other.name = "other";
  organisation.retires.push_back(other);
  organisation.rules = {
      rule("r", {"orphaned"}, {{.verb = Verb::Delete, .kinds = Kind::ApiKey, .after = days(1)}})};
  const Plan plan = plan_of(organisation);
  CHECK(plan.retirements.empty());
  REQUIRE(plan.undetermined.size() == 1);
  CHECK(plan.undetermined[0].why ==
        "more than one retirement takes it: test.credential, test.other");
  const PlanStep* disable = find_step(plan, "db:key", Verb::Disable);
  REQUIRE(disable != nullptr);
  CHECK(disable->implied);
  CHECK(disable->not_before == at(kNow));
  CHECK(find_step(plan, "db:key", Verb::Delete) == nullptr);
  CHECK_FALSE(plan.complete);
}

TEST_CASE("retire: in doubt nothing is staged; a risk is contained all the same") {
  Organisation organisation = orphaned();
  organisation.retires[0].unknown = true;
  Plan plan = plan_of(organisation);
  CHECK(plan.retirements.empty());
  CHECK(plan.undetermined.size() == 1);
  CHECK(find_step(plan, "db:key", Verb::Disable) == nullptr);
  organisation.events[0].type = "exposed";
  plan = plan_of(organisation);
  REQUIRE(find_step(plan, "db:key", Verb::Disable) != nullptr);
  CHECK(find_step(plan, "db:key", Verb::Disable)->implied);
}

TEST_CASE("retire: `enter … within` gives the containing steps a deadline, past ones are due now") {
  Organisation organisation = orphaned();
  organisation.retires[0].enter = {2, hours(1)};
  Plan plan = plan_of(organisation);
  CHECK(plan.retirements[0].enter_by.at("quarantine") == at(kNow) + hours(1));
  CHECK(find_step(plan, "db:key", Verb::Disable)->deadline == at(kNow) + hours(1));
  organisation.events[0].when = "2026-01-01T00:00:00Z";
  organisation.events[0].arrived = std::string(kNow);
  plan = plan_of(organisation);
  const PlanStep* disable = find_step(plan, "db:key", Verb::Disable);
  CHECK(disable->deadline == at(kNow));
  CHECK(disable->overdue_at_arrival);
  // What arrives late deletes no earlier for it.
  CHECK(find_step(plan, "db:key", Verb::Delete)->not_before == at(kNow) + days(14));
}

TEST_CASE("retire: a start at a later stage leaves out the steps before it") {
  Organisation organisation = orphaned();
  organisation.retires[0].start = 2;
  const Plan plan = plan_of(organisation);
  CHECK(plan.retirements[0].start == "quarantine");
  CHECK(plan.retirements[0].stages.size() == 4);
  CHECK(find_step(plan, "db:key", Verb::Replace) == nullptr);
  CHECK(find_step(plan, "carol", Verb::Notify) == nullptr);
  CHECK_FALSE(find_step(plan, "db:key", Verb::Disable)->gate.has_value());
}

TEST_CASE("retire: a hold on deleting postpones the stage, or takes its step out, visibly") {
  Organisation organisation = orphaned();
  organisation.holds = {{.name = "case",
                         .verbs = {Verb::Delete},
                         .item = "db:key",
                         .until = at("2026-06-30T00:00:00Z")}};
  Plan plan = plan_of(organisation);
  const PlanStep* destroy = find_step(plan, "db:key", Verb::Delete);
  REQUIRE(destroy != nullptr);
  CHECK(destroy->not_before == at("2026-06-30T00:00:00Z"));
  CHECK(destroy->gate->kind == "hold");
  CHECK(destroy->appointment);
  CHECK(plan.postponed.size() == 1);
  CHECK(stage(plan, 3).missing.empty());

  organisation.holds[0].until.reset();
  plan = plan_of(organisation);
  CHECK(find_step(plan, "db:key", Verb::Delete) == nullptr);
  CHECK(plan.protected_items.size() == 1);
  CHECK(stage(plan, 3).missing ==
        std::vector<std::string>{"delete: hold test.case until it is lifted"});
}

TEST_CASE(
    "retire: what the system cannot do needs a person, and without containment nothing goes") {
  Organisation organisation = orphaned();
  organisation.records =
      with(R"({"record":"system","id":"vault","kind":"secrets","supports":["delete"]}
{"record":"identity","id":"bot","kind":"service","owner":["alice"]}
{"record":"api_key","id":"db:key","system":"vault","holder":"bot"}
)");
  PlanOptions options;
  options.systems["vault"].verbs = {{.verb = Verb::Delete, .kind = Kind::ApiKey}};
  const Plan plan = plan_of(organisation, options);
  CHECK(find_step(plan, "db:key", Verb::Replace) == nullptr);
  CHECK(find_step(plan, "db:key", Verb::Disable) == nullptr);
  CHECK(find_step(plan, "db:key", Verb::Delete) == nullptr);
  CHECK(stage(plan, 0).missing ==
        std::vector<std::string>{"replace: vault cannot replace this api_key"});
  CHECK(stage(plan, 2).missing.size() == 1);
  CHECK(stage(plan, 3).missing == std::vector<std::string>{"delete: nothing contains it before"});
  CHECK(says(plan.needs_person, "db:key", "stage `quarantine` cannot disable it"));
}

TEST_CASE("retire: where a system cannot disable, the stage contains by the next best") {
  PlanOptions options;
  options.systems["db"].verbs = {{.verb = Verb::Replace, .kind = Kind::ApiKey},
                                 {.verb = Verb::Rotate, .kind = Kind::ApiKey},
                                 {.verb = Verb::Delete, .kind = Kind::ApiKey}};
  const Plan plan = plan_of(orphaned(), options);
  const PlanStep* rotate = find_step(plan, "db:key", Verb::Rotate);
  REQUIRE(rotate != nullptr);
  CHECK(rotate->stage == "quarantine");
  CHECK(rotate->implied);
  CHECK(find_step(plan, "db:key", Verb::Delete) != nullptr);
}

TEST_CASE("retire: nobody to approve leaves the stage without its step") {
  Organisation organisation = orphaned();
  organisation.events = {{.type = "leaver", .subject = "alice"}};
  organisation.retires[0].stages[3].approved_by = {"alice"};
  PlanOptions options;
  options.steward = "alice";
  const Plan plan = plan_of(organisation, options);
  CHECK(find_step(plan, "db:key", Verb::Delete) == nullptr);
  CHECK(stage(plan, 3).missing ==
        std::vector<std::string>{"delete: nobody is there to approve it"});
}

TEST_CASE("retire: a gate on use that nothing reports is said when planning") {
  Organisation organisation = orphaned();
  organisation.records = with(R"({"record":"identity","id":"bot","kind":"service","owner":["alice"]}
{"record":"api_key","id":"db:key","system":"db","holder":"bot","dependents":["billing"]}
{"record":"identity","id":"billing","kind":"service"}
)");
  Plan plan = plan_of(organisation);
  CHECK(says(plan.needs_person, "db:key",
             "stage `drain` cannot end by itself: nothing reports the use of api_key on db"));
  CHECK(plan.needs_person[0].who == "carol");
  PlanOptions options;
  options.systems["db"].verbs = {{.verb = Verb::Disable, .kind = Kind::ApiKey}};
  options.systems["db"].evidence = Kind::ApiKey;
  plan = plan_of(organisation, options);
  CHECK_FALSE(says(plan.needs_person, "db:key", "cannot end by itself"));
}

TEST_CASE("retire: a second cause joins with the furthest stage and the earliest deadline") {
  Organisation organisation = orphaned();
  organisation.events.push_back({.type = "exposed", .subject = "db:key"});
  const Plan plan = plan_of(organisation);
  REQUIRE(plan.retirements.size() == 1);
  CHECK(plan.retirements[0].reasons.size() == 2);
  CHECK(find_step(plan, "db:key", Verb::Disable)->reasons.size() == 2);
}

TEST_CASE("retire: an open retirement is joined without planning its steps again") {
  PlanOptions options;
  RetirementRecord open;
  open.id = "retirement:0000000000000001";
  open.run = "run:1";
  open.item = "db:key";
  open.retire = "test.credential";
  open.stage = "drain";
  options.open_retirement = [&open](const std::string& item) {
    return item == open.item ? std::optional<RetirementRecord>(open) : std::nullopt;
  };
  Plan plan = plan_of(orphaned(), options);
  REQUIRE(plan.retirements.size() == 1);
  CHECK(plan.retirements[0].joins == "retirement:0000000000000001");
  CHECK(plan.retirements[0].start == "drain");
  CHECK(plan.steps.empty());

  // One whose run this plan takes over goes on under its own id, where it stands.
  options.continued_runs = {"run:1"};
  open.generation = 2;
  plan = plan_of(orphaned(), options);
  CHECK(plan.retirements[0].id == "retirement:0000000000000001");
  CHECK(plan.retirements[0].joins == "");
  CHECK(find_step(plan, "db:key", Verb::Replace, "", 2) == nullptr);
  REQUIRE(find_step(plan, "db:key", Verb::Disable, "", 2) != nullptr);

  open.retire = "test.another";
  plan = plan_of(orphaned(), options);
  CHECK(plan.undetermined.size() == 1);
}

TEST_CASE("retire: an event that is planned again leaves its retirement to the run that works it") {
  const Plan first = plan_of(orphaned());
  REQUIRE(first.retirements.size() == 1);
  PlanOptions options;
  RetirementRecord open;
  open.id = first.retirements[0].id;
  open.run = "run:1";
  open.item = "db:key";
  open.retire = first.retirements[0].retire;
  open.stage = first.retirements[0].start;
  options.open_retirement = [&open](const std::string& item) {
    return item == open.item ? std::optional<RetirementRecord>(open) : std::nullopt;
  };
  const Plan again = plan_of(orphaned(), options);
  CHECK(again.retirements.empty());
  CHECK(again.steps.empty());
}

TEST_CASE("retire: for a planned leaver the successor is made before the last day") {
  Organisation organisation = orphaned();
  organisation.events = {{.type = "leaver",
                          .subject = "alice",
                          .when = "2026-01-31T17:00:00Z",
                          .arrived = "2026-01-04T00:00:00Z"}};
  const Plan plan = plan_of(organisation);
  CHECK(find_step(plan, "db:key", Verb::Replace)->not_before == at("2026-01-04T00:00:00Z"));
  CHECK(find_step(plan, "db:key", Verb::Disable)->not_before == at("2026-01-31T17:00:00Z"));
}

TEST_CASE("retire: O8, who depends on a machine has its own successor before the old one is cut") {
  Organisation organisation = orphaned();
  organisation.records = with(R"({"record":"identity","id":"bot","kind":"service","owner":["alice"]}
{"record":"identity","id":"billing","kind":"service","owner":["alice"]}
{"record":"api_key","id":"db:key","system":"db","holder":"bot","dependents":["billing"]}
{"record":"api_key","id":"crm:key","system":"crm","holder":"billing","dependents":["bot"]}
)");
  organisation.events = {{.type = "leaver", .subject = "alice"}};
  const Plan plan = plan_of(organisation);
  const PlanStep* disable = find_step(plan, "db:key", Verb::Disable);
  REQUIRE(disable != nullptr);
  CHECK(strongly_after(*disable, *find_step(plan, "crm:key", Verb::Replace)));
  CHECK(wrong_order(plan) == "");
}

TEST_CASE("retire: another stage, generation or revision names a step as it should") {
  Organisation organisation = orphaned();
  const Plan plan = plan_of(organisation);
  organisation.retires[0].stages[2].name = "isolate";
  const Plan renamed = plan_of(organisation);
  CHECK(find_step(plan, "db:key", Verb::Disable)->id !=
        find_step(renamed, "db:key", Verb::Disable)->id);
  CHECK(find_step(plan, "db:key", Verb::Delete)->id ==
        find_step(renamed, "db:key", Verb::Delete)->id);
}

}  // namespace rescind::test
