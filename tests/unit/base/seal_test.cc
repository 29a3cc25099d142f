// Secrets in memory and sealed at rest.
#include "base/seal.h"

#include <string>
#include <type_traits>
#include <utility>

#include <doctest/doctest.h>
#include <sys/stat.h>

#include "base/text.h"
#include "tests/support/temporary_folder.h"

namespace rescind {
namespace {

SealKey key_of(std::uint8_t first) {
  SealKey::Bytes bytes{};
  bytes[0] = first;
  return SealKey(bytes);
}

static_assert(!std::is_copy_constructible_v<Secret> && !std::is_copy_assignable_v<Secret>);
static_assert(!std::is_copy_constructible_v<SealKey>);

TEST_CASE("secret: what it was taken from is overwritten, and moving leaves nothing behind") {
  std::string text = "hunter2-hunter2";
  const char* const bytes = text.data();
  Secret secret = Secret::take(text);
  CHECK(text.empty());
  CHECK(std::string_view(bytes, 7) != "hunter2");
  Secret moved = std::move(secret);
  CHECK(moved.reveal() == "hunter2-hunter2");
  CHECK(secret.empty());  // NOLINT(bugprone-use-after-move): that is what is tested
  secret = std::move(moved);
  CHECK(secret.reveal() == "hunter2-hunter2");
}

TEST_CASE("seal: a code fits its text, purpose and key alone, and is the same every time") {
  const SealKey key = key_of(1);
  const std::string code = authenticate(key, "plan", "sha256:aa");
  CHECK(code.starts_with("h1:"));
  CHECK(code.size() == 3 + 64);
  CHECK(code == authenticate(key, "plan", "sha256:aa"));
  CHECK(is_authentic(key, "plan", "sha256:aa", code));
  CHECK_FALSE(is_authentic(key, "plan", "sha256:ab", code));
  CHECK_FALSE(is_authentic(key, "other", "sha256:aa", code));
  CHECK_FALSE(is_authentic(key_of(2), "plan", "sha256:aa", code));
  CHECK_FALSE(is_authentic(key, "plan", "sha256:aa", ""));
  CHECK_FALSE(is_authentic(key, "plan", "sha256:aa", code.substr(0, code.size() - 1)));
}

TEST_CASE("seal: a sealed value opens with its key and purpose, and does not show itself") {
  const SealKey key = key_of(1);
  const Secret secret("correct horse battery staple");
  const Result<std::string> sealed = seal(key, secret, "run:1 step:2");
  REQUIRE(sealed);
  CHECK(sealed->find("horse") == std::string::npos);
  const Result<Secret> opened = unseal(key, *sealed, "run:1 step:2");
  REQUIRE(opened);
  CHECK(opened->reveal() == secret.reveal());
  SUBCASE("another key does not open it") {
    const Result<Secret> other = unseal(key_of(2), *sealed, "run:1 step:2");
    REQUIRE(!other);
    CHECK(other.error().kind() == ErrorKind::Corrupt);
  }
  SUBCASE("it is not taken for the value of something else") {
    CHECK(!unseal(key, *sealed, "run:1 step:3"));
  }
  SUBCASE("the same value sealed again looks different") {
    const Result<std::string> again = seal(key, secret, "run:1 step:2");
    REQUIRE(again);
    CHECK(*again != *sealed);
  }
  SUBCASE("every changed character is found out") {
    for (std::size_t i = 0; i < sealed->size(); ++i) {
      std::string changed = *sealed;
      changed[i] = changed[i] == 'A' ? 'B' : 'A';
      CHECK_MESSAGE(!unseal(key, changed, "run:1 step:2"), "character " << i);
    }
  }
  SUBCASE("every cut is found out") {
    for (std::size_t i = 0; i < sealed->size(); ++i) {
      CHECK_MESSAGE(!unseal(key, sealed->substr(0, i), "run:1 step:2"), "cut at " << i);
    }
  }
}

TEST_CASE("seal: an empty value and one with every byte come back") {
  const SealKey key = key_of(3);
  std::string every;
  for (int i = 0; i < 256; ++i) {
    every += static_cast<char>(i);
  }
  for (const std::string& value : {std::string(), every}) {
    const Result<std::string> sealed = seal(key, Secret(value), "");
    REQUIRE(sealed);
    const Result<Secret> opened = unseal(key, *sealed, "");
    REQUIRE(opened);
    CHECK(opened->reveal() == value);
  }
}

TEST_CASE("seal: a key is read as base64 or hex, and its text is never repeated") {
  const std::string hex = "00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF";
  const Result<SealKey> from_hex = parse_seal_key(hex + "\n");
  REQUIRE(from_hex);
  CHECK(from_hex->bytes()[1] == 0x11);
  const Result<SealKey> from_base64 =
      parse_seal_key("  ABEiM0RVZneImaq7zN3u/wARIjNEVWZ3iJmqu8zd7v8=");
  REQUIRE(from_base64);
  CHECK(from_base64->bytes() == from_hex->bytes());
  for (const char* bad : {"", "sesame-open", "00112233", "ABEiM0RVZneImaq7zN3u/wAR"}) {
    const Result<SealKey> refused = parse_seal_key(bad);
    REQUIRE(!refused);
    CHECK((*bad == '\0' || refused.error().to_string().find(bad) == std::string::npos));
  }
}

TEST_CASE("seal: the key file is made once, for its owner only") {
  const TemporaryFolder folder;
  const std::string path = folder.file("seal.key");
  const Result<SealKey> made = load_or_create_seal_key(path);
  REQUIRE(made);

  struct stat facts {};

  REQUIRE(::stat(path.c_str(), &facts) == 0);
  CHECK((facts.st_mode & 0777U) == 0600U);
  const Result<SealKey> again = load_or_create_seal_key(path);
  REQUIRE(again);
  CHECK(again->bytes() == made->bytes());
  REQUIRE(::chmod(path.c_str(), 0640) == 0);
  const Result<SealKey> open_to_others = load_or_create_seal_key(path);
  REQUIRE(!open_to_others);
  CHECK(open_to_others.error().kind() == ErrorKind::Unsupported);
}

}  // namespace
}  // namespace rescind
