// AuditWriter: appends entries to the log's table within the transaction of whoever calls it.
#pragma once

#include <cstdint>
#include <vector>

#include "audit/entry.h"
#include "audit/merkle.h"
#include "base/sqlite.h"

namespace rescind {

// The log's tables, created when they are missing.
Status prepare_audit_tables(SqliteDatabase& database);

// Used by one thread at a time, with one database.
class AuditWriter {
 public:
  // Within a transaction that the caller commits. The right edge of the tree is remembered between
  // calls and read again when another process, or a transaction that was taken back, came between.
  Status append(SqliteDatabase& database, const AuditNote& note);

 private:
  Status catch_up(SqliteDatabase& database);

  MerkleFrontier frontier_;
  MerkleHash head_{};  // leaf hash of the last entry; zero before the first
};

// The hashes of an entry's `nodes` column. Errors: Corrupt.
Result<std::vector<MerkleHash>> read_nodes(const std::string& hex, std::uint64_t sequence);
// A node from the row that completed it. Errors: Corrupt.
Result<MerkleHash> read_node(SqliteDatabase& database, MerkleNode node);

}  // namespace rescind
