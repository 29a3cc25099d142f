// The stage evaluate: program, inventory, events and clock in; decisions out. A pure function of
// its arguments: the order of events and records never shows.
#pragma once

#include <memory>
#include <vector>

#include "evaluate/evaluator.h"
#include "model/decision.h"
#include "model/event.h"
#include "model/program.h"

namespace rescind {

struct EvaluateOptions {
  unsigned threads = 1;
  // Principals take most of the room of a bulk run that only wants matches.
  bool resolve_principals = true;
  // See EvaluatorOptions::supported.
  std::function<std::optional<bool>(std::string_view system, Verb verb, Kind kind)> supported;
};

Decisions evaluate_program(std::shared_ptr<const Program> program,
                           std::shared_ptr<const Inventory> inventory,
                           const std::vector<Event>& events, Instant now,
                           const EvaluateOptions& options = {});

}  // namespace rescind
