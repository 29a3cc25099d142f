// The Merkle tree of the evidence log with the hashes of RFC 9162: leaves are hashed with a 0x00
// byte before them, inner nodes with 0x01. Proofs are made from stored nodes and checked without
// them. docs/audit-format.md has the form in which they travel.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/hash.h"
#include "base/result.h"

namespace rescind {

using MerkleHash = Sha256Bytes;

MerkleHash hash_leaf(std::string_view bytes);
MerkleHash hash_node(const MerkleHash& left, const MerkleHash& right);
// The root of no leaves: SHA-256 of nothing.
MerkleHash empty_root();

// 64 digits of lower-case hex. Errors: Protocol.
Result<MerkleHash> parse_hash(std::string_view hex);

// The right edge of a tree: all that appending needs, O(log n) hashes.
class MerkleFrontier {
 public:
  MerkleFrontier() = default;
  // `peaks`: the roots of the full subtrees of a tree of `size` leaves, the largest first, one per
  // bit that is set in `size`.
  MerkleFrontier(std::uint64_t size, std::vector<MerkleHash> peaks);

  // Takes one more leaf. Gives the nodes that it completes: the leaf itself, then its parents, as
  // long as they are full.
  std::vector<MerkleHash> append(const MerkleHash& leaf);

  [[nodiscard]] MerkleHash root() const;

  [[nodiscard]] std::uint64_t size() const { return size_; }

 private:
  std::uint64_t size_ = 0;
  std::vector<MerkleHash> peaks_;
};

// A full subtree: node `index` of `level` covers the leaves [index << level, (index + 1) << level).
struct MerkleNode {
  unsigned level = 0;
  std::uint64_t index = 0;

  // The leaf whose appending completed it.
  [[nodiscard]] std::uint64_t completed_by() const { return ((index + 1) << level) - 1; }
};

using NodeSource = std::function<Result<MerkleHash>(MerkleNode node)>;

// The full subtrees under the right edge of a tree of `size` leaves, the largest first.
std::vector<MerkleNode> frontier_nodes(std::uint64_t size);
Result<MerkleHash> tree_root(std::uint64_t size, const NodeSource& nodes);

// The path from leaf `index` to the root of a tree of `size` leaves. Requires index < size.
Result<std::vector<MerkleHash>> prove_inclusion(std::uint64_t index, std::uint64_t size,
                                                const NodeSource& nodes);
[[nodiscard]] bool verify_inclusion(std::uint64_t index, std::uint64_t size, const MerkleHash& leaf,
                                    const std::vector<MerkleHash>& proof, const MerkleHash& root);

// That the tree of `size` leaves begins with that of `old_size`. Requires old_size <= size.
Result<std::vector<MerkleHash>> prove_consistency(std::uint64_t old_size, std::uint64_t size,
                                                  const NodeSource& nodes);
[[nodiscard]] bool verify_consistency(std::uint64_t old_size, const MerkleHash& old_root,
                                      std::uint64_t size, const MerkleHash& root,
                                      const std::vector<MerkleHash>& proof);

}  // namespace rescind
