// Justification, three-valued: what cannot be told whether it may stay is for a person.
#include "evaluate/justify.h"

#include <algorithm>

namespace rescind {
namespace {

constexpr KindSet kFollowers = KindSet(Kind::Session) | kCredentialKinds;

std::uint64_t grant_key(SystemRef system, Kind kind, std::uint32_t name) {
  return (std::uint64_t{system.cell} << 37U) ^ (std::uint64_t{name} << 5U) ^
         static_cast<std::uint64_t>(kind);
}

}  // namespace

RoleJustifier::RoleJustifier(const Bound& bound)
    : bound_(bound), inventory_(bound.inventory()), interpreter_(bound) {
  const std::vector<CheckedRole>& roles = bound.policy().roles;
  for (std::uint32_t r = 0; r < roles.size(); ++r) {
    for (const CheckedGrant& grant : roles[r].grants) {
      const SystemRef system = inventory_.find_system(grant.system);
      const std::optional<Symbol> name = inventory_.symbols.find(grant.name);
      if (system.valid() && name) {
        granted_by_[grant_key(system, grant.kind, raw(*name))].push_back(r);
      }
    }
  }
}

void RoleJustifier::begin(const BoundCause& cause) {
  cause_ = &cause;
  if (!answers_.empty() || !roles_.empty()) {
    answers_.clear();
    roles_.clear();
    removals_.clear();
  }
}

Tri RoleJustifier::justified(ItemRef item) {
  return answer(item).tri;
}

std::string RoleJustifier::reason(ItemRef item) {
  const Answer result = answer(item);
  return result.tri == Tri::True ? result.by : std::string();
}

RoleJustifier::Answer RoleJustifier::answer(ItemRef item) {
  if (const auto found = answers_.find(item.cell); found != answers_.end()) {
    return found->second;
  }
  Answer result = compute(item);
  answers_.emplace(item.cell, result);
  return result;
}

RoleJustifier::Answer RoleJustifier::compute(ItemRef item) {
  if (bound_.undetermined(entity_of(item.kind()), item.row())) {
    return {};
  }
  if (item.kind() == Kind::Account) {
    return account(item);
  }
  return kFollowers.contains(item.kind()) ? follower(item) : by_role_or_keep(item);
}

IdentityRef RoleJustifier::holder_of(ItemRef item) const {
  const IdentityRef holder = inventory_.holder(item);
  const ItemRef account = inventory_.account(item);
  return holder.cell == kMissingCell && account.valid() ? inventory_.holder(account) : holder;
}

RoleJustifier::Answer RoleJustifier::by_role_or_keep(ItemRef item) {
  Answer result{Tri::False, {}};
  const auto take = [&result](Tri tri, const std::string& by) {
    if (tri > result.tri) {
      result = {tri, by};
    }
  };
  const IdentityRef holder = holder_of(item);
  const auto key =
      grant_key(inventory_.system(item), item.kind(), inventory_.word(item, item_attribute::kName));
  if (const auto granting = granted_by_.find(key); granting != granted_by_.end()) {
    for (const Held& held : roles_of(holder)) {
      if (std::binary_search(granting->second.begin(), granting->second.end(), held.role)) {
        take(held.certainty, "role " + bound_.policy().roles[held.role].declared.qualified());
      }
    }
  }
  const std::vector<CheckedKeep>& keeps = bound_.policy().keeps;
  for (std::size_t k = 0; k < keeps.size() && result.tri != Tri::True; ++k) {
    if (keeps[k].kinds.contains(item.kind())) {
      take(keep_holds(k, item, holder), "keep " + keeps[k].declared.qualified());
    }
  }
  return result;
}

Tri RoleJustifier::keep_holds(std::size_t keep, ItemRef item, IdentityRef holder) {
  const NodeId where = bound_.program().keeps[keep].where;
  if (!where.valid()) {
    return Tri::True;
  }
  interpreter_.begin(*cause_);
  interpreter_.set_subject(holder, true);
  return interpreter_.test_item(where, item);
}

// An account stays for its own sake, or while something on it does.
RoleJustifier::Answer RoleJustifier::account(ItemRef item) {
  Answer result = by_role_or_keep(item);
  if (result.tri == Tri::True) {
    return result;
  }
  std::string_view through;
  for (const Kind kind : bound_.kinds_under_accounts()) {
    if (kind == Kind::Account || kFollowers.contains(kind)) {
      continue;
    }
    for (const std::uint32_t row :
         inventory_.by_account[static_cast<std::size_t>(kind)].of(item.row())) {
      const ItemRef part = ItemRef::of(kind, row);
      const Answer one = answer(part);
      const std::string_view id = inventory_.id(part);
      // Of several the first by id is named, whatever the order of rows.
      if (one.tri > result.tri || (one.tri == Tri::True && (through.empty() || id < through))) {
        result = {one.tri, one.by + " through " + std::string(id)};
        through = id;
      }
    }
  }
  return result;
}

// Sessions, tokens and credentials go with their account; sessions and tokens also with any right
// that is taken from it, since they may carry it.
RoleJustifier::Answer RoleJustifier::follower(ItemRef item) {
  Answer own = by_role_or_keep(item);
  if (own.tri == Tri::True) {
    return own;
  }
  const ItemRef on = inventory_.account(item);
  if (on.cell == kBrokenCell) {
    return {};
  }
  Answer result = on.valid() ? through_account(item, on) : through_accounts_of_holder(item);
  result.tri = std::max(result.tri, own.tri);
  return result;
}

RoleJustifier::Answer RoleJustifier::through_account(ItemRef item, ItemRef on) {
  Tri tri = answer(on).tri;
  if (item.kind() == Kind::Session || item.kind() == Kind::Token) {
    tri = std::min(tri, tri_not(removal_on(on)));
  }
  return {tri, "account " + std::string(inventory_.id(on))};
}

// Without an account on record, those of the same holder on the same system speak for it.
RoleJustifier::Answer RoleJustifier::through_accounts_of_holder(ItemRef item) {
  const IdentityRef holder = inventory_.holder(item);
  if (!holder.valid() || is_active(holder) == Tri::False) {
    return {Tri::False, {}};
  }
  Answer result{Tri::False, {}};
  bool any = false;
  for (const std::uint32_t row :
       inventory_.by_holder[static_cast<std::size_t>(Kind::Account)].of(holder.row())) {
    const ItemRef account = ItemRef::of(Kind::Account, row);
    if (inventory_.system(account) != inventory_.system(item)) {
      continue;
    }
    any = true;
    Answer one = through_account(item, account);
    if (one.tri > result.tri || (one.tri == result.tri && one.by < result.by)) {
      result = std::move(one);
    }
  }
  return any ? result : Answer{};
}

// Whether a right on the account is not justified, and so will be removed.
Tri RoleJustifier::removal_on(ItemRef account) {
  if (const auto found = removals_.find(account.cell); found != removals_.end()) {
    return found->second;
  }
  Tri removal = Tri::False;
  for (const Kind kind : bound_.kinds_under_accounts()) {
    if (!kEntitlementKinds.contains(kind)) {
      continue;
    }
    for (const std::uint32_t row :
         inventory_.by_account[static_cast<std::size_t>(kind)].of(account.row())) {
      removal = std::max(removal, tri_not(answer(ItemRef::of(kind, row)).tri));
    }
  }
  removals_.emplace(account.cell, removal);
  return removal;
}

const std::vector<RoleJustifier::Held>& RoleJustifier::roles_of(IdentityRef identity) {
  const auto found = roles_.find(identity.cell);
  return found != roles_.end() ? found->second
                               : roles_.emplace(identity.cell, find_roles(identity)).first->second;
}

std::vector<RoleJustifier::Held> RoleJustifier::find_roles(IdentityRef identity) {
  std::vector<Held> held;
  const Tri active = is_active(identity);
  if (active == Tri::False) {
    return held;
  }
  interpreter_.begin(*cause_);
  interpreter_.set_subject(identity, true);
  for (std::uint32_t r = 0; r < bound_.policy().roles.size(); ++r) {
    const Tri holds = std::min(active, holds_role(r, identity));
    if (holds != Tri::False) {
      held.push_back({r, holds});
    }
  }
  return held;
}

// By its `when`; without one, by the system of record, which may name it in full or in short.
Tri RoleJustifier::holds_role(std::uint32_t role, IdentityRef identity) {
  const NodeId when = bound_.program().roles[role].when;
  if (when.valid()) {
    return interpreter_.test(when);
  }
  const Value assigned = interpreter_.attribute_of(identity, identity_attribute::kRoles);
  if (!assigned.known()) {
    return Tri::Unknown;
  }
  const Declared& declared = bound_.policy().roles[role].declared;
  const auto elements = assigned.elements();
  return tri_of(std::any_of(elements.begin(), elements.end(), [&](std::uint32_t symbol) {
    const std::string_view name = bound_.text(symbol);
    return name == declared.name || name == declared.qualified();
  }));
}

Tri RoleJustifier::is_active(IdentityRef identity) {
  if (!identity.valid()) {
    return identity.cell == kMissingCell ? Tri::False : Tri::Unknown;
  }
  const bool own = cause_->about == EventAbout::Identity && identity == cause_->subject;
  if (own && cause_->ends_engagement) {
    return Tri::False;
  }
  interpreter_.begin(*cause_);
  interpreter_.set_subject(identity, true);
  const Value status = interpreter_.attribute_of(identity, identity_attribute::kStatus);
  const bool said =
      own && std::any_of(cause_->after.begin(), cause_->after.end(),
                         [](const auto& a) { return a.first == identity_attribute::kStatus; });
  if (own && !said) {
    const std::string& event = bound_.policy().schema->events[cause_->type].name;
    if (event == "leave_end" || event == "rehire") {
      return Tri::True;
    }
    if (event == "leave_start") {
      return Tri::False;
    }
  }
  return status.known() ? tri_of(bound_.text(status.word()) == "active") : Tri::Unknown;
}

}  // namespace rescind
