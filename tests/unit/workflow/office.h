// A policy, an inventory and a store at once, for tests of what workflow decides between runs.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "collect/collect_inventory.h"
#include "diagnostics/diagnostic.h"
#include "store/run_plan.h"
#include "store/store.h"
#include "tests/support/temporary_folder.h"
#include "workflow/load_policy.h"
#include "workflow/plan_events.h"

namespace rescind::testing {

inline Instant instant(std::string_view text) {
  const std::optional<Instant> parsed = parse_instant(text);
  REQUIRE(parsed.has_value());
  return *parsed;
}

inline Event make_event(std::string type, std::string subject, std::string_view at,
                        std::string id = "1", std::uint32_t revision = 1) {
  Event event;
  event.type = std::move(type);
  event.subject = std::move(subject);
  event.at = instant(at);
  event.source = "hr";
  event.id = std::move(id);
  event.revision = revision;
  return event;
}

class Office {
 public:
  explicit Office(const std::string& policy) {
    Diagnostics diagnostics;
    auto loaded = load_policy_from_text("policies/office.rescind", policy, sources_, diagnostics);
    REQUIRE_MESSAGE(loaded.has_value(), render_text(diagnostics, *sources_, {}));
    policy_ = *std::move(loaded);
    auto opened = open_sqlite_store(folder_.file("store.db"), {});
    REQUIRE_MESSAGE(opened.has_value(), opened.error().to_string());
    store = std::move(*opened);
  }

  [[nodiscard]] const LoadedPolicy& policy() const { return policy_; }

  [[nodiscard]] std::shared_ptr<const Inventory> inventory() const {
    return collect_inventory_from_text(records, policy_.checked->schema);
  }

  [[nodiscard]] PlanRequest request(std::vector<Event> events) const {
    PlanRequest request;
    request.events = std::move(events);
    request.as_of = now;
    request.steward = "desk";
    request.store = store.get();
    return request;
  }

  [[nodiscard]] Plan plan(std::vector<Event> events) const {
    auto made = plan_events(policy_, inventory(), request(std::move(events)));
    REQUIRE_MESSAGE(made.has_value(), made.error().to_string());
    return *std::move(made);
  }

  // Opens a run of the plan; nothing of it is done yet.
  std::string open(const Plan& plan) const {
    NewRun run;
    run.digest = plan.digest;
    run.plan = encode_plan(plan);
    run.index = index_plan(plan);
    run.at = now;
    run.supersedes = plan.supersedes;
    for (const PlanStep& step : plan.steps) {
      run.steps.push_back({.id = step.id, .generation = step.generation, .due = step.not_before});
    }
    auto opened = store->open_run(run);
    REQUIRE_MESSAGE(opened.has_value(), opened.error().to_string());
    return opened->id;
  }

  // The step is done in the run, as far as the store knows.
  void settle(const std::string& run, const PlanStep& step,
              StepState state = StepState::Verified) const {
    StepRecord record;
    const auto records_of_run = store->list_steps(run);
    REQUIRE(records_of_run.has_value());
    for (const StepRecord& one : *records_of_run) {
      record = one.step == step.id ? one : record;
    }
    record.run = run;
    record.step = step.id;
    record.state = state;
    record.settled_at = now;
    record.updated_at = now;
    JournalRecord line;
    line.run = run;
    line.step = step.id;
    line.epoch = (*store->find_run(run))->epoch;
    line.at = now;
    line.entry = RecordEntry::Outcome;
    line.item = step.item;
    line.state = state;
    const Status saved = store->append(line, &record, nullptr);
    REQUIRE_MESSAGE(saved.has_value(), saved.error().to_string());
  }

  Instant now = instant("2026-01-05T17:00:00Z");
  std::string records;  // JSON Lines
  std::unique_ptr<Store> store;

 private:
  std::shared_ptr<SourceSet> sources_ = std::make_shared<SourceSet>();
  LoadedPolicy policy_;
  TemporaryFolder folder_;
};

inline const PlanStep* find_step(const Plan& plan, std::string_view item, Verb verb,
                                 std::string_view action = {}) {
  for (const PlanStep& step : plan.steps) {
    if (step.item == item && step.verb == verb && step.action == action) {
      return &step;
    }
  }
  return nullptr;
}

}  // namespace rescind::testing
