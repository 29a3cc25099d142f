// What the inventory and the connectors say that planning needs to know of an item: where it hangs,
// what a verb really does to it there, what goes with it. Reads groupings only, never the whole
// snapshot.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "model/capabilities.h"
#include "model/inventory.h"

namespace rescind {

// Borrows both; they outlive it. Not thread-safe (it remembers answers).
class Estate {
 public:
  Estate(const Inventory& inventory, const CapabilityMap& systems);

  [[nodiscard]] const Inventory& inventory() const { return inventory_; }

  [[nodiscard]] std::string_view id(ItemRef item) const { return inventory_.id(item); }

  [[nodiscard]] std::string_view system_id(ItemRef item) const;
  // "" for nobody.
  [[nodiscard]] std::string_view holder_id(ItemRef item) const;
  [[nodiscard]] std::string_view text_of(ItemRef item, AttributeIndex attribute) const;
  // Kind-specific attributes by name; nothing: the kind has none of that name, or it is missing.
  [[nodiscard]] std::string_view named_text(ItemRef item, std::string_view attribute) const;
  [[nodiscard]] std::optional<bool> named_flag(ItemRef item, std::string_view attribute) const;
  [[nodiscard]] ItemRef named_item(ItemRef item, std::string_view attribute) const;
  // Empty when missing.
  [[nodiscard]] std::vector<std::string_view> named_set(ItemRef item,
                                                        std::string_view attribute) const;
  // What stops working without the item, and who was seen to use it. Nothing: not known.
  [[nodiscard]] std::optional<std::vector<std::string>> dependents(ItemRef item) const;
  [[nodiscard]] std::optional<Instant> instant_of(ItemRef item, AttributeIndex attribute) const;

  // The account that the item is under: the one that its record names, else the only account of its
  // holder in its system. Accounts are under none.
  [[nodiscard]] ItemRef account_of(ItemRef item) const;
  [[nodiscard]] bool enabled(ItemRef account) const;
  // When its system was listed; nothing: its record comes from a file.
  [[nodiscard]] std::optional<Instant> listed_at(ItemRef item) const;

  // Whether the system can do that to the kind: its connector's word and the inventory's
  // `supports`, whichever are given; both given: both must agree.
  [[nodiscard]] bool supports(ItemRef item, Verb verb) const;
  // Default effects, and what the connector declares besides.
  [[nodiscard]] EffectSet effects(ItemRef item, Verb verb) const;
  [[nodiscard]] const SupportedVerb* declared(ItemRef item, Verb verb) const;
  [[nodiscard]] const SystemCapabilities* capabilities(ItemRef item) const;
  // What is freed or lost with it over known links: a group's license, a license's data,
  // everything under an account that is destroyed.
  [[nodiscard]] std::vector<ItemRef> consequences(ItemRef item, Verb verb, EffectSet effects) const;

  // Identity providers of the item's system, their own providers included. Cycles end.
  [[nodiscard]] std::vector<SystemRef> roots_of(SystemRef system) const;
  // Systems that create accounts there (SCIM push, JIT).
  [[nodiscard]] std::vector<SystemRef> pushers_to(SystemRef system) const;
  [[nodiscard]] bool is_root(SystemRef system) const;
  [[nodiscard]] std::int64_t tier(SystemRef system) const;
  // Accounts of the identity in that system.
  [[nodiscard]] std::vector<ItemRef> accounts_at(IdentityRef holder, SystemRef system) const;

 private:
  [[nodiscard]] std::vector<SystemRef> system_set(SystemRef system, AttributeIndex attribute) const;
  void append_data_of_license(ItemRef license, std::vector<ItemRef>& out) const;

  const Inventory& inventory_;
  const CapabilityMap& systems_;
  std::vector<bool> is_root_;                    // by system row
  std::vector<std::vector<SystemRef>> pushers_;  // by system row
};

}  // namespace rescind
