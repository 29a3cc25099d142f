// What stands behind an Evaluator.
#pragma once

#include "evaluate/bound.h"
#include "evaluate/evaluator.h"

namespace rescind {

struct Evaluator::State {
  State(std::shared_ptr<const Program> program, std::shared_ptr<const Inventory> inventory,
        EvaluatorOptions options)
      : bound(std::move(program), std::move(inventory), std::move(options)) {}

  Bound bound;
};

}  // namespace rescind
