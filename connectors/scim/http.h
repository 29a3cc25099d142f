// HTTP for the SCIM connector: one request, and an answer that tells apart "never sent", "may have
// arrived" and "answered". cpp-httplib stays inside http.cc.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace rescind::scim {

struct HttpSettings {
  std::string origin;         // "https://host:443", no path
  std::string base_path;      // "/scim/v2" or ""
  std::string authorization;  // value of the header, secret; "" none
  std::string ca_file;        // "" the system's own
  Seconds connect_timeout{10};
  Seconds timeout{30};  // without a byte, and for the whole body
  std::size_t max_body_bytes = std::size_t{64} << 20;
};

struct HttpRequest {
  std::string method;    // "GET" "PUT" "PATCH" "DELETE"
  std::string path;      // below the base path, already percent-encoded ("/Users/u1")
  std::string body;      // JSON or ""
  std::string if_match;  // ETag or ""
};

enum class Delivery : std::uint8_t {
  NotSent,    // no connection: certainly nothing happened
  MaybeSent,  // the connection broke or time ran out after the request was on its way
  Answered,   // a complete answer came
};

struct HttpAnswer {
  Delivery delivery = Delivery::NotSent;
  std::string why;  // when there is no complete answer; no secrets
  int status = 0;
  std::string body;
  std::string etag;
  std::optional<Instant> retry_at;  // Retry-After

  [[nodiscard]] bool answered() const { return delivery == Delivery::Answered; }

  [[nodiscard]] bool ok() const { return answered() && status >= 200 && status < 300; }
};

class HttpClient {
 public:
  HttpClient(HttpSettings settings, Clock& clock);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  HttpAnswer send(const HttpRequest& request);

  [[nodiscard]] const HttpSettings& settings() const { return settings_; }

 private:
  struct Connection;
  HttpSettings settings_;
  Clock& clock_;
  std::unique_ptr<Connection> connection_;
};

// Retry-After: seconds, or a date in the form of RFC 9110 ("Fri, 20 Nov 2026 12:00:00 GMT").
std::optional<Instant> parse_retry_after(std::string_view value, Instant now);
// Everything but unreserved characters as %XX, for one path segment or one query value.
std::string percent_encode(std::string_view text);

}  // namespace rescind::scim
