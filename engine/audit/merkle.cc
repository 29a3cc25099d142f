// The algorithms of RFC 9162 sections 2.1.1 to 2.1.4.
#include "audit/merkle.h"

#include <bit>
#include <utility>

#include "base/check.h"

namespace rescind {
namespace {

std::string_view view_of(const MerkleHash& hash) {
  return {reinterpret_cast<const char*>(hash.data()), hash.size()};
}

// The largest power of two below `size`; size > 1.
std::uint64_t split_of(std::uint64_t size) {
  return std::bit_floor(size - 1);
}

// The root over the leaves [begin, end); begin is where RFC 9162 would split, so that every full
// subtree within is a node.
Result<MerkleHash> root_of(std::uint64_t begin, std::uint64_t end, const NodeSource& nodes) {
  const std::uint64_t size = end - begin;
  if (std::has_single_bit(size)) {
    const auto level = static_cast<unsigned>(std::countr_zero(size));
    return nodes(MerkleNode{level, begin >> level});
  }
  const std::uint64_t middle = begin + split_of(size);
  RESCIND_ASSIGN_OR_RETURN(const MerkleHash left, root_of(begin, middle, nodes));
  RESCIND_ASSIGN_OR_RETURN(const MerkleHash right, root_of(middle, end, nodes));
  return hash_node(left, right);
}

// 0..15, or more when it is no digit.
unsigned nibble_of(char digit) {
  if (digit >= '0' && digit <= '9') {
    return static_cast<unsigned>(digit - '0');
  }
  return digit >= 'a' && digit <= 'f' ? static_cast<unsigned>(digit - 'a') + 10U : 16U;
}

// Climbs from the right edge while the node is a left child without a sibling.
void skip_to_sibling(std::uint64_t& node, std::uint64_t& last) {
  while ((node & 1U) == 0 && node != 0) {
    node >>= 1U;
    last >>= 1U;
  }
}

}  // namespace

MerkleHash hash_leaf(std::string_view bytes) {
  return Sha256().update(std::string_view("\0", 1)).update(bytes).finish();
}

MerkleHash hash_node(const MerkleHash& left, const MerkleHash& right) {
  return Sha256().update("\x01").update(view_of(left)).update(view_of(right)).finish();
}

MerkleHash empty_root() {
  return sha256("");
}

Result<MerkleHash> parse_hash(std::string_view hex) {
  MerkleHash hash{};
  if (hex.size() != hash.size() * 2) {
    return fail(ErrorKind::Protocol, "a hash has 64 hex digits, this one has " +
                                         std::to_string(hex.size()) + " characters");
  }
  for (std::size_t at = 0; at < hash.size(); ++at) {
    const unsigned high = nibble_of(hex[2 * at]);
    const unsigned low = nibble_of(hex[2 * at + 1]);
    if (high > 15 || low > 15) {
      return fail(ErrorKind::Protocol, "a hash has lower-case hex digits only");
    }
    hash[at] = static_cast<std::uint8_t>((high << 4U) | low);
  }
  return hash;
}

MerkleFrontier::MerkleFrontier(std::uint64_t size, std::vector<MerkleHash> peaks)
    : size_(size), peaks_(std::move(peaks)) {
  RESCIND_CHECK(peaks_.size() == static_cast<std::size_t>(std::popcount(size)),
                "a tree has one peak per bit of its size");
}

std::vector<MerkleHash> MerkleFrontier::append(const MerkleHash& leaf) {
  std::vector<MerkleHash> completed{leaf};
  MerkleHash node = leaf;
  for (std::uint64_t rest = size_; (rest & 1U) != 0; rest >>= 1U) {
    node = hash_node(peaks_.back(), node);
    peaks_.pop_back();
    completed.push_back(node);
  }
  peaks_.push_back(node);
  ++size_;
  return completed;
}

MerkleHash MerkleFrontier::root() const {
  if (peaks_.empty()) {
    return empty_root();
  }
  MerkleHash root = peaks_.back();
  for (auto peak = peaks_.rbegin() + 1; peak != peaks_.rend(); ++peak) {
    root = hash_node(*peak, root);
  }
  return root;
}

std::vector<MerkleNode> frontier_nodes(std::uint64_t size) {
  std::vector<MerkleNode> nodes;
  std::uint64_t begin = 0;
  for (std::uint64_t rest = size; rest != 0;) {
    const std::uint64_t full = std::bit_floor(rest);
    const auto level = static_cast<unsigned>(std::countr_zero(full));
    nodes.push_back({level, begin >> level});
    begin += full;
    rest -= full;
  }
  return nodes;
}

Result<MerkleHash> tree_root(std::uint64_t size, const NodeSource& nodes) {
  return size == 0 ? Result<MerkleHash>(empty_root()) : root_of(0, size, nodes);
}

Result<std::vector<MerkleHash>> prove_inclusion(std::uint64_t index, std::uint64_t size,
                                                const NodeSource& nodes) {
  RESCIND_CHECK(index < size, "only a leaf of the tree has a proof");
  std::vector<MerkleHash> proof;  // from the root down, turned round at the end
  std::uint64_t begin = 0;
  std::uint64_t end = size;
  while (end - begin > 1) {
    const std::uint64_t middle = begin + split_of(end - begin);
    const bool left = index < middle;
    RESCIND_ASSIGN_OR_RETURN(const MerkleHash sibling,
                             left ? root_of(middle, end, nodes) : root_of(begin, middle, nodes));
    proof.push_back(sibling);
    (left ? end : begin) = middle;
  }
  return std::vector<MerkleHash>(proof.rbegin(), proof.rend());
}

bool verify_inclusion(std::uint64_t index, std::uint64_t size, const MerkleHash& leaf,
                      const std::vector<MerkleHash>& proof, const MerkleHash& root) {
  if (index >= size) {
    return false;
  }
  std::uint64_t node = index;
  std::uint64_t last = size - 1;
  MerkleHash hash = leaf;
  for (const MerkleHash& sibling : proof) {
    if (last == 0) {
      return false;
    }
    if ((node & 1U) != 0 || node == last) {
      hash = hash_node(sibling, hash);
      skip_to_sibling(node, last);
    } else {
      hash = hash_node(hash, sibling);
    }
    node >>= 1U;
    last >>= 1U;
  }
  return last == 0 && hash == root;
}

Result<std::vector<MerkleHash>> prove_consistency(std::uint64_t old_size, std::uint64_t size,
                                                  const NodeSource& nodes) {
  RESCIND_CHECK(old_size <= size, "a tree begins with no larger one");
  std::vector<MerkleHash> proof;  // from the root down, turned round at the end
  if (old_size == 0 || old_size == size) {
    return proof;
  }
  std::uint64_t begin = 0;
  std::uint64_t end = size;
  // Into the half in which the old tree ends; the other half is part of the proof.
  while (old_size != end) {
    const std::uint64_t middle = begin + split_of(end - begin);
    const bool left = old_size <= middle;
    RESCIND_ASSIGN_OR_RETURN(const MerkleHash other,
                             left ? root_of(middle, end, nodes) : root_of(begin, middle, nodes));
    proof.push_back(other);
    (left ? end : begin) = middle;
  }
  if (begin != 0) {  // else it is the old tree as a whole, whose root the verifier has
    RESCIND_ASSIGN_OR_RETURN(const MerkleHash rest, root_of(begin, end, nodes));
    proof.push_back(rest);
  }
  return std::vector<MerkleHash>(proof.rbegin(), proof.rend());
}

bool verify_consistency(std::uint64_t old_size, const MerkleHash& old_root, std::uint64_t size,
                        const MerkleHash& root, const std::vector<MerkleHash>& proof) {
  if (old_size > size) {
    return false;
  }
  if (old_size == size || old_size == 0) {
    return proof.empty() && old_root == (old_size == size ? root : empty_root());
  }
  std::vector<MerkleHash> path;
  path.reserve(proof.size() + 1);
  if (std::has_single_bit(old_size)) {
    path.push_back(old_root);
  }
  path.insert(path.end(), proof.begin(), proof.end());
  if (path.empty()) {
    return false;
  }
  std::uint64_t node = old_size - 1;
  std::uint64_t last = size - 1;
  while ((node & 1U) != 0) {
    node >>= 1U;
    last >>= 1U;
  }
  MerkleHash old_hash = path.front();
  MerkleHash new_hash = path.front();
  for (std::size_t at = 1; at < path.size(); ++at) {
    if (last == 0) {
      return false;
    }
    if ((node & 1U) != 0 || node == last) {
      old_hash = hash_node(path[at], old_hash);
      new_hash = hash_node(path[at], new_hash);
      skip_to_sibling(node, last);
    } else {
      new_hash = hash_node(new_hash, path[at]);
    }
    node >>= 1U;
    last >>= 1U;
  }
  return last == 0 && old_hash == old_root && new_hash == root;
}

}  // namespace rescind
