// Scope lookup: groupings answer, rows are copied only where something has to be merged.
#include "evaluate/scope.h"

#include <algorithm>

namespace rescind {

void Scope::find(const Bound& bound, const BoundCause& cause) {
  segments_.clear();
  if (any_extra_) {
    for (std::vector<std::uint32_t>& rows : extra_) {
      rows.clear();
    }
    any_extra_ = false;
  }
  switch (cause.about) {
  case EventAbout::Identity:
    if (cause.subject.valid()) {
      find_identity(bound, cause.subject);
    }
    return;
  case EventAbout::Item:
    if (cause.item.valid()) {
      find_item(bound, cause.item);
    }
    return;
  case EventAbout::System:
    if (cause.system.valid()) {
      find_system(bound, cause.system);
    }
    return;
  }
}

void Scope::emit(Kind kind, std::span<const std::uint32_t> own) {
  const auto k = static_cast<std::size_t>(kind);
  if (extra_[k].empty()) {
    if (!own.empty()) {
      segments_.push_back({kind, own.data(), static_cast<std::uint32_t>(own.size())});
    }
    return;
  }
  std::vector<std::uint32_t>& merged = merged_[k];
  merged.assign(own.begin(), own.end());
  merged.insert(merged.end(), extra_[k].begin(), extra_[k].end());
  std::sort(merged.begin(), merged.end());
  merged.erase(std::unique(merged.begin(), merged.end()), merged.end());
  segments_.push_back({kind, merged.data(), static_cast<std::uint32_t>(merged.size())});
}

void Scope::find_identity(const Bound& bound, IdentityRef subject) {
  const Inventory& inventory = bound.inventory();
  const std::uint32_t row = subject.row();
  for (const Kind kind : bound.kinds_granted()) {
    const auto k = static_cast<std::size_t>(kind);
    const auto granted = inventory.by_grantee[k].of(row);
    extra_[k].insert(extra_[k].end(), granted.begin(), granted.end());
    any_extra_ = any_extra_ || !granted.empty();
  }
  if (!bound.kinds_under_accounts().empty()) {
    constexpr auto kAccounts = static_cast<std::size_t>(Kind::Account);
    const std::size_t granted = extra_[kAccounts].size();
    for (const std::uint32_t account : inventory.by_holder[kAccounts].of(row)) {
      add_under(bound, account, subject, {});
    }
    for (std::size_t i = 0; i < granted; ++i) {
      add_under(bound, extra_[kAccounts][i], subject, {});
    }
  }
  for (const Kind kind : bound.kinds_present()) {
    emit(kind, inventory.by_holder[static_cast<std::size_t>(kind)].of(row));
  }
}

void Scope::find_item(const Bound& bound, ItemRef item) {
  const auto k = static_cast<std::size_t>(item.kind());
  extra_[k].push_back(item.row());
  any_extra_ = true;
  if (item.kind() == Kind::Account) {
    add_under(bound, item.row(), {}, item);
  }
  for (const Kind kind : bound.kinds_present()) {
    emit(kind, {});
  }
}

void Scope::find_system(const Bound& bound, SystemRef system) {
  for (const Kind kind : bound.kinds_present()) {
    emit(kind, bound.inventory().by_system[static_cast<std::size_t>(kind)].of(system.row()));
  }
}

void Scope::add_under(const Bound& bound, std::uint32_t account_row, IdentityRef subject,
                      ItemRef root) {
  const Inventory& inventory = bound.inventory();
  accounts_.assign(1, account_row);
  // An item hangs on one account, so it is met once; only the root can be met again, in a circle.
  while (!accounts_.empty()) {
    const std::uint32_t account = accounts_.back();
    accounts_.pop_back();
    for (const Kind kind : bound.kinds_under_accounts()) {
      const auto k = static_cast<std::size_t>(kind);
      const Table& table = inventory.tables[k];
      for (const std::uint32_t row : inventory.by_account[k].of(account)) {
        const IdentityRef holder{table.columns[item_attribute::kHolder].word_at(row)};
        const IdentityRef grantee{table.columns[item_attribute::kGrantee].word_at(row)};
        if (ItemRef::of(kind, row) == root ||
            (subject.valid() && (holder == subject || grantee == subject))) {
          continue;
        }
        extra_[k].push_back(row);
        any_extra_ = true;
        if (kind == Kind::Account && row != account_row) {
          accounts_.push_back(row);
        }
      }
    }
  }
}

}  // namespace rescind
