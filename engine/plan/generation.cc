#include "plan/generation.h"

#include <algorithm>
#include <map>

#include "plan/step_id.h"

namespace rescind {
namespace {

std::size_t place_of(const PlannedRetirement& retirement, const std::string& stage) {
  const auto found = std::find_if(retirement.stages.begin(), retirement.stages.end(),
                                  [&](const PlannedStage& one) { return one.name == stage; });
  return static_cast<std::size_t>(found - retirement.stages.begin());
}

class Generation {
 public:
  Generation(const Plan& plan, const PlannedRetirement& retirement,
             const GenerationRequest& request)
      : plan_(plan),
        retirement_(retirement),
        request_(request),
        back_to_(place_of(retirement, request.stage)) {}

  std::vector<PlanStep> make() {
    if (back_to_ >= retirement_.stages.size()) {
      return {};
    }
    for (const PlanStep& step : plan_.steps) {
      if (step.retirement == retirement_.id && place_of(retirement_, step.stage) >= back_to_) {
        ids_[step.id] = renamed(step, request_.generation);
        base_.push_back(&step);
      }
    }
    std::vector<PlanStep> out = restores();
    const std::size_t restored = out.size();
    for (const PlanStep* step : base_) {
      PlanStep again = *step;
      again.id = ids_.at(step->id);
      again.generation = request_.generation;
      again.after = renamed(step->after);
      again.strong_after = renamed(step->strong_after);
      if (again.deadline && *again.deadline < request_.now) {
        again.deadline.reset();
        again.overdue_at_arrival = false;
      }
      for (std::size_t i = 0; again.stage == request_.stage && i < restored; ++i) {
        again.strong_after.push_back(out[i].id);
      }
      out.push_back(std::move(again));
    }
    return out;
  }

 private:
  [[nodiscard]] std::string renamed(const PlanStep& step, std::uint32_t generation) const {
    return make_step_id({.lineage = root_lineage(retirement_.cause),
                         .item = step.item,
                         .verb = step.verb,
                         .action = step.action,
                         .stage = step.stage,
                         .generation = generation,
                         .about = step.holder,
                         .target = step.target,
                         .text = step.text});
  }

  [[nodiscard]] std::vector<std::string> renamed(const std::vector<std::string>& ids) const {
    std::vector<std::string> out;
    for (const std::string& id : ids) {
      if (const auto found = ids_.find(id); found != ids_.end()) {
        out.push_back(found->second);
      }
    }
    return out;
  }

  // WHY nothing is rotated here: who depends on it goes on with the value that it has.
  [[nodiscard]] std::vector<PlanStep> restores() const {
    std::vector<PlanStep> out;
    for (const PlanStep* step : base_) {
      const bool contains = step->rank == Rank::Contain && step->action.empty() &&
                            step->reversible != Reversible::Never;
      if (!contains || place_of(retirement_, step->stage) <= back_to_) {
        continue;
      }
      PlanStep restore = *step;
      restore.verb = Verb::Restore;
      restore.stage = request_.stage;
      restore.generation = request_.generation;
      restore.rank = Rank::Prepare;
      restore.effects = {};
      restore.restores_run = request_.run;
      restore.restores_step = request_.generation == step->generation + 1
                                  ? step->id
                                  : renamed(*step, request_.generation - 1);
      restore.id = renamed(restore, request_.generation);
      restore.after.clear();
      restore.strong_after.clear();
      restore.alternatives.clear();
      restore.limits.clear();
      restore.gate.reset();
      restore.not_before = request_.now;
      restore.deadline.reset();
      restore.overdue_at_arrival = false;
      restore.implied = false;
      restore.undo = {.kind = std::string(verb_name(step->verb)), .text = "contain it again"};
      restore.probe = {.kind = "read", .text = "it reads back as captured"};
      restore.preview.clear();
      restore.approvals = approvals();
      Reason own;
      own.clause = "restore";
      own.because = "somebody who depends on it used it";
      own.cause = retirement_.cause;
      restore.reasons.insert(restore.reasons.begin(), std::move(own));
      out.push_back(std::move(restore));
    }
    return out;
  }

  [[nodiscard]] std::vector<Approval> approvals() const {
    const std::vector<Approval>& own = retirement_.stages[back_to_].approvals;
    if (!own.empty()) {
      return own;
    }
    if (retirement_.escalate.empty()) {
      return {};
    }
    return {{.by = retirement_.escalate.front(), .state = ApprovalState::Needed, .given_by = {}}};
  }

  const Plan& plan_;
  const PlannedRetirement& retirement_;
  const GenerationRequest& request_;
  std::size_t back_to_;
  std::vector<const PlanStep*> base_;
  std::map<std::string, std::string> ids_;  // of the plan → of the new generation
};

}  // namespace

std::vector<PlanStep> steps_for_generation(const Plan& plan, const GenerationRequest& request) {
  const auto retirement =
      std::find_if(plan.retirements.begin(), plan.retirements.end(),
                   [&](const PlannedRetirement& one) { return one.id == request.retirement; });
  return retirement == plan.retirements.end() ? std::vector<PlanStep>()
                                              : Generation(plan, *retirement, request).make();
}

}  // namespace rescind
