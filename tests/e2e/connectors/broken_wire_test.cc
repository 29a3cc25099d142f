// Connections that break in the middle of a change: what may have happened is looked at, never
// guessed.
#include <doctest/doctest.h>

#include "ldap_server.h"
#include "postgres_server.h"
#include "proxy.h"

namespace rescind::test {
namespace {

// The port of "scheme://host:port/…".
int port_of(const std::string& url) {
  return std::stoi(url.substr(url.find(':', url.find("://") + 3) + 1));
}

ActionRequest disable(const ItemAddress& item) {
  ActionRequest out;
  out.verb = Verb::Disable;
  out.item = item;
  return out;
}

struct Expected {
  Break how;
  ResultClass result;
  bool done;
};

// A change that broke off is unknown; one whose effect can be seen is made.
constexpr Expected kExpected[] = {{Break::BeforeRequest, ResultClass::Unknown, false},
                                  {Break::AfterEffect, ResultClass::Changed, true},
                                  {Break::Hang, ResultClass::Unknown, false}};

}  // namespace

TEST_CASE(
    "ldap: a connection that breaks during a change leaves it unknown unless it can be seen") {
  LdapServer server(ldif_person("alice") + ldif_person("bob") + ldif_person("carol") +
                    ldif_person("dave"));
  Proxy proxy(port_of(server.peer()["URL"]));
  const std::string people[] = {"alice", "bob", "carol"};
  auto connector = server.connect(
      {{"url", "ldap://127.0.0.1:" + std::to_string(proxy.port())}, {"timeout", "1s"}});
  for (std::size_t i = 0; i < 3; ++i) {
    CAPTURE(people[i]);
    const ItemAddress account = server.account(people[i]);
    REQUIRE(connector->observe(account));
    proxy.break_once(kExpected[i].how, "000001010000Z");
    const ActionResult result = connector->perform(disable(account));
    CHECK_MESSAGE(result.result == kExpected[i].result, result.detail);
    CHECK((server.bind(server.person(people[i]), people[i] + "-secret") == 49) ==
          kExpected[i].done);
  }
  // The connector goes on with a fresh connection.
  CHECK(connector->perform(disable(server.account("dave"))).result == ResultClass::Changed);
}

TEST_CASE("ldap: a server that takes the connection and never answers is given up on") {
  LdapServer server(ldif_person("alice"));
  Proxy proxy(port_of(server.peer()["URL"]));
  auto connector = server.connect({{"url", "ldap://127.0.0.1:" + std::to_string(proxy.port())},
                                   {"timeout", "1s"},
                                   {"connect_timeout", "1s"}});
  proxy.break_once(Break::Hang, server.peer()["PASSWORD"]);
  const ActionResult result = connector->perform(disable(server.account("alice")));
  CHECK(result.result == ResultClass::Failed);
  CHECK(server.bind(server.person("alice"), "alice-secret") == 0);
}

TEST_CASE(
    "postgres: a connection that breaks during a change leaves it unknown unless it can be seen") {
  PostgresServer server(
      "CREATE ROLE alice LOGIN; CREATE ROLE bob LOGIN; CREATE ROLE carol LOGIN; CREATE ROLE dave "
      "LOGIN;");
  Proxy proxy(std::stoi(server.peer()["PORT"]));
  const std::string people[] = {"alice", "bob", "carol"};
  auto connector =
      server.connect({{"url", "postgresql://127.0.0.1:" + std::to_string(proxy.port()) + "/app"},
                      {"sslmode", "disable"},
                      {"timeout", "1s"}});
  for (std::size_t i = 0; i < 3; ++i) {
    CAPTURE(people[i]);
    const ItemAddress account = postgres_item(Kind::Account, people[i]);
    REQUIRE(connector->observe(account));
    proxy.break_once(kExpected[i].how, "NOLOGIN");
    const ActionResult result = connector->perform(disable(account));
    CHECK_MESSAGE(result.result == kExpected[i].result, result.detail);
    CHECK((server.query("SELECT rolcanlogin FROM pg_roles WHERE rolname = '" + people[i] + "'") ==
           "f") == kExpected[i].done);
  }
  CHECK(connector->perform(disable(postgres_item(Kind::Account, "dave"))).result ==
        ResultClass::Changed);
}

TEST_CASE("postgres: a transaction that breaks before its commit changed nothing, for certain") {
  PostgresServer server(
      "CREATE ROLE alice LOGIN; CREATE ROLE archive; GRANT archive TO rescind;"
      "GRANT CREATE ON SCHEMA public TO archive; CREATE TABLE t (n int); ALTER TABLE t OWNER TO "
      "alice;");
  Proxy proxy(std::stoi(server.peer()["PORT"]));
  auto connector =
      server.connect({{"url", "postgresql://127.0.0.1:" + std::to_string(proxy.port()) + "/app"},
                      {"sslmode", "disable"},
                      {"reassign_to", "archive"}});
  ActionRequest erase = disable(postgres_item(Kind::Account, "alice"));
  erase.verb = Verb::Delete;
  proxy.break_once(Break::AfterEffect, "DROP OWNED");
  const ActionResult broken = connector->perform(erase);
  CHECK_MESSAGE(broken.result == ResultClass::Failed, broken.detail);
  CHECK(server.query("SELECT pg_get_userbyid(relowner) FROM pg_class WHERE relname = 't'") ==
        "alice");
  CHECK(connector->perform(erase).result == ResultClass::Changed);
  CHECK(server.query("SELECT pg_get_userbyid(relowner) FROM pg_class WHERE relname = 't'") ==
        "archive");
}

TEST_CASE("postgres: TLS is asked for and verified") {
  PostgresServer server(
      "CREATE ROLE alice LOGIN; ALTER SYSTEM SET ssl_cert_file = '../cert.pem';\n"
      "ALTER SYSTEM SET ssl_key_file = '../key.pem';\nALTER SYSTEM SET ssl = on;\nSELECT "
      "pg_reload_conf();");
  const std::string log = server.peer()["LOG"];
  const std::string ca = log.substr(0, log.rfind('/')) + "/cert.pem";
  while (server.query("SHOW ssl") != "on") {
  }
  const ItemAddress alice = postgres_item(Kind::Account, "alice");
  auto trusted = server.connect({{"sslmode", "verify-full"}, {"ca_file", ca}});
  const auto seen = trusted->observe(alice);
  REQUIRE_MESSAGE(seen, seen.error().to_string());
  CHECK(
      server.query("SELECT bool_and(s.ssl) FROM pg_stat_ssl s JOIN pg_stat_activity a USING (pid) "
                   "WHERE usename = 'rescind'") == "t");
  for (const Settings& settings :
       {Settings{{"sslmode", "verify-full"}},
        Settings{{"sslmode", "verify-ca"}, {"ca_file", "/nowhere.pem"}}}) {
    auto untrusting = server.connect(settings);
    const auto refused = untrusting->observe(alice);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().kind() == ErrorKind::Network);
    CHECK(untrusting->perform(disable(alice)).result == ResultClass::Failed);
  }
}

}  // namespace rescind::test
