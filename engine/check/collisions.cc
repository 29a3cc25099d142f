// Clauses that contradict each other whatever the inventory holds: one item to two targets, or one
// right to two levels. Where conditions differ, or a target is only known later, the plan asks a
// person.
#include <array>
#include <map>
#include <unordered_map>

#include "check/program.h"

namespace rescind::checking {
namespace {

// A clause that says where an item goes, by what it depends on.
struct Claim {
  const CheckedClause* clause = nullptr;
  std::string target;
};

// Up to two claims with different targets are enough to find a contradiction with any third.
class Claims {
 public:
  // A claim with another target, if there is one.
  [[nodiscard]] const Claim* other_than(const std::string& target) const {
    for (const Claim& claim : held_) {
      if (claim.clause != nullptr && claim.target != target) {
        return &claim;
      }
    }
    return nullptr;
  }

  void add(const Claim& claim) {
    for (Claim& held : held_) {
      if (held.clause == nullptr || held.target == claim.target) {
        held = held.clause == nullptr ? claim : held;
        return;
      }
    }
  }

 private:
  std::array<Claim, 2> held_;
};

class CollisionSearch {
 public:
  CollisionSearch(Program& program, const CheckedPolicy& policy)
      : program_(program), policy_(policy) {}

  void run() {
    for (std::size_t index = 0; index < policy_.clauses.size(); ++index) {
      const CheckedClause& clause = policy_.clauses[index];
      const ClauseReach& reach = program_.reaches[index];
      const std::optional<std::string> target = constant_target(clause);
      if (!target) {
        continue;
      }
      const CheckedRule& rule = policy_.rules[clause.rule];
      const std::string when = condition_text(rule.when);
      const std::string where = condition_text(clause.where);
      for (const std::uint32_t event : reach.events) {
        for (std::size_t i = 0; i < kKindCount; ++i) {
          if (reach.kinds.contains(static_cast<Kind>(i)) &&
              !enter({&clause, *target}, place_of(clause, event, i), when, where)) {
            i = kKindCount;  // said once for a clause and event
          }
        }
      }
    }
  }

 private:
  // Any condition at all, in the tables that sum up over one of the two.
  static constexpr std::string_view kAnything = "*";

  [[nodiscard]] std::optional<std::string> constant_target(const CheckedClause& clause) const {
    if (clause.verb == Verb::Narrow && !clause.text.empty()) {
      return clause.text;
    }
    const bool moves = clause.verb == Verb::Transfer || clause.verb == Verb::Redirect;
    if (!moves || !clause.to || clause.to->alternatives.size() != 1) {
      return std::nullopt;
    }
    const Expr& to = program_.arena[clause.to->alternatives.front()];
    return to.op == ExprOp::Constant ? std::optional(to.constant.text) : std::nullopt;
  }

  [[nodiscard]] std::string condition_text(ExprId id) const {
    return id.valid() ? print_checked(program_.arena, id) : std::string();
  }

  static std::string place_of(const CheckedClause& clause, std::uint32_t event, std::size_t kind) {
    return std::string(verb_name(clause.verb)) + " " + std::to_string(event) + " " +
           std::to_string(kind) + " ";
  }

  // Two claims meet when each condition of one is the same as that of the other, or absent in one.
  // False when a contradiction was reported.
  bool enter(const Claim& claim, const std::string& place, const std::string& when,
             const std::string& where) {
    const std::vector<std::string> whens = when.empty()
                                               ? std::vector<std::string>{std::string(kAnything)}
                                               : std::vector<std::string>{when, ""};
    const std::vector<std::string> wheres = where.empty()
                                                ? std::vector<std::string>{std::string(kAnything)}
                                                : std::vector<std::string>{where, ""};
    for (const std::string& first : whens) {
      for (const std::string& second : wheres) {
        const auto found = claims_.find(place + first + "\n" + second);
        const Claim* other =
            found == claims_.end() ? nullptr : found->second.other_than(claim.target);
        if (other != nullptr) {
          report(claim, *other);
          return false;
        }
      }
    }
    const std::string anything(kAnything);
    for (const std::string& first : {when, anything}) {
      for (const std::string& second : {where, anything}) {
        claims_[place + first + "\n" + second].add(claim);
      }
    }
    return true;
  }

  void report(const Claim& claim, const Claim& other) {
    const CheckedClause& clause = *claim.clause;
    const bool is_level = clause.verb == Verb::Narrow;
    Diagnostic& diagnostic = program_.report.error(
        Code::R0405, clause.span,
        "`" + std::string(verb_name(clause.verb)) + "` gives the same items two " +
            (is_level ? "levels" : "targets") + ": `" + other.target + "` and `" + claim.target +
            "`",
        "to `" + claim.target + "` here");
    diagnostic.labels.push_back({other.clause->span, "to `" + other.target + "` here"});
    diagnostic.help.emplace_back(
        "there are no priorities between rules: make their conditions differ");
  }

  Program& program_;
  const CheckedPolicy& policy_;
  std::unordered_map<std::string, Claims> claims_;
};

}  // namespace

void check_collisions(Program& program, const CheckedPolicy& policy) {
  CollisionSearch(program, policy).run();
}

}  // namespace rescind::checking
