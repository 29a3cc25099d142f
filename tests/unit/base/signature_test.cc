// Ed25519 against the vectors of RFC 8032 section 7.1, key files as OpenSSL writes them, base64.
#include "base/signature.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <fstream>
#include <string>

#include <doctest/doctest.h>
#include <sys/stat.h>

#include "base/text.h"
#include "tests/support/temporary_folder.h"

namespace {

using namespace rescind;

std::string from_hex(std::string_view hex) {
  std::string bytes;
  for (std::size_t at = 0; at + 1 < hex.size(); at += 2) {
    bytes += static_cast<char>(std::stoi(std::string(hex.substr(at, 2)), nullptr, 16));
  }
  return bytes;
}

template <std::size_t kSize>
std::array<std::uint8_t, kSize> array_of(std::string_view hex) {
  const std::string bytes = from_hex(hex);
  REQUIRE(bytes.size() == kSize);
  std::array<std::uint8_t, kSize> array{};
  std::memcpy(array.data(), bytes.data(), kSize);
  return array;
}

struct Vector {
  const char *secret, *public_key, *message, *signature;
};

constexpr std::array<Vector, 3> kVectors{{
    {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9"
     "b46bd25bf5f0595bbe24655141438e7a100b"},
    {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f1"
     "1d8c387b2eaeb4302aeeb00d291612bb0c00"},
    {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
     "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984d"
     "c6594a7c15e9716ed28dc027beceea1ec40a"},
}};

KeyPair first_key() {
  return key_pair_of_seed(array_of<32>(kVectors[0].secret)).value();
}

TEST_CASE("signature: keys and signatures are those of RFC 8032") {
  for (const Vector& vector : kVectors) {
    const auto key = key_pair_of_seed(array_of<32>(vector.secret));
    REQUIRE(key);
    CHECK(key->public_key.bytes == array_of<32>(vector.public_key));
    const std::string message = from_hex(vector.message);
    const Signature signature = sign(*key, message);
    CHECK(signature.bytes == array_of<64>(vector.signature));
    CHECK(verify_signature(key->public_key, message, signature));
  }
}

TEST_CASE("signature: every changed bit of the signature, and another message or key, is refused") {
  const KeyPair key = first_key();
  const Signature good = sign(key, "the log has 12 entries");
  for (std::size_t bit = 0; bit < good.bytes.size() * 8; ++bit) {
    Signature changed = good;
    changed.bytes[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
    CHECK_FALSE(verify_signature(key.public_key, "the log has 12 entries", changed));
  }
  CHECK_FALSE(verify_signature(key.public_key, "the log has 13 entries", good));
  const KeyPair other = key_pair_of_seed(array_of<32>(kVectors[1].secret)).value();
  CHECK_FALSE(verify_signature(other.public_key, "the log has 12 entries", good));
  CHECK(verify_signature(key.public_key, "the log has 12 entries", good));
}

TEST_CASE("signature: a public key and a signature read back from their text") {
  const KeyPair key = first_key();
  CHECK(format_public_key(key.public_key) ==
        "ed25519:11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=");
  CHECK(parse_public_key(format_public_key(key.public_key)).value() == key.public_key);
  const Signature signature = sign(key, "text");
  CHECK(parse_signature(format_signature(signature)).value() == signature);
}

TEST_CASE("signature: a public key that is none is refused with what is wrong") {
  CHECK(parse_public_key("rsa:AAAA").error().message() ==
        "a public key is `ed25519:` and base64, not `rsa:AAAA`");
  CHECK(parse_public_key("ed25519:AAAA").error().message() ==
        "a public key has 32 bytes, this one has 3");
  CHECK(parse_public_key("ed25519:A*AA").error().message() ==
        "the base64 text has another character at offset 1");
  CHECK(parse_signature("AAAA").error().message() == "a signature has 64 bytes, this one has 3");
}

TEST_CASE("signature: a private key in PEM is read as OpenSSL writes it") {
  // openssl genpkey -algorithm ed25519, with the seed of the first vector.
  const std::string pem =
      "-----BEGIN PRIVATE KEY-----\n"
      "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
      "-----END PRIVATE KEY-----\n";
  CHECK(format_private_key(first_key()) == pem);
  const auto key = parse_private_key(pem);
  REQUIRE(key);
  CHECK(key->public_key == first_key().public_key);
  CHECK(parse_private_key("no key").error().kind() == ErrorKind::Protocol);
}

TEST_CASE("signature: a private key of another algorithm is refused") {
  const std::string pem =
      "-----BEGIN PRIVATE KEY-----\n"
      "MC4CAQAwBQYDK2VuBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
      "-----END PRIVATE KEY-----\n";  // X25519
  CHECK(parse_private_key(pem).error().message() ==
        "the private key is of another algorithm than Ed25519");
}

TEST_CASE("signature: a key file is readable by its owner only and is never overwritten") {
  const TemporaryFolder folder;
  const std::string path = folder.file("audit.key");
  REQUIRE(write_private_key(path, first_key()));

  struct stat status {};

  REQUIRE(::stat(path.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777U) == 0600U);
  CHECK(read_private_key(path).value().secret == first_key().secret);
  CHECK(write_private_key(path, first_key()).error().kind() == ErrorKind::Conflict);
  CHECK(read_private_key(folder.file("absent.key")).error().kind() == ErrorKind::Io);
}

TEST_CASE("signature: a new seed differs every time") {
  CHECK(random_seed().value() != random_seed().value());
}

TEST_CASE("signature: base64 is that of RFC 4648 and has one text per value") {
  const std::array<std::pair<const char*, const char*>, 7> vectors{{{"", ""},
                                                                    {"f", "Zg=="},
                                                                    {"fo", "Zm8="},
                                                                    {"foo", "Zm9v"},
                                                                    {"foob", "Zm9vYg=="},
                                                                    {"fooba", "Zm9vYmE="},
                                                                    {"foobar", "Zm9vYmFy"}}};
  for (const auto& [bytes, text] : vectors) {
    CHECK(encode_base64(bytes) == text);
    CHECK(decode_base64(text).value() == bytes);
  }
  for (const char* text : {"Zg", "Zg=", "Z===", "Zh==", "Zm9=", "Zg==Zg==", "Zm 9", "===="}) {
    CAPTURE(text);
    CHECK_FALSE(decode_base64(text));
  }
}

}  // namespace
