// The evidence pack of one identity: every entry of the log that is about it, each with the proof
// that the signed log holds it, sealed by the log's key so that nothing can be left out afterwards.
// A file of JSON, or a page for people with that JSON inside. docs/audit-format.md specifies both.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "audit/checkpoint.h"
#include "audit/entry.h"
#include "audit/log_check.h"
#include "audit/story.h"
#include "base/result.h"

namespace rescind {

inline constexpr std::string_view kPackFormat = "rescind-evidence-pack";
inline constexpr std::string_view kPackVersion = "1.0";

struct PackEntry {
  std::string line;               // the canonical text
  std::vector<MerkleHash> proof;  // of its inclusion in the log of the checkpoint
};

struct EvidencePack {
  std::string identity;
  Instant made_at{};
  std::string checkpoint;  // the note
  std::vector<PackEntry> entries;
  std::string seal;  // the note over all of the above
};

// Signs the pack as complete; everything else is filled in.
void seal_pack(EvidencePack& pack, const KeyPair& key);

// JSON, two-space indented, final newline. What the entries tell is written out in it (`story`).
// Errors: Corrupt when an entry is none.
Result<std::string> encode_pack(const EvidencePack& pack);
// Reads the JSON, or the JSON in the page; the story is not read but told again. Errors: Corrupt,
// Unsupported (another version).
Result<EvidencePack> decode_pack(std::string_view text);
// True when the text is a page rather than JSON.
bool is_pack_page(std::string_view text);

// What the entries of a pack tell. Errors: Corrupt.
Result<Story> tell_pack(const EvidencePack& pack);

// A page that needs nothing but itself.
Result<std::string> render_pack_page(const EvidencePack& pack);

struct PackReport {
  std::string identity;
  Checkpoint checkpoint;
  std::uint64_t entries = 0;
  std::string verdict;  // of the story
  std::vector<Finding> findings;

  [[nodiscard]] bool holds() const { return findings.empty(); }
};

// Checks the text of a pack: signatures, proofs, order, and that everything that it says for people
// follows from its entries. `log`: when given (not empty), that it holds the entries of the log on
// its identity, up to its checkpoint, and no others; that the log is the one of that checkpoint is
// for check_log_file to say. Errors: those of decode_pack and of the log.
Result<PackReport> check_pack(std::string_view text, const std::vector<PublicKey>& keys,
                              const LogSource& log = {});

}  // namespace rescind
