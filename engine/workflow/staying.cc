// Receivers and last owners, by the inventory and the open events.
#include "workflow/staying.h"

#include <algorithm>
#include <utility>

#include "workflow/people.h"

namespace rescind {
namespace {

bool is_right(ItemRef item) {
  return item.kind() == Kind::Group || item.kind() == Kind::Role || item.kind() == Kind::Permission;
}

std::string_view holder_of(const Inventory& inventory, ItemRef item) {
  const IdentityRef holder = inventory.holder(item);
  return holder.valid() ? inventory.id(holder) : std::string_view();
}

// A right that somebody must keep, being taken. One without a name cannot be compared.
bool takes_ownership(const Inventory& inventory, const PlanStep& step) {
  const ItemRef item = inventory.find_item(step.item);
  return item.valid() && is_right(item) && step.verb != Verb::Narrow && step.action.empty() &&
         inventory.flag(item, item_attribute::kPrivileged) == 1 && inventory.system(item).valid() &&
         inventory.word(item, item_attribute::kName) != raw(kEmptySymbol);
}

bool somebody_else_stays(const Inventory& inventory, const PlanStep& step, const People& people) {
  const ItemRef item = inventory.find_item(step.item);
  const std::uint32_t name = inventory.word(item, item_attribute::kName);
  const auto rows =
      inventory.by_system[static_cast<std::size_t>(item.kind())].of(inventory.system(item).row());
  return std::any_of(rows.begin(), rows.end(), [&](std::uint32_t row) {
    const ItemRef other = ItemRef::of(item.kind(), row);
    const std::string holder(holder_of(inventory, other));
    return other != item && inventory.word(other, item_attribute::kName) == name &&
           holder != step.holder && may_be_called(people, holder, {});
  });
}

}  // namespace

std::function<Result<std::string>(const PlanStep&, const std::map<std::string, std::string>&)>
make_objection(Store& store, std::shared_ptr<const Inventory> inventory, const Clock& clock) {
  return [&store, &clock, inventory = std::move(inventory)](
             const PlanStep& step,
             const std::map<std::string, std::string>& facts) -> Result<std::string> {
    const bool gives = step.verb == Verb::Transfer || step.verb == Verb::Redirect;
    const bool takes = !gives && takes_ownership(*inventory, step);
    if (!gives && !takes) {
      return std::string();
    }
    RESCIND_ASSIGN_OR_RETURN(auto leaving, find_leaving(store, *inventory->schema));
    const People people = read_people(inventory, "", std::move(leaving), clock.now());
    if (gives) {
      return may_be_called(people, step.target, {step.holder})
                 ? std::string()
                 : "receiver: `" + step.target + "` is leaving or gone; plan again";
    }
    const auto last = facts.find("last_holder");
    const bool alone = last != facts.end() && last->second == "true";
    return !alone && somebody_else_stays(*inventory, step, people)
               ? std::string()
               : "handover: nobody else who stays holds " + step.kind + " " + step.item_name;
  };
}

}  // namespace rescind
