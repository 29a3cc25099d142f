// When what is destroyed may start: the latest that any clause asks for, counted from containment,
// with every approval (merging rule 3).
#include <algorithm>

#include "plan/draft.h"

namespace rescind {
namespace {

// False: an approver is asked for and nobody is there.
bool collect_approvals(const Draft& draft, const Order& order, ApprovalList& approvals) {
  for (const std::uint32_t match : order.matches) {
    if (!draft.clause_of(match).approved_by) {
      continue;
    }
    const MatchPrincipals* named = draft.principals_of(match);
    std::vector<std::string> by =
        draft.resolve(named != nullptr ? &named->approved_by : nullptr, match);
    if (by.empty()) {
      return false;
    }
    approvals.push_back(std::move(by));
  }
  return true;
}

// An account that somebody enabled again after it was contained: its system says so, listed since.
// A file says nothing of the time, and what destroys looks at the account before it acts.
bool seen_enabled(const Draft& draft, ItemRef item, Instant contained) {
  const auto listed = draft.estate.listed_at(item);
  return item.kind() == Kind::Account && draft.estate.named_flag(item, "enabled").value_or(false) &&
         listed && *listed > contained;
}

// Since when earlier runs hold the item contained; nothing: they do not.
std::optional<Instant> contained_since(const Draft& draft, ItemRef item) {
  std::optional<Instant> since;
  for (const StandingChange& change : draft.standing_on(item)) {
    if (!change.claim.released_at &&
        worst_effect(draft.estate.effects(item, change.verb)) == Effect::Contains) {
      since = std::min(since.value_or(change.claim.at), change.claim.at);
    }
  }
  if (since && seen_enabled(draft, item, *since)) {
    return std::max(*since, draft.decisions.as_of);
  }
  return since;
}

void time_destruction(const Draft& draft, Order& order) {
  const Order* containing = containing_order(draft, order.item);
  const std::optional<Instant> since = contained_since(draft, order.item);
  Instant start{};
  Seconds slack{0};
  bool unbounded = false;
  for (const std::uint32_t match : order.matches) {
    const CheckedClause& clause = draft.clause_of(match);
    const Cause& cause = draft.cause_of(match);
    const Instant arrived = draft.arrived(cause);
    const Instant contained = std::max(arrived, since                   ? *since
                                                : containing != nullptr ? containing->start()
                                                                        : arrived);
    const Seconds after = clause.after.value_or(Seconds(0));
    start = std::max(start, std::max(cause.effective, contained) + after);
    order.soak = std::max(order.soak, after);
    unbounded = unbounded || !clause.within;
    slack = std::max(slack, clause.within.value_or(after) - after);
  }
  if (!unbounded) {
    order.deadline = start + slack;
  }
  order.ways = {{.not_before = start, .approvals = {}}};
}

const Order* order_of(const Draft& draft, ItemRef item, Effect effect) {
  for (const std::uint32_t i : draft.orders_on(item)) {
    if (draft.orders[i].has(effect)) {
      return &draft.orders[i];
    }
  }
  return nullptr;
}

// A license may take with it what is to be destroyed later, and with more approvals.
void bind_consequences(Draft& draft) {
  for (Order& order : draft.orders) {
    for (const ItemRef lost : order.consequences) {
      const Order* destruction = order_of(draft, lost, Effect::Destroys);
      if (destruction == nullptr || order_of(draft, lost, Effect::Preserves) != nullptr) {
        continue;
      }
      const Way& binding = destruction->ways.front();
      for (Way& way : order.ways) {
        way.not_before = std::max(way.not_before, binding.not_before);
        way.approvals.insert(way.approvals.end(), binding.approvals.begin(),
                             binding.approvals.end());
      }
      prune_ways(order.ways);
    }
  }
}

}  // namespace

void start_destruction(Draft& draft) {
  for (Order& order : draft.orders) {
    if (!order.has(Effect::Destroys) || order.staged) {
      continue;  // a stage says when and by whom itself
    }
    time_destruction(draft, order);
    ApprovalList approvals;
    if (collect_approvals(draft, order, approvals)) {
      order.ways.front().approvals = std::move(approvals);
      prune_ways(order.ways);
    } else {
      order.ways.clear();
      draft.need_person(draft.item_text(order.item),
                        "nobody is there to approve `" + std::string(verb_name(order.verb)) + "`");
      draft.decide(order.item, order.verb, Outcome::Undetermined, order.matches);
    }
  }
  std::erase_if(draft.orders, [](const Order& order) { return order.ways.empty(); });
  draft.reindex();
  bind_consequences(draft);
  for (Order& order : draft.orders) {
    order.appointment = order.staged.has_value()
                            ? order.appointment
                            : order.has(Effect::Destroys) &&
                                  order.start() > draft.decisions.as_of + draft.options.expiry;
  }
}

}  // namespace rescind
