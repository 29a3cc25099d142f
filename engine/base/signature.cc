// Ed25519 through OpenSSL's EVP interface; PEM through its PKCS#8 reader and writer.
#include "base/signature.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <unistd.h>

#include "base/check.h"
#include "base/text.h"

namespace rescind {
namespace {

constexpr std::string_view kKeyPrefix = "ed25519:";
constexpr std::size_t kMaxKeyFileBytes = 64 * 1024;
constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

struct KeyRelease {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};

using Key = std::unique_ptr<EVP_PKEY, KeyRelease>;

struct DigestRelease {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

using DigestContext = std::unique_ptr<EVP_MD_CTX, DigestRelease>;

struct BioRelease {
  void operator()(BIO* bio) const { BIO_free(bio); }
};

using Bio = std::unique_ptr<BIO, BioRelease>;

const unsigned char* raw(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

Key private_key_of(const std::array<std::uint8_t, 32>& seed) {
  return Key(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, seed.data(), seed.size()));
}

std::string_view view_of(const auto& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// The reader asks for a pass phrase when the key is encrypted; there is nobody to ask.
int refuse_pass_phrase(char*, int, int, void*) {
  return -1;
}

Status write_all(int file, std::string_view content, const std::string& path) {
  while (!content.empty()) {
    const ssize_t written = ::write(file, content.data(), content.size());
    if (written < 0 && errno == EINTR) {
      continue;
    }
    if (written < 0) {
      return fail(ErrorKind::Io, "cannot write `" + path + "`: " + std::strerror(errno));
    }
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  if (::fsync(file) != 0) {
    return fail(ErrorKind::Io, "cannot write `" + path + "`: " + std::strerror(errno));
  }
  return {};
}

}  // namespace

Result<KeyPair> key_pair_of_seed(const std::array<std::uint8_t, 32>& seed) {
  const Key key = private_key_of(seed);
  KeyPair pair;
  std::size_t size = pair.public_key.bytes.size();
  if (!key || EVP_PKEY_get_raw_public_key(key.get(), pair.public_key.bytes.data(), &size) != 1 ||
      size != pair.public_key.bytes.size()) {
    ERR_clear_error();
    return fail(ErrorKind::Unsupported, "this OpenSSL has no Ed25519");
  }
  pair.secret = seed;
  return pair;
}

Result<std::array<std::uint8_t, 32>> random_seed() {
  std::array<std::uint8_t, 32> seed{};
  if (RAND_bytes(seed.data(), static_cast<int>(seed.size())) != 1) {
    ERR_clear_error();
    return fail(ErrorKind::Io, "the system's random generator gives nothing");
  }
  return seed;
}

Signature sign(const KeyPair& key, std::string_view bytes) {
  const Key secret = private_key_of(key.secret);
  const DigestContext context(EVP_MD_CTX_new());
  RESCIND_CHECK(secret && context, "Ed25519 is not available");
  Signature signature;
  std::size_t size = signature.bytes.size();
  RESCIND_CHECK(EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, secret.get()) == 1 &&
                    EVP_DigestSign(context.get(), signature.bytes.data(), &size, raw(bytes),
                                   bytes.size()) == 1 &&
                    size == signature.bytes.size(),
                "Ed25519 did not sign");
  return signature;
}

bool verify_signature(const PublicKey& key, std::string_view bytes, const Signature& signature) {
  const Key known(
      EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, key.bytes.data(), key.bytes.size()));
  const DigestContext context(EVP_MD_CTX_new());
  const bool good =
      known && context &&
      EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, known.get()) == 1 &&
      EVP_DigestVerify(context.get(), signature.bytes.data(), signature.bytes.size(), raw(bytes),
                       bytes.size()) == 1;
  ERR_clear_error();
  return good;
}

std::string encode_base64(std::string_view bytes) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - at);
    std::uint32_t group = 0;
    for (std::size_t index = 0; index < 3; ++index) {
      group = group << 8U;
      group |= index < count ? static_cast<std::uint8_t>(bytes[at + index]) : 0U;
    }
    for (std::size_t index = 0; index < 4; ++index) {
      text += index <= count ? kAlphabet[(group >> (18U - 6U * index)) & 0x3FU] : '=';
    }
  }
  return text;
}

Result<std::string> decode_base64(std::string_view text) {
  if (text.size() % 4 != 0) {
    return fail(ErrorKind::Protocol, "the base64 text has no whole number of groups of four");
  }
  std::size_t padding = 0;
  while (padding < 2 && padding < text.size() && text[text.size() - 1 - padding] == '=') {
    ++padding;
  }
  std::string bytes;
  bytes.reserve(text.size() / 4 * 3);
  std::uint32_t group = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const bool pad = at >= text.size() - padding;
    const std::size_t value = pad ? 0 : kAlphabet.find(text[at]);
    if (value == std::string_view::npos) {
      return fail(ErrorKind::Protocol,
                  "the base64 text has another character at offset " + std::to_string(at));
    }
    group = (group << 6U) | static_cast<std::uint32_t>(value);
    if (at % 4 == 3) {
      bytes += static_cast<char>((group >> 16U) & 0xFFU);
      bytes += static_cast<char>((group >> 8U) & 0xFFU);
      bytes += static_cast<char>(group & 0xFFU);
      group = 0;
    }
  }
  bytes.resize(bytes.size() - padding);
  if (encode_base64(bytes) != text) {
    return fail(ErrorKind::Protocol, "the base64 text has bits set that no byte holds");
  }
  return bytes;
}

std::string format_public_key(const PublicKey& key) {
  return std::string(kKeyPrefix) + encode_base64(view_of(key.bytes));
}

Result<PublicKey> parse_public_key(std::string_view text) {
  if (!text.starts_with(kKeyPrefix)) {
    return fail(ErrorKind::Protocol, "a public key is `ed25519:` and base64, not `" +
                                         std::string(text.substr(0, 80)) + "`");
  }
  auto bytes = decode_base64(text.substr(kKeyPrefix.size()));
  if (!bytes) {
    return tl::unexpected(bytes.error().add_context("reading the public key"));
  }
  PublicKey key;
  if (bytes->size() != key.bytes.size()) {
    return fail(ErrorKind::Protocol,
                "a public key has 32 bytes, this one has " + std::to_string(bytes->size()));
  }
  std::memcpy(key.bytes.data(), bytes->data(), key.bytes.size());
  return key;
}

std::string format_signature(const Signature& signature) {
  return encode_base64(view_of(signature.bytes));
}

Result<Signature> parse_signature(std::string_view text) {
  auto bytes = decode_base64(text);
  if (!bytes) {
    return tl::unexpected(bytes.error().add_context("reading the signature"));
  }
  Signature signature;
  if (bytes->size() != signature.bytes.size()) {
    return fail(ErrorKind::Protocol,
                "a signature has 64 bytes, this one has " + std::to_string(bytes->size()));
  }
  std::memcpy(signature.bytes.data(), bytes->data(), signature.bytes.size());
  return signature;
}

Result<KeyPair> parse_private_key(std::string_view pem) {
  const Bio bio(BIO_new_mem_buf(
      pem.data(), static_cast<int>(std::min<std::size_t>(pem.size(), kMaxKeyFileBytes))));
  RESCIND_CHECK(bio, "out of memory");
  const Key key(PEM_read_bio_PrivateKey(bio.get(), nullptr, refuse_pass_phrase, nullptr));
  ERR_clear_error();
  if (!key) {
    return fail(ErrorKind::Protocol,
                "not a private key in PEM without a pass phrase; `openssl genpkey -algorithm "
                "ed25519` writes one");
  }
  std::array<std::uint8_t, 32> seed{};
  std::size_t size = seed.size();
  if (EVP_PKEY_get_id(key.get()) != EVP_PKEY_ED25519 ||
      EVP_PKEY_get_raw_private_key(key.get(), seed.data(), &size) != 1) {
    ERR_clear_error();
    return fail(ErrorKind::Protocol, "the private key is of another algorithm than Ed25519");
  }
  return key_pair_of_seed(seed);
}

std::string format_private_key(const KeyPair& key) {
  const Key secret = private_key_of(key.secret);
  const Bio bio(BIO_new(BIO_s_mem()));
  RESCIND_CHECK(secret && bio &&
                    PEM_write_bio_PrivateKey(bio.get(), secret.get(), nullptr, nullptr, 0, nullptr,
                                             nullptr) == 1,
                "the key cannot be written as PEM");
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

Result<KeyPair> read_private_key(const std::string& path) {
  RESCIND_ASSIGN_OR_RETURN(const std::string pem, read_file(path, kMaxKeyFileBytes));
  auto key = parse_private_key(pem);
  if (!key) {
    return tl::unexpected(key.error().add_context("reading `" + path + "`"));
  }
  return key;
}

Status write_private_key(const std::string& path, const KeyPair& key) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0) {
    const int code = errno;
    return fail(code == EEXIST ? ErrorKind::Conflict : ErrorKind::Io,
                "cannot create `" + path + "`: " + std::strerror(code));
  }
  Status written = write_all(file, format_private_key(key), path);
  if (::close(file) != 0 && written) {
    written = fail(ErrorKind::Io, "cannot write `" + path + "`: " + std::strerror(errno));
  }
  if (!written) {
    ::unlink(path.c_str());  // half a key is no key
  }
  return written;
}

}  // namespace rescind
