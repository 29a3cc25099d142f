// Calls workflow and the stages in the order in which the program does.
#include "simulate/simulation.h"

#include <algorithm>
#include <set>
#include <utility>

#include <nlohmann/json.hpp>

#include "execute/approvals.h"
#include "store/run_plan.h"
#include "verify/verify_execution.h"
#include "workflow/collect_systems.h"
#include "workflow/collect_usage.h"
#include "workflow/escalate.h"
#include "workflow/load_inventory.h"
#include "workflow/plan_undo_of_run.h"
#include "workflow/staying.h"

namespace rescind {
namespace {

using Json = nlohmann::json;

// Under which "system" the records of people stand in the store.
constexpr const char* kPeople = "organisation";

bool is_worked(RunState state) {
  return state == RunState::Open || state == RunState::Contained || state == RunState::Settled;
}

bool does_nothing(const Plan& plan) {
  return plan.steps.empty() && plan.retirements.empty() && plan.supersedes.empty() &&
         plan.releases.empty();
}

// The record over what the store has of the same: what it says replaces what was known.
std::string merged(const Json& record, const std::vector<StoredInventoryRecord>& known,
                   const std::string& kind, const std::string& id) {
  for (const StoredInventoryRecord& old : known) {
    if (old.system == kPeople && old.kind == kind && old.id == id) {
      Json both = Json::parse(old.json, nullptr, false);
      both.update(record);
      return both.dump();
    }
  }
  return record.dump();
}

}  // namespace

// People who are told things in a simulation.
class Simulation::Calls final : public HandOver {
 public:
  explicit Calls(const std::function<Status(const HandOverMessage&)>& call) : call_(call) {}

  Result<std::string> deliver(const HandOverMessage& message) override {
    if (call_) {
      RESCIND_RETURN_IF_ERROR(call_(message));
    }
    return std::string("simulation");
  }

 private:
  const std::function<Status(const HandOverMessage&)>& call_;
};

Simulation::Simulation(const LoadedPolicy& policy, SimulatedEstate& estate, Store& store,
                       SimulatedClock& clock, SimulationOptions options)
    : policy_(policy),
      store_(store),
      clock_(clock),
      options_(std::move(options)),
      connectors_(estate.connectors()),
      systems_(describe_connectors(connectors_, options_.plan.acts_as).systems),
      calls_(std::make_unique<Calls>(options_.call)) {
  options_.execute.inline_workers = true;
  if (!options_.execute.seal_key) {
    options_.execute.seal_key = [] { return Result<SealKey>(SealKey(SealKey::Bytes{})); };
  }
  options_.plan.store = &store_;
  options_.plan.connectors = &connectors_;
}

Simulation::~Simulation() = default;

Status Simulation::seed(std::string_view json_lines, SimulatedEstate& estate, Store& store,
                        Instant at) {
  std::vector<StoredInventoryRecord> people;
  RESCIND_ASSIGN_OR_RETURN(const auto known, store.list_inventory());
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
      const std::string id = record.value("id", "#" + std::to_string(people.size()));
      people.push_back({.system = kPeople,
                        .kind = kind,
                        .id = id,
                        .json = merged(record, known, kind, id),
                        .collected_at = at});
    }
  }
  return store.add_inventory(people);
}

Result<std::shared_ptr<const Inventory>> Simulation::observe() {
  return read_inventory(connectors_.systems());
}

Result<std::shared_ptr<const Inventory>> Simulation::read_inventory(
    const std::vector<std::string>& systems) {
  if (!systems.empty()) {
    RESCIND_RETURN_IF_ERROR(
        collect_systems(connectors_, systems, store_, clock_, [](const std::string&) {
        }).map([](const auto&) {}));
  }
  Diagnostics ignored;
  RESCIND_ASSIGN_OR_RETURN(
      inventory_, load_inventory({std::string(kStoreInventory)}, &store_, policy_.checked->schema,
                                 options_.collect, ignored));
  return inventory_;
}

// As the inventory and the open events know them now.
Result<People> Simulation::people() {
  if (!inventory_) {
    RESCIND_RETURN_IF_ERROR(read_inventory({}).map([](const auto&) {}));
  }
  RESCIND_ASSIGN_OR_RETURN(std::set<std::string> leaving,
                           find_leaving(store_, *policy_.checked->schema));
  People people = read_people(inventory_, options_.plan.steward, std::move(leaving), clock_.now());
  if (options_.execute.approvers.find_person) {
    people.approvers = options_.execute.approvers;
  }
  if (options_.unsigned_approvals) {
    people.approvers.signing_teams.clear();
    people.approvers.find_person = [find = people.approvers.find_person](const std::string& id) {
      std::optional<ApproverPerson> person = find(id);
      if (person) {
        person->keys.clear();
      }
      return person;
    };
  }
  return people;
}

Result<ExecuteOptions> Simulation::execute_options() {
  ExecuteOptions execute = options_.execute;
  RESCIND_ASSIGN_OR_RETURN(People known, people());
  execute.approvers = known.approvers;
  execute.objection = make_objection(store_, inventory_, clock_);
  if (!execute.hand_over) {
    execute.hand_over = [this, known = std::move(known)](const PlanStep& step) {
      return calls_->deliver(step_message(step, known, clock_.now())).map([](const auto&) {});
    };
  }
  return execute;
}

Result<AdvanceRequest> Simulation::advance_request() {
  AdvanceRequest request;
  request.policy = &policy_;
  request.plan = options_.plan;
  RESCIND_ASSIGN_OR_RETURN(request.execute, execute_options());
  request.read_inventory = [this](const std::vector<std::string>& systems) {
    return read_inventory(systems);
  };
  request.take_evidence = [this](const std::string& system) -> Status {
    if (Connector* connector = connectors_.find(system)) {
      // A system that does not answer leaves what was known of its use; gates judge how fresh that
      // is.
      return collect_usage(*connector, system, store_, clock_, {}).map([](const auto&) {});
    }
    return {};
  };
  request.escalate =
      [this](const Plan& plan, const std::string& run,
             const std::shared_ptr<const Inventory>&) -> Result<std::optional<Instant>> {
    RESCIND_ASSIGN_OR_RETURN(const People known, people());
    return escalate_run(plan, run, store_, known, calls_.get(), clock_.now());
  };
  request.clock_heartbeat = options_.clock_heartbeat;
  request.boot = "simulated";
  request.systems = &systems_;
  return request;
}

Result<Plan> Simulation::plan(const std::vector<Event>& events) {
  RESCIND_ASSIGN_OR_RETURN(auto inventory, observe());
  PlanRequest request = options_.plan;
  request.events = events;
  request.as_of = clock_.now();
  return plan_events(policy_, std::move(inventory), request);
}

Result<std::string> Simulation::report(const std::vector<Event>& events) {
  RESCIND_ASSIGN_OR_RETURN(const Plan made, plan(events));
  return apply(made);
}

Result<std::string> Simulation::undo(const std::string& run) {
  RESCIND_ASSIGN_OR_RETURN(const auto inventory, observe());
  PlanRequest request = options_.plan;
  request.as_of = clock_.now();
  RESCIND_ASSIGN_OR_RETURN(const Plan made, plan_undo_of_run(request, inventory, run));
  return apply(made);
}

Result<std::string> Simulation::apply(const Plan& plan) {
  if (does_nothing(plan)) {
    return std::string();
  }
  RESCIND_ASSIGN_OR_RETURN(const ExecuteOptions execute, execute_options());
  RESCIND_ASSIGN_OR_RETURN(const RunReport report,
                           execute_plan(plan, store_, connectors_, clock_, execute));
  RESCIND_RETURN_IF_ERROR(conclude(plan, report.run));
  RESCIND_RETURN_IF_ERROR(work(false));
  return report.run;
}

// What `apply` does when the run is at rest.
Status Simulation::conclude(const Plan& plan, const std::string& run) {
  std::set<std::string> systems;
  for (const PlanStep& step : plan.steps) {
    systems.insert(step.system);
  }
  RESCIND_ASSIGN_OR_RETURN(const auto inventory, read_inventory({systems.begin(), systems.end()}));
  VerifyOptions options;
  options.inventory = inventory.get();
  options.systems = &systems_;
  options.inline_workers = true;
  RESCIND_RETURN_IF_ERROR(
      verify_execution(run, store_, connectors_, clock_, options).map([](const auto&) {}));
  RESCIND_ASSIGN_OR_RETURN(const People known, people());
  return escalate_run(plan, run, store_, known, calls_.get(), clock_.now()).map([](const auto&) {});
}

Status Simulation::work(bool all) {
  RESCIND_ASSIGN_OR_RETURN(const AdvanceRequest request, advance_request());
  return all ? work_all(request) : work_due(request);
}

Result<std::size_t> Simulation::say(const ApproverWord& word) {
  RESCIND_ASSIGN_OR_RETURN(const People known, people());
  RESCIND_ASSIGN_OR_RETURN(const std::vector<RunRecord> runs, store_.list_runs());
  std::size_t steps = 0;
  for (const RunRecord& run : runs) {
    if (is_worked(run.state)) {
      RESCIND_ASSIGN_OR_RETURN(const std::size_t more, say_in_run(word, run.id, known.approvers));
      steps += more;
    }
  }
  RESCIND_RETURN_IF_ERROR(work(false));
  return steps;
}

Result<std::size_t> Simulation::say_in_run(const ApproverWord& word, const std::string& run,
                                           const ApproverFacts& facts) {
  RESCIND_ASSIGN_OR_RETURN(const RunPlan known, load_run_plan(store_, run));
  RESCIND_ASSIGN_OR_RETURN(const std::vector<StepRecord> records, store_.list_steps(run));
  RESCIND_ASSIGN_OR_RETURN(const auto stored, store_.list_approvals(run));
  const execute::Approvals approvals(known.plan, facts, stored);
  std::size_t steps = 0;
  for (const PlanStep& step : known.plan.steps) {
    const auto record = std::find_if(records.begin(), records.end(),
                                     [&step](const StepRecord& r) { return r.step == step.id; });
    const bool open = record != records.end() && !is_end_state(record->state);
    const bool about_limit = !word.over_limit.empty();
    const bool may = about_limit
                         ? approvals.can_pass_limit(step, word.over_limit, word.by, clock_.now())
                         : approvals.can_give(step, word.by, clock_.now());
    // Whoever names an item is heard, and told why it does not count.
    const bool asks = about_limit ? approvals.limit_approval(step, word.over_limit).has_value()
                                  : !step.approvals.empty() || !step.alternatives.empty();
    if (!open || !(may || (asks && !word.item.empty())) ||
        (!word.item.empty() && word.item != step.item)) {
      continue;
    }
    StoredApproval approval;
    approval.run = run;
    approval.step = step.id;
    approval.binding = about_limit ? execute::over_limit_binding(step, word.over_limit)
                                   : execute::approval_binding(step);
    approval.approver = word.by;
    approval.at = clock_.now();
    approval.refused = word.refused;
    approval.reason = word.reason;
    approval.plan_digest = known.plan.digest;
    RESCIND_RETURN_IF_ERROR(store_.add_approval(approval));
    ++steps;
  }
  return steps;
}

Result<std::size_t> Simulation::acknowledge(const std::string& by) {
  RESCIND_ASSIGN_OR_RETURN(const People known, people());
  RESCIND_ASSIGN_OR_RETURN(const auto open, store_.list_escalations(true));
  std::size_t seen = 0;
  for (const EscalationRecord& record : open) {
    const bool called = std::any_of(record.to.begin(), record.to.end(), [&](const std::string& to) {
      const auto team = known.approvers.teams.find(to);
      return to == by || (team != known.approvers.teams.end() && team->second.contains(by));
    });
    if (!called) {
      continue;
    }
    RESCIND_ASSIGN_OR_RETURN(const auto plan, load_first_plan(store_, record.run));
    Diagnostics refused;
    const auto next = acknowledge_escalation(record, by, subjects_of(*plan), clock_.now(), refused);
    if (next) {
      RESCIND_RETURN_IF_ERROR(store_.save_escalation(*next));
      ++seen;
    }
  }
  return seen;
}

Status Simulation::accept_clock() {
  RESCIND_ASSIGN_OR_RETURN(AdvanceRequest request, advance_request());
  request.accept_clock = true;
  return work_due(request);
}

Status Simulation::work_due(const AdvanceRequest& request) {
  RESCIND_ASSIGN_OR_RETURN(const AdvanceReport report, advance_due(request, connectors_, clock_));
  RESCIND_RETURN_IF_ERROR(call_again());
  for (const AdvancedRun& run : report.runs) {
    if (run.failed) {
      return tl::unexpected(*run.failed);
    }
  }
  return report.busy.empty() ? Status()
                             : fail(ErrorKind::Conflict, report.busy.front() + " is busy");
}

Status Simulation::work_all(const AdvanceRequest& request) {
  RESCIND_RETURN_IF_ERROR(check_clock(request, clock_).map([](const auto&) {}));
  RESCIND_ASSIGN_OR_RETURN(const std::vector<RunRecord> runs, store_.list_runs());
  Status first;
  for (const RunRecord& run : runs) {
    if (!is_worked(run.state)) {
      continue;
    }
    const auto advanced = advance_run(request, run.id, connectors_, clock_);
    if (!advanced && first) {
      first = tl::unexpected(advanced.error());
    }
  }
  RESCIND_RETURN_IF_ERROR(call_again());
  return first;
}

// What people were asked to do outlives the run that asked.
Status Simulation::call_again() {
  RESCIND_ASSIGN_OR_RETURN(const auto due, next_call());
  if (!due || *due > clock_.now()) {
    return {};
  }
  RESCIND_ASSIGN_OR_RETURN(const People known, people());
  return escalate_due(store_, known, calls_.get(), clock_.now()).map([](const auto&) {});
}

Result<std::optional<Instant>> Simulation::next_call() {
  RESCIND_ASSIGN_OR_RETURN(const auto open, store_.list_escalations(true));
  std::optional<Instant> next;
  for (const EscalationRecord& record : open) {
    if (const auto look = next_look(record)) {
      next = next ? std::min(*next, *look) : *look;
    }
  }
  return next;
}

Result<std::optional<Instant>> Simulation::next_due() {
  RESCIND_ASSIGN_OR_RETURN(std::optional<Instant> next, store_.next_due());
  RESCIND_ASSIGN_OR_RETURN(const std::optional<Instant> call, next_call());
  if (call) {
    next = next ? std::min(*next, *call) : *call;
  }
  // What is due still is worked again a moment later, as `serve` does.
  return next ? std::optional(std::max(*next, clock_.now() + Seconds(1))) : std::nullopt;
}

}  // namespace rescind
