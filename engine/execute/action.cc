// Chooses the action that a step's state asks for, and what actions share.
#include "execute/action.h"

#include <utility>

namespace rescind::execute {
namespace {

// Delivery of a notification or a question. At least once: a crash in between delivers it again.
Result<ActionReport> hand_over_step(const ActionContext& context, const PlanStep& step,
                                    StepRecord record, Effort& effort) {
  ++effort.attempts;
  ++record.attempts;
  record.state = StepState::Intent;
  Entry intent;
  intent.entry = RecordEntry::Intent;
  RESCIND_RETURN_IF_ERROR(context.journal.write(record, intent));
  Status delivered;
  if (context.options.hand_over) {
    delivered = context.options.hand_over(step);
  }
  ActionReport report;
  report.record = std::move(record);
  Entry outcome;
  outcome.entry = RecordEntry::Outcome;
  if (delivered) {
    report.health = Health::Good;
    report.record.state = StepState::Verified;
    outcome.result = result_class_name(ResultClass::Changed);
    outcome.detail = "handed over to " + step.target;
  } else {
    report.record.state = StepState::Failed;
    report.next =
        effort.attempts < context.options.max_attempts ? NextMove::Backoff : NextMove::GiveUp;
    outcome.result = result_class_name(ResultClass::Failed);
    outcome.detail = delivered.error().to_string();
    // A server that nobody reaches is as dead as a system; an address that is wrong is only wrong.
    const ErrorKind kind = delivered.error().kind();
    report.health =
        kind == ErrorKind::Network || kind == ErrorKind::Io ? Health::Bad : Health::NotAsked;
    report.why = outcome.detail;
  }
  return finish_action(context, std::move(report), outcome);
}

Result<ActionReport> capture_state(const ActionContext& context, const PlanStep& step,
                                   StepRecord record, Effort& effort) {
  auto seen = context.connector->observe(request_of(step, record).item);
  if (!seen) {
    return finish_unreadable(context, std::move(record), effort, seen.error());
  }
  if (seen->presence == Presence::Unknown) {
    return finish_unreadable(context, std::move(record), effort,
                             Error(ErrorKind::Protocol, seen->detail));
  }
  ActionReport report;
  report.record = std::move(record);
  report.record.state = StepState::Verified;
  report.health = Health::Good;
  Entry entry;
  entry.entry = RecordEntry::Observed;
  entry.item = step.item;
  if (seen->presence == Presence::Present) {
    entry.detail = "state captured";
    entry.captured = seen->state;
  } else {
    entry.detail = "nothing to capture, it is not there";
  }
  return finish_action(context, std::move(report), entry);
}

}  // namespace

bool destroys(const PlanStep& step) {
  return step.effects.has(Effect::Destroys) || step.rank == Rank::Destroy;
}

bool is_decided_when_due(const PlanStep& step) {
  return destroys(step) || step.effects.has(Effect::Releases) || step.rank == Rank::Release;
}

ActionRequest request_of(const PlanStep& step, const StepRecord& record) {
  ActionRequest request;
  request.marker = step.id + "#" + std::to_string(record.generation);
  request.verb = step.verb;
  request.item.item = step.item;
  request.item.kind = find_kind(step.kind).value_or(Kind::Account);
  request.item.system = step.system;
  request.item.native_id = step.native_id;
  request.item.name = step.item_name;
  request.item.account = step.account;
  request.item.account_native_id = step.account_native_id;
  request.item.holder = step.holder;
  request.target = step.target;
  request.text = step.text;
  return request;
}

Result<ActionReport> finish_action(const ActionContext& context, ActionReport report,
                                   const Entry& entry) {
  StepRecord& record = report.record;
  record.result = entry.result;
  record.detail = entry.detail;
  record.until = entry.until;
  if (!record.settled_at) {
    record.settled_at = context.clock.now();
  }
  record.wait.clear();
  record.due = report.next == NextMove::At ? std::optional<Instant>(report.at) : std::nullopt;
  if (is_end_state(record.state)) {
    report.next = NextMove::Ended;
    record.due.reset();
    record.escalated = record.state == StepState::Refused || record.state == StepState::Unsupported;
  } else if (report.next == NextMove::GiveUp) {
    record.escalated = true;
  }
  RESCIND_RETURN_IF_ERROR(context.journal.write(record, entry));
  return report;
}

Result<ActionReport> finish_unreadable(const ActionContext& context, StepRecord record,
                                       Effort& effort, const Error& error) {
  ++effort.attempts;
  ActionReport report;
  report.record = std::move(record);
  report.record.state = StepState::Failed;
  report.why = error.to_string();
  Entry entry;
  entry.entry = RecordEntry::Outcome;
  entry.detail = "cannot be read: " + report.why;
  if (error.kind() == ErrorKind::Auth) {
    report.health = Health::AuthFailed;
    report.next = NextMove::GiveUp;
    entry.result = result_class_name(ResultClass::AuthFailed);
    return finish_action(context, std::move(report), entry);
  }
  entry.result = result_class_name(ResultClass::Failed);
  report.health = Health::Bad;
  report.next =
      effort.attempts < context.options.max_attempts ? NextMove::Backoff : NextMove::GiveUp;
  return finish_action(context, std::move(report), entry);
}

Result<ActionReport> take_action(const ActionContext& context, const PlanStep& step,
                                 StepRecord record, Effort& effort) {
  if (step.verb == Verb::Notify || step.verb == Verb::Ask) {
    return hand_over_step(context, step, std::move(record), effort);
  }
  if (step.action == "capture") {
    return capture_state(context, step, std::move(record), effort);
  }
  if (step.action == "sweep") {
    return sweep_account(context, step, std::move(record), effort);
  }
  if (step.verb == Verb::Replace || step.verb == Verb::Rotate) {
    const Result<bool> delivers = delivers_successor(context, step);
    if (!delivers) {
      return finish_unreadable(context, std::move(record), effort, delivers.error());
    }
    if (*delivers) {
      return replace_credential(context, step, std::move(record), effort);
    }
  }
  switch (record.state) {
  case StepState::Intent:
  case StepState::Unknown:
  case StepState::Sent:
  case StepState::Applied:
  case StepState::Residual:
    return probe_step(context, step, std::move(record), effort);
  case StepState::Pending:
  case StepState::Waiting:
  case StepState::Ready:
  case StepState::Throttled:
  case StepState::Conflict:
  case StepState::Failed:
  case StepState::Verified:
  case StepState::AlreadyDone:
  case StepState::Unsupported:
  case StepState::Refused:
  case StepState::Cancelled:
  case StepState::Undone:
    break;
  }
  if (context.restore != nullptr) {
    return restore_step(context, step, std::move(record), effort);
  }
  return attempt_step(context, step, std::move(record), effort);
}

}  // namespace rescind::execute
