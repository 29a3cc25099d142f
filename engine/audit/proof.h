// The proof that one entry is in the signed log, as it travels: one line of JSON that names all
// that checking it needs but the key.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "audit/checkpoint.h"
#include "audit/entry.h"
#include "audit/log_check.h"
#include "base/result.h"

namespace rescind {

inline constexpr std::string_view kProofFormat = "rescind-inclusion-proof";
inline constexpr std::string_view kProofVersion = "1.0";

struct InclusionProof {
  std::string line;  // the entry's canonical text
  std::vector<MerkleHash> path;
  std::string checkpoint;  // the note
};

// One line without its end.
std::string encode_proof(const InclusionProof& proof);
// Errors: Corrupt, Unsupported (another version).
Result<InclusionProof> decode_proof(std::string_view json);

// What is wrong with it; nothing: the entry is in the log that one of `keys` signed.
std::vector<Finding> check_proof(const InclusionProof& proof, const std::vector<PublicKey>& keys);

}  // namespace rescind
