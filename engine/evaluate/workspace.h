// What a thread needs to decide one cause after another.
#pragma once

#include <vector>

#include "evaluate/block.h"
#include "evaluate/interpreter.h"
#include "evaluate/justify.h"
#include "evaluate/scope.h"

namespace rescind {

// A clause that may reach items of the cause in hand.
struct ActiveClause {
  ClauseId clause;
  KindSet kinds;
  NodeId where;
  bool unknown = false;  // whether its scalar part holds is not known
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
  std::vector<ActiveClause> active;
  std::vector<Masks> masks;            // by active clause
  std::vector<std::uint64_t> of_item;  // by chunk of 64 active clauses, by item of the block
};

}  // namespace rescind
