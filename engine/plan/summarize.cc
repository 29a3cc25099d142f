// What stands around the steps: decisions per item, what nobody speaks of, deadlines that cannot be
// met, counts and the instants that people ask for.
#include <algorithm>

#include "plan/draft.h"

namespace rescind {
namespace {

void list_decisions(Draft& draft) {
  for (const Order& order : draft.orders) {
    if (order.item.valid() && order.action.empty() && (order.generation == 1 || order.staged)) {
      draft.decide(order, order.outcome);
    }
  }
  for (const JustifiedItem& one : draft.decisions.justified) {
    draft.decide(one.item, Verb::Revoke, Outcome::Justified, {});
    draft.plan.decisions.back().verb.clear();
    Reason reason;
    reason.because = one.by;
    draft.plan.decisions.back().reasons.push_back(std::move(reason));
  }
}

void list_uncovered(Draft& draft) {
  std::set<std::uint32_t> covered;
  for (const Match& match : draft.decisions.matches) {
    covered.insert(match.item.cell);
  }
  for (const RetireMatch& match : draft.decisions.retires) {
    covered.insert(match.item.cell);
  }
  for (const HoldMatch& hold : draft.decisions.holds) {
    covered.insert(hold.item.cell);
  }
  for (const JustifiedItem& one : draft.decisions.justified) {
    covered.insert(one.item.cell);
  }
  for (const UndeterminedItem& one : draft.decisions.undetermined) {
    covered.insert(one.item.cell);
  }
  for (const ItemRef item : draft.decisions.reached) {
    if (!covered.contains(item.cell)) {
      draft.plan.uncovered.push_back(
          {.item = draft.item_text(item), .why = "no rule speaks of it"});
      draft.decide(item, Verb::Revoke, Outcome::Uncovered, {});
      draft.plan.decisions.back().verb.clear();
    }
  }
}

template <typename T, typename Key>
void sort_unique(std::vector<T>& list, Key key) {
  std::stable_sort(list.begin(), list.end(),
                   [&](const T& a, const T& b) { return key(a) < key(b); });
  list.erase(std::unique(list.begin(), list.end(),
                         [&](const T& a, const T& b) { return key(a) == key(b); }),
             list.end());
}

// Decisions with one item, verb and outcome are one; a step's outcome stands before a doubt.
void settle_lists(Plan& plan) {
  std::stable_sort(plan.decisions.begin(), plan.decisions.end(),
                   [](const PlanDecision& a, const PlanDecision& b) {
                     return std::tie(a.item, a.verb, a.outcome) <
                            std::tie(b.item, b.verb, b.outcome);
                   });
  std::vector<PlanDecision> merged;
  for (PlanDecision& decision : plan.decisions) {
    if (merged.empty() || merged.back().item != decision.item ||
        merged.back().verb != decision.verb) {
      merged.push_back(std::move(decision));
      continue;
    }
    std::vector<Reason>& reasons = merged.back().reasons;
    reasons.insert(reasons.end(), decision.reasons.begin(), decision.reasons.end());
    std::sort(reasons.begin(), reasons.end());
    reasons.erase(std::unique(reasons.begin(), reasons.end()), reasons.end());
  }
  plan.decisions = std::move(merged);
  const auto held = [](const HeldItem& h) { return std::tie(h.item, h.verb, h.hold); };
  sort_unique(plan.postponed, held);
  sort_unique(plan.protected_items, held);
  const auto note = [](const ItemNote& n) { return std::tie(n.item, n.why); };
  std::sort(plan.releases.begin(), plan.releases.end());
  plan.releases.erase(std::unique(plan.releases.begin(), plan.releases.end()), plan.releases.end());
  sort_unique(plan.uncovered, note);
  sort_unique(plan.undetermined, note);
  sort_unique(plan.needs_person,
              [](const PersonNote& n) { return std::tie(n.item, n.why, n.who); });
  std::sort(plan.notes.begin(), plan.notes.end());
  plan.notes.erase(std::unique(plan.notes.begin(), plan.notes.end()), plan.notes.end());
}

void count(Plan& plan) {
  plan.summary.steps = plan.steps.size();
  for (const PlanStep& step : plan.steps) {
    ++plan.summary.by_verb[step.action.empty() ? std::string(verb_name(step.verb)) : step.action];
    if (!step.system.empty()) {
      ++plan.summary.by_system[step.system];
    }
  }
}

// The latest deadline of what contains and sweeps; nothing when one of them has none, or waits.
std::optional<Instant> containment_complete_at(const Draft& draft) {
  std::optional<Instant> latest;
  for (const Order& order : draft.orders) {
    if (order.rank != Rank::Contain && order.rank != Rank::Sweep) {
      continue;
    }
    if (!order.unconditional() || !order.deadline) {
      return std::nullopt;
    }
    latest = std::max(latest.value_or(*order.deadline), *order.deadline);
  }
  return latest;
}

std::optional<Instant> point_of_no_return_at(const Plan& plan) {
  std::optional<Instant> first;
  for (const PlanStep& step : plan.steps) {
    if (step.rank < Rank::Release || step.reversible == Reversible::Yes) {
      continue;
    }
    const Instant at = std::max(step.not_before, plan.as_of);
    first = std::min(first.value_or(at), at);
  }
  return first;
}

void note_overdue(Plan& plan) {
  const auto late = std::count_if(plan.steps.begin(), plan.steps.end(), [](const PlanStep& step) {
    return step.overdue_at_arrival && step.action.empty();
  });
  if (late > 0) {
    plan.notes.push_back("the event arrived late: " + std::to_string(late) +
                         (late == 1 ? " step was" : " steps were") +
                         " overdue at arrival and due now");
  }
}

}  // namespace

void find_infeasible(Draft& draft) {
  std::vector<Instant> earliest(draft.orders.size());
  for (std::uint32_t i = 0; i < draft.orders.size(); ++i) {
    const Order& order = draft.orders[i];
    // A way that people have to open is a way: its deadline is theirs to meet.
    Instant first = order.start();
    for (const Way& way : order.ways) {
      first = std::min(first, way.not_before);
    }
    earliest[i] = std::max(draft.decisions.as_of, first);
    std::uint32_t waits_for = i;
    for (const std::uint32_t before : order.strong) {
      const bool contains = draft.orders[before].rank == Rank::Contain;
      const Instant then = earliest[before] + (contains ? order.soak : Seconds(0));
      if (then > earliest[i]) {
        earliest[i] = then;
        waits_for = before;
      }
    }
    if (!order.deadline || earliest[i] <= *order.deadline) {
      continue;
    }
    std::string why = "due " + format_instant(*order.deadline) + " but cannot start before " +
                      format_instant(earliest[i]);
    if (waits_for != i) {
      const PlanStep& other = draft.plan.steps[waits_for];
      why += ": it waits for `" + std::string(verb_name(other.verb)) + " " + other.item + "`";
    }
    draft.plan.infeasible.push_back({.step = draft.plan.steps[i].id, .why = std::move(why)});
  }
}

void summarize(Draft& draft) {
  for (StagedItem& staged : draft.staged) {
    if (!staged.under_way) {
      draft.plan.retirements.push_back(staged.planned);
    }
  }
  list_decisions(draft);
  list_uncovered(draft);
  Plan& plan = draft.plan;
  for (const std::string& note : draft.decisions.notes) {
    plan.notes.push_back(note);
  }
  note_overdue(plan);
  settle_lists(plan);
  count(plan);
  plan.summary.containment_complete_at = containment_complete_at(draft);
  plan.summary.point_of_no_return_at = point_of_no_return_at(plan);
  const bool tripped = std::any_of(plan.limits.begin(), plan.limits.end(),
                                   [](const LimitUse& use) { return use.tripped; });
  plan.complete =
      plan.uncovered.empty() && plan.undetermined.empty() && plan.infeasible.empty() && !tripped;
}

}  // namespace rescind
