// Items of the sandbox: rows of its file, their JSON forms, and the tables themselves.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/sqlite.h"
#include "base/time.h"
#include "connect/connector.h"
#include "model/vocabulary.h"

namespace rescind::sandbox {

struct Item {
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
  std::string changed_by;    // marker of the request that rotated or replaced it last
  bool forgotten = false;    // rotated: nobody knows the value any more
  std::string successor;     // item id, once replaced
  std::optional<std::int64_t> residual_until;  // seconds since 1970
  std::string record;                          // as seeded, JSON
};

// Opens the file and creates the tables when they are missing.
Result<SqliteDatabase> open_file(const std::string& path);

// All with the database's lock or transaction held by the caller.
Result<std::optional<Item>> find_item(SqliteDatabase& file, const std::string& system,
                                      const std::string& id, const std::string& native_id);
Result<std::vector<Item>> select_items(SqliteDatabase& file, std::string_view where,
                                       const std::vector<std::string>& values);
Status save_item(SqliteDatabase& file, const Item& item);
Status record_effect(SqliteDatabase& file, const std::string& marker, std::string_view verb,
                     const std::string& item);

// Gives access now: what a listing shows.
bool is_live(const Item& item);
// An item from an inventory record; nothing when the record is no item. Errors: Corrupt.
Result<std::optional<Item>> item_of_record(std::string_view json);
std::string record_of_item(const Item& item);  // its inventory record now
std::string state_of_item(const Item& item);   // captured state
Status restore_state(Item& item, const std::string& state);
std::string describe_item(const Item& item);  // one line

}  // namespace rescind::sandbox
