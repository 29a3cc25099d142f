// Names of steps and retirements: the same from plan to plan and from revision to revision of an
// event, so that what was done is not done twice.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "model/plan.h"
#include "model/vocabulary.h"

namespace rescind {

struct StepName {
  std::string_view lineage;  // any revision of the event
  std::string_view item;     // "" for notify and ask
  Verb verb = Verb::Revoke;
  std::string_view action;
  std::string_view stage;  // "" outside retirements
  std::uint32_t generation = 1;
  std::string_view about, target, text;  // of notify and ask
};

std::string make_step_id(const StepName& name);
// The name of a retirement's step in another generation; `cause` is the retirement's.
std::string step_id_in_generation(const PlanStep& step, std::string_view cause,
                                  std::uint32_t generation);
// One retirement of an item by one reported event.
std::string make_retirement_id(std::string_view lineage, std::string_view item);

}  // namespace rescind
