// Forwards bytes both ways until told to break.
#include "proxy.h"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <utility>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace rescind::test {
namespace {

constexpr int kPollMilliseconds = 50;

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

// False: the other end is gone.
bool forward(int to, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = send(to, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n <= 0) {
      return false;
    }
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

}  // namespace

Proxy::Proxy(int target_port) : target_port_(target_port) {
  listener_ = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);  // NOLINT: how sockets are called
  if (bind(listener_, generic, size) != 0 || listen(listener_, 16) != 0 ||
      getsockname(listener_, generic, &size) != 0) {
    std::perror("proxy");
    std::exit(1);
  }
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { accept_all(); });
}

Proxy::~Proxy() {
  stopping_ = true;
  acceptor_.join();
  for (std::thread& worker : workers_) {
    worker.join();
  }
  close(listener_);
}

void Proxy::break_once(Break how, std::string bytes) {
  const std::lock_guard lock(mutex_);
  how_ = how;
  bytes_ = std::move(bytes);
}

Break Proxy::verdict(std::string_view bytes) {
  const std::lock_guard lock(mutex_);
  if (how_ == Break::Never || bytes.find(bytes_) == std::string_view::npos) {
    return Break::Never;
  }
  return std::exchange(how_, Break::Never);
}

void Proxy::accept_all() {
  while (!stopping_) {
    pollfd watched{listener_, POLLIN, 0};
    if (poll(&watched, 1, kPollMilliseconds) > 0) {
      const int client = accept(listener_, nullptr, nullptr);
      if (client >= 0) {
        workers_.emplace_back([this, client] { serve(client); });
      }
    }
  }
}

void Proxy::serve(int client) {
  const int server = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address = loopback(target_port_);
  const auto* generic =
      reinterpret_cast<const sockaddr*>(&address);  // NOLINT: how sockets are called
  bool open = connect(server, generic, sizeof address) == 0;
  bool hanging = false;
  bool mute = false;  // the next answer ends the connection
  std::array<char, 65536> buffer{};
  while (open && !stopping_) {
    std::array<pollfd, 2> watched = {{{client, POLLIN, 0}, {server, POLLIN, 0}}};
    if (poll(watched.data(), 2, kPollMilliseconds) <= 0) {
      continue;
    }
    for (const pollfd& one : watched) {
      if (one.revents == 0 || !open) {
        continue;
      }
      const ssize_t n = read(one.fd, buffer.data(), buffer.size());
      if (n <= 0) {
        open = false;
        continue;
      }
      const std::string_view bytes(buffer.data(), static_cast<std::size_t>(n));
      if (one.fd == server) {
        open = !mute && forward(client, bytes);
        continue;
      }
      const Break how = verdict(bytes);
      hanging = hanging || how == Break::Hang;
      mute = mute || how == Break::AfterEffect;
      open = how != Break::BeforeRequest && (hanging || forward(server, bytes));
    }
  }
  close(client);
  close(server);
}

}  // namespace rescind::test
