// The socket side of the server: listens, bounds size and time, hands plain requests to the router.
#pragma once

#include <functional>
#include <string>

#include "app/server/resources.h"
#include "base/result.h"

namespace rescind::server {

struct ListenOptions {
  std::string host = "127.0.0.1";  // loopback only
  int port = 8181;                 // 0: a free one
  std::size_t max_body_bytes = 8U * 1024U * 1024U;
  std::size_t max_header_bytes = 8U * 1024U;    // of one header's value
  std::size_t max_headers_bytes = 64U * 1024U;  // of a request without its body
  Seconds read_timeout{5};
  Seconds write_timeout{5};
  std::size_t threads = 2;
  std::function<void(int port)> listening;  // called once, before the first request
};

// "127.0.0.1:8181", "localhost:0", "[::1]:8181". Errors: Unsupported when it is no host:port, or
// the host is not this machine alone (put a proxy with TLS in front).
Result<ListenOptions> parse_listen_address(const std::string& address);

// Serves until SIGINT or SIGTERM, then finishes what it is answering. Errors: Io when the address
// is taken.
Status serve(const Service& service, const ListenOptions& options);

}  // namespace rescind::server
