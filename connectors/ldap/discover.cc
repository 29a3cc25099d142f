// Discovery in a directory: accounts, their passwords, memberships of groups (nested ones too).
#include <map>
#include <set>

#include "connectors/ldap/connector.h"
#include "connectors/ldap/names.h"
#include "connectors/support/native_id.h"
#include "connectors/support/record.h"

namespace rescind::ldap {
namespace {

struct KnownAccount {
  std::string id;
  std::string holder_key;
};

struct KnownGroup {
  std::string id;
  std::string name;
  std::set<std::string> accounts;  // ids
  std::set<std::string> groups;    // comparable names of the groups in it
};

// Names, ids and members as the two searches showed them, turned into records.
class Finder {
 public:
  Finder(const LdapOptions& options, const Directory& directory)
      : options_(options), directory_(directory), traits_(traits_of(directory.dialect())) {}

  // False: the entry has no id.
  bool take_account(const Entry& entry) {
    FoundItem account = item(Kind::Account, id_text(directory_.id_attribute(), entry));
    if (account.native_id.empty()) {
      return false;
    }
    const std::string holder = options_.holder_attribute.empty()
                                   ? std::string(traits_.holder_attribute)
                                   : options_.holder_attribute;
    account.holder_key = lower(holder) == "dn" ? entry.dn : entry.first(holder);
    account.name = entry.first(traits_.holder_attribute);
    account.name = account.name.empty() ? entry.dn : account.name;
    account.enabled = reads_enabled(directory_.dialect(), entry.all(traits_.lock_attribute));
    account.created = parse_generalized_time(entry.first(traits_.created_attribute));
    account.last_used = parse_generalized_time(entry.first(traits_.last_used_attribute));
    account.expires = parse_filetime(entry.first(traits_.expires_attribute));
    account.privileged = entry.first("adminCount") == "1";
    accounts_[comparable_dn(entry.dn)] = {account.native_id, account.holder_key};
    for (const std::string& uid : entry.all("uid")) {
      by_uid_[uid] = {account.native_id, account.holder_key};
    }
    records.push_back(record_of(account));
    // The password of a disabled account opens nothing.
    if (options_.list_passwords && account.enabled.value_or(true)) {
      FoundItem password = under(Kind::Password, account.native_id, account);
      password.created = parse_generalized_time(entry.first(traits_.password_changed_attribute));
      if (directory_.dialect() == Dialect::ActiveDirectory) {
        password.created = parse_filetime(entry.first(traits_.password_changed_attribute));
      }
      records.push_back(record_of(password));
    }
    return true;
  }

  // False: the entry has no id.
  bool take_group(const Entry& entry) {
    KnownGroup group;
    group.id = id_text(directory_.id_attribute(), entry);
    group.name = entry.first("cn").empty() ? entry.dn : entry.first("cn");
    for (const std::string& attribute : member_attributes()) {
      for (const std::string& value : entry.all(attribute)) {
        take_member(group, attribute, value);
      }
    }
    const bool has_id = !group.id.empty();
    groups_[comparable_dn(entry.dn)] = std::move(group);
    return has_id;
  }

  void finish_groups() {
    for (const auto& [name, group] : groups_) {
      for (const std::string& inner : group.groups) {
        if (groups_.contains(inner)) {
          inside_[inner].insert(name);
        }
      }
    }
    for (const auto& [name, group] : groups_) {
      for (const std::string& account : group.accounts) {
        FoundItem owner = item(Kind::Account, account);
        owner.holder_key = holder_keys_[account];
        FoundItem membership = under(Kind::Group, join_native_id({group.id, account}), owner);
        membership.name = group.name;
        membership.inside = outer_items(name);
        records.push_back(record_of(membership));
      }
    }
    add_outer_groups();
  }

  std::vector<DiscoveredRecord> records;

 private:
  [[nodiscard]] FoundItem item(Kind kind, std::string native_id) const {
    FoundItem found;
    found.kind = kind;
    found.system = options_.system;
    found.native_id = std::move(native_id);
    return found;
  }

  [[nodiscard]] FoundItem under(Kind kind, std::string native_id, const FoundItem& account) const {
    FoundItem found = item(kind, std::move(native_id));
    found.account_native_id = account.native_id;
    found.holder_key = account.holder_key;
    return found;
  }

  void take_member(KnownGroup& group, const std::string& attribute, const std::string& value) {
    const KnownAccount* account = nullptr;
    if (attribute == "memberUid") {
      const auto it = by_uid_.find(value);
      account = it == by_uid_.end() ? nullptr : &it->second;
    } else {
      const std::string name = comparable_dn(without_unique_bits(value));
      const auto it = accounts_.find(name);
      account = it == accounts_.end() ? nullptr : &it->second;
      if (account == nullptr) {
        group.groups.insert(name);
      }
    }
    if (account != nullptr) {
      group.accounts.insert(account->id);
      holder_keys_[account->id] = account->holder_key;
    }
  }

  std::vector<std::string> outer_items(const std::string& group) {
    std::vector<std::string> ids;
    for (const std::string& outer : inside_[group]) {
      ids.push_back(
          item_id(options_.system, kind_name(Kind::Group), join_native_id({groups_[outer].id})));
      needed_.insert(outer);
    }
    return ids;
  }

  // The groups that others are inside of, as items that nobody holds, up to the outermost.
  void add_outer_groups() {
    std::set<std::string> done;
    while (!needed_.empty()) {
      const std::string name = *needed_.begin();
      needed_.erase(needed_.begin());
      if (!done.insert(name).second) {
        continue;
      }
      FoundItem group = item(Kind::Group, join_native_id({groups_[name].id}));
      group.name = groups_[name].name;
      group.inside = outer_items(name);
      records.push_back(record_of(group));
    }
  }

  const LdapOptions& options_;
  const Directory& directory_;
  const DialectTraits& traits_;
  std::map<std::string, KnownAccount> accounts_;  // by comparable name
  std::map<std::string, KnownAccount> by_uid_;
  std::map<std::string, std::string> holder_keys_;  // by account id
  std::map<std::string, KnownGroup> groups_;        // by comparable name
  std::map<std::string, std::set<std::string>> inside_;
  std::set<std::string> needed_;
};

// Why a search that ended so has not shown everything; "" when it has.
std::string why_incomplete(const SearchAnswer& answer) {
  if (!answer.ok()) {
    return std::to_string(answer.entries.size()) + " entries, then " + answer.why;
  }
  return answer.referred ? "parts of the tree are on other servers" : "";
}

ListingState listing(Kind kind, const std::string& why) {
  ListingState state;
  state.kind = kind_name(kind);
  state.complete = why.empty();
  state.why = why;
  return state;
}

std::vector<std::string> account_attributes(const DialectTraits& traits, const LdapOptions& options,
                                            const std::string& id_attribute) {
  std::vector<std::string> names = {"uid", "adminCount", id_attribute};
  for (const std::string_view name :
       {traits.holder_attribute, traits.lock_attribute, traits.created_attribute,
        traits.last_used_attribute, traits.expires_attribute, traits.password_changed_attribute,
        std::string_view(options.holder_attribute)}) {
    if (!name.empty()) {
      names.emplace_back(name);
    }
  }
  return names;
}

Error listing_error(const Answer& answer, const std::string& system) {
  const ErrorKind kind = answer.refused                          ? ErrorKind::Auth
                         : answer.delivery == Delivery::Answered ? ErrorKind::Protocol
                                                                 : ErrorKind::Network;
  Error error(kind, answer.why, answer.refused ? RetryAdvice::Never : RetryAdvice::Safe);
  return std::move(error.add_context("listing accounts of " + system));
}

}  // namespace

Result<Discovery> LdapConnector::discover() {
  if (const Answer opened = directory_.open(); !opened.ok()) {
    return tl::unexpected(listing_error(opened, options_.system));
  }
  SearchRequest people;
  people.base = directory_.account_base();
  people.filter = directory_.account_filter();
  people.attributes = account_attributes(traits(), options_, directory_.id_attribute());
  const SearchAnswer accounts = directory_.client().search_all(people);
  if (!accounts.ok() && accounts.entries.empty()) {
    return tl::unexpected(listing_error(accounts, options_.system));
  }
  std::string accounts_why = why_incomplete(accounts);
  // Without permission a search succeeds and finds nothing.
  if (accounts_why.empty() && accounts.entries.empty()) {
    accounts_why = "no account is visible, as when the connector may not see them";
  }
  Finder finder(options_, directory_);
  for (const Entry& entry : accounts.entries) {
    if (!finder.take_account(entry) && accounts_why.empty()) {
      accounts_why = entry.dn + " shows no " + directory_.id_attribute();
    }
  }
  SearchRequest teams;
  teams.base = directory_.group_base();
  teams.filter = directory_.options().group_filter;
  teams.attributes = member_attributes();
  teams.attributes.insert(teams.attributes.end(), {"cn", directory_.id_attribute()});
  const SearchAnswer groups = directory_.client().search_all(teams);
  // A member whose account was not listed cannot be told from a name that is none of ours.
  std::string groups_why = why_incomplete(groups);
  groups_why = groups_why.empty() ? accounts_why : groups_why;
  for (const Entry& entry : groups.entries) {
    if (!finder.take_group(entry) && groups_why.empty()) {
      groups_why = entry.dn + " shows no " + directory_.id_attribute();
    }
  }
  finder.finish_groups();
  Discovery discovery;
  discovery.records = std::move(finder.records);
  discovery.listings.push_back(listing(Kind::Account, accounts_why));
  if (options_.list_passwords) {
    discovery.listings.push_back(listing(Kind::Password, accounts_why));
  }
  discovery.listings.push_back(listing(Kind::Group, groups_why));
  return discovery;
}

}  // namespace rescind::ldap
