// Checks a whole evidence log without trusting where it comes from: the form and the chain of its
// entries, its tree against signed checkpoints, and checkpoints against each other.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "audit/checkpoint.h"
#include "audit/entry.h"
#include "audit/merkle.h"
#include "base/signature.h"

namespace rescind {

enum class FindingKind : std::uint8_t {
  Malformed,  // not of the form that it should have
  Changed,    // an entry or a text is not what it was
  Missing,    // an entry was taken out
  Reordered,  // an entry stands in another place, or twice
  Truncated,  // the end was cut off
  Forked,     // signed checkpoints tell of two different pasts
  Unsigned,   // no known key vouches for it
  Differs,    // the store says something else than its log
};
std::string_view finding_kind_name(FindingKind kind);  // "truncated"

struct Finding {
  FindingKind kind = FindingKind::Malformed;
  std::optional<std::uint64_t> entry;  // the one that it is about
  std::string message;
};

struct LogReport {
  std::uint64_t entries = 0;
  MerkleHash root{};
  std::uint64_t covered = 0;            // entries under the largest checkpoint that holds
  std::vector<Checkpoint> checkpoints;  // those that hold, smallest first
  std::vector<Finding> findings;        // the first of each; empty: the log holds
  std::uint64_t findings_left_out = 0;  // more of them than fit

  [[nodiscard]] bool holds() const { return findings.empty(); }
};

struct LogCheckOptions {
  std::vector<PublicKey> keys;  // whose signatures count
  std::string origin;           // of the log; "" the first checkpoint's
  // Every entry must be under a signed checkpoint; else it is enough that there is one that holds,
  // or no entry yet.
  bool fully_signed = true;
};

// Checkpoints first, then every line in order, then `finish`.
class LogChecker {
 public:
  explicit LogChecker(LogCheckOptions options) : options_(std::move(options)) {}

  // `from`: where it stands, for messages: "checkpoint 3 of the store", "`last-week.checkpoint`".
  void add_checkpoint(std::string_view note, const std::string& from);
  // The next entry. Gives it when it could be read.
  std::optional<AuditEntry> add_line(std::string_view line);
  void report(FindingKind kind, std::optional<std::uint64_t> entry, std::string message);
  LogReport finish();

  // The nodes that the last line completed, as the store should have kept them.
  [[nodiscard]] const std::vector<MerkleHash>& completed() const { return completed_; }

 private:
  struct Claimed {
    Checkpoint checkpoint;
    std::string from;
  };

  void check_place(std::uint64_t place, std::uint64_t said);
  void check_roots();
  void finish_place();
  void finish_checkpoints();

  LogCheckOptions options_;
  LogReport report_;
  MerkleFrontier frontier_;
  std::vector<MerkleHash> completed_;
  MerkleHash last_{};                              // leaf hash of the last line
  std::optional<std::uint64_t> last_said_;         // the sequence number that it gave itself
  std::multimap<std::uint64_t, Claimed> pending_;  // by size: not reached yet
  std::map<std::uint64_t, Claimed> by_size_;       // the first of each size, for forks
  std::optional<std::uint64_t> last_good_;         // size of the largest that holds
  // The first place that holds another entry than it should, that entry, and whether the right one
  // came later.
  std::optional<std::uint64_t> wrong_place_;
  std::uint64_t wrong_said_ = 0;
  bool came_later_ = false;
};

}  // namespace rescind
