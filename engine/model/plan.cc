// Names of the plan's enumerations, as they stand in plan files.
#include "model/plan.h"

#include <array>

namespace rescind {
namespace {

constexpr std::array<std::string_view, 7> kOutcomeNames = {
    "scheduled", "staged", "postponed", "protected", "justified", "uncovered", "undetermined"};

}  // namespace

std::string_view outcome_name(Outcome outcome) {
  return kOutcomeNames[static_cast<std::size_t>(outcome)];
}

std::optional<Outcome> find_outcome(std::string_view name) {
  for (std::size_t i = 0; i < kOutcomeNames.size(); ++i) {
    if (kOutcomeNames[i] == name) {
      return static_cast<Outcome>(i);
    }
  }
  return std::nullopt;
}

bool is_reported(const Plan& plan, std::size_t index) {
  // A subject may hold the mark of derivation too; only what was derived has that source.
  return index >= plan.event_lineages.size() || plan.events[index].source != "derived" ||
         plan.event_lineages[index].find(" > ") == std::string::npos;
}

}  // namespace rescind
