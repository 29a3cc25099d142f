// Ed25519 signatures (RFC 8032, through OpenSSL) and the text forms of their keys: checkpoints of
// the evidence log and approvals are signed with them.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace rescind {

struct PublicKey {
  std::array<std::uint8_t, 32> bytes{};
  friend bool operator==(const PublicKey&, const PublicKey&) = default;
};

struct Signature {
  std::array<std::uint8_t, 64> bytes{};
  friend bool operator==(const Signature&, const Signature&) = default;
};

// The secret is the 32-byte seed of RFC 8032; it never reaches a message.
struct KeyPair {
  std::array<std::uint8_t, 32> secret{};
  PublicKey public_key;
};

// The key pair of a seed; equal seeds give equal keys. Errors: Unsupported (OpenSSL without
// Ed25519).
Result<KeyPair> key_pair_of_seed(const std::array<std::uint8_t, 32>& seed);
// 32 bytes from the system's random generator, for a new key. Errors: Io.
Result<std::array<std::uint8_t, 32>> random_seed();

Signature sign(const KeyPair& key, std::string_view bytes);
[[nodiscard]] bool verify_signature(const PublicKey& key, std::string_view bytes,
                                    const Signature& signature);

// "ed25519:" and the base64 of the 32 bytes.
std::string format_public_key(const PublicKey& key);
// The form of format_public_key. Errors: Protocol, with what is wrong with the text.
Result<PublicKey> parse_public_key(std::string_view text);

// As signatures travel: base64 of the 64 bytes.
std::string format_signature(const Signature& signature);
Result<Signature> parse_signature(std::string_view text);

// A private key as PKCS#8 PEM, as `openssl genpkey -algorithm ed25519` writes it. Errors of
// parsing: Protocol (not PEM, encrypted, another algorithm).
Result<KeyPair> parse_private_key(std::string_view pem);
std::string format_private_key(const KeyPair& key);

// Reads the PEM file. Errors: those of reading and parsing, with the path.
Result<KeyPair> read_private_key(const std::string& path);
// Creates the file, readable by its owner only (0600). Errors: Conflict when there is a file, Io.
Status write_private_key(const std::string& path, const KeyPair& key);

// Standard base64 (RFC 4648 section 4) with padding.
std::string encode_base64(std::string_view bytes);
// Canonical text only: padding present, no other characters, unused bits zero. Errors: Protocol.
Result<std::string> decode_base64(std::string_view text);

}  // namespace rescind
