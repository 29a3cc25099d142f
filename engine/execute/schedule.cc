// Readiness: time, approvals, gates, edges; and what comes next in each system.
#include "execute/schedule.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace rescind::execute {
namespace {

// The request is out, or may be: the next action reads, it sends nothing.
bool is_reading(const PlanStep& step, StepState state) {
  if (!step.action.empty()) {
    return false;
  }
  return state == StepState::Intent || state == StepState::Unknown || state == StepState::Sent ||
         state == StepState::Applied || state == StepState::Residual;
}

constexpr std::string_view kNotSeen = "not seen yet: ";

// Read back as done, though what was handed out before may last a while.
bool holds(const Slot& slot) {
  return is_done_state(slot.record.state) || slot.record.state == StepState::Residual;
}

// What keeps new sessions from being made.
bool closes_account(const PlanStep& step) {
  return step.action.empty() && step.kind == kind_name(Kind::Account) &&
         (step.verb == Verb::Disable || step.verb == Verb::Lock || step.verb == Verb::Archive ||
          step.verb == Verb::Delete);
}

bool needs_no_start_condition(const Slot& slot) {
  return is_reading(*slot.step, slot.record.state);
}

// The account that the step is about, else its item; "" neither.
const std::string& touched(const PlanStep& step) {
  return step.account.empty() ? step.item : step.account;
}

bool touches_the_same(const PlanStep& a, const PlanStep& b) {
  return !touched(a).empty() && touched(a) == touched(b);
}

std::vector<LimitClaim> claims_of(const Plan& plan, const PlanStep& step) {
  std::vector<LimitClaim> claims;
  for (const LimitRef& ref : step.limits) {
    LimitClaim claim;
    claim.limit = ref.name;
    claim.scope = ref.scope;
    claim.subject = step.holder.empty() ? step.item : step.holder;
    // WHY: a limit that the plan does not carry allows nothing (fail closed).
    for (const LimitUse& use : plan.limits) {
      if (use.name == ref.name && use.scope == ref.scope) {
        claim.window = use.window;
        claim.allowed = use.allowed;
      }
    }
    claims.push_back(std::move(claim));
  }
  return claims;
}

// Each step of a retirement → its latest generation. WHY: the retirement of an account and that of
// its password wait for each other's steps; when one went back and began anew, its new steps count.
std::map<std::string, std::string> latest_generations(const Plan& plan) {
  using Key = std::tuple<std::string, std::string, std::string, Verb, std::string>;
  const auto key = [](const PlanStep& step) {
    return Key(step.retirement, step.stage, step.item, step.verb, step.action);
  };
  std::map<Key, const PlanStep*> latest;
  for (const PlanStep& step : plan.steps) {
    if (!step.retirement.empty() && !step.item.empty()) {
      const PlanStep*& known = latest[key(step)];
      known = known == nullptr || known->generation < step.generation ? &step : known;
    }
  }
  std::map<std::string, std::string> out;
  for (const PlanStep& step : plan.steps) {
    if (const auto found = latest.find(key(step)); found != latest.end()) {
      out[step.id] = found->second->id;
    }
  }
  return out;
}

}  // namespace

Schedule::Schedule(const RunPlan& run, std::vector<StepRecord> steps,
                   const std::vector<RetirementRecord>& retirements, const Approvals& approvals,
                   const ExecuteOptions& options, SystemBook& book)
    : run_(run), plan_(run.plan), approvals_(approvals), options_(options), book_(book) {
  for (const RetirementRecord& retirement : retirements) {
    retirements_.emplace(retirement.id, retirement);
  }
  const Plan& plan = plan_;
  std::map<std::string, std::size_t> index;
  slots_.resize(plan.steps.size());
  for (std::size_t i = 0; i < plan.steps.size(); ++i) {
    index[plan.steps[i].id] = i;
    slots_[i].step = &plan.steps[i];
    slots_[i].claims = claims_of(plan, plan.steps[i]);
    systems_[plan.steps[i].system].health = &book_.of(plan.steps[i].system);
  }
  for (StepRecord& record : steps) {
    if (const auto it = index.find(record.step); it != index.end()) {
      slots_[it->second].record = std::move(record);
    }
  }
  const std::map<std::string, std::string> latest = latest_generations(plan);
  for (Slot& slot : slots_) {
    const auto resolve = [&](const std::vector<std::string>& ids) {
      std::vector<std::size_t> found;
      for (const std::string& id : ids) {
        const auto now = latest.find(id);
        // A predecessor that is not in the plan was settled by an earlier run.
        if (const auto it = index.find(now == latest.end() ? id : now->second); it != index.end()) {
          found.push_back(it->second);
        }
      }
      return found;
    };
    slot.weak = resolve(slot.step->after);
    slot.strong = resolve(slot.step->strong_after);
    slot.account_is_disabled =
        slot.step->action == "sweep" &&
        std::any_of(plan.steps.begin(), plan.steps.end(), [&slot](const PlanStep& other) {
          return other.verb == Verb::Disable && other.action.empty() &&
                 other.item == slot.step->item;
        });
    slot.parked = slot.step->action == "sweep" && slot.record.wait.starts_with(kNotSeen);
  }
  list_open_steps();
}

std::vector<std::size_t> Schedule::reopen_disable(const std::string& item) {
  std::vector<std::size_t> reopened;
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    Slot& slot = slots_[i];
    // Of a retirement the stage has passed: whoever enabled it again is to be asked.
    if (slot.step->item == item && slot.step->verb == Verb::Disable && slot.step->action.empty() &&
        slot.step->retirement.empty() && is_done_state(slot.record.state)) {
      slot.record.state = StepState::Ready;
      slot.effort = Effort();
      slot.gave_up = false;
      slot.not_until.reset();
      reopened.push_back(i);
    }
  }
  open_.clear();
  list_open_steps();
  return reopened;
}

void Schedule::list_open_steps() {
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    std::vector<std::size_t>& open = open_[slots_[i].step->system];
    if (!is_end_state(slots_[i].record.state)) {
      open.push_back(i);
    }
  }
  for (auto& [system, open] : open_) {
    std::stable_sort(open.begin(), open.end(), [this](std::size_t a, std::size_t b) {
      return slots_[a].step->rank < slots_[b].step->rank;
    });
  }
}

bool Schedule::is_appointment(const Slot& slot, Instant now) const {
  // Tried in vain is not begun: what came meanwhile counts.
  if (!is_untouched_state(slot.record.state)) {
    return false;
  }
  // Of a retirement only the state says when: until then it is no appointment with anybody.
  const bool planned_so = slot.step->appointment && slot.step->retirement.empty();
  return planned_so || (is_decided_when_due(*slot.step) && now >= run_.expires_at(slot.step->id));
}

bool Schedule::has_passed(const Slot& slot) const {
  const PlanStep& step = *slot.step;
  const auto found = retirements_.find(step.retirement);
  if (step.retirement.empty() || found == retirements_.end()) {
    return false;
  }
  const RetirementRecord& at = found->second;
  if (is_end_state(at.state) || step.generation < at.generation) {
    return true;
  }
  if (step.generation > at.generation) {
    return false;  // of a way back that somebody may approve
  }
  for (const PlannedRetirement& planned : plan_.retirements) {
    if (planned.id != at.id) {
      continue;
    }
    for (const PlannedStage& stage : planned.stages) {
      if (stage.name == at.stage) {
        return false;
      }
      if (stage.name == step.stage) {
        return true;
      }
    }
  }
  return false;
}

std::vector<std::string> Schedule::earlier_markers(const Slot& slot) const {
  std::vector<std::string> markers;
  const PlanStep& step = *slot.step;
  for (const Slot& other : slots_) {
    const PlanStep& one = *other.step;
    if (!step.retirement.empty() && one.retirement == step.retirement && one.stage == step.stage &&
        one.item == step.item && one.verb == step.verb && one.action == step.action &&
        one.generation < step.generation && other.record.attempts > 0) {
      markers.push_back(request_of(one, other.record).marker);
    }
  }
  return markers;
}

bool Schedule::is_finishing(const Slot& slot) const {
  const auto found = retirements_.find(slot.step->retirement);
  return slot.step->verb == Verb::Replace && slot.record.attempts > 0 &&
         found != retirements_.end() && found->second.state != RetirementState::Cancelled &&
         slot.step->generation == found->second.generation;
}

Readiness Schedule::stage_condition(const Slot& slot) const {
  const PlanStep& step = *slot.step;
  Readiness waits;
  const auto found = retirements_.find(step.retirement);
  if (found == retirements_.end()) {
    waits.wait = "stage " + step.stage + ": its retirement is unknown";
    waits.person = true;
    return waits;
  }
  const RetirementRecord& at = found->second;
  waits.ready = (at.stage == step.stage && at.state == RetirementState::Acting &&
                 step.generation >= at.generation) ||
                is_finishing(slot);
  if (!waits.ready) {
    waits.wait = "stage " + step.stage;
  }
  return waits;
}

Readiness Schedule::start_condition(const Slot& slot, Instant now) const {
  const PlanStep& step = *slot.step;
  const bool staged = !step.retirement.empty();
  if (staged) {
    if (Readiness stage = stage_condition(slot); !stage.ready) {
      return stage;
    }
  }
  Readiness waits;
  const bool held = step.gate && step.gate->kind == "hold";
  // A hold ends when the step may start. What destroys is decided again then; the rest goes on.
  if (held && step.not_before > now) {
    waits.wait = "hold: " + step.gate->text;
    waits.due = step.not_before;
    return waits;
  }
  if (is_appointment(slot, now) || (held && is_decided_when_due(step))) {
    waits.wait = held ? "hold: " + step.gate->text : "appointment";
    waits.due = staged ? now + options_.retry_later : step.not_before;
    waits.person = held;
    // It was decided again, and that still stands.
    const bool said =
        slot.record.wait.starts_with("appointment: ") || slot.record.wait.starts_with("hold: ");
    if (said && slot.record.due && *slot.record.due > now) {
      waits.wait = slot.record.wait;
      waits.due = slot.record.due;
      return waits;
    }
    // What was decided for today and lacks an approval is decided again when that is given, and not
    // every time that its plan has grown old.
    const std::string lacks = approvals_.missing(step, step.approvals, now);
    if (!held && !staged && !step.appointment && step.not_before <= now && !lacks.empty()) {
      waits.wait = "approval by " + lacks;
      waits.due.reset();
      waits.person = true;
    }
    return waits;
  }
  // What frees a license takes with it what lives on that.
  if (!frozen_.empty() && is_decided_when_due(step)) {
    waits.wait = "clock: " + frozen_;
    waits.due = now + options_.retry_later;
    waits.person = true;
    return waits;
  }
  std::string missing = approvals_.missing(step, step.approvals, now);
  // In a retirement the stage was entered when its time had come.
  if (missing.empty() && (staged || step.not_before <= now)) {
    waits.ready = true;
    return waits;
  }
  // The earliest instant at which time alone lets it start, over all ways to start.
  std::optional<Instant> by_time;
  if (missing.empty()) {
    by_time = step.not_before;
  }
  std::string asked;  // who could let it start now
  for (const Alternative& alternative : step.alternatives) {
    if (const std::string lacks = approvals_.missing(step, alternative.approvals, now);
        !lacks.empty()) {
      asked = asked.empty() && alternative.not_before <= now ? lacks : asked;
      continue;
    }
    if (alternative.not_before <= now) {
      waits.ready = true;
      return waits;
    }
    by_time = by_time ? std::min(*by_time, alternative.not_before) : alternative.not_before;
  }
  if (by_time) {
    waits.wait = asked.empty() ? "time" : "approval by " + asked;
    waits.due = by_time;
    waits.person = !asked.empty();
    return waits;
  }
  waits.wait = "approval by " + missing;
  waits.person = step.not_before <= now;
  if (step.not_before > now) {
    waits.due = step.not_before;
  }
  return waits;
}

Readiness Schedule::strong_condition(const Slot& slot, Instant now) const {
  Readiness waits;
  std::optional<Instant> last_done;
  for (const std::size_t before : slot.strong) {
    const Slot& other = slots_[before];
    // Containment does not wait for what its retirement has gone past.
    const bool left = has_passed(other) && slot.step->effects.has(Effect::Contains);
    if (!is_done_state(other.record.state) && !left) {
      waits.wait = "after " + other.step->id;
      if (is_end_state(other.record.state)) {
        waits.wait += ", which ended as " + std::string(step_state_name(other.record.state));
        waits.person = true;
      }
      return waits;
    }
    last_done = std::max(last_done, other.record.updated_at);
  }
  if (last_done && slot.step->soak.count() > 0 && *last_done + slot.step->soak > now) {
    waits.wait = "soak";
    waits.due = *last_done + slot.step->soak;
    return waits;
  }
  waits.ready = true;
  return waits;
}

// A weak edge orders first attempts; it never lets a dead system or an absent person hold this step
// up.
bool Schedule::weak_edge_open(const Slot& slot, const Slot& before, Instant now) const {
  const RunSystem& system = systems_.at(before.step->system);
  const bool unreachable = system.closed || system.health->closed || system.health->openings > 0;
  const bool given_up =
      before.gave_up || is_end_state(before.record.state) || (unreachable && !before.running);
  const bool past = (before.step->deadline && *before.step->deadline <= now) ||
                    (slot.step->deadline && *slot.step->deadline <= now);
  if (given_up || past) {
    return true;
  }
  // A sweep waits for more: until what it waits for is seen to hold.
  if (slot.step->action == "sweep" ? holds(before) : before.record.settled_at.has_value()) {
    return true;
  }
  const bool may_start = before.record.attempts > 0 || before.record.settled_at.has_value();
  return !may_start && start_condition(before, now).person;
}

Readiness Schedule::readiness(const Slot& slot, Instant now) const {
  if (needs_no_start_condition(slot)) {
    Readiness ready;
    ready.ready = true;
    return ready;
  }
  Readiness start = start_condition(slot, now);
  if (!start.ready) {
    return start;
  }
  for (const std::size_t before : slot.weak) {
    if (!weak_edge_open(slot, slots_[before], now)) {
      Readiness waits;
      waits.wait = "after " + slots_[before].step->id;
      return waits;
    }
  }
  if (slot.parked) {
    if (const std::string what = unseen(slot); !what.empty()) {
      Readiness waits;
      waits.wait = std::string(kNotSeen) + what;
      waits.person = true;
      return waits;
    }
  }
  return strong_condition(slot, now);
}

std::string Schedule::unseen(const Slot& slot) const {
  for (const std::size_t before : slot.weak) {
    if (closes_account(*slots_[before].step) && !holds(slots_[before])) {
      return slots_[before].step->id;
    }
  }
  return "";
}

std::vector<LimitClaim> Schedule::claims(const Slot& slot, Instant now) const {
  std::vector<LimitClaim> claims = slot.claims;
  for (LimitClaim& claim : claims) {
    claim.may_exceed = approvals_.may_exceed(*slot.step, claim.limit, now);
  }
  return claims;
}

std::vector<const Slot*> Schedule::running_in(const std::string& system) const {
  std::vector<const Slot*> running;
  for (const std::size_t i : open_.at(system)) {
    if (slots_[i].running) {
      running.push_back(&slots_[i]);
    }
  }
  return running;
}

void Schedule::close(const std::string& system, std::string why) {
  systems_.at(system).closed = true;
  systems_.at(system).why = std::move(why);
}

std::optional<std::string> Schedule::closed_because(const std::string& system) const {
  const RunSystem& known = systems_.at(system);
  if (known.closed) {
    return known.why;
  }
  return known.health->closed ? std::optional(known.health->why) : std::nullopt;
}

Instant Schedule::opens_at(const std::string& system, Instant now, Milliseconds monotonic) const {
  const RunSystem& known = systems_.at(system);
  if (known.closed || !known.health->closed) {
    return now + options_.retry_later;
  }
  const auto left = std::chrono::ceil<Seconds>(known.health->closed_until - monotonic);
  return now + std::max(left, Seconds(1));
}

std::optional<NextAction> Schedule::next_action(
    const std::string& system, Instant now, Milliseconds monotonic,
    const std::vector<const PlanStep*>& elsewhere) const {
  const auto known = systems_.find(system);
  if (known == systems_.end() || closed_because(system)) {
    return std::nullopt;
  }
  const SystemHealth& health = *known->second.health;
  if ((health.quiet_until && *health.quiet_until > monotonic) ||
      (health.next_at && *health.next_at > monotonic)) {
    return std::nullopt;
  }
  // Attempts before readings within a rank: verification is no barrier for containment. Where the
  // breaker has been open, what was tried least goes first, so that one bad item proves nothing.
  const std::vector<const Slot*> running = running_in(system);
  if ((!running.empty() || !elsewhere.empty()) && health.openings > 0) {
    return std::nullopt;
  }
  std::optional<NextAction> best;
  for (const std::size_t i : open_.at(system)) {
    const Slot& slot = slots_[i];
    if (best && slot.step->rank > std::get<0>(best->order)) {
      break;
    }
    const bool in_the_way =
        std::any_of(running.begin(), running.end(),
                    [&slot](const Slot* other) {
                      return slot.step->rank > other->step->rank ||
                             touches_the_same(*slot.step, *other->step);
                    }) ||
        std::any_of(elsewhere.begin(), elsewhere.end(), [&slot](const PlanStep* other) {
          return touches_the_same(*slot.step, *other);
        });
    if (in_the_way || slot.running || slot.gave_up ||
        (slot.not_until && *slot.not_until > monotonic)) {
      continue;
    }
    const bool verifies = slot.record.state == StepState::Applied && slot.step->action.empty();
    const std::uint32_t tries =
        health.openings > 0 ? slot.effort.attempts + slot.record.attempts : 0;
    const NextAction next{i, {slot.step->rank, verifies, tries}};
    if ((!best || next.order < best->order) && readiness(slot, now).ready) {
      best = next;
    }
  }
  return best;
}

std::optional<Milliseconds> Schedule::until_change(Instant now, Milliseconds monotonic) const {
  std::optional<Milliseconds> least;
  const auto consider = [&least](Milliseconds wait) {
    if (wait.count() > 0) {
      least = least ? std::min(*least, wait) : wait;
    }
  };
  const auto consider_instant = [&](const std::optional<Instant>& at) {
    if (at && *at > now) {
      consider(std::chrono::duration_cast<Milliseconds>(*at - now));
    }
  };
  for (const Slot& slot : slots_) {
    const RunSystem& system = systems_.at(slot.step->system);
    if (is_end_state(slot.record.state) || slot.gave_up || system.closed) {
      continue;
    }
    const SystemHealth& health = *system.health;
    if (health.closed) {
      consider(health.closed_until - monotonic);
      continue;
    }
    if (slot.not_until) {
      consider(*slot.not_until - monotonic);
    }
    if (health.quiet_until) {
      consider(*health.quiet_until - monotonic);
    }
    if (health.next_at) {
      consider(*health.next_at - monotonic);
    }
    const Readiness readiness_now = readiness(slot, now);
    if (!readiness_now.ready) {
      if (readiness_now.wait != "appointment") {
        consider_instant(readiness_now.due);
      }
      if (!slot.weak.empty()) {
        consider_instant(slot.step->deadline);
        for (const std::size_t before : slot.weak) {
          consider_instant(slots_[before].step->deadline);
        }
      }
    }
  }
  return least;
}

void Schedule::note_health(const std::string& system, const ActionReport& report,
                           Milliseconds monotonic) {
  switch (report.health) {
  case Health::NotAsked:
    return;
  case Health::Good:
    book_.note_good(system);
    return;
  case Health::Bad:
    book_.note_bad(system, report.why, options_, monotonic);
    return;
  case Health::AuthFailed:
    book_.close(system, "it refused our credential: " + report.why, options_, monotonic);
    return;
  case Health::Foreign:
    close(system, report.why);
    return;
  }
}

void Schedule::note_start(const std::string& system, Milliseconds monotonic) {
  if (const auto pause = options_.pauses.find(system); pause != options_.pauses.end()) {
    book_.of(system).next_at = monotonic + pause->second;
  }
}

void Schedule::apply(std::size_t index, const ActionReport& report, Milliseconds monotonic) {
  Slot& slot = slots_[index];
  slot.record = report.record;
  slot.running = false;
  slot.parked = slot.step->action == "sweep" && slot.record.state == StepState::Waiting;
  slot.not_until.reset();
  note_health(slot.step->system, report, monotonic);
  if (report.system_quiet_until) {
    const auto wait = *report.system_quiet_until - slot.record.updated_at.value_or(Instant{});
    book_.quiet(slot.step->system, wait, options_, monotonic);
  }
  switch (report.next) {
  case NextMove::Ended:
    std::erase(open_[slot.step->system], index);
    return;
  case NextMove::AtOnce:
    slot.effort.waits = 0;
    return;
  case NextMove::Backoff:
    slot.not_until = monotonic + back_off(options_, ++slot.effort.waits);
    return;
  case NextMove::At: {
    const auto wait = report.at - slot.record.updated_at.value_or(report.at);
    slot.not_until = monotonic + std::max<Milliseconds>(wait, Milliseconds(1));
    return;
  }
  case NextMove::GiveUp:
    slot.gave_up = !slot.parked;
    return;
  }
}

}  // namespace rescind::execute
