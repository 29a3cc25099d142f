// A small organisation for tests of planning: inventory as JSON Lines, rules in C++, and a matching
// that is simple enough to be read. It stands in for parse to evaluate, so that a failure here is
// planning's.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/decision.h"
#include "plan/build.h"

namespace rescind::test {

inline Instant at(std::string_view text) {
  return *parse_instant(text);
}

inline constexpr std::string_view kNow = "2026-01-05T17:00:00Z";

struct Action {
  Verb verb = Verb::Disable;
  std::vector<std::string> to = {};
};

struct Stage {
  std::string name;
  std::vector<Action> actions = {};
  std::string gate = {};  // "": done when its steps are; one that begins with "idle" asks for use
  std::optional<Seconds> within = {};
  std::optional<Seconds> soak = {};
  std::optional<std::uint32_t> return_to = {};
  std::vector<std::string> approved_by = {};
  std::vector<std::string> otherwise = {};
};

struct Retire {
  std::string name;
  std::vector<std::string> on;
  KindSet kinds;
  std::vector<Stage> stages;
  std::uint32_t start = 0;
  std::optional<std::pair<std::uint32_t, Seconds>> enter = {};  // stage, within
  std::string only_item = {};
  bool unknown = false;
  std::vector<std::string> escalate = {"keeper"};
};

struct Clause {
  Verb verb = Verb::Revoke;
  KindSet kinds;
  std::optional<Seconds> within = {};
  std::optional<Seconds> after = {};
  std::vector<std::string> approved_by = {};  // one alternative
  std::vector<std::string> to = {};
  std::string text = {};
  std::string only_item = {};  // "": every item of the kinds in reach
  bool unknown = false;        // its condition cannot be decided
  bool even_if_staged = false;
};

struct Rule {
  std::string name;
  std::vector<std::string> on;
  std::vector<Clause> clauses;
  std::vector<std::vector<std::string>> escalate = {};
};

struct Hold {
  std::string name;
  std::vector<Verb> verbs;
  std::string item;
  std::optional<Instant> until = {};
  bool even_containment = false;
  bool unknown = false;
};

struct Limit {
  std::string name;
  std::vector<Verb> verbs;
  KindSet kinds;
  std::int64_t count = 1;
  std::optional<std::int64_t> percent = {};
  bool per_system = false;
  Seconds window = std::chrono::hours(24);
};

struct Report {
  std::string type;
  std::string subject;
  std::string when{kNow};
  std::string arrived = {};  // "": when it happened, or now if that is later
};

struct Organisation {
  std::string records;  // JSON Lines
  std::vector<Rule> rules;
  std::vector<Hold> holds = {};
  std::vector<Limit> limits = {};
  std::vector<Retire> retires = {};
  std::vector<Report> events;
  std::vector<std::string> uncertain = {};  // items whose records may not be decided on
  std::string now{kNow};
  std::map<std::string, std::string> listed = {};  // system → when its records were listed

  [[nodiscard]] Decisions decide() const;
};

// The step of that item, verb and action in a plan; nothing: nullptr.
const PlanStep* find_step(const Plan& plan, std::string_view item, Verb verb,
                          std::string_view action = {}, std::uint32_t generation = 1);
const PlanStep* find_step(const Plan&& plan, std::string_view item, Verb verb,
                          std::string_view action = {},
                          std::uint32_t generation = 1) = delete;  // the step would not outlive it
// Whether `before` is a (weak or strong) predecessor, directly or through others.
bool comes_before(const Plan& plan, const PlanStep& before, const PlanStep& after);
bool weakly_after(const PlanStep& after, const PlanStep& before);
bool strongly_after(const PlanStep& after, const PlanStep& before);
// What is wrong with the plan's order; "" nothing: edges known, none falls in rank, predecessors
// first.
std::string wrong_order(const Plan& plan);

}  // namespace rescind::test
