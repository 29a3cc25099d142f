// The tables of the SQLite store and their version. docs/store.md specifies each column.
#pragma once

#include "base/result.h"
#include "base/sqlite.h"

namespace rescind {

inline constexpr int kStoreSchemaVersion = 1;

// Creates the tables in an empty file; checks the version of one that has them. Errors: Unsupported
// (a newer version), Corrupt (a database of something else), those of SQLite.
Status prepare_store_schema(SqliteDatabase& database, bool read_only);

}  // namespace rescind
