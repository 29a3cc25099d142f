// What a thread needs to decide one cause after another.
#pragma once

#include <array>
#include <vector>

#include "evaluate/block.h"
#include "evaluate/interpreter.h"
#include "evaluate/justify.h"
#include "evaluate/scope.h"

namespace rescind {

// Clauses that may reach items of the cause in hand.
struct ActiveGroup {
  const ClauseGroup* group = nullptr;
  bool unknown = false;  // whether their scalar part holds is not known
};

// The items of the block that a group reaches.
struct GroupHits {
  const ClauseGroup* group = nullptr;
  Masks masks;
};

struct WorkspaceState {
  explicit WorkspaceState(const Bound& bound)
      : interpreter(bound), justifier(bound), block(bound, interpreter) {
    interpreter.set_justifier(&justifier);
  }

  Interpreter interpreter;
  RoleJustifier justifier;
  Scope scope;
  BlockEvaluator block;
  std::vector<std::uint64_t> rules;  // bits: rules that no guard excludes
  std::vector<ActiveGroup> active;
  std::vector<GroupHits> reached;                    // groups with hits, then one without
  std::array<std::uint32_t, kBlockItems> cursors{};  // where the next hit of an item goes
};

}  // namespace rescind
