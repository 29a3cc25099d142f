// Sealing: AES-256-GCM (through OpenSSL) for secrets that must survive a crash. What is sealed can
// be read only with the key, and only as what it was sealed as. And codes that show that a text was
// written by somebody who has the key.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"

namespace rescind {

// 256 bits, overwritten when they go.
class SealKey {
 public:
  using Bytes = std::array<std::uint8_t, 32>;

  explicit SealKey(const Bytes& bytes) : bytes_(bytes) {}

  SealKey(const SealKey&) = delete;
  SealKey& operator=(const SealKey&) = delete;
  SealKey(SealKey&& other) noexcept;
  SealKey& operator=(SealKey&& other) noexcept;
  ~SealKey();

  [[nodiscard]] const Bytes& bytes() const { return bytes_; }

 private:
  void wipe() noexcept;

  Bytes bytes_;
};

// Errors: Io when the system gives no randomness.
Result<SealKey> random_seal_key();
// The base64 of 32 bytes, or 64 hex digits; white space around it is ignored. Errors: Protocol; the
// text itself is never repeated.
Result<SealKey> parse_seal_key(std::string_view text);
// Reads the key file, or creates it with a new key, readable by its owner only (0600). Errors: Io;
// Protocol for a file without a key; Unsupported for one that others may read.
Result<SealKey> load_or_create_seal_key(const std::string& path);

// "s1:" and the base64 of nonce, ciphertext and tag. `purpose` says what it is the value of: it is
// not stored, and unsealing needs the same. A new nonce each time. Errors: Io (no randomness).
Result<std::string> seal(const SealKey& key, const Secret& secret, std::string_view purpose);
// Errors: Corrupt (another key or purpose, changed or cut text), Unsupported (another form).
Result<Secret> unseal(const SealKey& key, std::string_view sealed, std::string_view purpose);

// A code that only who has the key can make for this text and purpose: "h1:" and 64 hex digits
// (HMAC-SHA-256 under a key of its own for each purpose).
std::string authenticate(const SealKey& key, std::string_view purpose, std::string_view text);
// Whether it is the code of the text. Takes the same time whatever is wrong with it.
[[nodiscard]] bool is_authentic(const SealKey& key, std::string_view purpose, std::string_view text,
                                std::string_view code);

}  // namespace rescind
