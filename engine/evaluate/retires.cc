// Three-valued matching of staged retirements. Where a condition on a stage is not known, the item
// goes to the side on which access is closed and nothing is lost.
#include "evaluate/retires.h"

#include <algorithm>

namespace rescind {
namespace {

bool has_action(const CheckedStage& stage, Kind kind, Effect effect) {
  return std::any_of(stage.actions.begin(), stage.actions.end(), [&](const CheckedAction& action) {
    return verb_kinds(action.verb).contains(kind) &&
           worst_effect(default_effects(action.verb, kind)) == effect;
  });
}

}  // namespace

RetireFinder::RetireFinder(Interpreter& interpreter, const std::function<bool(IdentityRef)>& leaves,
                           bool resolve_principals)
    : interpreter_(interpreter),
      bound_(interpreter.bound()),
      resolver_(interpreter, leaves),
      resolve_principals_(resolve_principals) {}

void RetireFinder::find(std::uint32_t number, const std::vector<ItemRef>& scope,
                        std::vector<RetireMatch>& out) {
  const std::vector<CheckedRetire>& retires = bound_.policy().retires;
  active_.clear();
  for (std::uint32_t r = 0; r < retires.size(); ++r) {
    if (!std::binary_search(retires[r].on.begin(), retires[r].on.end(),
                            interpreter_.cause().type)) {
      continue;
    }
    const NodeId when = bound_.program().retires[r].when;
    const Tri tri = when.valid() ? interpreter_.test(when) : Tri::True;
    if (tri != Tri::False) {
      active_.push_back({r, tri == Tri::Unknown});
    }
  }
  if (active_.empty()) {
    return;
  }
  for (const ItemRef item : scope) {
    for (const Active active : active_) {
      match(number, active, item, out);
    }
  }
}

void RetireFinder::match(std::uint32_t number, Active active, ItemRef item,
                         std::vector<RetireMatch>& out) {
  if (!bound_.policy().retires[active.retire].kinds.contains(item.kind())) {
    return;
  }
  const NodeId where = bound_.program().retires[active.retire].where;
  const Tri tri = where.valid() ? interpreter_.test_item(where, item) : Tri::True;
  if (tri == Tri::False) {
    return;
  }
  RetireMatch match;
  match.cause = number;
  match.retire = active.retire;
  match.item = item;
  const bool sure = tri == Tri::True && !active.unknown &&
                    !bound_.undetermined(entity_of(item.kind()), item.row());
  match.certainty = sure ? Certainty::Yes : Certainty::Unknown;
  find_stages(match);
  if (resolve_principals_) {
    resolve(match);
  }
  out.push_back(std::move(match));
}

// WHY in doubt only stages that contain: to begin at one that prepares would leave out what comes
// before it, to begin at one that destroys would lose something, and to wait in an earlier one
// leaves access open.
bool RetireFinder::counts(const CheckedStage& stage, NodeId condition, ItemRef item) {
  const Tri tri = condition.valid() ? interpreter_.test_item(condition, item) : Tri::True;
  return tri == Tri::True ||
         (tri == Tri::Unknown && has_action(stage, item.kind(), Effect::Contains) &&
          !has_action(stage, item.kind(), Effect::Destroys));
}

void RetireFinder::find_stages(RetireMatch& match) {
  const CheckedRetire& retire = bound_.policy().retires[match.retire];
  const CompiledRetire& compiled = bound_.program().retires[match.retire];
  for (std::size_t i = 0; i < retire.starts.size(); ++i) {
    const std::uint32_t stage = retire.starts[i].stage;
    if (counts(retire.stages[stage], compiled.starts[i], match.item)) {
      match.start = std::max(match.start, stage);
    }
  }
  const Instant effective(Seconds(interpreter_.cause().fields[0].number));
  for (std::size_t i = 0; i < retire.enters.size(); ++i) {
    const std::uint32_t stage = retire.enters[i].stage;
    if (!retire.enters[i].within || !counts(retire.stages[stage], compiled.enters[i], match.item)) {
      continue;
    }
    const Instant by = effective + *retire.enters[i].within;
    const auto same = std::find_if(match.enters.begin(), match.enters.end(),
                                   [&](const RetireMatch::Enter& e) { return e.stage == stage; });
    if (same == match.enters.end()) {
      match.enters.push_back({.stage = stage, .by = by});
    } else {
      same->by = std::min(same->by, by);
    }
  }
  std::sort(
      match.enters.begin(), match.enters.end(),
      [](const RetireMatch::Enter& a, const RetireMatch::Enter& b) { return a.stage < b.stage; });
}

void RetireFinder::resolve(RetireMatch& match) {
  const CompiledRetire& compiled = bound_.program().retires[match.retire];
  for (const CompiledStage& stage : compiled.stages) {
    match.approved_by.push_back(resolver_.resolve(stage.approved_by, match.item));
    match.otherwise_escalate.push_back(resolver_.resolve(stage.otherwise_escalate, match.item));
    std::vector<ResolvedPrincipals>& actions = match.action_to.emplace_back();
    for (const CompiledPrincipals& to : stage.action_to) {
      actions.push_back(resolver_.resolve(to, match.item));
    }
  }
  for (const CompiledPrincipals& level : compiled.escalate) {
    match.escalate.push_back(resolver_.resolve(level, match.item));
  }
}

}  // namespace rescind
