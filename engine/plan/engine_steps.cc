// Steps that no rule asks for: state is captured before it changes, a disabled account is swept for
// what slipped in, and where a provisioner pushes accounts the disable is said twice.
#include <algorithm>

#include "plan/draft.h"

namespace rescind {
namespace {

bool worth_capturing(const Order& order) {
  if (!order.item.valid() || order.rank < Rank::Contain) {
    return false;
  }
  const Kind kind = order.item.kind();
  // What only ever ends has no state to put back.
  return kind != Kind::Session && kind != Kind::Checkout &&
         !(kind == Kind::Token && order.verb == Verb::Revoke);
}

Instant first_start(const Order& order) {
  Instant first = order.start();
  for (const Way& way : order.ways) {
    first = std::min(first, way.not_before);
  }
  return first;
}

void add_captures(Draft& draft) {
  std::map<std::string, Order> captures;  // by item id
  for (const Order& order : draft.orders) {
    if (!worth_capturing(order)) {
      continue;
    }
    const ItemRef account = draft.estate.account_of(order.item);
    const ItemRef item = account.valid() ? account : order.item;
    const auto [place, added] = captures.try_emplace(draft.item_text(item));
    Order& capture = place->second;
    if (added) {
      capture.item = item;
      capture.verb = Verb::Restore;
      capture.action = "capture";
      capture.rank = Rank::Capture;
      capture.lead = order.lead;
      capture.ways = {{.not_before = first_start(order), .approvals = {}}};
      capture.because = "so that what changes can be put back and shown";
    }
    capture.lead = std::min(capture.lead, order.lead);
    capture.roots.insert(order.lead);
    capture.roots.insert(order.roots.begin(), order.roots.end());
    for (const std::uint32_t match : order.matches) {
      capture.roots.insert(draft.match(match).cause);
    }
    capture.ways.front().not_before = std::min(capture.start(), first_start(order));
  }
  for (auto& [id, capture] : captures) {
    draft.add(std::move(capture));
  }
}

// Whether a listing of sessions or tokens can be acted on there at all.
bool can_sweep(const Draft& draft, ItemRef account) {
  const SystemCapabilities* system = draft.estate.capabilities(account);
  if (system == nullptr) {
    return true;
  }
  return std::any_of(system->verbs.begin(), system->verbs.end(), [](const SupportedVerb& one) {
    return one.verb == Verb::Revoke && (one.kind == Kind::Session || one.kind == Kind::Token);
  });
}

bool disables_account(const Order& order) {
  return order.item.valid() && order.item.kind() == Kind::Account && order.action.empty() &&
         order.has(Effect::Contains);
}

Order follow_up(const Order& disable) {
  Order order;
  order.item = disable.item;
  order.rank = Rank::Sweep;
  order.effects = Effect::Contains;
  order.matches = disable.matches;
  order.lead = disable.lead;
  order.ways = disable.ways;
  order.deadline = disable.deadline;
  order.staged = disable.staged;
  order.gate = disable.gate;
  return order;
}

bool pushed_back(const Draft& draft, ItemRef account) {
  const Inventory& inventory = draft.estate.inventory();
  const SystemRef system = inventory.system(account);
  if (!system.valid()) {
    return false;
  }
  for (const SystemRef pusher : draft.estate.pushers_to(system)) {
    for (const ItemRef root : draft.estate.accounts_at(inventory.holder(account), pusher)) {
      if (containing_order(draft, root) != nullptr) {
        return true;
      }
    }
  }
  return false;
}

}  // namespace

void add_engine_steps(Draft& draft) {
  std::map<std::string, std::vector<Order>> added;  // by account id
  for (const Order& order : draft.orders) {
    if (!disables_account(order)) {
      continue;
    }
    std::vector<Order>& here = added[draft.item_text(order.item)];
    if (here.empty() && can_sweep(draft, order.item)) {
      Order sweep = follow_up(order);
      sweep.verb = Verb::Revoke;
      sweep.action = "sweep";
      sweep.because = "a sign-in may have slipped in before the account was seen to be disabled";
      here.push_back(std::move(sweep));
    }
    if (order.verb == Verb::Disable && pushed_back(draft, order.item)) {
      Order again = follow_up(order);
      again.verb = Verb::Disable;
      again.generation = 2;
      again.because =
          "a provisioner may have pushed the account again before its root was disabled";
      here.push_back(std::move(again));
    }
  }
  add_captures(draft);
  for (auto& [id, orders] : added) {
    for (Order& order : orders) {
      draft.add(std::move(order));
    }
  }
}

}  // namespace rescind
