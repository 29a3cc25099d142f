// The port to people: a message to a principal, over whatever way the configuration offers. Built
// in connectors/handover; docs/escalation.md says what a receiver can rely on.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace rescind {

// What is handed over. It holds no secrets.
struct HandOverMessage {
  std::string key;      // the same message, the same key: receivers may drop what they know
  std::string to;       // principal; "" nobody could be found
  std::string contact;  // URI from the inventory (mailto:, https:, file:); "" the configured way
  std::string subject;  // one line
  std::string text;     // for people
  std::vector<std::pair<std::string, std::string>> fields;  // for programs, by name
  Instant at{};
};

// Thread-safe. At least once: a failure says nothing about whether it arrived.
class HandOver {
 public:
  virtual ~HandOver() = default;
  // Says where it went, without secrets: "smtp:iam@example.org", "webhook:https://…", "file:…".
  virtual Result<std::string> deliver(const HandOverMessage& message) = 0;
};

}  // namespace rescind
