// Runs put back as they were left: after another took over, beside another that holds the same
// items, and after they went on while the undo was read.
#include <algorithm>

#include "tests/support/company.h"
#include "tests/unit/workflow/desk.h"
#include "workflow/plan_undo_of_run.h"

namespace rescind::testing {
namespace {

bool notes_say(const Plan& plan, std::string_view part) {
  return std::any_of(plan.notes.begin(), plan.notes.end(),
                     [&](const std::string& note) { return note.find(part) != std::string::npos; });
}

std::size_t standing(Store& store, const std::string& item) {
  const auto claims = must(store.list_claims(item));
  return static_cast<std::size_t>(
      std::count_if(claims.begin(), claims.end(),
                    [](const ContainmentClaim& claim) { return !claim.released_at; }));
}

RunState state_of_run(Store& store, const std::string& run) {
  return must(store.find_run(run))->state;
}

Result<Plan> plan_undo(Desk& desk, const std::string& run) {
  return plan_undo_of_run(desk.plan_request({}), desk.facts({"crm", "aws"}), run);
}

RunReport put_back(Desk& desk, const std::string& run) {
  const Plan undo = must(plan_undo(desk, run));
  return must(execute_plan(undo, *desk.office.store, desk.connectors, desk.clock, desk.options));
}

// The company's next plan, of another event and with no steps yet.
void next_plan(Company& company, const std::string& lineage) {
  company.plan.steps.clear();
  company.plan.as_of = company.clock.now();
  company.plan.expires_at = company.clock.now() + Seconds(86400);
  company.plan.undoes.clear();
  company.plan.event_lineages.front() = lineage;
}

PlanStep& disable(Company& company, const std::string& lineage) {
  PlanStep& step = company.step("disable " + lineage, Verb::Disable, Kind::Account, "crm:alice");
  Reason reason;
  reason.cause = lineage;
  step.reasons.push_back(reason);
  return step;
}

Result<Plan> plan_undo(Company& company, const std::string& run) {
  PlanRequest request;
  request.as_of = company.clock.now();
  request.store = company.store.get();
  request.steward = "desk";
  return plan_undo_of_run(
      request, collect_inventory_from_text("", std::make_shared<Schema>(builtin_schema())), run);
}

Result<RunReport> try_put_back(Company& company, const Plan& undo) {
  return execute_plan(undo, *company.store, company.connectors, company.clock, company.options);
}

bool is_enabled(Company& company) {
  return company.describe().find("crm:alice account present enabled") != std::string::npos;
}

}  // namespace

TEST_CASE("undo of a run: what a superseded run did is put back with the run that took over") {
  Desk desk;
  const RunReport first = desk.apply(leaver());
  REQUIRE(desk.effects("disable", "crm:alice") == 1);
  Event moved = leaver();
  moved.revision = 2;
  moved.at += 5 * kDay;
  desk.facts({"crm", "aws"});
  const RunReport second = desk.apply(moved);
  REQUIRE(state_of_run(*desk.office.store, first.run) == RunState::Superseded);
  REQUIRE(find_step(desk.last_plan, "crm:alice", Verb::Disable) == nullptr);

  const auto refused = plan_undo(desk, first.run);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().kind() == ErrorKind::Conflict);
  CHECK(refused.error().message() == first.run + " goes on in " + second.run +
                                         ", with what it did: `rescind undo " + second.run +
                                         "` puts both back");

  const Plan undo = must(plan_undo(desk, second.run));
  const PlanStep* restore = find_step(undo, "crm:alice", Verb::Restore);
  REQUIRE(restore != nullptr);
  CHECK(restore->restores_run == first.run);
  put_back(desk, second.run);
  CHECK(desk.effects("undone", "crm:alice") == 1);
  CHECK(standing(*desk.office.store, "crm:alice") == 0);
  CHECK(state_of_run(*desk.office.store, second.run) == RunState::Undone);
  CHECK(state_of_run(*desk.office.store, first.run) == RunState::Superseded);
  const auto steps = must(desk.office.store->list_steps(first.run));
  CHECK(std::count_if(steps.begin(), steps.end(),
                      [](const StepRecord& step) { return step.state == StepState::Undone; }) == 1);
  const auto again = plan_undo(desk, first.run);
  REQUIRE_FALSE(again.has_value());
  CHECK(again.error().message() ==
        first.run + " goes on in " + second.run + ", which is undone already");
}

TEST_CASE("undo of a run: what two runs hold comes back with the second one, in either order") {
  Company company;
  const std::string leaving = "leaver/alice@hr:1#1";
  const std::string risk = "risk/alice@siem:2#1";
  next_plan(company, leaving);
  disable(company, leaving);
  const std::string first = company.apply().run;
  next_plan(company, risk);
  disable(company, risk);
  const std::string second = company.apply().run;
  REQUIRE(standing(*company.store, "crm:alice") == 2);
  REQUIRE_FALSE(is_enabled(company));
  std::vector<std::string> order{first, second};
  SUBCASE("the older first") {}
  SUBCASE("the newer first") {
    std::swap(order[0], order[1]);
  }
  const Plan held = must(plan_undo(company, order[0]));
  CHECK(find_step(held, "crm:alice", Verb::Restore) == nullptr);
  CHECK(notes_say(held, "crm:alice stays contained: by "));
  must(try_put_back(company, held));
  CHECK(standing(*company.store, "crm:alice") == 1);
  CHECK_FALSE(is_enabled(company));
  const Plan last = must(plan_undo(company, order[1]));
  REQUIRE(find_step(last, "crm:alice", Verb::Restore) != nullptr);
  CHECK(find_step(last, "crm:alice", Verb::Restore)->restores_run == first);
  must(try_put_back(company, last));
  CHECK(standing(*company.store, "crm:alice") == 0);
  CHECK(is_enabled(company));
  CHECK(state_of_run(*company.store, first) == RunState::Undone);
  CHECK(state_of_run(*company.store, second) == RunState::Undone);
}

TEST_CASE("undo of a run: of two undos that each leave an item to the other one is planned again") {
  Company company;
  const std::string leaving = "leaver/alice@hr:1#1";
  const std::string risk = "risk/alice@siem:2#1";
  next_plan(company, leaving);
  disable(company, leaving);
  const std::string first = company.apply().run;
  next_plan(company, risk);
  disable(company, risk);
  const std::string second = company.apply().run;
  const Plan one = must(plan_undo(company, first));
  const Plan other = must(plan_undo(company, second));
  must(try_put_back(company, one));
  const auto stale = try_put_back(company, other);
  REQUIRE_FALSE(stale.has_value());
  CHECK(stale.error().kind() == ErrorKind::Conflict);
  CHECK(stale.error().message() ==
        "crm:alice is not held by leaver/alice@hr:1 any more; plan again");
  CHECK(state_of_run(*company.store, second) != RunState::Undoing);
  must(try_put_back(company, must(plan_undo(company, second))));
  CHECK(is_enabled(company));
  CHECK(standing(*company.store, "crm:alice") == 0);
}

TEST_CASE("undo of a run: one that is being put back already says by which run") {
  Company company;
  const std::string leaving = "leaver/alice@hr:1#1";
  next_plan(company, leaving);
  disable(company, leaving);
  const std::string run = company.apply().run;
  const Plan undo = must(plan_undo(company, run));
  const std::string risk = "risk/alice@siem:2#1";
  next_plan(company, risk);
  disable(company, risk);
  company.apply();
  const std::string by = must(try_put_back(company, undo)).run;
  REQUIRE(state_of_run(*company.store, run) == RunState::Undoing);
  const auto again = plan_undo(company, run);
  REQUIRE_FALSE(again.has_value());
  CHECK(again.error().message().starts_with(run + " is undoing already, by " + by + ": "));
}

TEST_CASE("undo of a run: one that went on since the undo was planned is planned again") {
  Company company;
  const std::string leaving = "leaver/alice@hr:1#1";
  next_plan(company, leaving);
  disable(company, leaving);
  company.step("role", Verb::Remove, Kind::Role, "crm:r-1").not_before =
      company.clock.now() + Seconds(3600);
  company.options.patience = Seconds(0);
  const std::string run = company.apply().run;
  const Plan early = must(plan_undo(company, run));
  company.clock.sleep_for(Seconds(3600));
  REQUIRE(state_of(company.resume(run), "role") == StepState::Verified);

  const auto stale = try_put_back(company, early);
  REQUIRE_FALSE(stale.has_value());
  CHECK(stale.error().kind() == ErrorKind::Conflict);
  CHECK(stale.error().message() == run + " went on since this was planned; plan again");
  CHECK(state_of_run(*company.store, run) != RunState::Undoing);
  CHECK_FALSE(is_enabled(company));

  const Plan fresh = must(plan_undo(company, run));
  CHECK(find_step(fresh, "crm:r-1", Verb::Restore) != nullptr);
  must(try_put_back(company, fresh));
  CHECK(state_of_run(*company.store, run) == RunState::Undone);
  CHECK(is_enabled(company));
  CHECK(company.effect_count("undone", "crm:r-1") == 1);
}

TEST_CASE("undo of a run: an event that joined a retirement holds the item as well") {
  Desk desk;
  REQUIRE(desk.world->seed(
      R"({"record":"api_key","id":"aws:ab","system":"aws","holder":"alice-bot","native_id":"ab","created":"2025-01-01T00:00:00Z"})"));
  REQUIRE(*desk.world->use_item("aws:ab", "billing", desk.clock.now() - Seconds(3600)));
  const RunReport first = desk.apply(leaver());
  const Event orphaned = make_event("orphaned", "aws:ab", "2026-01-05T17:00:00Z", "2");
  std::string second;
  SUBCASE("before it was contained") {
    second = desk.apply(orphaned).run;
    desk.advance_after(kDay + Seconds(3600));
  }
  SUBCASE("after it was contained") {
    desk.advance_after(kDay + Seconds(3600));
    REQUIRE(desk.effects("disable", "aws:ab") == 1);
    second = desk.apply(orphaned).run;
  }
  REQUIRE(desk.effects("disable", "aws:ab") == 1);
  CHECK(standing(*desk.office.store, "aws:ab") == 2);

  // What came later joins the retirement that is worked, and not the one that follows it.
  const std::string worked = must(desk.office.store->list_retirements(first.run)).front().id;
  desk.apply(make_event("orphaned", "aws:ab", "2026-01-05T18:00:00Z", "3"));
  for (const PlannedRetirement& planned : desk.last_plan.retirements) {
    CHECK(planned.joins == worked);
  }

  put_back(desk, first.run);
  CHECK(desk.effects("undone", "aws:ab") == 0);
  CHECK(desk.effects("undone", "crm:alice") == 1);
  const auto runs = must(desk.office.store->list_runs());
  for (const RunRecord& run : runs) {
    if (run.undoes.empty() && run.state != RunState::Superseded && run.state != RunState::Undone) {
      put_back(desk, run.id);
    }
  }
  CHECK(standing(*desk.office.store, "aws:ab") == 0);
  CHECK(desk.effects("undone", "aws:ab") == 1);
}

}  // namespace rescind::testing
