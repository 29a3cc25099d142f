// Which items a `retire` takes for a cause, and at which stage each begins.
#pragma once

#include <functional>
#include <vector>

#include "evaluate/interpreter.h"
#include "evaluate/principals.h"
#include "model/decision.h"

namespace rescind {

// One per thread.
class RetireFinder {
 public:
  // The interpreter must have begun the cause whenever `find` is called.
  RetireFinder(Interpreter& interpreter, const std::function<bool(IdentityRef)>& leaves,
               bool resolve_principals);

  // Adds the matches of the cause number `number`, in the order of `scope`, then of the retires.
  void find(std::uint32_t number, const std::vector<ItemRef>& scope, std::vector<RetireMatch>& out);

 private:
  struct Active {
    std::uint32_t retire = 0;
    bool unknown = false;  // whether its `when` holds is not known
  };

  void match(std::uint32_t number, Active active, ItemRef item, std::vector<RetireMatch>& out);
  void find_stages(RetireMatch& match);
  void resolve(RetireMatch& match);
  // Whether a condition on a stage counts as holding for the item.
  bool counts(const CheckedStage& stage, NodeId condition, ItemRef item);

  Interpreter& interpreter_;
  const Bound& bound_;
  PrincipalResolver resolver_;
  bool resolve_principals_;
  std::vector<Active> active_;
};

}  // namespace rescind
