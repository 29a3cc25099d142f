// The tree for any number of leaves: against its definition, and every proof against every change.
#include <algorithm>

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include "audit/entry.h"
#include "audit/merkle.h"
#include "tests/unit/audit/fixture.h"

namespace {

using namespace rescind;

// MTH of RFC 9162 section 2.1.1, word for word.
MerkleHash root_by_definition(const std::vector<MerkleHash>& leaves) {
  if (leaves.empty()) {
    return sha256("");
  }
  if (leaves.size() == 1) {
    return leaves.front();
  }
  std::size_t split = 1;
  while (split * 2 < leaves.size()) {
    split *= 2;
  }
  const auto middle = leaves.begin() + static_cast<std::ptrdiff_t>(split);
  return hash_node(root_by_definition({leaves.begin(), middle}),
                   root_by_definition({middle, leaves.end()}));
}

std::vector<MerkleHash> leaves_of(std::uint64_t count) {
  std::vector<MerkleHash> leaves;
  for (std::uint64_t at = 0; at < count; ++at) {
    leaves.push_back(hash_leaf(std::to_string(at)));
  }
  return leaves;
}

// One bit of one hash turned over.
std::vector<MerkleHash> damaged(std::vector<MerkleHash> proof) {
  const auto at = *rc::gen::inRange<std::size_t>(0, proof.size());
  const auto bit = *rc::gen::inRange<unsigned>(0, 256);
  proof[at][bit / 8] = static_cast<std::uint8_t>(proof[at][bit / 8] ^ (1U << (bit % 8)));
  return proof;
}

TEST_CASE("merkle: appending gives the root of the definition, also from a stored frontier") {
  CHECK(rc::check([] {
    const auto count = *rc::gen::inRange<std::uint64_t>(0, 200);
    const auto cut = *rc::gen::inRange<std::uint64_t>(0, count + 1);
    const std::vector<MerkleHash> leaves = leaves_of(count);
    // What the store keeps: the nodes that each leaf completed.
    std::vector<std::vector<MerkleHash>> completed;
    MerkleFrontier frontier;
    for (const MerkleHash& leaf : leaves) {
      completed.push_back(frontier.append(leaf));
    }
    RC_ASSERT(frontier.root() == root_by_definition(leaves));
    const NodeSource stored = [&completed](MerkleNode node) -> Result<MerkleHash> {
      return completed.at(node.completed_by()).at(node.level);
    };
    RC_ASSERT(tree_root(count, stored).value() == frontier.root());
    std::vector<MerkleHash> peaks;
    for (const MerkleNode& node : frontier_nodes(cut)) {
      peaks.push_back(stored(node).value());
    }
    MerkleFrontier again(cut, peaks);
    for (std::uint64_t at = cut; at < count; ++at) {
      RC_ASSERT(again.append(leaves[at]) == completed[at]);
    }
    RC_ASSERT(again.root() == frontier.root());
  }));
}

TEST_CASE("merkle: every leaf has a proof, and no damaged or misplaced one is taken") {
  CHECK(rc::check([] {
    const auto count = *rc::gen::inRange<std::uint64_t>(1, 200);
    const auto index = *rc::gen::inRange<std::uint64_t>(0, count);
    const std::vector<MerkleHash> leaves = leaves_of(count);
    const MerkleHash root = root_by_definition(leaves);
    const auto proof = prove_inclusion(index, count, nodes_over(leaves)).value();
    RC_ASSERT(verify_inclusion(index, count, leaves[index], proof, root));
    const auto other = *rc::gen::inRange<std::uint64_t>(0, count);
    RC_ASSERT(other == index || !verify_inclusion(other, count, leaves[index], proof, root));
    RC_ASSERT(other == index || !verify_inclusion(index, count, leaves[other], proof, root));
    if (!proof.empty()) {
      RC_ASSERT(!verify_inclusion(index, count, leaves[index], damaged(proof), root));
      auto shorter = proof;
      shorter.pop_back();
      RC_ASSERT(!verify_inclusion(index, count, leaves[index], shorter, root));
    }
  }));
}

TEST_CASE("merkle: every earlier tree is proved, and a rewritten past never is") {
  CHECK(rc::check([] {
    const auto count = *rc::gen::inRange<std::uint64_t>(1, 200);
    const auto old = *rc::gen::inRange<std::uint64_t>(1, count + 1);
    std::vector<MerkleHash> leaves = leaves_of(count);
    const std::vector<MerkleHash> before(leaves.begin(),
                                         leaves.begin() + static_cast<std::ptrdiff_t>(old));
    const MerkleHash old_root = root_by_definition(before);
    const auto proof = prove_consistency(old, count, nodes_over(leaves)).value();
    RC_ASSERT(verify_consistency(old, old_root, count, root_by_definition(leaves), proof));
    if (!proof.empty()) {
      RC_ASSERT(
          !verify_consistency(old, old_root, count, root_by_definition(leaves), damaged(proof)));
    }
    const auto rewritten = *rc::gen::inRange<std::uint64_t>(0, old);
    leaves[rewritten] = hash_leaf("something else");
    const auto forged = prove_consistency(old, count, nodes_over(leaves)).value();
    RC_ASSERT(!verify_consistency(old, old_root, count, root_by_definition(leaves), forged));
  }));
}

TEST_CASE("entry: whatever it says, the line reads back to the same line") {
  CHECK(rc::check([] {
    AuditEntry entry;
    entry.sequence = *rc::gen::arbitrary<std::uint32_t>();
    entry.note.at = at_second(*rc::gen::inRange(-1'000'000, 1'000'000));
    entry.note.kind = *rc::gen::arbitrary<std::string>();
    entry.note.who = *rc::gen::arbitrary<std::string>();
    entry.note.detail = *rc::gen::arbitrary<std::string>();
    entry.note.data = *rc::gen::container<std::map<std::string, std::string>>(
        rc::gen::container<std::string>(rc::gen::inRange<char>(32, 127)),
        rc::gen::arbitrary<std::string>());
    entry.note.requests = *rc::gen::arbitrary<std::vector<std::string>>();
    const std::string line = encode_entry(entry);
    RC_ASSERT(line.find('\n') == std::string::npos);
    const auto read = decode_entry(line);
    RC_ASSERT(read.has_value());
    RC_ASSERT(encode_entry(*read) == line);
  }));
}

}  // namespace
