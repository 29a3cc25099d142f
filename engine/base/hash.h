// Digests (SHA-256, through OpenSSL) and a fast non-cryptographic hash for tables in memory.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace rescind {

using Sha256Bytes = std::array<std::uint8_t, 32>;

Sha256Bytes sha256(std::string_view bytes);
std::string to_hex(const Sha256Bytes& bytes);
// "sha256:" and 64 lower-case hex digits.
std::string sha256_digest(std::string_view bytes);

// Incremental form of the same.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;
  Sha256(Sha256&&) = delete;
  Sha256& operator=(Sha256&&) = delete;
  Sha256& update(std::string_view bytes);
  // Length-prefixed, so that two fields never run into each other.
  Sha256& update_field(std::string_view bytes);
  Sha256Bytes finish();  // once; then only restart
  // Begins another digest with the same state, which is much cheaper than a new object.
  Sha256& restart();

 private:
  void* context_;
};

// 64-bit hash of bytes for hash tables; not stable across versions, never stored.
std::uint64_t hash_bytes(std::string_view bytes);

}  // namespace rescind
