// What the inventory says of the people who approve and are called: their state, their keys, their
// teams. Asked when an approval is used, not when it was given.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>

namespace rescind {

struct ApproverPerson {
  bool active = true;          // engaged and not suspended
  bool away = false;           // on leave: does not act, but may have delegated
  bool leaving = false;        // has an open or scheduled leaver event
  std::set<std::string> keys;  // public keys that their teams declare for them
  // Who stands behind it: the owners of an account of one's own, a bot. What they may not approve,
  // it may not.
  std::set<std::string> owners = {};
};

struct ApproverFacts {
  std::map<std::string, std::set<std::string>> teams;  // members, identities
  std::set<std::string> signing_teams;  // teams that declare keys: unsigned approvals do not count
  // Nothing: the inventory does not know the identity. Thread-safe; absent: nobody is known.
  std::function<std::optional<ApproverPerson>(const std::string& identity)> find_person;

  [[nodiscard]] std::optional<ApproverPerson> person(const std::string& identity) const {
    return find_person ? find_person(identity) : std::nullopt;
  }
};

}  // namespace rescind
