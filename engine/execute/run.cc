// A run from taking it up to saying what waits.
#include "execute/run.h"

#include <algorithm>
#include <utility>

#include "base/counted.h"
#include "execute/refusals.h"

namespace rescind::execute {
namespace {

bool waits_for_person(const std::string& wait) {
  return wait.starts_with("approval") || wait.starts_with("limit") || wait.starts_with("hold") ||
         wait.starts_with("handover") || wait.starts_with("receiver") ||
         wait.starts_with("claim") || wait.starts_with("clock") ||
         wait.starts_with(kContainmentGone);
}

// Waiting as planned: for time, a person, or for something that waits itself.
bool waits_as_planned(const StepRecord& record) {
  if (record.state == StepState::Residual) {
    return true;
  }
  return record.state == StepState::Waiting &&
         (waits_for_person(record.wait) || record.wait == "time" || record.wait == "soak" ||
          record.wait.starts_with("appointment") || record.wait.starts_with("stage ") ||
          record.wait.starts_with("after ") || record.wait.starts_with("delivery"));
}

// Its plan put it over that limit, or the window had no room when it tried.
bool waits_for_limit(const PlanStep& step, const StepRecord& record, const std::string& limit) {
  const std::string wait = "limit " + limit;
  return (step.gate && step.gate->kind == "limit" && step.gate->text == wait) ||
         record.wait == wait;
}

}  // namespace

Run::Run(const RunPlan& run, Store::Claim claim, Store& store, ConnectorSet& connectors,
         Clock& clock, const ExecuteOptions& options, SystemBook& book)
    : run_plan_(run),
      plan_(run.plan),
      claim_(std::move(claim)),
      store_(store),
      connectors_(connectors),
      clock_(clock),
      options_(options),
      journal_(store, clock, claim_.run.id, claim_.run.epoch, options.crash_point),
      book_(book) {}

Status Run::record_approvals(std::vector<StepRecord>& steps) {
  RESCIND_ASSIGN_OR_RETURN(const auto stored, store_.list_approvals(claim_.run.id));
  RESCIND_ASSIGN_OR_RETURN(Ancestry ancestry, read_ancestry(plan_, store_));
  approvals_ = std::make_unique<Approvals>(plan_, options_.approvers, stored, std::move(ancestry));
  RESCIND_RETURN_IF_ERROR(end_refused(plan_, *approvals_, steps, journal_, clock_.now()));
  RESCIND_RETURN_IF_ERROR(approve_by_name());
  return let_pass_by_name(steps);
}

Status Run::add_word(const std::string& by, const std::string& step, const std::string& binding) {
  StoredApproval approval;
  approval.run = claim_.run.id;
  approval.step = step;
  approval.binding = binding;
  approval.approver = by;
  approval.plan_digest = plan_.digest;
  approval.at = clock_.now();
  RESCIND_RETURN_IF_ERROR(journal_.approve(approval));
  approvals_->add(approval);
  return {};
}

Status Run::approve_by_name() {
  const std::string& by = options_.approve_as;
  if (by.empty()) {
    return {};
  }
  RESCIND_RETURN_IF_ERROR(add_word(by, "", plan_.digest));
  for (const PlanStep& step : plan_.steps) {
    if (approvals_->can_give(step, by, clock_.now())) {
      RESCIND_RETURN_IF_ERROR(add_word(by, step.id, approval_binding(step)));
    }
  }
  return journal_.write_run(RecordEntry::Approved, "approved by " + by);
}

Status Run::let_pass_by_name(const std::vector<StepRecord>& steps) {
  const std::string& by = options_.over_limit_as;
  for (const std::string& limit : options_.over_limits) {
    std::size_t passed = 0;
    for (std::size_t i = 0; i < plan_.steps.size(); ++i) {
      const PlanStep& step = plan_.steps[i];
      if (waits_for_limit(step, steps[i], limit) &&
          approvals_->can_pass_limit(step, limit, by, clock_.now())) {
        RESCIND_RETURN_IF_ERROR(add_word(by, step.id, over_limit_binding(step, limit)));
        ++passed;
      }
    }
    if (passed > 0) {
      RESCIND_RETURN_IF_ERROR(
          journal_.write_run(RecordEntry::Approved,
                             by + " lets " + counted(passed, "step") + " exceed limit " + limit));
    }
  }
  return {};
}

// Systems without a connector are closed from the start: their steps wait and are reported.
void Run::connect_missing() {
  for (const std::string& system : systems()) {
    if (!system.empty() && connectors_.find(system) == nullptr) {
      schedule_->close(system, connectors_.why_unavailable(system));
    }
  }
}

Status Run::begin() {
  RESCIND_ASSIGN_OR_RETURN(auto steps, store_.list_steps(claim_.run.id));
  if (steps.size() != plan_.steps.size()) {
    return fail(ErrorKind::Corrupt,
                "the store has lost steps of " + claim_.run.id + "; restore it from a backup");
  }
  RESCIND_ASSIGN_OR_RETURN(retirements_, store_.list_retirements(claim_.run.id));
  ClaimMap claims = claims_of(plan_, claim_.run.id);
  RESCIND_RETURN_IF_ERROR(add_joined_claims(plan_, retirements_, store_, claims));
  journal_.set_claims(claims);
  RESCIND_RETURN_IF_ERROR(record_approvals(steps));
  RESCIND_ASSIGN_OR_RETURN(restores_, read_restores(plan_, store_));
  schedule_ = std::make_unique<Schedule>(run_plan_, std::move(steps), retirements_, *approvals_,
                                         options_, book_);
  RESCIND_ASSIGN_OR_RETURN(const auto frozen,
                           store_.find_setting(std::string(kClockFrozenSetting)));
  schedule_->freeze(frozen.value_or(""));
  for (const ClaimRelease& release : releases_alone(plan_)) {
    RESCIND_RETURN_IF_ERROR(journal_.release("", release.item, {release.cause}));
  }
  RESCIND_RETURN_IF_ERROR(claim_what_is_held(claims));
  connect_missing();
  return cancel_passed();
}

Result<RunReport> Run::conclude() {
  RESCIND_RETURN_IF_ERROR(cancel_passed());
  RESCIND_RETURN_IF_ERROR(say_what_waits());
  RESCIND_RETURN_IF_ERROR(finish(state_now()));
  return report();
}

// What is contained already is so for every cause of this run: by a step that an earlier run had
// done, and by a retirement that this one joined or that another one joined.
Status Run::claim_what_is_held(const ClaimMap& claims) {
  for (const Slot& slot : schedule_->slots()) {
    const auto own = claims.find(slot.record.step);
    const bool done = is_done_state(slot.record.state) || slot.record.state == StepState::Residual;
    const bool shared = !plan_.supersedes.empty() || !slot.step->retirement.empty();
    if (own == claims.end() || !done || !shared) {
      continue;
    }
    RESCIND_ASSIGN_OR_RETURN(const auto known, store_.list_claims(slot.step->item));
    std::vector<ContainmentClaim> missing;
    bool released = false;  // on purpose: it does not stand again, unless something holds the item
    for (ContainmentClaim claim : own->second) {
      const auto found =
          std::find_if(known.begin(), known.end(),
                       [&claim](const ContainmentClaim& one) { return one.cause == claim.cause; });
      if (found == known.end()) {
        claim.at = slot.record.settled_at.value_or(clock_.now());
        missing.push_back(std::move(claim));
      }
      released = released || (found != known.end() && found->released_at);
    }
    const bool held = std::any_of(known.begin(), known.end(),
                                  [](const ContainmentClaim& claim) { return !claim.released_at; });
    if (!missing.empty() && (held || !released)) {
      RESCIND_RETURN_IF_ERROR(journal_.claim(missing, "stands for the events of this run too"));
    }
  }
  RESCIND_ASSIGN_OR_RETURN(const auto joined, claims_by_joining(plan_, store_, clock_.now()));
  for (const ContainmentClaim& claim : joined) {
    RESCIND_RETURN_IF_ERROR(journal_.claim({claim}, "held by the retirement that this joined"));
  }
  return {};
}

// The run is at rest: its state, what was put back, when to look again.
Status Run::finish(RunState state) {
  if (state != claim_.run.state) {
    RESCIND_RETURN_IF_ERROR(
        journal_.write_run(RecordEntry::State, std::string(run_state_name(state))));
    RESCIND_RETURN_IF_ERROR(journal_.set_state(state));
    claim_.run.state = state;
  }
  if (!plan_.undoes.empty()) {
    RESCIND_RETURN_IF_ERROR(finish_undoing());
  }
  RESCIND_ASSIGN_OR_RETURN(const bool left, leaves_something_to_decide());
  if (left) {
    return journal_.set_due(clock_.now());
  }
  std::vector<StepRecord> steps;
  for (const Slot& slot : schedule_->slots()) {
    steps.push_back(slot.record);
  }
  return journal_.set_due(next_look_at_run(plan_, steps, retirements_, clock_.now(), options_));
}

// What comes of a stage, what came up behind a sweep, whether the run is closed: not judged here.
// The run stays due until somebody has, so that a crash in between loses nothing.
Result<bool> Run::leaves_something_to_decide() {
  bool swept = false;
  bool all_swept = true;
  bool ended = true;
  for (const Slot& slot : schedule_->slots()) {
    const StepState state = slot.record.state;
    ended = ended && is_end_state(state);
    if (slot.step->action == "sweep") {
      swept = true;
      all_swept = all_swept && (is_done_state(state) || state == StepState::Residual);
    }
  }
  const bool staged = std::any_of(
      retirements_.begin(), retirements_.end(),
      [](const RetirementRecord& retirement) { return !is_end_state(retirement.state); });
  if (ended || staged) {
    return true;
  }
  RESCIND_ASSIGN_OR_RETURN(const auto looked,
                           store_.find_setting(std::string(kSweptSetting) + claim_.run.id));
  return swept && all_swept && !looked && plan_.undoes.empty();
}

// The run that this one puts back is undone when every step is that this one restores.
Status Run::finish_undoing() {
  RESCIND_ASSIGN_OR_RETURN(const auto undone, store_.find_run(plan_.undoes));
  if (!undone || undone->state != RunState::Undoing) {
    return {};
  }
  const bool whole = std::all_of(schedule_->slots().begin(), schedule_->slots().end(),
                                 [](const Slot& slot) { return is_done_state(slot.record.state); });
  RESCIND_ASSIGN_OR_RETURN(auto back, list_put_back());
  const std::vector<std::string> own = std::move(back[plan_.undoes]);
  back.erase(plan_.undoes);
  for (const auto& [run, steps] : back) {
    RESCIND_ASSIGN_OR_RETURN(const auto record, store_.find_run(run));
    if (record && record->state == RunState::Superseded) {
      RESCIND_RETURN_IF_ERROR(journal_.mark_undone(run, steps, false));
    }
  }
  return journal_.mark_undone(plan_.undoes, own, whole);
}

// Steps by the run in which they were done. What held an item that came back as another run had
// found it is put back with it.
Result<std::map<std::string, std::vector<std::string>>> Run::list_put_back() {
  std::map<std::string, std::vector<std::string>> back;
  std::set<std::string> items;
  for (const Slot& slot : schedule_->slots()) {
    if (!slot.step->restores_step.empty() && is_done_state(slot.record.state)) {
      back[slot.step->restores_run].push_back(slot.step->restores_step);
      items.insert(slot.step->item);
    }
  }
  RESCIND_ASSIGN_OR_RETURN(const RunPlan undone, load_run_plan(store_, plan_.undoes));
  RESCIND_ASSIGN_OR_RETURN(const auto records, store_.list_steps(plan_.undoes));
  for (std::size_t i = 0; i < records.size() && i < undone.plan.steps.size(); ++i) {
    const PlanStep& step = undone.plan.steps[i];
    if (items.contains(step.item) && claims_its_item(step) && is_done_state(records[i].state)) {
      back[plan_.undoes].push_back(step.id);
    }
  }
  return back;
}

// Steps of stages that the retirement has left are not begun any more, nor tried again. One that
// may have done something is read back first. A replacement of an earlier time is cleared away by
// the one that took its place.
Status Run::cancel_passed() {
  for (Slot& slot : schedule_->slots()) {
    StepRecord& record = slot.record;
    const bool replaces = slot.step->verb == Verb::Replace;
    if (is_end_state(record.state) || !(is_untouched_state(record.state) || replaces) ||
        !schedule_->has_passed(slot) || schedule_->is_finishing(slot)) {
      continue;
    }
    record.escalated = replaces && record.attempts > 0;
    record.detail = "its retirement has left `" + slot.step->stage + "`" +
                    (record.attempts == 0    ? ""
                     : !record.wait.empty()  ? ", it had begun: " + record.wait
                     : record.detail.empty() ? ", it had begun"
                                             : ", it had begun: " + record.detail);
    record.state = StepState::Cancelled;
    record.wait.clear();
    record.due.reset();
    Entry entry;
    entry.entry = RecordEntry::Ended;
    entry.detail = record.detail;
    RESCIND_RETURN_IF_ERROR(journal_.write(record, entry));
  }
  return {};
}

std::vector<std::string> Run::systems() const {
  std::vector<std::string> names;
  for (const auto& [system, known] : schedule_->systems()) {
    names.push_back(system);
  }
  return names;
}

std::optional<NextAction> Run::next_action(const std::string& system,
                                           const std::vector<const PlanStep*>& elsewhere) const {
  return schedule_->next_action(system, clock_.now(), clock_.monotonic(), elsewhere);
}

const PlanStep& Run::step(std::size_t slot) const {
  return *schedule_->slots()[slot].step;
}

bool Run::has_to_greet(const std::string& system) const {
  return !system.empty() && !greeted_.contains(system);
}

std::optional<Milliseconds> Run::until_change() const {
  return schedule_->until_change(clock_.now(), clock_.monotonic());
}

std::optional<Error> Run::other_than_planned(const std::string& system,
                                             const Capabilities& can) const {
  const auto bound = plan_.bindings.find(connector_binding_key(system));
  if (bound == plan_.bindings.end() || bound->second == connector_binding_value(can)) {
    return std::nullopt;
  }
  return Error(ErrorKind::Auth, "the plan was made for `" + bound->second + "`, this is `" +
                                    connector_binding_value(can) + "`; plan again");
}

// The job owns or borrows only what nobody else touches while it runs.
Workers::Job Run::start(std::size_t index, std::size_t lane) {
  Slot& slot = schedule_->slots()[index];
  const std::string& system = slot.step->system;
  slot.running = true;
  schedule_->note_start(system, clock_.monotonic());
  if (slot.effort.attempts == 0 && slot.record.state != StepState::Applied) {
    tell(StepProgress::What::Started, slot);
  }
  const bool greet = has_to_greet(system);
  if (greet) {
    greeted_.insert(system);
  }
  const std::string unseen = slot.step->action == "sweep" ? schedule_->unseen(slot) : std::string{};
  std::vector<LimitClaim> claims = schedule_->claims(slot, clock_.now());
  const auto restored = restores_.find(slot.step->id);
  const RestoreTarget* restore = restored == restores_.end() ? nullptr : &restored->second;
  const std::vector<std::string> earlier = schedule_->earlier_markers(slot);
  return [this, &slot, lane, greet, unseen, claims = std::move(claims), restore,
          earlier]() -> Result<ActionReport> {
    const PlanStep& step = *slot.step;
    const ActionContext context{journal_,
                                connectors_.find(step.system, lane),
                                clock_,
                                options_,
                                claims,
                                unseen,
                                slot.account_is_disabled,
                                restore,
                                earlier};
    if (greet) {
      auto can = connectors_.capabilities(step.system);
      if (!can) {
        return finish_unreadable(context, slot.record, slot.effort, can.error());
      }
      if (const auto other = other_than_planned(step.system, *can)) {
        auto report = finish_unreadable(context, slot.record, slot.effort, *other);
        if (report) {
          report->health = Health::Foreign;
        }
        return report;
      }
    }
    return take_action(context, step, slot.record, slot.effort);
  };
}

Status Run::take_in(std::size_t index, const Result<ActionReport>& report) {
  if (!report) {
    return tl::unexpected(report.error());
  }
  schedule_->apply(index, *report, clock_.monotonic());
  const Slot& slot = schedule_->slots()[index];
  if (report->health == Health::Bad) {
    greeted_.erase(slot.step->system);
  }
  if (is_end_state(slot.record.state)) {
    tell(StepProgress::What::Finished, slot);
  }
  const bool enabled = slot.record.wait.starts_with(kContainmentGone) ||
                       (slot.record.state == StepState::Failed &&
                        slot.record.detail.ends_with(kAccountEnabledAgain));
  return enabled ? contain_again(slot.step->item) : Status();
}

// What was to be destroyed, or what a sweep found closed no more, is in use: it is taken out of use
// again, and what comes after that counts from then.
Status Run::contain_again(const std::string& item) {
  for (const std::size_t index : schedule_->reopen_disable(item)) {
    Slot& slot = schedule_->slots()[index];
    slot.record.escalated = true;
    slot.record.due.reset();
    slot.record.detail = "was done and is seen otherwise: it is enabled again";
    Entry entry;
    entry.entry = RecordEntry::Probed;
    entry.detail = slot.record.detail;
    RESCIND_RETURN_IF_ERROR(journal_.write(slot.record, entry));
  }
  return {};
}

void Run::tell(StepProgress::What what, const Slot& slot) const {
  if (options_.progress) {
    options_.progress({what, slot.step, slot.record});
  }
}

Status Run::update_wait(Slot& slot, const Readiness& readiness) {
  const Instant now = clock_.now();
  StepRecord record = slot.record;
  const std::optional<std::string> closed = schedule_->closed_because(slot.step->system);
  const bool under_way = !is_untouched_state(record.state);
  const bool tried = record.state != StepState::Pending && record.state != StepState::Waiting &&
                     record.state != StepState::Ready;
  if (!readiness.ready && !under_way) {
    record.state = StepState::Waiting;
    record.wait = readiness.wait;
    record.due = readiness.due;
    record.escalated = readiness.person;
  } else if (closed) {
    record.state = tried ? record.state : StepState::Waiting;
    const std::string& system = slot.step->system;
    record.wait = "system " + (system.empty() ? "(hand-over)" : system) + ": " + *closed;
    record.due = schedule_->opens_at(slot.step->system, now, clock_.monotonic());
    record.escalated = true;
  } else if (slot.gave_up && waits_for_person(record.wait)) {
    record.due.reset();
  } else {
    record.wait = slot.gave_up ? "retry" : record.wait;
    record.escalated = record.escalated || slot.gave_up;
    if (!record.due || *record.due <= now) {
      record.due = now + options_.retry_later;
    }
  }
  record.escalated = record.escalated || (slot.step->deadline && *slot.step->deadline <= now);
  const StepRecord& old = slot.record;
  const bool timer_only = record.wait.starts_with("system ") || record.wait == "retry";
  if (record.state == old.state && record.wait == old.wait && record.escalated == old.escalated &&
      (record.due == old.due || (timer_only && old.due && *old.due > now))) {
    return {};
  }
  slot.record = record;
  Entry entry;
  entry.entry = record.escalated && !old.escalated ? RecordEntry::Escalated : RecordEntry::Waited;
  entry.detail = record.wait;
  entry.until = record.due;
  RESCIND_RETURN_IF_ERROR(journal_.write(slot.record, entry));
  tell(StepProgress::What::Waiting, slot);
  return {};
}

Status Run::say_what_waits() {
  for (Slot& slot : schedule_->slots()) {
    if (!is_end_state(slot.record.state)) {
      RESCIND_RETURN_IF_ERROR(update_wait(slot, schedule_->readiness(slot, clock_.now())));
    }
  }
  return {};
}

RunState Run::state_now() const {
  bool contained = true;
  bool settled = true;
  for (const Slot& slot : schedule_->slots()) {
    const Rank rank = slot.step->rank;
    // What a retirement takes out of use has a time of its own.
    const bool closes = (rank == Rank::Contain || rank == Rank::Strip || rank == Rank::Sweep) &&
                        slot.step->retirement.empty() && slot.record.state != StepState::Cancelled;
    contained = contained && (!closes || is_done_state(slot.record.state));
    settled = settled && (is_end_state(slot.record.state) || waits_as_planned(slot.record));
  }
  return settled ? RunState::Settled : contained ? RunState::Contained : RunState::Open;
}

RunReport Run::report() const {
  RunReport made;
  made.run = claim_.run.id;
  made.state = claim_.run.state;
  for (const Slot& slot : schedule_->slots()) {
    const PlanStep& step = *slot.step;
    const StepRecord& record = slot.record;
    made.steps.push_back(record);
    if ((step.verb == Verb::Notify || step.verb == Verb::Ask) && is_done_state(record.state)) {
      made.asked.push_back({step.id, step.text});
      continue;
    }
    if (is_done_state(record.state) || record.state == StepState::Cancelled ||
        record.state == StepState::Undone) {
      continue;  // nothing is left of it to do
    }
    if (record.due) {
      made.timers.push_back({made.run, step.id, *record.due, record.wait});
    }
    if (waits_for_person(record.wait)) {
      ++made.waiting_for_person;
    } else if (is_end_state(record.state) || !waits_as_planned(record)) {
      ++made.failed;
    }
    if (record.escalated || is_end_state(record.state)) {
      PersonNote note;
      note.item = step.item.empty() ? step.id : step.item;
      note.why = std::string(step.action.empty() ? verb_name(step.verb) : step.action) + ": " +
                 (record.wait.empty() || record.wait == "retry" ? record.detail : record.wait);
      if (!step.escalate.empty() && !step.escalate.front().empty()) {
        note.who = step.escalate.front().front();
      }
      made.needs_person.push_back(std::move(note));
    }
  }
  std::sort(made.timers.begin(), made.timers.end(), [](const Timer& a, const Timer& b) {
    return std::tie(a.due, a.step) < std::tie(b.due, b.step);
  });
  return made;
}

}  // namespace rescind::execute
