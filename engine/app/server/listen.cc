// cpp-httplib behind listen.h: who asks is judged before a body is read, and time is bounded per
// request. Nothing of the library shows outside this file.
#include "app/server/listen.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <csignal>
#include <optional>
#include <thread>

#include <httplib.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

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

Request request_of(const httplib::Request& from) {
  Request request;
  request.method = from.method;
  request.path = from.path;
  for (const auto& [key, value] : from.params) {
    request.query[key] = value;
  }
  request.content_type = from.get_header_value("Content-Type");
  request.accept = from.get_header_value("Accept");
  request.authorization = from.get_header_value("Authorization");
  request.host = from.get_header_value("Host");
  return request;
}

Answer too_large(const ListenOptions& options) {
  return problem(413, Code::R0904,
                 "a body may have " + std::to_string(options.max_body_bytes) + " bytes at most");
}

// Judges a request by its header alone, before anything of its body is read: who asks, then how
// much is coming. WHY no encodings: the library bounds a body by its Content-Length only.
std::optional<Answer> refuse_by_header(const Service& service, const ListenOptions& options,
                                       const httplib::Request& from) {
  for (const char* name : {"Host", "Authorization", "Content-Type", "Accept", "Content-Length"}) {
    if (!is_clean(from, name, options.max_header_bytes)) {
      return problem(
          400, Code::R0905,
          std::string("the header ") + name + " is repeated, too long or holds control characters");
    }
  }
  if (auto refused = refuse_asker(service, request_of(from))) {
    return refused;
  }
  if (from.has_header("Transfer-Encoding")) {
    return problem(411, Code::R0905, "a body comes whole, with its Content-Length");
  }
  if (from.has_header("Content-Encoding")) {
    return problem(415, Code::R0905, "a body is not compressed");
  }
  if (!from.has_header("Content-Length")) {
    return std::nullopt;
  }
  const std::string length = from.get_header_value("Content-Length");
  std::uint64_t bytes = 0;
  const char* end = length.data() + length.size();
  const auto [last, error] = std::from_chars(length.data(), end, bytes);
  if (error == std::errc::invalid_argument || last != end) {
    return problem(400, Code::R0905, "Content-Length is no number");
  }
  return error != std::errc() || bytes > options.max_body_bytes ? std::optional(too_large(options))
                                                                : std::nullopt;
}

// What the library refuses by itself (size, broken requests) gets the problem form too.
void explain_refusal(const ListenOptions& options, httplib::Response& response) {
  if (!response.body.empty()) {
    return;
  }
  write(response.status == 413
            ? too_large(options)
            : problem(response.status, Code::R0905, "the request cannot be read"),
        response);
}

void set_socket_options(int socket) {
  const int on = 1;
  // A failure costs speed or a quick restart, never an answer.
  static_cast<void>(setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on));
  static_cast<void>(setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on));
}

using Clock = std::chrono::steady_clock;

// WHY an own stream: the library bounds each read by itself, so that a client who sends a byte
// every few seconds would hold its thread for as long as it likes. Here all reads of a request have
// one end, and so have all writes of its answer.
class BoundedStream final : public httplib::Stream {
 public:
  BoundedStream(socket_t socket, Seconds write_time) : socket_(socket), write_time_(write_time) {}

  void read_until(Clock::time_point end) { read_end_ = end; }

  // How much more may come. WHY: the library bounds a line of the header, and not how many there
  // are.
  void allow(std::size_t bytes) { allowed_ = bytes; }

  [[nodiscard]] bool is_readable() const override {
    return at_ < filled_ || ready(POLLIN, read_end_);
  }

  [[nodiscard]] bool is_writable() const override { return ready(POLLOUT, write_end_); }

  ssize_t read(char* to, std::size_t size) override {
    writing_ = false;
    if (at_ == filled_) {
      const ssize_t got =
          ready(POLLIN, read_end_) ? recv(socket_, buffer_.data(), buffer_.size(), 0) : -1;
      if (got <= 0) {
        return got;
      }
      at_ = 0;
      filled_ = static_cast<std::size_t>(got);
    }
    const std::size_t given = std::min({size, filled_ - at_, allowed_});
    if (given == 0 && size > 0) {
      return -1;
    }
    allowed_ -= given;
    std::copy_n(buffer_.data() + at_, given, to);
    at_ += given;
    return static_cast<ssize_t>(given);
  }

  ssize_t write(const char* from, std::size_t size) override {
    if (!writing_) {
      writing_ = true;
      write_end_ = Clock::now() + write_time_;
    }
    for (std::size_t sent = 0; sent < size;) {
      const ssize_t part = ready(POLLOUT, write_end_) ? send(socket_, from + sent, size - sent,
                                                             MSG_NOSIGNAL | MSG_DONTWAIT)
                                                      : -1;
      if (part <= 0) {
        return -1;
      }
      sent += static_cast<std::size_t>(part);
    }
    return static_cast<ssize_t>(size);
  }

  // Nobody asks: whoever connects is on this machine.
  void get_remote_ip_and_port(std::string& ip, int& port) const override {
    ip.clear();
    port = 0;
  }

  void get_local_ip_and_port(std::string& ip, int& port) const override {
    get_remote_ip_and_port(ip, port);
  }

  [[nodiscard]] socket_t socket() const override { return socket_; }

 private:
  [[nodiscard]] bool ready(short what, Clock::time_point end) const {
    for (;;) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now()).count();
      pollfd wanted{socket_, what, 0};
      const int found = left <= 0 ? 0 : poll(&wanted, 1, static_cast<int>(left));
      if (found >= 0 || errno != EINTR) {
        return found > 0;
      }
    }
  }

  socket_t socket_;
  Seconds write_time_;
  std::size_t allowed_ = 0;
  Clock::time_point read_end_;
  Clock::time_point write_end_;
  bool writing_ = false;
  std::array<char, 4096> buffer_{};
  std::size_t at_ = 0;
  std::size_t filled_ = 0;
};

// The connection that this thread works on.
thread_local BoundedStream* current_stream = nullptr;
// It ends after its answer, whatever was not read of it.
thread_local bool last_answer = false;

void end_connection(httplib::Response& response) {
  last_answer = true;
  response.set_header("Connection", "close");
}

// WHY: to close with something unread resets the connection, and the answer could be lost.
void close_gently(socket_t socket) {
  constexpr std::size_t kMostBytes = 16UL * 1024 * 1024;
  shutdown(socket, SHUT_WR);
  std::array<char, 4096> unread{};
  BoundedStream stream(socket, Seconds(0));
  stream.read_until(Clock::now() + std::chrono::seconds(1));
  stream.allow(kMostBytes);
  for (std::size_t bytes = 0; bytes < kMostBytes;) {
    const ssize_t got = stream.read(unread.data(), unread.size());
    if (got <= 0) {
      break;
    }
    bytes += static_cast<std::size_t>(got);
  }
  ::close(socket);
}

class BoundedServer final : public httplib::Server {
 public:
  explicit BoundedServer(const ListenOptions& options) : options_(options) {}

 private:
  bool process_and_close_socket(socket_t socket) override {
    BoundedStream stream(socket, options_.write_timeout);
    current_stream = &stream;
    bool good = true;
    for (std::size_t left = keep_alive_max_count_; good && left > 0; --left) {
      stream.read_until(Clock::now() + options_.read_timeout);
      if (svr_sock_ == INVALID_SOCKET || !stream.is_readable()) {
        break;
      }
      stream.read_until(Clock::now() + options_.read_timeout);
      stream.allow(options_.max_headers_bytes);
      bool ended = false;
      last_answer = false;
      good = process_request(stream, left == 1, ended, nullptr);
      if (ended || last_answer) {
        break;
      }
    }
    current_stream = nullptr;
    close_gently(socket);
    return good;
  }

  const ListenOptions& options_;
};

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

  BoundedServer server(options);
  const std::size_t threads = options.threads;
  server.new_task_queue = [threads] { return new httplib::ThreadPool(threads); };
  server.set_socket_options(set_socket_options);
  server.set_keep_alive_max_count(10'000);
  server.set_payload_max_length(options.max_body_bytes);
  server.set_error_handler([&options](const httplib::Request&, httplib::Response& response) {
    explain_refusal(options, response);
  });
  server.set_exception_handler(
      [](const httplib::Request&, httplib::Response& response, std::exception_ptr) {
        write(problem(500, Code::R0910, "the server ran out of resources"), response);
      });
  server.set_expect_100_continue_handler(
      [&](const httplib::Request& from, httplib::Response& response) {
        const auto refused = refuse_by_header(service, options, from);
        if (!refused) {
          return 100;
        }
        write(*refused, response);
        end_connection(response);
        return refused->status;
      });
  server.set_pre_routing_handler([&](const httplib::Request& from, httplib::Response& response) {
    using Handled = httplib::Server::HandlerResponse;
    if (const auto refused = refuse_by_header(service, options, from)) {
      write(*refused, response);
      end_connection(response);
      return Handled::Handled;
    }
    current_stream->allow(options.max_body_bytes);
    // A body that the library leaves unread must not be taken for the next request.
    const bool reads_body = from.method == "POST" || from.method == "PUT" || from.method == "PATCH";
    if (!reads_body && from.has_header("Content-Length")) {
      end_connection(response);
    }
    return Handled::Unhandled;
  });
  const auto handler = [&](const httplib::Request& from, httplib::Response& response) {
    Request request = request_of(from);
    request.body = from.body;
    write(answer(service, request), response);
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
