// Whether a plan may be applied at all: used, expired, for looking at only, incomplete, edited, or
// approved by its own subject.
#include "execute/approvals.h"
#include "execute/execute_plan.h"

namespace rescind {
namespace {

std::string plural(std::size_t count, const std::string& what) {
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

// What makes a plan incomplete besides limits, whose excess only waits.
std::string incomplete_because(const Plan& plan) {
  if (!plan.undetermined.empty()) {
    return plural(plan.undetermined.size(), "item") + " undetermined, first `" +
           plan.undetermined.front().item + "`: " + plan.undetermined.front().why;
  }
  if (!plan.uncovered.empty()) {
    return plural(plan.uncovered.size(), "item") + " that no rule speaks of, first `" +
           plan.uncovered.front().item + "`";
  }
  if (!plan.infeasible.empty()) {
    return plural(plan.infeasible.size(), "deadline") + " that cannot be met, first " +
           plan.infeasible.front().step + ": " + plan.infeasible.front().why;
  }
  for (const LimitUse& use : plan.limits) {
    if (use.tripped) {
      return "";
    }
  }
  return plan.complete ? "" : "the plan does not say why";
}

}  // namespace

Result<bool> check_applicable(const Plan& plan, Store& store, Instant now,
                              const std::string& approve_as, Diagnostics& diagnostics) {
  const std::size_t before = diagnostics.error_count();
  RESCIND_ASSIGN_OR_RETURN(const auto run, store.find_run_of_digest(plan.digest));
  if (run) {
    diagnostics.error(Code::R0820, {}, "the plan was used before, by " + run->id)
        .help.push_back("plan again; `rescind resume` goes on with " + run->id);
  }
  if (plan.format_version != kPlanFormatVersion || compute_plan_digest(plan) != plan.digest) {
    diagnostics.error(Code::R0825, {}, "the plan's digest does not match what it says")
        .help.push_back("plan again and apply that file unchanged");
  }
  if (now >= plan.expires_at) {
    diagnostics.error(Code::R0821, {}, "the plan expired at " + format_instant(plan.expires_at))
        .help.push_back("plan again on fresh facts");
  }
  if (plan.looked_at_only) {
    diagnostics
        .error(Code::R0822, {},
               "the plan was made as of " + format_instant(plan.as_of) + ", for looking at only")
        .help.push_back("plan without `--as-of`");
  }
  if (const std::string why = incomplete_because(plan); !why.empty()) {
    diagnostics.error(Code::R0823, {}, "the plan is incomplete: " + why)
        .help.push_back("cover or correct what it names, then plan again");
  }
  if (!approve_as.empty() && execute::is_subject(plan, approve_as)) {
    diagnostics.error(Code::R0824, {}, "`" + approve_as + "` cannot approve in their own case")
        .help.push_back("let somebody else approve with `--approve --as ID`");
  }
  return diagnostics.error_count() == before;
}

}  // namespace rescind
