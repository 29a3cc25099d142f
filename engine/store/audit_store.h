// The part of the store that keeps the evidence log. The store itself writes an entry, in the same
// transaction, for all that it is told about runs; others add what only they know.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "audit/checkpoint.h"
#include "audit/entry.h"
#include "audit/merkle.h"
#include "base/result.h"

namespace rescind {

// An entry as it is kept.
struct StoredEntry {
  std::uint64_t sequence = 0;     // under which it is kept; the line says its own
  std::string line;               // the canonical text
  std::vector<MerkleHash> nodes;  // that it completed: its leaf, then the parents that became full
};

// Thread-safe.
class AuditStore {
 public:
  virtual ~AuditStore() = default;

  // Appends an entry, durable when it returns.
  virtual Status log(const AuditNote& note) = 0;
  // The number of entries, by the last one's place.
  virtual Result<std::uint64_t> audit_size() = 0;
  // At most `count` entries from that place on, in order. A gap shows in their places.
  virtual Result<std::vector<StoredEntry>> list_audit(std::uint64_t from, std::size_t count) = 0;
  // A node of the tree. Errors: Corrupt when the entry that completed it is not there.
  virtual Result<MerkleHash> audit_node(MerkleNode node) = 0;

  virtual Status add_checkpoint(const Checkpoint& checkpoint, const std::string& note) = 0;
  // The notes, in the order in which they were added.
  virtual Result<std::vector<std::string>> list_checkpoints() = 0;
};

}  // namespace rescind
