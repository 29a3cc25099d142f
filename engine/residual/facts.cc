#include "residual/facts.h"

#include <algorithm>

namespace rescind {
namespace {

// Whether the verb, once it holds, keeps the subject from using an item of the kind.
bool ends_use(Verb verb, Kind kind) {
  switch (verb) {
  case Verb::Revoke:
  case Verb::Disable:
  case Verb::Delete:
  case Verb::Remove:
  case Verb::Wipe:
    return true;
  case Verb::Rotate:
    return kind != Kind::Account;
  case Verb::Lock:
    return kind == Kind::Account || kind == Kind::Device;
  case Verb::Replace:
  case Verb::Narrow:
  case Verb::Transfer:
  case Verb::Redirect:
  case Verb::Archive:
  case Verb::Restore:
  case Verb::Notify:
  case Verb::Ask:
    return false;
  }
  return false;
}

}  // namespace

ResidualFacts::ResidualFacts(const Inventory& inventory, const ResidualQuery& query)
    : inventory_(inventory), query_(query), last_change_(until_of(query.from)) {
  for (const AssumedChange& change : query.changes) {
    if (!change.item.valid() || !ends_use(change.verb, change.item.kind())) {
      continue;
    }
    const Until at = until_of(change.at);
    const auto [place, added] = ends_.try_emplace(change.item.cell, Ends{at, at});
    if (!added) {
      place->second.first = std::min(place->second.first, at);
      place->second.last = std::max(place->second.last, at);
    }
    last_change_ = std::max(last_change_, at);
  }
  for (const AssumedSweep& sweep : query.sweeps) {
    const Until at = until_of(sweep.at);
    Until& known = sweeps_.try_emplace(sweep.account.cell, at).first->second;
    known = std::max(known, at);
    last_change_ = std::max(last_change_, at);
  }
}

Until ResidualFacts::first_end(ItemRef item) const {
  const auto found = ends_.find(item.cell);
  return found == ends_.end() ? kForever : found->second.first;
}

Until ResidualFacts::last_end(ItemRef item) const {
  const auto found = ends_.find(item.cell);
  return found == ends_.end() ? kForever : found->second.last;
}

Until ResidualFacts::swept(ItemRef account) const {
  const auto found = account.valid() ? sweeps_.find(account.cell) : sweeps_.end();
  return found == sweeps_.end() ? kForever : found->second;
}

std::optional<std::int64_t> ResidualFacts::long_of(ItemRef item, std::string_view attribute) const {
  const auto index = inventory_.schema->find(entity_of(item.kind()), attribute);
  if (!index) {
    return std::nullopt;
  }
  const std::int64_t value = inventory_.number(item, *index);
  return value == kMissingInt ? std::nullopt : std::optional(value);
}

Until ResidualFacts::usable(ItemRef item) const {
  Until until = first_end(item);
  if (const std::int64_t expires = inventory_.number(item, item_attribute::kExpires);
      expires != kMissingInt) {
    until = std::min(until, expires);
  }
  if (item.kind() == Kind::Session || item.kind() == Kind::Token) {
    const std::int64_t created = inventory_.number(item, item_attribute::kCreated);
    const std::optional<std::int64_t> life = long_of(item, "max_life");
    if (created != kMissingInt && life) {
      until = std::min(until, created + *life);
    }
    if (const ItemRef account = inventory_.account(item);
        account.valid() && listable(inventory_.system(item), item.kind())) {
      until = std::min(until, swept(account));
    }
  }
  return until;
}

bool ResidualFacts::listable(SystemRef system, Kind kind) const {
  if (!system.valid()) {
    return true;
  }
  const std::string_view id = inventory_.id(system);
  if (query_.systems != nullptr) {
    if (const auto connected = query_.systems->find(id); connected != query_.systems->end()) {
      const SystemCapabilities& can = connected->second;
      const bool exists = std::any_of(can.verbs.begin(), can.verbs.end(),
                                      [&](const SupportedVerb& one) { return one.kind == kind; });
      return !exists || can.enumerable.contains(kind);
    }
  }
  const SetId listed{inventory_.table(Entity::System)
                         .columns[system_attribute::kEnumerable]
                         .word_at(system.row())};
  if (listed == kMissingSet) {
    return true;
  }
  for (const std::uint32_t element : inventory_.sets.elements(listed)) {
    if (inventory_.text(Symbol{element}) == kind_name(kind)) {
      return true;
    }
  }
  // A kind that is neither listed nor ever seen there does not exist there.
  return inventory_.by_system[static_cast<std::size_t>(kind)].of(system.row()).empty();
}

std::optional<Seconds> ResidualFacts::session_life(SystemRef system) const {
  const auto index = inventory_.schema->find(Entity::System, "session_life");
  if (!index || !system.valid()) {
    return std::nullopt;
  }
  const std::int64_t life = inventory_.table(Entity::System).columns[*index].long_at(system.row());
  return life == kMissingInt ? std::nullopt : std::optional(Seconds(life));
}

std::optional<Seconds> ResidualFacts::life(ItemRef account) const {
  std::optional<Seconds> longest = session_life(inventory_.system(account));
  for (const Kind kind : {Kind::Session, Kind::Token}) {
    for (const std::uint32_t row :
         inventory_.by_account[static_cast<std::size_t>(kind)].of(account.row())) {
      if (const auto life = long_of(ItemRef::of(kind, row), "max_life")) {
        longest = std::max(longest.value_or(Seconds(0)), Seconds(*life));
      }
    }
  }
  return longest;
}

std::string ResidualFacts::label(ItemRef item) const {
  return std::string(kind_name(item.kind())) + " " + std::string(inventory_.id(item));
}

std::optional<bool> ResidualFacts::flag(ItemRef item, std::string_view attribute) const {
  const auto index = inventory_.schema->find(entity_of(item.kind()), attribute);
  if (!index) {
    return std::nullopt;
  }
  const std::uint8_t value = inventory_.flag(item, *index);
  return value > 1 ? std::nullopt : std::optional(value == 1);
}

ItemRef ResidualFacts::item_of(ItemRef item, std::string_view attribute) const {
  const auto index = inventory_.schema->find(entity_of(item.kind()), attribute);
  return index ? ItemRef{inventory_.word(item, *index)} : ItemRef{};
}

std::vector<Symbol> ResidualFacts::set_of(ItemRef item, std::string_view attribute) const {
  std::vector<Symbol> out;
  const auto index = inventory_.schema->find(entity_of(item.kind()), attribute);
  const SetId set{index ? inventory_.word(item, *index) : static_cast<std::uint32_t>(kMissingSet)};
  if (set != kMissingSet) {
    for (const std::uint32_t element : inventory_.sets.elements(set)) {
      out.push_back(Symbol{element});
    }
  }
  return out;
}

std::vector<SystemRef> ResidualFacts::systems_of(SystemRef system, AttributeIndex attribute) const {
  std::vector<SystemRef> out;
  if (!system.valid()) {
    return out;
  }
  const SetId set{inventory_.table(Entity::System).columns[attribute].word_at(system.row())};
  if (set != kMissingSet) {
    for (const std::uint32_t element : inventory_.sets.elements(set)) {
      if (const SystemRef other = inventory_.system_of(Symbol{element}); other.valid()) {
        out.push_back(other);
      }
    }
  }
  return out;
}

std::vector<ItemRef> ResidualFacts::known() const {
  return query_.known ? *query_.known : search_known();
}

std::vector<ItemRef> ResidualFacts::search_known() const {
  std::vector<ItemRef> out;
  const std::string_view subject = inventory_.id(query_.subject);
  const auto symbol = inventory_.symbols.find(subject);
  if (!symbol) {
    return out;
  }
  for (std::size_t k = 0; k < kKindCount; ++k) {
    const Kind kind = static_cast<Kind>(k);
    for (const std::string_view attribute : {"known_to", "readable_by"}) {
      const auto index = inventory_.schema->find(entity_of(kind), attribute);
      if (!index || !inventory_.table(kind).columns[*index].materialised()) {
        continue;
      }
      for (std::uint32_t row = 0; row < inventory_.table(kind).rows(); ++row) {
        const SetId set{inventory_.table(kind).columns[*index].word_at(row)};
        if (set != kMissingSet && inventory_.sets.contains(set, raw(*symbol))) {
          out.push_back(ItemRef::of(kind, row));
        }
      }
    }
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

}  // namespace rescind
