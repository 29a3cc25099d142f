// Reads back, proves closure, keeps what was seen, closes the run.
#include "verify/verify_execution.h"

#include <algorithm>
#include <map>
#include <utility>

#include "base/counted.h"
#include "base/text.h"
#include "store/run_plan.h"
#include "verify/closure.h"
#include "verify/read_back.h"

namespace rescind {
namespace {

// What was read goes into the journal; a step that does not hold is open again.
Status keep_proof(Store& store, const RunRecord& run, Instant now, const PlanStep& plan_step,
                  StepRecord& step, const StepProof& proof) {
  JournalRecord record;
  record.run = run.id;
  record.step = step.step;
  record.epoch = run.epoch;
  record.at = now;
  record.entry = RecordEntry::Probed;
  record.generation = step.generation;
  record.result = proof_name(proof.proof);
  record.detail = proof.detail;
  if (proof.proof == Proof::DoesNotHold) {
    const bool destroys =
        plan_step.rank == Rank::Destroy || plan_step.effects.has(Effect::Destroys);
    step.state = destroys ? StepState::Refused : StepState::Ready;
    step.escalated = true;
    step.detail = "was done and is seen otherwise: " + proof.detail;
    step.due = destroys ? std::nullopt : std::optional<Instant>(now);
    step.updated_at = now;
  }
  record.state = step.state;
  return store.append(record, proof.proof == Proof::DoesNotHold ? &step : nullptr, nullptr);
}

Status keep_state(Store& store, const RunRecord& run, Instant now, RunState state) {
  JournalRecord record;
  record.run = run.id;
  record.epoch = run.epoch;
  record.at = now;
  record.entry = RecordEntry::State;
  record.detail = run_state_name(state);
  RESCIND_RETURN_IF_ERROR(store.append(record, nullptr, nullptr));
  return store.set_run_state(run.id, run.epoch, state, now);
}

// What the search for access that is left came to, for the evidence log.
Status keep_closure(Store& store, const VerifiedOutcome& outcome, const SubjectClosure& closure) {
  AuditNote note;
  note.at = outcome.at;
  note.kind = "closure";
  note.run = outcome.run;
  note.who = closure.subject;
  note.detail =
      counted(closure.paths.size(), "path") + (closure.paths.size() == 1 ? " remains" : " remain");
  note.add("paths", std::to_string(closure.paths.size()));
  note.add("unforeseen", std::to_string(closure.unclaimed.size()));
  if (closure.last_path_closes_at) {
    note.add("last_path_closes_at", format_instant(*closure.last_path_closes_at));
  }
  std::vector<std::string> left;
  for (const ResidualPath& path : closure.paths) {
    left.push_back(join(path.path, " → ") +
                   (path.state == PathState::Open ? " (open)" : " (unknown)"));
  }
  note.add("left", join(left, "\n"));
  return store.log(note);
}

// What the steps that put something back refer to. One whose run or step is not there is read as
// its connector can.
verify::Originals read_originals(const Plan& plan, Store& store) {
  verify::Originals originals;
  std::map<std::string, RunPlan> runs;
  for (const PlanStep& step : plan.steps) {
    if (step.verb != Verb::Restore || !step.action.empty() || step.restores_run.empty()) {
      continue;
    }
    auto known = runs.find(step.restores_run);
    if (known == runs.end()) {
      auto loaded = load_run_plan(store, step.restores_run);
      known = runs.emplace(step.restores_run, loaded ? *std::move(loaded) : RunPlan{}).first;
    }
    for (const PlanStep& original : known->second.plan.steps) {
      if (original.id == step.restores_step) {
        originals.emplace(step.id, original);
      }
    }
  }
  return originals;
}

// A retirement that joined another run's has no steps here, and is not over before that one is.
bool has_open_retirement(const std::vector<RetirementRecord>& retirements) {
  return std::any_of(retirements.begin(), retirements.end(),
                     [](const RetirementRecord& record) { return !is_end_state(record.state); });
}

// What such a run did has been taken over or taken back, or is about to be.
bool belongs_to_another(RunState state) {
  return state == RunState::Superseded || state == RunState::Undoing || state == RunState::Undone;
}

RunState state_after(const RunRecord& run, const VerifiedOutcome& outcome, bool retiring) {
  if (outcome.closed()) {
    return retiring ? RunState::Settled : RunState::Closed;
  }
  const bool reopened =
      std::any_of(outcome.steps.begin(), outcome.steps.end(),
                  [](const StepProof& step) { return step.proof == Proof::DoesNotHold; });
  return reopened ? RunState::Open : run.state;
}

}  // namespace

Result<VerifiedOutcome> verify_execution(const std::string& run, Store& store,
                                         ConnectorSet& connectors, Clock& clock,
                                         const VerifyOptions& options) {
  RESCIND_ASSIGN_OR_RETURN(const RunPlan run_plan, load_run_plan(store, run));
  const Plan* plan = &run_plan.plan;
  RESCIND_ASSIGN_OR_RETURN(const auto before, store.find_run(run));
  const std::optional<Instant> due_before = before ? before->due : std::nullopt;
  RESCIND_ASSIGN_OR_RETURN(const auto claim, store.claim_run(run, clock.now()));
  if (belongs_to_another(claim.run.state)) {
    return fail(ErrorKind::Conflict, run + " is " + std::string(run_state_name(claim.run.state)) +
                                         ", another run answers for its steps");
  }
  RESCIND_ASSIGN_OR_RETURN(auto records, store.list_steps(run));
  if (records.size() != plan->steps.size()) {
    return fail(ErrorKind::Corrupt,
                "the store has lost steps of " + run + "; restore it from a backup");
  }
  VerifiedOutcome outcome;
  outcome.run = run;
  outcome.steps = verify::read_back(*plan, records, read_originals(*plan, store), connectors,
                                    options.inline_workers);
  outcome.at = clock.now();
  if (options.inventory != nullptr) {
    outcome.closure_checked = true;
    outcome.subjects = verify::prove_closure(*plan, outcome.steps, *options.inventory,
                                             options.systems, outcome.at);
  } else {
    outcome.why_not_checked = "there is no inventory to search";
  }
  for (std::size_t i = 0; i < outcome.steps.size(); ++i) {
    const Proof proof = outcome.steps[i].proof;
    if (proof != Proof::Open && proof != Proof::NotNeeded) {
      RESCIND_RETURN_IF_ERROR(
          keep_proof(store, claim.run, outcome.at, plan->steps[i], records[i], outcome.steps[i]));
    }
  }
  for (const SubjectClosure& closure : outcome.subjects) {
    RESCIND_RETURN_IF_ERROR(keep_closure(store, outcome, closure));
  }
  RESCIND_ASSIGN_OR_RETURN(const auto retirements, store.list_retirements(run));
  outcome.state = state_after(claim.run, outcome, has_open_retirement(retirements));
  if (outcome.state != claim.run.state) {
    RESCIND_RETURN_IF_ERROR(keep_state(store, claim.run, outcome.at, outcome.state));
  }
  if (outcome.state == RunState::Open) {
    RESCIND_RETURN_IF_ERROR(store.set_run_due(run, claim.run.epoch, outcome.at));
  } else if (outcome.state != RunState::Closed) {
    RESCIND_RETURN_IF_ERROR(store.set_run_due(run, claim.run.epoch, due_before));
  }
  return outcome;
}

}  // namespace rescind
