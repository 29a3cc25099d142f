// What is known of a retirement now: its steps, its gate, who used the item, who may approve, and
// the causes behind it.
#include <algorithm>
#include <set>
#include <utility>

#include "base/text.h"
#include "execute/claims.h"
#include "workflow/advance_parts.h"

namespace rescind::advance {
namespace {

using execute::RetirementFacts;
using execute::stage_index;
using execute::StageShape;
using execute::UseBy;

// The event behind the retirement, as its plan lists it.
const Event* cause_in(const Plan& plan, const PlannedRetirement& planned) {
  for (std::size_t i = 0; i < plan.events.size() && i < plan.event_lineages.size(); ++i) {
    if (plan.event_lineages[i] == planned.cause) {
      return &plan.events[i];
    }
  }
  return plan.events.empty() ? nullptr : &plan.events.front();
}

// Whether somebody said that it depends on the item: what only use shows is judged by its time.
bool names(const Inventory& inventory, ItemRef item, std::string_view by) {
  const bool only_used = std::any_of(inventory.learned.begin(), inventory.learned.end(),
                                     [&](const LearnedDependent& one) {
                                       return one.item == item && inventory.text(one.by) == by;
                                     });
  if (only_used) {
    return false;
  }
  const auto column = inventory.schema->find(static_cast<Entity>(item.kind()), "dependents");
  if (!column) {
    return false;
  }
  const SetId set{inventory.word(item, *column)};
  const auto elements = inventory.sets.elements(set);
  return std::any_of(elements.begin(), elements.end(),
                     [&](std::uint32_t element) { return inventory.text(Symbol{element}) == by; });
}

bool holds(const StepRecord& record) {
  return is_done_state(record.state) || record.state == StepState::Residual;
}

}  // namespace

// The subjects of the run, and of who uses the item all those who leave by another run or are about
// to: their use keeps nothing alive.
Status OpenRun::need_leavers(const RetirementRecord& record) {
  for (const Event& event : plan_.plan.events) {
    leavers_.insert(event.subject);
  }
  const ItemRef item = inventory_->find_item(record.item);
  const Schema& schema = *request_.policy->checked->schema;
  for (const UsageRecord& use : inventory_->usages) {
    const std::string by(inventory_->text(use.by));
    if (use.item != item || by.empty() || !asked_whether_leaving_.insert(by).second) {
      continue;
    }
    RESCIND_ASSIGN_OR_RETURN(const auto events, store_.list_open_events(by));
    for (const StoredEvent& event : events) {
      const auto type = schema.find_event(event.type);
      if (type && schema.events[*type].leaver_type && !event.withdrawn) {
        leavers_.insert(by);
      }
    }
  }
  return {};
}

// Since when it has been out of use at times: who was first seen to use it after that shows nothing
// but that somebody got through.
Result<Instant> OpenRun::untouched_until(const RetirementRecord& record) const {
  Instant until = record.entered_at;
  for (const PlanStep& step : plan_.plan.steps) {
    const StepRecord* at =
        step.retirement == record.id && step.action.empty() && step.effects.has(Effect::Contains)
            ? record_of(step.id)
            : nullptr;
    if (at != nullptr && at->settled_at) {
      until = std::min(until, *at->settled_at);
    }
  }
  RESCIND_ASSIGN_OR_RETURN(const auto claims, store_.list_claims(record.item));
  for (const ContainmentClaim& claim : claims) {
    until = std::min(until, claim.at);
  }
  return until;
}

std::vector<const PlanStep*> OpenRun::steps_of(const RetirementRecord& record,
                                               const std::string& stage) const {
  std::vector<const PlanStep*> found;
  for (const PlanStep& step : plan_.plan.steps) {
    if (step.retirement == record.id && step.stage == stage &&
        step.generation >= record.generation && step.generation <= record.generation + 1 &&
        !(step.verb == Verb::Restore && step.generation > record.generation)) {
      found.push_back(&step);
    }
  }
  return found;
}

void OpenRun::read_steps(const RetirementRecord& record, const PlannedRetirement& planned,
                         const std::vector<StageShape>& stages, RetirementFacts& facts) const {
  facts.steps_done = planned.stages[stage_index(stages, record.stage)].missing.empty();
  for (const PlanStep* step : steps_of(record, record.stage)) {
    const StepRecord* at = record_of(step->id);
    const bool done = at != nullptr && (holds(*at) || at->state == StepState::Cancelled);
    facts.steps_done = facts.steps_done && done;
    facts.steps_failed = facts.steps_failed || (at != nullptr && is_end_state(at->state) && !done);
  }
  bool any = false;
  bool all = true;
  for (std::size_t i = 0; i <= stage_index(stages, record.stage) && i < stages.size(); ++i) {
    for (const PlanStep* step : steps_of(record, stages[i].name)) {
      if (step->effects.has(Effect::Contains) && step->action.empty()) {
        const StepRecord* at = record_of(step->id);
        any = true;
        all = all && at != nullptr && holds(*at);
      }
    }
  }
  facts.contained = any && all;
}

void OpenRun::read_gate(const RetirementRecord& record, const PlannedRetirement& planned,
                        RetirementFacts& facts) {
  if (!gates_) {
    gates_ = std::make_unique<GateJudge>(request_.policy->program, inventory_, facts.now, nullptr);
  }
  GateQuestion question;
  question.retire = record.retire;
  question.stage = record.stage;
  question.item = record.item;
  if (const Event* cause = cause_in(plan_.plan, planned)) {
    question.cause = *cause;
  }
  question.leavers = leavers_;
  question.known_since = plan_.plan.as_of;  // it was planned for, so it was there
  const GateJudgement judged = gates_->judge(question);
  facts.gate = judged.answer;
  facts.gate_why = judged.why;
  facts.gate_next = judged.next;
}

// Who got through, and who was turned away, since the stage was entered.
Status OpenRun::read_use(const RetirementRecord& record, const PlannedRetirement& planned,
                         RetirementFacts& facts) const {
  const ItemRef item = inventory_->find_item(record.item);
  if (!item.valid()) {
    return {};
  }
  RESCIND_ASSIGN_OR_RETURN(const Instant untouched, untouched_until(record));
  std::set<std::string> learned;  // used it before anybody touched it
  for (const UsageRecord& use : inventory_->usages) {
    if (use.item == item && use.success && use.at < untouched) {
      learned.emplace(inventory_->text(use.by));
    }
  }
  learned.erase("");
  for (const UsageRecord& use : inventory_->usages) {
    if (use.item != item || use.at <= record.entered_at) {
      continue;
    }
    const std::string by(inventory_->text(use.by));
    const bool own = by == planned.holder || leavers_.contains(by);
    const bool dependent = !own && (names(*inventory_, item, by) || learned.contains(by));
    if (!use.success) {
      facts.denied = dependent ? by : facts.denied;
      continue;
    }
    const UseBy who = own ? UseBy::Subject : dependent ? UseBy::Dependent : UseBy::Unknown;
    // What a dependent still needs is looked at first; an incident is told either way.
    if (facts.use == UseBy::Nobody || who == UseBy::Dependent) {
      facts.use = who;
      facts.used_by = by.empty() ? "nobody known" : by;
    }
  }
  return {};
}

// Whether somebody watched its use from the beginning of the stage to the end of its soak.
void OpenRun::read_coverage(const RetirementRecord& record, const PlannedRetirement& planned,
                            RetirementFacts& facts) const {
  const SystemRef system = inventory_->find_system(planned.system);
  const auto kind = find_kind(planned.kind);
  const Instant end = record.due.value_or(facts.now);
  std::optional<Instant> reaches;
  for (const CoverageRecord& coverage : inventory_->coverages) {
    if (coverage.system == system && kind && coverage.kinds.contains(*kind) &&
        coverage.since <= record.entered_at) {
      reaches = std::max(reaches.value_or(coverage.until), coverage.until);
    }
  }
  if (reaches && *reaches >= end) {
    facts.covered = facts.use == UseBy::Dependent ? GateAnswer::Unmet : GateAnswer::Met;
    return;
  }
  facts.covered_why =
      "nobody watched its use from " + format_instant(reaches.value_or(record.entered_at)) + " on";
}

void OpenRun::read_people(const RetirementRecord& record, const PlannedRetirement& planned,
                          const StageShape& stage, RetirementFacts& facts) const {
  for (const PlanStep* step : steps_of(record, stage.name)) {
    const std::string missing = approvals_->missing(*step, step->approvals, facts.now);
    if (!missing.empty()) {
      facts.approved = false;
      facts.missing = missing;
    }
  }
  const std::uint32_t next = record.generation + 1;
  for (const PlanStep& step : plan_.plan.steps) {
    if (step.retirement != record.id || step.verb != Verb::Restore || step.generation != next) {
      continue;
    }
    const StepRecord* at = record_of(step.id);
    facts.return_approved = approvals_->missing(step, step.approvals, facts.now).empty();
    if (at != nullptr && at->state == StepState::Refused) {
      facts.use = facts.use == UseBy::Dependent ? UseBy::Nobody : facts.use;
    }
  }
  const IdentityRef holder = inventory_->find_identity(planned.holder);
  if (!holder.valid()) {
    return;
  }
  const SetId owners{inventory_->table(Entity::Identity)
                         .columns[identity_attribute::kOwner]
                         .word_at(holder.row())};
  const auto elements = inventory_->sets.elements(owners);
  facts.owner_gone =
      !elements.empty() && std::all_of(elements.begin(), elements.end(), [&](std::uint32_t one) {
        const std::string id(inventory_->text(Symbol{one}));
        if (inventory_->find_team(id)) {
          return false;
        }
        const auto person = request_.execute.approvers.person(id);
        return person && (!person->active || person->leaving);
      });
}

// Causes that joined, and whether they were taken back.
Status OpenRun::read_causes(const RetirementRecord& record, const PlannedRetirement& planned,
                            RetirementFacts& facts) {
  facts.enter_by = planned.enter_by;
  RESCIND_ASSIGN_OR_RETURN(const auto joined, execute::list_joined(store_, record));
  for (const execute::JoinedRetirement& other : joined) {
    for (const auto& [stage, by] : other.planned.enter_by) {
      const auto known = facts.enter_by.emplace(stage, by).first;
      known->second = std::min(known->second, by);
    }
    const auto start = facts.enter_by.emplace(other.planned.start, other.record.entered_at).first;
    start->second = std::min(start->second, other.record.entered_at);
  }
  const std::string cause = claim_cause(planned.cause);
  RESCIND_ASSIGN_OR_RETURN(const auto revisions, store_.list_revisions(cause));
  std::uint32_t newest = 0;
  for (const StoredEvent& event : revisions) {
    if (claim_cause(event.lineage) == cause && event.revision >= newest) {
      newest = event.revision;
      facts.withdrawn = event.withdrawn;
    }
  }
  return {};
}

Result<RetirementFacts> OpenRun::facts_of(const RetirementRecord& record,
                                          const PlannedRetirement& planned,
                                          const std::vector<StageShape>& stages) {
  RetirementFacts facts;
  facts.now = clock_.now();
  RESCIND_RETURN_IF_ERROR(need_approvals());
  read_steps(record, planned, stages, facts);
  RESCIND_RETURN_IF_ERROR(need_leavers(record));
  read_gate(record, planned, facts);
  RESCIND_RETURN_IF_ERROR(read_use(record, planned, facts));
  read_coverage(record, planned, facts);
  read_people(record, planned, stages[stage_index(stages, record.stage)], facts);
  RESCIND_RETURN_IF_ERROR(read_causes(record, planned, facts));
  return facts;
}

}  // namespace rescind::advance
