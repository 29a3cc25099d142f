// The state machine of retirements: every rule, over every pair of state and input that matters.
#include "execute/retirement.h"

#include <fstream>
#include <functional>
#include <set>
#include <sstream>

#include <doctest/doctest.h>

namespace rescind::execute {
namespace {

constexpr Seconds kDay{86400};
const Instant kStart{Seconds(1767600000)};

// replace (2 d) → drain (7 d) → quarantine (soak 14 d, back to drain) → delete (approved)
std::vector<StageShape> four_stages() {
  std::vector<StageShape> stages(4);
  stages[0].name = "replace";
  stages[0].gated = true;
  stages[0].within = 2 * kDay;
  stages[1].name = "drain";
  stages[1].gated = true;
  stages[1].within = 7 * kDay;
  stages[2].name = "quarantine";
  stages[2].contains = true;
  stages[2].soak = 14 * kDay;
  stages[2].back_to = 1;
  stages[3].name = "delete";
  stages[3].asks = true;
  stages[3].destroys = true;
  return stages;
}

std::size_t first_containing(const std::vector<StageShape>& stages) {
  std::size_t at = 0;
  while (at < stages.size() && !stages[at].contains) {
    ++at;
  }
  return at;
}

std::size_t place(const std::vector<StageShape>& stages, const std::string& name) {
  std::size_t at = 0;
  while (at < stages.size() && stages[at].name != name) {
    ++at;
  }
  return at;
}

RetirementRecord at_stage(const std::string& stage, RetirementState state) {
  RetirementRecord record;
  record.id = "retirement:1";
  record.item = "aws:key";
  record.stage = stage;
  record.state = state;
  record.entered_at = kStart;
  const auto stages = four_stages();
  if (const auto& within = stages[place(stages, stage)].within) {
    record.overdue = kStart + *within;
  }
  if (state == RetirementState::Soaking) {
    record.due = kStart + 14 * kDay;
  }
  return record;
}

RetirementFacts after(Seconds time) {
  RetirementFacts facts;
  facts.now = kStart + time;
  facts.used_by = "billing";
  facts.missing = "bob";
  return facts;
}

struct Case {
  std::vector<StageShape> stages;
  RetirementRecord record;
  RetirementFacts facts;
};

constexpr GateAnswer kAnswers[] = {GateAnswer::Met, GateAnswer::Unmet, GateAnswer::Unknown};

void for_each_time(Case& one, const std::function<void(const Case&)>& visit) {
  for (const int days : {1, 8, 15}) {
    one.facts.now = kStart + days * kDay;
    for (const bool pushed : {false, true}) {
      one.facts.enter_by.clear();
      if (pushed) {
        one.facts.enter_by["delete"] = kStart;  // further than it may be pushed
      }
      visit(one);
    }
  }
}

// Bits of everything that is true or false.
void for_each_flag(Case& one, const std::function<void(const Case&)>& visit) {
  for (unsigned bits = 0; bits < 256; ++bits) {
    const auto is = [bits](unsigned bit) { return ((bits >> bit) & 1U) != 0; };
    one.facts.approved = is(0);
    one.facts.return_approved = is(1);
    one.facts.contained = is(2);
    one.facts.held = is(3) ? "litigation" : "";
    one.facts.withdrawn = is(4);
    one.facts.owner_gone = is(5);
    one.facts.steps_done = is(6);
    one.facts.steps_failed = is(7) && !is(6);
    for_each_time(one, visit);
  }
}

void for_each_case_of(const std::vector<StageShape>& stages,
                      const std::function<void(const Case&)>& visit) {
  for (const StageShape& stage : stages) {
    for (const auto state :
         {RetirementState::AwaitingApproval, RetirementState::Acting, RetirementState::Gated,
          RetirementState::Soaking, RetirementState::Ended, RetirementState::Cancelled}) {
      const bool possible = (state != RetirementState::AwaitingApproval || stage.asks) &&
                            (state != RetirementState::Gated || stage.gated) &&
                            (state != RetirementState::Soaking || stage.soak.has_value());
      if (!possible) {
        continue;
      }
      for (const GateAnswer answer : kAnswers) {
        for (const auto use : {UseBy::Nobody, UseBy::Dependent, UseBy::Subject, UseBy::Unknown}) {
          Case one{stages, at_stage(stage.name, state), after(kDay)};
          one.facts.gate = answer;
          one.facts.covered = answer;
          one.facts.use = use;
          for_each_flag(one, visit);
          if (use == UseBy::Dependent) {
            one.record.returns = kMaxReturns;
            for_each_flag(one, visit);
          }
        }
      }
    }
  }
}

void for_each_case(const std::function<void(const Case&)>& visit) {
  auto stages = four_stages();
  for_each_case_of(stages, visit);
  // Stages with neither gate nor soak, and one with both.
  stages[0] = StageShape();
  stages[0].name = "replace";
  stages[1] = stages[2];
  stages[1].gated = true;
  stages[1].back_to = 0;
  stages[2] = StageShape();
  stages[2].name = "drain";
  for_each_case_of(stages, visit);
}

std::string words(RetirementState from, RetirementRule rule, RetirementState to) {
  return "| `" + std::string(retirement_state_name(from)) + "` | " +
         std::string(retirement_rule_name(rule)) + " | `" + std::string(retirement_state_name(to)) +
         "` |";
}

// The rows between the two marks of the page, without their last column.
std::set<std::string> documented_rows() {
  std::ifstream page(std::string(RESCIND_SOURCE_DIR) + "/docs/run-states.md");
  std::set<std::string> rows;
  std::string line;
  bool inside = false;
  while (std::getline(page, line)) {
    if (line.starts_with("| from | rule | to |")) {
      inside = true;
    } else if (inside && !line.starts_with("|")) {
      inside = false;
    } else if (inside && !line.starts_with("|---")) {
      std::size_t end = 0;
      for (int bars = 0; bars < 4 && end != std::string::npos; ++bars) {
        end = line.find('|', bars == 0 ? 0 : end + 1);
      }
      rows.insert(line.substr(0, end + 1));
    }
  }
  return rows;
}

}  // namespace

TEST_CASE("retirement: no state and no input breaks its laws") {
  std::size_t cases = 0;
  std::size_t broken = 0;
  std::string first;
  const auto law = [&](bool holds, const std::string& what) {
    if (!holds && broken++ == 0) {
      first = what;
    }
  };
  for_each_case([&](const Case& one) {
    ++cases;
    const RetirementMove move = move_retirement(one.record, one.stages, one.facts);
    const std::size_t from = place(one.stages, one.record.stage);
    const std::size_t to = place(one.stages, move.next.stage);
    const std::size_t last = one.stages.size() - 1;
    const bool back = move.rule == RetirementRule::UseReturns;
    const bool over = one.record.state == RetirementState::Ended ||
                      one.record.state == RetirementState::Cancelled;
    law(!over || !move.moved(), "what has ended stays");
    law(to <= last, "every stage is known");
    law(back || to >= from, "it only moves forward");
    law(move.next.generation == one.record.generation + (back ? 1 : 0),
        "a generation is a way back");
    law(!back || (one.facts.use == UseBy::Dependent && one.facts.return_approved &&
                  one.record.returns < kMaxReturns),
        "back only on use by a dependent, approved, three times");
    const bool may_destroy =
        to == last && move.next.state == RetirementState::Acting && move.moved();
    law(!may_destroy || (one.facts.contained && one.facts.approved && one.facts.held.empty() &&
                         !one.facts.withdrawn),
        "destroyed only when contained, approved, not held, not taken back");
    law(to != last || from + 1 == last || from == last, "delete is entered from the stage before");
    law(to != last || from == last || !one.stages[last - 1].soak ||
            (one.record.state == RetirementState::Soaking && one.facts.covered == GateAnswer::Met &&
             one.facts.now >= *one.record.due),
        "delete is entered only through a covered soak");
    law(move.rule != RetirementRule::Withdrawn || from < first_containing(one.stages),
        "contained is never just cancelled");
    law(!move.incident || (!back && one.facts.use != UseBy::Dependent),
        "an incident never lets it back");
    law(!(move.next.state == RetirementState::Ended && move.moved()) ||
            (from == last && one.facts.steps_done),
        "it ends when the last stage is done");
    law(!move.moved() || !move.line.empty(), "every move has a line");
  });
  CHECK_MESSAGE(broken == 0, broken << " of " << cases << ", first: " << first);
  CHECK(cases > 100000);
}

TEST_CASE("retirement: moving comes to rest") {
  std::size_t restless = 0;
  for_each_case([&](const Case& one) {
    RetirementRecord record = one.record;
    RetirementFacts facts = one.facts;
    int moves = 0;
    for (; moves < 12; ++moves) {
      const RetirementMove move = move_retirement(record, one.stages, facts);
      record = move.next;
      if (move.goes_back) {
        facts.use = UseBy::Nobody;  // since the stage was entered
      }
      if (!move.moved()) {
        break;
      }
    }
    restless += moves == 12 ? 1 : 0;
  });
  CHECK(restless == 0);
}

TEST_CASE("retirement: the page of states lists exactly the transitions that there are") {
  std::set<std::string> seen;
  for_each_case([&](const Case& one) {
    const RetirementMove move = move_retirement(one.record, one.stages, one.facts);
    if (move.moved()) {
      seen.insert(words(one.record.state, move.rule, move.next.state));
    }
  });
  const std::set<std::string> documented = documented_rows();
  for (const std::string& row : seen) {
    CHECK_MESSAGE(documented.contains(row), "not documented: " << row);
  }
  for (const std::string& row : documented) {
    CHECK_MESSAGE(seen.contains(row), "documented, never happens: " << row);
  }
}

TEST_CASE("retirement: a stage over its time escalates, a drain over twice its time is cut") {
  const auto stages = four_stages();
  RetirementFacts facts = after(7 * kDay);
  facts.gate = GateAnswer::Unknown;
  facts.gate_why = "coverage begins too late";
  RetirementMove move = move_retirement(at_stage("drain", RetirementState::Gated), stages, facts);
  CHECK_FALSE(move.moved());
  REQUIRE(move.escalate.size() == 1);
  CHECK(move.escalate.front() == "`drain` is over its time: coverage begins too late");
  CHECK(move.next.escalated);
  facts.now = kStart + 14 * kDay;
  move = move_retirement(at_stage("drain", RetirementState::Gated), stages, facts);
  CHECK(move.rule == RetirementRule::DrainOver);
  CHECK(move.next.stage == "quarantine");
  CHECK(move.next.state == RetirementState::Acting);
  CHECK(move.escalate.front() ==
        "from `drain` to `quarantine`: twice its time has passed, its gate is unknown (coverage "
        "begins too late)");
}

TEST_CASE("retirement: use by a dependent goes back when somebody agrees, at most three times") {
  const auto stages = four_stages();
  RetirementFacts facts = after(2 * kDay);
  facts.contained = true;
  facts.use = UseBy::Dependent;
  RetirementRecord record = at_stage("quarantine", RetirementState::Soaking);
  RetirementMove move = move_retirement(record, stages, facts);
  CHECK_FALSE(move.moved());
  CHECK(move.next.why == "used by billing: going back to `drain` needs an approval");
  CHECK(move.escalate.size() == 1);
  facts.return_approved = true;
  move = move_retirement(record, stages, facts);
  CHECK(move.rule == RetirementRule::UseReturns);
  CHECK(move.goes_back);
  CHECK(move.next.stage == "drain");
  CHECK(move.next.generation == 2);
  CHECK(move.next.returns == 1);
  CHECK(move.next.entered_at == facts.now);
  record.returns = kMaxReturns;
  move = move_retirement(record, stages, facts);
  CHECK_FALSE(move.moved());
  CHECK(move.next.why == "used by billing, and it went back 3 times already");
}

TEST_CASE("retirement: use by the subject or by nobody known is an incident and changes nothing") {
  const auto stages = four_stages();
  RetirementFacts facts = after(14 * kDay);
  facts.contained = true;
  facts.return_approved = true;
  facts.covered = GateAnswer::Met;
  for (const UseBy use : {UseBy::Subject, UseBy::Unknown}) {
    facts.use = use;
    const RetirementMove move =
        move_retirement(at_stage("quarantine", RetirementState::Soaking), stages, facts);
    CHECK(move.incident);
    CHECK(move.rule == RetirementRule::NextStage);
    CHECK(move.next.stage == "delete");
  }
}

TEST_CASE("retirement: a denied attempt is told and resets nothing") {
  const auto stages = four_stages();
  RetirementFacts facts = after(2 * kDay);
  facts.contained = true;
  facts.denied = "billing";
  const RetirementRecord record = at_stage("quarantine", RetirementState::Soaking);
  const RetirementMove move = move_retirement(record, stages, facts);
  CHECK_FALSE(move.moved());
  CHECK(move.next.due == record.due);
  REQUIRE(move.escalate.size() == 1);
  CHECK(move.escalate.front() == "`billing` was turned away: it still depends on it");
  CHECK(move.next.why == move.escalate.front());  // whoever is called hears why
}

TEST_CASE("retirement: a soak without evidence waits and is told") {
  const auto stages = four_stages();
  RetirementFacts facts = after(14 * kDay);
  facts.contained = true;
  facts.covered = GateAnswer::Unknown;
  facts.covered_why = "pg_stat_activity ends on day 3";
  const RetirementMove move =
      move_retirement(at_stage("quarantine", RetirementState::Soaking), stages, facts);
  CHECK_FALSE(move.moved());
  CHECK(move.next.why == "pg_stat_activity ends on day 3");
  CHECK(move.escalate.size() == 1);
}

TEST_CASE("retirement: a hold keeps the last stage from beginning") {
  const auto stages = four_stages();
  RetirementFacts facts = after(kDay);
  facts.contained = true;
  facts.held = "litigation until 2027-06-30";
  RetirementMove move =
      move_retirement(at_stage("delete", RetirementState::AwaitingApproval), stages, facts);
  CHECK_FALSE(move.moved());
  CHECK(move.next.why == "hold: litigation until 2027-06-30");
  facts.held.clear();
  facts.approved = false;
  move = move_retirement(at_stage("delete", RetirementState::AwaitingApproval), stages, facts);
  CHECK_FALSE(move.moved());
  CHECK(move.next.why == "approval by bob");
  facts.approved = true;
  move = move_retirement(at_stage("delete", RetirementState::AwaitingApproval), stages, facts);
  CHECK(move.rule == RetirementRule::Approved);
}

TEST_CASE("retirement: an exposed credential is in quarantine by its instant, whatever is open") {
  const auto stages = four_stages();
  RetirementFacts facts = after(Seconds(3600));
  facts.enter_by["quarantine"] = kStart + Seconds(3600);
  facts.gate = GateAnswer::Unmet;
  const RetirementMove move =
      move_retirement(at_stage("replace", RetirementState::Gated), stages, facts);
  CHECK(move.rule == RetirementRule::EnterBy);
  CHECK(move.next.stage == "quarantine");
  CHECK(move.escalate.front() ==
        "from `replace` to `quarantine`: the time to enter `quarantine` "
        "has come, its gate is unmet");
}

TEST_CASE("retirement: without an owner it is handed over, then isolated") {
  const auto stages = four_stages();
  RetirementFacts facts = after(kDay);
  facts.owner_gone = true;
  RetirementMove move = move_retirement(at_stage("drain", RetirementState::Gated), stages, facts);
  CHECK_FALSE(move.moved());
  CHECK(move.escalate.front() == "its owner is gone: hand it over");
  facts.now = kStart + 7 * kDay;
  move = move_retirement(at_stage("drain", RetirementState::Gated), stages, facts);
  CHECK(move.rule == RetirementRule::Ownerless);
  CHECK(move.next.stage == "quarantine");
}

TEST_CASE("retirement: stages are known by their steps") {
  PlannedRetirement planned;
  planned.id = "retirement:1";
  planned.item = "aws:key";
  planned.start = "quarantine";
  PlannedStage stage;
  stage.name = "drain";
  stage.gate = "c idle for 24h";
  planned.stages.push_back(stage);
  stage = PlannedStage();
  stage.name = "quarantine";
  stage.soak = 14 * kDay;
  stage.on_use_return_to = "drain";
  planned.stages.push_back(stage);
  PlanStep step;
  step.retirement = planned.id;
  step.stage = "quarantine";
  step.effects = Effect::Contains;
  const auto stages = shapes_of(planned, {step});
  REQUIRE(stages.size() == 2);
  CHECK(stages[0].gated);
  CHECK_FALSE(stages[0].contains);
  CHECK(stages[1].contains);
  CHECK(stages[1].back_to == 0);
  const RetirementRecord record = begin_retirement(planned, stages, kStart);
  CHECK(record.stage == "quarantine");
  CHECK(record.state == RetirementState::Acting);
  CHECK(record.entered_at == kStart);
}

}  // namespace rescind::execute
