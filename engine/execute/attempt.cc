// An attempt: read the item live, make the intent durable with the state before, send, make the
// outcome durable.
#include <utility>

#include "execute/action.h"

namespace rescind::execute {
namespace {

// Verbs whose goal needs the item to exist; for the others a vanished item is a goal reached.
bool needs_item(Verb verb) {
  return verb == Verb::Transfer || verb == Verb::Redirect || verb == Verb::Archive;
}

// Why the item is not the one that was planned for; "" when it is. Only what tells one item or
// holder from another counts: what the plan itself changes (enabled, sessions) does not.
std::string identity_mismatch(const PlanStep& step, const Observation& seen) {
  for (const char* fact : {"holder", "account", "native_id"}) {
    const auto planned = step.facts.find(fact);
    const auto found = seen.facts.find(fact);
    // An empty value on either side: that side does not know. What is at its receiver already is
    // there.
    if (planned != step.facts.end() && found != seen.facts.end() && !planned->second.empty() &&
        !found->second.empty() && planned->second != found->second &&
        !(step.verb == Verb::Transfer && found->second == step.target)) {
      return std::string("its ") + fact + " was `" + planned->second + "` when planned and is `" +
             found->second + "` now";
    }
  }
  return "";
}

NextMove again_or_give_up(const ActionContext& context, const Effort& effort) {
  return effort.attempts < context.options.max_attempts ? NextMove::Backoff : NextMove::GiveUp;
}

Health health_of(const ActionResult& answer) {
  if (answer.result == ResultClass::AuthFailed) {
    return Health::AuthFailed;
  }
  // A system that answers is alive, whatever it answers.
  const bool silent = answer.response_digest.empty() && (answer.result == ResultClass::Failed ||
                                                         answer.result == ResultClass::Unknown);
  return silent ? Health::Bad : Health::Good;
}

std::optional<ActionReport> as_ended(ActionReport report) {
  return std::optional<ActionReport>(std::move(report));
}

bool can_do_without_reading(const PlanStep& step) {
  return step.rank == Rank::Contain || step.rank == Rank::Strip || step.rank == Rank::Prepare;
}

}  // namespace

Result<ActionReport> end_step(const ActionContext& context, StepRecord record, StepState state,
                              ResultClass result, std::string detail) {
  ActionReport report;
  report.record = std::move(record);
  report.record.state = state;
  report.health = Health::Good;
  Entry entry;
  entry.entry = RecordEntry::Ended;
  entry.result = result_class_name(result);
  entry.detail = std::move(detail);
  return finish_action(context, std::move(report), entry);
}

Result<ActionReport> wait_for(const ActionContext& context, StepRecord record, std::string wait,
                              const std::optional<Instant>& due, bool person) {
  ActionReport report;
  Entry entry;
  entry.entry = RecordEntry::Waited;
  record.state = StepState::Waiting;
  record.wait = wait;
  record.due = due;
  record.escalated = person || !due.has_value();
  report.next = due ? NextMove::At : NextMove::GiveUp;
  report.at = due.value_or(Instant{});
  entry.detail = std::move(wait);
  entry.until = due;
  RESCIND_RETURN_IF_ERROR(context.journal.write(record, entry));
  report.record = std::move(record);
  return report;
}

Result<ActionReport> settle_answer(const ActionContext& context, const PlanStep& step,
                                   StepRecord record, Effort& effort, const ActionResult& answer) {
  ActionReport report;
  report.record = std::move(record);
  report.health = health_of(answer);
  report.why = answer.detail;
  StepState& state = report.record.state;
  Entry entry = entry_of(RecordEntry::Outcome, answer);
  switch (answer.result) {
  case ResultClass::Absent:
    if (needs_item(step.verb)) {
      state = StepState::Refused;
      entry.detail = "it is not there any more: " + answer.detail;
      break;
    }
    [[fallthrough]];
  case ResultClass::Changed:
  case ResultClass::AlreadyDone:
    state = StepState::Applied;
    report.next = NextMove::AtOnce;
    break;
  case ResultClass::Async:
    state = StepState::Sent;
    report.next = NextMove::Backoff;
    break;
  case ResultClass::ResidualUntil:
    state = StepState::Residual;
    report.next = NextMove::At;
    report.at = answer.until.value_or(context.clock.now() + context.options.retry_later);
    entry.until = report.at;
    break;
  case ResultClass::NeedsHuman:
  case ResultClass::NeedsCodeChange:
    state = StepState::Refused;
    break;
  case ResultClass::Unsupported:
    state = StepState::Unsupported;
    break;
  case ResultClass::Conflict:
    state = StepState::Conflict;
    report.next = again_or_give_up(context, effort);
    break;
  case ResultClass::Throttled:
    state = StepState::Throttled;
    // WHY: being told to wait is no failed attempt; but a system that never lets us in is given up.
    --effort.attempts;
    ++effort.throttled;
    report.next = effort.throttled > 4 * context.options.max_attempts ? NextMove::GiveUp
                  : answer.until                                      ? NextMove::At
                                                                      : NextMove::Backoff;
    report.at = answer.until.value_or(Instant{});
    report.system_quiet_until = answer.until;
    break;
  case ResultClass::AuthFailed:
    state = StepState::Failed;
    report.next = NextMove::GiveUp;
    break;
  case ResultClass::Failed:
    state = StepState::Failed;
    report.next = again_or_give_up(context, effort);
    break;
  case ResultClass::Unknown:
    state = StepState::Unknown;
    report.next = NextMove::Backoff;
    break;
  }
  return finish_action(context, std::move(report), entry);
}

// What takes an item for good counts on its being out of use: a claim that a disable made says so,
// and only a live reading shows that it still holds. "" it does, or nobody claims it.
Result<std::string> enabled_again(const ActionContext& context, const PlanStep& step,
                                  const Observation& seen) {
  if (!destroys(step) || !seen.enabled.value_or(false)) {
    return std::string();
  }
  RESCIND_ASSIGN_OR_RETURN(const auto disabled,
                           find_standing_disable(context.journal.store(), step.item));
  return disabled ? std::string(kContainmentGone) + "it was disabled by " + disabled->run +
                        " and is seen enabled"
                  : std::string();
}

bool gives_or_takes(const PlanStep& step) {
  return step.verb == Verb::Transfer || step.verb == Verb::Redirect || step.rank >= Rank::Strip;
}

// What is known now and was not when the step was planned; "" nothing stands against it.
Result<std::string> objection_to(const ActionContext& context, const PlanStep& step,
                                 const Observation& seen) {
  if (step.gate && step.gate->kind == "handover") {
    const auto last = seen.facts.find("last_holder");
    if (last == seen.facts.end() || last->second != "false") {
      return "handover: " + step.gate->text;
    }
  }
  if (context.options.objection && gives_or_takes(step)) {
    RESCIND_ASSIGN_OR_RETURN(std::string why, context.options.objection(step, seen.facts));
    if (!why.empty()) {
      return why;
    }
  }
  return enabled_again(context, step, seen);
}

// What stands before every request. Nothing: it may be sent, and `seen` is the item's state.
Result<std::optional<ActionReport>> check_before_request(const ActionContext& context,
                                                         const PlanStep& step, StepRecord& record,
                                                         Effort& effort, Observation& seen) {
  using Ended = std::optional<ActionReport>;
  auto read = context.connector->observe(request_of(step, record).item);
  if (!read) {
    return finish_unreadable(context, std::move(record), effort, read.error()).map(as_ended);
  }
  seen = *std::move(read);
  if (seen.presence == Presence::Absent) {
    if (needs_item(step.verb)) {
      return end_step(context, std::move(record), StepState::Refused, ResultClass::Absent,
                      "it is not there any more, nothing can be kept")
          .map(as_ended);
    }
    return end_step(context, std::move(record), StepState::AlreadyDone, ResultClass::Absent,
                    "not there, read by exact id")
        .map(as_ended);
  }
  if (seen.presence == Presence::Unknown && !can_do_without_reading(step)) {
    return finish_unreadable(context, std::move(record), effort,
                             Error(ErrorKind::Protocol, seen.detail))
        .map(as_ended);
  }
  if (const std::string mismatch = identity_mismatch(step, seen); !mismatch.empty()) {
    return end_step(context, std::move(record), StepState::Refused, ResultClass::Conflict, mismatch)
        .map(as_ended);
  }
  RESCIND_ASSIGN_OR_RETURN(std::string objection, objection_to(context, step, seen));
  if (!objection.empty()) {
    const Instant again = context.clock.now() + context.options.retry_later;
    return wait_for(context, std::move(record), std::move(objection), again, true).map(as_ended);
  }
  if (!context.claims.empty()) {
    RESCIND_ASSIGN_OR_RETURN(const LimitAnswer room,
                             context.journal.reserve(step.id, context.claims));
    if (!room.reserved) {
      return wait_for(context, std::move(record), "limit " + room.full, room.room_at).map(as_ended);
    }
  }
  return Ended{};
}

Status write_intent(const ActionContext& context, const PlanStep& step, StepRecord& record,
                    Effort& effort, const Observation& seen) {
  ++effort.attempts;
  ++record.attempts;
  record.state = StepState::Intent;
  record.wait.clear();
  record.due.reset();
  Entry intent;
  intent.entry = RecordEntry::Intent;
  intent.detail = std::string(verb_name(step.verb)) + " " + step.item;
  if (seen.presence == Presence::Present) {
    intent.item = step.item;
    intent.captured = seen.state;
  }
  return context.journal.write(record, intent);
}

Result<ActionReport> attempt_step(const ActionContext& context, const PlanStep& step,
                                  StepRecord record, Effort& effort) {
  Observation seen;
  RESCIND_ASSIGN_OR_RETURN(auto ended, check_before_request(context, step, record, effort, seen));
  if (ended) {
    return *std::move(ended);
  }
  ActionRequest request = request_of(step, record);
  if (seen.presence == Presence::Present) {
    request.captured = seen.state;
  }
  RESCIND_RETURN_IF_ERROR(write_intent(context, step, record, effort, seen));
  const ActionResult answer = context.connector->perform(request);
  effort.not_done = 0;
  effort.probes = 0;
  return settle_answer(context, step, std::move(record), effort, answer);
}

}  // namespace rescind::execute
