// Calls workflow and the stages in the order in which the program does.
#include "simulate/simulation.h"

#include <algorithm>
#include <set>
#include <utility>

#include <nlohmann/json.hpp>

#include "verify/verify_execution.h"
#include "workflow/collect_systems.h"
#include "workflow/collect_usage.h"
#include "workflow/load_inventory.h"

namespace rescind {
namespace {

using Json = nlohmann::json;

// Under which "system" the records of people stand in the store.
constexpr const char* kPeople = "organisation";

bool has_ended(RunState state) {
  return state == RunState::Closed || state == RunState::Superseded || state == RunState::Undone;
}

}  // namespace

Simulation::Simulation(const LoadedPolicy& policy, SimulatedEstate& estate, Store& store,
                       SimulatedClock& clock, SimulationOptions options)
    : policy_(policy),
      store_(store),
      clock_(clock),
      options_(std::move(options)),
      connectors_(estate.connectors()) {
  options_.execute.inline_workers = true;
  options_.plan.store = &store_;
  options_.plan.connectors = &connectors_;
}

Status Simulation::seed(std::string_view json_lines, SimulatedEstate& estate, Store& store,
                        Instant at) {
  std::vector<StoredInventoryRecord> people;
  while (!json_lines.empty()) {
    const std::size_t end = json_lines.find('\n');
    const std::string line(json_lines.substr(0, end));
    json_lines = end == std::string_view::npos ? std::string_view() : json_lines.substr(end + 1);
    const Json record = Json::parse(line, nullptr, false);
    if (!record.is_object() || !record.contains("record")) {
      continue;
    }
    RESCIND_RETURN_IF_ERROR(estate.add_record(line));
    const std::string kind = record.value("record", "");
    if (!find_kind(kind)) {
      people.push_back({.system = kPeople,
                        .kind = kind,
                        .id = record.value("id", "#" + std::to_string(people.size())),
                        .json = line,
                        .collected_at = at});
    }
  }
  return store.add_inventory(people);
}

Result<std::shared_ptr<const Inventory>> Simulation::observe() {
  RESCIND_ASSIGN_OR_RETURN(const auto listed, collect_systems(connectors_, {}, store_, clock_,
                                                              [](const std::string&) {}));
  Diagnostics ignored;
  return load_inventory({std::string(kStoreInventory)}, &store_, policy_.checked->schema,
                        options_.collect, ignored);
}

Result<Plan> Simulation::plan(const std::vector<Event>& events) {
  for (const std::string& system : connectors_.systems()) {
    // A system that does not answer leaves what was known of its use; gates judge how fresh that
    // is.
    static_cast<void>(collect_usage(*connectors_.find(system), system, store_, clock_, {}));
  }
  RESCIND_ASSIGN_OR_RETURN(auto inventory, observe());
  PlanRequest request = options_.plan;
  request.events = events;
  request.as_of = clock_.now();
  return plan_events(policy_, std::move(inventory), request);
}

Result<std::string> Simulation::report(const std::vector<Event>& events) {
  RESCIND_ASSIGN_OR_RETURN(const Plan made, plan(events));
  if (made.steps.empty() && made.retirements.empty()) {
    return std::string();
  }
  RESCIND_ASSIGN_OR_RETURN(const RunReport report,
                           execute_plan(made, store_, connectors_, clock_, options_.execute));
  RESCIND_RETURN_IF_ERROR(verify(report.run));
  return report.run;
}

Status Simulation::verify(const std::string& run) {
  RESCIND_ASSIGN_OR_RETURN(const auto inventory, observe());
  const CapabilityMap systems = describe_connectors(connectors_, options_.plan.acts_as).systems;
  auto outcome =
      verify_execution(run, store_, connectors_, clock_,
                       {.inventory = inventory.get(), .systems = &systems, .inline_workers = true});
  return outcome ? Status() : tl::unexpected(outcome.error());
}

Status Simulation::work(bool all) {
  RESCIND_ASSIGN_OR_RETURN(const std::vector<Timer> due, store_.list_due(clock_.now()));
  RESCIND_ASSIGN_OR_RETURN(const std::vector<RunRecord> runs, store_.list_runs());
  for (const RunRecord& run : runs) {
    const bool is_due = std::any_of(due.begin(), due.end(),
                                    [&run](const Timer& timer) { return timer.run == run.id; });
    if (has_ended(run.state) || (!is_due && !all)) {
      continue;
    }
    RESCIND_ASSIGN_OR_RETURN(const RunReport report,
                             resume_run(run.id, store_, connectors_, clock_, options_.execute));
    RESCIND_RETURN_IF_ERROR(verify(report.run));
  }
  return {};
}

Result<std::optional<Instant>> Simulation::next_due() {
  RESCIND_ASSIGN_OR_RETURN(const std::vector<Timer> timers, store_.list_timers());
  std::optional<Instant> next;
  for (const Timer& timer : timers) {
    if (timer.due > clock_.now() && (!next || timer.due < *next)) {
      next = timer.due;
    }
  }
  return next;
}

}  // namespace rescind
