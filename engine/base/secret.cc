// Secrets in memory: moved, never copied, overwritten at the end.
#include "base/secret.h"

#include <utility>

#include <openssl/crypto.h>

namespace rescind {

Secret::Secret(std::string_view value) : bytes_(value.begin(), value.end()) {}

Secret Secret::take(std::string& value) {
  Secret taken{std::string_view(value)};
  wipe_text(value);
  return taken;
}

Secret::Secret(Secret&& other) noexcept : bytes_(std::move(other.bytes_)) {
  other.bytes_.clear();
}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this != &other) {
    wipe();
    bytes_ = std::move(other.bytes_);
    other.bytes_.clear();
  }
  return *this;
}

Secret::~Secret() {
  wipe();
}

void Secret::wipe() noexcept {
  if (!bytes_.empty()) {
    OPENSSL_cleanse(bytes_.data(), bytes_.size());
    bytes_.clear();
  }
}

void wipe_text(std::string& text) noexcept {
  if (!text.empty()) {
    OPENSSL_cleanse(text.data(), text.size());
    text.clear();
  }
}

}  // namespace rescind
