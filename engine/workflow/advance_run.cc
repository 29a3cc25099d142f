// Facts for one run, its appointments, and what a sweep left over.
#include <algorithm>
#include <set>
#include <span>
#include <utility>

#include "audit/notes.h"
#include "execute/action.h"
#include "execute/refusals.h"
#include "workflow/advance_parts.h"
#include "workflow/decide_again.h"

namespace rescind::advance {
namespace {

// How long what nobody can say a time for waits before it is decided once more.
constexpr Seconds kLookAgain{86400};

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

// The systems, and those in which they make or enable accounts.
std::set<std::string> with_pushed(const Inventory& inventory,
                                  const std::set<std::string>& systems) {
  std::set<std::string> all;
  std::vector<std::string> left(systems.begin(), systems.end());
  while (!left.empty()) {
    const std::string id = std::move(left.back());
    left.pop_back();
    const SystemRef system = inventory.find_system(id);
    if (!all.insert(id).second || !system.valid()) {
      continue;
    }
    const Column& pushes = inventory.table(Entity::System).columns[system_attribute::kPushesTo];
    const SetId to{pushes.word_at(system.row())};
    for (const std::uint32_t name :
         to == kMissingSet ? std::span<const std::uint32_t>() : inventory.sets.elements(to)) {
      left.emplace_back(inventory.text(Symbol{name}));
    }
  }
  return all;
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
Status OpenRun::extend(RecordEntry entry, const std::string& why, Addition addition) {
  Plan more;
  more.engine = plan_.plan.engine;
  more.as_of = clock_.now();
  more.expires_at = addition.expires;
  more.steps = std::move(addition.steps);
  more.retirements = std::move(addition.retirements);
  more.summary.steps = more.steps.size();
  more.notes.push_back(claim_.run.id + " " + std::to_string(claim_.run.epoch) + ": " + why);
  if (fresh_) {
    more.limits = fresh_->limits;
  }
  more.digest = compute_plan_digest(more);
  NewSupplement supplement;
  supplement.digest = more.digest;
  supplement.plan = encode_plan(more);
  supplement.index = index_plan(more);
  supplement.why = why;
  supplement.at = clock_.now();
  supplement.retirements = std::move(addition.records);
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
  RESCIND_RETURN_IF_ERROR(store_.extend_run(line(entry, why), supplement).map([](auto) {}));
  point();
  lines_.push_back(why);
  add_supplement(plan_, std::move(more));
  approvals_.reset();
  return read();
}

// Steps that take something for good, whose time has come, and which nobody decided for today.
std::vector<PlanStep> OpenRun::due_appointments() const {
  const Instant now = clock_.now();
  std::vector<PlanStep> due;
  for (const PlanStep& step : plan_.plan.steps) {
    const StepRecord* record = record_of(step.id);
    const bool planned = step.appointment || now >= plan_.expires_at(step.id);
    const bool held = step.gate && step.gate->kind == "hold";
    if (record != nullptr && step.retirement.empty() && execute::is_decided_when_due(step) &&
        (planned || held) && is_untouched_state(record->state) && step.not_before <= now &&
        (!record->due || *record->due <= now)) {
      due.push_back(step);
    }
  }
  return due;
}

// The appointment is not kept today: it waits, or is gone.
Status OpenRun::put_off(const PlanStep& step, const AppointmentAgain& again) {
  const Instant now = clock_.now();
  StepRecord record = *record_of(step.id);
  const bool undetermined = speaks_of(fresh_->undetermined, step.item);
  if (again.state == AppointmentState::Gone && !undetermined) {
    record.state = StepState::Cancelled;
    record.wait.clear();
    record.due.reset();
    record.escalated = false;
  } else {
    record.state = StepState::Waiting;
    record.wait = (again.state == AppointmentState::Moved ? "appointment: " : "hold: ") + again.why;
    record.due = again.due ? again.due : std::optional<Instant>(now + kLookAgain);
    // What is late stays so, whatever it waits for now.
    record.escalated = undetermined || (step.deadline && *step.deadline <= now);
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
  return {};
}

// It was decided for today already, waits for an approval, and that would be asked for in the very
// same words.
bool OpenRun::still_asks(const PlanStep& step, const AppointmentAgain& again) const {
  const auto asked = [](const PlanStep& one) {
    std::vector<std::vector<std::string>> all;
    for (const Approval& approval : one.approvals) {
      all.push_back(approval.by);
    }
    return all;
  };
  return !step.appointment && !again.changed && asked(step) == asked(*again.fresh) &&
         !approvals_->missing(step, step.approvals, clock_.now()).empty();
}

Result<bool> OpenRun::decide_appointments() {
  const std::vector<PlanStep> due = due_appointments();
  if (due.empty()) {
    return false;
  }
  RESCIND_RETURN_IF_ERROR(need_fresh_plan());
  RESCIND_RETURN_IF_ERROR(need_approvals());
  std::vector<PlanStep> go;
  for (const PlanStep& step : due) {
    const AppointmentAgain again = judge_appointment(step, *fresh_);
    if (again.state == AppointmentState::Due && still_asks(step, again)) {
      continue;
    }
    if (again.state == AppointmentState::Due) {
      go.push_back(*again.fresh);
      keep_order(step, go.back());
      go.back().appointment = false;
    } else {
      RESCIND_RETURN_IF_ERROR(put_off(step, again));
    }
  }
  if (go.empty()) {
    RESCIND_RETURN_IF_ERROR(read());
    return false;
  }
  const std::string what = step_words(go.front());
  RESCIND_RETURN_IF_ERROR(
      extend(RecordEntry::Decided,
             "decided again, still due: " + what +
                 (go.size() > 1 ? " and " + std::to_string(go.size() - 1) + " more" : ""),
             {.steps = std::move(go), .expires = fresh_->expires_at}));
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

// Whether there were sweeps, and all have come to an end.
bool OpenRun::is_swept() const {
  bool any = false;
  for (const PlanStep& step : plan_.plan.steps) {
    if (step.action == "sweep") {
      const StepRecord* record = record_of(step.id);
      any = true;
      if (record == nullptr ||
          !(is_done_state(record->state) || record->state == StepState::Residual)) {
        return false;
      }
    }
  }
  return any;
}

// What planning for the same events finds now on items that the run does not speak of yet.
Result<OpenRun::Addition> OpenRun::find_new_items() {
  // Not only where something was swept: a machine identity of the subject has no sessions to sweep.
  std::set<std::string> systems;
  std::set<std::string> known;
  for (const PlanStep& step : plan_.plan.steps) {
    known.insert(step.item);
    if (!step.system.empty()) {
      systems.insert(step.system);
    }
  }
  RESCIND_RETURN_IF_ERROR(need_facts({}));
  systems = with_pushed(*inventory_, systems);
  RESCIND_RETURN_IF_ERROR(need_facts({systems.begin(), systems.end()}));
  PlanRequest anew = request_.plan;
  anew.as_of = clock_.now();
  anew.events = reported_events(plan_.plan);
  RESCIND_ASSIGN_OR_RETURN(Plan found, plan_events(*request_.policy, inventory_, std::move(anew)));
  Addition more;
  more.expires = found.expires_at;
  const std::set<std::string> ours = successors_made();
  for (PlanStep& step : found.steps) {
    if (!step.item.empty() && record_of(step.id) == nullptr && !known.contains(step.item) &&
        !ours.contains(step.item) && !ours.contains(step.account)) {
      more.steps.push_back(std::move(step));
    }
  }
  for (PlannedRetirement& planned : found.retirements) {
    const bool is_new =
        std::any_of(more.steps.begin(), more.steps.end(),
                    [&planned](const PlanStep& step) { return step.retirement == planned.id; });
    if (is_new) {
      more.records.push_back(execute::begin_retirement(
          planned, execute::shapes_of(planned, more.steps), clock_.now()));
      more.retirements.push_back(std::move(planned));
    }
  }
  return more;
}

// A snapshot misses what was made after it: when everything was swept, look once more.
Result<bool> OpenRun::look_after_sweep() {
  const std::string setting = std::string(kSweptSetting) + claim_.run.id;
  RESCIND_ASSIGN_OR_RETURN(const auto looked, store_.find_setting(setting));
  if (!is_swept() || looked || !plan_.plan.undoes.empty()) {
    return false;
  }
  RESCIND_ASSIGN_OR_RETURN(Addition more, find_new_items());
  RESCIND_ASSIGN_OR_RETURN(const auto supplements, store_.list_supplements(claim_.run.id));
  if (more.steps.empty() || supplements.size() >= request_.max_supplements) {
    const bool nothing = more.steps.empty();
    const std::string said = nothing
                                 ? "nothing new after the sweep"
                                 : "new items again after " + std::to_string(supplements.size()) +
                                       " supplements: " + more.steps.front().item + "; plan again";
    point();
    RESCIND_RETURN_IF_ERROR(store_.append(
        line(nothing ? RecordEntry::Extended : RecordEntry::Escalated, said), nullptr, nullptr));
    RESCIND_RETURN_IF_ERROR(store_.set_setting(setting, said));
    point();
    if (!nothing) {
      lines_.push_back(said);
    }
    return false;
  }
  const std::string said = "found after the sweep: " + more.steps.front().item + ", " +
                           std::to_string(more.steps.size()) +
                           (more.steps.size() == 1 ? " step" : " steps");
  RESCIND_RETURN_IF_ERROR(extend(RecordEntry::Extended, said, std::move(more)));
  return true;
}

}  // namespace rescind::advance
