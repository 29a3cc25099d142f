// Containment that no rule spells out: what is destroyed later is contained now, and where a system
// cannot do what was ordered, the next best that contains (merging rule 5).
#include <algorithm>

#include "plan/draft.h"

namespace rescind {
namespace {

// Whether the verb alone keeps somebody from using an item of the kind.
bool contains_fully(Verb verb, Kind kind) {
  if (kind == Kind::Device) {
    return verb == Verb::Lock || verb == Verb::Wipe;
  }
  return verb == Verb::Disable || verb == Verb::Revoke ||
         (verb == Verb::Rotate && kind != Kind::Account);
}

std::optional<Verb> containing_verb(Kind kind) {
  if (kind == Kind::Device) {
    return Verb::Lock;
  }
  if (kind == Kind::Account || kCredentialKinds.contains(kind)) {
    return Verb::Disable;
  }
  return std::nullopt;
}

bool can_contain_by(const Draft& draft, ItemRef item, Verb verb) {
  return verb_kinds(verb).contains(item.kind()) && draft.estate.supports(item, verb) &&
         worst_effect(draft.estate.effects(item, verb)) == Effect::Contains;
}

std::string system_text(const Draft& draft, ItemRef item) {
  const std::string_view system = draft.estate.system_id(item);
  return system.empty() ? std::string("its system") : std::string(system);
}

std::string cannot_text(const Draft& draft, ItemRef item, Verb verb) {
  const bool destroys = draft.estate.supports(item, verb);
  return system_text(draft, item) + (destroys ? " destroys what it should only " : " cannot ") +
         std::string(verb_name(verb)) +
         (destroys ? "" : " this " + std::string(kind_name(item.kind())));
}

// Whether the same person's account at an identity provider of the item's system is disabled.
bool contained_at_root(const Draft& draft, ItemRef item) {
  const SystemRef system = draft.estate.inventory().system(item);
  if (!system.valid()) {
    return false;
  }
  for (const SystemRef root : draft.estate.roots_of(system)) {
    for (const ItemRef account :
         draft.estate.accounts_at(draft.estate.inventory().holder(item), root)) {
      if (!draft.estate.enabled(account) || containing_order(draft, account) != nullptr) {
        return true;
      }
    }
  }
  return false;
}

struct Wanted {
  ItemRef item;
  Verb verb = Verb::Disable;  // as ordered
  std::vector<std::uint32_t> matches;
  std::uint32_t lead = 0;
  std::vector<Way> ways;
  std::optional<Instant> deadline;
  bool overdue = false;
  std::string because = {};
};

void merge_into(Order& order, const Wanted& wanted) {
  order.ways.insert(order.ways.end(), wanted.ways.begin(), wanted.ways.end());
  prune_ways(order.ways);
  order.matches.insert(order.matches.end(), wanted.matches.begin(), wanted.matches.end());
  std::sort(order.matches.begin(), order.matches.end());
  order.matches.erase(std::unique(order.matches.begin(), order.matches.end()), order.matches.end());
  order.lead = std::min(order.lead, wanted.lead);
  if (wanted.deadline && (!order.deadline || *wanted.deadline < *order.deadline)) {
    order.deadline = wanted.deadline;
  }
  order.overdue = order.overdue || wanted.overdue;
}

// Contains the item as ordered or by the next best; where nothing can, a person is needed.
void contain(Draft& draft, const Wanted& wanted) {
  const std::optional<Verb> verb = containing_substitute(draft, wanted.item, wanted.verb);
  if (!verb) {
    const std::string cannot = cannot_text(draft, wanted.item, wanted.verb);
    if (contained_at_root(draft, wanted.item)) {
      draft.plan.notes.push_back(draft.item_text(wanted.item) + ": " + cannot +
                                 "; sign-in ends at its identity provider");
    } else {
      draft.need_person(draft.item_text(wanted.item),
                        cannot + ", nor anything else that contains it");
    }
    draft.decide(wanted.item, wanted.verb, Outcome::Undetermined, wanted.matches);
    return;
  }
  for (const std::uint32_t i : draft.orders_on(wanted.item)) {
    if (draft.orders[i].verb == *verb) {
      merge_into(draft.orders[i], wanted);
      return;
    }
  }
  Order order;
  order.item = wanted.item;
  order.verb = *verb;
  order.matches = wanted.matches;
  order.lead = wanted.lead;
  order.effects = draft.estate.effects(wanted.item, *verb);
  order.rank = rank_of(order.effects);
  order.ways = wanted.ways;
  order.deadline = wanted.deadline;
  order.overdue = wanted.overdue;
  order.implied = true;
  order.because = wanted.because;
  if (*verb != wanted.verb) {
    order.because +=
        (order.because.empty() ? "" : "; ") + cannot_text(draft, wanted.item, wanted.verb);
  }
  draft.add(std::move(order));
}

// At once on departure and risk; otherwise with the approvals of the clause that destroys.
std::vector<Way> implied_ways(const Draft& draft, const Order& destroying) {
  std::vector<Way> ways;
  for (const std::uint32_t match : destroying.matches) {
    const Cause& cause = draft.cause_of(match);
    const EventClass event_class = draft.class_of(cause);
    Way way{.not_before = cause.effective, .approvals = {}};
    if (event_class != EventClass::Departure && event_class != EventClass::Risk &&
        draft.clause_of(match).approved_by) {
      const MatchPrincipals* named = draft.principals_of(match);
      std::vector<std::string> by =
          draft.resolve(named != nullptr ? &named->approved_by : nullptr, match);
      if (by.empty()) {
        continue;
      }
      way.approvals.push_back(std::move(by));
    }
    ways.push_back(std::move(way));
  }
  prune_ways(ways);
  return ways;
}

void imply_for(Draft& draft, const Order& destroying) {
  const std::optional<Verb> verb = containing_verb(destroying.item.kind());
  if (!verb ||
      (destroying.item.kind() == Kind::Account && !draft.estate.enabled(destroying.item))) {
    return;
  }
  std::vector<Way> ways = implied_ways(draft, destroying);
  if (ways.empty()) {
    return;
  }
  const Order* already = containing_order(draft, destroying.item);
  if (already != nullptr && already->ways.front().approvals.empty() &&
      already->start() <= ways.front().not_before) {
    return;
  }
  contain(draft, {.item = destroying.item,
                  .verb = *verb,
                  .matches = destroying.matches,
                  .lead = destroying.lead,
                  .ways = std::move(ways),
                  .deadline = std::nullopt,
                  .overdue = false});
}

// Takes out what its system cannot do. Containment is replaced by the next best, the rest needs a
// person.
void replace_unsupported(Draft& draft) {
  std::vector<Order> kept;
  std::vector<Order> out;
  for (Order& order : draft.orders) {
    const bool possible =
        !order.item.valid() || order.staged || draft.estate.supports(order.item, order.verb);
    (possible ? kept : out).push_back(std::move(order));
  }
  draft.orders = std::move(kept);
  draft.reindex();
  for (const Order& order : out) {
    if (default_effects(order.verb, order.item.kind()).has(Effect::Contains)) {
      contain(draft, {.item = order.item,
                      .verb = order.verb,
                      .matches = order.matches,
                      .lead = order.lead,
                      .ways = order.ways,
                      .deadline = order.deadline,
                      .overdue = order.overdue});
      continue;
    }
    if (order.has(Effect::Preserves)) {
      draft.blocked_items.insert(order.item.cell);
    }
    draft.need_person(draft.item_text(order.item), cannot_text(draft, order.item, order.verb));
    draft.decide(order.item, order.verb, Outcome::Undetermined, order.matches);
  }
}

// What could not be preserved must not be released or destroyed.
void drop_blocked(Draft& draft) {
  std::erase_if(draft.orders, [&](const Order& order) {
    if (!order.has(Effect::Releases) && !order.has(Effect::Destroys)) {
      return false;
    }
    const auto blocked = [&](ItemRef item) { return draft.blocked_items.contains(item.cell); };
    if (!blocked(order.item) &&
        std::none_of(order.consequences.begin(), order.consequences.end(), blocked)) {
      return false;
    }
    draft.need_person(
        draft.item_text(order.item),
        "`" + std::string(verb_name(order.verb)) +
            "` waits until a person settles what is unclear about what would be lost");
    draft.decide(order, Outcome::Undetermined);
    if (order.staged) {
      lack(draft, order, "a person has to settle first what would be lost");
    }
    return true;
  });
}

}  // namespace

std::optional<Verb> containing_substitute(const Draft& draft, ItemRef item, Verb ordered) {
  for (const Verb verb : {ordered, Verb::Lock, Verb::Rotate, Verb::Revoke}) {
    if (can_contain_by(draft, item, verb)) {
      return verb;
    }
  }
  return std::nullopt;
}

void contain_now(Draft& draft, ItemRef item, std::uint32_t cause, std::string because) {
  const std::optional<Verb> verb = containing_verb(item.kind());
  if (!verb || already_so(draft, item, *verb)) {
    return;
  }
  const Instant effective = draft.decisions.causes[cause].effective;
  contain(draft, {.item = item,
                  .verb = *verb,
                  .matches = {},
                  .lead = cause,
                  .ways = {{.not_before = effective, .approvals = {}}},
                  .deadline = std::nullopt,
                  .overdue = false,
                  .because = std::move(because)});
}

const Order* containing_order(const Draft& draft, ItemRef item) {
  const Order* best = nullptr;
  for (const std::uint32_t i : draft.orders_on(item)) {
    const Order& order = draft.orders[i];
    if (!contains_fully(order.verb, item.kind()) || !order.has(Effect::Contains) ||
        order.ways.empty()) {
      continue;
    }
    const auto key = [](const Order& o) {
      return std::tuple(!o.ways.front().approvals.empty(), o.start(), o.verb);
    };
    if (best == nullptr || key(order) < key(*best)) {
      best = &order;
    }
  }
  return best;
}

void imply_containment(Draft& draft) {
  // Before the unsupported ones go: who wants something destroyed that cannot be, wants it
  // contained.
  std::vector<Order> destroying;
  for (const Order& order : draft.orders) {
    if (order.has(Effect::Destroys) && !order.staged) {
      destroying.push_back(order);
    }
  }
  replace_unsupported(draft);
  for (const Order& order : destroying) {
    imply_for(draft, order);
  }
  for (const Draft::Meanwhile& one : draft.contain_meanwhile) {
    contain_now(draft, one.item, one.cause, one.because);
  }
  drop_blocked(draft);
  draft.reindex();
}

}  // namespace rescind
