// The tree against the reference tree of Certificate Transparency: eight leaves, all its roots, and
// some of its proofs.
#include "audit/merkle.h"

#include <array>
#include <string>

#include <doctest/doctest.h>

#include "tests/unit/audit/fixture.h"

namespace {

using namespace rescind;

const std::vector<std::string>& reference_leaves() {
  static const std::vector<std::string> leaves{"",
                                               std::string(1, '\0'),
                                               "\x10",
                                               "\x20\x21",
                                               "\x30\x31",
                                               "\x40\x41\x42\x43",
                                               "\x50\x51\x52\x53\x54\x55\x56\x57",
                                               "\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b"
                                               "\x6c\x6d\x6e\x6f"};
  return leaves;
}

constexpr std::array<const char*, 8> kRoots{
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};

std::vector<MerkleHash> reference_hashes() {
  std::vector<MerkleHash> hashes;
  for (const std::string& leaf : reference_leaves()) {
    hashes.push_back(hash_leaf(leaf));
  }
  return hashes;
}

MerkleHash hash_of(const char* hex) {
  return parse_hash(hex).value();
}

TEST_CASE("merkle: the roots are those of the reference tree at every size") {
  MerkleFrontier frontier;
  CHECK(to_hex(frontier.root()) ==
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  const std::vector<MerkleHash> leaves = reference_hashes();
  for (std::size_t at = 0; at < leaves.size(); ++at) {
    frontier.append(leaves[at]);
    CHECK(to_hex(frontier.root()) == kRoots[at]);
    CHECK(to_hex(tree_root(at + 1, nodes_over(leaves)).value()) == kRoots[at]);
  }
}

TEST_CASE("merkle: proofs are those of the reference tree") {
  const std::vector<MerkleHash> leaves = reference_hashes();
  const std::vector<MerkleHash> inclusion{
      hash_of("96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"),
      hash_of("5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"),
      hash_of("6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4")};
  CHECK(prove_inclusion(0, 8, nodes_over(leaves)).value() == inclusion);
  CHECK(verify_inclusion(0, 8, leaves[0], inclusion, hash_of(kRoots[7])));

  const std::vector<MerkleHash> consistency{
      hash_of("0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a"),
      hash_of("ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0"),
      hash_of("d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7")};
  CHECK(prove_consistency(6, 8, nodes_over(leaves)).value() == consistency);
  CHECK(verify_consistency(6, hash_of(kRoots[5]), 8, hash_of(kRoots[7]), consistency));
}

TEST_CASE("merkle: a proof for another leaf, index, size or root is refused") {
  const std::vector<MerkleHash> leaves = reference_hashes();
  const auto proof = prove_inclusion(5, 7, nodes_over(leaves)).value();
  const MerkleHash root = hash_of(kRoots[6]);
  CHECK(verify_inclusion(5, 7, leaves[5], proof, root));
  CHECK_FALSE(verify_inclusion(5, 7, leaves[4], proof, root));
  CHECK_FALSE(verify_inclusion(4, 7, leaves[5], proof, root));
  CHECK_FALSE(verify_inclusion(5, 8, leaves[5], proof, hash_of(kRoots[7])));
  CHECK_FALSE(verify_inclusion(5, 7, leaves[5], proof, hash_of(kRoots[7])));
  CHECK_FALSE(verify_inclusion(7, 7, leaves[5], proof, root));
  auto longer = proof;
  longer.push_back(leaves[0]);
  CHECK_FALSE(verify_inclusion(5, 7, leaves[5], longer, root));
  CHECK_FALSE(verify_inclusion(0, 1, leaves[0], {leaves[1]}, hash_of(kRoots[0])));
}

TEST_CASE("merkle: a tree that does not begin with the old one has no consistency proof") {
  const std::vector<MerkleHash> leaves = reference_hashes();
  const auto proof = prove_consistency(3, 7, nodes_over(leaves)).value();
  CHECK(verify_consistency(3, hash_of(kRoots[2]), 7, hash_of(kRoots[6]), proof));
  CHECK_FALSE(verify_consistency(3, hash_of(kRoots[3]), 7, hash_of(kRoots[6]), proof));
  CHECK_FALSE(verify_consistency(3, hash_of(kRoots[2]), 7, hash_of(kRoots[5]), proof));
  CHECK_FALSE(verify_consistency(7, hash_of(kRoots[6]), 3, hash_of(kRoots[2]), proof));
  CHECK_FALSE(verify_consistency(3, hash_of(kRoots[2]), 7, hash_of(kRoots[6]), {}));
  CHECK_FALSE(verify_consistency(7, hash_of(kRoots[5]), 7, hash_of(kRoots[6]), {}));
  CHECK(verify_consistency(0, empty_root(), 7, hash_of(kRoots[6]), {}));
  CHECK_FALSE(verify_consistency(0, hash_of(kRoots[0]), 7, hash_of(kRoots[6]), {}));
}

TEST_CASE("merkle: a hash is 64 digits of lower-case hex") {
  CHECK(parse_hash(kRoots[0]).has_value());
  CHECK(parse_hash("6e34").error().message() ==
        "a hash has 64 hex digits, this one has 4 characters");
  std::string upper = kRoots[0];
  upper[1] = 'E';
  CHECK(parse_hash(upper).error().message() == "a hash has lower-case hex digits only");
}

}  // namespace
