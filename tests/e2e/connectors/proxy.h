// A TCP proxy in front of a real server, which breaks connections when a certain request passes.
#pragma once

#include <atomic>
#include <list>
#include <mutex>
#include <string>
#include <thread>

namespace rescind::test {

enum class Break {
  Never,
  BeforeRequest,  // the request does not reach the server
  AfterEffect,    // the server's answer does not come back
  Hang,           // the request stays on the way, the connection stays open
};

class Proxy {
 public:
  // To this port of 127.0.0.1.
  explicit Proxy(int target_port);
  ~Proxy();
  Proxy(const Proxy&) = delete;
  Proxy& operator=(const Proxy&) = delete;

  [[nodiscard]] int port() const { return port_; }

  // The next request that holds these bytes is broken so, and no other after it.
  void break_once(Break how, std::string bytes);

 private:
  void accept_all();
  void serve(int client);
  // What to do with these bytes from the client.
  Break verdict(std::string_view bytes);

  int target_port_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<bool> stopping_{false};
  std::mutex mutex_;
  Break how_ = Break::Never;
  std::string bytes_;
  std::list<std::thread> workers_;
  std::thread acceptor_;
};

}  // namespace rescind::test
