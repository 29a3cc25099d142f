// A signed POST.
#include "connectors/handover/curl.h"
#include "connectors/handover/ways.h"

namespace rescind {
namespace {

// What a receiver answers is not read further than its status.
std::size_t drop_answer(char* /*data*/, std::size_t size, std::size_t count, void* /*user*/) {
  return size * count;
}

bool fits_header(const std::string& text) {
  return text.find_first_of("\r\n") == std::string::npos;
}

}  // namespace

std::string shown_url(const std::string& url) {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string::npos) {
    return "(a URL)";
  }
  const std::size_t begin = scheme + 3;
  const std::string authority = url.substr(begin, url.find_first_of("/?#\\", begin) - begin);
  return url.substr(0, begin) + authority.substr(authority.rfind('@') + 1);
}

Result<std::string> post_webhook(const WebhookSettings& settings, const std::string& url,
                                 const HandOverMessage& message) {
  const std::string body = webhook_body(message);
  const std::string what = "webhook " + shown_url(url);
  if (!fits_header(message.key)) {
    return fail(ErrorKind::Protocol, what + ": the key of the message has a line break");
  }
  RESCIND_ASSIGN_OR_RETURN(const CurlHandle handle,
                           open_transfer(url, url.starts_with("http://") ? "http" : "https",
                                         settings.ca, settings.timeout));
  CurlList headers = append_line(nullptr, "Content-Type: application/json");
  headers = append_line(std::move(headers), "Expect:");
  headers = append_line(std::move(headers), "Idempotency-Key: " + message.key);
  if (!settings.secret.empty() && url == settings.url) {
    headers =
        append_line(std::move(headers),
                    "Rescind-Signature: " + webhook_signature(settings.secret, message.at, body));
  }
  curl_easy_setopt(handle.get(), CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(handle.get(), CURLOPT_POSTFIELDS, body.c_str());
  curl_easy_setopt(handle.get(), CURLOPT_POSTFIELDSIZE, static_cast<long>(body.size()));
  curl_easy_setopt(handle.get(), CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(handle.get(), CURLOPT_WRITEFUNCTION, &drop_answer);
  RESCIND_RETURN_IF_ERROR(perform(handle.get(), what));
  long status = 0;
  curl_easy_getinfo(handle.get(), CURLINFO_RESPONSE_CODE, &status);
  if (status < 200 || status > 299) {
    return fail(status == 401 || status == 403 ? ErrorKind::Auth : ErrorKind::Protocol,
                what + ": answered " + std::to_string(status), RetryAdvice::Safe);
  }
  return "webhook:" + shown_url(url);
}

}  // namespace rescind
