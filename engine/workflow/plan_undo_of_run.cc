#include "workflow/plan_undo_of_run.h"

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

#include "model/approval.h"
#include "plan/undo.h"
#include "store/run_plan.h"
#include "workflow/earlier_runs.h"
#include "workflow/people.h"

namespace rescind {
namespace {

std::string state_words(const RunRecord& run) {
  return run.id + " is " + std::string(run_state_name(run.state));
}

// Errors: Conflict when it cannot be put back, or another run has to be.
Status check_can_be_put_back(Store& store, const RunRecord& run) {
  if (run.state == RunState::Undoing) {
    const std::string& by = run.superseded_by;
    return fail(ErrorKind::Conflict, state_words(run) + " already, by " + by + ": `rescind show " +
                                         by + "` says what of it is left, and `rescind resume " +
                                         by + "` goes on; what it refused is put back by hand");
  }
  if (run.state == RunState::Undone) {
    return fail(ErrorKind::Conflict, state_words(run) + " already: there is nothing to plan");
  }
  if (run.state != RunState::Superseded) {
    return {};
  }
  RunRecord heir = run;
  std::set<std::string> seen;
  while (heir.state == RunState::Superseded && seen.insert(heir.id).second) {
    RESCIND_ASSIGN_OR_RETURN(const auto next, store.find_run(heir.superseded_by));
    if (!next) {
      return fail(ErrorKind::Corrupt, "the run that took over from " + heir.id +
                                          " is lost; restore the store from a backup");
    }
    heir = *next;
  }
  const bool gone = heir.state == RunState::Undone || heir.state == RunState::Undoing;
  return fail(ErrorKind::Conflict,
              run.id + " goes on in " + heir.id +
                  (gone ? ", which is " + std::string(run_state_name(heir.state)) + " already"
                        : ", with what it did: `rescind undo " + heir.id + "` puts both back"));
}

// The run and those that it took over from, the newest first.
Result<std::vector<UndoneRun>> runs_to_undo(StoredPlans& plans, const std::string& run) {
  Store& store = plans.store();
  std::vector<UndoneRun> out;
  std::vector<RunRecord> open;
  RESCIND_ASSIGN_OR_RETURN(const auto first, store.find_run(run));
  open.push_back(*first);
  std::set<std::string> seen;
  while (!open.empty()) {
    const auto newest =
        std::max_element(open.begin(), open.end(), [](const RunRecord& a, const RunRecord& b) {
          return std::tie(a.opened_at, a.id) < std::tie(b.opened_at, b.id);
        });
    UndoneRun one;
    one.run = newest->id;
    open.erase(newest);
    if (!seen.insert(one.run).second) {
      continue;
    }
    RESCIND_ASSIGN_OR_RETURN(one.plan, plans.of(one.run));
    RESCIND_ASSIGN_OR_RETURN(one.records, store.list_steps(one.run));
    RESCIND_ASSIGN_OR_RETURN(one.captured, captured_steps(store, one.run, *one.plan));
    for (const std::string& older : one.plan->supersedes) {
      RESCIND_ASSIGN_OR_RETURN(const auto record, store.find_run(older));
      if (record && record->state == RunState::Superseded) {
        open.push_back(*record);
      }
    }
    out.push_back(std::move(one));
  }
  return out;
}

// What stands on the items of the runs, and what of it other runs did.
Status read_standing(StoredPlans& plans, UndoRequest& undo) {
  EarlierRuns earlier(plans, {}, "");
  std::set<std::string> items;
  for (const UndoneRun& run : undo.runs) {
    for (const PlanStep& step : run.plan->steps) {
      items.insert(step.item);
    }
    for (const PlannedRetirement& planned : run.plan->retirements) {
      items.insert(planned.item);
    }
  }
  items.erase("");
  for (const std::string& item : items) {
    RESCIND_ASSIGN_OR_RETURN(auto on, earlier.find_on(item));
    undo.put_back.merge(on.put_back);
    for (const StandingChange& change : on.changes) {
      RESCIND_ASSIGN_OR_RETURN(const Plan* plan, plans.of(change.claim.run));
      for (const PlanStep& step : plan->steps) {
        if (step.id == change.claim.step) {
          undo.others.emplace(step.id, step);
        }
      }
    }
    undo.standing.emplace(item, std::move(on.changes));
  }
  return {};
}

}  // namespace

Result<Plan> plan_undo_of_run(const PlanRequest& request,
                              const std::shared_ptr<const Inventory>& inventory,
                              const std::string& run) {
  Store& store = *request.store;
  RESCIND_ASSIGN_OR_RETURN(const std::optional<RunRecord> record, store.find_run(run));
  if (!record) {
    return fail(ErrorKind::NotFound, "there is no run `" + run + "`; `rescind runs` lists them");
  }
  RESCIND_RETURN_IF_ERROR(check_can_be_put_back(store, *record));
  const ConnectorsDescribed estate =
      request.connectors == nullptr ? ConnectorsDescribed()
                                    : describe_connectors(*request.connectors, request.acts_as);
  StoredPlans plans(store);
  UndoRequest undo;
  RESCIND_ASSIGN_OR_RETURN(undo.runs, runs_to_undo(plans, run));
  RESCIND_RETURN_IF_ERROR(read_standing(plans, undo));
  undo.systems = estate.systems;
  undo.bindings = estate.bindings;
  for (auto& [identity, keys] : declared_keys(*inventory)) {
    undo.bindings[approver_binding_key(identity)] = keys;
  }
  undo.bindings[undo_binding_key(run)] = undo_binding_value(undo.runs.front().records);
  undo.inventory = inventory.get();
  undo.now = request.as_of;
  undo.expiry = request.expiry;
  undo.steward = request.steward;
  return plan_undo(undo);
}

}  // namespace rescind
