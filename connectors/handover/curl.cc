// libcurl, set up once for the process.
#include "connectors/handover/curl.h"

#include <mutex>

namespace rescind {
namespace {

ErrorKind kind_of(CURLcode code) {
  const bool auth = code == CURLE_LOGIN_DENIED || code == CURLE_AUTH_ERROR;
  const bool protocol = code == CURLE_WEIRD_SERVER_REPLY || code == CURLE_SEND_ERROR ||
                        code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL;
  return auth ? ErrorKind::Auth : protocol ? ErrorKind::Protocol : ErrorKind::Network;
}

}  // namespace

Result<CurlHandle> open_transfer(const std::string& url, const char* protocols,
                                 const std::string& ca, Seconds timeout) {
  // Never undone: other threads may be using it until the process ends.
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
  CurlHandle handle(curl_easy_init());
  if (!handle) {
    return fail(ErrorKind::Io, "libcurl cannot be started");
  }
  CURL* raw_handle = handle.get();
  const long seconds = static_cast<long>(timeout.count());
  curl_easy_setopt(raw_handle, CURLOPT_URL, url.c_str());
  curl_easy_setopt(raw_handle, CURLOPT_PROTOCOLS_STR, protocols);
  curl_easy_setopt(raw_handle, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(raw_handle, CURLOPT_TIMEOUT, seconds);
  curl_easy_setopt(raw_handle, CURLOPT_CONNECTTIMEOUT, seconds);
  curl_easy_setopt(raw_handle, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (!ca.empty()) {
    curl_easy_setopt(raw_handle, CURLOPT_CAINFO, ca.c_str());
  }
  return handle;
}

CurlList append_line(CurlList list, const std::string& line) {
  curl_slist* longer = curl_slist_append(list.get(), line.c_str());
  if (longer != nullptr) {
    static_cast<void>(list.release());
    return CurlList(longer);
  }
  return list;
}

Status perform(CURL* handle, const std::string& what) {
  std::string detail(CURL_ERROR_SIZE, '\0');
  curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, detail.data());
  const CURLcode code = curl_easy_perform(handle);
  curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, nullptr);
  if (code == CURLE_OK) {
    return {};
  }
  detail.resize(detail.find('\0'));
  return fail(kind_of(code), what + ": " + (detail.empty() ? curl_easy_strerror(code) : detail),
              RetryAdvice::OutcomeUnknown);
}

}  // namespace rescind
