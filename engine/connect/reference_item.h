// An item of a reference system: a system that we play ourselves, kept in a file (the sandbox) or
// in memory (simulations). What both have in common: the item's JSON forms, when the goal of a verb
// holds, and what a verb does to the item alone. What follows for other items is theirs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "connect/connector.h"
#include "model/vocabulary.h"

namespace rescind {

struct ReferenceItem {
  std::string id, system;
  Kind kind = Kind::Account;
  std::string native_id, name, account, holder, level;
  std::string license;          // data: the license that carries it
  std::string carries_license;  // groups
  std::string credential;       // checkouts: what was taken out
  bool present = true;
  bool enabled = true;  // accounts and credentials
  bool locked = false;  // no interactive sign-in
  bool archived = false;
  std::string redirect_to;
  std::int64_t version = 1;  // of the secret
  std::string changed_by;    // marker of the request that gave it its value
  bool forgotten = false;    // rotated: nobody knows the value any more
  std::string successor;     // item id, once replaced
  std::optional<Instant> residual_until;
  std::string record;  // as it came, JSON
};

// Gives access now: what a listing shows.
bool is_live(const ReferenceItem& item);
// An item from an inventory record; nothing when the record is no item. Errors: Corrupt.
Result<std::optional<ReferenceItem>> item_of_record(std::string_view json);
std::string record_of_item(const ReferenceItem& item);  // its inventory record now
std::string state_of_item(const ReferenceItem& item);   // captured state
// Errors: Corrupt, nothing is changed then.
Status restore_state(ReferenceItem& item, const std::string& state);
std::string describe_item(const ReferenceItem& item);  // one line

// Whether captured state of the kind can be put back after the verb.
bool can_put_back(Verb verb, Kind kind);
// Whether the goal already holds. Absent items: for verbs that end something.
bool goal_holds(const ReferenceItem& item, const ActionRequest& request);
// What the verb does to the item itself. Not `restore`, `notify` and `ask`: they change no item.
void change_item(ReferenceItem& item, const ActionRequest& request);
// It has a new value, that nobody knows.
void renew_value(ReferenceItem& item, const std::string& marker);

}  // namespace rescind
