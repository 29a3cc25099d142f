// SCIM over HTTP: reads by exact id and what their answers prove. Between http.h and the connector.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "connectors/scim/http.h"
#include "connectors/support/attempt.h"

namespace rescind::scim {

// What a read came to. Missing is proved: a 404 to the exact id from a server that otherwise
// answers us. Forbidden: it knows our credential, which may not read that.
enum class ReadState : std::uint8_t {
  Found,
  Missing,
  Refused,
  Forbidden,
  Throttled,
  Unreachable,
  Broken
};

struct ReadAnswer {
  ReadState state = ReadState::Broken;
  std::string body;  // Found: a JSON object
  std::string etag;
  std::string why;                // everything but Found and Missing
  bool unproved_missing = false;  // Broken: a 404 that nothing backs up
  std::optional<Instant> retry_at;
};

class ScimClient {
 public:
  ScimClient(HttpSettings settings, Clock& clock) : http_(std::move(settings), clock) {}

  // GET of one resource. `attempt` (may be null) is told what was sent and received.
  ReadAnswer read(const std::string& path, Attempt* attempt);
  // GET without the proof of absence: a 404 is Missing at once. For discovery documents and lists.
  ReadAnswer get(const std::string& path, Attempt* attempt);
  HttpAnswer send(const HttpRequest& request, Attempt* attempt);

  [[nodiscard]] const HttpSettings& settings() const { return http_.settings(); }

 private:
  // Whether the server shows us accounts at all, so that a 404 means something. "" yes, else why
  // not.
  std::string why_not_authoritative(Attempt* attempt);

  HttpClient http_;
};

// What any answer but a good one says, in one line.
std::string describe(const HttpAnswer& answer);
Error error_of(const ReadAnswer& answer);

}  // namespace rescind::scim
