// Draws random passwords from OpenSSL's generator.
#include "connectors/support/secret.h"

#include <array>
#include <string_view>

#include <openssl/rand.h>

namespace rescind {

Result<std::string> random_password() {
  // 64 characters: a byte's low six bits choose one without bias.
  constexpr std::string_view kAlphabet =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
  std::array<unsigned char, 28> bytes{};
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) {
    return fail(ErrorKind::Io, "the system gave no random bytes");
  }
  std::string password = "Aa0-";
  for (const unsigned char byte : bytes) {
    password += kAlphabet[byte & 63U];
  }
  return password;
}

}  // namespace rescind
