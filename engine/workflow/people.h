// The people of an organisation as approvals, escalations and hand-overs ask for them: read from
// the inventory as it is now.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "model/approver.h"
#include "model/inventory.h"
#include "model/schema.h"
#include "store/store.h"

namespace rescind {

struct People {
  ApproverFacts approvers;
  std::string steward;  // "" none
  // Principals; empty: nobody is recorded. Absent functions know nobody.
  std::function<std::vector<std::string>(const std::string& identity)> owners_of_identity;
  std::function<std::vector<std::string>(const std::string& system)> owners_of_system;
  // URI; "" none.
  std::function<std::string(const std::string& principal)> contact;
};

// Identities with an open or scheduled leaver event that was not taken back. Errors: of the store.
Result<std::set<std::string>> find_leaving(Store& store, const Schema& schema);

// `leaving`: identities with an open or scheduled leaver event. Keeps the inventory.
People read_people(const std::shared_ptr<const Inventory>& inventory, std::string steward,
                   std::set<std::string> leaving, Instant now);

// Identity → its declared public keys, sorted, with a space between: what a plan is bound to.
std::map<std::string, std::string> declared_keys(const Inventory& inventory);

// Whether the principal may be called or asked about the case of these subjects: active, not
// leaving, no subject; a team while one of its members may, or while none is recorded.
bool may_be_called(const People& people, const std::string& principal,
                   const std::set<std::string>& subjects);

}  // namespace rescind
