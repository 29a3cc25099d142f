#include "attacker.h"

#include <vector>

namespace rescind::simulation {
namespace {

std::vector<const EstateItem*> accounts_of(const SimulatedEstate& estate,
                                           const std::string& person) {
  std::vector<const EstateItem*> out;
  for (const auto& [id, item] : estate.items()) {
    if (item.kind == Kind::Account && item.holder == person) {
      out.push_back(&item);
    }
  }
  return out;
}

// Systems that the account administers, as its record says.
std::vector<std::string> administered(const EstateItem& account, std::size_t of) {
  std::vector<std::string> out;
  const std::size_t list = account.record.find("\"administers\":[");
  const std::string systems =
      list == std::string::npos
          ? ""
          : account.record.substr(list, account.record.find(']', list) - list);
  for (std::size_t i = 0; i < of; ++i) {
    if (systems.find('"' + system_name(i) + '"') != std::string::npos) {
      out.push_back(system_name(i));
    }
  }
  return out;
}

bool has_session(const SimulatedEstate& estate, const std::string& account) {
  for (const auto& [id, item] : estate.items()) {
    if (item.kind == Kind::Session && item.present && item.account == account) {
      return true;
    }
  }
  return false;
}

}  // namespace

void Attacker::reach(const std::string& person, const std::string& what, const std::string& item) {
  ++trace_.acts;
  trace_.reaches.push_back({trace_.clock->now(), person, what, item});
  tell_("attack: " + person + " " + what + " " + item);
}

void Attacker::act(const std::string& person) {
  switch (dice_.pick(5)) {
  case 0:
  case 1:
    return sign_in(person);
  case 2:
    return mint(person);
  case 3:
    return use_what_is_known(person);
  default:
    return administer(person);
  }
}

void Attacker::sign_in(const std::string& person) {
  const auto accounts = accounts_of(*trace_.estate, person);
  if (!accounts.empty()) {
    const std::string account = dice_.of(accounts)->id;
    if (trace_.estate->sign_in(account, person)) {
      reach(person, "signs in to", account);
    }
  }
}

void Attacker::mint(const std::string& person) {
  const auto accounts = accounts_of(*trace_.estate, person);
  if (!accounts.empty()) {
    const std::string account = dice_.of(accounts)->id;
    if (trace_.estate->mint_token(account, person)) {
      reach(person, "makes a token of", account);
    }
  }
}

// Keys of machines and shared secrets, in retirement or not.
void Attacker::use_what_is_known(const std::string& person) {
  std::vector<std::string> known;
  for (const auto& [id, item] : trace_.estate->items()) {
    if (kCredentialKinds.contains(item.kind) && item.known_to.contains(person)) {
      known.push_back(id);
    }
  }
  if (!known.empty()) {
    const std::string item = dice_.of(known);
    if (trace_.estate->use(item, person)) {
      reach(person, "uses", item);
    }
  }
}

// An administrator of another system lets themselves in there.
void Attacker::administer(const std::string& person) {
  for (const EstateItem* account : accounts_of(*trace_.estate, person)) {
    const std::vector<std::string> systems = administered(*account, trace_.scenario.size.systems);
    if (systems.empty() || !account->present || !has_session(*trace_.estate, account->id)) {
      continue;
    }
    const std::string system = dice_.of(systems);
    for (const EstateItem* own : accounts_of(*trace_.estate, person)) {
      if (own->system == system && own->present && !own->enabled && own->id != account->id) {
        const std::string id = own->id;
        if (trace_.estate->enable(id, person)) {
          reach(person, "enables", id);
        }
        return;
      }
    }
  }
}

void Attacker::push() {
  SimulatedEstate& estate = *trace_.estate;
  for (const auto& [name, system] : estate.systems()) {
    for (const std::string& target : system.pushes_to) {
      for (std::size_t p = 0; p < trace_.scenario.size.people; ++p) {
        const EstateItem* root = estate.find(name + ":" + person_name(p));
        if (root == nullptr || !root->present || !root->enabled || target == name) {
          continue;
        }
        const std::string id = target + ":" + person_name(p);
        const EstateItem* there = estate.find(id);
        if (there != nullptr && there->present && !there->enabled) {
          tell_("push: " + name + " enables " + id);
          static_cast<void>(estate.enable(id, "push"));
        } else if (there == nullptr && dice_.chance(20)) {
          tell_("push: " + name + " creates " + id);
          static_cast<void>(estate.add_record(R"({"record":"account","id":")" + id +
                                              R"(","system":")" + target + R"(","holder":")" +
                                              person_name(p) + "\"}"));
          estate.note("push", "created", id);
        }
      }
    }
  }
}

}  // namespace rescind::simulation
