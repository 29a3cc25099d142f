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

Principals::Principals(const Decisions& decisions, std::string steward)
    : decisions_(decisions), steward_(std::move(steward)) {
  const std::vector<Cause>& causes = decisions.causes;
  root_.resize(causes.size());
  subjects_.resize(causes.size());
  for (std::uint32_t i = 0; i < causes.size(); ++i) {
    // Parents stand before what is derived from them.
    const std::uint32_t parent = causes[i].parent;
    root_[i] = parent == Cause::kNoParent ? i : root_[parent];
    if (causes[i].subject.valid()) {
      const std::string subject(decisions.inventory->id(causes[i].subject));
      subjects_[root_[i]].insert(subject);
      if (decisions.policy->schema->events[causes[i].type].leaver_type && !causes[i].event.withdrawn) {
        leaving_.insert(subject);
      }
    }
  }
}

const std::set<std::string, std::less<>>& Principals::subjects(std::uint32_t cause) const {
  return subjects_[root_[cause]];
}

bool Principals::identity_eligible(std::string_view identity, std::uint32_t cause) const {
  if (leaving_.contains(identity) || subjects(cause).contains(identity)) {
    return false;
  }
  const IdentityRef ref = decisions_.inventory->find_identity(identity);
  return ref.valid() && is_active(*decisions_.inventory, ref, decisions_.as_of);
}

bool Principals::eligible(std::string_view principal, std::uint32_t cause) const {
  const Inventory& inventory = *decisions_.inventory;
  if (inventory.find_identity(principal).valid()) {
    return identity_eligible(principal, cause);
  }
  const std::optional<std::uint32_t> team = inventory.find_team(principal);
  if (!team) {
    return !leaving_.contains(principal) && !subjects(cause).contains(principal);
  }
  const auto index = inventory.schema->find(Entity::Team, "members");
  const SetId members{inventory.table(Entity::Team).columns[*index].word_at(*team)};
  if (members == kMissingSet || inventory.sets.elements(members).empty()) {
    return true;
  }
  return std::ranges::any_of(inventory.sets.elements(members), [&](std::uint32_t element) {
    return identity_eligible(inventory.text(Symbol{element}), cause);
  });
}

std::vector<std::string> Principals::resolve(const ResolvedPrincipals& chain,
                                             std::uint32_t cause) const {
  std::vector<std::string> out;
  for (const std::vector<std::string>& alternative : chain.alternatives) {
    for (const std::string& principal : alternative) {
      if (eligible(principal, cause)) {
        out.push_back(principal);
      }
    }
    if (!out.empty()) {
      std::sort(out.begin(), out.end());
      out.erase(std::unique(out.begin(), out.end()), out.end());
      return out;
    }
  }
  if (!steward_.empty() && eligible(steward_, cause)) {
    out.push_back(steward_);
  }
  return out;
}

}  // namespace rescind
