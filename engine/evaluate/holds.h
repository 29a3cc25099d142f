// Which holds and limits speak of which items. A hold whose condition cannot be told holds perhaps,
// which counts against everything irreversible.
#pragma once

#include <functional>
#include <unordered_map>
#include <vector>

#include "evaluate/interpreter.h"
#include "evaluate/justify.h"
#include "model/decision.h"

namespace rescind {

class HoldFinder {
 public:
  HoldFinder(const Bound& bound, const std::function<bool(IdentityRef)>& leaves);

  // Judges the items that `cause` reaches; an item may be judged for several causes, the most
  // certain answer counts.
  void judge(const BoundCause& cause, const std::vector<ItemRef>& items);

  // Adds what was found to the decisions, sorted by item id, then by hold or limit.
  void finish(Decisions& decisions);

 private:
  void judge_holds(const BoundCause& cause, const std::vector<ItemRef>& items);
  void judge_limits(const std::vector<ItemRef>& items);
  // For one subject; `items` are those that the answer is asked for.
  void judge_hold(std::size_t hold, const std::vector<ItemRef>& items);
  Tri test(NodeId where, ItemRef item);

  const Bound& bound_;
  Interpreter interpreter_;
  RoleJustifier justifier_;
  const std::function<bool(IdentityRef)>& leaves_;

  struct Found {
    Certainty certainty = Certainty::Unknown;
    std::vector<std::string> ordered_by;
  };

  std::unordered_map<std::uint64_t, Found> holds_;       // hold << 32 | item cell
  std::unordered_map<std::uint64_t, Certainty> limits_;  // limit << 32 | item cell
};

}  // namespace rescind
