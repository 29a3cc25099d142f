// The evidence log in SQLite: one row per entry with the nodes of the tree that it completed, so
// that appending and proving read O(log n) rows and nothing is ever changed.
#include <string>
#include <utility>

#include "store/audit_writer.h"
#include "store/sqlite_store.h"

namespace rescind {
namespace {

constexpr const char* kAuditTables = R"sql(
CREATE TABLE IF NOT EXISTS audit (
  sequence    INTEGER PRIMARY KEY,
  entry       TEXT NOT NULL,
  nodes       TEXT NOT NULL
) STRICT;
CREATE TRIGGER IF NOT EXISTS audit_no_update BEFORE UPDATE ON audit
  BEGIN SELECT RAISE(ABORT, 'the evidence log is append-only'); END;
CREATE TRIGGER IF NOT EXISTS audit_no_delete BEFORE DELETE ON audit
  BEGIN SELECT RAISE(ABORT, 'the evidence log is append-only'); END;
CREATE TABLE IF NOT EXISTS checkpoints (
  number      INTEGER PRIMARY KEY AUTOINCREMENT,
  size        INTEGER NOT NULL,
  at          INTEGER NOT NULL,
  note        TEXT NOT NULL
) STRICT;
CREATE TRIGGER IF NOT EXISTS checkpoints_no_update BEFORE UPDATE ON checkpoints
  BEGIN SELECT RAISE(ABORT, 'checkpoints are append-only'); END;
CREATE TRIGGER IF NOT EXISTS checkpoints_no_delete BEFORE DELETE ON checkpoints
  BEGIN SELECT RAISE(ABORT, 'checkpoints are append-only'); END;
)sql";

constexpr std::size_t kHexDigits = 64;

}  // namespace

Status prepare_audit_tables(SqliteDatabase& database) {
  return database.execute(kAuditTables);
}

Result<std::vector<MerkleHash>> read_nodes(const std::string& hex, std::uint64_t sequence) {
  std::vector<MerkleHash> nodes;
  for (std::size_t at = 0; at + kHexDigits <= hex.size(); at += kHexDigits) {
    const auto hash = parse_hash(std::string_view(hex).substr(at, kHexDigits));
    if (!hash) {
      break;
    }
    nodes.push_back(*hash);
  }
  if (nodes.empty() || nodes.size() * kHexDigits != hex.size()) {
    return fail(ErrorKind::Corrupt, "the hashes kept with entry " + std::to_string(sequence) +
                                        " of the evidence log are damaged; restore the store from "
                                        "a backup");
  }
  return nodes;
}

Result<MerkleHash> read_node(SqliteDatabase& database, MerkleNode node) {
  const std::uint64_t sequence = node.completed_by();
  RESCIND_ASSIGN_OR_RETURN(auto select,
                           database.prepare("SELECT nodes FROM audit WHERE sequence = ?"));
  RESCIND_ASSIGN_OR_RETURN(const bool row, select.bind(static_cast<std::int64_t>(sequence)).step());
  if (!row) {
    return fail(ErrorKind::Corrupt, "entry " + std::to_string(sequence) +
                                        " of the evidence log is missing; restore the store from a "
                                        "backup");
  }
  RESCIND_ASSIGN_OR_RETURN(const auto nodes, read_nodes(select.text(0), sequence));
  if (node.level >= nodes.size()) {
    return fail(ErrorKind::Corrupt, "the hashes kept with entry " + std::to_string(sequence) +
                                        " of the evidence log are too few; restore the store from "
                                        "a backup");
  }
  return nodes[node.level];
}

Status AuditWriter::catch_up(SqliteDatabase& database) {
  RESCIND_ASSIGN_OR_RETURN(
      auto last,
      database.prepare("SELECT sequence, nodes FROM audit ORDER BY sequence DESC LIMIT 1"));
  RESCIND_ASSIGN_OR_RETURN(const bool row, last.step());
  if (!row) {
    frontier_ = MerkleFrontier();
    head_ = MerkleHash{};
    return {};
  }
  const auto sequence = static_cast<std::uint64_t>(last.number(0));
  RESCIND_ASSIGN_OR_RETURN(const auto nodes, read_nodes(last.text(1), sequence));
  // The leaf hash names all entries before it: the same one, the same log.
  if (frontier_.size() == sequence + 1 && head_ == nodes.front()) {
    return {};
  }
  std::vector<MerkleHash> peaks;
  for (const MerkleNode& node : frontier_nodes(sequence + 1)) {
    RESCIND_ASSIGN_OR_RETURN(const MerkleHash peak, read_node(database, node));
    peaks.push_back(peak);
  }
  frontier_ = MerkleFrontier(sequence + 1, std::move(peaks));
  head_ = nodes.front();
  return {};
}

Status AuditWriter::append(SqliteDatabase& database, const AuditNote& note) {
  RESCIND_RETURN_IF_ERROR(catch_up(database));
  const std::string line = encode_entry({frontier_.size(), note, head_});
  const MerkleHash leaf = hash_leaf(line);
  std::string hex;
  for (const MerkleHash& node : frontier_.append(leaf)) {
    hex += to_hex(node);
  }
  head_ = leaf;
  RESCIND_ASSIGN_OR_RETURN(auto insert, database.prepare("INSERT INTO audit VALUES (?,?,?)"));
  return insert.bind(static_cast<std::int64_t>(frontier_.size() - 1)).bind(line).bind(hex).run();
}

Status SqliteStore::log_run(std::string kind, const std::string& run, Instant at,
                            std::map<std::string, std::string> data) {
  AuditNote note;
  note.at = at;
  note.kind = std::move(kind);
  note.run = run;
  note.data = std::move(data);
  return audit_.append(database_, note);
}

Status SqliteStore::log_notes(const std::vector<AuditNote>& notes, const std::string& run,
                              Instant at) {
  for (AuditNote note : notes) {
    note.run = run;
    note.at = at;
    RESCIND_RETURN_IF_ERROR(audit_.append(database_, note));
  }
  return {};
}

Status SqliteStore::log(const AuditNote& note) {
  const std::lock_guard lock(mutex_);
  RESCIND_ASSIGN_OR_RETURN(auto transaction, SqliteTransaction::begin(database_));
  RESCIND_RETURN_IF_ERROR(audit_.append(database_, note));
  return transaction.commit();
}

Result<std::uint64_t> SqliteStore::audit_size() {
  const std::lock_guard lock(mutex_);
  RESCIND_ASSIGN_OR_RETURN(
      const std::int64_t last,
      database_.query_int("SELECT coalesce(max(sequence), -1) FROM audit", -1));
  return static_cast<std::uint64_t>(last + 1);
}

Result<std::vector<StoredEntry>> SqliteStore::list_audit(std::uint64_t from, std::size_t count) {
  const std::lock_guard lock(mutex_);
  RESCIND_ASSIGN_OR_RETURN(auto select,
                           database_.prepare("SELECT sequence, entry, nodes FROM audit "
                                             "WHERE sequence >= ? ORDER BY sequence LIMIT ?"));
  select.bind(static_cast<std::int64_t>(from)).bind(static_cast<std::int64_t>(count));
  std::vector<StoredEntry> entries;
  while (true) {
    RESCIND_ASSIGN_OR_RETURN(const bool row, select.step());
    if (!row) {
      return entries;
    }
    const auto sequence = static_cast<std::uint64_t>(select.number(0));
    // Damaged hashes are not a reason to show no entry; whoever checks the log sees them missing.
    auto nodes = read_nodes(select.text(2), sequence);
    entries.push_back(
        {sequence, select.text(1), nodes ? std::move(*nodes) : std::vector<MerkleHash>()});
  }
}

Result<MerkleHash> SqliteStore::audit_node(MerkleNode node) {
  const std::lock_guard lock(mutex_);
  return read_node(database_, node);
}

Status SqliteStore::add_checkpoint(const Checkpoint& checkpoint, const std::string& note) {
  const std::lock_guard lock(mutex_);
  RESCIND_ASSIGN_OR_RETURN(
      auto insert, database_.prepare("INSERT INTO checkpoints (size, at, note) VALUES (?,?,?)"));
  return insert.bind(static_cast<std::int64_t>(checkpoint.size))
      .bind(stored(checkpoint.at))
      .bind(note)
      .run();
}

Result<std::vector<std::string>> SqliteStore::list_checkpoints() {
  const std::lock_guard lock(mutex_);
  RESCIND_ASSIGN_OR_RETURN(auto select,
                           database_.prepare("SELECT note FROM checkpoints ORDER BY number"));
  std::vector<std::string> notes;
  while (true) {
    RESCIND_ASSIGN_OR_RETURN(const bool row, select.step());
    if (!row) {
      return notes;
    }
    notes.push_back(select.text(0));
  }
}

}  // namespace rescind
