// Lets time pass from one thing that happens to the next, whether the script or the engine has it.
#include "simulate/simulate.h"

#include <algorithm>
#include <utility>

#include "execute/approvals.h"

namespace rescind {
namespace {

using What = ScriptEntry::What;

// A loop that never comes to an end would be a bug of the engine; this ends it with a word.
constexpr std::size_t kMostPauses = 100'000;

class Player {
 public:
  explicit Player(const SimulationRequest& request)
      : request_(request), clock_(request.begin), estate_(clock_) {}

  Result<Timeline> play();

 private:
  Status submit(const std::vector<Event>& events);
  Status happen(const ScriptEntry& entry);
  Status say(const ScriptEntry& entry, bool refused);

  void tell(std::string what, std::string item, std::string text) {
    said_.push_back({clock_.now(), std::move(what), std::move(item), std::move(text)});
  }

  const SimulationRequest& request_;
  SimulatedClock clock_;
  SimulatedEstate estate_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<Simulation> engine_;
  std::vector<TimelineLine> said_;
};

Status Player::submit(const std::vector<Event>& events) {
  for (const Event& event : events) {
    tell("event", "",
         event.type + " " + event.subject + (event.withdrawn ? " is taken back" : "") +
             (event.at == clock_.now() ? "" : ", from " + format_instant(event.at)));
  }
  const auto run = engine_->report(events);
  if (!run && run.error().kind() == ErrorKind::Conflict) {
    tell("failed", "", run.error().message());
    return {};
  }
  if (run && run->empty()) {
    tell("run", "", "nothing to do");
  }
  return run ? Status() : tl::unexpected(run.error());
}

// One person's word on the steps about an item (or on all that they may speak of).
Status Player::say(const ScriptEntry& entry, bool refused) {
  RESCIND_ASSIGN_OR_RETURN(const std::vector<RunRecord> runs, store_->list_runs());
  for (const RunRecord& run : runs) {
    RESCIND_ASSIGN_OR_RETURN(const std::string text, store_->plan_of_run(run.id));
    RESCIND_ASSIGN_OR_RETURN(const Plan plan, decode_plan(text));
    for (const PlanStep& step : plan.steps) {
      const bool meant = entry.item.empty() || entry.item == step.item;
      const bool asked = !step.approvals.empty() || !step.alternatives.empty() || step.gate;
      if (!meant || !asked || execute::is_own_case(plan, step, entry.by)) {
        continue;
      }
      StoredApproval approval;
      approval.run = run.id;
      approval.step = step.id;
      approval.binding = execute::approval_binding(step);
      approval.approver = entry.by;
      approval.at = clock_.now();
      approval.refused = refused;
      approval.reason = entry.reason;
      approval.plan_digest = plan.digest;
      RESCIND_RETURN_IF_ERROR(store_->add_approval(approval));
    }
  }
  return engine_->work(true);
}

Status Player::happen(const ScriptEntry& entry) {
  switch (entry.what) {
  case What::Event:
    return submit(entry.events);
  case What::Use:
    estate_.use(entry.item, entry.by);
    tell("script", entry.item, entry.text);
    return {};
  case What::SignIn: {
    const auto session = estate_.sign_in(entry.item, entry.by);
    tell("script", entry.item,
         entry.text + (session ? ": " + *session : ": refused, " + session.error().message()));
    return {};
  }
  case What::Fail:
    estate_.add_fault(entry.fault);
    tell("script", entry.item, entry.text);
    return {};
  case What::Mend:
    estate_.mend(entry.fault.system);
    tell("script", "", entry.text);
    return engine_->work(true);
  case What::Approve:
  case What::Refuse:
    tell("approval", entry.item, entry.text);
    return say(entry, entry.what == What::Refuse);
  case What::Deliver:
    tell("script", entry.item, entry.text);
    estate_.confirm_delivery(entry.item, entry.to);
    return {};
  case What::Record:
    tell("script", "", entry.text);
    RESCIND_RETURN_IF_ERROR(Simulation::seed(entry.record, estate_, *store_, clock_.now()));
    return engine_->work(true);
  case What::ClockJump:
    tell("script", "", entry.text);
    clock_.jump(entry.jump);
    return {};
  }
  return {};
}

Result<Timeline> Player::play() {
  RESCIND_ASSIGN_OR_RETURN(store_, open_sqlite_store(":memory:", {}));
  RESCIND_RETURN_IF_ERROR(Simulation::seed(request_.records, estate_, *store_, request_.begin));
  engine_ =
      std::make_unique<Simulation>(*request_.policy, estate_, *store_, clock_, request_.options);
  RESCIND_RETURN_IF_ERROR(submit(request_.events));
  auto next = request_.script.begin();
  for (std::size_t pause = 0; clock_.now() < request_.end; ++pause) {
    if (pause >= kMostPauses) {
      return fail(ErrorKind::Limit,
                  "something is due again and again at " + format_instant(clock_.now()));
    }
    RESCIND_ASSIGN_OR_RETURN(const auto due, engine_->next_due());
    Instant until = std::min(due.value_or(request_.end), request_.end);
    if (next != request_.script.end()) {
      until = std::min(until, next->at);
    }
    clock_.advance_to(until);
    while (next != request_.script.end() && next->at <= clock_.now()) {
      RESCIND_RETURN_IF_ERROR(happen(*next));
      ++next;
    }
    RESCIND_RETURN_IF_ERROR(engine_->work(false));
  }
  return build_timeline(*store_, estate_, std::move(said_), request_.begin, request_.end);
}

}  // namespace

Result<Timeline> simulate(const SimulationRequest& request) {
  return Player(request).play();
}

}  // namespace rescind
