#include "plan/estate.h"

#include <algorithm>

namespace rescind {
namespace {

std::vector<SystemRef> all_systems(const Inventory& inventory) {
  std::vector<SystemRef> out;
  const std::uint32_t rows = inventory.table(Entity::System).rows();
  for (std::uint32_t row = 0; row < rows; ++row) {
    out.push_back(SystemRef::of_row(row));
  }
  return out;
}

// Verbs that every system is taken to know when nobody says otherwise: a `supports` list names what
// can be done to accounts and credentials, and is silent on the rest.
bool assumed_without_being_listed(Verb verb) {
  switch (verb) {
  case Verb::Disable:
  case Verb::Lock:
  case Verb::Archive:
  case Verb::Delete:
  case Verb::Replace:
    return false;
  case Verb::Revoke:
  case Verb::Rotate:
  case Verb::Remove:
  case Verb::Narrow:
  case Verb::Transfer:
  case Verb::Redirect:
  case Verb::Wipe:
  case Verb::Restore:
  case Verb::Notify:
  case Verb::Ask:
    return true;
  }
  return true;
}

}  // namespace

Estate::Estate(const Inventory& inventory, const CapabilityMap& systems)
    : inventory_(inventory), systems_(systems) {
  const std::uint32_t rows = inventory.table(Entity::System).rows();
  is_root_.assign(rows, false);
  pushers_.resize(rows);
  for (const SystemRef system : all_systems(inventory)) {
    for (const SystemRef root : system_set(system, system_attribute::kFederatedBy)) {
      is_root_[root.row()] = true;
    }
    for (const SystemRef pushed : system_set(system, system_attribute::kPushesTo)) {
      pushers_[pushed.row()].push_back(system);
    }
  }
}

std::string_view Estate::system_id(ItemRef item) const {
  const SystemRef system = inventory_.system(item);
  return system.valid() ? inventory_.id(system) : std::string_view();
}

std::string_view Estate::holder_id(ItemRef item) const {
  const IdentityRef holder = inventory_.holder(item);
  return holder.valid() ? inventory_.id(holder) : std::string_view();
}

std::string_view Estate::text_of(ItemRef item, AttributeIndex attribute) const {
  const std::uint32_t word = inventory_.word(item, attribute);
  return word == raw(kMissingSymbol) ? std::string_view() : inventory_.text(Symbol{word});
}

std::string_view Estate::named_text(ItemRef item, std::string_view attribute) const {
  const auto index = inventory_.schema->find(entity_of(item.kind()), attribute);
  return index ? text_of(item, *index) : std::string_view();
}

std::optional<bool> Estate::named_flag(ItemRef item, std::string_view attribute) const {
  const auto index = inventory_.schema->find(entity_of(item.kind()), attribute);
  if (!index) {
    return std::nullopt;
  }
  const std::uint8_t value = inventory_.flag(item, *index);
  return value > 1 ? std::nullopt : std::optional(value == 1);
}

ItemRef Estate::named_item(ItemRef item, std::string_view attribute) const {
  const auto index = inventory_.schema->find(entity_of(item.kind()), attribute);
  return index ? ItemRef{inventory_.word(item, *index)} : ItemRef{};
}

std::vector<std::string_view> Estate::named_set(ItemRef item, std::string_view attribute) const {
  std::vector<std::string_view> out;
  const auto index = inventory_.schema->find(entity_of(item.kind()), attribute);
  if (!index) {
    return out;
  }
  const SetId set{inventory_.word(item, *index)};
  if (set == kMissingSet) {
    return out;
  }
  for (const std::uint32_t element : inventory_.sets.elements(set)) {
    out.push_back(inventory_.text(Symbol{element}));
  }
  return out;
}

std::optional<std::vector<std::string>> Estate::dependents(ItemRef item) const {
  const auto index = inventory_.schema->find(entity_of(item.kind()), "dependents");
  if (!index || SetId{inventory_.word(item, *index)} == kMissingSet) {
    return std::nullopt;
  }
  std::vector<std::string> out;
  for (const std::string_view name : named_set(item, "dependents")) {
    out.emplace_back(name);
  }
  // Sets stand in the order in which their texts were first read; a plan must not show that.
  std::sort(out.begin(), out.end());
  return out;
}

std::optional<Instant> Estate::instant_of(ItemRef item, AttributeIndex attribute) const {
  const std::int64_t value = inventory_.number(item, attribute);
  return value == kMissingInt ? std::nullopt : std::optional(Instant(Seconds(value)));
}

std::vector<ItemRef> Estate::accounts_at(IdentityRef holder, SystemRef system) const {
  std::vector<ItemRef> out;
  if (!holder.valid() || !system.valid()) {
    return out;
  }
  const auto& accounts = inventory_.by_holder[static_cast<std::size_t>(Kind::Account)];
  for (const std::uint32_t row : accounts.of(holder.row())) {
    const ItemRef account = ItemRef::of(Kind::Account, row);
    if (inventory_.system(account) == system) {
      out.push_back(account);
    }
  }
  return out;
}

ItemRef Estate::account_of(ItemRef item) const {
  if (item.kind() == Kind::Account) {
    return {};
  }
  const ItemRef named = inventory_.account(item);
  if (named.valid()) {
    return named;
  }
  const std::vector<ItemRef> accounts =
      accounts_at(inventory_.holder(item), inventory_.system(item));
  return accounts.size() == 1 ? accounts.front() : ItemRef{};
}

bool Estate::enabled(ItemRef account) const {
  return named_flag(account, "enabled").value_or(true);
}

std::optional<Instant> Estate::listed_at(ItemRef item) const {
  const std::string name = "collect:" + std::string(system_id(item));
  const auto& sources = inventory_.sources;
  const auto found = std::find_if(sources.begin(), sources.end(),
                                  [&](const InventorySource& one) { return one.name == name; });
  return found == sources.end() ? std::nullopt : found->collected_at;
}

const SystemCapabilities* Estate::capabilities(ItemRef item) const {
  const auto found = systems_.find(system_id(item));
  return found == systems_.end() ? nullptr : &found->second;
}

const SupportedVerb* Estate::declared(ItemRef item, Verb verb) const {
  const SystemCapabilities* system = capabilities(item);
  if (system == nullptr) {
    return nullptr;
  }
  const auto found = std::find_if(
      system->verbs.begin(), system->verbs.end(),
      [&](const SupportedVerb& one) { return one.verb == verb && one.kind == item.kind(); });
  return found == system->verbs.end() ? nullptr : &*found;
}

bool Estate::supports(ItemRef item, Verb verb) const {
  const bool connected = capabilities(item) != nullptr;
  if (connected && declared(item, verb) == nullptr) {
    return false;
  }
  const SystemRef system = inventory_.system(item);
  if (!system.valid()) {
    return true;
  }
  const SetId listed{
      inventory_.table(Entity::System).columns[system_attribute::kSupports].word_at(system.row())};
  if (listed == kMissingSet || listed == kEmptySet) {
    return true;
  }
  const std::string verb_text(verb_name(verb));
  const std::string pair_text = verb_text + ":" + std::string(kind_name(item.kind()));
  bool spoken_of = false;  // for other kinds only
  for (const std::uint32_t element : inventory_.sets.elements(listed)) {
    const std::string_view word = inventory_.text(Symbol{element});
    if (word == verb_text || word == pair_text) {
      return true;
    }
    spoken_of = spoken_of ||
                (word.starts_with(verb_text) && word.substr(verb_text.size()).starts_with(":"));
  }
  return !connected && !spoken_of && assumed_without_being_listed(verb);
}

EffectSet Estate::effects(ItemRef item, Verb verb) const {
  const SupportedVerb* own = declared(item, verb);
  const EffectSet defaults = default_effects(verb, item.kind());
  return own == nullptr ? defaults : defaults | own->effects;
}

void Estate::append_data_of_license(ItemRef license, std::vector<ItemRef>& out) const {
  const auto index = inventory_.schema->find(entity_of(Kind::Data), "license");
  const auto append = [&](std::span<const std::uint32_t> rows) {
    for (const std::uint32_t row : rows) {
      const ItemRef data = ItemRef::of(Kind::Data, row);
      if (index && inventory_.word(data, *index) == license.cell) {
        out.push_back(data);
      }
    }
  };
  const std::size_t kind = static_cast<std::size_t>(Kind::Data);
  if (const IdentityRef holder = inventory_.holder(license); holder.valid()) {
    append(inventory_.by_holder[kind].of(holder.row()));
  }
  if (const ItemRef account = inventory_.account(license); account.valid()) {
    append(inventory_.by_account[kind].of(account.row()));
  }
}

std::vector<ItemRef> Estate::consequences(ItemRef item, Verb verb, EffectSet effects) const {
  std::vector<ItemRef> out;
  if (item.kind() == Kind::Group && verb == Verb::Remove) {
    const std::string_view license_name = named_text(item, "carries_license");
    const IdentityRef holder = inventory_.holder(item);
    if (!license_name.empty() && holder.valid()) {
      const auto& licenses = inventory_.by_holder[static_cast<std::size_t>(Kind::License)];
      for (const std::uint32_t row : licenses.of(holder.row())) {
        const ItemRef license = ItemRef::of(Kind::License, row);
        if (text_of(license, item_attribute::kName) == license_name &&
            inventory_.system(license) == inventory_.system(item)) {
          out.push_back(license);
          append_data_of_license(license, out);
        }
      }
    }
  }
  if (item.kind() == Kind::License && verb == Verb::Remove) {
    append_data_of_license(item, out);
  }
  if (item.kind() == Kind::Account && effects.has(Effect::Destroys)) {
    for (std::size_t kind = 0; kind < kKindCount; ++kind) {
      for (const std::uint32_t row : inventory_.by_account[kind].of(item.row())) {
        out.push_back(ItemRef::of(static_cast<Kind>(kind), row));
      }
    }
  }
  std::sort(out.begin(), out.end(), [&](ItemRef a, ItemRef b) { return id(a) < id(b); });
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

std::vector<SystemRef> Estate::system_set(SystemRef system, AttributeIndex attribute) const {
  std::vector<SystemRef> out;
  const SetId set{inventory_.table(Entity::System).columns[attribute].word_at(system.row())};
  if (set == kMissingSet) {
    return out;
  }
  for (const std::uint32_t element : inventory_.sets.elements(set)) {
    if (const SystemRef other = inventory_.system_of(Symbol{element}); other.valid()) {
      out.push_back(other);
    }
  }
  std::sort(out.begin(), out.end(),
            [&](SystemRef a, SystemRef b) { return inventory_.id(a) < inventory_.id(b); });
  return out;
}

std::vector<SystemRef> Estate::roots_of(SystemRef system) const {
  std::vector<SystemRef> found;
  std::vector<SystemRef> open{system};
  while (!open.empty()) {
    const SystemRef next = open.back();
    open.pop_back();
    for (const SystemRef root : system_set(next, system_attribute::kFederatedBy)) {
      if (root != system && std::find(found.begin(), found.end(), root) == found.end()) {
        found.push_back(root);
        open.push_back(root);
      }
    }
  }
  std::sort(found.begin(), found.end(),
            [&](SystemRef a, SystemRef b) { return inventory_.id(a) < inventory_.id(b); });
  return found;
}

std::vector<SystemRef> Estate::pushers_to(SystemRef system) const {
  return pushers_[system.row()];
}

bool Estate::is_root(SystemRef system) const {
  return system.valid() && is_root_[system.row()];
}

std::int64_t Estate::tier(SystemRef system) const {
  if (!system.valid()) {
    return 2;
  }
  const std::int64_t tier =
      inventory_.table(Entity::System).columns[system_attribute::kTier].long_at(system.row());
  return tier == kMissingInt ? 2 : tier;
}

}  // namespace rescind
