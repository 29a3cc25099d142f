// Putting back: what was captured before a step is written again, unless another cause still holds
// the item contained.
#include <utility>

#include "execute/action.h"

namespace rescind::execute {

Result<ActionReport> restore_step(const ActionContext& context, const PlanStep& step,
                                  StepRecord record, Effort& effort) {
  const RestoreTarget& target = *context.restore;
  if (!target.why_not.empty()) {
    return end_step(context, std::move(record), StepState::Refused, ResultClass::NeedsHuman,
                    target.why_not);
  }
  RESCIND_RETURN_IF_ERROR(context.journal.release(step.id, step.item, target.causes));
  RESCIND_ASSIGN_OR_RETURN(const std::string others,
                           standing_claims(context.journal.store(), step.item, target.causes));
  if (!others.empty()) {
    return wait_for(context, std::move(record), "claim: " + others,
                    context.clock.now() + context.options.retry_later, true);
  }
  ActionRequest request = target.original;
  request.marker = request_of(step, record).marker;
  ++effort.attempts;
  ++record.attempts;
  record.state = StepState::Intent;
  record.wait.clear();
  record.due.reset();
  Entry intent;
  intent.entry = RecordEntry::Intent;
  intent.item = step.item;
  intent.detail = "put " + step.item + " back";
  RESCIND_RETURN_IF_ERROR(context.journal.write(record, intent));
  const ActionResult answer = context.connector->undo(request);
  effort.not_done = 0;
  effort.probes = 0;
  return settle_answer(context, step, std::move(record), effort, answer);
}

}  // namespace rescind::execute
