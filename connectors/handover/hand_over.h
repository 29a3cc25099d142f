// Handing messages to people: webhook, e-mail and file behind the port of connect/hand_over.h. A
// principal's contact chooses the way; docs/escalation.md says what a receiver can rely on.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "connect/hand_over.h"

namespace rescind {

struct WebhookSettings {
  std::string url;
  std::string secret;  // signs what goes to `url`, nothing else; "" requests are not signed
  std::string ca;      // PEM file; "" the machine's authorities
  Seconds timeout{10};
};

struct SmtpSettings {
  enum class Encryption : std::uint8_t { StartTls, Tls, None };
  std::string host;
  std::uint16_t port = 587;
  Encryption encryption = Encryption::StartTls;
  std::string user, password;
  std::string from;
  std::string ca;
  Seconds timeout{30};
};

struct HandOverSettings {
  std::optional<WebhookSettings> webhook;
  std::optional<SmtpSettings> smtp;
  std::string folder;  // "" no files
};

// A contact without a way of its own, or none at all, goes to the webhook, else into a file. Never
// null.
std::unique_ptr<HandOver> make_hand_over(HandOverSettings settings);

// The parts, for tests: what is sent, and where to.

// JSON with the members key, to, at, subject, text and the message's own fields.
std::string webhook_body(const HandOverMessage& message);
// "t=UNIX,v1=HEX": HMAC-SHA256 with the secret over UNIX, a full stop, and the body.
std::string webhook_signature(std::string_view secret, Instant at, std::string_view body);
// The address of `mailto:ADDRESS`; nothing when it is none that may stand in a header.
std::optional<std::string> mail_address(std::string_view contact);
// The whole message, CRLF line ends; no header can be injected through it.
std::string mail_text(const HandOverMessage& message, const std::string& from,
                      const std::string& to);
// Below the folder; nothing when the contact points out of it.
std::optional<std::string> file_path(const std::string& folder, const HandOverMessage& message);

}  // namespace rescind
