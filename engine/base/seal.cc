// AES-256-GCM with a 96-bit random nonce and a 128-bit tag; the key file.
#include "base/seal.h"

#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/check.h"
#include "base/hash.h"
#include "base/signature.h"
#include "base/text.h"

namespace rescind {
namespace {

constexpr std::string_view kForm = "s1:";
constexpr std::string_view kCodeForm = "h1:";
constexpr std::size_t kNonceBytes = 12;
constexpr std::size_t kTagBytes = 16;
constexpr std::size_t kMaxSecretBytes = 1024UL * 1024;
constexpr std::size_t kMaxKeyFileBytes = 4096;

struct CipherFree {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};

using Cipher = std::unique_ptr<EVP_CIPHER_CTX, CipherFree>;

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

SealKey::Bytes hmac(const SealKey::Bytes& key, std::string_view text) {
  SealKey::Bytes out{};
  unsigned int length = 0;
  const unsigned char* made = HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
                                   bytes_of(text), text.size(), out.data(), &length);
  RESCIND_CHECK(made != nullptr && length == out.size(), "HMAC-SHA-256 gives 32 bytes");
  return out;
}

tl::unexpected<Error> not_openable() {
  return fail(ErrorKind::Corrupt,
              "a sealed value cannot be opened: it was sealed with another key, or damaged");
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const std::size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) {
    return {};
  }
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

std::optional<unsigned> hex_digit(char c) {
  if (c >= '0' && c <= '9') {
    return static_cast<unsigned>(c - '0');
  }
  if (c >= 'a' && c <= 'f') {
    return static_cast<unsigned>(c - 'a') + 10U;
  }
  if (c >= 'A' && c <= 'F') {
    return static_cast<unsigned>(c - 'A') + 10U;
  }
  return std::nullopt;
}

bool read_hex(std::string_view text, SealKey::Bytes& out) {
  if (text.size() != out.size() * 2) {
    return false;
  }
  for (std::size_t i = 0; i < out.size(); ++i) {
    const auto high = hex_digit(text[2 * i]);
    const auto low = hex_digit(text[2 * i + 1]);
    if (!high || !low) {
      return false;
    }
    out[i] = static_cast<std::uint8_t>(*high * 16U + *low);
  }
  return true;
}

std::string last_problem() {
  return std::strerror(errno);
}

// The key that is in the file now. Errors: NotFound when there is no file.
Result<SealKey> read_key_file(const std::string& path) {
  struct stat facts {};

  if (::stat(path.c_str(), &facts) != 0) {
    return errno == ENOENT
               ? fail(ErrorKind::NotFound, "there is no key file `" + path + "`")
               : fail(ErrorKind::Io, "cannot read the key file `" + path + "`: " + last_problem());
  }
  if ((facts.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return fail(ErrorKind::Unsupported, "the key file `" + path +
                                            "` may be read by others than its owner; set its mode "
                                            "to 0600 and replace the key");
  }
  RESCIND_ASSIGN_OR_RETURN(std::string text, read_file(path, kMaxKeyFileBytes));
  Result<SealKey> key = parse_seal_key(text);
  wipe_text(text);
  if (!key) {
    return tl::unexpected(
        std::move(key).error().add_context("reading the key file `" + path + "`"));
  }
  return key;
}

Status write_all(int file, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(file, text.data(), text.size());
    if (written < 0 && errno == EINTR) {
      continue;
    }
    if (written < 0) {
      return fail(ErrorKind::Io, last_problem());
    }
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return ::fsync(file) == 0 ? Status() : fail(ErrorKind::Io, last_problem());
}

// WHY through a file of another name: of two processes that start together one key must win, whole.
Status create_key_file(const std::string& path, const SealKey& key) {
  const std::string draft = path + "." + std::to_string(::getpid());
  const int file = ::open(draft.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) {
    return fail(ErrorKind::Io, "cannot create the key file `" + path + "`: " + last_problem());
  }
  std::string text =
      encode_base64({reinterpret_cast<const char*>(key.bytes().data()), key.bytes().size()}) + "\n";
  Status written = write_all(file, text);
  wipe_text(text);
  if (::close(file) != 0 && written) {
    written = fail(ErrorKind::Io, last_problem());
  }
  if (written && ::link(draft.c_str(), path.c_str()) != 0 && errno != EEXIST) {
    written = fail(ErrorKind::Io, last_problem());
  }
  ::unlink(draft.c_str());
  if (!written) {
    return tl::unexpected(
        std::move(written).error().add_context("creating the key file `" + path + "`"));
  }
  return {};
}

}  // namespace

SealKey::SealKey(SealKey&& other) noexcept : bytes_(other.bytes_) {
  other.wipe();
}

SealKey& SealKey::operator=(SealKey&& other) noexcept {
  if (this != &other) {
    bytes_ = other.bytes_;
    other.wipe();
  }
  return *this;
}

SealKey::~SealKey() {
  wipe();
}

void SealKey::wipe() noexcept {
  OPENSSL_cleanse(bytes_.data(), bytes_.size());
}

Result<SealKey> random_seal_key() {
  SealKey::Bytes bytes{};
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) {
    return fail(ErrorKind::Io, "the system gave no random bytes");
  }
  return SealKey(bytes);
}

Result<SealKey> parse_seal_key(std::string_view text) {
  text = trimmed(text);
  SealKey::Bytes bytes{};
  if (read_hex(text, bytes)) {
    return SealKey(bytes);
  }
  Result<std::string> decoded = decode_base64(text);
  if (!decoded || decoded->size() != bytes.size()) {
    return fail(ErrorKind::Protocol,
                "a seal key is the base64 of 32 bytes or 64 hex digits (`openssl rand -base64 32` "
                "makes one)");
  }
  std::memcpy(bytes.data(), decoded->data(), bytes.size());
  wipe_text(*decoded);
  return SealKey(bytes);
}

Result<SealKey> load_or_create_seal_key(const std::string& path) {
  Result<SealKey> there = read_key_file(path);
  if (there || there.error().kind() != ErrorKind::NotFound) {
    return there;
  }
  RESCIND_ASSIGN_OR_RETURN(const SealKey key, random_seal_key());
  RESCIND_RETURN_IF_ERROR(create_key_file(path, key));
  return read_key_file(path);
}

Result<std::string> seal(const SealKey& key, const Secret& secret, std::string_view purpose) {
  if (secret.size() > kMaxSecretBytes) {
    return fail(ErrorKind::Limit, "a secret of more than a MiB is not sealed");
  }
  const std::string_view plain = secret.reveal();
  std::vector<unsigned char> out(kNonceBytes + plain.size() + kTagBytes);
  const Cipher cipher(EVP_CIPHER_CTX_new());
  int length = 0;
  const bool sealed =
      cipher && RAND_bytes(out.data(), static_cast<int>(kNonceBytes)) == 1 &&
      EVP_EncryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, key.bytes().data(),
                         out.data()) == 1 &&
      EVP_EncryptUpdate(cipher.get(), nullptr, &length, bytes_of(purpose),
                        static_cast<int>(purpose.size())) == 1 &&
      EVP_EncryptUpdate(cipher.get(), out.data() + kNonceBytes, &length, bytes_of(plain),
                        static_cast<int>(plain.size())) == 1 &&
      EVP_EncryptFinal_ex(cipher.get(), out.data() + kNonceBytes + plain.size(), &length) == 1 &&
      EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_GET_TAG, static_cast<int>(kTagBytes),
                          out.data() + kNonceBytes + plain.size()) == 1;
  if (!sealed) {
    return fail(ErrorKind::Io, "a value could not be sealed: no randomness or no AES-256-GCM");
  }
  return std::string(kForm) +
         encode_base64({reinterpret_cast<const char*>(out.data()), out.size()});
}

Result<Secret> unseal(const SealKey& key, std::string_view sealed, std::string_view purpose) {
  if (!sealed.starts_with(kForm)) {
    return fail(ErrorKind::Unsupported,
                "a sealed value has a form that this version does not know");
  }
  const Result<std::string> raw = decode_base64(sealed.substr(kForm.size()));
  if (!raw || raw->size() < kNonceBytes + kTagBytes ||
      raw->size() > kMaxSecretBytes + kNonceBytes + kTagBytes) {
    return not_openable();
  }
  const std::size_t size = raw->size() - kNonceBytes - kTagBytes;
  const unsigned char* from = bytes_of(*raw);
  std::string tag = raw->substr(kNonceBytes + size);
  std::string plain(size, '\0');
  auto* to = reinterpret_cast<unsigned char*>(plain.data());
  const Cipher cipher(EVP_CIPHER_CTX_new());
  int length = 0;
  const bool opened =
      cipher &&
      EVP_DecryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, key.bytes().data(), from) == 1 &&
      EVP_DecryptUpdate(cipher.get(), nullptr, &length, bytes_of(purpose),
                        static_cast<int>(purpose.size())) == 1 &&
      EVP_DecryptUpdate(cipher.get(), to, &length, from + kNonceBytes, static_cast<int>(size)) ==
          1 &&
      EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_SET_TAG, static_cast<int>(kTagBytes),
                          tag.data()) == 1 &&
      EVP_DecryptFinal_ex(cipher.get(), to + size, &length) == 1;
  Secret secret = Secret::take(plain);
  if (!opened) {
    return not_openable();
  }
  return secret;
}

std::string authenticate(const SealKey& key, std::string_view purpose, std::string_view text) {
  SealKey::Bytes own = hmac(key.bytes(), purpose);
  const SealKey::Bytes code = hmac(own, text);
  OPENSSL_cleanse(own.data(), own.size());
  return std::string(kCodeForm) + to_hex(code);
}

bool is_authentic(const SealKey& key, std::string_view purpose, std::string_view text,
                  std::string_view code) {
  const std::string right = authenticate(key, purpose, text);
  return code.size() == right.size() && CRYPTO_memcmp(code.data(), right.data(), right.size()) == 0;
}

}  // namespace rescind
