// Deciding an open run again: its events on what is known now. What was an appointment when the run
// began is compared with the step as it would be planned today.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "model/plan.h"
#include "workflow/plan_events.h"

namespace rescind {

// The plan that the events behind the run would lead to now, with the run's own steps in it however
// far they are. The request's events count for nothing; its store must be set. Errors: of the
// store, NotFound when there is no such run.
Result<Plan> decide_again(const LoadedPolicy& policy, std::shared_ptr<const Inventory> inventory,
                          PlanRequest request, const std::string& run);

enum class AppointmentState : std::uint8_t {
  Due,    // as it is planned now, it may start
  Moved,  // it may start later than it was to
  Held,   // a hold keeps it back
  Gone,   // nothing asks for it any more, or nobody can tell
};

struct AppointmentAgain {
  AppointmentState state = AppointmentState::Gone;
  std::string why;             // one line for people; "" for Due
  std::optional<Instant> due;  // Moved; Held until an instant
  // Another item, holder or parameters than what was approved: approvals are needed anew.
  bool changed = false;
  std::optional<PlanStep> fresh;  // the step as it is planned now
};

// Finds the step in the plan of decide_again by its id.
AppointmentAgain judge_appointment(const PlanStep& appointment, const Plan& fresh);

}  // namespace rescind
