// The rules of staged retirement, most urgent first.
#include "execute/retirement.h"

#include <algorithm>
#include <array>
#include <utility>

namespace rescind::execute {
namespace {

using Stages = std::vector<StageShape>;

constexpr std::array<std::string_view, 11> kRules = {
    "stays",      "withdrawn",  "enter by", "ownerless",   "drain over",     "approved",
    "steps done", "next stage", "gate met", "use returns", "last stage done"};

std::size_t first_containing(const Stages& stages) {
  const auto found = std::find_if(stages.begin(), stages.end(),
                                  [](const StageShape& stage) { return stage.contains; });
  return static_cast<std::size_t>(found - stages.begin());
}

// Everything that is asked before its steps may start.
bool must_wait(const StageShape& stage) {
  return stage.asks || stage.destroys;
}

void enter(RetirementRecord& record, const StageShape& stage, Instant now) {
  record.stage = stage.name;
  record.entered_at = now;
  record.state = must_wait(stage) ? RetirementState::AwaitingApproval : RetirementState::Acting;
  record.gate = GateAnswer::Unmet;
  record.why.clear();
  record.due.reset();
  record.overdue = stage.within ? std::optional<Instant>(now + *stage.within) : std::nullopt;
  record.escalated = false;
}

// Works out one move; each rule answers whether it applied.
class Machine {
 public:
  Machine(const RetirementRecord& record, const Stages& stages, const RetirementFacts& facts)
      : stages_(stages),
        facts_(facts),
        at_(stage_index(stages, record.stage)),
        contains_(first_containing(stages)) {
    move_.next = record;
  }

  RetirementMove run() {
    if (over() || withdrawn() || pushed_forward()) {
      return done();
    }
    note_use();
    switch (move_.next.state) {
    case RetirementState::AwaitingApproval:
      await();
      break;
    case RetirementState::Acting:
      act();
      break;
    case RetirementState::Gated:
      judge();
      break;
    case RetirementState::Soaking:
      soak();
      break;
    case RetirementState::Ended:
    case RetirementState::Cancelled:
      break;
    }
    if (!move_.moved()) {
      watch_time();
    }
    return done();
  }

 private:
  const StageShape& stage() const { return stages_[at_]; }

  bool over() const {
    return at_ >= stages_.size() || move_.next.state == RetirementState::Ended ||
           move_.next.state == RetirementState::Cancelled;
  }

  bool withdrawn() {
    if (!facts_.withdrawn || at_ >= contains_) {
      return false;
    }
    move_.rule = RetirementRule::Withdrawn;
    move_.next.state = RetirementState::Cancelled;
    move_.next.why = "the cause was taken back before anything was contained";
    move_.next.due.reset();
    move_.next.overdue.reset();
    move_.line = move_.next.why;
    return true;
  }

  // By now the item has to be out of use. Never past the stage that contains: what comes after has
  // its own soak.
  bool pushed_forward() {
    if (at_ >= contains_) {
      return false;
    }
    std::size_t target = at_;
    for (const auto& [name, by] : facts_.enter_by) {
      if (by <= facts_.now) {
        target = std::max(target, std::min(stage_index(stages_, name), contains_));
      }
    }
    if (target > at_ && target < stages_.size()) {
      return push(RetirementRule::EnterBy, target,
                  "the time to enter `" + stages_[target].name + "` has come");
    }
    if (contains_ >= stages_.size() || !stage().within) {
      return false;
    }
    const Instant over = move_.next.entered_at + *stage().within;
    if (facts_.owner_gone && facts_.now >= over) {
      return push(RetirementRule::Ownerless, contains_, "nobody answers for it");
    }
    if (move_.next.state == RetirementState::Gated && facts_.gate != GateAnswer::Met &&
        facts_.now >= over + *stage().within) {
      return push(RetirementRule::DrainOver, contains_, "twice its time has passed");
    }
    return false;
  }

  bool push(RetirementRule rule, std::size_t target, const std::string& why) {
    const std::string left = stage().name;
    const std::string open = move_.next.state == RetirementState::Gated
                                 ? ", its gate is " + std::string(gate_answer_name(facts_.gate)) +
                                       (facts_.gate_why.empty() ? "" : " (" + facts_.gate_why + ")")
                                 : "";
    move_.rule = rule;
    move_.line = "from `" + left + "` to `" + stages_[target].name + "`: " + why;
    move_.escalate.push_back(move_.line + open);
    enter(move_.next, stages_[target], facts_.now);
    return true;
  }

  // Use while the item should be out of use, and attempts that were turned away.
  void note_use() {
    if (at_ < contains_ || !facts_.contained) {
      return;
    }
    if (facts_.use == UseBy::Subject || facts_.use == UseBy::Unknown) {
      move_.incident = true;
      say("it was used by " + facts_.used_by + " while it should be out of use");
    } else if (!facts_.denied.empty()) {
      move_.next.why = "`" + facts_.denied + "` was turned away: it still depends on it";
      say(move_.next.why);
    }
  }

  void await() {
    std::string why;
    if (stage().destroys && !facts_.contained) {
      why = "what takes it out of use was not seen to hold";
    } else if (stage().destroys && facts_.withdrawn) {
      why = "the cause was taken back; undo the run, or let somebody decide";
    } else if (stage().destroys && !facts_.held.empty()) {
      why = "hold: " + facts_.held;
    } else if (!facts_.approved) {
      why = "approval by " + facts_.missing;
    }
    move_.next.why = why;
    move_.next.due = facts_.held.empty() ? std::nullopt : facts_.held_until;
    if (why.empty()) {
      move_.rule = RetirementRule::Approved;
      move_.next.state = RetirementState::Acting;
      move_.line = "`" + stage().name + "` may begin";
    } else if (!stage().asks || facts_.approved) {
      say(why);
    }
  }

  void act() {
    if (facts_.steps_failed) {
      move_.next.why = "a step of `" + stage().name + "` did not succeed";
      say(move_.next.why);
      return;
    }
    if (!facts_.steps_done) {
      return;
    }
    if (stage().gated || stage().soak) {
      move_.rule = RetirementRule::StepsDone;
      move_.line = "the steps of `" + stage().name + "` are done";
      if (stage().gated) {
        move_.next.state = RetirementState::Gated;
      } else {
        begin_soak();
      }
      return;
    }
    leave();
  }

  void begin_soak() {
    move_.next.state = RetirementState::Soaking;
    move_.next.gate = GateAnswer::Met;
    move_.next.why.clear();
    move_.next.due = facts_.now + *stage().soak;
    move_.line += ", soaks until " + format_instant(*move_.next.due);
  }

  void judge() {
    if (goes_back()) {
      return;
    }
    if (move_.next.gate != facts_.gate || move_.next.why != facts_.gate_why) {
      move_.next.gate = facts_.gate;
      move_.next.why = facts_.gate_why;
      move_.line = "the gate of `" + stage().name + "` is " +
                   std::string(gate_answer_name(facts_.gate)) +
                   (facts_.gate_why.empty() ? "" : ": " + facts_.gate_why);
    }
    move_.next.due = facts_.gate_next;
    if (facts_.gate != GateAnswer::Met) {
      return;
    }
    if (stage().soak) {
      move_.rule = RetirementRule::GateMet;
      begin_soak();
      return;
    }
    leave();
  }

  void soak() {
    if (goes_back() || !move_.next.due || facts_.now < *move_.next.due) {
      return;
    }
    if (facts_.covered != GateAnswer::Met) {
      move_.next.gate = facts_.covered;
      move_.next.why =
          facts_.covered_why.empty() ? "evidence does not cover the soak" : facts_.covered_why;
      say("the soak of `" + stage().name + "` is over and its evidence is " +
          std::string(gate_answer_name(facts_.covered)) + ": " + move_.next.why);
      return;
    }
    leave();
  }

  // A dependent got through, and people agree that it still needs the item.
  bool goes_back() {
    if (facts_.use != UseBy::Dependent || !stage().back_to || at_ < contains_) {
      return false;
    }
    const std::string target = stages_[*stage().back_to].name;
    if (move_.next.returns >= kMaxReturns) {
      move_.next.why = "used by " + facts_.used_by + ", and it went back " +
                       std::to_string(kMaxReturns) + " times already";
      say(move_.next.why);
      return true;
    }
    if (!facts_.return_approved) {
      move_.next.why =
          "used by " + facts_.used_by + ": going back to `" + target + "` needs an approval";
      say(move_.next.why);
      return true;
    }
    move_.rule = RetirementRule::UseReturns;
    move_.goes_back = true;
    move_.line = "from `" + stage().name + "` back to `" + target + "`: used by " + facts_.used_by;
    move_.escalate.push_back(move_.line);
    enter(move_.next, stages_[*stage().back_to], facts_.now);
    ++move_.next.generation;
    ++move_.next.returns;
    return true;
  }

  void leave() {
    const std::string left = stage().name;
    if (at_ + 1 == stages_.size()) {
      move_.rule = RetirementRule::LastStageDone;
      move_.next.state = RetirementState::Ended;
      move_.next.why.clear();
      move_.next.due.reset();
      move_.next.overdue.reset();
      move_.next.escalated = false;
      move_.line = "`" + left + "` is done, it is retired";
      return;
    }
    const StageShape& next = stages_[at_ + 1];
    move_.rule = RetirementRule::NextStage;
    move_.line = "from `" + left + "` to `" + next.name + "`";
    enter(move_.next, next, facts_.now);
  }

  void watch_time() {
    if (move_.next.overdue && facts_.now >= *move_.next.overdue &&
        move_.next.state != RetirementState::Soaking) {
      say("`" + stage().name + "` is over its time" +
          (move_.next.why.empty() ? "" : ": " + move_.next.why));
    }
    if (facts_.owner_gone && at_ < contains_) {
      say("its owner is gone: hand it over");
    }
  }

  void say(const std::string& what) {
    move_.next.escalated = true;
    move_.escalate.push_back(what);
  }

  RetirementMove done() {
    if (move_.moved()) {
      move_.next.updated_at = facts_.now;
    }
    return std::move(move_);
  }

  const Stages& stages_;
  const RetirementFacts& facts_;
  std::size_t at_, contains_;
  RetirementMove move_;
};

}  // namespace

std::string_view retirement_rule_name(RetirementRule rule) {
  return kRules[static_cast<std::size_t>(rule)];
}

std::size_t stage_index(const Stages& stages, const std::string& name) {
  const auto found = std::find_if(stages.begin(), stages.end(),
                                  [&name](const StageShape& stage) { return stage.name == name; });
  return static_cast<std::size_t>(found - stages.begin());
}

std::vector<StageShape> shapes_of(const PlannedRetirement& retirement,
                                  const std::vector<PlanStep>& steps) {
  Stages stages;
  bool after_containment = false;
  for (const PlannedStage& planned : retirement.stages) {
    StageShape stage;
    stage.name = planned.name;
    stage.gated = !planned.gate.empty();
    stage.within = planned.within;
    stage.soak = planned.soak;
    stage.asks = !planned.approvals.empty();
    if (const std::size_t back = stage_index(stages, planned.on_use_return_to);
        !planned.on_use_return_to.empty() && back < stages.size()) {
      stage.back_to = back;
    }
    // What could not be planned is never less than what destroys.
    stage.destroys = !planned.missing.empty() && !stages.empty() && after_containment;
    for (const PlanStep& step : steps) {
      if (step.retirement == retirement.id && step.stage == planned.name && step.action.empty()) {
        stage.contains = stage.contains || step.effects.has(Effect::Contains);
        stage.destroys = stage.destroys || step.effects.has(Effect::Destroys);
      }
    }
    after_containment = after_containment || stage.contains;
    stages.push_back(std::move(stage));
  }
  return stages;
}

RetirementRecord begin_retirement(const PlannedRetirement& retirement, const Stages& stages,
                                  Instant now) {
  RetirementRecord record;
  record.id = retirement.id;
  record.item = retirement.item;
  record.retire = retirement.retire;
  record.updated_at = now;
  const std::size_t at = stage_index(stages, retirement.start);
  if (at < stages.size()) {
    enter(record, stages[at], now);
  }
  return record;
}

RetirementRecord furthest(const PlannedRetirement& planned, RetirementRecord fresh,
                          const RetirementRecord& open) {
  const auto place = [&planned](const std::string& name) {
    std::size_t at = 0;
    while (at < planned.stages.size() && planned.stages[at].name != name) {
      ++at;
    }
    return at;
  };
  const std::size_t was = place(open.stage);
  fresh.returns = open.returns;
  if (was >= planned.stages.size() || was < place(fresh.stage)) {
    return fresh;
  }
  RetirementRecord on = open;
  on.id = fresh.id;
  on.retire = fresh.retire;
  if (was == place(fresh.stage) && fresh.overdue) {
    on.overdue = on.overdue ? std::min(*on.overdue, *fresh.overdue) : fresh.overdue;
  }
  return on;
}

RetirementMove move_retirement(const RetirementRecord& record, const Stages& stages,
                               const RetirementFacts& facts) {
  return Machine(record, stages, facts).run();
}

}  // namespace rescind::execute
