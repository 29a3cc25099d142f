// Discovery over SCIM: users, memberships of groups (nested ones too), roles and entitlements.
#include <map>
#include <set>

#include <nlohmann/json.hpp>

#include "connectors/scim/connector.h"
#include "connectors/support/native_id.h"
#include "connectors/support/record.h"

namespace rescind::scim {
namespace {

using Json = nlohmann::json;

// The name of the user's extension that most servers know; roles and entitlements are of the core.
constexpr const char* kRoles = "roles";
constexpr const char* kEntitlements = "entitlements";

struct KnownUser {
  std::string holder_key;
};

struct KnownGroup {
  std::string name;
  std::vector<std::string> users;   // ids, in the order of the server
  std::vector<std::string> groups;  // members that are groups
};

std::optional<Instant> meta_instant(const Json& resource, const char* key) {
  const auto meta = resource.find("meta");
  return meta == resource.end() ? std::nullopt : parse_instant(string_member(*meta, key));
}

// Collects what the two lists say and turns it into records.
class Finder {
 public:
  Finder(const ScimOptions& options, ScimClient& client) : options_(options), client_(client) {}

  void take_user(const Json& user) {
    const std::string id = string_member(user, "id");
    FoundItem account = item(Kind::Account, id);
    account.name = string_member(user, "userName");
    account.holder_key = attribute_text(user, options_.holder_attribute);
    account.enabled = read_active(user);
    account.created = meta_instant(user, "created");
    users_[id] = {account.holder_key};
    add(account);
    take_rights(user, kRoles, Kind::Role, account);
    take_rights(user, kEntitlements, Kind::Permission, account);
  }

  // "" or why the memberships of this group cannot be told.
  std::string take_group(Json group) {
    const std::string id = string_member(group, "id");
    if (!group.contains("members")) {
      // Either it has none or this list leaves members out; only the group itself tells.
      const ReadAnswer answer =
          client_.get(Target{Target::What::Whole, "Groups", id, "", ""}.path(), nullptr);
      if (answer.state == ReadState::Missing) {
        return "";  // deleted since
      }
      if (answer.state != ReadState::Found) {
        return "group " + id + ": " + answer.why;
      }
      group = *parse_object(answer.body);
    }
    KnownGroup& known = groups_[id];
    known.name = string_member(group, "displayName");
    const auto members = group.find("members");
    if (members == group.end() || !members->is_array()) {
      return "";
    }
    for (const Json& member : *members) {
      const std::string value =
          member.is_string() ? member.get<std::string>() : string_member(member, "value");
      if (!value.empty()) {
        (is_group(member) ? known.groups : known.users).push_back(value);
      }
    }
    return "";
  }

  void finish_groups() {
    // A member without a type that is the id of a group is a group.
    for (auto& [id, group] : groups_) {
      std::erase_if(group.users, [&, &known = group](const std::string& member) {
        const bool nested = !users_.contains(member) && groups_.contains(member);
        if (nested) {
          known.groups.push_back(member);
        }
        return nested;
      });
      for (const std::string& inner : group.groups) {
        inside_[inner].insert(id);
      }
    }
    for (const auto& [id, group] : groups_) {
      for (const std::string& user : group.users) {
        take_membership(id, group, user);
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

  // A server that repeats a member or a role gives it once.
  void add(const FoundItem& found) {
    if (given_.insert(found_item_id(found)).second) {
      records.push_back(record_of(found));
    }
  }

  static bool is_group(const Json& member) {
    return string_member(member, "type") == "Group" ||
           string_member(member, "$ref").find("/Groups/") != std::string::npos;
  }

  void take_rights(const Json& user, const char* attribute, Kind kind, const FoundItem& account) {
    for (const std::string& value : values_of(user, attribute)) {
      FoundItem right = item(kind, join_native_id({account.native_id, value}));
      right.account_native_id = account.native_id;
      right.holder_key = account.holder_key;
      right.name = value;
      add(right);
    }
  }

  void take_membership(const std::string& id, const KnownGroup& group, const std::string& user) {
    FoundItem membership = item(Kind::Group, join_native_id({id, user}));
    const auto known = users_.find(user);
    // A member that is no listed user still has the membership; its account is not ours to invent.
    if (known != users_.end()) {
      membership.account_native_id = user;
      membership.holder_key = known->second.holder_key;
    }
    membership.name = group.name;
    membership.inside = outer_items(id);
    add(membership);
  }

  std::vector<std::string> outer_items(const std::string& group) {
    std::vector<std::string> ids;
    for (const std::string& outer : inside_[group]) {
      ids.push_back(item_id(options_.system, kind_name(Kind::Group), join_native_id({outer})));
      needed_.insert(outer);
    }
    return ids;
  }

  // The groups that others are inside of, as items that nobody holds, up to the outermost.
  void add_outer_groups() {
    std::set<std::string> done;
    while (!needed_.empty()) {
      const std::string id = *needed_.begin();
      needed_.erase(needed_.begin());
      if (!done.insert(id).second) {
        continue;
      }
      FoundItem group = item(Kind::Group, join_native_id({id}));
      group.name = groups_[id].name;
      group.inside = outer_items(id);
      add(group);
    }
  }

  const ScimOptions& options_;
  ScimClient& client_;
  std::map<std::string, KnownUser> users_;
  std::map<std::string, KnownGroup> groups_;
  std::map<std::string, std::set<std::string>> inside_;  // group → groups that it is a member of
  std::set<std::string> needed_;
  std::set<std::string> given_;
};

ListingState listing(Kind kind, std::string why) {
  ListingState state;
  state.kind = kind_name(kind);
  state.complete = why.empty();
  state.why = std::move(why);
  return state;
}

}  // namespace

Result<Discovery> ScimConnector::discover() {
  const ListedCollection users = list_collection(client_, {"/Users", options_.page_size});
  if (!users.answered) {
    return tl::unexpected(
        error_of(users.first_answer).add_context("listing users of " + options_.system));
  }
  const ListedCollection groups = list_collection(client_, {"/Groups", options_.page_size});
  Finder finder(options_, client_);
  for (const std::string& text : users.resources) {
    finder.take_user(*parse_object(text));
  }
  std::string users_why = users.complete ? "" : users.why;
  // A credential that may see nobody gets an empty list and a friendly 200.
  if (users.complete && users.resources.empty()) {
    users_why = "no user is visible, as when the credential may not see them";
  }
  std::string groups_why = groups.complete ? users_why : groups.why;
  // A server without groups says so by 404.
  if (!groups.answered && groups.first_answer.state == ReadState::Missing) {
    groups_why = users_why;
  }
  for (const std::string& text : groups.resources) {
    if (const std::string why = finder.take_group(*parse_object(text)); !why.empty()) {
      groups_why = groups_why.empty() ? why : groups_why;
    }
  }
  finder.finish_groups();
  Discovery discovery;
  discovery.records = std::move(finder.records);
  for (const Kind kind : {Kind::Account, Kind::Role, Kind::Permission}) {
    discovery.listings.push_back(listing(kind, users_why));
  }
  discovery.listings.push_back(listing(Kind::Group, groups_why));
  return discovery;
}

}  // namespace rescind::scim
