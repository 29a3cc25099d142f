// What needs a person in a run, and carrying the moves of its escalations out: into the store
// first, then to the people.
#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "base/hash.h"
#include "base/text.h"
#include "store/run_plan.h"
#include "workflow/escalate.h"

namespace rescind {
namespace {

constexpr std::size_t kKeptDeliveries = 20;

std::string words_of(const PlanStep& step) {
  const std::string verb(step.action.empty() ? std::string(verb_name(step.verb)) : step.action);
  return verb + ' ' + (step.item.empty() ? step.target : step.item);
}

bool needs_person(const StepRecord& record) {
  if (record.state == StepState::Refused || record.state == StepState::Unsupported) {
    return true;
  }
  return record.escalated && !is_end_state(record.state);
}

std::vector<std::string> approvers_of(const PlanStep& step) {
  std::vector<std::string> out;
  for (const Approval& approval : step.approvals) {
    out.insert(out.end(), approval.by.begin(), approval.by.end());
  }
  for (const Alternative& alternative : step.alternatives) {
    for (const Approval& approval : alternative.approvals) {
      out.insert(out.end(), approval.by.begin(), approval.by.end());
    }
  }
  return out;
}

EscalationCause cause_of(const Plan& plan, const std::string& run, const PlanStep& step) {
  EscalationCause cause;
  cause.run = run;
  cause.step = step.id;
  cause.item = step.item;
  cause.system = step.system;
  cause.holder = step.holder;
  cause.deadline = step.deadline;
  cause.chain = step.escalate;
  cause.after = step.escalate_after;
  cause.subjects = subjects_of(plan);
  if (!step.holder.empty()) {
    cause.subjects.insert(step.holder);
  }
  return cause;
}

std::string reason_of(const PlanStep& step, const StepRecord& record, Instant now) {
  std::string why = words_of(step) + ": ";
  if (is_end_state(record.state)) {
    return why + std::string(step_state_name(record.state)) +
           (record.detail.empty() ? "" : ", " + record.detail);
  }
  if (!record.wait.empty() && record.wait != "retry") {
    why += "waits for " + record.wait;
  } else {
    why += record.detail.empty() ? std::string(step_state_name(record.state)) : record.detail;
  }
  if (step.deadline && *step.deadline <= now) {
    why += "; should have been done by " + format_instant(*step.deadline);
  }
  return why;
}

// A step that an absent person or a dead system keeps from being done. Level 0 of an approval are
// those who are asked for it.
std::optional<EscalationCause> cause_of_step(const Plan& plan, const PlanStep& step,
                                             const StepRecord& record, Instant now) {
  if (step.verb == Verb::Ask && is_done_state(record.state)) {
    EscalationCause cause = cause_of(plan, record.run, step);
    cause.asks = true;
    cause.first_is_asked = true;
    cause.why = "asked: " + step.text;
    cause.since = record.settled_at.value_or(now);
    cause.chain.insert(cause.chain.begin(), {step.target});
    cause.after.insert(cause.after.begin(), Seconds(0));
    return cause;
  }
  if (!needs_person(record)) {
    return std::nullopt;
  }
  EscalationCause cause = cause_of(plan, record.run, step);
  cause.why = reason_of(step, record, now);
  cause.since = record.updated_at.value_or(now);
  if (record.wait.starts_with("approval")) {
    cause.chain.insert(cause.chain.begin(), approvers_of(step));
    cause.after.insert(cause.after.begin(), Seconds(0));
    cause.first_is_asked = true;
  } else if (step.deadline && *step.deadline <= now && !is_end_state(record.state) &&
             !step.escalate_after.empty()) {
    // The policy may give the first level some time beyond the deadline.
    cause.since = *step.deadline + step.escalate_after.front();
  }
  return cause;
}

EscalationCause cause_of_retirement(const Plan& plan, const PlannedRetirement& planned,
                                    const RetirementRecord& record, Instant now) {
  EscalationCause cause;
  cause.run = record.run;
  cause.retirement = record.id;
  cause.item = record.item;
  cause.system = planned.system;
  cause.holder = planned.holder;
  cause.deadline = record.overdue;
  cause.since = record.updated_at.value_or(now);
  cause.subjects = subjects_of(plan);
  if (!planned.holder.empty()) {
    cause.subjects.insert(planned.holder);
  }
  cause.why = "retiring " + record.item + ": stage " + record.stage + " (" +
              std::string(retirement_state_name(record.state)) + ")" +
              (record.why.empty() ? "" : ", " + record.why);
  for (const PlannedStage& stage : planned.stages) {
    if (stage.name != record.stage) {
      continue;
    }
    std::vector<std::string> first = stage.otherwise;
    if (record.state == RetirementState::AwaitingApproval) {
      for (const Approval& approval : stage.approvals) {
        first.insert(first.end(), approval.by.begin(), approval.by.end());
      }
    }
    if (!first.empty()) {
      cause.chain.push_back(std::move(first));
      cause.after.emplace_back(0);
    }
  }
  cause.chain.insert(cause.chain.end(), planned.escalate.begin(), planned.escalate.end());
  cause.after.insert(cause.after.end(), planned.escalate_after.begin(),
                     planned.escalate_after.end());
  return cause;
}

using Key = std::tuple<std::string, std::string>;  // step, retirement

Key key_of(const EscalationRecord& record) {
  return {record.step, record.retirement};
}

std::string id_of(const EscalationCause& cause, std::size_t earlier) {
  Sha256 hash;
  hash.update_field(cause.run).update_field(cause.step).update_field(cause.retirement);
  hash.update_field(std::to_string(earlier));
  return "escalation:" + to_hex(hash.finish()).substr(0, 16);
}

class Mover {
 public:
  Mover(Store& store, const People& people, HandOver* hand_over, Instant now)
      : store_(store), people_(people), hand_over_(hand_over), now_(now) {}

  // Makes the move durable, hands over what it calls for, keeps what came of that.
  Status carry_out(const EscalationRecord& before, EscalationMove move) {
    if (move.what != EscalationMove::What::Nothing || before.calls == 0 ||
        before.why != move.record.why || before.deadline != move.record.deadline) {
      RESCIND_RETURN_IF_ERROR(store_.save_escalation(move.record));
    }
    if (move.record.retry_at && *move.record.retry_at <= now_) {
      hand_over(move.record);
      RESCIND_RETURN_IF_ERROR(store_.save_escalation(move.record));
    }
    look_at(next_look(move.record));
    return {};
  }

  void look_at(const std::optional<Instant>& at) {
    if (at) {
      next_ = next_ ? std::min(*next_, *at) : *at;
    }
  }

  [[nodiscard]] const std::optional<Instant>& next() const { return next_; }

 private:
  void hand_over(EscalationRecord& record) {
    std::vector<std::string> unreached;
    for (const std::string& to : record.unreached) {
      const std::string name = to.empty() ? "nobody left to call" : to;
      std::string what;
      if (hand_over_ == nullptr) {
        what = "not handed over to " + name + ": no `handover` is configured";
      } else if (const auto went =
                     hand_over_->deliver(escalation_message(record, people_, to, now_))) {
        what = name + " by " + *went;
      } else {
        what = "not handed over to " + name + ": " + went.error().to_string();
        unreached.push_back(to);
      }
      record.delivered.push_back(format_instant(now_) + ' ' + what);
    }
    if (record.delivered.size() > kKeptDeliveries) {
      record.delivered.erase(record.delivered.begin(), record.delivered.end() - kKeptDeliveries);
    }
    record.unreached = std::move(unreached);
    record.retry_at =
        record.unreached.empty() ? std::nullopt : std::optional<Instant>(now_ + kRetryCall);
  }

  Store& store_;
  const People& people_;
  HandOver* hand_over_;
  Instant now_;
  std::optional<Instant> next_;
};

}  // namespace

std::set<std::string> subjects_of(const Plan& plan) {
  std::set<std::string> subjects;
  for (const Event& event : plan.events) {
    subjects.insert(event.subject);
  }
  return subjects;
}

std::vector<EscalationCause> find_escalation_causes(
    const Plan& plan, const std::string& run, const std::vector<StepRecord>& steps,
    const std::vector<RetirementRecord>& retirements, Instant now) {
  std::map<std::string_view, const PlanStep*> planned;
  for (const PlanStep& step : plan.steps) {
    planned.emplace(step.id, &step);
  }
  std::vector<EscalationCause> causes;
  for (StepRecord record : steps) {
    const auto step = planned.find(record.step);
    record.run = run;
    if (step == planned.end()) {
      continue;
    }
    if (auto cause = cause_of_step(plan, *step->second, record, now)) {
      causes.push_back(*std::move(cause));
    }
  }
  for (RetirementRecord record : retirements) {
    record.run = run;
    const bool ended = is_end_state(record.state);
    const bool asks = record.state == RetirementState::AwaitingApproval;
    const auto found =
        std::find_if(plan.retirements.begin(), plan.retirements.end(),
                     [&](const PlannedRetirement& one) { return one.id == record.id; });
    if (!ended && (record.escalated || asks) && found != plan.retirements.end()) {
      causes.push_back(cause_of_retirement(plan, *found, record, now));
    }
  }
  return causes;
}

HandOverMessage escalation_message(const EscalationRecord& record, const People& people,
                                   const std::string& to, Instant now) {
  HandOverMessage message;
  message.key = record.id + "#" + std::to_string(record.calls) + (to.empty() ? "" : "@" + to);
  message.to = to;
  message.contact = people.contact && !to.empty() ? people.contact(to) : "";
  message.at = now;
  const std::string about = record.item.empty() ? record.step : record.item;
  const bool breached = record.deadline && *record.deadline <= now;
  message.subject = std::string(record.asks ? "Reminder"
                                : breached  ? "Overdue"
                                            : "Needs you") +
                    ": " + about;
  message.text = record.why + "\n\nsince     " + format_instant(record.raised_at) + '\n';
  if (record.deadline) {
    message.text += "deadline  " + format_instant(*record.deadline) +
                    (breached ? ", missed by " + format_duration(now - *record.deadline)
                              : ", in " + format_duration(*record.deadline - now)) +
                    '\n';
  }
  message.text += "called    " + (to.empty() ? std::string("nobody is left in the chain") : to) +
                  ", level " + std::to_string(record.level + 1) + ", call " +
                  std::to_string(record.calls) + '\n';
  if (record.next_at) {
    message.text += "next      " + format_instant(*record.next_at) + '\n';
  }
  message.text += "run       " + record.run + "\n\nrescind escalations --ack " + record.id +
                  " --as " + (to.empty() ? "ID" : to) + '\n';
  message.fields = {{"kind", record.asks ? "reminder" : "escalation"},
                    {"escalation", record.id},
                    {"run", record.run},
                    {"step", record.step},
                    {"retirement", record.retirement},
                    {"item", record.item},
                    {"system", record.system},
                    {"why", record.why},
                    {"level", std::to_string(record.level)},
                    {"since", format_instant(record.raised_at)},
                    {"deadline", record.deadline ? format_instant(*record.deadline) : ""},
                    {"next", record.next_at ? format_instant(*record.next_at) : ""}};
  return message;
}

HandOverMessage step_message(const PlanStep& step, const People& people, Instant now) {
  HandOverMessage message;
  const bool asks = step.verb == Verb::Ask;
  message.key = step.id + "#" + std::to_string(step.generation);
  message.to = step.target;
  message.contact = people.contact ? people.contact(step.target) : "";
  message.at = now;
  const std::string about = step.text.empty() ? words_of(step) : step.text;
  message.subject = (asks ? "Please: " : "For your information: ") + about;
  message.text = about + '\n';
  if (step.deadline) {
    message.text += "\nby        " + format_instant(*step.deadline) + '\n';
  }
  for (const Reason& reason : step.reasons) {
    if (!reason.because.empty()) {
      message.text += "because   " + reason.because + '\n';
    }
  }
  message.fields = {{"kind", asks ? "ask" : "notify"},
                    {"step", step.id},
                    {"text", step.text},
                    {"deadline", step.deadline ? format_instant(*step.deadline) : ""}};
  return message;
}

Result<std::optional<Instant>> escalate_run(const Plan& plan, const std::string& run, Store& store,
                                            const People& people, HandOver* hand_over,
                                            Instant now) {
  RESCIND_ASSIGN_OR_RETURN(const auto steps, store.list_steps(run));
  RESCIND_ASSIGN_OR_RETURN(const auto retirements, store.list_retirements(run));
  RESCIND_ASSIGN_OR_RETURN(const auto records, store.list_escalations_of(run));
  std::map<Key, EscalationCause> causes;
  for (EscalationCause& cause : find_escalation_causes(plan, run, steps, retirements, now)) {
    Key key{cause.step, cause.retirement};
    causes.emplace(std::move(key), std::move(cause));
  }
  Mover mover(store, people, hand_over, now);
  std::map<Key, std::size_t> earlier;
  std::set<Key> open;
  for (const EscalationRecord& record : records) {
    const Key key = key_of(record);
    ++earlier[key];
    if (record.closed_at) {
      // An `ask` that was answered is not asked again.
      if (record.asks) {
        open.insert(key);
      }
      continue;
    }
    open.insert(key);
    const auto cause = causes.find(key);
    RESCIND_RETURN_IF_ERROR(mover.carry_out(
        record,
        next_escalation(record, cause == causes.end() ? nullptr : &cause->second, people, now)));
  }
  for (const auto& [key, cause] : causes) {
    if (open.contains(key)) {
      continue;
    }
    if (cause.since > now) {
      mover.look_at(cause.since);
      continue;
    }
    const EscalationRecord record = open_escalation(cause, id_of(cause, earlier[key]));
    RESCIND_RETURN_IF_ERROR(mover.carry_out(record, next_escalation(record, &cause, people, now)));
  }
  return mover.next();
}

Result<std::optional<Instant>> escalate_due(Store& store, const People& people, HandOver* hand_over,
                                            Instant now) {
  RESCIND_ASSIGN_OR_RETURN(const auto records, store.list_escalations(true));
  std::set<std::string> runs;
  for (const EscalationRecord& record : records) {
    runs.insert(record.run);
  }
  std::optional<Instant> next;
  for (const std::string& run : runs) {
    RESCIND_ASSIGN_OR_RETURN(const RunPlan known, load_run_plan(store, run));
    RESCIND_ASSIGN_OR_RETURN(const auto at,
                             escalate_run(known.plan, run, store, people, hand_over, now));
    if (at) {
      next = next ? std::min(*next, *at) : *at;
    }
  }
  return next;
}

}  // namespace rescind
