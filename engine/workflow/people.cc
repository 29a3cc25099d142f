// Teams, keys, owners and contacts out of the inventory's columns.
#include "workflow/people.h"

#include <algorithm>
#include <map>
#include <utility>

#include "base/text.h"

namespace rescind {
namespace {

// Each element of a set attribute of one row; nothing where the schema has no such attribute.
std::vector<std::string> set_texts(const Inventory& inventory, Entity entity, std::uint32_t row,
                                   std::string_view attribute) {
  std::vector<std::string> out;
  const auto index = inventory.schema->find(entity, attribute);
  if (!index) {
    return out;
  }
  const SetId set{inventory.table(entity).columns[*index].word_at(row)};
  if (set == kMissingSet) {
    return out;
  }
  for (const std::uint32_t element : inventory.sets.elements(set)) {
    out.emplace_back(inventory.text(Symbol{element}));
  }
  return out;
}

std::string text_of(const Inventory& inventory, Entity entity, std::uint32_t row,
                    std::string_view attribute) {
  const auto index = inventory.schema->find(entity, attribute);
  if (!index) {
    return {};
  }
  const std::uint32_t word = inventory.table(entity).columns[*index].word_at(row);
  return word == raw(kMissingSymbol) ? std::string() : std::string(inventory.text(Symbol{word}));
}

using Keys = std::map<std::string, std::set<std::string>>;

// `identity=key` of every team, for its members only.
Keys read_keys(const Inventory& inventory, std::set<std::string>* signing_teams) {
  Keys keys;
  const Table& teams = inventory.table(Entity::Team);
  for (std::uint32_t row = 0; row < teams.rows(); ++row) {
    const std::vector<std::string> declared =
        set_texts(inventory, Entity::Team, row, "approver_keys");
    if (declared.empty()) {
      continue;
    }
    if (signing_teams != nullptr) {
      signing_teams->emplace(inventory.text(teams.ids[row]));
    }
    const std::vector<std::string> members = set_texts(inventory, Entity::Team, row, "members");
    for (const std::string& pair : declared) {
      const std::size_t equals = pair.find('=');
      const std::string identity = pair.substr(0, equals);
      if (equals != std::string::npos &&
          std::find(members.begin(), members.end(), identity) != members.end()) {
        keys[identity].insert(pair.substr(equals + 1));
      }
    }
  }
  return keys;
}

ApproverPerson read_person(const Inventory& inventory, IdentityRef ref, Instant now) {
  ApproverPerson person;
  const std::string status = text_of(inventory, Entity::Identity, ref.row(), "status");
  person.away = status == "on_leave";
  const std::int64_t ends =
      inventory.table(Entity::Identity).columns[identity_attribute::kEnds].long_at(ref.row());
  const bool engaged = ends == kMissingInt || Instant(Seconds(ends)) > now;
  person.active = engaged && (status.empty() || status == "active");
  person.away = person.away && engaged;
  const std::vector<std::string> owners =
      set_texts(inventory, Entity::Identity, ref.row(), "owner");
  person.owners = {owners.begin(), owners.end()};
  return person;
}

}  // namespace

std::map<std::string, std::string> declared_keys(const Inventory& inventory) {
  std::map<std::string, std::string> out;
  for (const auto& [identity, keys] : read_keys(inventory, nullptr)) {
    out[identity] = join(std::vector<std::string>(keys.begin(), keys.end()), " ");
  }
  return out;
}

Result<std::set<std::string>> find_leaving(Store& store, const Schema& schema) {
  RESCIND_ASSIGN_OR_RETURN(const std::vector<StoredEvent> open, store.list_open_events(""));
  std::set<std::string> leaving;
  for (const StoredEvent& event : open) {
    const auto type = schema.find_event(event.type);
    if (type && schema.events[*type].leaver_type && !event.withdrawn) {
      leaving.insert(event.subject);
    }
  }
  return leaving;
}

People read_people(const std::shared_ptr<const Inventory>& inventory, std::string steward,
                   std::set<std::string> leaving, Instant now) {
  People people;
  people.steward = std::move(steward);
  const auto keys = std::make_shared<Keys>(read_keys(*inventory, &people.approvers.signing_teams));
  const Table& teams = inventory->table(Entity::Team);
  for (std::uint32_t row = 0; row < teams.rows(); ++row) {
    const auto members = set_texts(*inventory, Entity::Team, row, "members");
    people.approvers.teams[std::string(inventory->text(teams.ids[row]))] = {members.begin(),
                                                                            members.end()};
  }
  people.approvers.find_person = [inventory, keys, leaving = std::move(leaving),
                                  now](const std::string& identity) {
    const IdentityRef ref = inventory->find_identity(identity);
    if (!ref.valid()) {
      return std::optional<ApproverPerson>();
    }
    ApproverPerson person = read_person(*inventory, ref, now);
    person.leaving = leaving.contains(identity);
    if (const auto found = keys->find(identity); found != keys->end()) {
      person.keys = found->second;
    }
    return std::optional(person);
  };
  people.owners_of_identity = [inventory](const std::string& identity) {
    const IdentityRef ref = inventory->find_identity(identity);
    return ref.valid() ? set_texts(*inventory, Entity::Identity, ref.row(), "owner")
                       : std::vector<std::string>();
  };
  people.owners_of_system = [inventory](const std::string& system) {
    const SystemRef ref = inventory->find_system(system);
    return ref.valid() ? set_texts(*inventory, Entity::System, ref.row(), "owner")
                       : std::vector<std::string>();
  };
  people.contact = [inventory](const std::string& principal) {
    if (const auto team = inventory->find_team(principal)) {
      return text_of(*inventory, Entity::Team, *team, "contact");
    }
    const IdentityRef ref = inventory->find_identity(principal);
    return ref.valid() ? text_of(*inventory, Entity::Identity, ref.row(), "contact")
                       : std::string();
  };
  return people;
}

bool may_be_called(const People& people, const std::string& principal,
                   const std::set<std::string>& subjects) {
  const auto may = [&](const std::string& identity) {
    const auto person = people.approvers.person(identity);
    return !subjects.contains(identity) && (!person || (person->active && !person->leaving));
  };
  const auto team = people.approvers.teams.find(principal);
  if (team == people.approvers.teams.end() || team->second.empty() ||
      people.approvers.person(principal)) {
    return !principal.empty() && may(principal);
  }
  return std::any_of(team->second.begin(), team->second.end(), may);
}

}  // namespace rescind
