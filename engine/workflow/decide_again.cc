// The run's own plan says which events it was made of; evaluate and plan do the rest.
#include "workflow/decide_again.h"

#include <algorithm>

#include "execute/approvals.h"
#include "store/run_plan.h"

namespace rescind {
namespace {

template <typename T>
const T* find_of(const std::vector<T>& list, const std::string& item) {
  const auto found =
      std::find_if(list.begin(), list.end(), [&](const T& one) { return one.item == item; });
  return found == list.end() ? nullptr : &*found;
}

const HeldItem* find_held(const std::vector<HeldItem>& list, const PlanStep& step) {
  const auto found = std::find_if(list.begin(), list.end(), [&](const HeldItem& held) {
    return held.item == step.item && held.verb == verb_name(step.verb);
  });
  return found == list.end() ? nullptr : &*found;
}

std::string hold_words(const HeldItem& held) {
  return "hold " + held.hold +
         (held.until ? " until " + format_instant(*held.until) : " until it is lifted") +
         (held.because.empty() ? "" : ": " + held.because);
}

// Why the plan has no such step.
AppointmentAgain without_step(const PlanStep& appointment, const Plan& fresh) {
  AppointmentAgain out;
  if (const HeldItem* held = find_held(fresh.protected_items, appointment)) {
    out.state = AppointmentState::Held;
    out.why = hold_words(*held);
    return out;
  }
  if (const ItemNote* note = find_of(fresh.undetermined, appointment.item)) {
    out.why = "it cannot be decided any more: " + note->why;
  } else if (const PersonNote* person = find_of(fresh.needs_person, appointment.item)) {
    out.why = person->why;
  } else if (fresh.events.empty()) {
    out.why = "every event behind it was taken back";
  } else {
    out.why = "nothing asks for it any more, as things are now";
  }
  return out;
}

}  // namespace

Result<Plan> decide_again(const LoadedPolicy& policy, std::shared_ptr<const Inventory> inventory,
                          PlanRequest request, const std::string& run) {
  RESCIND_ASSIGN_OR_RETURN(const auto plan, load_first_plan(*request.store, run));
  request.events = reported_events(*plan);
  request.again = run;
  return plan_events(policy, std::move(inventory), request);
}

AppointmentAgain judge_appointment(const PlanStep& appointment, const Plan& fresh) {
  const auto found = std::find_if(fresh.steps.begin(), fresh.steps.end(),
                                  [&](const PlanStep& step) { return step.id == appointment.id; });
  if (found == fresh.steps.end()) {
    return without_step(appointment, fresh);
  }
  AppointmentAgain out;
  out.fresh = *found;
  out.changed = execute::approval_binding(*found) != execute::approval_binding(appointment);
  if (found->gate && found->gate->kind == "hold") {
    const HeldItem* held = find_held(fresh.postponed, appointment);
    out.state = AppointmentState::Held;
    out.why = held != nullptr ? hold_words(*held) : found->gate->text;
    out.due = found->not_before;
  } else if (found->not_before > fresh.as_of) {
    out.state = AppointmentState::Moved;
    out.why = "it may not start before " + format_instant(found->not_before) + " any more";
    out.due = found->not_before;
  } else {
    out.state = AppointmentState::Due;
  }
  return out;
}

}  // namespace rescind
