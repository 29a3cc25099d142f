// Items of the sandbox as rows of its file, and the tables themselves.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/sqlite.h"
#include "connect/reference_item.h"

namespace rescind::sandbox {

using Item = ReferenceItem;

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

}  // namespace rescind::sandbox
