// How the stages of a retire follow each other: each is reached, each can end, and none destroys
// what was not contained and soaked before, whichever way an item came.
#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "check/program.h"

namespace rescind::checking {
namespace {

bool has_effect(Verb verb, KindSet kinds, Effect effect) {
  for (std::size_t i = 0; i < kKindCount; ++i) {
    const Kind kind = static_cast<Kind>(i);
    if (kinds.contains(kind) && default_effects(verb, kind).has(effect)) {
      return true;
    }
  }
  return false;
}

// Whether a verb takes an item of some of the kinds out of use. A locked account refuses people
// only: the jobs that use it go on.
bool takes_out_of_use(Verb verb, KindSet kinds) {
  const KindSet meant =
      verb == Verb::Lock ? KindSet(kinds.bits & ~KindSet(Kind::Account).bits) : kinds;
  return has_effect(verb, meant, Effect::Contains);
}

// The kinds that some verb can contain; data, for one, cannot be.
KindSet containable(KindSet kinds) {
  KindSet result;
  for (std::size_t i = 0; i < kKindCount; ++i) {
    for (std::size_t v = 0; v < kVerbCount; ++v) {
      if (has_effect(static_cast<Verb>(v), KindSet(static_cast<Kind>(i)), Effect::Contains)) {
        result = result | static_cast<Kind>(i);
      }
    }
  }
  return result & kinds;
}

class PathCheck {
 public:
  PathCheck(Program& program, const ast::Retire& written, const CheckedRetire& retire,
            KindSet kinds)
      : program_(program), written_(written), retire_(retire), kinds_(kinds) {}

  void run() {
    for (std::size_t i = 0; i < stages().size(); ++i) {
      check_end(i);
      check_effort(i);
      check_return(i);
      check_successor(i);
    }
    find_entries();
    check_reached();
    for (std::size_t i = 0; i < stages().size(); ++i) {
      check_destruction(i);
    }
  }

 private:
  // A stage to which an item comes otherwise than from the stage before; no place: the beginning.
  struct Entry {
    std::size_t stage = 0;
    std::optional<Span> span;
  };

  [[nodiscard]] const std::vector<CheckedStage>& stages() const { return retire_.stages; }

  [[nodiscard]] const ast::Stage& text(std::size_t stage) const { return written_.stages[stage]; }

  [[nodiscard]] std::string named(std::size_t stage) const {
    return "stage `" + stages()[stage].name + "`";
  }

  // ---- What a stage does ----

  [[nodiscard]] static bool issues_successor(const CheckedAction& action) {
    return action.verb == Verb::Replace;
  }

  [[nodiscard]] bool contains(std::size_t stage) const {
    const KindSet kinds = containable(kinds_);
    return std::any_of(
        stages()[stage].actions.begin(), stages()[stage].actions.end(),
        [&](const CheckedAction& action) { return takes_out_of_use(action.verb, kinds); });
  }

  [[nodiscard]] const CheckedAction* destroying(std::size_t stage) const {
    for (const CheckedAction& action : stages()[stage].actions) {
      if (has_effect(action.verb, kinds_, Effect::Destroys)) {
        return &action;
      }
    }
    return nullptr;
  }

  [[nodiscard]] bool soaks(std::size_t stage) const {
    return stages()[stage].soak && *stages()[stage].soak > Seconds{0};
  }

  [[nodiscard]] bool contained_until(std::size_t stage) const {
    for (std::size_t i = 0; i <= stage; ++i) {
      if (contains(i)) {
        return true;
      }
    }
    return containable(kinds_).empty();
  }

  // ---- Each stage by itself ----

  void check_end(std::size_t i) {
    const CheckedStage& stage = stages()[i];
    const ast::Stage& written = text(i);
    if (written.done_when && !written.within) {
      program_.report
          .error(Code::R0465, written.done_when->span, named(i) + " may wait for ever",
                 "nobody is told when this does not come true")
          .help.emplace_back("write `within 7d` or another time after which somebody is asked");
    } else if (stage.gate.valid() && !changes(stage.gate)) {
      program_.report.warning(Code::R0465, written.done_when->span,
                              named(i) + " waits for what does not change while it waits",
                              "depends on the event only");
    }
    if (written.otherwise_escalate && !written.within) {
      program_.report
          .warning(Code::R0466, written.otherwise_escalate->span,
                   named(i) + " escalates after no time", "never comes to this")
          .help.emplace_back("write `within` and how long the stage may last");
    }
    if (stage.within && stage.soak && *stage.within < *stage.soak) {
      program_.report
          .error(Code::R0403, written.within->span,
                 "`within` " + format_duration(*stage.within) + " ends before the soak of " +
                     format_duration(*stage.soak),
                 "can never be met")
          .labels.push_back({written.soak->span, "lasts longer"});
    }
  }

  // Whether a condition can have another value later in the same retirement.
  [[nodiscard]] bool changes(ExprId id) const {
    const Expr& expr = program_.arena[id];
    const bool live = expr.op == ExprOp::Now || expr.op == ExprOp::Item ||
                      expr.op == ExprOp::Subject || expr.op == ExprOp::Variable;
    return live || std::any_of(expr.operands.begin(), expr.operands.end(), [this](ExprId operand) {
             return operand.valid() && changes(operand);
           });
  }

  void check_effort(std::size_t i) {
    const ast::Stage& written = text(i);
    if (written.actions.empty() && !written.done_when && !written.soak && !written.approved_by) {
      program_.report.warning(Code::R0470, written.name.span, named(i) + " does nothing",
                              "has no action, gate, soak or approval");
    }
    if (soaks(i) && !contained_until(i)) {
      program_.report
          .warning(Code::R0468, written.soak->span,
                   named(i) + " soaks an item that can still be used", "nothing is contained yet")
          .help.emplace_back("disable it first, or wait for `done when x idle for D`");
    }
    if (destroying(i) != nullptr && !written.approved_by) {
      program_.report
          .warning(Code::R0469, destroying(i)->span,
                   named(i) + " destroys without anybody's approval", "cannot be taken back")
          .help.emplace_back("write `approved by` and who answers for it");
    }
  }

  void check_return(std::size_t i) {
    const std::optional<std::uint32_t> target = stages()[i].on_use_return_to;
    if (!target) {
      return;
    }
    const Span place = text(i).on_use_return_to->span;
    if (*target >= i) {
      program_.report.error(Code::R0467, place,
                            "`on use` leads from " + named(i) + " to " + named(*target),
                            "not an earlier stage");
      return;
    }
    for (std::size_t j = 0; j <= *target; ++j) {
      if (contains(j)) {
        program_.report
            .error(Code::R0467, place,
                   "what is used returns to a stage in which it stays contained",
                   "does not bring it back")
            .labels.push_back({text(j).name.span, "contains it"});
        return;
      }
    }
    if (!contained_until(i)) {
      program_.report.warning(Code::R0468, place,
                              named(i) + " returns an item that was never taken away",
                              "nothing is contained yet");
    }
  }

  [[nodiscard]] const Expr* delivery_in(ExprId id) const {
    const Expr& expr = program_.arena[id];
    if (expr.op == ExprOp::DeliveredTo) {
      return &expr;
    }
    for (const ExprId operand : expr.operands) {
      const Expr* found = operand.valid() ? delivery_in(operand) : nullptr;
      if (found != nullptr) {
        return found;
      }
    }
    return nullptr;
  }

  // A gate on a successor's delivery needs a stage, up to its own, that issues one.
  void check_successor(std::size_t i) {
    const Expr* delivery = stages()[i].gate.valid() ? delivery_in(stages()[i].gate) : nullptr;
    if (delivery == nullptr) {
      return;
    }
    for (std::size_t j = 0; j <= i; ++j) {
      const auto& actions = stages()[j].actions;
      if (std::any_of(actions.begin(), actions.end(), issues_successor)) {
        return;
      }
    }
    program_.report
        .warning(Code::R0476, delivery->span,
                 named(i) + " waits for a successor that no stage issues",
                 "true only where one is there already")
        .help.emplace_back("write `replace` and the item in this stage or an earlier one");
  }

  // ---- The ways through the stages ----

  void find_entries() {
    std::optional<std::size_t> always;  // the latest stage at which every item starts
    for (const CheckedStageWhen& start : retire_.starts) {
      if (!start.when.valid()) {
        always = std::max<std::size_t>(always.value_or(0), start.stage);
      }
    }
    if (!always && !stages().empty()) {
      entries_.push_back({0, std::nullopt});
    }
    for (const CheckedStageWhen& start : retire_.starts) {
      if (start.stage >= always.value_or(0)) {
        entries_.push_back({start.stage, start.span});
      }
    }
  }

  // The first stage that any item sees. From there on all are reached: by the end of the one
  // before, and earlier ones by a return, which can lead to a stage before every start.
  [[nodiscard]] std::size_t first_reached() const {
    std::size_t first = stages().size();
    for (const Entry& entry : entries_) {
      first = std::min(first, entry.stage);
    }
    for (bool grew = true; grew;) {
      grew = false;
      for (std::size_t i = first; i < stages().size(); ++i) {
        const std::optional<std::uint32_t> target = stages()[i].on_use_return_to;
        if (target && *target < first) {
          first = *target;
          grew = true;
        }
      }
    }
    return first;
  }

  void check_reached() {
    const std::size_t first = first_reached();
    for (std::size_t i = 0; i < first && first < stages().size(); ++i) {
      program_.report
          .error(Code::R0463, text(i).name.span, named(i) + " is never reached",
                 "every item starts later")
          .help.emplace_back("give the `start at` a condition, or remove the stage");
    }
    for (std::size_t i = first; i < stages().size(); ++i) {
      if (const std::optional<std::uint32_t> target = stages()[i].on_use_return_to) {
        entries_.push_back({*target, text(i).on_use_return_to->span});
      }
    }
    for (const CheckedStageWhen& enter : retire_.enters) {
      if (enter.stage > first) {  // an item never goes back
        entries_.push_back({enter.stage, enter.span});
      }
    }
  }

  void check_destruction(std::size_t stage) {
    const CheckedAction* action = destroying(stage);
    if (action == nullptr) {
      return;
    }
    for (const Entry& entry : entries_) {
      if (entry.stage > stage || is_safe(entry.stage, stage)) {
        continue;
      }
      const bool contained = has_containment(entry.stage, stage);
      Diagnostic& diagnostic = program_.report.error(
          Code::R0464, action->span,
          "`" + std::string(verb_name(action->verb)) + "` comes before the item " +
              (contained ? "has soaked" : "was contained"),
          "cannot be taken back");
      if (entry.span) {
        diagnostic.labels.push_back({*entry.span, "on this way"});
      }
      diagnostic.help.emplace_back(
          containable(kinds_).empty()
              ? "an earlier stage has a `soak`, in which it is seen whether anybody misses it"
              : "an earlier stage disables, rotates or revokes the item (a device: locks it) and "
                "has "
                "a `soak`, in which it is seen whether anybody misses it");
      return;
    }
  }

  [[nodiscard]] bool has_containment(std::size_t from, std::size_t to) const {
    if (containable(kinds_).empty()) {
      return true;
    }
    for (std::size_t i = from; i < to; ++i) {
      if (contains(i)) {
        return true;
      }
    }
    return false;
  }

  // Whether the stages from one up to another, itself excluded, contain and then soak.
  [[nodiscard]] bool is_safe(std::size_t from, std::size_t to) const {
    bool contained = containable(kinds_).empty();
    for (std::size_t i = from; i < to; ++i) {
      contained = contained || contains(i);
      if (contained && soaks(i)) {
        return true;
      }
    }
    return false;
  }

  Program& program_;
  const ast::Retire& written_;
  const CheckedRetire& retire_;
  KindSet kinds_;
  std::vector<Entry> entries_;
};

}  // namespace

void check_retire_paths(Program& program, const ast::Retire& written, const CheckedRetire& retire,
                        KindSet kinds) {
  PathCheck(program, written, retire, kinds).run();
}

}  // namespace rescind::checking
