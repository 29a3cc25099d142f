// A libcurl transfer: its handle and lists, freed whatever happens, and its errors as ours.
#pragma once

#include <memory>
#include <string>

#include <curl/curl.h>

#include "base/result.h"
#include "base/time.h"

namespace rescind {

struct CurlDeleter {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }

  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

using CurlHandle = std::unique_ptr<CURL, CurlDeleter>;
using CurlList = std::unique_ptr<curl_slist, CurlDeleter>;

// A handle with what every transfer has: time limits, no signals, TLS that is verified against `ca`
// ("": the machine's authorities), nothing but these protocols. Errors: Io.
Result<CurlHandle> open_transfer(const std::string& url, const char* protocols,
                                 const std::string& ca, Seconds timeout);
CurlList append_line(CurlList list, const std::string& line);
// Errors: Network, Auth, Protocol; the message has no secrets. `what` begins it.
Status perform(CURL* handle, const std::string& what);

}  // namespace rescind
