// Holds are judged for the subject of the cause and for the holder of the item: either one's hold
// protects it.
#include "evaluate/holds.h"

#include <algorithm>
#include <map>

#include "evaluate/principals.h"

namespace rescind {
namespace {

std::uint64_t key_of(std::size_t declaration, ItemRef item) {
  return (static_cast<std::uint64_t>(declaration) << 32U) | item.cell;
}

template <typename T>
std::vector<std::uint64_t> sorted_keys(const std::unordered_map<std::uint64_t, T>& found,
                                       const Inventory& inventory) {
  std::vector<std::uint64_t> keys;
  keys.reserve(found.size());
  for (const auto& entry : found) {
    keys.push_back(entry.first);
  }
  const auto item = [](std::uint64_t key) { return ItemRef{static_cast<std::uint32_t>(key)}; };
  std::sort(keys.begin(), keys.end(), [&](std::uint64_t a, std::uint64_t b) {
    return std::pair(inventory.id(item(a)), a >> 32U) < std::pair(inventory.id(item(b)), b >> 32U);
  });
  return keys;
}

}  // namespace

HoldFinder::HoldFinder(const Bound& bound, const std::function<bool(IdentityRef)>& leaves)
    : bound_(bound), interpreter_(bound), justifier_(bound), leaves_(leaves) {
  interpreter_.set_justifier(&justifier_);
}

void HoldFinder::judge(const BoundCause& cause, const std::vector<ItemRef>& items) {
  interpreter_.begin(cause);
  justifier_.begin(cause);
  judge_limits(items);
  if (!bound_.policy().holds.empty()) {
    judge_holds(cause, items);
  }
}

void HoldFinder::judge_holds(const BoundCause& cause, const std::vector<ItemRef>& items) {
  std::map<IdentityRef, std::vector<ItemRef>> by_holder;
  for (const ItemRef item : items) {
    const IdentityRef holder = bound_.inventory().holder(item);
    if (holder.valid() && holder != cause.subject) {
      by_holder[holder].push_back(item);
    }
  }
  for (std::size_t h = 0; h < bound_.policy().holds.size(); ++h) {
    judge_hold(h, items);
  }
  for (const auto& [holder, held] : by_holder) {
    interpreter_.set_subject(holder, false);
    for (std::size_t h = 0; h < bound_.policy().holds.size(); ++h) {
      judge_hold(h, held);
    }
  }
}

void HoldFinder::judge_hold(std::size_t hold, const std::vector<ItemRef>& items) {
  const CheckedHold& checked = bound_.policy().holds[hold];
  const CompiledCondition& condition = bound_.program().holds[hold];
  const Tri when = condition.when.valid() ? interpreter_.test(condition.when) : Tri::True;
  if (when == Tri::False) {
    return;
  }
  for (const ItemRef item : items) {
    if (!checked.kinds.contains(item.kind())) {
      continue;
    }
    const Tri tri = std::min(when, test(condition.where, item));
    if (tri == Tri::False) {
      continue;
    }
    Found& found = holds_[key_of(hold, item)];
    found.certainty = tri == Tri::True ? Certainty::Yes : found.certainty;
    if (checked.ordered_by && found.ordered_by.empty()) {
      PrincipalResolver resolver(interpreter_, leaves_);
      for (const std::vector<std::string>& ids :
           resolver.resolve(bound_.program().hold_orders[hold], item).alternatives) {
        found.ordered_by.insert(found.ordered_by.end(), ids.begin(), ids.end());
      }
    }
  }
}

Tri HoldFinder::test(NodeId where, ItemRef item) {
  if (bound_.undetermined(entity_of(item.kind()), item.row())) {
    return Tri::Unknown;
  }
  return where.valid() ? interpreter_.test_item(where, item) : Tri::True;
}

void HoldFinder::judge_limits(const std::vector<ItemRef>& items) {
  const std::vector<CheckedLimit>& limits = bound_.policy().limits;
  for (std::size_t l = 0; l < limits.size(); ++l) {
    for (const ItemRef item : items) {
      if (!limits[l].kinds.contains(item.kind())) {
        continue;
      }
      const Tri tri = test(bound_.program().limits[l].where, item);
      if (tri != Tri::False) {
        Certainty& certainty =
            limits_.try_emplace(key_of(l, item), Certainty::Unknown).first->second;
        certainty = tri == Tri::True ? Certainty::Yes : certainty;
      }
    }
  }
}

void HoldFinder::finish(Decisions& decisions) {
  for (const std::uint64_t key : sorted_keys(holds_, bound_.inventory())) {
    const Found& found = holds_.at(key);
    decisions.holds.push_back({static_cast<std::uint32_t>(key >> 32U),
                               ItemRef{static_cast<std::uint32_t>(key)}, found.certainty,
                               found.ordered_by});
  }
  for (const std::uint64_t key : sorted_keys(limits_, bound_.inventory())) {
    decisions.limits.push_back({static_cast<std::uint32_t>(key >> 32U),
                                ItemRef{static_cast<std::uint32_t>(key)}, limits_.at(key)});
  }
}

}  // namespace rescind
