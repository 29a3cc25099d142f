// Matches → orders: what several rules, and several causes, say of one item and verb becomes one
// order. docs/plans.md gives the rules of merging in words.
#include <algorithm>
#include <array>
#include <tuple>

#include "base/text.h"
#include "plan/draft.h"

namespace rescind {
namespace {

using MatchList = std::vector<std::uint32_t>;

struct ItemMatches {
  ItemRef item;
  std::array<MatchList, kVerbCount> by_verb;

  [[nodiscard]] MatchList& of(Verb verb) { return by_verb[static_cast<std::size_t>(verb)]; }
};

bool within_ways(const Way& better, const Way& worse) {
  return better.not_before <= worse.not_before &&
         std::includes(worse.approvals.begin(), worse.approvals.end(), better.approvals.begin(),
                       better.approvals.end());
}

void add_all(MatchList& to, const MatchList& from) {
  to.insert(to.end(), from.begin(), from.end());
  std::sort(to.begin(), to.end());
  to.erase(std::unique(to.begin(), to.end()), to.end());
}

// What may be acted on although it is not certain: containment on a risk event, nothing else.
bool proceeds_in_doubt(const Draft& draft, std::uint32_t match, ItemRef item, Verb verb) {
  return draft.class_of(draft.cause_of(match)) == EventClass::Risk &&
         worst_effect(draft.estate.effects(item, verb)) == Effect::Contains;
}

// `named`: what is wrong with the item's record is said already.
void note_doubt(Draft& draft, std::uint32_t match, bool named) {
  const CheckedClause& clause = draft.clause_of(match);
  const ItemRef item = draft.match(match).item;
  if (!named) {
    draft.plan.undetermined.push_back(
        {.item = draft.item_text(item),
         .why = "whether `" + clause.label + "` of " +
                draft.policy.rules[clause.rule].declared.qualified() +
                " applies cannot be known: something that it asks is missing or broken"});
  }
  draft.decide(item, clause.verb, Outcome::Undetermined, {match});
}

// Rules on the event that put an item under a retirement leave it to that, except where they say
// `even if staged`, and where the one who leaves could use it meanwhile.
bool left_to_retirement(const Draft& draft, std::uint32_t index) {
  const Match& match = draft.match(index);
  const CheckedClause& clause = draft.clause_of(index);
  if (clause.even_if_staged || !draft.staged_by_item.contains(match.item.cell)) {
    return false;
  }
  const auto worst = worst_effect(draft.estate.effects(match.item, clause.verb));
  if (worst == Effect::Destroys) {
    return true;  // patient, whatever the event: its stages lead there
  }
  return draft.under_retirement(match.item, match.cause) &&
         (worst != Effect::Contains || !draft.usable_by_subject(match.item, match.cause));
}

// Whether the one behind the cause is to come back, as an event says that is not in effect yet:
// access goes meanwhile, but nothing is lost.
bool comes_back(const Draft& draft, std::uint32_t cause) {
  const auto& subjects = draft.principals.subjects(cause);
  return std::any_of(draft.decisions.causes.begin(), draft.decisions.causes.end(),
                     [&](const Cause& one) {
                       return one.effective > draft.decisions.as_of &&
                              (one.event.type == "rehire" || one.event.type == "leave_end") &&
                              subjects.contains(one.event.subject);
                     });
}

// The matches that may be acted on, grouped by item in the order of item ids.
std::vector<ItemMatches> group_matches(Draft& draft) {
  std::unordered_map<std::uint32_t, std::size_t> places;
  std::vector<ItemMatches> groups;
  std::unordered_map<std::uint32_t, std::string> broken;
  for (const UndeterminedItem& one : draft.decisions.undetermined) {
    if (one.item.valid()) {
      broken.emplace(one.item.cell, one.why);
    }
  }
  for (std::uint32_t i = 0; i < draft.decisions.matches.size(); ++i) {
    const Match& match = draft.match(i);
    const Verb verb = draft.clause_of(i).verb;
    if (!match.item.valid() || draft.cause_of(i).event.withdrawn || verb == Verb::Restore) {
      continue;
    }
    if (left_to_retirement(draft, i)) {
      draft.decide(match.item, verb, Outcome::Staged, {i});
      continue;
    }
    const bool doubtful = match.certainty == Certainty::Unknown;
    if ((doubtful || broken.contains(match.item.cell)) &&
        !proceeds_in_doubt(draft, i, match.item, verb)) {
      if (doubtful) {
        note_doubt(draft, i, broken.contains(match.item.cell));
        // A clause in doubt may want more patience, or another receiver: nothing is lost meanwhile.
        const auto worst = worst_effect(draft.estate.effects(match.item, verb));
        if (worst == Effect::Preserves || worst == Effect::Destroys) {
          draft.blocked_items.insert(match.item.cell);
        }
      } else {
        draft.decide(match.item, verb, Outcome::Undetermined, {i});
      }
      continue;
    }
    if (comes_back(draft, match.cause)) {
      draft.blocked_items.insert(match.item.cell);
    }
    const auto [place, added] = places.emplace(match.item.cell, groups.size());
    if (added) {
      groups.push_back({.item = match.item, .by_verb = {}});
    }
    groups[place->second].of(verb).push_back(i);
  }
  std::sort(groups.begin(), groups.end(), [&](const ItemMatches& a, const ItemMatches& b) {
    return draft.estate.id(a.item) < draft.estate.id(b.item);
  });
  return groups;
}

// The approval that a clause asks for; false: nobody is there to give it.
bool add_approval(const Draft& draft, std::uint32_t match, ApprovalList& approvals) {
  if (!draft.clause_of(match).approved_by) {
    return true;
  }
  const MatchPrincipals* named = draft.principals_of(match);
  std::vector<std::string> by =
      draft.resolve(named != nullptr ? &named->approved_by : nullptr, match);
  if (by.empty()) {
    return false;
  }
  approvals.push_back(std::move(by));
  return true;
}

Order new_order(const Draft& draft, ItemRef item, Verb verb, const MatchList& matches) {
  Order order = make_order(draft, item, verb);
  order.matches = matches;
  order.lead = draft.match(matches.front()).cause;
  for (const std::uint32_t match : matches) {
    order.lead = std::min(order.lead, draft.match(match).cause);
    order.even_if_staged = order.even_if_staged || draft.clause_of(match).even_if_staged;
  }
  return order;
}

// Rule 7: for a planned leaver the successor is prepared before the effective time.
bool prepares_ahead(const Draft& draft, std::uint32_t match) {
  std::uint32_t cause = draft.match(match).cause;
  while (draft.decisions.causes[cause].parent != Cause::kNoParent) {
    cause = draft.decisions.causes[cause].parent;
  }
  return draft.clause_of(match).verb == Verb::Replace &&
         draft.leaver_type(draft.decisions.causes[cause]);
}

std::string principal_of(Draft& draft, std::uint32_t match) {
  const MatchPrincipals* named = draft.principals_of(match);
  const std::vector<std::string> found =
      draft.resolve(named != nullptr ? &named->to : nullptr, match);
  return found.empty() ? std::string() : found.front();
}

// A preserving order whose receiver is not clear waits for a person, and so does whatever would
// release or destroy the item.
void block(Draft& draft, const Order& order, std::string why) {
  draft.blocked_items.insert(order.item.cell);
  draft.need_person(draft.item_text(order.item), std::move(why));
  draft.decide(order.item, order.verb, Outcome::Undetermined, order.matches);
}

// Rule 4 and 9: the one receiver. False: blocked.
bool find_target(Draft& draft, Order& order) {
  if (order.verb != Verb::Transfer && order.verb != Verb::Redirect) {
    return true;
  }
  std::set<std::string> targets;
  for (const std::uint32_t match : order.matches) {
    targets.insert(principal_of(draft, match));
  }
  if (targets.size() > 1) {
    block(draft, order,
          "rules name different receivers: " +
              join(std::vector<std::string>(targets.begin(), targets.end()), ", "));
    return false;
  }
  order.target = *targets.begin();
  if (order.target.empty()) {
    block(draft, order, "nobody is there to receive it");
    return false;
  }
  return true;
}

// The one level. False: two levels are a conflict for a person.
bool find_level(Draft& draft, Order& order) {
  if (order.verb != Verb::Narrow) {
    return true;
  }
  std::set<std::string> levels;
  for (const std::uint32_t match : order.matches) {
    levels.insert(draft.clause_of(match).text);
  }
  if (levels.size() > 1) {
    draft.need_person(draft.item_text(order.item),
                      "rules narrow it to different levels: " +
                          join(std::vector<std::string>(levels.begin(), levels.end()), ", "));
    draft.decide(order.item, order.verb, Outcome::Undetermined, order.matches);
    return false;
  }
  order.text = *levels.begin();
  return true;
}

// Where two verbs want the same of an item, the one that goes further stands for both: a removal
// for a narrowing, a revocation for a disable. The lesser one stays only where it can come earlier.
void stand_for(std::vector<Order>& orders, Verb further, Verb lesser) {
  const auto find = [&](Verb verb) {
    return std::find_if(orders.begin(), orders.end(),
                        [&](const Order& o) { return o.verb == verb && !o.ways.empty(); });
  };
  const auto more = find(further);
  const auto less = find(lesser);
  if (more == orders.end() || less == orders.end() ||
      !within_ways(more->ways.front(), less->ways.front())) {
    return;
  }
  if (less->deadline && (!more->deadline || *less->deadline < *more->deadline)) {
    more->deadline = less->deadline;
  }
  more->overdue = more->overdue || less->overdue;
  more->lead = std::min(more->lead, less->lead);
  add_all(more->matches, less->matches);
  orders.erase(less);
}

// What another cause contained is contained for this one too: the step finds nothing left to do,
// and its claim stays when the other one is dropped.
bool still_to_claim(const Draft& draft, ItemRef item, const MatchList& matches) {
  std::set<std::string> holding;
  for (const StandingChange& change : draft.standing_on(item)) {
    if (!change.claim.released_at) {
      holding.insert(claim_cause(change.claim.cause));
    }
  }
  return !holding.empty() && std::any_of(matches.begin(), matches.end(), [&](std::uint32_t i) {
    return !holding.contains(claim_cause(draft.cause_of(i).lineage));
  });
}

void merge_item(Draft& draft, ItemMatches& group) {
  std::vector<Order> orders;
  for (std::size_t v = 0; v < kVerbCount; ++v) {
    const MatchList& matches = group.by_verb[v];
    const Verb verb = static_cast<Verb>(v);
    if (matches.empty() ||
        (already_so(draft, group.item, verb) && !still_to_claim(draft, group.item, matches))) {
      continue;
    }
    Order order = new_order(draft, group.item, verb, matches);
    if (order.has(Effect::Destroys)) {
      orders.push_back(std::move(order));  // timed later, when its containment is known
      continue;
    }
    if (!find_target(draft, order) || !find_level(draft, order)) {
      continue;
    }
    if (!merge_urgent(draft, order)) {
      draft.need_person(draft.item_text(order.item),
                        "nobody is there to approve `" + std::string(verb_name(verb)) + "`");
      draft.decide(order.item, order.verb, Outcome::Undetermined, order.matches);
      continue;
    }
    orders.push_back(std::move(order));
  }
  stand_for(orders, Verb::Remove, Verb::Narrow);
  if (draft.estate.supports(group.item, Verb::Revoke)) {
    stand_for(orders, Verb::Revoke, Verb::Disable);
  }
  for (Order& order : orders) {
    draft.add(std::move(order));
  }
}

std::string about_of(const Draft& draft, const Cause& cause) {
  if (cause.item.valid()) {
    return draft.item_text(cause.item);
  }
  return cause.event.subject;
}

// notify and ask: one step for each receiver, text and subject.
void merge_messages(Draft& draft) {
  std::map<std::tuple<std::string, Verb, std::string, std::string>, MatchList> messages;
  for (std::uint32_t i = 0; i < draft.decisions.matches.size(); ++i) {
    const CheckedClause& clause = draft.clause_of(i);
    const Match& match = draft.match(i);
    if (match.item.valid() || draft.cause_of(i).event.withdrawn ||
        (clause.verb != Verb::Notify && clause.verb != Verb::Ask)) {
      continue;
    }
    const MatchPrincipals* named = draft.principals_of(i);
    const std::vector<std::string> receivers =
        draft.resolve(named != nullptr ? &named->to : nullptr, i);
    if (receivers.empty()) {
      draft.need_person(
          about_of(draft, draft.cause_of(i)),
          "nobody is there to " + std::string(verb_name(clause.verb)) + ": `" + clause.label + "`");
      continue;
    }
    for (const std::string& receiver : receivers) {
      messages[{about_of(draft, draft.cause_of(i)), clause.verb, receiver, clause.text}].push_back(
          i);
    }
  }
  for (auto& [key, matches] : messages) {
    Order order = new_order(draft, {}, std::get<1>(key), matches);
    order.about = std::get<0>(key);
    order.target = std::get<2>(key);
    order.text = std::get<3>(key);
    if (merge_urgent(draft, order)) {
      draft.add(std::move(order));
    }
  }
}

}  // namespace

// An approval that one clause asks for never delays what another orders without it.
bool merge_urgent(Draft& draft, Order& order) {
  for (const std::uint32_t match : order.matches) {
    const CheckedClause& clause = draft.clause_of(match);
    const Cause& cause = draft.cause_of(match);
    const Instant arrived = draft.arrived(cause);
    Way way{.not_before = cause.effective + clause.after.value_or(Seconds(0)), .approvals = {}};
    std::optional<Instant> deadline;
    if (clause.within) {
      deadline = cause.effective + *clause.within;
    }
    if (prepares_ahead(draft, match) && cause.effective > arrived) {
      way.not_before = arrived;
      deadline = std::min(deadline.value_or(cause.effective), cause.effective);
    }
    if (deadline && *deadline < arrived) {
      order.overdue = true;
    }
    if (deadline) {
      // What is past due is due now.
      const Instant due = std::max(*deadline, draft.decisions.as_of);
      order.deadline = order.deadline ? std::min(*order.deadline, due) : due;
    }
    if (add_approval(draft, match, way.approvals)) {
      order.ways.push_back(std::move(way));
    }
  }
  prune_ways(order.ways);
  return !order.ways.empty();
}

bool already_so(const Draft& draft, ItemRef item, Verb verb) {
  if (item.kind() == Kind::Account && (verb == Verb::Disable || verb == Verb::Lock)) {
    return !draft.estate.enabled(item);
  }
  return item.kind() == Kind::Device && verb == Verb::Lock &&
         draft.estate.named_flag(item, "returned").value_or(false);
}

Order make_order(const Draft& draft, ItemRef item, Verb verb) {
  Order order;
  order.item = item;
  order.verb = verb;
  if (item.valid()) {
    order.effects = draft.estate.effects(item, verb);
    order.consequences = draft.estate.consequences(item, verb, order.effects);
    if (!order.consequences.empty()) {
      order.effects = order.effects | Effect::Releases;
    }
  }
  order.rank = rank_of(order.effects);
  return order;
}

void prune_ways(std::vector<Way>& ways) {
  for (Way& way : ways) {
    std::sort(way.approvals.begin(), way.approvals.end());
    way.approvals.erase(std::unique(way.approvals.begin(), way.approvals.end()),
                        way.approvals.end());
  }
  std::sort(ways.begin(), ways.end(), [](const Way& a, const Way& b) {
    return std::tuple(a.approvals.size(), a.not_before, a.approvals) <
           std::tuple(b.approvals.size(), b.not_before, b.approvals);
  });
  std::vector<Way> kept;
  for (Way& way : ways) {
    if (std::none_of(kept.begin(), kept.end(),
                     [&](const Way& one) { return within_ways(one, way); })) {
      kept.push_back(std::move(way));
    }
  }
  // The unapproved one first, if any; else the one that could start first.
  if (!kept.empty() && !kept.front().approvals.empty()) {
    std::stable_sort(kept.begin(), kept.end(),
                     [](const Way& a, const Way& b) { return a.not_before < b.not_before; });
  }
  ways = std::move(kept);
}

void merge_matches(Draft& draft) {
  for (const UndeterminedItem& one : draft.decisions.undetermined) {
    const std::string name = one.item.valid()
                                 ? draft.item_text(one.item)
                                 : std::string(draft.estate.inventory().id(one.identity));
    draft.plan.undetermined.push_back({.item = name, .why = one.why});
  }
  for (ItemMatches& group : group_matches(draft)) {
    merge_item(draft, group);
  }
  merge_messages(draft);
}

}  // namespace rescind
