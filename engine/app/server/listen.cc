// cpp-httplib behind listen.h. Nothing of the library shows outside this file.
#include "app/server/listen.h"

#include <charconv>
#include <csignal>
#include <thread>

#include <httplib.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "base/text.h"

namespace rescind::server {
namespace {

bool is_loopback(std::string_view host) {
  return host == "localhost" || host == "::1" || host == "[::1]" || host.starts_with("127.");
}

// A header that somebody sent twice, or with a line end inside (the library decodes percent signs),
// is not one that we can rely on.
bool is_clean(const httplib::Request& request, const char* name, std::size_t max_bytes) {
  const std::size_t count = request.get_header_value_count(name);
  const std::string value = request.get_header_value(name);
  return count <= 1 && value.size() <= max_bytes &&
         value.find_first_of("\r\n\0", 0, 3) == std::string::npos;
}

void write(const Answer& answer, httplib::Response& response) {
  response.status = answer.status;
  response.set_content(answer.body, answer.content_type.c_str());
  for (const auto& [name, value] : answer.headers) {
    response.set_header(name.c_str(), value);
  }
}

void handle(const Service& service, const ListenOptions& options, const httplib::Request& from,
            httplib::Response& response) {
  Request request;
  for (const char* name : {"Host", "Authorization", "Content-Type", "Accept"}) {
    if (!is_clean(from, name, options.max_header_bytes)) {
      write(problem(400, Code::R0905,
                    std::string("the header ") + name +
                        " is repeated, too long or holds control characters"),
            response);
      return;
    }
  }
  request.method = from.method;
  request.path = from.path;
  for (const auto& [key, value] : from.params) {
    request.query[key] = value;
  }
  request.content_type = from.get_header_value("Content-Type");
  request.accept = from.get_header_value("Accept");
  request.authorization = from.get_header_value("Authorization");
  request.host = from.get_header_value("Host");
  request.body = from.body;
  write(answer(service, request), response);
}

// What the library refuses by itself (size, broken requests) gets the problem form too.
void explain_refusal(const ListenOptions& options, httplib::Response& response) {
  if (!response.body.empty()) {
    return;
  }
  const bool too_large = response.status == 413;
  write(problem(response.status, too_large ? Code::R0904 : Code::R0905,
                too_large
                    ? "a body may have " + std::to_string(options.max_body_bytes) + " bytes at most"
                    : "the request cannot be read"),
        response);
}

void set_socket_options(int socket) {
  const int on = 1;
  // A failure costs speed or a quick restart, never an answer.
  static_cast<void>(setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on));
  static_cast<void>(setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on));
}

}  // namespace

Result<ListenOptions> parse_listen_address(const std::string& address) {
  ListenOptions options;
  const auto colon = address.rfind(':');
  int port = -1;
  if (colon != std::string::npos) {
    const char* end = address.data() + address.size();
    const auto [last, error] = std::from_chars(address.data() + colon + 1, end, port);
    port = error == std::errc() && last == end ? port : -1;
  }
  if (port < 0 || port > 65535) {
    return fail(ErrorKind::Unsupported, "`" + address + "` is no address of the form host:port");
  }
  options.host = address.substr(0, colon);
  options.port = port;
  if (!is_loopback(options.host)) {
    return fail(
        ErrorKind::Unsupported,
        "`" + options.host +
            "` is not this machine alone: listen on 127.0.0.1 and put a proxy with TLS in front");
  }
  if (options.host.front() == '[') {
    options.host = options.host.substr(1, options.host.size() - 2);
  }
  return options;
}

Status serve(const Service& service, const ListenOptions& options) {
  // Both signals are waited for by one thread, which then ends the loop in order.
  sigset_t stop_signals;
  sigemptyset(&stop_signals);
  sigaddset(&stop_signals, SIGINT);
  sigaddset(&stop_signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &stop_signals, nullptr);

  httplib::Server server;
  const std::size_t threads = options.threads;
  server.new_task_queue = [threads] { return new httplib::ThreadPool(threads); };
  server.set_socket_options(set_socket_options);
  server.set_keep_alive_max_count(10'000);
  server.set_read_timeout(options.read_timeout.count());
  server.set_write_timeout(options.write_timeout.count());
  server.set_payload_max_length(options.max_body_bytes);
  server.set_error_handler([&options](const httplib::Request&, httplib::Response& response) {
    explain_refusal(options, response);
  });
  server.set_exception_handler(
      [](const httplib::Request&, httplib::Response& response, std::exception_ptr) {
        write(problem(500, Code::R0910, "the server ran out of resources"), response);
      });
  const auto handler = [&](const httplib::Request& request, httplib::Response& response) {
    handle(service, options, request, response);
  };
  const std::string any = ".*";
  server.Get(any, handler)
      .Post(any, handler)
      .Put(any, handler)
      .Patch(any, handler)
      .Delete(any, handler);

  const int port = options.port == 0 ? server.bind_to_any_port(options.host.c_str())
                   : server.bind_to_port(options.host.c_str(), options.port) ? options.port
                                                                             : -1;
  if (port < 0) {
    return fail(ErrorKind::Io, "cannot listen on " + options.host + ":" +
                                   std::to_string(options.port) + " (is it in use?)");
  }
  std::thread stopper([&server, stop_signals] {
    int received = 0;
    sigwait(&stop_signals, &received);
    server.stop();
  });
  if (options.listening) {
    options.listening(port);
  }
  const bool ended_well = server.listen_after_bind();
  if (!ended_well) {
    pthread_kill(stopper.native_handle(), SIGTERM);
  }
  stopper.join();
  return ended_well ? Status() : fail(ErrorKind::Io, "the server's socket failed");
}

}  // namespace rescind::server
