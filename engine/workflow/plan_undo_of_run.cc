#include "workflow/plan_undo_of_run.h"

#include "model/approval.h"
#include "plan/undo.h"
#include "workflow/people.h"

namespace rescind {
namespace {

// Later forms of a step stand for the ones before.
Status read_supplements(Store& store, const std::string& run, UndoRequest& undo) {
  RESCIND_ASSIGN_OR_RETURN(const std::vector<Supplement> supplements, store.list_supplements(run));
  for (const Supplement& supplement : supplements) {
    RESCIND_ASSIGN_OR_RETURN(Plan more, decode_plan(supplement.plan));
    for (PlanStep& step : more.steps) {
      undo.supplements.push_back(std::move(step));
    }
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
  if (record->state == RunState::Undone || record->state == RunState::Undoing) {
    return fail(ErrorKind::Conflict, run + " is " + std::string(run_state_name(record->state)) +
                                         " already: there is nothing to plan");
  }
  RESCIND_ASSIGN_OR_RETURN(const std::string text, store.plan_of_run(run));
  RESCIND_ASSIGN_OR_RETURN(const Plan plan, decode_plan(text));
  const ConnectorsDescribed estate =
      request.connectors == nullptr ? ConnectorsDescribed()
                                    : describe_connectors(*request.connectors, request.acts_as);
  UndoRequest undo;
  undo.run = run;
  undo.plan = &plan;
  undo.systems = estate.systems;
  undo.bindings = estate.bindings;
  for (auto& [identity, keys] : declared_keys(*inventory)) {
    undo.bindings[approver_binding_key(identity)] = keys;
  }
  undo.inventory = inventory.get();
  undo.now = request.as_of;
  undo.expiry = request.expiry;
  undo.steward = request.steward;
  RESCIND_RETURN_IF_ERROR(read_supplements(store, run, undo));
  RESCIND_ASSIGN_OR_RETURN(undo.records, store.list_steps(run));
  RESCIND_ASSIGN_OR_RETURN(undo.claims, store.list_claims(""));
  RESCIND_ASSIGN_OR_RETURN(const std::vector<Capture> captures, store.list_captures(run));
  std::set<std::string> items;
  for (const Capture& capture : captures) {
    undo.captured.insert(capture.step);
    items.insert(capture.item);
  }
  for (const PlanStep& step : plan.steps) {
    if (items.contains(step.item) || (!step.account.empty() && items.contains(step.account))) {
      undo.captured.insert(step.id);
    }
  }
  return plan_undo(undo);
}

}  // namespace rescind
