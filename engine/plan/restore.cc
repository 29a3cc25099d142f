// Coming back: `restore` clauses drop the claims that the ended absence has on an item. It is put
// back only when no other claim is left, and what is revived with it is ended or rotated again.
#include <algorithm>

#include "base/text.h"
#include "plan/draft.h"

namespace rescind {
namespace {

class Restorer {
 public:
  explicit Restorer(Draft& draft) : draft_(draft) {}

  void run() {
    std::map<std::string, std::vector<std::uint32_t>> by_item;  // item id → matches
    for (std::uint32_t i = 0; i < draft_.decisions.matches.size(); ++i) {
      const Match& match = draft_.match(i);
      if (match.item.valid() && draft_.clause_of(i).verb == Verb::Restore) {
        by_item[draft_.item_text(match.item)].push_back(i);
      }
    }
    for (const auto& [item, matches] : by_item) {
      restore(item, matches);
    }
  }

 private:
  void restore(const std::string& item, std::vector<std::uint32_t> matches) {
    const ItemRef ref = draft_.match(matches.front()).item;
    const std::vector<StandingChange> standing = draft_.standing_on(ref);
    if (!any_stands(standing)) {
      if (ref.kind() == Kind::Account && !draft_.estate.enabled(ref)) {
        draft_.need_person(
            item, "it is disabled, but no run of ours did that: nothing says what it was before");
      }
      return;
    }
    std::erase_if(matches,
                  [&](std::uint32_t i) { return draft_.match(i).certainty == Certainty::Unknown; });
    if (matches.empty()) {
      draft_.plan.undetermined.push_back(
          {.item = item, .why = "whether it is to be restored cannot be known"});
      return;
    }
    const std::size_t released = draft_.plan.releases.size();
    const std::set<std::string> left = drop_claims(standing, item, matches);
    if (!left.empty()) {
      const std::string holders =
          join(std::vector<std::string>(left.begin(), left.end()), ", ") + " still holds it";
      const Instant from = effective(matches);
      if (from > draft_.decisions.as_of && draft_.plan.releases.size() > released) {
        // Nothing would drop the claim when its time comes: there is no step that waits for it.
        draft_.plan.releases.resize(released);
        draft_.need_person(item, "plan this again at " + format_instant(from) +
                                     ", when the absence ends: " + holders);
        return;
      }
      draft_.plan.notes.push_back(item + " stays as it is: " + holders);
      return;
    }
    if (contained_in_this_plan(ref)) {
      draft_.plan.notes.push_back(item + " is not restored: this plan contains it");
      return;
    }
    put_back(ref, standing, matches);
  }

  // When the first of them takes effect.
  [[nodiscard]] Instant effective(const std::vector<std::uint32_t>& matches) const {
    Instant first = Instant::max();
    for (const std::uint32_t i : matches) {
      first = std::min(first, draft_.cause_of(i).effective);
    }
    return first;
  }

  static bool any_stands(const std::vector<StandingChange>& changes) {
    return std::any_of(changes.begin(), changes.end(), [](const StandingChange& change) {
      return !change.claim.released_at.has_value();
    });
  }

  // The causes that still hold the item once those that ended do not.
  std::set<std::string> drop_claims(const std::vector<StandingChange>& changes,
                                    const std::string& item,
                                    const std::vector<std::uint32_t>& matches) {
    std::set<std::string> left;
    for (const StandingChange& change : changes) {
      const ContainmentClaim& claim = change.claim;
      if (claim.released_at) {
        continue;
      }
      const bool dropped = std::any_of(matches.begin(), matches.end(), [&](std::uint32_t i) {
        const Event& event = draft_.cause_of(i).event;
        return ends_departure(event.type, claim.event_type) && event.subject == claim.subject;
      });
      if (dropped) {
        draft_.plan.releases.push_back({.item = item, .cause = claim.cause});
      } else {
        left.insert(claim.cause);
      }
    }
    return left;
  }

  [[nodiscard]] bool contained_in_this_plan(ItemRef item) const {
    const auto orders = draft_.orders_on(item);
    return std::any_of(orders.begin(), orders.end(), [&](std::uint32_t i) {
      const Order& order = draft_.orders[i];
      return order.has(Effect::Contains) && order.start() <= draft_.decisions.as_of;
    });
  }

  void put_back(ItemRef item, const std::vector<StandingChange>& changes,
                const std::vector<std::uint32_t>& matches) {
    const StandingChange* first = first_standing(changes);
    const std::string id = draft_.item_text(item);
    if (first->reversible == Reversible::Never) {
      draft_.need_person(
          id, "`" + std::string(verb_name(first->verb)) + "` cannot be taken back: make it anew");
      return;
    }
    if (first->found_so) {
      draft_.need_person(id, "it was out of use before any run of ours: put it back by hand");
      return;
    }
    if (!first->captured) {
      draft_.need_person(id, "what it was before is not recorded: put it back by hand");
      return;
    }
    Order order = make_order(draft_, item, Verb::Restore);
    order.effects = {};
    order.consequences.clear();
    order.rank = Rank::Prepare;
    order.matches = matches;
    order.lead = draft_.match(matches.front()).cause;
    order.restores_run = first->claim.run;
    order.restores_step = first->claim.step;
    if (!merge_urgent(draft_, order)) {
      draft_.need_person(id, "nobody is there to approve `restore`");
      return;
    }
    const Order made = order;
    draft_.add(std::move(order));
    revive(made);
  }

  Order after(const Order& restored, ItemRef item, Verb verb) const {
    Order order = make_order(draft_, item, verb);
    order.matches = restored.matches;
    order.lead = restored.lead;
    order.ways = restored.ways;
    order.deadline = restored.deadline;
    return order;
  }

  void revive(const Order& restored) {
    if (kCredentialKinds.contains(restored.item.kind()) ||
        restored.item.kind() == Kind::BreakGlass) {
      rotate(restored, restored.item);
      return;
    }
    if (restored.item.kind() != Kind::Account) {
      return;
    }
    Order sweep = after(restored, restored.item, Verb::Revoke);
    sweep.action = "sweep";
    sweep.rank = Rank::Sweep;
    sweep.effects = Effect::Contains;
    sweep.because = "old sessions and tokens live again once it is enabled";
    draft_.add(std::move(sweep));
    bool any = false;
    const Inventory& inventory = draft_.estate.inventory();
    for (std::size_t k = 0; k < kKindCount; ++k) {
      const Kind kind = static_cast<Kind>(k);
      if (!kCredentialKinds.contains(kind) || kind == Kind::Token) {
        continue;  // tokens are swept
      }
      for (const std::uint32_t row : inventory.by_account[k].of(restored.item.row())) {
        any = true;
        rotate(restored, ItemRef::of(kind, row));
      }
    }
    if (!any) {
      draft_.need_person(
          draft_.item_text(restored.item),
          "its old password works again: nothing is recorded under it that could be rotated");
    }
  }

  void rotate(const Order& restored, ItemRef item) {
    for (const std::uint32_t i : draft_.orders_on(item)) {
      if (draft_.orders[i].verb == Verb::Rotate) {
        return;
      }
    }
    if (!draft_.estate.supports(item, Verb::Rotate)) {
      draft_.need_person(draft_.item_text(item),
                         "its old value works again and its system cannot rotate it");
      return;
    }
    Order order = after(restored, item, Verb::Rotate);
    order.because = "its old value works again once it is enabled";
    draft_.add(std::move(order));
  }

  Draft& draft_;
};

}  // namespace

const StandingChange* first_standing(const std::vector<StandingChange>& changes) {
  std::vector<const StandingChange*> order;
  for (const StandingChange& change : changes) {
    order.push_back(&change);
  }
  std::stable_sort(
      order.begin(), order.end(),
      [](const StandingChange* a, const StandingChange* b) { return a->claim.at > b->claim.at; });
  const StandingChange* first = nullptr;
  for (const StandingChange* change : order) {
    const auto& released = change->claim.released_at;
    if (!released || (first != nullptr && *released >= first->claim.at)) {
      first = change;
    }
  }
  return first;
}

void restore_items(Draft& draft) {
  Restorer(draft).run();
}

}  // namespace rescind
