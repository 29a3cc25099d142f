// The tables of the SQLite store and their version. docs/store.md specifies each column.
#pragma once

#include "base/result.h"
#include "base/sqlite.h"
#include "store/store.h"

namespace rescind {

inline constexpr int kStoreSchemaVersion = 2;

// Creates the tables in an empty file; brings those of an older version up to date. Errors:
// Unsupported (a newer version; an older one that is opened for reading), Corrupt (a database of
// something else; a plan in it that cannot be read), those of SQLite.
Status prepare_store_schema(SqliteDatabase& database, bool read_only);

// Within a transaction: by what the run is found, besides what it is found by already.
Status write_run_index(SqliteDatabase& database, const std::string& run, const PlanIndex& index);

}  // namespace rescind
