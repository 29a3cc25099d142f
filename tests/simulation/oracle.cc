#include "oracle.h"

#include <algorithm>
#include <functional>
#include <map>
#include <optional>

#include "store/run_plan.h"

namespace rescind::simulation {
namespace {

struct KnownStep {
  const Plan* plan = nullptr;
  const PlanStep* step = nullptr;
  StepRecord record;
  Instant opened{};  // of its run
};

// Everything that the checks look at, read once per look.
class Evidence {
 public:
  explicit Evidence(Trace& trace) : trace_(trace) {
    const auto runs = trace.store->list_runs();
    for (const RunRecord& run : *runs) {
      runs_.push_back(run);
      // Steps join a run while it is worked.
      trace.plans[run.id] = load_run_plan(*trace.store, run.id)->plan;
      const Plan& plan = trace.plans[run.id];
      const auto records = trace.store->list_steps(run.id);
      for (std::size_t i = 0; i < records->size(); ++i) {
        const auto step =
            std::find_if(plan.steps.begin(), plan.steps.end(),
                         [&](const PlanStep& s) { return s.id == (*records)[i].step; });
        if (step != plan.steps.end()) {
          steps_.push_back({&plan, &*step, (*records)[i], run.opened_at});
        } else {
          broken("0 nothing is lost", (*records)[i].step, "the store has a step that no plan has");
        }
      }
    }
  }

  void broken(std::string invariant, std::string item, std::string what) {
    broken_at(std::move(invariant), trace_.clock->now(), std::move(item), std::move(what));
  }

  void broken_at(std::string invariant, Instant at, std::string item, std::string what) {
    for (const Violation& known : trace_.violations) {
      if (known.invariant == invariant && known.item == item) {
        return;
      }
    }
    trace_.violations.push_back({std::move(invariant), at, std::move(item), std::move(what)});
  }

  [[nodiscard]] const std::vector<RunRecord>& runs() const { return runs_; }

  [[nodiscard]] const std::vector<KnownStep>& steps() const { return steps_; }

  [[nodiscard]] Trace& trace() const { return trace_; }

  [[nodiscard]] const Promise& promise() const { return trace_.scenario.promise; }

  // The step behind a change that the engine made; null: somebody else made it.
  [[nodiscard]] const KnownStep* step_of(const EstateChange& change) const {
    const std::string id = change.by.substr(0, change.by.find('#'));
    const auto found = std::find_if(steps_.begin(), steps_.end(),
                                    [&id](const KnownStep& known) { return known.step->id == id; });
    return found == steps_.end() ? nullptr : &*found;
  }

  [[nodiscard]] bool has_left(const std::string& person, Instant at) const {
    for (const Report& report : trace_.scenario.reports) {
      if (report.event.subject == person && report.event.type != "risk" && report.arrives <= at) {
        return true;
      }
    }
    return false;
  }

  [[nodiscard]] bool held(const std::string& person, Instant at) const {
    bool held = false;
    for (const HoldChange& change : trace_.scenario.holds) {
      held = change.person == person && change.at <= at ? change.held : held;
    }
    return held;
  }

  // No fault in that time that could keep the engine from the system.
  [[nodiscard]] bool healthy(const std::string& system, Instant from, Instant until) const {
    return std::none_of(trace_.scenario.faults.begin(), trace_.scenario.faults.end(),
                        [&](const FaultWindow& window) {
                          return window.fault.system == system && window.from <= until &&
                                 window.until >= from;
                        });
  }

 private:
  Trace& trace_;
  std::vector<RunRecord> runs_;
  std::vector<KnownStep> steps_;
};

bool says_what_it_waits_for(const std::string& wait) {
  for (const char* cause : {"approval", "hold", "handover", "after ", "limit", "not seen"}) {
    if (wait.starts_with(cause)) {
      return true;
    }
  }
  return false;
}

bool in_teams(const std::string& principal, const std::string& person) {
  return principal == person || (principal == "office" && (person == "keeper" || person == "p0")) ||
         (principal == "records" && person == "second");
}

// --- at every pause

void check_order(Evidence& evidence) {
  for (const auto& [run, plan] : evidence.trace().plans) {
    std::map<std::string, const PlanStep*> before;
    for (const PlanStep& step : plan.steps) {
      for (const auto* edges : {&step.after, &step.strong_after}) {
        for (const std::string& edge : *edges) {
          const auto found = before.find(edge);
          if (found == before.end()) {
            evidence.broken("1 no edge falls in rank", step.item,
                            "step " + step.id + " comes before its predecessor " + edge);
          } else if (found->second->rank > step.rank) {
            evidence.broken("1 no edge falls in rank", step.item,
                            step.id + " waits for " + edge + " of a later rank");
          }
        }
      }
      before[step.id] = &step;
    }
  }
}

void check_waits(Evidence& evidence) {
  for (const KnownStep& known : evidence.steps()) {
    const StepRecord& record = known.record;
    if (is_end_state(record.state)) {
      continue;
    }
    if (record.state == StepState::Waiting
            ? record.wait.empty() || (!record.due && !says_what_it_waits_for(record.wait))
            : !record.due) {
      evidence.broken("12 every wait names its cause and its next instant", known.step->item,
                      known.step->id + " is " + std::string(step_state_name(record.state)) +
                          ", waits for `" + record.wait + "`" + (record.due ? "" : ", due never"));
    }
  }
}

void check_deadlines(Evidence& evidence) {
  const Instant now = evidence.trace().clock->now();
  for (const KnownStep& known : evidence.steps()) {
    if (known.step->deadline && *known.step->deadline < now && !is_end_state(known.record.state) &&
        known.record.state != StepState::Residual && !known.record.escalated) {
      evidence.broken("every deadline is met or escalated", known.step->item,
                      std::string(verb_name(known.step->verb)) + " " + known.step->action + " (" +
                          known.step->id + ") was due by " + format_instant(*known.step->deadline) +
                          ", is " + std::string(step_state_name(known.record.state)) + " `" +
                          known.record.wait + "`");
    }
  }
}

void check_replay(Evidence& evidence) {
  for (const RunRecord& run : evidence.runs()) {
    std::map<std::string, StepState> replayed;
    const auto records = evidence.trace().store->list_records(run.id);
    std::int64_t last = 0;
    for (const JournalRecord& record : *records) {
      if (record.sequence <= last) {
        evidence.broken("the journal's replay equals the state", run.id, "sequence falls");
      }
      last = record.sequence;
      if (!record.step.empty()) {
        replayed[record.step] = record.state;
      }
    }
    const auto steps = evidence.trace().store->list_steps(run.id);
    for (const StepRecord& step : *steps) {
      const auto found = replayed.find(step.step);
      const StepState state = found == replayed.end() ? StepState::Pending : found->second;
      if (state != step.state && !(found == replayed.end() && step.state == StepState::Waiting)) {
        evidence.broken("the journal's replay equals the state", step.step,
                        "replayed " + std::string(step_state_name(state)) + ", stored " +
                            std::string(step_state_name(step.state)));
      }
    }
  }
}

// --- at the end

// The approvals that the step needed were there when it was changed.
bool was_approved(const Evidence& evidence, const KnownStep& known,
                  const std::vector<Approval>& needed, Instant at) {
  const auto stored = evidence.trace().store->list_approvals(known.record.run);
  return std::all_of(needed.begin(), needed.end(), [&](const Approval& approval) {
    return std::any_of(stored->begin(), stored->end(), [&](const StoredApproval& given) {
      return given.step == known.step->id && given.at <= at && !given.refused &&
             !evidence.has_left(given.approver, given.at) &&
             std::any_of(approval.by.begin(), approval.by.end(),
                         [&](const std::string& by) { return in_teams(by, given.approver); });
    });
  });
}

void check_authority(Evidence& evidence) {
  for (const EstateChange& change : evidence.trace().estate->changes()) {
    if (!change.by.starts_with("step:")) {
      continue;
    }
    const KnownStep* known = evidence.step_of(change);
    if (known == nullptr) {
      evidence.broken_at("2 no step fires unauthorised", change.at, change.item,
                         change.what + " by " + change.by + ", which no plan has");
      continue;
    }
    bool allowed = change.at >= known->step->not_before &&
                   was_approved(evidence, *known, known->step->approvals, change.at);
    for (const Alternative& way : known->step->alternatives) {
      allowed = allowed || (change.at >= way.not_before &&
                            was_approved(evidence, *known, way.approvals, change.at));
    }
    if (!allowed) {
      evidence.broken_at("2 no step fires unauthorised", change.at, change.item,
                         change.what + " by " + change.by + " before its time or unapproved");
    }
  }
}

// The last change before `at` that contained the item.
std::optional<Instant> contained_before(const Evidence& evidence, const std::string& item,
                                        Instant at) {
  std::optional<Instant> found;
  for (const EstateChange& change : evidence.trace().estate->changes()) {
    if (change.item == item && change.at <= at &&
        (change.what == "disable" || change.what == "lock" || change.what == "archive")) {
      found = found ? *found : change.at;
    }
  }
  return found;
}

void check_destruction(Evidence& evidence) {
  std::map<std::string, int> times;
  const Promise& promise = evidence.promise();
  for (const EstateChange& change : evidence.trace().estate->changes()) {
    const bool destroys =
        change.what == "delete" || change.what == "wipe" || change.what == "destroyed";
    if (!destroys || !change.by.starts_with("step:")) {
      continue;
    }
    if (++times[change.item] > 1) {
      evidence.broken_at("3 nothing destructive is done twice", change.at, change.item,
                         change.what + " by " + change.by);
    }
    const EstateItem& item = evidence.trace().estate->items().at(change.item);
    const std::string holder = evidence.trace().items_at_first.contains(change.item)
                                   ? evidence.trace().items_at_first.at(change.item).holder
                                   : item.holder;
    if (promise.holds && evidence.held(holder, change.at)) {
      evidence.broken_at("11 held data exists at the end", change.at, change.item,
                         change.what + " while " + holder + " is held");
    }
    if (change.what != "delete" && change.what != "wipe") {
      continue;
    }
    const Seconds after =
        change.what == "wipe" ? Seconds(std::chrono::hours(7 * 24)) : promise.delete_after;
    const auto contained = contained_before(evidence, change.item, change.at);
    const bool off_at_first = !evidence.trace().items_at_first.at(change.item).enabled;
    if (!contained && !off_at_first) {
      evidence.broken_at("3 no D before containment", change.at, change.item,
                         change.what + " of what was never contained");
    } else if (contained && change.at < *contained + after) {
      evidence.broken_at("3 no D before its time", change.at, change.item,
                         change.what + " " + format_duration(change.at - *contained) +
                             " after containment, promised " + format_duration(after));
    }
  }
}

// The first request of the step, or the reading that made one needless.
std::optional<Instant> first_attempt(const Evidence& evidence, const KnownStep& known) {
  const auto records = evidence.trace().store->list_records(known.record.run);
  for (const JournalRecord& record : *records) {
    if (record.step == known.step->id &&
        (record.entry == RecordEntry::Intent || record.entry == RecordEntry::Ended ||
         record.entry == RecordEntry::Swept)) {
      return record.at;
    }
  }
  return std::nullopt;
}

void check_containment(Evidence& evidence) {
  constexpr Seconds kSlack{120};  // the first pass over a run, restarts after a kill
  for (const KnownStep& known : evidence.steps()) {
    const PlanStep& step = *known.step;
    if (step.rank != Rank::Contain || !step.action.empty() || !step.deadline ||
        !step.approvals.empty() || step.gate || !step.limits.empty()) {
      continue;
    }
    const Instant by = std::max(*step.deadline, known.opened + kSlack);
    if (!evidence.healthy(step.system, known.opened, by) || by > evidence.trace().clock->now()) {
      continue;
    }
    const auto tried = first_attempt(evidence, known);
    const Seconds crashes{2 * static_cast<std::int64_t>(evidence.trace().crashes)};
    if (!tried || *tried > by + crashes) {
      evidence.broken("4 containment is not held up by others", step.item,
                      std::string(verb_name(step.verb)) + " was due by " + format_instant(by) +
                          ", tried " + (tried ? "at " + format_instant(*tried) : "never") +
                          ", waits for `" + known.record.wait + "`");
    }
  }
}

// Only a person can help, and was told.
bool left_to_people(const Evidence& evidence, const std::string& item) {
  return std::any_of(evidence.steps().begin(), evidence.steps().end(), [&](const KnownStep& known) {
    const bool about = known.step->item == item || known.step->account == item;
    const bool waits = known.record.wait.starts_with("approval") ||
                       known.record.wait.starts_with("limit") ||
                       known.record.wait.starts_with("handover");
    return about && (waits || (is_end_state(known.record.state) &&
                               !is_done_state(known.record.state) && known.record.escalated));
  });
}

void check_no_access(Evidence& evidence) {
  for (const auto& [id, item] : evidence.trace().estate->items()) {
    if (!item.present || !evidence.has_left(item.holder, evidence.trace().clock->now())) {
      continue;
    }
    const bool live = item.kind == Kind::Session || item.kind == Kind::Token ||
                      (item.kind == Kind::Account && item.enabled);
    const std::string account = item.account.empty() ? id : item.account;
    if (live && item.enabled && !left_to_people(evidence, id) &&
        !left_to_people(evidence, account)) {
      evidence.broken("5 ends without session, token or enabled account", id,
                      std::string(kind_name(item.kind)) + " of " + item.holder + " is live");
    }
  }
}

void check_claims(Evidence& evidence) {
  const auto claims = evidence.trace().store->list_claims("");
  for (const ContainmentClaim& claim : *claims) {
    const EstateItem* item = evidence.trace().estate->find(claim.item);
    if (!claim.released_at && item != nullptr && item->present && item->enabled &&
        (item->kind == Kind::Account || kCredentialKinds.contains(item->kind)) && !item->locked &&
        item->version == 1) {
      evidence.broken("6 a standing claim means: not enabled", claim.item,
                      "claimed by " + claim.cause + " and enabled");
    }
  }
}

void check_limits(Evidence& evidence) {
  const std::int64_t at_most = evidence.promise().at_most;
  if (at_most == 0) {
    return;
  }
  std::vector<std::pair<Instant, std::string>> counted;  // when, whose
  for (const EstateChange& change : evidence.trace().estate->changes()) {
    const KnownStep* known = change.by.starts_with("step:") ? evidence.step_of(change) : nullptr;
    if (known == nullptr || known->step->limits.empty() || known->step->item != change.item) {
      continue;
    }
    const auto approvals = evidence.trace().store->list_approvals(known->record.run);
    const bool let_pass =
        std::any_of(approvals->begin(), approvals->end(), [&](const StoredApproval& given) {
          return given.step == known->step->id && given.at <= change.at;
        });
    if (!let_pass) {
      counted.emplace_back(change.at, known->step->holder);
    }
  }
  for (const auto& [at, whose] : counted) {
    std::set<std::string> people;
    for (const auto& [when, who] : counted) {
      if (when <= at && when > at - std::chrono::hours(24)) {
        people.insert(who);
      }
    }
    if (static_cast<std::int64_t>(people.size()) > at_most) {
      evidence.broken_at("9 limits hold in every window", at, whose,
                         std::to_string(people.size()) + " people within a day, at most " +
                             std::to_string(at_most));
    }
  }
}

void check_own_case(Evidence& evidence) {
  for (const RunRecord& run : evidence.runs()) {
    std::set<std::string> subjects;
    for (const Event& event : evidence.trace().plans[run.id].events) {
      subjects.insert(event.subject);
    }
    const auto approvals = evidence.trace().store->list_approvals(run.id);
    for (const StoredApproval& given : *approvals) {
      if (subjects.contains(given.approver)) {
        evidence.broken_at("10 the subject never approves", given.at, given.step,
                           given.approver + " approved in their own case");
      }
    }
    for (const PlanStep& step : evidence.trace().plans[run.id].steps) {
      if (!step.target.empty() && subjects.contains(step.target)) {
        evidence.broken("10 the subject never receives", step.item,
                        std::string(verb_name(step.verb)) + " to " + step.target);
      }
    }
  }
  const auto escalations = evidence.trace().store->list_escalations(false);
  for (const EscalationRecord& escalation : *escalations) {
    for (const std::string& to : escalation.to) {
      if (evidence.has_left(to, escalation.raised_at)) {
        evidence.broken_at("10 the subject is never escalated to", escalation.raised_at,
                           escalation.item, "called " + to + ", who has left");
      }
    }
  }
}

void check_nothing_lost(Evidence& evidence) {
  for (const auto& [run, plan] : evidence.trace().plans) {
    const auto records = evidence.trace().store->list_steps(run);
    if (records->size() < plan.steps.size()) {
      evidence.broken("0 nothing is lost", run,
                      std::to_string(plan.steps.size() - records->size()) + " steps are missing");
    }
  }
}

}  // namespace

void check_pause(Trace& trace) {
  Evidence evidence(trace);
  check_waits(evidence);
  check_deadlines(evidence);
}

void check_end(Trace& trace) {
  Evidence evidence(trace);
  check_order(evidence);
  check_replay(evidence);
  check_authority(evidence);
  check_destruction(evidence);
  check_containment(evidence);
  check_no_access(evidence);
  check_claims(evidence);
  check_limits(evidence);
  check_own_case(evidence);
  check_nothing_lost(evidence);
}

}  // namespace rescind::simulation
