// Which way a message goes, and the way into a file.
#include "connectors/handover/hand_over.h"

#include <algorithm>
#include <filesystem>

#include <nlohmann/json.hpp>

#include "base/hash.h"
#include "base/text.h"
#include "connectors/handover/ways.h"

namespace rescind {
namespace {

constexpr std::size_t kMaxNameBytes = 80;

// Letters, digits, `-`, `_` and `.` of the key, and a digest so that two keys never share a file.
std::string file_name(const std::string& key) {
  std::string name;
  for (const char c : key.substr(0, kMaxNameBytes)) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_';
    name += plain ? c : '-';
  }
  return name + '-' + to_hex(sha256(key)).substr(0, 12) + ".json";
}

class ConfiguredHandOver final : public HandOver {
 public:
  explicit ConfiguredHandOver(HandOverSettings settings) : settings_(std::move(settings)) {}

  Result<std::string> deliver(const HandOverMessage& message) override {
    const std::string& contact = message.contact;
    if (contact.starts_with("mailto:") && settings_.smtp) {
      const auto address = mail_address(contact);
      return address ? send_mail(*settings_.smtp, *address, message)
                     : fail(ErrorKind::Protocol, "`" + contact + "` is no e-mail address");
    }
    if (contact.starts_with("https://") && settings_.webhook) {
      return post_webhook(*settings_.webhook, contact, message);
    }
    const bool names_file = contact.starts_with("file:") && !settings_.folder.empty();
    if (settings_.webhook && !names_file) {
      return post_webhook(*settings_.webhook, settings_.webhook->url, message);
    }
    if (!settings_.folder.empty()) {
      const auto path = file_path(settings_.folder, message);
      return path ? write_message(*path, message)
                  : fail(ErrorKind::Protocol, "`" + contact + "` leads out of the folder");
    }
    return fail(ErrorKind::Unsupported,
                contact.empty()
                    ? "`" + message.to +
                          "` has no contact, and neither webhook nor "
                          "file is configured"
                    : "no way to `" +
                          (contact.starts_with("https://") ? shown_url(contact) : contact) +
                          "` is configured");
  }

 private:
  HandOverSettings settings_;
};

}  // namespace

std::unique_ptr<HandOver> make_hand_over(HandOverSettings settings) {
  return std::make_unique<ConfiguredHandOver>(std::move(settings));
}

std::string webhook_body(const HandOverMessage& message) {
  nlohmann::ordered_json body{{"key", message.key},
                              {"to", message.to},
                              {"at", format_instant(message.at)},
                              {"subject", message.subject},
                              {"text", message.text}};
  for (const auto& [name, value] : message.fields) {
    if (!body.contains(name)) {
      body[name] = value;
    }
  }
  return body.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

std::string hmac_sha256_hex(std::string_view secret, std::string_view bytes) {
  constexpr std::size_t kBlock = 64;
  std::string key(secret);
  if (key.size() > kBlock) {
    const Sha256Bytes digest = sha256(key);
    key.assign(digest.begin(), digest.end());
  }
  key.resize(kBlock, '\0');
  const auto padded = [&key](unsigned pad) {
    std::string out = key;
    std::transform(out.begin(), out.end(), out.begin(), [pad](char c) {
      return static_cast<char>(static_cast<unsigned char>(c) ^ pad);
    });
    return out;
  };
  Sha256 inner;
  const Sha256Bytes inside = inner.update(padded(0x36U)).update(bytes).finish();
  Sha256 outer;
  return to_hex(
      outer.update(padded(0x5CU)).update(std::string(inside.begin(), inside.end())).finish());
}

std::string webhook_signature(std::string_view secret, Instant at, std::string_view body) {
  const std::string time = std::to_string(at.time_since_epoch().count());
  return "t=" + time + ",v1=" + hmac_sha256_hex(secret, time + "." + std::string(body));
}

std::optional<std::string> file_path(const std::string& folder, const HandOverMessage& message) {
  std::filesystem::path path(folder);
  if (message.contact.starts_with("file:")) {
    const std::filesystem::path below =
        std::filesystem::path(message.contact.substr(5)).lexically_normal();
    const bool leaves = below.is_absolute() || (!below.empty() && *below.begin() == "..");
    if (leaves) {
      return std::nullopt;
    }
    path /= below;
  }
  return (path / file_name(message.key)).string();
}

Result<std::string> write_message(const std::string& path, const HandOverMessage& message) {
  std::error_code error;
  std::filesystem::create_directories(std::filesystem::path(path).parent_path(), error);
  if (error) {
    return fail(ErrorKind::Io, "cannot make the folder of `" + path + "`: " + error.message());
  }
  RESCIND_RETURN_IF_ERROR(write_file_atomically(path, webhook_body(message) + "\n"));
  return "file:" + path;
}

}  // namespace rescind
