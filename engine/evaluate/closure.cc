// The built-in part of the closure: machines without a live owner, secrets that a leaver knows, and
// rights that nobody may hold together.
#include <algorithm>
#include <cstdlib>
#include <memory>

#include "evaluate/causes.h"

namespace rescind {
namespace {

std::uint32_t event_index(const Schema& schema, std::string_view name) {
  return static_cast<std::uint32_t>(*schema.find_event(name));
}

}  // namespace

// One pass over the columns for all that left in this wave; sets are looked into once each.
void CauseFinder::follow_knowers(std::size_t first, std::size_t last) {
  std::unordered_map<std::uint32_t, std::vector<std::uint32_t>> by_symbol;  // leaver → causes
  for (std::size_t c = first; c < last; ++c) {
    if (type_of(causes_[c]).leaver_type && causes_[c].subject.valid()) {
      const auto row = causes_[c].subject.row();
      by_symbol[raw(inventory_.table(Entity::Identity).ids[row])].push_back(
          static_cast<std::uint32_t>(c));
    }
  }
  if (by_symbol.empty()) {
    return;
  }
  constexpr std::uint8_t kNames = 1;
  constexpr std::uint8_t kNamesNot = 2;
  const std::unique_ptr<std::uint8_t, decltype(&std::free)> looked(
      static_cast<std::uint8_t*>(std::calloc(inventory_.sets.size(), 1)), &std::free);
  const auto names_leaver = [&](std::uint32_t set) {
    std::uint8_t& state = looked.get()[set];
    if (state == 0) {
      const auto elements = inventory_.sets.elements(SetId{set});
      const bool names = std::any_of(elements.begin(), elements.end(), [&](std::uint32_t symbol) {
        return by_symbol.contains(symbol);
      });
      state = names ? kNames : kNamesNot;
    }
    return state == kNames;
  };
  const std::uint32_t type = event_index(schema_, "knower_left");
  for (const Kind kind : bound_.kinds_present()) {
    const std::optional<AttributeIndex> index = schema_.find(entity_of(kind), "known_to");
    const Table& table = inventory_.table(kind);
    if (!index || !table.columns[*index].materialised()) {
      continue;
    }
    const std::vector<std::uint32_t>& sets = table.columns[*index].words;
    for (std::uint32_t row = 0; row < table.rows(); ++row) {
      if (!names_leaver(sets[row])) {
        continue;
      }
      const ItemRef item = ItemRef::of(kind, row);
      for (const std::uint32_t symbol : inventory_.sets.elements(SetId{sets[row]})) {
        const auto leavers = by_symbol.find(symbol);
        if (leavers == by_symbol.end()) {
          continue;
        }
        for (const std::uint32_t cause : leavers->second) {
          if (inventory_.holder(item) != causes_[cause].subject) {  // what it holds goes anyway
            derive(cause, type, inventory_.id(item), "knower_left", causes_[cause].lineage);
          }
        }
      }
    }
  }
}

// Somebody who answers for what it owns: neither gone nor going. A team answers as long as it
// exists.
bool CauseFinder::is_live_owner(std::uint32_t symbol) const {
  if (inventory_.team_by_symbol.contains(symbol)) {
    return true;
  }
  const IdentityRef owner = inventory_.identity_of(Symbol{symbol});
  if (!owner.valid() || leaving_.contains(owner.cell) || left_.contains(owner.cell)) {
    return false;
  }
  const Column& status = inventory_.table(Entity::Identity).columns[identity_attribute::kStatus];
  const std::string_view text = inventory_.text(Symbol{status.word_at(owner.row())});
  return text == "active" || text == "on_leave";
}

// The cause by which the last of the owners went.
std::optional<std::uint32_t> CauseFinder::latest_departure(
    std::span<const std::uint32_t> owners) const {
  std::optional<std::uint32_t> latest;
  for (const std::uint32_t symbol : owners) {
    const IdentityRef owner = inventory_.identity_of(Symbol{symbol});
    const auto leaver = leaving_.find(owner.cell);
    const auto left = left_.find(owner.cell);
    if (!owner.valid() || (leaver == leaving_.end() && left == left_.end())) {
      continue;
    }
    const std::uint32_t cause = leaver != leaving_.end() ? leaver->second : left->second;
    const auto order = [this](std::uint32_t c) {
      return std::pair(causes_[c].effective, std::string_view(causes_[c].lineage));
    };
    if (!latest || order(cause) > order(*latest)) {
      latest = cause;
    }
  }
  return latest;
}

void CauseFinder::follow_owners(std::size_t first, std::size_t last) {
  const std::uint32_t type = event_index(schema_, "owner_left");
  const Table& identities = inventory_.table(Entity::Identity);
  for (std::size_t c = first; c < last; ++c) {
    const Cause& cause = causes_[c];
    if (!cause.subject.valid() ||
        !(type_of(cause).leaver_type || left_.contains(cause.subject.cell))) {
      continue;
    }
    for (const std::uint32_t row : inventory_.owned_by.of(cause.subject.row())) {
      const IdentityRef owned = IdentityRef::of_row(row);
      const std::uint32_t kind = identities.columns[identity_attribute::kKind].word_at(row);
      if (leaving_.contains(owned.cell) || left_.contains(owned.cell) ||
          !is_nonhuman_kind(inventory_.text(Symbol{kind}))) {
        continue;
      }
      const auto owners = inventory_.sets.elements(
          SetId{identities.columns[identity_attribute::kOwner].word_at(row)});
      const bool live = std::any_of(owners.begin(), owners.end(),
                                    [this](std::uint32_t symbol) { return is_live_owner(symbol); });
      const std::optional<std::uint32_t> parent = latest_departure(owners);
      if (!live && parent) {
        derive(*parent, type, inventory_.id(owned), "owner_left", "owner_left");
      }
    }
  }
}

// Two parts of a conflict in one hand raise a violation. Who leaves loses everything anyway.
void CauseFinder::find_conflicts(std::uint32_t number) {
  const Cause& cause = causes_[number];
  const EventType& type = type_of(cause);
  if (type.about != EventAbout::Identity || type.event_class != EventClass::Change ||
      !cause.subject.valid() || leaving_.contains(cause.subject.cell)) {
    return;
  }
  const std::string subject(inventory_.id(cause.subject));
  const std::uint32_t subject_row = cause.subject.row();
  for (const CheckedConflict& conflict : bound_.policy().conflicts) {
    std::vector<std::string> held;
    for (const CheckedGrant& part : conflict.parts) {
      const SystemRef system = inventory_.find_system(part.system);
      const std::optional<Symbol> name = inventory_.symbols.find(part.name);
      if (!system.valid() || !name) {
        continue;
      }
      const auto rows = inventory_.by_holder[static_cast<std::size_t>(part.kind)].of(subject_row);
      const bool has = std::any_of(rows.begin(), rows.end(), [&](std::uint32_t row) {
        const ItemRef item = ItemRef::of(part.kind, row);
        return inventory_.system(item) == system &&
               inventory_.word(item, item_attribute::kName) == raw(*name);
      });
      if (has) {
        held.push_back("`" + part.name + "` on " + part.system);
      }
    }
    if (held.size() >= 2) {
      decisions_.notes.push_back("`" + subject + "` holds " + held[0] + " and " + held[1] +
                                 " against conflict `" + conflict.declared.qualified() + "`");
      const std::size_t before = causes_.size();
      derive(number, event_index(schema_, "policy_violation"), subject,
             "conflict " + conflict.declared.qualified(),
             "conflict " + conflict.declared.qualified());
      if (causes_.size() > before) {
        causes_.back().event.attributes["reason"] = "conflict " + conflict.declared.qualified();
      }
    }
  }
}

}  // namespace rescind
