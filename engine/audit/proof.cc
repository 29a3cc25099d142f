// Inclusion proofs as JSON.
#include "audit/proof.h"

#include <nlohmann/json.hpp>

#include "base/printable.h"

namespace rescind {

std::string encode_proof(const InclusionProof& proof) {
  std::string hashes;
  for (const MerkleHash& hash : proof.path) {
    hashes += (hashes.empty() ? "\"" : ",\"") + to_hex(hash) + '"';
  }
  return "{\"format\":" + quote_json(kProofFormat) + ",\"version\":" + quote_json(kProofVersion) +
         ",\"line\":" + quote_json(proof.line) + ",\"leaf\":\"" + to_hex(hash_leaf(proof.line)) +
         "\",\"proof\":[" + hashes + "],\"checkpoint\":" + quote_json(proof.checkpoint) + "}";
}

Result<InclusionProof> decode_proof(std::string_view text) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  const auto text_of = [&json](const char* name) {
    const auto found = json.find(name);
    return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  if (!json.is_object() || text_of("format") != kProofFormat) {
    return fail(ErrorKind::Corrupt,
                "this is no proof: it has no `format`: `" + std::string(kProofFormat) + "`");
  }
  if (text_of("version") != kProofVersion) {
    return fail(ErrorKind::Unsupported, "the proof has version `" + printable(text_of("version")) +
                                            "`, this program knows " + std::string(kProofVersion));
  }
  InclusionProof proof;
  proof.line = text_of("line");
  proof.checkpoint = text_of("checkpoint");
  const auto path = json.find("proof");
  if (path == json.end() || !path->is_array()) {
    return fail(ErrorKind::Corrupt, "the proof has no `proof`");
  }
  for (const auto& hex : *path) {
    const auto hash = parse_hash(hex.is_string() ? hex.get<std::string>() : std::string());
    if (!hash) {
      return fail(ErrorKind::Corrupt,
                  "a hash of the proof cannot be read: " + hash.error().message());
    }
    proof.path.push_back(*hash);
  }
  return proof;
}

std::vector<Finding> check_proof(const InclusionProof& proof, const std::vector<PublicKey>& keys) {
  std::vector<Finding> findings;
  const auto entry = decode_entry(proof.line);
  if (!entry) {
    return {{FindingKind::Malformed, std::nullopt,
             "the entry cannot be read: " + entry.error().message()}};
  }
  const auto checkpoint = verify_checkpoint(proof.checkpoint, keys);
  if (!checkpoint) {
    return {{FindingKind::Unsigned, entry->sequence,
             "the checkpoint of the proof: " + checkpoint.error().message()}};
  }
  if (!verify_inclusion(entry->sequence, checkpoint->size, hash_leaf(proof.line), proof.path,
                        checkpoint->root)) {
    findings.push_back({FindingKind::Changed, entry->sequence,
                        "entry " + std::to_string(entry->sequence) +
                            " is not in the signed log: it or its proof was changed"});
  }
  return findings;
}

}  // namespace rescind
