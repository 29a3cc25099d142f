// How the renderers say things: instants, steps, events, conditions. Internal to the plan stage.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "model/plan.h"

namespace rescind {

// Columns that the deadline of a step takes.
inline constexpr std::size_t kWhenWidth = 17;

// "20 Nov 17:15"; with the year when it is not that of `now`.
std::string instant_words(Instant at, Instant now);
// "by 20 Nov 17:15", "from 20 Dec 17:00", "now, late", "at once".
std::string deadline_words(const PlanStep& step, Instant now);
std::string count_words(std::size_t count, const std::string& noun);
// "leaver" of "rescind.std.leaver.leaver".
std::string short_name(const std::string& qualified);
std::string verb_words(const PlanStep& step);
std::string item_words(const PlanStep& step);
// The rules behind a step by their short names; what the engine adds by itself says why.
std::string rule_words(const PlanStep& step);
// What a step waits for besides time and order, one line each.
std::vector<std::string> condition_words(const PlanStep& step, Instant now);
std::string rank_words(Rank rank);
// "quarantine (soak 14d)", "drain (c idle for 24h, within 7d)".
std::string stage_words(const PlannedStage& stage);
// The stages from the one that it begins with, joined by arrows.
std::string retirement_words(const PlannedRetirement& retirement);
// The stages that are still to come, the one that it begins with first.
std::vector<PlannedStage> stages_ahead(const PlannedRetirement& retirement);
bool cannot_be_undone(const PlanStep& step);
// The plan with a `?` for each control character in what other systems and people wrote, so that it
// cannot move the cursor of a terminal or forge a line.
Plan without_control_characters(Plan plan);
// One line for each event that was reported.
std::vector<std::string> reported_event_words(const Plan& plan);
// What follows from them, in one sentence; "" nothing.
std::string derived_event_words(const Plan& plan);

}  // namespace rescind
