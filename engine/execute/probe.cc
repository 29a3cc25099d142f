// Reading back: proves what the system claimed, ends what is unknown, polls what is under way.
#include <utility>

#include "execute/action.h"

namespace rescind::execute {
namespace {

constexpr std::uint32_t kPatience = 4;  // readings of "not done" before a claim counts as false

// A destroying request may still be on its way: one more look before it is repeated.
constexpr std::uint32_t kLooksBeforeDestroyingAgain = 2;

StepState done_state(const StepRecord& record) {
  const bool found_so = record.result == result_class_name(ResultClass::AlreadyDone) ||
                        record.result == result_class_name(ResultClass::Absent);
  return found_so && record.attempts <= 1 ? StepState::AlreadyDone : StepState::Verified;
}

NextMove try_again(const ActionContext& context, const Effort& effort) {
  return effort.attempts < context.options.max_attempts ? NextMove::Backoff : NextMove::GiveUp;
}

void settle_done(const ActionContext& context, const ProbeResult& probe, ActionReport& report,
                 Entry& entry) {
  if (probe.residual_until && *probe.residual_until > context.clock.now()) {
    report.record.state = StepState::Residual;
    report.next = NextMove::At;
    report.at = *probe.residual_until;
    entry.until = probe.residual_until;
    return;
  }
  report.record.state = done_state(report.record);
}

void settle_not_done(const ActionContext& context, const PlanStep& step, ActionReport& report,
                     Effort& effort, Entry& entry) {
  StepState& state = report.record.state;
  ++effort.not_done;
  report.next = NextMove::Backoff;
  switch (state) {
  case StepState::Sent:
    if (effort.not_done >= context.options.max_probes) {
      report.next = NextMove::GiveUp;
    }
    return;
  case StepState::Applied:
  case StepState::Residual:
    if (effort.not_done < kPatience) {
      return;
    }
    entry.detail = "the system said done, reading back says not done";
    // WHY: a destroying verb is never repeated on a system that has lied about it once.
    state = destroys(step) ? StepState::Refused : StepState::Failed;
    report.next = try_again(context, effort);
    return;
  case StepState::Intent:
  case StepState::Unknown:
    if (destroys(step) && effort.not_done < kLooksBeforeDestroyingAgain) {
      state = StepState::Unknown;
      return;
    }
    state = StepState::Failed;
    report.next = try_again(context, effort);
    return;
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
    return;  // never probed
  }
}

// What was put back is there when the goal of what was undone holds no more.
ProbeResult read_step(const ActionContext& context, const PlanStep& step,
                      const StepRecord& record) {
  if (context.restore == nullptr) {
    return context.connector->probe(request_of(step, record));
  }
  ProbeResult seen = context.connector->probe(context.restore->original);
  seen.residual_until.reset();
  if (seen.answer != ProbeAnswer::Unknown) {
    seen.answer = seen.answer == ProbeAnswer::Done ? ProbeAnswer::NotDone : ProbeAnswer::Done;
    seen.detail = seen.answer == ProbeAnswer::Done ? "it is back" : "it is not back";
  }
  return seen;
}

}  // namespace

Result<ActionReport> probe_step(const ActionContext& context, const PlanStep& step,
                                StepRecord record, Effort& effort) {
  const ProbeResult probe = read_step(context, step, record);
  const std::string result_before = record.result;
  ActionReport report;
  report.record = std::move(record);
  report.health = Health::Good;
  Entry entry;
  entry.entry = RecordEntry::Probed;
  entry.detail = probe.detail;
  switch (probe.answer) {
  case ProbeAnswer::Done:
    effort.probes = 0;
    settle_done(context, probe, report, entry);
    break;
  case ProbeAnswer::NotDone:
    effort.probes = 0;
    settle_not_done(context, step, report, effort, entry);
    break;
  case ProbeAnswer::Unknown:
    ++effort.probes;
    report.health = Health::Bad;
    report.why = probe.detail;
    if (report.record.state == StepState::Intent) {
      report.record.state = StepState::Unknown;
    }
    report.next = effort.probes < context.options.max_probes ? NextMove::Backoff : NextMove::GiveUp;
    break;
  }
  // The step keeps the result of its request; what the reading said is in the journal.
  entry.result = result_before;
  return finish_action(context, std::move(report), entry);
}

}  // namespace rescind::execute
