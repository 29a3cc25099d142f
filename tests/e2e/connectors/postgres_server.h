// The PostgreSQL peer as the tests see it from outside: through psql.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "connect/connector.h"
#include "peer.h"

namespace rescind::test {

class PostgresServer {
 public:
  explicit PostgresServer(const std::string& seed) : peer_("postgres", seed) {}

  // Ends all sessions and makes the server as if it had just started with this seed.
  void reset(const std::string& seed) { peer_.reset(seed); }

  // What a query answers to the superuser, unaligned, lines joined by "\n".
  std::string query(const std::string& sql, const std::string& database = "app");
  // Exit status of a login: 0 yes, 2 refused.
  int login(const std::string& role, const std::string& password);
  // A session that lasts until somebody ends it. Returns once the server shows it.
  std::unique_ptr<Background> session(const std::string& role, const std::string& password);

  [[nodiscard]] ConnectorConfig config() const;
  std::unique_ptr<Connector> connect(Settings more = {});

  [[nodiscard]] const Peer& peer() const { return peer_; }

 private:
  Peer peer_;
  SystemClock clock_;
};

ItemAddress postgres_item(Kind kind, const std::string& native_id);

}  // namespace rescind::test
