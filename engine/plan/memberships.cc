// Memberships that come back or stay: a group that is left while another one inside it is kept, and
// groups whose members follow from a rule. Only people who stay with the organisation are looked
// at; for those who leave, being a member gives nothing that the residual search does not list.
#include <algorithm>
#include <set>

#include "plan/draft.h"

namespace rescind {
namespace {

// The group, and every group that contains one of them; names within one system. Cycles end.
std::set<std::string_view> member_of(const Draft& draft, ItemRef group) {
  const Estate& estate = draft.estate;
  std::set<std::string_view> names;
  std::vector<ItemRef> open{group};
  std::set<std::uint32_t> seen;
  while (!open.empty()) {
    const ItemRef next = open.back();
    open.pop_back();
    if (!seen.insert(next.cell).second) {
      continue;
    }
    for (const std::string_view outer : estate.named_set(next, "inside")) {
      const ItemRef found = estate.inventory().find_item(outer);
      if (found.valid()) {
        names.insert(estate.text_of(found, item_attribute::kName));
        open.push_back(found);
      }
    }
  }
  return names;
}

bool leaves_group(const Draft& draft, ItemRef group) {
  const auto orders = draft.orders_on(group);
  return std::any_of(orders.begin(), orders.end(),
                     [&](std::uint32_t index) { return draft.orders[index].verb == Verb::Remove; });
}

bool subject_leaves(const Draft& draft, const Order& order) {
  return std::any_of(order.matches.begin(), order.matches.end(),
                     [&](std::uint32_t match) { return draft.leaver_type(draft.cause_of(match)); });
}

// The group through which the holder stays a member of the one that it leaves; invalid: none.
ItemRef kept_through(const Draft& draft, ItemRef left) {
  const Estate& estate = draft.estate;
  const Inventory& inventory = estate.inventory();
  const IdentityRef holder = inventory.holder(left);
  const std::string_view name = estate.text_of(left, item_attribute::kName);
  if (!holder.valid() || name.empty()) {
    return {};
  }
  ItemRef best;
  for (const std::uint32_t row :
       inventory.by_holder[static_cast<std::size_t>(Kind::Group)].of(holder.row())) {
    const ItemRef other = ItemRef::of(Kind::Group, row);
    if (other == left || inventory.system(other) != inventory.system(left) ||
        leaves_group(draft, other) || !member_of(draft, other).contains(name)) {
      continue;
    }
    if (!best.valid() || estate.id(other) < estate.id(best)) {
      best = other;
    }
  }
  return best;
}

}  // namespace

void find_kept_memberships(Draft& draft) {
  for (const Order& order : draft.orders) {
    if (!order.item.valid() || order.verb != Verb::Remove || order.item.kind() != Kind::Group ||
        subject_leaves(draft, order)) {
      continue;
    }
    const std::string id = draft.item_text(order.item);
    if (draft.estate.named_flag(order.item, "dynamic").value_or(false)) {
      draft.need_person(id, "a rule of the system makes members of this group: it puts " +
                                std::string(draft.estate.holder_id(order.item)) +
                                " back until the rule or what it reads is changed");
      continue;
    }
    if (const ItemRef through = kept_through(draft, order.item); through.valid()) {
      draft.need_person(id, std::string(draft.estate.holder_id(order.item)) +
                                " stays a member through " + draft.item_text(through) +
                                ", which is inside this group and is kept");
    }
  }
}

}  // namespace rescind
