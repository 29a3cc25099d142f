#include "plan/principals.h"

#include <algorithm>

namespace rescind {
namespace {

bool is_active(const Inventory& inventory, IdentityRef identity, Instant now) {
  const Table& table = inventory.table(Entity::Identity);
  const std::uint32_t status = table.columns[identity_attribute::kStatus].word_at(identity.row());
  if (status != raw(kMissingSymbol) && inventory.text(Symbol{status}) != "active") {
    return false;
  }
  const std::int64_t ends = table.columns[identity_attribute::kEnds].long_at(identity.row());
  return ends == kMissingInt || Instant(Seconds(ends)) > now;
}

}  // namespace

Principals::Principals(const Decisions& decisions, std::string steward,
                       std::set<std::string, std::less<>> leaving)
    : decisions_(decisions), steward_(std::move(steward)), leaving_elsewhere_(std::move(leaving)) {
  const std::vector<Cause>& causes = decisions.causes;
  subjects_.resize(causes.size());
  for (std::uint32_t i = 0; i < causes.size(); ++i) {
    // Parents stand before what is derived from them.
    if (causes[i].parent != Cause::kNoParent) {
      subjects_[i] = subjects_[causes[i].parent];
    }
    if (causes[i].subject.valid()) {
      const std::string subject(decisions.inventory->id(causes[i].subject));
      subjects_[i].insert(subject);
      if (decisions.policy->schema->events[causes[i].type].leaver_type &&
          !causes[i].event.withdrawn) {
        leaving_.insert(subject);
      }
    }
  }
}

const std::set<std::string, std::less<>>& Principals::subjects(std::uint32_t cause) const {
  return subjects_[cause];
}

bool Principals::identity_eligible(std::string_view identity,
                                   std::span<const std::uint32_t> causes) const {
  if (leaving_.contains(identity) || leaving_elsewhere_.contains(identity) ||
      std::ranges::any_of(
          causes, [&](std::uint32_t cause) { return subjects_[cause].contains(identity); })) {
    return false;
  }
  const IdentityRef ref = decisions_.inventory->find_identity(identity);
  return !ref.valid() || is_active(*decisions_.inventory, ref, decisions_.as_of);
}

bool Principals::eligible(std::string_view principal, std::span<const std::uint32_t> causes) const {
  const Inventory& inventory = *decisions_.inventory;
  const std::optional<std::uint32_t> team = inventory.find_team(principal);
  if (inventory.find_identity(principal).valid() || !team) {
    return identity_eligible(principal, causes);  // or a team of which only the name is known
  }
  const auto index = inventory.schema->find(Entity::Team, "members");
  const SetId members{inventory.table(Entity::Team).columns[*index].word_at(*team)};
  if (members == kMissingSet || inventory.sets.elements(members).empty()) {
    return true;
  }
  return std::ranges::any_of(inventory.sets.elements(members), [&](std::uint32_t element) {
    return identity_eligible(inventory.text(Symbol{element}), causes);
  });
}

std::vector<std::string> Principals::resolve(const ResolvedPrincipals& chain,
                                             std::span<const std::uint32_t> causes) const {
  std::vector<std::string> out;
  for (const std::vector<std::string>& alternative : chain.alternatives) {
    for (const std::string& principal : alternative) {
      if (eligible(principal, causes)) {
        out.push_back(principal);
      }
    }
    if (!out.empty()) {
      std::sort(out.begin(), out.end());
      out.erase(std::unique(out.begin(), out.end()), out.end());
      return out;
    }
  }
  if (!steward_.empty() && eligible(steward_, causes)) {
    out.push_back(steward_);
  }
  return out;
}

}  // namespace rescind
