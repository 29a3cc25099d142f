// Builds the inventory records that discovery gives, in the form that collect reads.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "connect/connector.h"
#include "model/vocabulary.h"

namespace rescind {

// One access item as discovery saw it. Empty fields are left out of the record.
struct FoundItem {
  Kind kind = Kind::Account;
  std::string system;
  std::string native_id;
  std::string account_native_id;  // the account that it is under
  std::string name;
  std::string holder_key;       // by which collect finds the person
  std::optional<bool> enabled;  // accounts only
  bool privileged = false;
  std::optional<Instant> created;
  std::optional<Instant> last_used;
  std::optional<Instant> expires;
  std::string level;                // role, permission
  std::string data_kind;            // data
  std::vector<std::string> inside;  // group: item ids of the groups that this one is a member of
};

// The id that the item gets in the inventory (native_id.h).
std::string found_item_id(const FoundItem& item);
DiscoveredRecord record_of(const FoundItem& item);

}  // namespace rescind
