// Brings checked expressions into the graph of a program.
#pragma once

#include <vector>

#include "compile/graph.h"
#include "model/checked.h"

namespace rescind {

class Lowerer {
 public:
  // Both must outlive it.
  Lowerer(const CheckedPolicy& policy, Graph& graph);

  // The node of an expression; invalid for an invalid id.
  NodeId lower(ExprId id);

  // The conjuncts of a condition that do not depend on the item, and the rest as one node (invalid:
  // nothing is left). A condition that is always true has neither.
  struct Split {
    std::vector<NodeId> scalars;
    NodeId items;
  };

  Split split(ExprId condition);

 private:
  NodeId make(const Expr& expr, const std::vector<NodeId>& operands);
  NodeId make_compound(const Expr& expr, const std::vector<NodeId>& operands);
  NodeId make_attribute(const Expr& expr, NodeId operand);
  NodeId make_event_leaf(const Expr& expr);

  const CheckedPolicy& policy_;
  Graph& graph_;
  std::vector<NodeId> done_;  // by ExprId
};

}  // namespace rescind
