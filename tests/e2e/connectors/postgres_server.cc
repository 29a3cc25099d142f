// Talks to PostgreSQL with psql, not through the connector under test.
#include "postgres_server.h"

#include <doctest/doctest.h>

#include "connectors/postgres/postgres.h"

namespace rescind::test {

std::string PostgresServer::query(const std::string& sql, const std::string& database) {
  std::string url = peer_["SUPERUSER_URL"];
  url.replace(url.find("/app?"), 5, "/" + database + "?");
  CommandResult done = run_command({"psql", "-X", "-At", "-v", "ON_ERROR_STOP=1", "-c", sql, url});
  REQUIRE_MESSAGE(done.status == 0, done.output);
  while (done.output.ends_with('\n')) {
    done.output.pop_back();
  }
  return done.output;
}

int PostgresServer::login(const std::string& role, const std::string& password) {
  return run_command({"psql", "-X", "-h", peer_["HOST"], "-p", peer_["PORT"], "-U", role, "-d",
                      "app", "-c", "SELECT 1"},
                     {"PGPASSWORD=" + password})
      .status;
}

std::unique_ptr<Background> PostgresServer::session(const std::string& role,
                                                    const std::string& password) {
  const std::string count =
      "SELECT count(*) FROM pg_stat_activity WHERE usename = '" + role + "' AND state = 'active'";
  const int before = std::stoi(query(count));
  auto started = std::make_unique<Background>(
      std::vector<std::string>{"psql", "-X", "-h", peer_["HOST"], "-p", peer_["PORT"], "-U", role,
                               "-d", "app", "-c", "SELECT pg_sleep(600)"},
      std::vector<std::string>{"PGPASSWORD=" + password});
  while (std::stoi(query(count)) == before) {
  }
  return started;
}

ConnectorConfig PostgresServer::config() const {
  ConnectorConfig config;
  config.system = "db";
  config.connector = "postgres";
  config.settings = {{"url", "postgresql://" + peer_["HOST"] + ":" + peer_["PORT"] + "/app"},
                     {"user", "rescind"},
                     {"password", peer_["PASSWORD"]}};
  return config;
}

std::unique_ptr<Connector> PostgresServer::connect(Settings more) {
  ConnectorConfig config = this->config();
  for (const auto& [name, value] : more) {
    config.settings[name] = value;
  }
  auto connector = make_postgres_connector(config, clock_);
  REQUIRE_MESSAGE(connector, connector.error().to_string());
  return std::move(*connector);
}

ItemAddress postgres_item(Kind kind, const std::string& native_id) {
  ItemAddress item;
  item.kind = kind;
  item.system = "db";
  item.native_id = native_id;
  item.item = "db:" + native_id;
  return item;
}

}  // namespace rescind::test
