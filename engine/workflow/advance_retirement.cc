// Retirements of one run: the move that follows from what is known of each, and what it asks for.
#include <algorithm>
#include <set>
#include <utility>

#include "base/text.h"
#include "plan/step_id.h"
#include "workflow/advance_parts.h"
#include "workflow/decide_again.h"

namespace rescind::advance {
namespace {

using execute::RetirementFacts;
using execute::RetirementMove;
using execute::stage_index;
using execute::StageShape;
using execute::UseBy;

constexpr int kMovesAtOnce = 12;

}  // namespace

Result<std::vector<PlanStep>> OpenRun::decide_stage(const RetirementRecord& record,
                                                    const StageShape& stage,
                                                    RetirementFacts& facts) {
  std::vector<PlanStep> fresh;
  if (!stage.destroys || !facts.approved || !facts.contained) {
    return fresh;
  }
  RESCIND_ASSIGN_OR_RETURN(const auto frozen,
                           store_.find_setting(std::string(kClockFrozenSetting)));
  if (frozen && !frozen->empty()) {
    facts.held = *frozen;
    return fresh;
  }
  RESCIND_RETURN_IF_ERROR(need_fresh_plan());
  for (const PlanStep* step : steps_of(record, stage.name)) {
    if (!step->action.empty() || step->item.empty()) {
      continue;
    }
    AppointmentAgain again = judge_appointment(*step, *fresh_);
    if (!again.fresh || again.state == AppointmentState::Held ||
        again.state == AppointmentState::Gone) {
      facts.held = again.why;
      facts.held_until = again.due;
      return fresh;
    }
    PlanStep today = *again.fresh;
    today.id = step->id;
    today.generation = step->generation;
    today.retirement = record.id;
    today.after = step->after;
    today.strong_after = step->strong_after;
    today.appointment = false;
    today.not_before = facts.now;
    if (today.gate && today.gate->kind == "stage") {
      today.gate.reset();
    }
    fresh.push_back(std::move(today));
  }
  return fresh;
}

// Steps that put back what this generation took out of use, for somebody to approve. They wait in
// the stage that the item would go back to.
Result<bool> OpenRun::ask_to_return(const RetirementRecord& record,
                                    const PlannedRetirement& planned, const StageShape& stage) {
  const std::uint32_t next = record.generation + 1;
  const std::string target = planned.stages[*stage.back_to].name;
  std::vector<PlanStep> back;
  for (const PlanStep* step : steps_of(record, record.stage)) {
    PlanStep restore = *step;
    restore.verb = Verb::Restore;
    restore.effects = {};
    restore.rank = Rank::Prepare;
    restore.stage = target;
    restore.generation = next;
    restore.id = step_id_in_generation(restore, planned.cause, next);
    if (!step->effects.has(Effect::Contains) || !step->action.empty() ||
        record_of(restore.id) != nullptr) {
      continue;
    }
    restore.restores_run = claim_.run.id;
    restore.restores_step = step->id;
    restore.not_before = clock_.now();
    restore.deadline.reset();
    restore.appointment = false;
    restore.gate.reset();
    restore.limits.clear();
    restore.after.clear();
    restore.strong_after.clear();
    restore.alternatives.clear();
    restore.preview = {"put back what was there before " + step->id};
    restore.approvals.clear();
    for (const PlannedStage& one : planned.stages) {
      if (restore.approvals.empty()) {
        restore.approvals = one.approvals;
      }
    }
    if (restore.approvals.empty()) {
      Approval asked;
      asked.by = planned.escalate.empty() ? std::vector<std::string>{} : planned.escalate.front();
      if (asked.by.empty() && !request_.plan.steward.empty()) {
        asked.by.push_back(request_.plan.steward);
      }
      restore.approvals.push_back(std::move(asked));
    }
    back.push_back(std::move(restore));
  }
  if (back.empty()) {
    return false;
  }
  RESCIND_RETURN_IF_ERROR(
      extend(RecordEntry::Extended,
             record.item + " is used: going back to `" + target + "` is up for approval",
             {.steps = std::move(back), .expires = clock_.now()}));
  return true;
}

// The steps of this stage and those after it, for another generation.
std::vector<PlanStep> OpenRun::steps_anew(const RetirementRecord& next,
                                          const PlannedRetirement& planned,
                                          const std::string& from_stage) const {
  std::set<std::string> stages;
  for (const PlannedStage& stage : planned.stages) {
    if (stage.name == from_stage || !stages.empty()) {
      stages.insert(stage.name);
    }
  }
  std::map<std::string, std::string> ids;
  std::vector<PlanStep> anew;
  for (const PlanStep& step : plan_.plan.steps) {
    // WHY: copies come from the generation that ends; a restore belongs to one way back only.
    if (step.retirement != next.id || !stages.contains(step.stage) ||
        step.generation + 1 != next.generation || step.verb == Verb::Restore) {
      continue;
    }
    PlanStep copy = step;
    copy.id = step_id_in_generation(step, planned.cause, next.generation);
    copy.generation = next.generation;
    copy.not_before = next.entered_at;
    copy.deadline.reset();
    ids[step.id] = copy.id;
    anew.push_back(std::move(copy));
  }
  for (PlanStep& step : anew) {
    for (std::vector<std::string>* before : {&step.after, &step.strong_after}) {
      for (std::string& id : *before) {
        const auto known = ids.find(id);
        id = known == ids.end() ? id : known->second;
      }
    }
  }
  return anew;
}

Result<bool> OpenRun::complete_stage(const RetirementRecord& record,
                                     const PlannedRetirement& planned) {
  const auto incomplete = [&record](const PlannedRetirement& one) {
    return std::any_of(one.stages.begin(), one.stages.end(), [&record](const PlannedStage& stage) {
      return stage.name == record.stage && !stage.missing.empty();
    });
  };
  if (!incomplete(planned)) {
    return false;
  }
  RESCIND_RETURN_IF_ERROR(need_fresh_plan());
  for (const PlannedRetirement& today : fresh_->retirements) {
    if (today.id != planned.id || incomplete(today)) {
      continue;
    }
    std::vector<PlanStep> more;
    for (const PlanStep& step : fresh_->steps) {
      if (step.retirement == planned.id && step.stage == record.stage &&
          record_of(step.id) == nullptr) {
        more.push_back(step);
        more.back().generation = std::max(step.generation, record.generation);
      }
    }
    RESCIND_RETURN_IF_ERROR(
        extend(RecordEntry::Decided, record.item + ": `" + record.stage + "` can be done now",
               {.steps = std::move(more), .expires = fresh_->expires_at, .retirements = {today}}));
    return true;
  }
  return false;
}

// A stage that destroys was decided so long ago that it must be decided again, and has not begun.
bool OpenRun::is_out_of_date(const RetirementRecord& record, const StageShape& stage) const {
  const std::vector<const PlanStep*> steps = steps_of(record, stage.name);
  return stage.destroys && std::any_of(steps.begin(), steps.end(), [&](const PlanStep* step) {
           const StepRecord* at = record_of(step->id);
           return at != nullptr && is_untouched_state(at->state) &&
                  clock_.now() >= plan_.expires_at(step->id);
         });
}

// A retirement that joined another has no steps of its own and moves with that one; it goes on by
// itself when the other is taken back.
Result<bool> OpenRun::follow_joined(const RetirementRecord& record,
                                    const PlannedRetirement& planned) {
  RESCIND_ASSIGN_OR_RETURN(const auto all, store_.list_retirements_of(record.item));
  const auto other = std::find_if(
      all.begin(), all.end(), [&](const RetirementRecord& one) { return one.id == planned.joins; });
  const auto save = [&](RetirementRecord next, const std::string& why) -> Status {
    next.why = why;
    next.updated_at = clock_.now();
    JournalRecord said = line(RecordEntry::Stage, why);
    said.item = next.item;
    said.generation = next.generation;
    point();
    RESCIND_RETURN_IF_ERROR(store_.save_retirement(said, next));
    point();
    return {};
  };
  if (other != all.end() && !is_end_state(other->state)) {
    const std::string why = "retired by " + other->run;
    RESCIND_RETURN_IF_ERROR(record.why == why ? Status() : save(record, why));
    return false;
  }
  RetirementRecord next = record;
  if (other != all.end() && other->state == RetirementState::Ended) {
    next.state = RetirementState::Ended;
    next.due.reset();
    RESCIND_RETURN_IF_ERROR(save(std::move(next), "was retired by " + other->run));
    return true;
  }
  RESCIND_RETURN_IF_ERROR(need_fresh_plan());
  const auto own = std::find_if(
      fresh_->retirements.begin(), fresh_->retirements.end(),
      [&](const PlannedRetirement& one) { return one.id == record.id && one.joins.empty(); });
  const std::string taken_back = "the retirement that it joined was taken back: ";
  if (own == fresh_->retirements.end()) {
    const std::string why = taken_back + "plan this event again";
    next.escalated = true;
    RESCIND_RETURN_IF_ERROR(record.why == why ? Status() : save(std::move(next), why));
    return false;
  }
  Addition more;
  more.expires = fresh_->expires_at;
  for (const PlanStep& step : fresh_->steps) {
    if (step.retirement == own->id && record_of(step.id) == nullptr) {
      more.steps.push_back(step);
    }
  }
  next = execute::begin_retirement(*own, execute::shapes_of(*own, more.steps), clock_.now());
  next.generation = record.generation;
  more.retirements.push_back(*own);
  more.records.push_back(std::move(next));
  RESCIND_RETURN_IF_ERROR(extend(RecordEntry::Decided,
                                 record.item + ": " + taken_back + "it goes on by itself",
                                 std::move(more)));
  return true;
}

Result<bool> OpenRun::move_one(RetirementRecord record, const PlannedRetirement& planned) {
  if (!planned.joins.empty()) {
    return follow_joined(record, planned);
  }
  RESCIND_ASSIGN_OR_RETURN(bool work, complete_stage(record, planned));
  if (work) {
    return true;  // looked at again with its new steps
  }
  const std::vector<StageShape> stages = execute::shapes_of(planned, plan_.plan.steps);
  for (int i = 0; i < kMovesAtOnce && stage_index(stages, record.stage) < stages.size(); ++i) {
    const StageShape& stage = stages[stage_index(stages, record.stage)];
    RESCIND_ASSIGN_OR_RETURN(RetirementFacts facts, facts_of(record, planned, stages));
    std::vector<PlanStep> fresh;
    if (record.state == RetirementState::AwaitingApproval) {
      RESCIND_ASSIGN_OR_RETURN(fresh, decide_stage(record, stage, facts));
    }
    if (record.state == RetirementState::Acting && is_out_of_date(record, stage)) {
      RetirementFacts again = facts;
      RESCIND_ASSIGN_OR_RETURN(fresh, decide_stage(record, stage, again));
      if (!fresh.empty()) {
        RESCIND_RETURN_IF_ERROR(extend(RecordEntry::Decided,
                                       record.item + ": decided again, still due",
                                       {.steps = std::move(fresh), .expires = fresh_->expires_at}));
        return true;
      }
    }
    if (facts.use == UseBy::Dependent && facts.contained && stage.back_to &&
        record.returns < execute::kMaxReturns) {
      RESCIND_ASSIGN_OR_RETURN(const bool asked, ask_to_return(record, planned, stage));
      work = work || asked;
      RESCIND_RETURN_IF_ERROR(need_approvals());
    }
    const RetirementMove move = execute::move_retirement(record, stages, facts);
    const RetirementRecord& next = move.next;
    const bool told = next.escalated && (!record.escalated || record.why != next.why);
    const bool changed = move.moved() || next.gate != record.gate || next.why != record.why ||
                         next.due != record.due || next.escalated != record.escalated;
    if (!changed) {
      return work;
    }
    RetirementRecord saved = next;
    saved.updated_at = facts.now;
    const std::string words = !move.line.empty()               ? move.line
                              : told && !move.escalate.empty() ? join(move.escalate, "; ")
                                                               : saved.why;
    if (move.goes_back) {
      RESCIND_RETURN_IF_ERROR(extend(RecordEntry::Stage, record.item + ": " + words,
                                     {.steps = steps_anew(saved, planned, saved.stage),
                                      .expires = clock_.now(),
                                      .records = {saved}}));
    } else if (move.moved() && !fresh.empty()) {
      RESCIND_RETURN_IF_ERROR(
          extend(RecordEntry::Decided, record.item + ": " + words,
                 {.steps = std::move(fresh), .expires = fresh_->expires_at, .records = {saved}}));
    } else {
      JournalRecord said =
          line(move.moved() || !told ? RecordEntry::Stage : RecordEntry::Escalated, words);
      said.item = record.item;
      said.generation = saved.generation;
      said.result = execute::retirement_rule_name(move.rule);
      point();
      RESCIND_RETURN_IF_ERROR(store_.save_retirement(said, saved));
      point();
      if (move.moved() || told) {
        lines_.push_back(record.item + ": " + words);
      }
    }
    record = std::move(saved);
    if (!move.moved()) {
      return work;
    }
    work = work || record.state == RetirementState::Acting || is_end_state(record.state);
    RESCIND_RETURN_IF_ERROR(read());
    if (is_end_state(record.state)) {
      return work;
    }
  }
  return work;
}

std::optional<Instant> OpenRun::next_look() const {
  const Instant now = clock_.now();
  std::optional<Instant> next =
      next_look_at_run(plan_.plan, steps_, retirements_, now, request_.execute);
  const auto consider = [&](Instant at) {
    if (at > now) {
      next = next ? std::min(*next, at) : at;
    }
  };
  for (const RetirementRecord& record : retirements_) {
    if (is_end_state(record.state)) {
      continue;
    }
    if (record.overdue) {
      consider(*record.overdue);
      consider(*record.overdue + (*record.overdue - record.entered_at));  // a drain is over then
    }
    for (const PlannedRetirement& planned : plan_.plan.retirements) {
      for (const auto& [stage, by] : planned.enter_by) {
        if (planned.id == record.id) {
          consider(by);
        }
      }
    }
  }
  return next;
}

Result<bool> OpenRun::move_retirements() {
  std::vector<RetirementRecord> open;
  std::set<std::string> systems;
  for (const RetirementRecord& record : retirements_) {
    if (!is_end_state(record.state)) {
      open.push_back(record);
    }
  }
  if (open.empty()) {
    return false;
  }
  if (request_.take_evidence) {
    for (const PlannedRetirement& planned : plan_.plan.retirements) {
      if (systems.insert(planned.system).second) {
        RESCIND_RETURN_IF_ERROR(request_.take_evidence(planned.system));
      }
    }
  }
  RESCIND_RETURN_IF_ERROR(need_facts({}));
  bool work = false;
  for (const RetirementRecord& record : open) {
    // A copy: what is added to the plan meanwhile moves what it holds.
    const std::vector<PlannedRetirement> planned = plan_.plan.retirements;
    for (const PlannedRetirement& one : planned) {
      if (one.id == record.id) {
        RESCIND_ASSIGN_OR_RETURN(const bool more, move_one(record, one));
        work = work || more;
      }
    }
  }
  RESCIND_RETURN_IF_ERROR(read());
  return work;
}

}  // namespace rescind::advance
