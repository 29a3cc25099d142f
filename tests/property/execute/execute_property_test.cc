// Properties of execution over random plans on a sandbox whose systems fail in random ways: nothing
// destructive before its time or twice, every wait names its cause, and all is done once nothing
// fails.
#include <map>
#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include "tests/support/company.h"

namespace rescind {
namespace {

constexpr const char* kSystems[] = {"okta", "crm", "vault", "mdm"};

struct KindOfStep {
  Verb verb;
  Kind kind;
};

// Containing, stripping, preserving, releasing, destroying.
constexpr KindOfStep kSteps[] = {
    {Verb::Revoke, Kind::Session}, {Verb::Disable, Kind::Account}, {Verb::Rotate, Kind::Secret},
    {Verb::Remove, Kind::Role},    {Verb::Transfer, Kind::Data},   {Verb::Remove, Kind::License},
    {Verb::Wipe, Kind::Device},    {Verb::Delete, Kind::Password},
};

// Adds an item of its own for the step, so that steps do not get in each other's way.
PlanStep& random_step(Company& company, std::size_t index) {
  const KindOfStep chosen = kSteps[*rc::gen::inRange<std::size_t>(0, std::size(kSteps))];
  const std::string system = kSystems[*rc::gen::inRange<std::size_t>(0, std::size(kSystems))];
  const std::string item = system + ":item-" + std::to_string(index);
  RC_ASSERT(company.world
                ->seed("{\"record\":\"" + std::string(kind_name(chosen.kind)) + "\",\"id\":\"" +
                       item + "\",\"system\":\"" + system + "\",\"holder\":\"alice\"}")
                .has_value());
  PlanStep& step = company.step("s" + std::to_string(index), chosen.verb, chosen.kind, item);
  step.target = chosen.verb == Verb::Transfer ? "carol" : "";
  if (*rc::gen::inRange(0, 5) == 0) {
    step.deadline = company.clock.now() + Seconds(*rc::gen::inRange(1, 60));
  }
  if (*rc::gen::inRange(0, 8) == 0) {
    step.not_before = company.clock.now() + Seconds(*rc::gen::inRange(1, 7200));
  }
  if (*rc::gen::inRange(0, 8) == 0) {
    step.approvals = {{{"omar"}, ApprovalState::Needed, ""}};
  }
  return step;
}

// Edges never fall in rank; inside a rank they follow the plan's order.
void random_edges(Company& company) {
  std::vector<PlanStep>& steps = company.plan.steps;
  std::stable_sort(steps.begin(), steps.end(),
                   [](const PlanStep& a, const PlanStep& b) { return a.rank < b.rank; });
  for (std::size_t i = 1; i < steps.size(); ++i) {
    for (int edges = *rc::gen::inRange(0, 3); edges > 0; --edges) {
      const std::string& before = steps[*rc::gen::inRange<std::size_t>(0, i)].id;
      const bool strong = steps[i].rank >= Rank::Preserve && *rc::gen::inRange(0, 2) == 0;
      (strong ? steps[i].strong_after : steps[i].after).push_back(before);
    }
  }
}

void random_faults(Company& company) {
  for (int faults = *rc::gen::inRange(0, 6); faults > 0; --faults) {
    SandboxFault fault;
    fault.kind = static_cast<SandboxFaultKind>(*rc::gen::inRange(0, 15));
    fault.system = kSystems[*rc::gen::inRange<std::size_t>(0, std::size(kSystems))];
    fault.value = *rc::gen::inRange(1, 30);
    fault.times = *rc::gen::element<std::int64_t>(1, 1, 2, 5, -1);
    RC_ASSERT(company.world->add_fault(fault).has_value());
  }
}

RunReport checked(Result<RunReport> report) {
  RC_ASSERT(report.has_value());
  return *std::move(report);
}

// Invariant 12: what has not ended says what it waits for, and when it is looked at again or that
// somebody must do something.
void check_waits(const RunReport& report) {
  for (const StepRecord& step : report.steps) {
    if (!is_end_state(step.state)) {
      RC_ASSERT(step.due.has_value() || !step.wait.empty());
      RC_ASSERT(step.due.has_value() || step.escalated || step.wait.starts_with("after "));
    }
  }
}

// Invariant 3: no intent of a step before all its strong predecessors were verified, and no effect
// that destroys twice.
void check_order(Company& company, const std::string& run) {
  const auto records = company.store->list_records(run);
  RC_ASSERT(records.has_value());
  std::map<std::string, const PlanStep*> steps;
  for (const PlanStep& step : company.plan.steps) {
    steps[step.id] = &step;
  }
  std::set<std::string> done;
  for (const JournalRecord& record : *records) {
    if (record.entry == RecordEntry::Intent) {
      for (const std::string& before : steps.at(record.step)->strong_after) {
        RC_ASSERT(done.contains(before));
      }
    }
    if (is_done_state(record.state)) {
      done.insert(record.step);
    }
  }
  std::map<std::string, int> destroyed;
  const auto effects = company.world->list_effects();
  for (const SandboxEffect& effect : *effects) {
    if (effect.verb == "wipe" || effect.verb == "delete" || effect.verb == "rotate") {
      RC_ASSERT(++destroyed[effect.item] == 1);
    }
  }
}

}  // namespace

TEST_CASE(
    "execute property: order, single destruction, named waits, and an end when nothing fails") {
  CHECK(rc::check([] {
    Company company;
    const std::size_t count = *rc::gen::inRange<std::size_t>(1, 14);
    for (std::size_t i = 0; i < count; ++i) {
      random_step(company, i);
    }
    random_edges(company);
    random_faults(company);
    company.plan.digest = compute_plan_digest(company.plan);
    RunReport report = checked(execute_plan(company.plan, *company.store, company.connectors,
                                            company.clock, company.options));
    check_waits(report);
    check_order(company, report.run);
    for (const PlanStep& step : company.plan.steps) {
      const auto record = std::find_if(report.steps.begin(), report.steps.end(),
                                       [&step](const StepRecord& r) { return r.step == step.id; });
      // Nothing fires without its approval, nor before its time.
      RC_ASSERT(step.approvals.empty() || record->attempts == 0);
      RC_ASSERT(step.not_before <= company.clock.now() || record->attempts == 0);
    }

    // Nothing fails any more, everybody approves, and time passes: everything that the systems did
    // not refuse for good is done.
    RC_ASSERT(company.world->clear_faults().has_value());
    company.options.approve_as = "omar";
    company.clock.sleep_for(std::chrono::hours(3));
    report = checked(
        resume_run(report.run, *company.store, company.connectors, company.clock, company.options));
    check_waits(report);
    check_order(company, report.run);
    for (const StepRecord& step : report.steps) {
      const bool refused_before =
          step.wait.find("which ended as") != std::string::npos || step.wait.starts_with("after ");
      // A destroying step that was lied about is left to a person.
      RC_ASSERT(is_end_state(step.state) || refused_before);
    }

    // Invariant 14: once more does nothing.
    const std::size_t records = company.store->list_records(report.run)->size();
    const std::string systems = company.describe();
    checked(
        resume_run(report.run, *company.store, company.connectors, company.clock, company.options));
    RC_ASSERT(company.describe() == systems);
    RC_ASSERT(company.store->list_records(report.run)->size() == records + 1);  // the approval
  }));
}

TEST_CASE("execute property: whoever is the subject or the holder never approves") {
  CHECK(rc::check([] {
    Company company;
    PlanStep& step = company.step("wipe", Verb::Wipe, Kind::Device, "mdm:laptop");
    const std::vector<std::string> people = {"alice", "bob", "carol", "team"};
    step.approvals = {{*rc::gen::container<std::vector<std::string>>(rc::gen::elementOf(people)),
                       ApprovalState::Needed, ""}};
    for (const std::string& person : people) {
      if (*rc::gen::arbitrary<bool>()) {
        company.options.approvers.teams["team"].insert(person);
      }
    }
    step.holder = *rc::gen::elementOf(people);
    step.facts.clear();
    company.options.approve_as = *rc::gen::element<std::string>("alice", "bob", "carol");
    company.plan.digest = compute_plan_digest(company.plan);
    const auto report = execute_plan(company.plan, *company.store, company.connectors,
                                     company.clock, company.options);
    const bool subject = company.options.approve_as == "alice";
    RC_ASSERT(report.has_value() != subject);
    if (report && is_done_state(report->steps.front().state)) {
      RC_ASSERT(company.options.approve_as != step.holder);
    }
  }));
}

}  // namespace rescind
