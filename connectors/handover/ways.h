// The three ways that a message can go; each delivers or says why not.
#pragma once

#include <string>

#include "connectors/handover/hand_over.h"

namespace rescind {

// To `url`, which may be a contact's rather than the configured one; then it is not signed: who
// holds the contact could send what we signed to the configured receiver, who would believe it.
Result<std::string> post_webhook(const WebhookSettings& settings, const std::string& url,
                                 const HandOverMessage& message);
Result<std::string> send_mail(const SmtpSettings& settings, const std::string& to,
                              const HandOverMessage& message);
Result<std::string> write_message(const std::string& path, const HandOverMessage& message);

// Scheme, host and port: anything else of a URL may be a secret, in chats its path is.
std::string shown_url(const std::string& url);

// HMAC of RFC 2104 with SHA-256, as hex digits.
std::string hmac_sha256_hex(std::string_view secret, std::string_view bytes);

}  // namespace rescind
