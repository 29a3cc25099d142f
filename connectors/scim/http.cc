// The SCIM connector's HTTP client over cpp-httplib: verified TLS, no redirects, bounded answers.
#include "connectors/scim/http.h"

#include <charconv>
#include <exception>

#include <httplib.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include "connectors/support/sigpipe.h"

namespace rescind::scim {
namespace {

constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
constexpr Seconds kLongestWait = std::chrono::hours(24);

std::optional<int> whole_number(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < 0) {
    return std::nullopt;
  }
  return value;
}

// "20 Nov 2026 12:00:00 GMT" as RFC 3339, then through the one parser of instants.
std::optional<Instant> parse_http_date(std::string_view value) {
  const std::size_t comma = value.find(", ");
  if (comma == std::string_view::npos || value.size() - comma - 2 != 24 ||
      !value.ends_with(" GMT")) {
    return std::nullopt;
  }
  const std::string_view date = value.substr(comma + 2);
  const std::size_t month = kMonths.find(date.substr(3, 3));
  if (month == std::string_view::npos || month % 3 != 0) {
    return std::nullopt;
  }
  std::string month_digits = std::to_string(month / 3 + 1);
  month_digits.insert(0, 2 - month_digits.size(), '0');
  std::string text(date.substr(7, 4));
  text.append("-").append(month_digits).append("-").append(date.substr(0, 2));
  text.append("T").append(date.substr(12, 8)).append("Z");
  return parse_instant(text);
}

bool is_printable(std::string_view text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) == 0x7F) {
      return false;
    }
  }
  return true;
}

std::string host_of(const std::string& origin) {
  const std::size_t slashes = origin.find("://");
  return slashes == std::string::npos ? origin : origin.substr(slashes + 3);
}

}  // namespace

struct HttpClient::Connection {
  explicit Connection(const HttpSettings& settings) : client(settings.origin) {
    client.set_connection_timeout(settings.connect_timeout);
    client.set_read_timeout(settings.timeout);
    client.set_write_timeout(settings.timeout);
    client.set_keep_alive(true);
    client.set_tcp_nodelay(true);
    client.set_follow_location(false);  // a redirect would carry the credential elsewhere
    client.set_url_encode(false);       // paths come encoded
    if (settings.origin.starts_with("https://")) {
      client.enable_server_certificate_verification(true);
      if (!settings.ca_file.empty()) {
        client.set_ca_cert_path(settings.ca_file);
      }
      if (SSL_CTX* context = client.ssl_context(); context != nullptr) {
        SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
      }
    }
  }

  httplib::Client client;
};

namespace {

// What an error of the library means for the request. Only failures before the first byte of the
// request are certain.
HttpAnswer failed_answer(httplib::Error error, const HttpSettings& settings, long verify_result) {
  const std::string host = host_of(settings.origin);
  HttpAnswer answer;
  answer.delivery = Delivery::NotSent;
  switch (error) {
  case httplib::Error::Connection:
  case httplib::Error::BindIPAddress:
    answer.why = "no connection to " + host;
    return answer;
  case httplib::Error::ConnectionTimeout:
    answer.why = "no connection to " + host + " in time";
    return answer;
  case httplib::Error::SSLConnection:
  case httplib::Error::SSLServerVerification:
    answer.why = "no TLS connection to " + host;
    if (verify_result != X509_V_OK) {
      answer.why += ": its certificate was refused (";
      answer.why.append(X509_verify_cert_error_string(verify_result)).append(")");
    } else if (error == httplib::Error::SSLServerVerification) {
      answer.why += ": its certificate is for another name";
    }
    return answer;
  case httplib::Error::SSLLoadingCerts:
    answer.why = "cannot read the certificates in `" + settings.ca_file + "`";
    return answer;
  case httplib::Error::Success:
  case httplib::Error::Unknown:
  case httplib::Error::Read:
  case httplib::Error::Write:
  case httplib::Error::ExceedRedirectCount:
  case httplib::Error::Canceled:
  case httplib::Error::UnsupportedMultipartBoundaryChars:
  case httplib::Error::Compression:
    break;
  }
  answer.delivery = Delivery::MaybeSent;
  answer.why = "no complete answer from " + host + " (cut off or out of time)";
  return answer;
}

}  // namespace

HttpClient::HttpClient(HttpSettings settings, Clock& clock)
    : settings_(std::move(settings)), clock_(clock) {}

HttpClient::~HttpClient() = default;

HttpAnswer HttpClient::send(const HttpRequest& request) {
  const SigpipeBlock sigpipe;
  HttpAnswer answer;
  try {
    if (connection_ == nullptr) {
      connection_ = std::make_unique<Connection>(settings_);
    }
    httplib::Request wire;
    wire.method = request.method;
    wire.path = settings_.base_path + request.path;
    wire.headers.emplace("Accept", "application/scim+json, application/json");
    wire.headers.emplace("Accept-Encoding", "identity");
    wire.headers.emplace("User-Agent", "rescind");
    if (!settings_.authorization.empty()) {
      wire.headers.emplace("Authorization", settings_.authorization);
    }
    if (!request.body.empty()) {
      wire.body = request.body;
      wire.headers.emplace("Content-Type", "application/scim+json");
    }
    if (!request.if_match.empty() && is_printable(request.if_match)) {
      wire.headers.emplace("If-Match", request.if_match);
    }
    std::string body;
    bool too_large = false;
    bool too_slow = false;
    const auto give_up = clock_.monotonic() + std::chrono::milliseconds(settings_.timeout);
    wire.content_receiver = [&](const char* data, std::size_t size, std::uint64_t, std::uint64_t) {
      too_large = body.size() + size > settings_.max_body_bytes;
      too_slow = clock_.monotonic() > give_up;
      if (too_large || too_slow) {
        return false;
      }
      body.append(data, size);
      return true;
    };
    httplib::Response response;
    httplib::Error error = httplib::Error::Success;
    if (!connection_->client.send(wire, response, error)) {
      const long verify = settings_.origin.starts_with("https://")
                              ? connection_->client.get_openssl_verify_result()
                              : X509_V_OK;
      answer = failed_answer(error, settings_, verify);
      if (too_large) {
        answer.why =
            "the answer is larger than " + std::to_string(settings_.max_body_bytes) + " bytes";
      }
      connection_.reset();
      return answer;
    }
    answer.delivery = Delivery::Answered;
    answer.status = response.status;
    // WHY: an answer to an error status may arrive in either place, depending on the method.
    answer.body = body.empty() ? std::move(response.body) : std::move(body);
    answer.etag = response.get_header_value("ETag");
    if (response.has_header("Retry-After")) {
      answer.retry_at = parse_retry_after(response.get_header_value("Retry-After"), clock_.now());
    }
  } catch (const std::exception& problem) {
    connection_.reset();
    answer.delivery = Delivery::MaybeSent;
    answer.why = std::string("the HTTP library failed: ") + problem.what();
  }
  return answer;
}

std::optional<Instant> parse_retry_after(std::string_view value, Instant now) {
  if (value.empty()) {
    return std::nullopt;
  }
  if (value.find_first_not_of("0123456789") == std::string_view::npos) {
    const std::optional<int> seconds = whole_number(value);
    return now + (seconds ? std::min(Seconds(*seconds), kLongestWait) : kLongestWait);
  }
  const std::optional<Instant> date = parse_http_date(value);
  if (!date) {
    return std::nullopt;
  }
  return std::min(std::max(*date, now), now + kLongestWait);
}

std::string percent_encode(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  constexpr std::string_view kUnreserved =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  std::string out;
  for (const char c : text) {
    if (kUnreserved.find(c) != std::string_view::npos) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += '%';
      out += kHex[byte >> 4U];
      out += kHex[byte & 15U];
    }
  }
  return out;
}

}  // namespace rescind::scim
