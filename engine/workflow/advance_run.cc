// Facts for one run, its appointments, and what a sweep left over.
#include <algorithm>
#include <set>
#include <utility>

#include "audit/notes.h"
#include "execute/refusals.h"
#include "workflow/advance_parts.h"
#include "workflow/decide_again.h"

namespace rescind::advance {
namespace {

bool destroys(const PlanStep& step) {
  return step.effects.has(Effect::Destroys) || step.rank == Rank::Destroy;
}

bool has_not_begun(const StepRecord& record) {
  return record.attempts == 0 &&
         (record.state == StepState::Pending || record.state == StepState::Waiting ||
          record.state == StepState::Ready);
}

std::string step_words(const PlanStep& step) {
  return std::string(step.action.empty() ? verb_name(step.verb) : step.action) + " " +
         (step.item.empty() ? step.target : step.item);
}

void add_missing(std::vector<std::string>& ids, const std::vector<std::string>& more) {
  for (const std::string& id : more) {
    if (std::find(ids.begin(), ids.end(), id) == ids.end()) {
      ids.push_back(id);
    }
  }
}

// What is decided again is planned on what was done meanwhile: the step that contained the item is
// not in that plan any more. It is still what this one comes after, and what its time counts from.
void keep_order(const PlanStep& planned, PlanStep& fresh) {
  add_missing(fresh.after, planned.after);
  add_missing(fresh.strong_after, planned.strong_after);
  fresh.soak = std::max(fresh.soak, planned.soak);
}

bool speaks_of(const std::vector<ItemNote>& notes, const std::string& item) {
  return std::any_of(notes.begin(), notes.end(),
                     [&item](const ItemNote& note) { return note.item == item; });
}

}  // namespace

Status OpenRun::read() {
  RESCIND_ASSIGN_OR_RETURN(steps_, store_.list_steps(claim_.run.id));
  RESCIND_ASSIGN_OR_RETURN(retirements_, store_.list_retirements(claim_.run.id));
  return {};
}

void OpenRun::point() const {
  if (request_.execute.crash_point) {
    request_.execute.crash_point();
  }
}

JournalRecord OpenRun::line(RecordEntry entry, const std::string& detail) const {
  JournalRecord record;
  record.run = claim_.run.id;
  record.epoch = claim_.run.epoch;
  record.at = clock_.now();
  record.entry = entry;
  record.detail = detail;
  return record;
}

const StepRecord* OpenRun::record_of(const std::string& step) const {
  const auto found = std::find_if(steps_.begin(), steps_.end(), [&step](const StepRecord& record) {
    return record.step == step;
  });
  return found == steps_.end() ? nullptr : &*found;
}

Status OpenRun::need_facts(const std::vector<std::string>& systems) {
  if (inventory_ && systems.empty()) {
    return {};
  }
  RESCIND_ASSIGN_OR_RETURN(inventory_, request_.read_inventory(systems));
  gates_.reset();
  fresh_.reset();
  return {};
}

// What would be planned for the run's events today.
Status OpenRun::need_fresh_plan() {
  RESCIND_RETURN_IF_ERROR(need_facts({}));
  if (fresh_) {
    return {};
  }
  PlanRequest again = request_.plan;
  again.as_of = clock_.now();
  RESCIND_ASSIGN_OR_RETURN(
      fresh_, decide_again(*request_.policy, inventory_, std::move(again), claim_.run.id));
  return {};
}

Status OpenRun::need_approvals() {
  if (approvals_) {
    return {};
  }
  RESCIND_ASSIGN_OR_RETURN(const auto stored, store_.list_approvals(claim_.run.id));
  RESCIND_ASSIGN_OR_RETURN(execute::Ancestry ancestry, execute::read_ancestry(plan_.plan, store_));
  approvals_ = std::make_unique<execute::Approvals>(plan_.plan, request_.execute.approvers, stored,
                                                    std::move(ancestry));
  return {};
}

// Steps of the run get another form, or join it.
Status OpenRun::extend(RecordEntry entry, const std::string& why, std::vector<PlanStep> steps,
                       const std::vector<PlannedRetirement>& retirements, Instant expires,
                       const RetirementRecord* record) {
  Plan more;
  more.engine = plan_.plan.engine;
  more.as_of = clock_.now();
  more.expires_at = expires;
  more.steps = std::move(steps);
  more.retirements = retirements;
  more.summary.steps = more.steps.size();
  more.notes.push_back(claim_.run.id + " " + std::to_string(claim_.run.epoch) + ": " + why);
  if (fresh_) {
    more.limits = fresh_->limits;
  }
  more.digest = compute_plan_digest(more);
  NewSupplement supplement;
  supplement.digest = more.digest;
  supplement.plan = encode_plan(more);
  supplement.why = why;
  supplement.at = clock_.now();
  supplement.notes = notes_of(more);
  for (const PlanStep& step : more.steps) {
    if (record_of(step.id) == nullptr) {
      NewStep made;
      made.id = step.id;
      made.generation = step.generation;
      if (step.not_before > clock_.now() && step.retirement.empty()) {
        made.due = step.not_before;
      }
      supplement.steps.push_back(std::move(made));
    }
  }
  point();
  RESCIND_RETURN_IF_ERROR(store_.extend_run(line(entry, why), supplement, record).map([](auto) {}));
  point();
  lines_.push_back(why);
  add_supplement(plan_, std::move(more));
  approvals_.reset();
  return read();
}

Result<bool> OpenRun::decide_appointments() {
  const Instant now = clock_.now();
  std::vector<PlanStep> due;
  for (const PlanStep& step : plan_.plan.steps) {
    const StepRecord* record = record_of(step.id);
    const bool planned = step.appointment || now >= plan_.expires_at(step.id);
    const bool held = step.gate && step.gate->kind == "hold";
    if (record != nullptr && step.retirement.empty() && destroys(step) && (planned || held) &&
        has_not_begun(*record) && step.not_before <= now && (!record->due || *record->due <= now)) {
      due.push_back(step);
    }
  }
  if (due.empty()) {
    return false;
  }
  RESCIND_RETURN_IF_ERROR(need_fresh_plan());
  std::vector<PlanStep> go;
  for (const PlanStep& step : due) {
    StepRecord record = *record_of(step.id);
    const AppointmentAgain again = judge_appointment(step, *fresh_);
    const bool undetermined = speaks_of(fresh_->undetermined, step.item);
    if (again.state == AppointmentState::Due) {
      go.push_back(*again.fresh);
      keep_order(step, go.back());
      continue;
    }
    if (again.state == AppointmentState::Gone && !undetermined) {
      record.state = StepState::Cancelled;
      record.wait.clear();
      record.due.reset();
      record.escalated = false;
    } else {
      record.state = StepState::Waiting;
      record.wait =
          (again.state == AppointmentState::Moved ? "appointment: " : "hold: ") + again.why;
      record.due = again.due ? again.due : std::optional<Instant>(now + Seconds(86400));
      record.escalated = undetermined;
    }
    record.detail = again.why;
    record.updated_at = now;
    JournalRecord said = line(RecordEntry::Decided, again.why);
    said.step = step.id;
    said.generation = record.generation;
    said.state = record.state;
    said.until = record.due;
    point();
    RESCIND_RETURN_IF_ERROR(store_.append(said, &record, nullptr));
    point();
    lines_.push_back(step_words(step) + ": " + std::string(step_state_name(record.state)) + ", " +
                     again.why);
  }
  if (go.empty()) {
    RESCIND_RETURN_IF_ERROR(read());
    return false;
  }
  for (PlanStep& step : go) {
    step.appointment = false;
  }
  const std::string what = step_words(go.front());
  RESCIND_RETURN_IF_ERROR(
      extend(RecordEntry::Decided,
             "decided again, still due: " + what +
                 (go.size() > 1 ? " and " + std::to_string(go.size() - 1) + " more" : ""),
             std::move(go), {}, fresh_->expires_at, nullptr));
  return true;
}

// What took the place of the plan's items, and the accounts that were made with it. WHY: nobody
// slipped it in, and whoever depends on the old item works with it.
std::set<std::string> OpenRun::successors_made() const {
  std::set<std::string> items;
  std::set<std::string> accounts;
  for (const PlanStep& step : plan_.plan.steps) {
    items.insert(step.item);
    accounts.insert(step.account);
  }
  std::set<std::string> made;
  const auto reference = [&](ItemRef item, AttributeIndex attribute) {
    return ItemRef{inventory_->word(item, attribute)};
  };
  for (const std::string& id : items) {
    const ItemRef item = inventory_->find_item(id);
    const auto attribute =
        item.valid() ? inventory_->schema->find(static_cast<Entity>(item.kind()), "successor")
                     : std::nullopt;
    const ItemRef successor = attribute ? reference(item, *attribute) : ItemRef{};
    if (!successor.valid()) {
      continue;
    }
    made.emplace(inventory_->id(successor));
    const ItemRef account = reference(successor, item_attribute::kAccount);
    if (account.valid() && !items.contains(std::string(inventory_->id(account))) &&
        !accounts.contains(std::string(inventory_->id(account)))) {
      made.emplace(inventory_->id(account));
    }
  }
  return made;
}

// A snapshot misses what was made after it: when everything was swept, look once more.
Result<bool> OpenRun::look_after_sweep() {
  std::set<std::string> systems;
  for (const PlanStep& step : plan_.plan.steps) {
    if (step.action != "sweep") {
      continue;
    }
    const StepRecord* record = record_of(step.id);
    if (record == nullptr ||
        !(is_done_state(record->state) || record->state == StepState::Residual)) {
      return false;
    }
    systems.insert(step.system);
  }
  const std::string setting = std::string(kSweptSetting) + claim_.run.id;
  RESCIND_ASSIGN_OR_RETURN(const auto looked, store_.find_setting(setting));
  if (systems.empty() || looked || !plan_.plan.undoes.empty()) {
    return false;
  }
  RESCIND_RETURN_IF_ERROR(need_facts({systems.begin(), systems.end()}));
  PlanRequest anew = request_.plan;
  anew.as_of = clock_.now();
  anew.events = reported_events(plan_.plan);
  RESCIND_ASSIGN_OR_RETURN(const Plan found,
                           plan_events(*request_.policy, inventory_, std::move(anew)));
  std::vector<PlanStep> more;
  for (const PlanStep& step : found.steps) {
    if (record_of(step.id) == nullptr) {
      more.push_back(step);
    }
  }
  const auto new_item = [this](const PlanStep& step) {
    return std::none_of(plan_.plan.steps.begin(), plan_.plan.steps.end(),
                        [&step](const PlanStep& old) { return old.item == step.item; });
  };
  const std::set<std::string> ours = successors_made();
  std::erase_if(more, [&](const PlanStep& step) {
    return step.item.empty() || !new_item(step) || ours.contains(step.item) ||
           ours.contains(step.account);
  });
  RESCIND_ASSIGN_OR_RETURN(const auto supplements, store_.list_supplements(claim_.run.id));
  if (more.empty() || supplements.size() >= request_.max_supplements) {
    const std::string said = more.empty()
                                 ? "nothing new after the sweep"
                                 : "new items again after " + std::to_string(supplements.size()) +
                                       " supplements: " + more.front().item + "; plan again";
    point();
    RESCIND_RETURN_IF_ERROR(
        store_.append(line(more.empty() ? RecordEntry::Extended : RecordEntry::Escalated, said),
                      nullptr, nullptr));
    RESCIND_RETURN_IF_ERROR(store_.set_setting(setting, said));
    point();
    if (!more.empty()) {
      lines_.push_back(said);
    }
    return false;
  }
  std::vector<PlannedRetirement> retirements = found.retirements;
  std::erase_if(retirements, [&more](const PlannedRetirement& planned) {
    return std::none_of(more.begin(), more.end(),
                        [&planned](const PlanStep& step) { return step.retirement == planned.id; });
  });
  const std::string what = "found after the sweep: " + more.front().item + ", " +
                           std::to_string(more.size()) + (more.size() == 1 ? " step" : " steps");
  RESCIND_RETURN_IF_ERROR(
      extend(RecordEntry::Extended, what, std::move(more), retirements, found.expires_at, nullptr));
  for (const PlannedRetirement& planned : retirements) {
    RetirementRecord record = execute::begin_retirement(
        planned, execute::shapes_of(planned, plan_.plan.steps), clock_.now());
    record.run = claim_.run.id;
    RESCIND_RETURN_IF_ERROR(store_.save_retirement(
        line(RecordEntry::Stage, "begins in `" + record.stage + "`"), record));
  }
  RESCIND_RETURN_IF_ERROR(read());
  return true;
}

}  // namespace rescind::advance
