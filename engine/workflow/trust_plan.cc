// The seal is a code over the plan's digest. Freshness is judged by planning the plan's own events
// again.
#include "workflow/trust_plan.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/printable.h"
#include "execute/action.h"
#include "execute/approvals.h"

namespace rescind {
namespace {

constexpr std::string_view kPlanPurpose = "rescind plan 1";

// One change each is enough to plan again; more would only be noise.
constexpr std::size_t kMaxReasons = 5;

std::string words_of(const PlanStep& step) {
  return printable(std::string(step.action.empty() ? verb_name(step.verb) : step.action) + ' ' +
                   step.kind + ' ' + step.item);
}

// The plan's own start and the instant at which it is applied: what starts by then starts now.
Instant start_of(const PlanStep& step, Instant now) {
  return std::max(step.not_before, now);
}

bool asks_for(const std::vector<Approval>& approvals, const Approval& approval) {
  return std::any_of(approvals.begin(), approvals.end(),
                     [&](const Approval& one) { return one.by == approval.by; });
}

bool is_held(const PlanStep& step) {
  return step.gate && step.gate->kind == "hold";
}

// What stands against the step as the plan has it; "" nothing.
std::string difference(const PlanStep& step, const Plan& fresh) {
  const auto found = std::find_if(fresh.steps.begin(), fresh.steps.end(),
                                  [&](const PlanStep& one) { return one.id == step.id; });
  if (found == fresh.steps.end()) {
    return "is not to be done any more";
  }
  if (execute::approval_binding(*found) != execute::approval_binding(step)) {
    return "would be done in another way, or to something else";
  }
  if (is_held(*found) && !is_held(step)) {
    return "is held back now: " + found->gate->text;
  }
  if (found->gate && !step.gate) {
    return "waits for a " + found->gate->kind + " now: " + found->gate->text;
  }
  if (start_of(*found, fresh.as_of) > start_of(step, fresh.as_of)) {
    return "may not start before " + format_instant(found->not_before) + " now";
  }
  for (const Approval& approval : found->approvals) {
    if (!asks_for(step.approvals, approval)) {
      return "asks for one more approval now";
    }
  }
  return "";
}

// What contains is not compared. What moves something to somebody is: they may be leaving by now.
bool is_compared(const PlanStep& step) {
  return execute::is_decided_when_due(step) || step.verb == Verb::Restore ||
         step.verb == Verb::Transfer || step.verb == Verb::Redirect;
}

// Decided again when it is due anyway, by the run itself.
bool is_decided_later(const PlanStep& step) {
  return !step.retirement.empty() ||
         (execute::is_decided_when_due(step) && (step.appointment || is_held(step)));
}

// A system that answered then and does not now: what the plan wants of it waits until it answers,
// and holds up nothing elsewhere.
bool is_silent(const PlanStep& step, const Plan& plan, const Plan& fresh) {
  const std::string key = connector_binding_key(step.system);
  return plan.bindings.contains(key) && !fresh.bindings.contains(key);
}

class Staleness {
 public:
  explicit Staleness(Diagnostics& diagnostics) : diagnostics_(diagnostics) {}

  void report(const std::string& why) {
    if (++reasons_ <= kMaxReasons) {
      diagnostics_.error(Code::R0827, {}, "the plan is stale: " + why)
          .help.push_back("plan again; nothing of this plan was done");
    }
  }

  [[nodiscard]] bool found() const { return reasons_ > 0; }

 private:
  Diagnostics& diagnostics_;
  std::size_t reasons_ = 0;
};

// A cause of the plan that the store knows better.
Status check_causes(const Plan& plan, Store& store, Staleness& stale) {
  for (const Event& event : reported_events(plan)) {
    if (event.id.empty()) {
      continue;
    }
    const std::string lineage = lineage_of(event);
    RESCIND_ASSIGN_OR_RETURN(const auto revisions,
                             store.list_revisions(lineage.substr(0, lineage.rfind('#'))));
    for (const StoredEvent& known : revisions) {
      if (known.revision > event.revision) {
        stale.report("event " + printable(lineage) + " has the newer revision " +
                     std::to_string(known.revision));
      } else if (known.revision == event.revision && known.withdrawn && !event.withdrawn) {
        stale.report("event " + printable(lineage) + " was taken back");
      }
    }
  }
  return {};
}

// A step that a run works which this plan does not take over: two runs would do it.
Status check_worked(const Plan& plan, Store& store, Staleness& stale) {
  for (const PlanStep& step : plan.steps) {
    RESCIND_ASSIGN_OR_RETURN(const auto records, store.find_steps(step.id));
    for (const StepRecord& record : records) {
      const bool taken_over = std::find(plan.supersedes.begin(), plan.supersedes.end(),
                                        record.run) != plan.supersedes.end();
      if (!taken_over && !is_end_state(record.state)) {
        stale.report(record.run + " works `" + words_of(step) + "` already");
      }
    }
  }
  return {};
}

}  // namespace

void seal_plan(Plan& plan, const SealKey& key) {
  plan.seal = authenticate(key, kPlanPurpose, plan.digest);
}

bool check_seal(const Plan& plan, const SealKey& key, Diagnostics& diagnostics) {
  if (is_authentic(key, kPlanPurpose, compute_plan_digest(plan), plan.seal)) {
    return true;
  }
  diagnostics
      .error(Code::R0826, {},
             plan.seal.empty()
                 ? "the plan has no seal: it was not made for the store of this project"
                 : "the seal of the plan does not fit: it was made for another store, or changed")
      .help.push_back("plan again in this project and apply that file unchanged");
  return false;
}

Result<bool> check_current(const LoadedPolicy& policy, std::shared_ptr<const Inventory> inventory,
                           PlanRequest request, const Plan& plan, Diagnostics& diagnostics) {
  Staleness stale(diagnostics);
  if (!plan.undoes.empty()) {
    return true;  // it decides nothing; opening its run checks the run that it puts back
  }
  if (plan.policy.digest != policy.checked->digest) {
    stale.report("it was made by another policy than the one that is in force now");
    return false;
  }
  RESCIND_RETURN_IF_ERROR(check_causes(plan, *request.store, stale));
  RESCIND_RETURN_IF_ERROR(check_worked(plan, *request.store, stale));
  if (stale.found()) {
    return false;
  }
  request.events = reported_events(plan);
  RESCIND_ASSIGN_OR_RETURN(const Plan fresh, plan_events(policy, std::move(inventory), request));
  for (const std::string& run : fresh.supersedes) {
    if (std::find(plan.supersedes.begin(), plan.supersedes.end(), run) == plan.supersedes.end()) {
      stale.report(run + ", about the same people, was opened since");
    }
  }
  for (const PlanStep& step : plan.steps) {
    if (!is_compared(step) || is_decided_later(step) || is_silent(step, plan, fresh)) {
      continue;
    }
    if (const std::string why = difference(step, fresh); !why.empty()) {
      stale.report("`" + words_of(step) + "` " + why);
    }
  }
  return !stale.found();
}

}  // namespace rescind
