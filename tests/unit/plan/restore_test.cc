// Coming back: claims, what is put back from which state, and what is ended again afterwards.
#include <algorithm>

#include <doctest/doctest.h>

#include "plan/step_id.h"
#include "records.h"

namespace rescind::test {
namespace {

const std::string kDisabled =
    R"({"record":"account","id":"crm:alice","system":"crm","holder":"alice","enabled":false}
{"record":"password","id":"crm:alice:pw","system":"crm","holder":"alice","account":"crm:alice"}
)";

StandingChange change(const std::string& cause, const std::string& type, const std::string& subject,
                      std::string_view when, const std::string& run = "run:1") {
  StandingChange out;
  out.claim.item = "crm:alice";
  out.claim.cause = cause;
  out.claim.event_type = type;
  out.claim.subject = subject;
  out.claim.run = run;
  out.claim.step = "step:" + cause;
  out.claim.at = at(when);
  out.captured = true;
  return out;
}

Organisation back(const std::string& event = "leave_end") {
  return {.records = with(kDisabled),
          .rules = {rule("back", {"leave_end", "rehire"},
                         {{.verb = Verb::Restore, .kinds = Kind::Account, .within = hours(4)}})},
          .events = {{.type = event, .subject = "alice"}}};
}

Plan plan_with(const Organisation& organisation, const std::vector<StandingChange>& standing) {
  PlanOptions options;
  options.standing_on = [&standing](const std::string& item) {
    return item == "crm:alice" ? standing : std::vector<StandingChange>();
  };
  return plan_of(organisation, options);
}

bool restores(const Plan& plan) {
  return find_step(plan, "crm:alice", Verb::Restore) != nullptr;
}

bool notes_say(const Plan& plan, std::string_view part) {
  return std::any_of(plan.notes.begin(), plan.notes.end(),
                     [&](const std::string& note) { return note.find(part) != std::string::npos; });
}

}  // namespace

TEST_CASE("restore: back from leave gives back what the leave took, and ends what revives") {
  const Plan plan =
      plan_with(back(), {change("leave", "leave_start", "alice", "2026-01-01T00:00:00Z")});
  const PlanStep* restore = find_step(plan, "crm:alice", Verb::Restore);
  REQUIRE(restore != nullptr);
  CHECK(restore->restores_run == "run:1");
  CHECK(restore->restores_step == "step:leave");
  CHECK(restore->rank == Rank::Prepare);
  CHECK(restore->deadline == at(kNow) + hours(4));
  const PlanStep* sweep = find_step(plan, "crm:alice", Verb::Revoke, "sweep");
  REQUIRE(sweep != nullptr);
  CHECK(strongly_after(*sweep, *restore));
  const PlanStep* rotate = find_step(plan, "crm:alice:pw", Verb::Rotate);
  REQUIRE(rotate != nullptr);
  CHECK(strongly_after(*rotate, *restore));
  CHECK(plan.releases == std::vector<ClaimRelease>{{.item = "crm:alice", .cause = "leave"}});
  CHECK(wrong_order(plan) == "");
}

TEST_CASE("restore: an item stays while another cause holds it, and the note names that") {
  const Plan plan =
      plan_with(back(), {change("leave", "leave_start", "alice", "2026-01-01T00:00:00Z"),
                         change("hacked", "risk", "alice", "2026-01-02T00:00:00Z")});
  CHECK(find_step(plan, "crm:alice", Verb::Restore) == nullptr);
  CHECK(notes_say(plan, "crm:alice stays as it is: hacked still holds it"));
  CHECK(plan.releases == std::vector<ClaimRelease>{{.item = "crm:alice", .cause = "leave"}});
}

TEST_CASE("restore: an absence that ends later drops no claim today") {
  Organisation later = back();
  later.events.front().when = format_instant(at(kNow) + days(14));
  const Plan held =
      plan_with(later, {change("leave", "leave_start", "alice", "2026-01-01T00:00:00Z"),
                        change("hacked", "risk", "alice", "2026-01-02T00:00:00Z")});
  CHECK(held.releases.empty());
  CHECK(std::any_of(held.needs_person.begin(), held.needs_person.end(), [](const PersonNote& note) {
    return note.item == "crm:alice" && note.why.starts_with("plan this again at ");
  }));
  // Where nothing else holds it, the step that gives it back drops the claim when it is done.
  const Plan free =
      plan_with(later, {change("leave", "leave_start", "alice", "2026-01-01T00:00:00Z")});
  REQUIRE(restores(free));
  CHECK(find_step(free, "crm:alice", Verb::Restore)->not_before == at(kNow) + days(14));
  CHECK(free.releases.size() == 1);
}

TEST_CASE("restore: who was hired again gets back what leaving took, who was on leave does not") {
  const std::vector<StandingChange> left = {
      change("left", "leaver", "alice", "2026-01-01T00:00:00Z")};
  CHECK(restores(plan_with(back("rehire"), left)));
  CHECK_FALSE(restores(plan_with(back("leave_end"), left)));
  const std::vector<StandingChange> other = {
      change("left", "leaver", "bob", "2026-01-01T00:00:00Z")};
  CHECK_FALSE(restores(plan_with(back("rehire"), other)));
}

TEST_CASE("restore: the state is that from before the first of the changes that overlap") {
  StandingChange first = change("leave", "leave_start", "alice", "2026-01-01T00:00:00Z");
  first.claim.released_at = at("2026-01-04T00:00:00Z");
  StandingChange long_gone = change("old", "leaver", "alice", "2025-01-01T00:00:00Z");
  long_gone.claim.released_at = at("2025-02-01T00:00:00Z");
  const StandingChange second = change("left", "leaver", "alice", "2026-01-03T00:00:00Z", "run:2");
  const Plan plan = plan_with(back("rehire"), {long_gone, first, second});
  const PlanStep* restore = find_step(plan, "crm:alice", Verb::Restore);
  REQUIRE(restore != nullptr);
  CHECK(restore->restores_step == "step:leave");
  CHECK(plan.releases == std::vector<ClaimRelease>{{.item = "crm:alice", .cause = "left"}});
}

TEST_CASE("restore: without recorded state, or of what cannot be taken back, a person is needed") {
  StandingChange lost = change("leave", "leave_start", "alice", "2026-01-01T00:00:00Z");
  lost.captured = false;
  Plan plan = plan_with(back(), {lost});
  CHECK(find_step(plan, "crm:alice", Verb::Restore) == nullptr);
  REQUIRE(plan.needs_person.size() == 1);
  CHECK(plan.needs_person[0].why == "what it was before is not recorded: put it back by hand");
  lost.captured = true;
  lost.reversible = Reversible::Never;
  CHECK(plan_with(back(), {lost}).needs_person.size() == 1);
  plan = plan_with(back(), {});
  REQUIRE(plan.needs_person.size() == 1);
  CHECK(plan.needs_person[0].why.starts_with("it is disabled, but no run of ours did that"));
}

TEST_CASE("restore: who comes back later still loses access now, but nothing for good") {
  Organisation organisation = alice_leaves(
      R"({"record":"account","id":"crm:alice","system":"crm","holder":"alice"}
)",
      {rule("out", {"leaver"},
            {{.verb = Verb::Disable, .kinds = Kind::Account, .within = hours(1)},
             {.verb = Verb::Delete, .kinds = Kind::Account, .after = days(30)}})});
  const Plan stays_away = plan_of(organisation);
  CHECK(find_step(stays_away, "crm:alice", Verb::Delete) != nullptr);
  organisation.events.push_back({.type = "rehire",
                                 .subject = "alice",
                                 .when = "2026-03-01T00:00:00Z",
                                 .arrived = std::string(kNow)});
  const Plan plan = plan_of(organisation);
  CHECK(find_step(plan, "crm:alice", Verb::Disable) != nullptr);
  CHECK(find_step(plan, "crm:alice", Verb::Delete) == nullptr);
}

TEST_CASE("names: a revision of an event does not rename its steps, another event does") {
  const auto id = [](std::string_view lineage) {
    StepName name;
    name.lineage = lineage;
    name.item = "crm:alice";
    return make_step_id(name);
  };
  CHECK(id("leaver/alice@hr:7#1") == id("leaver/alice@hr:7#2"));
  CHECK(id("leaver/alice@hr:7#1 > owner_left/bot") == id("leaver/alice@hr:7#12 > owner_left/bot"));
  CHECK(id("leaver/alice@hr:7#1") != id("leaver/alice@hr:8#1"));
  CHECK(stable_lineage("leaver/a#x@hr:1#3") == "leaver/a#x@hr:1#1");
  CHECK(stable_lineage("odd") == "odd");
}

TEST_CASE("names: a step that two events want keeps the name that an earlier plan gave it") {
  Organisation organisation = alice_leaves(
      R"({"record":"account","id":"crm:alice","system":"crm","holder":"alice"}
)",
      {rule("out", {"leaver", "contract_end"},
            {{.verb = Verb::Disable, .kinds = Kind::Account, .within = hours(1)}})});
  const Plan before = plan_of(organisation);
  organisation.events.push_back({.type = "contract_end", .subject = "alice"});
  PlanOptions options;
  const Plan fresh = plan_of(organisation, options);
  CHECK(find_step(fresh, "crm:alice", Verb::Disable)->id !=
        find_step(before, "crm:alice", Verb::Disable)->id);
  for (const PlanStep& step : before.steps) {
    options.known_steps.insert(step.id);
  }
  const Plan after = plan_of(organisation, options);
  for (const PlanStep& step : before.steps) {
    CHECK(std::any_of(after.steps.begin(), after.steps.end(),
                      [&](const PlanStep& one) { return one.id == step.id; }));
  }
}

TEST_CASE("restore: what an earlier run contained late is destroyed late, counted from then") {
  const Organisation leaver = {
      .records = with(kDisabled),
      .rules = {rule("out", {"leaver"},
                     {{.verb = Verb::Disable, .kinds = Kind::Account},
                      {.verb = Verb::Delete, .kinds = Kind::Account, .after = days(30)}})},
      .events = {{.type = "leaver",
                  .subject = "alice",
                  .when = "2026-01-01T00:00:00Z",
                  .arrived = "2026-01-01T00:00:00Z"}}};
  const auto deletion = [&](std::vector<StandingChange> standing) {
    const Plan plan = plan_with(leaver, std::move(standing));
    const PlanStep* step = find_step(plan, "crm:alice", Verb::Delete);
    REQUIRE(step != nullptr);
    return step->not_before;
  };
  CHECK(deletion({}) == at("2026-01-31T00:00:00Z"));
  StandingChange late = change("leave", "leaver", "alice", "2026-01-04T00:00:00Z");
  CHECK(deletion({late}) == at("2026-02-03T00:00:00Z"));
  const StandingChange later = change("risk", "risk", "alice", "2026-01-05T00:00:00Z");
  CHECK(deletion({late, later}) == at("2026-02-03T00:00:00Z"));
  late.claim.released_at = at("2026-01-04T12:00:00Z");
  CHECK(deletion({late, later}) == at("2026-02-04T00:00:00Z"));
}

TEST_CASE("restore: what somebody enabled again is contained from today at the earliest") {
  const auto deletion = [](const std::string& enabled, const std::string& listed) {
    Organisation leaver = {
        .records = with(R"({"record":"account","id":"crm:alice","system":"crm","holder":"alice",)"
                        R"("enabled":)" +
                        enabled + "}\n"),
        .rules = {rule("out", {"leaver"},
                       {{.verb = Verb::Disable, .kinds = Kind::Account},
                        {.verb = Verb::Delete, .kinds = Kind::Account, .after = days(30)}})},
        .events = {{.type = "leaver",
                    .subject = "alice",
                    .when = "2026-01-01T00:00:00Z",
                    .arrived = "2026-01-01T00:00:00Z"}}};
    if (!listed.empty()) {
      leaver.listed["crm"] = listed;
    }
    const Plan plan = plan_with(leaver, {change("out", "leaver", "alice", "2026-01-01T00:00:00Z")});
    return find_step(plan, "crm:alice", Verb::Delete)->not_before;
  };
  const Instant counted = at("2026-01-31T00:00:00Z");
  CHECK(deletion("true", "2026-01-02T00:00:00Z") == at(kNow) + days(30));
  CHECK(deletion("true", "2025-12-31T00:00:00Z") == counted);  // from before the containment
  CHECK(deletion("false", "2026-01-02T00:00:00Z") == counted);
  CHECK(deletion("true", "") == counted);  // a file, which may be old
}

}  // namespace rescind::test
