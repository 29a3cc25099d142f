// Holds: what they block by effect, also over known links, and until when.
#include <algorithm>

#include "base/text.h"
#include "plan/draft.h"

namespace rescind {
namespace {

struct Blocking {
  const HoldMatch* match;
  ItemRef item;  // what is held: the order's own item or one that would be lost with it
};

// Effects that a hold forbids on an item of the kind.
EffectSet held_effects(const CheckedHold& hold, Kind kind) {
  EffectSet out;
  for (const Verb verb : hold.verbs) {
    if (verb_kinds(verb).contains(kind)) {
      if (const auto worst = worst_effect(default_effects(verb, kind))) {
        out = out | *worst;
      }
    }
  }
  return out;
}

bool blocks_own(const CheckedHold& hold, const HoldMatch& match, const Order& order) {
  const std::optional<Effect> worst = worst_effect(order.effects);
  if (!worst) {
    return false;
  }
  const bool irreversible = *worst == Effect::Releases || *worst == Effect::Destroys;
  if (match.certainty == Certainty::Unknown) {
    return irreversible;  // a hold in doubt holds against what cannot be taken back
  }
  if (*worst == Effect::Contains && !hold.even_containment) {
    return false;
  }
  const bool named =
      std::find(hold.verbs.begin(), hold.verbs.end(), order.verb) != hold.verbs.end();
  return named || held_effects(hold, order.item.kind()).has(*worst);
}

bool blocks_loss(const CheckedHold& hold, const HoldMatch& match, ItemRef lost) {
  const EffectSet held = held_effects(hold, lost.kind());
  return match.certainty == Certainty::Unknown || held.has(Effect::Destroys) ||
         held.has(Effect::Releases);
}

using HoldsByItem = std::unordered_map<std::uint32_t, std::vector<const HoldMatch*>>;

std::vector<Blocking> find_blocking(const Draft& draft, const HoldsByItem& holds,
                                    const Order& order) {
  std::vector<Blocking> out;
  if (const auto own = holds.find(order.item.cell); own != holds.end()) {
    for (const HoldMatch* match : own->second) {
      if (blocks_own(draft.policy.holds[match->hold], *match, order)) {
        out.push_back({match, order.item});
      }
    }
  }
  for (const ItemRef lost : order.consequences) {
    const auto found = holds.find(lost.cell);
    for (const HoldMatch* match :
         found == holds.end() ? std::vector<const HoldMatch*>() : found->second) {
      if (blocks_loss(draft.policy.holds[match->hold], *match, lost)) {
        out.push_back({match, lost});
      }
    }
  }
  return out;
}

HeldItem held_item(const Draft& draft, const Order& order, const Blocking& blocking) {
  const CheckedHold& hold = draft.policy.holds[blocking.match->hold];
  HeldItem held{.item = draft.item_text(order.item),
                .verb = std::string(verb_name(order.verb)),
                .hold = hold.declared.qualified(),
                .ordered_by = join(blocking.match->ordered_by, ", "),
                .until = hold.until,
                .because = hold.because};
  if (blocking.item != order.item) {
    held.because += (held.because.empty() ? "" : "; ") + std::string("it would take ") +
                    draft.item_text(blocking.item) + " with it";
  }
  if (blocking.match->certainty == Certainty::Unknown) {
    held.because += (held.because.empty() ? "" : "; ") +
                    std::string("whether the hold applies cannot be known, so it does");
  }
  return held;
}

void postpone(const Draft& draft, Order& order, Instant until, const std::string& hold) {
  const Seconds delay = until - order.start();
  for (Way& way : order.ways) {
    way.not_before = std::max(way.not_before, until);
  }
  prune_ways(order.ways);
  if (order.deadline) {
    *order.deadline += delay;
  }
  order.overdue = false;
  // What only contains or strips goes on when the hold ends.
  const bool decided_again = order.has(Effect::Destroys) || order.has(Effect::Releases);
  order.appointment = decided_again && ((order.staged.has_value() && order.has(Effect::Destroys)) ||
                                        until > draft.decisions.as_of + draft.options.expiry);
  order.gate = Gate{.kind = "hold", .text = "hold " + hold + " until " + format_instant(until)};
  order.outcome = Outcome::Postponed;
}

// True: the order is out of this plan.
bool hold_back(Draft& draft, const HoldsByItem& holds, Order& order) {
  std::vector<Blocking> blocking = find_blocking(draft, holds, order);
  // What ends before the order could start anyway does not matter.
  const Instant earliest = std::max(order.start(), draft.decisions.as_of);
  std::erase_if(blocking, [&](const Blocking& one) {
    const auto& until = draft.policy.holds[one.match->hold].until;
    return until && *until <= earliest;
  });
  if (blocking.empty()) {
    return false;
  }
  std::sort(blocking.begin(), blocking.end(), [&](const Blocking& a, const Blocking& b) {
    return std::tuple(draft.policy.holds[a.match->hold].declared.qualified(),
                      draft.estate.id(a.item)) <
           std::tuple(draft.policy.holds[b.match->hold].declared.qualified(),
                      draft.estate.id(b.item));
  });
  const bool forever = std::any_of(blocking.begin(), blocking.end(), [&](const Blocking& one) {
    return !draft.policy.holds[one.match->hold].until;
  });
  Instant until{};
  std::string last_hold;
  std::set<std::string> named;
  for (const Blocking& one : blocking) {
    const CheckedHold& hold = draft.policy.holds[one.match->hold];
    if (hold.until && *hold.until > until) {
      until = *hold.until;
      last_hold = hold.declared.qualified();
    }
    if (named.insert(hold.declared.qualified()).second) {
      (forever ? draft.plan.protected_items : draft.plan.postponed)
          .push_back(held_item(draft, order, one));
    }
  }
  if (forever) {
    draft.decide(order, Outcome::Protected);
    if (order.staged) {
      lack(draft, order, "hold " + *named.begin() + " until it is lifted");
    }
    return true;
  }
  postpone(draft, order, until, last_hold);
  return false;
}

}  // namespace

void apply_holds(Draft& draft) {
  HoldsByItem holds;
  for (const HoldMatch& match : draft.decisions.holds) {
    holds[match.item.cell].push_back(&match);
  }
  if (holds.empty()) {
    return;
  }
  std::vector<Order> kept;
  for (Order& order : draft.orders) {
    if (!order.item.valid() || !hold_back(draft, holds, order)) {
      kept.push_back(std::move(order));
    }
  }
  draft.orders = std::move(kept);
  draft.reindex();
}

}  // namespace rescind
