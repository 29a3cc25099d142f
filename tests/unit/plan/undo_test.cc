// Putting a run back: what is reversed in which order, what stays and why.
#include "plan/undo.h"

#include <algorithm>

#include <doctest/doctest.h>

#include "collect/collect_inventory.h"
#include "plan/step_id.h"
#include "records.h"

namespace rescind::test {
namespace {

const std::string kHeld =
    R"({"record":"account","id":"crm:alice","system":"crm","holder":"alice"}
{"record":"session","id":"crm:s","system":"crm","holder":"alice","account":"crm:alice"}
{"record":"role","id":"crm:r","system":"crm","holder":"alice","account":"crm:alice","name":"rep"}
{"record":"password","id":"crm:pw","system":"crm","holder":"alice","account":"crm:alice"}
{"record":"api_key","id":"crm:key","system":"crm","holder":"alice","account":"crm:alice"}
{"record":"data","id":"mail:box","system":"mail","holder":"alice"}
)";

// A run in which everything was done, step by step.
struct Applied {
  Plan plan;
  UndoRequest request;

  Applied() {
    plan = plan_of(alice_leaves(
        kHeld,
        {rule("out", {"leaver"},
              {{.verb = Verb::Revoke, .kinds = Kind::Session, .within = hours(1)},
               {.verb = Verb::Disable,
                .kinds = KindSet(Kind::Account) | Kind::ApiKey,
                .within = hours(1)},
               {.verb = Verb::Remove, .kinds = Kind::Role, .within = hours(1)},
               {.verb = Verb::Transfer, .kinds = Kind::Data, .within = days(1), .to = {"bob"}},
               {.verb = Verb::Delete, .kinds = Kind::Data}})}));
    UndoneRun run;
    run.run = "run:1";
    run.plan = &plan;
    request.now = at(kNow) + days(1);
    request.steward = "oncall";
    std::uint32_t position = 0;
    for (const PlanStep& step : plan.steps) {
      StepRecord record;
      record.run = "run:1";
      record.step = step.id;
      record.position = position;
      record.state = StepState::Verified;
      record.settled_at = at(kNow) + Seconds(position++);
      run.records.push_back(record);
      run.captured.insert(step.id);
      if (step.effects.has(Effect::Contains) && step.reversible != Reversible::Never) {
        request.standing[step.item].push_back(held_by(own_cause(), step, *record.settled_at));
      }
    }
    request.runs = {std::move(run)};
  }

  [[nodiscard]] std::string own_cause() const { return claim_cause(plan.event_lineages.front()); }

  static StandingChange held_by(const std::string& cause, const PlanStep& step, Instant when,
                                const std::string& run = "run:1") {
    StandingChange change;
    change.claim.item = step.item;
    change.claim.cause = cause;
    change.claim.run = run;
    change.claim.step = step.id;
    change.claim.at = when;
    change.verb = step.verb;
    change.captured = true;
    return change;
  }

  const PlanStep& step(std::string_view item, Verb verb) const {
    const PlanStep* found = find_step(plan, item, verb);
    REQUIRE(found != nullptr);
    return *found;
  }

  StepRecord& record(std::string_view item, Verb verb) {
    std::vector<StepRecord>& records = request.runs.front().records;
    return *std::find_if(records.begin(), records.end(),
                         [&](const StepRecord& one) { return one.step == step(item, verb).id; });
  }
};

bool needs(const Plan& plan, std::string_view item, std::string_view part) {
  return std::any_of(plan.needs_person.begin(), plan.needs_person.end(),
                     [&](const PersonNote& note) {
                       return note.item == item && note.why.find(part) != std::string::npos;
                     });
}

bool notes_say(const Plan& plan, std::string_view part) {
  return std::any_of(plan.notes.begin(), plan.notes.end(),
                     [&](const std::string& note) { return note.find(part) != std::string::npos; });
}

}  // namespace

TEST_CASE("undo: the account comes back before what is under it, in one chain") {
  Applied applied;
  const Plan undo = plan_undo(applied.request);
  CHECK(undo.undoes == "run:1");
  CHECK(undo.digest == compute_plan_digest(undo));
  CHECK(decode_plan(encode_plan(undo)).has_value());
  const PlanStep* account = find_step(undo, "crm:alice", Verb::Restore);
  const PlanStep* role = find_step(undo, "crm:r", Verb::Restore);
  const PlanStep* key = find_step(undo, "crm:key", Verb::Restore);
  REQUIRE(account != nullptr);
  REQUIRE(role != nullptr);
  REQUIRE(key != nullptr);
  CHECK(account->restores_run == "run:1");
  CHECK(account->restores_step == find_step(applied.plan, "crm:alice", Verb::Disable)->id);
  CHECK(comes_before(undo, *account, *role));
  CHECK(comes_before(undo, *role, *key));  // the role went last, so it comes back first
  CHECK(strongly_after(*role, *account));
  CHECK(find_step(undo, "mail:box", Verb::Restore) != nullptr);
  CHECK(wrong_order(undo) == "");
}

TEST_CASE("undo: what revives is ended and rotated") {
  Applied applied;
  const auto inventory =
      collect_inventory_from_text(with(kHeld), std::make_shared<Schema>(builtin_schema()));
  applied.request.inventory = inventory.get();
  const Plan undo = plan_undo(applied.request);
  const PlanStep* account = find_step(undo, "crm:alice", Verb::Restore);
  const PlanStep* sweep = find_step(undo, "crm:alice", Verb::Revoke, "sweep");
  REQUIRE(sweep != nullptr);
  CHECK(strongly_after(*sweep, *account));
  const PlanStep* password = find_step(undo, "crm:pw", Verb::Rotate);
  REQUIRE(password != nullptr);
  CHECK(strongly_after(*password, *account));
  const PlanStep* key = find_step(undo, "crm:key", Verb::Rotate);
  REQUIRE(key != nullptr);
  CHECK(strongly_after(*key, *find_step(undo, "crm:key", Verb::Restore)));
  CHECK(wrong_order(undo) == "");
}

TEST_CASE("undo: a credential that the run took out of use is known, though it is listed no more") {
  Applied applied;
  const auto inventory =
      collect_inventory_from_text(with(""), std::make_shared<Schema>(builtin_schema()));
  applied.request.inventory = inventory.get();
  const Plan undo = plan_undo(applied.request);
  CHECK(find_step(undo, "crm:key", Verb::Rotate) != nullptr);
  CHECK_FALSE(needs(undo, "crm:alice", "nothing is recorded under it that could be rotated"));
}

TEST_CASE("undo: what cannot be put back is said, with the reason") {
  Applied applied;
  const Plan undo = plan_undo(applied.request);
  CHECK(needs(undo, "mail:box", "`delete` is not put back: what is destroyed stays destroyed"));
  CHECK(notes_say(undo, "crm:s: `revoke` is not put back"));
  CHECK(find_step(undo, "crm:s", Verb::Restore) == nullptr);
  CHECK(needs(undo, "crm:alice", "nothing is recorded under it that could be rotated"));
}

TEST_CASE("undo: an item that another cause holds stays contained") {
  Applied applied;
  std::vector<StandingChange>& standing = applied.request.standing["crm:alice"];
  standing.push_back(Applied::held_by("risk/alice@siem:1", applied.step("crm:alice", Verb::Disable),
                                      at(kNow) + hours(2), "run:2"));
  Plan undo = plan_undo(applied.request);
  CHECK(find_step(undo, "crm:alice", Verb::Restore) == nullptr);
  CHECK(notes_say(undo, "crm:alice stays contained: by risk/alice@siem:1"));
  // The run's own claim ends all the same: it keeps nobody else's undo from giving the item back.
  const ClaimRelease own{.item = "crm:alice", .cause = applied.own_cause()};
  CHECK(std::count(undo.releases.begin(), undo.releases.end(), own) == 1);
  standing.back().claim.released_at = at(kNow) + hours(3);
  undo = plan_undo(applied.request);
  CHECK(find_step(undo, "crm:alice", Verb::Restore) != nullptr);
}

TEST_CASE("undo: the last run to give an item up brings it back to before the first one took it") {
  Applied applied;
  const PlanStep disable = applied.step("crm:alice", Verb::Disable);
  // Another run disabled it first and gave it up since; this one found it so.
  PlanStep earlier = disable;
  earlier.id = "step:earlier";
  applied.record("crm:alice", Verb::Disable).state = StepState::AlreadyDone;
  std::vector<StandingChange>& standing = applied.request.standing["crm:alice"];
  standing.front().found_so = true;
  standing.push_back(Applied::held_by("risk/alice@siem:1", earlier, at(kNow) - hours(9), "run:0"));
  standing.back().claim.released_at = at(kNow) + hours(3);
  applied.request.others.emplace(earlier.id, earlier);
  SUBCASE("it was contained throughout") {
    const Plan undo = plan_undo(applied.request);
    const PlanStep* restore = find_step(undo, "crm:alice", Verb::Restore);
    REQUIRE(restore != nullptr);
    CHECK(restore->restores_run == "run:0");
    CHECK(restore->restores_step == "step:earlier");
    CHECK(find_step(undo, "crm:alice", Verb::Revoke, "sweep") != nullptr);
    CHECK(wrong_order(undo) == "");
  }
  SUBCASE("the other run had given it up before: somebody else took it out of use") {
    standing.back().claim.released_at = at(kNow) - hours(8);
    const Plan undo = plan_undo(applied.request);
    CHECK(find_step(undo, "crm:alice", Verb::Restore) == nullptr);
  }
  SUBCASE("what the other one found is not recorded") {
    standing.back().captured = false;
    const Plan undo = plan_undo(applied.request);
    CHECK(find_step(undo, "crm:alice", Verb::Restore) == nullptr);
    CHECK(needs(undo, "crm:alice", "what it was before is not recorded"));
  }
}

TEST_CASE("undo: what comes back in several parts is swept and rotated once, after all of them") {
  Applied applied;
  const auto inventory =
      collect_inventory_from_text(with(kHeld), std::make_shared<Schema>(builtin_schema()));
  applied.request.inventory = inventory.get();
  PlanStep locked = applied.step("crm:alice", Verb::Disable);
  locked.id = "step:locked";
  locked.verb = Verb::Lock;
  std::vector<StandingChange>& standing = applied.request.standing["crm:alice"];
  standing.push_back(Applied::held_by("risk/alice@siem:1", locked, at(kNow) - hours(9), "run:0"));
  standing.back().claim.released_at = at(kNow) + hours(3);
  applied.request.others.emplace(locked.id, locked);
  const Plan undo = plan_undo(applied.request);
  const auto many = [&undo](std::string_view item, Verb verb) {
    return std::count_if(undo.steps.begin(), undo.steps.end(), [&](const PlanStep& step) {
      return step.item == item && step.verb == verb;
    });
  };
  REQUIRE(many("crm:alice", Verb::Restore) == 2);
  CHECK(many("crm:alice", Verb::Revoke) == 1);
  CHECK(many("crm:pw", Verb::Rotate) == 1);
  CHECK(many("crm:key", Verb::Rotate) == 1);
  for (const PlanStep& step : undo.steps) {
    if (step.item == "crm:alice" && step.verb == Verb::Restore) {
      CHECK(comes_before(undo, step, *find_step(undo, "crm:pw", Verb::Rotate)));
      CHECK(comes_before(undo, step, *find_step(undo, "crm:alice", Verb::Revoke, "sweep")));
    }
  }
  CHECK(wrong_order(undo) == "");
}

TEST_CASE("undo: what the run took over from others is put back with it") {
  Applied applied;
  const PlanStep role = applied.step("crm:r", Verb::Remove);
  // The older run removed the role, and this one never spoke of it.
  Plan older = applied.plan;
  older.steps = {role};
  UndoneRun first;
  first.run = "run:0";
  first.plan = &older;
  first.records = {applied.record("crm:r", Verb::Remove)};
  first.captured = {role.id};
  std::erase_if(applied.plan.steps, [&](const PlanStep& step) { return step.id == role.id; });
  std::erase_if(applied.request.runs.front().records,
                [&](const StepRecord& record) { return record.step == role.id; });
  applied.request.runs.front().captured.erase(role.id);
  applied.request.runs.push_back(first);
  const Plan undo = plan_undo(applied.request);
  const PlanStep* restore = find_step(undo, "crm:r", Verb::Restore);
  REQUIRE(restore != nullptr);
  CHECK(restore->restores_run == "run:0");
  CHECK(find_step(undo, "crm:alice", Verb::Restore)->restores_run == "run:1");
  CHECK(undo.undoes == "run:1");
  applied.request.put_back = {{"run:0", role.id}};
  const Plan again = plan_undo(applied.request);
  CHECK(find_step(again, "crm:r", Verb::Restore) == nullptr);
}

TEST_CASE("undo: only what this run did comes back, and only when that is known") {
  Applied applied;
  applied.record("crm:alice", Verb::Disable).state = StepState::AlreadyDone;
  applied.record("crm:r", Verb::Remove).state = StepState::Unknown;
  applied.record("crm:key", Verb::Disable).state = StepState::Pending;
  applied.request.standing.erase("crm:key");
  applied.request.standing["crm:alice"].front().found_so = true;
  const PlanStep* transfer = find_step(applied.plan, "mail:box", Verb::Transfer);
  applied.request.runs.front().captured.erase(transfer->id);
  const Plan undo = plan_undo(applied.request);
  CHECK(undo.steps.empty());
  CHECK(needs(undo, "crm:r", "nobody knows whether it was done"));
  CHECK(needs(undo, "mail:box", "what it was before is not recorded"));
}

TEST_CASE("undo: what was done and not read back comes back, whatever held the item long ago") {
  Applied applied;
  applied.record("crm:alice", Verb::Disable).state = StepState::Applied;
  PlanStep earlier = applied.step("crm:alice", Verb::Disable);
  earlier.id = "step:earlier";
  std::vector<StandingChange>& standing = applied.request.standing["crm:alice"];
  standing = {Applied::held_by("leave_start/alice@hr:9", earlier, at(kNow) - days(90), "run:0")};
  standing.back().claim.released_at = at(kNow) - days(60);
  applied.request.others.emplace(earlier.id, earlier);
  SUBCASE("by another cause") {
    const Plan undo = plan_undo(applied.request);
    const PlanStep* restore = find_step(undo, "crm:alice", Verb::Restore);
    REQUIRE(restore != nullptr);
    CHECK(restore->restores_run == "run:1");
  }
  SUBCASE("by the run's own: that was given up") {
    standing.back().claim.cause = applied.own_cause();
    const Plan undo = plan_undo(applied.request);
    CHECK(find_step(undo, "crm:alice", Verb::Restore) == nullptr);
  }
}

TEST_CASE("undo: a window that is over is over") {
  Applied applied;
  for (PlanStep& step : applied.plan.steps) {
    if (step.verb == Verb::Delete) {
      step.reversible = Reversible::Window;
    }
  }
  applied.request.systems["mail"].verbs = {{.verb = Verb::Delete,
                                            .kind = Kind::Data,
                                            .effects = Effect::Destroys,
                                            .reversible = Reversible::Window,
                                            .undo_window = days(20)}};
  CHECK_FALSE(needs(plan_undo(applied.request), "mail:box", "it could be until"));
  applied.request.now = at(kNow) + days(21);
  CHECK(needs(plan_undo(applied.request), "mail:box", "it could be until 2026-01-25T17:00"));
}

TEST_CASE("undo: putting back is planned the same whatever the order of the records") {
  Applied applied;
  const std::string text = encode_plan(plan_undo(applied.request));
  std::vector<StepRecord>& records = applied.request.runs.front().records;
  std::reverse(records.begin(), records.end());
  CHECK(encode_plan(plan_undo(applied.request)) == text);
}

TEST_CASE(
    "generation: back in drain, what was disabled is restored with approval, the rest is anew") {
  Organisation organisation{
      .records = with(R"({"record":"identity","id":"bot","kind":"service","owner":["bob"]}
{"record":"api_key","id":"db:key","system":"db","holder":"bot","dependents":[]}
)"),
      .rules = {},
      .retires = {{.name = "credential",
                   .on = {"orphaned"},
                   .kinds = Kind::ApiKey,
                   .stages = {{.name = "drain", .gate = "quiet", .within = days(7)},
                              {.name = "quarantine",
                               .actions = {{.verb = Verb::Disable}},
                               .soak = days(14),
                               .return_to = 0},
                              {.name = "delete",
                               .actions = {{.verb = Verb::Delete}},
                               .approved_by = {"carol"}}},
                   .escalate = {"dan"}}},
      .events = {{.type = "orphaned", .subject = "db:key"}}};
  const Plan plan = plan_of(organisation);
  REQUIRE(plan.retirements.size() == 1);
  const PlanStep* disable = find_step(plan, "db:key", Verb::Disable);
  REQUIRE(disable != nullptr);
  const std::string& cause = plan.retirements[0].cause;
  CHECK(step_id_in_generation(*disable, cause, 1) == disable->id);
  const std::string second = step_id_in_generation(*disable, cause, 2);
  CHECK(second != disable->id);
  // A plan that goes on with the second generation names its steps alike.
  RetirementRecord record;
  record.id = plan.retirements[0].id;
  record.run = "run:1";
  record.item = "db:key";
  record.retire = "test.credential";
  record.stage = "drain";
  record.generation = 2;
  PlanOptions options;
  options.open_retirement = [&record](const std::string& item) {
    return item == record.item ? std::optional<RetirementRecord>(record) : std::nullopt;
  };
  options.continued_runs = {"run:1"};
  const Plan later = plan_of(organisation, options);
  CHECK(find_step(later, "db:key", Verb::Disable, "", 2)->id == second);
}

}  // namespace rescind::test
