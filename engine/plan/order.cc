// The laws of order O1 to O12 as edges between orders. No edge falls in rank; edges within a rank
// follow one fixed order, so the graph cannot be cyclic. docs/plans.md says each law in words.
#include <algorithm>

#include "plan/draft.h"

namespace rescind {
namespace {

// Within a rank: session, token, checkout, credential, account, entitlement, the rest.
int kind_place(Kind kind) {
  if (kind == Kind::Session)
    return 0;
  if (kind == Kind::Token)
    return 1;
  if (kind == Kind::Checkout)
    return 2;
  if (kCredentialKinds.contains(kind) || kind == Kind::BreakGlass)
    return 3;
  if (kind == Kind::Account)
    return 4;
  if (kEntitlementKinds.contains(kind))
    return 5;
  return 6;
}

class Linker {
 public:
  explicit Linker(Draft& draft) : draft_(draft), orders_(draft.orders) {
    for (std::uint32_t i = 0; i < orders_.size(); ++i) {
      if (!orders_[i].item.valid()) {
        continue;
      }
      by_item_[orders_[i].item.cell].push_back(i);
      const ItemRef account = draft.estate.account_of(orders_[i].item);
      if (account.valid()) {
        under_[account.cell].push_back(i);
      }
    }
  }

  void link() {
    for (std::uint32_t i = 0; i < orders_.size(); ++i) {
      if (orders_[i].item.valid()) {
        link_order(i);
      }
    }
    link_successors();
    guard_own_credentials();
    for (Order& order : orders_) {
      tidy(order);
    }
  }

 private:
  static const std::vector<std::uint32_t>& at(
      const std::unordered_map<std::uint32_t, std::vector<std::uint32_t>>& map, ItemRef item) {
    static const std::vector<std::uint32_t> none;
    const auto found = map.find(item.cell);
    return found == map.end() ? none : found->second;
  }

  // Containing steps that end sign-in to the account.
  [[nodiscard]] bool shuts(const Order& order) const {
    return order.action.empty() && order.rank == Rank::Contain &&
           order.item.kind() == Kind::Account;
  }

  // WHY the conditions: a clause that is added must never delay containment that others order. So
  // what starts later, or waits for a person or a gate, is nobody's predecessor in containing and
  // stripping.
  void weak(std::uint32_t before, std::uint32_t after) {
    const Order& first = orders_[before];
    Order& second = orders_[after];
    if (!may_precede(before, after)) {
      return;
    }
    const bool urgent = second.rank == Rank::Contain || second.rank == Rank::Strip;
    if (urgent && (!first.unconditional() || first.start() > second.start())) {
      return;
    }
    second.weak.push_back(before);
  }

  void strong(std::uint32_t before, std::uint32_t after) {
    if (may_precede(before, after)) {
      orders_[after].strong.push_back(before);
    }
  }

  // Stages of one retirement follow each other by themselves, and nothing but a loss waits for a
  // stage that is not entered yet.
  [[nodiscard]] bool may_precede(std::uint32_t before, std::uint32_t after) const {
    const Order& first = orders_[before];
    const Order& second = orders_[after];
    if (!first.staged) {
      return true;
    }
    if (second.staged && second.staged->retirement == first.staged->retirement) {
      return second.staged->stage == first.staged->stage;
    }
    return second.rank >= Rank::Release || second.staged.has_value() || !first.gate;
  }

  void link_order(std::uint32_t i) {
    const Order& order = orders_[i];
    if (order.action == "capture") {
      link_capture(i);
      return;
    }
    if (shuts(order)) {
      link_shut(i);
    }
    if (order.verb == Verb::Restore) {
      link_restore(i);
    }
    if (order.action == "sweep" || order.generation > 1) {
      link_sweep(i);
    }
    if (order.item.kind() == Kind::Checkout && order.rank == Rank::Contain) {
      link_checkout(i);
    }
    if (order.rank == Rank::Release || order.rank == Rank::Destroy) {
      link_preserved(i);
    }
    if (order.rank == Rank::Destroy) {
      link_destroy(i);
    }
    if (order.rank == Rank::Strip || order.rank == Rank::Release || order.rank == Rank::Destroy) {
      guard_last_owner(i);
    }
  }

  // O1: weak into containment, strong into the rest.
  void link_capture(std::uint32_t capture) {
    const ItemRef item = orders_[capture].item;
    const auto link = [&](std::uint32_t i) {
      const Order& order = orders_[i];
      if (order.rank < Rank::Contain || order.action == "sweep") {
        return;
      }
      if (order.rank == Rank::Contain || order.rank == Rank::Sweep) {
        weak(capture, i);
      } else {
        strong(capture, i);
      }
    };
    for (const std::uint32_t i : at(by_item_, item)) {
      link(i);
    }
    for (const std::uint32_t i : at(under_, item)) {
      link(i);
    }
  }

  // O2 and O5, or the order that the connector declares inside its accounts.
  void link_shut(std::uint32_t shut) {
    const Order& account = orders_[shut];
    const SystemCapabilities* system = draft_.estate.capabilities(account.item);
    const std::vector<Kind> declared =
        system == nullptr ? std::vector<Kind>() : system->order_inside_account;
    const auto own = std::find(declared.begin(), declared.end(), Kind::Account);
    for (const std::uint32_t i : at(under_, account.item)) {
      const Order& part = orders_[i];
      if (part.rank == Rank::Strip || part.rank == Rank::Release) {
        weak(shut, i);
        continue;
      }
      if (part.rank != Rank::Contain) {
        continue;
      }
      const auto place = std::find(declared.begin(), declared.end(), part.item.kind());
      if (place != declared.end() && own != declared.end()) {
        place < own ? weak(i, shut) : weak(shut, i);
      } else if (kind_place(part.item.kind()) <= kind_place(Kind::Token)) {
        weak(i, shut);
      }
    }
  }

  // O3 and O4: after its own disable and after that of every root it signs in through, or is pushed
  // by.
  void link_sweep(std::uint32_t sweep) {
    const Order& order = orders_[sweep];
    const Inventory& inventory = draft_.estate.inventory();
    for (const std::uint32_t i : at(by_item_, order.item)) {
      if (shuts(orders_[i]) && may_precede(i, sweep)) {
        orders_[sweep].weak.push_back(i);
      }
      if (order.action == "sweep" && orders_[i].generation > 1) {
        orders_[sweep].weak.push_back(i);
      }
    }
    const SystemRef system = inventory.system(order.item);
    if (!system.valid()) {
      return;
    }
    std::vector<SystemRef> roots = draft_.estate.roots_of(system);
    const std::vector<SystemRef> pushers = draft_.estate.pushers_to(system);
    roots.insert(roots.end(), pushers.begin(), pushers.end());
    for (const SystemRef root : roots) {
      for (const ItemRef account : draft_.estate.accounts_at(inventory.holder(order.item), root)) {
        for (const std::uint32_t i : at(by_item_, account)) {
          if (account != order.item && shuts(orders_[i]) && orders_[i].unconditional()) {
            extend(orders_[sweep], orders_[i]);
            orders_[sweep].weak.push_back(i);
          }
        }
      }
    }
  }

  // What waits for a root is due no earlier than the root.
  static void extend(Order& order, const Order& root) {
    if (order.deadline && root.deadline) {
      order.deadline = std::max(*order.deadline, *root.deadline);
    }
  }

  // What comes back: the account before what is under it, and only then what came to life with it
  // is ended and rotated.
  void link_restore(std::uint32_t restored) {
    const auto link = [&](const std::vector<std::uint32_t>& list) {
      for (const std::uint32_t i : list) {
        const Order& order = orders_[i];
        const bool follows = order.verb == Verb::Restore
                                 ? order.action.empty() && order.item != orders_[restored].item
                                 : order.action == "sweep" || order.verb == Verb::Rotate;
        if (i != restored && follows) {
          strong(restored, i);
        }
      }
    };
    link(at(by_item_, orders_[restored].item));
    if (orders_[restored].item.kind() == Kind::Account) {
      link(at(under_, orders_[restored].item));
    }
  }

  // O11: what was checked out is checked in, then what was known of it is rotated.
  void link_checkout(std::uint32_t checkout) {
    const ItemRef account = draft_.estate.account_of(orders_[checkout].item);
    const SystemCapabilities* system = draft_.estate.capabilities(orders_[checkout].item);
    if (!account.valid() || (system != nullptr && !system->order_inside_account.empty())) {
      return;
    }
    for (const std::uint32_t i : at(under_, account)) {
      if (orders_[i].verb == Verb::Rotate && orders_[i].rank == Rank::Contain &&
          kind_place(orders_[i].item.kind()) > kind_place(Kind::Checkout)) {
        weak(checkout, i);
      }
    }
  }

  // What is kept when somebody leaves is kept earlier where another event, a move say, would take
  // it before that. What a rule puts off with `after` is not.
  void bring_forward(Order& keep, Instant loss) const {
    if (keep.start() > draft_.decisions.causes[keep.lead].effective) {
      return;
    }
    for (Way& way : keep.ways) {
      way.not_before = std::min(way.not_before, loss);
    }
  }

  // O6: what would be lost is safe first.
  void link_preserved(std::uint32_t loss) {
    const auto link = [&](ItemRef item) {
      for (const std::uint32_t i : at(by_item_, item)) {
        if (orders_[i].rank == Rank::Preserve) {
          bring_forward(orders_[i], orders_[loss].start());
          strong(i, loss);
        }
      }
    };
    link(orders_[loss].item);
    const std::vector<ItemRef> consequences = orders_[loss].consequences;
    for (const ItemRef lost : consequences) {
      link(lost);
    }
  }

  // O12: everything of lower rank about the item, its account and its parts; and its parts are
  // gone.
  void link_destroy(std::uint32_t end) {
    const ItemRef item = orders_[end].item;
    const auto link = [&](const std::vector<std::uint32_t>& list, bool parts) {
      for (const std::uint32_t i : list) {
        if (orders_[i].rank < Rank::Destroy || (parts && i != end)) {
          strong(i, end);
        }
      }
    };
    link(at(by_item_, item), false);
    link(at(under_, item), true);
    if (const ItemRef account = draft_.estate.account_of(item); account.valid()) {
      link(at(by_item_, account), false);
    }
  }

  // O8: whoever still needs the old credential has its successor first, and so do those who need
  // them.
  void link_successors() {
    std::map<std::string_view, std::vector<std::uint32_t>> replaced_of;  // holder → replace orders
    std::vector<std::uint32_t> replaced;
    for (std::uint32_t i = 0; i < orders_.size(); ++i) {
      if (orders_[i].item.valid() && orders_[i].verb == Verb::Replace) {
        replaced.push_back(i);
        replaced_of[draft_.estate.holder_id(orders_[i].item)].push_back(i);
      }
    }
    for (const std::uint32_t i : replaced) {
      const ItemRef credential = orders_[i].item;
      if (draft_.usable_by_subject(orders_[i].item, orders_[i].lead)) {
        continue;
      }
      const std::vector<std::uint32_t> before = with_dependents(i, replaced_of);
      for (const std::uint32_t end : at(by_item_, credential)) {
        if (orders_[end].rank == Rank::Contain) {
          for (const std::uint32_t first : before) {
            link_successor(first, end);
          }
        }
      }
    }
  }

  // WHY weak elsewhere: outside retirements containment waits for no other system and for no
  // person.
  void link_successor(std::uint32_t first, std::uint32_t end) {
    const Inventory& inventory = draft_.estate.inventory();
    if (orders_[end].even_if_staged || !may_precede(first, end)) {
      return;
    }
    const bool same_system =
        inventory.system(orders_[first].item) == inventory.system(orders_[end].item);
    if (orders_[end].staged && orders_[first].staged) {
      strong(first, end);
    } else if (same_system && orders_[first].unconditional()) {
      strong(first, end);
    } else if (orders_[first].deadline) {
      orders_[end].weak.push_back(first);
    }
  }

  // The replacement itself, and those of the credentials held by who depends on it, and so on.
  [[nodiscard]] std::vector<std::uint32_t> with_dependents(
      std::uint32_t start,
      const std::map<std::string_view, std::vector<std::uint32_t>>& replaced_of) const {
    std::vector<std::uint32_t> found{start};
    for (std::size_t next = 0; next < found.size(); ++next) {
      for (const std::string_view dependent :
           draft_.estate.named_set(orders_[found[next]].item, "dependents")) {
        const auto held = replaced_of.find(dependent);
        if (held == replaced_of.end()) {
          continue;
        }
        for (const std::uint32_t i : held->second) {
          if (std::find(found.begin(), found.end(), i) == found.end()) {
            found.push_back(i);
          }
        }
      }
    }
    return found;
  }

  // O9: the last one who stays in charge hands over first; checked again when the step runs.
  void guard_last_owner(std::uint32_t i) {
    Order& order = orders_[i];
    const Kind kind = order.item.kind();
    const bool right = kind == Kind::Group || kind == Kind::Role || kind == Kind::Permission;
    if (!right || draft_.estate.inventory().flag(order.item, item_attribute::kPrivileged) != 1 ||
        order.verb == Verb::Narrow || somebody_stays(order)) {
      return;
    }
    order.needs_handover = true;
    const std::string what = std::string(kind_name(kind)) + " " +
                             std::string(draft_.estate.text_of(order.item, item_attribute::kName));
    if (!order.gate) {
      order.gate = Gate{.kind = "handover", .text = "nobody else who stays holds " + what};
    }
    draft_.need_person(draft_.item_text(order.item),
                       "nobody else who stays holds " + what + ": hand it over first");
  }

  [[nodiscard]] bool somebody_stays(const Order& order) {
    const Inventory& inventory = draft_.estate.inventory();
    const SystemRef system = inventory.system(order.item);
    const std::uint32_t name = inventory.word(order.item, item_attribute::kName);
    if (!system.valid() || name == raw(kEmptySymbol)) {
      return true;  // a right without a name cannot be compared
    }
    const auto key = std::tuple(order.item.kind(), system.cell, name);
    if (const auto known = stays_.find(key); known != stays_.end()) {
      return known->second;
    }
    bool stays = false;
    const auto& rows = inventory.by_system[static_cast<std::size_t>(order.item.kind())];
    for (const std::uint32_t row : rows.of(system.row())) {
      const ItemRef other = ItemRef::of(order.item.kind(), row);
      if (inventory.word(other, item_attribute::kName) == name && stripped(other) == 0 &&
          draft_.principals.eligible(draft_.estate.holder_id(other), {&order.lead, 1})) {
        stays = true;
        break;
      }
    }
    stays_[key] = stays;
    return stays;
  }

  [[nodiscard]] std::size_t stripped(ItemRef item) const {
    const auto& list = at(by_item_, item);
    return static_cast<std::size_t>(std::count_if(list.begin(), list.end(), [&](std::uint32_t i) {
      return orders_[i].rank >= Rank::Strip && orders_[i].rank != Rank::Sweep;
    }));
  }

  // O10: the credential through which the connector acts goes last, once a second one is there.
  void guard_own_credentials() {
    std::set<std::uint32_t> out;
    for (const auto& [system_id, system] : draft_.options.systems) {
      const ItemRef own =
          system.acts_as.empty() ? ItemRef{} : draft_.estate.inventory().find_item(system.acts_as);
      if (!own.valid()) {
        continue;
      }
      const std::vector<std::uint32_t> steps = own_steps(own);
      const auto replaced = std::find_if(steps.begin(), steps.end(), [&](std::uint32_t i) {
        return orders_[i].verb == Verb::Replace;
      });
      for (const std::uint32_t i : steps) {
        if (orders_[i].rank == Rank::Capture || orders_[i].verb == Verb::Replace) {
          continue;
        }
        if (replaced == steps.end()) {
          out.insert(i);
        } else {
          strong(*replaced, i);
          put_last(i, system_id);
        }
      }
    }
    take_out(out);
  }

  [[nodiscard]] std::vector<std::uint32_t> own_steps(ItemRef own) const {
    std::vector<std::uint32_t> steps = at(by_item_, own);
    const ItemRef account = draft_.estate.account_of(own);
    if (account.valid()) {
      const auto& more = at(by_item_, account);
      steps.insert(steps.end(), more.begin(), more.end());
    }
    return steps;
  }

  void put_last(std::uint32_t own, const std::string& system) {
    for (std::uint32_t i = 0; i < orders_.size(); ++i) {
      if (orders_[i].item.valid() && orders_[i].rank < orders_[own].rank &&
          draft_.estate.system_id(orders_[i].item) == system) {
        strong(i, own);
      }
    }
  }

  // Not done by this plan: a person is needed, and the path stays.
  void take_out(const std::set<std::uint32_t>& out) {
    if (out.empty()) {
      return;
    }
    std::set<std::string> named;
    for (const std::uint32_t i : out) {
      const Order& order = orders_[i];
      if (named.insert(draft_.item_text(order.item)).second) {
        draft_.need_person(draft_.item_text(order.item),
                           "the connector itself acts through it: replace it first");
      }
      draft_.decide(order.item, order.verb, Outcome::Undetermined, order.matches);
    }
    std::vector<std::uint32_t> place(orders_.size());
    std::vector<Order> kept;
    for (std::uint32_t i = 0; i < orders_.size(); ++i) {
      place[i] = static_cast<std::uint32_t>(kept.size());
      if (!out.contains(i)) {
        kept.push_back(std::move(orders_[i]));
      }
    }
    const auto renumber = [&](std::vector<std::uint32_t>& edges) {
      std::erase_if(edges, [&](std::uint32_t i) { return out.contains(i); });
      for (std::uint32_t& edge : edges) {
        edge = place[edge];
      }
    };
    for (Order& order : kept) {
      renumber(order.weak);
      renumber(order.strong);
    }
    orders_ = std::move(kept);
  }

  // Each predecessor once; strong beats weak.
  static void tidy(Order& order) {
    std::sort(order.strong.begin(), order.strong.end());
    order.strong.erase(std::unique(order.strong.begin(), order.strong.end()), order.strong.end());
    std::sort(order.weak.begin(), order.weak.end());
    order.weak.erase(std::unique(order.weak.begin(), order.weak.end()), order.weak.end());
    std::erase_if(order.weak, [&](std::uint32_t i) {
      return std::binary_search(order.strong.begin(), order.strong.end(), i);
    });
  }

  Draft& draft_;
  std::vector<Order>& orders_;
  std::unordered_map<std::uint32_t, std::vector<std::uint32_t>> by_item_;  // item cell → orders
  std::unordered_map<std::uint32_t, std::vector<std::uint32_t>>
      under_;  // account cell → orders on its parts
  std::map<std::tuple<Kind, std::uint32_t, std::uint32_t>, bool> stays_;
};

}  // namespace

void link_orders(Draft& draft) {
  Linker(draft).link();
}

}  // namespace rescind
