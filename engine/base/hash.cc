// SHA-256 through OpenSSL's EVP interface, and a multiply-mix hash for tables in memory.
#include "base/hash.h"

#include <cstring>

#include <openssl/evp.h>

#include "base/check.h"

namespace rescind {
namespace {

EVP_MD_CTX* context_of(void* context) {
  return static_cast<EVP_MD_CTX*>(context);
}

__extension__ using Wide = unsigned __int128;

std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64U);
}

std::uint64_t load(const char* data, std::size_t size) {
  std::uint64_t word = 0;
  std::memcpy(&word, data, size);
  return word;
}

}  // namespace

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
  RESCIND_CHECK(
      context_ != nullptr && EVP_DigestInit_ex(context_of(context_), EVP_sha256(), nullptr) == 1,
      "SHA-256 is not available");
}

Sha256::~Sha256() {
  EVP_MD_CTX_free(context_of(context_));
}

Sha256& Sha256::update(std::string_view bytes) {
  RESCIND_CHECK(EVP_DigestUpdate(context_of(context_), bytes.data(), bytes.size()) == 1,
                "SHA-256 refused data");
  return *this;
}

Sha256& Sha256::update_field(std::string_view bytes) {
  std::array<char, 8> length{};
  std::uint64_t rest = bytes.size();
  for (char& byte : length) {
    byte = static_cast<char>(rest & 0xFFU);
    rest >>= 8U;
  }
  return update({length.data(), length.size()}).update(bytes);
}

Sha256Bytes Sha256::finish() {
  Sha256Bytes bytes{};
  unsigned int size = 0;
  RESCIND_CHECK(
      EVP_DigestFinal_ex(context_of(context_), bytes.data(), &size) == 1 && size == bytes.size(),
      "SHA-256 did not finish");
  return bytes;
}

Sha256& Sha256::restart() {
  RESCIND_CHECK(EVP_DigestInit_ex(context_of(context_), nullptr, nullptr) == 1,
                "SHA-256 cannot begin again");
  return *this;
}

Sha256Bytes sha256(std::string_view bytes) {
  return Sha256().update(bytes).finish();
}

std::string to_hex(const Sha256Bytes& bytes) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const std::uint8_t byte : bytes) {
    text += kDigits[byte >> 4U];
    text += kDigits[byte & 0xFU];
  }
  return text;
}

std::string sha256_digest(std::string_view bytes) {
  return "sha256:" + to_hex(sha256(bytes));
}

std::uint64_t hash_bytes(std::string_view bytes) {
  constexpr std::uint64_t kSecretA = 0xA0761D6478BD642FULL;
  constexpr std::uint64_t kSecretB = 0xE7037ED1A0B428DBULL;
  std::uint64_t state = mix(kSecretA ^ bytes.size(), kSecretB);
  const char* data = bytes.data();
  std::size_t rest = bytes.size();
  while (rest > 16) {
    state = mix(load(data, 8) ^ kSecretA, load(data + 8, 8) ^ state);
    data += 16;
    rest -= 16;
  }
  const std::uint64_t low = load(data, rest < 8 ? rest : 8);
  const std::uint64_t high = rest > 8 ? load(data + 8, rest - 8) : 0;
  return mix(mix(low ^ kSecretA, high ^ state), kSecretB ^ bytes.size());
}

}  // namespace rescind
