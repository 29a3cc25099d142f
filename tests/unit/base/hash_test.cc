// Digests against published vectors, and the table hash where lengths change its path.
#include "base/hash.h"

#include <set>
#include <string>

#include <doctest/doctest.h>

namespace {

using namespace rescind;

TEST_CASE("hash: SHA-256 gives the published values") {
  CHECK(sha256_digest("") ==
        "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(to_hex(sha256("abc")) ==
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST_CASE("hash: a digest does not depend on how the bytes were handed over") {
  Sha256 pieces;
  pieces.update("a").update("").update("bc");
  CHECK(pieces.finish() == sha256("abc"));
}

TEST_CASE("hash: fields never run into each other") {
  Sha256 left;
  left.update_field("ab").update_field("c");
  Sha256 right;
  right.update_field("a").update_field("bc");
  CHECK(left.finish() != right.finish());
}

TEST_CASE("hash: the table hash differs for every length and for every changed byte") {
  std::set<std::uint64_t> seen;
  std::string text;
  for (int length = 0; length <= 70; ++length) {
    CHECK(seen.insert(hash_bytes(text)).second);
    for (std::size_t i = 0; i < text.size(); ++i) {
      std::string changed = text;
      changed[i] = 'y';
      CHECK(seen.insert(hash_bytes(changed)).second);
    }
    text += 'x';
  }
}

}  // namespace
