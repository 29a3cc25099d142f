// The PostgreSQL connector against a real server, looked at with psql.
#include <algorithm>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "postgres_server.h"

namespace rescind::test {
namespace {

constexpr const char* kSeed = R"(
CREATE ROLE alice LOGIN PASSWORD 'alice-secret';
CREATE ROLE bob LOGIN PASSWORD 'bob-secret';
CREATE ROLE "Dr. ""No""" LOGIN;
CREATE ROLE sales;
CREATE ROLE archive;
CREATE ROLE keeper;
GRANT keeper, archive TO rescind;
GRANT sales TO alice WITH ADMIN OPTION;
GRANT sales TO bob;
CREATE DATABASE other;
GRANT CREATE ON SCHEMA public TO archive, keeper;
CREATE TABLE alices (n int);
ALTER TABLE alices OWNER TO alice;
CREATE TABLE shared (n int, secret text);
ALTER TABLE shared OWNER TO keeper;
SET ROLE keeper;
GRANT SELECT, INSERT ON shared TO alice WITH GRANT OPTION;
GRANT SELECT (secret) ON shared TO alice;
GRANT SELECT ON shared TO bob;
RESET ROLE;
GRANT CONNECT ON DATABASE app TO alice;
\connect other
GRANT CREATE ON SCHEMA public TO archive;
CREATE TABLE elsewhere (n int);
INSERT INTO elsewhere VALUES (7);
ALTER TABLE elsewhere OWNER TO alice;
)";

// As if it had just started. One server serves all cases, because making one takes seconds.
PostgresServer& fresh_server(const std::string& seed = kSeed) {
  static PostgresServer server("");
  server.reset(seed);
  return server;
}

ActionRequest request(Verb verb, const ItemAddress& item, std::string captured = {}) {
  ActionRequest out;
  out.verb = verb;
  out.item = item;
  out.captured = std::move(captured);
  return out;
}

ItemAddress role(const std::string& name) {
  return postgres_item(Kind::Account, name);
}

std::vector<nlohmann::json> records(const Discovery& discovery, const std::string& kind,
                                    const std::string& account = {}) {
  std::vector<nlohmann::json> found;
  for (const DiscoveredRecord& record : discovery.records) {
    nlohmann::json json = nlohmann::json::parse(record.json);
    if (json["record"] == kind && (account.empty() || json.value("account", "") == account)) {
      found.push_back(std::move(json));
    }
  }
  return found;
}

}  // namespace

TEST_CASE("postgres: discovery lists roles, memberships, sessions, privileges and owned objects") {
  PostgresServer& server = fresh_server();
  const auto session = server.session("alice", "alice-secret");
  auto connector = server.connect();
  const auto abilities = connector->capabilities();
  REQUIRE_MESSAGE(abilities, abilities.error().to_string());
  CHECK(abilities->sessions_survive_disable);
  const auto found = connector->discover();
  REQUIRE(found);
  for (const ListingState& listing : found->listings) {
    CHECK_MESSAGE(listing.complete, listing.kind << ": " << listing.why);
  }
  const auto accounts = records(*found, "account");
  const auto alice = std::find_if(accounts.begin(), accounts.end(), [](const nlohmann::json& one) {
    return one["id"] == "db:alice";
  });
  REQUIRE(alice != accounts.end());
  CHECK((*alice)["enabled"] == true);
  CHECK(std::none_of(accounts.begin(), accounts.end(), [](const nlohmann::json& one) {
    return one["id"] == "db:sales" || one["name"].get<std::string>().starts_with("pg_");
  }));
  REQUIRE(records(*found, "role", "db:alice").size() == 1);
  CHECK(records(*found, "role", "db:alice")[0]["level"] == "admin");
  CHECK(records(*found, "session", "db:alice").size() == 1);
  CHECK(records(*found, "password", "db:alice").size() == 1);
  CHECK(records(*found, "data", "db:alice").size() == 2);
  CHECK(records(*found, "permission", "db:alice").size() ==
        2);  // in app, and on the database itself
  CHECK(records(*found, "permission", "db:bob").size() == 1);
  const auto sweep = connector->discover_account(role("alice"));
  REQUIRE(sweep);
  CHECK(sweep->records.size() == 1);
  CHECK(sweep->records[0].holder_key == "alice");
}

TEST_CASE("postgres: a disabled role cannot log in, its sessions live on until they are revoked") {
  PostgresServer& server = fresh_server();
  const auto session = server.session("alice", "alice-secret");
  const auto other = server.session("bob", "bob-secret");
  auto connector = server.connect();
  const auto before = connector->observe(role("alice"));
  REQUIRE(before);
  CHECK(before->enabled == true);
  const ActionResult done = connector->perform(request(Verb::Disable, role("alice")));
  CHECK_MESSAGE(done.result == ResultClass::Changed, done.detail);
  CHECK(server.login("alice", "alice-secret") == 2);
  CHECK(server.login("bob", "bob-secret") == 0);
  CHECK(connector->perform(request(Verb::Disable, role("alice"))).result ==
        ResultClass::AlreadyDone);
  CHECK(connector->probe(request(Verb::Disable, role("alice"))).answer == ProbeAnswer::Done);

  const auto sweep = connector->discover_account(role("alice"));
  REQUIRE(sweep);
  REQUIRE(sweep->records.size() == 1);
  const nlohmann::json record = nlohmann::json::parse(sweep->records[0].json);
  const ItemAddress live = postgres_item(Kind::Session, record["native_id"]);
  CHECK(connector->observe(live)->presence == Presence::Present);
  const ActionResult ended = connector->perform(request(Verb::Revoke, live));
  CHECK_MESSAGE(ended.result == ResultClass::Changed, ended.detail);
  CHECK(session->wait() != 0);
  CHECK(connector->perform(request(Verb::Revoke, live)).result == ResultClass::Absent);
  CHECK(connector->observe(live)->presence == Presence::Absent);
  CHECK(server.query(
            "SELECT string_agg(usename, ',') FROM pg_stat_activity WHERE state = 'active' AND "
            "pid <> pg_backend_pid()") == "bob");

  const ActionResult undone = connector->undo(request(Verb::Disable, role("alice"), before->state));
  CHECK_MESSAGE(undone.result == ResultClass::Changed, undone.detail);
  CHECK(server.login("alice", "alice-secret") == 0);
}

TEST_CASE("postgres: a process number that was given to another session is left alone") {
  PostgresServer& server = fresh_server();
  server.query("GRANT pg_read_all_stats TO rescind");
  const auto session = server.session("bob", "bob-secret");
  auto connector = server.connect();
  const auto live = connector->discover_account(role("bob"));
  REQUIRE(live);
  const nlohmann::json record = nlohmann::json::parse(live->records.at(0).json);
  std::string native = record["native_id"];
  CHECK(native.find("hidden") == std::string::npos);
  CHECK(record.contains("created"));
  native.back() = native.back() == '1' ? '2' : '1';  // the same process, another start
  CHECK(connector->perform(request(Verb::Revoke, postgres_item(Kind::Session, native))).result ==
        ResultClass::Absent);
  CHECK(server.query("SELECT count(*) FROM pg_stat_activity WHERE usename = 'bob'") == "1");
  CHECK(connector->observe(postgres_item(Kind::Session, "bob/1;x/2"))->presence ==
        Presence::Unknown);
}

TEST_CASE("postgres: a session of a superuser needs a person") {
  PostgresServer& server = fresh_server(
      std::string(kSeed) + "\nCREATE ROLE root LOGIN SUPERUSER PASSWORD 'root-secret';\n");
  const auto session = server.session("root", "root-secret");
  auto connector = server.connect();
  const auto live = connector->discover_account(role("root"));
  REQUIRE(live);
  const nlohmann::json record = nlohmann::json::parse(live->records.at(0).json);
  const ActionResult refused =
      connector->perform(request(Verb::Revoke, postgres_item(Kind::Session, record["native_id"])));
  CHECK_MESSAGE(refused.result == ResultClass::NeedsHuman, refused.detail);
  CHECK(connector->perform(request(Verb::Disable, role("root"))).result == ResultClass::NeedsHuman);
}

TEST_CASE("postgres: a membership is revoked and granted again with its option") {
  PostgresServer& server = fresh_server();
  auto connector = server.connect();
  const ItemAddress item = postgres_item(Kind::Role, "sales/alice");
  const auto before = connector->observe(item);
  REQUIRE(before);
  CHECK(before->presence == Presence::Present);
  const ActionResult done = connector->perform(request(Verb::Remove, item));
  CHECK_MESSAGE(done.result == ResultClass::Changed, done.detail);
  CHECK(server.query("SELECT pg_has_role('alice', 'sales', 'MEMBER')") == "f");
  CHECK(server.query("SELECT pg_has_role('bob', 'sales', 'MEMBER')") == "t");
  CHECK(connector->perform(request(Verb::Remove, item)).result == ResultClass::AlreadyDone);
  CHECK(connector->undo(request(Verb::Remove, item, before->state)).result == ResultClass::Changed);
  CHECK(
      server.query("SELECT admin_option FROM pg_auth_members m JOIN pg_roles u ON u.oid = m.member "
                   "WHERE u.rolname = 'alice'") == "t");
}

TEST_CASE("postgres: privileges are taken away object by object and given back as they were") {
  PostgresServer& server = fresh_server();
  auto connector = server.connect();
  const std::string acl =
      "SELECT relacl, (SELECT attacl FROM pg_attribute WHERE attrelid = c.oid AND "
      "attname = 'secret') FROM pg_class c WHERE relname = 'shared'";
  const auto held = [&](const char* privilege) {
    return server.query(std::string("SELECT has_table_privilege('alice', 'shared', '") + privilege +
                        "')");
  };
  const ItemAddress item = postgres_item(Kind::Permission, "alice/app");
  const auto before = connector->observe(item);
  REQUIRE(before);
  CHECK(before->presence == Presence::Present);
  const ActionResult done = connector->perform(request(Verb::Remove, item));
  CHECK_MESSAGE(done.result == ResultClass::Changed, done.detail);
  CHECK(held("SELECT") == "f");
  CHECK(held("INSERT") == "f");
  CHECK(server.query("SELECT has_table_privilege('bob', 'shared', 'SELECT')") == "t");
  CHECK(connector->perform(request(Verb::Remove, item)).result == ResultClass::AlreadyDone);
  const ActionResult undone = connector->undo(request(Verb::Remove, item, before->state));
  CHECK_MESSAGE(undone.result == ResultClass::Changed, undone.detail);
  CHECK(held("SELECT WITH GRANT OPTION") == "t");
  CHECK(held("INSERT") == "t");
  CHECK(server.query("SELECT has_column_privilege('alice', 'shared', 'secret', 'SELECT')") == "t");
  CHECK(held("DELETE") == "f");
}

TEST_CASE("postgres: a role is deleted in every database, and its tables live on") {
  PostgresServer& server = fresh_server();
  SUBCASE("not without somebody who gets them") {
    const ActionResult refused = server.connect()->perform(request(Verb::Delete, role("alice")));
    CHECK(refused.result == ResultClass::NeedsHuman);
    CHECK(refused.detail.find("reassign_to") != std::string::npos);
    CHECK(server.query("SELECT count(*) FROM pg_roles WHERE rolname = 'alice'") == "1");
  }
  SUBCASE("with") {
    auto connector = server.connect({{"reassign_to", "archive"}});
    const ActionResult done = connector->perform(request(Verb::Delete, role("alice")));
    CHECK_MESSAGE(done.result == ResultClass::Changed, done.detail);
    CHECK(server.query("SELECT count(*) FROM pg_roles WHERE rolname = 'alice'") == "0");
    const std::string owner = "SELECT pg_get_userbyid(relowner) FROM pg_class WHERE relname = ";
    CHECK(server.query(owner + "'alices'") == "archive");
    CHECK(server.query(owner + "'elsewhere'", "other") == "archive");
    CHECK(server.query("SELECT n FROM elsewhere", "other") == "7");
    CHECK(connector->perform(request(Verb::Delete, role("alice"))).result == ResultClass::Absent);
    CHECK(connector->observe(role("alice"))->presence == Presence::Absent);
    CHECK(connector->perform(request(Verb::Disable, role("alice"))).result == ResultClass::Absent);
  }
}

TEST_CASE(
    "postgres: a role that only has privileges loses them and is deleted, nothing is dropped") {
  PostgresServer& server = fresh_server();
  const ActionResult done = server.connect()->perform(request(Verb::Delete, role("bob")));
  CHECK_MESSAGE(done.result == ResultClass::Changed, done.detail);
  CHECK(server.query("SELECT count(*) FROM pg_class WHERE relname IN ('shared', 'alices')") == "2");
}

TEST_CASE("postgres: owned objects of one database are transferred to the role that is named") {
  PostgresServer& server = fresh_server();
  auto connector = server.connect();
  ActionRequest transfer = request(Verb::Transfer, postgres_item(Kind::Data, "alice/other"));
  CHECK(connector->perform(transfer).result == ResultClass::NeedsHuman);
  transfer.target = "db:nobody";
  CHECK(connector->perform(transfer).result == ResultClass::NeedsHuman);
  transfer.target = "db:archive";
  const ActionResult done = connector->perform(transfer);
  CHECK_MESSAGE(done.result == ResultClass::Changed, done.detail);
  CHECK(server.query("SELECT pg_get_userbyid(relowner) FROM pg_class WHERE relname = 'elsewhere'",
                     "other") == "archive");
  CHECK(connector->perform(transfer).result == ResultClass::AlreadyDone);
  CHECK(server.query("SELECT pg_has_role('rescind', 'alice', 'MEMBER')") == "f");
}

TEST_CASE("postgres: a new password ends the old one and is sent to nobody") {
  PostgresServer& server = fresh_server();
  auto connector = server.connect();
  const ActionResult rotated =
      connector->perform(request(Verb::Rotate, postgres_item(Kind::Password, "alice")));
  CHECK_MESSAGE(rotated.result == ResultClass::Changed, rotated.detail);
  REQUIRE(rotated.requests.size() == 1);
  CHECK(rotated.requests[0].find("SCRAM") == std::string::npos);
  CHECK(server.login("alice", "alice-secret") == 2);
  CHECK(server.query(
            "SELECT rolpassword LIKE 'SCRAM-SHA-256$%' FROM pg_authid WHERE rolname = 'alice'") ==
        "t");
  CHECK(connector->perform(request(Verb::Disable, postgres_item(Kind::Password, "bob"))).result ==
        ResultClass::Changed);
  CHECK(server.query("SELECT rolvaliduntil < now() FROM pg_roles WHERE rolname = 'bob'") == "t");
  CHECK(server.login("bob", "bob-secret") == 2);
}

TEST_CASE("postgres: names are quoted, whatever they hold") {
  PostgresServer& server = fresh_server();
  auto connector = server.connect();
  const std::string name = "Dr. \"No\"";
  CHECK(connector->perform(request(Verb::Disable, role(name))).result == ResultClass::Changed);
  CHECK(server.query("SELECT rolcanlogin FROM pg_roles WHERE rolname = 'Dr. \"No\"'") == "f");
  CHECK(connector->perform(request(Verb::Disable, role("x\" LOGIN; DROP ROLE bob; --"))).result ==
        ResultClass::Absent);
  CHECK(connector->observe(role(std::string("a\0b", 3)))->presence == Presence::Unknown);
  CHECK(connector->observe(role("\xFF"))->presence == Presence::Unknown);
}

TEST_CASE("postgres: a role that took over the name is left alone") {
  PostgresServer& server = fresh_server();
  auto connector = server.connect();
  const auto before = connector->observe(role("alice"));
  REQUIRE(before);
  server.query("ALTER ROLE alice RENAME TO alice_old; CREATE ROLE alice LOGIN");
  const ActionResult refused =
      connector->perform(request(Verb::Disable, role("alice"), before->state));
  CHECK(refused.result == ResultClass::Conflict);
  CHECK(server.query("SELECT rolcanlogin FROM pg_roles WHERE rolname = 'alice'") == "t");
}

TEST_CASE("postgres: wrong password, dead server and a lost connection are told apart") {
  PostgresServer& server = fresh_server();
  const ActionRequest disable = request(Verb::Disable, role("alice"));
  SUBCASE("wrong password") {
    auto connector = server.connect({{"password", "wrong-secret"}});
    const ActionResult refused = connector->perform(disable);
    CHECK_MESSAGE(refused.result == ResultClass::AuthFailed, refused.detail);
    CHECK(refused.detail.find("wrong-secret") == std::string::npos);
    CHECK(connector->observe(disable.item).error().kind() == ErrorKind::Auth);
    CHECK(connector->discover().error().kind() == ErrorKind::Auth);
  }
  SUBCASE("no password") {
    ConnectorConfig config = server.config();
    auto connector = server.connect({{"password", ""}});
    CHECK(connector->perform(disable).result == ResultClass::AuthFailed);
  }
  SUBCASE("nobody listens") {
    auto connector = server.connect({{"url", "postgresql://127.0.0.1:1/app"}});
    CHECK(connector->perform(disable).result == ResultClass::Failed);
    CHECK(connector->observe(disable.item).error().kind() == ErrorKind::Network);
    CHECK(connector->discover().error().kind() == ErrorKind::Network);
    CHECK(connector->probe(disable).answer == ProbeAnswer::Unknown);
  }
  SUBCASE("our connection was ended meanwhile") {
    auto connector = server.connect();
    REQUIRE(connector->observe(disable.item));
    server.query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'rescind'");
    CHECK(connector->perform(disable).result == ResultClass::Changed);
  }
  SUBCASE("a lock that somebody holds") {
    auto connector = server.connect({{"timeout", "1s"}});
    const auto blocker = std::make_unique<Background>(
        std::vector<std::string>{
            "psql", "-X", server.peer()["SUPERUSER_URL"], "-c",
            "BEGIN; SELECT FROM pg_authid WHERE rolname = 'alice' FOR UPDATE; SELECT pg_sleep(60)"},
        std::vector<std::string>{});
    while (server.query("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'") ==
           "0") {
    }
    const ActionResult blocked = connector->perform(disable);
    CHECK_MESSAGE(blocked.result == ResultClass::Failed, blocked.detail);
    CHECK(server.query("SELECT rolcanlogin FROM pg_roles WHERE rolname = 'alice'") == "t");
  }
}

TEST_CASE("postgres: a preview touches nothing and shows no secret") {
  PostgresServer& server = fresh_server();
  auto connector =
      server.connect({{"reassign_to", "archive"}, {"url", "postgresql://127.0.0.1:1/app"}});
  for (const auto& [verb, item] :
       {std::pair(Verb::Disable, role("alice")), std::pair(Verb::Delete, role("alice")),
        std::pair(Verb::Remove, postgres_item(Kind::Role, "sales/alice")),
        std::pair(Verb::Remove, postgres_item(Kind::Permission, "alice/app")),
        std::pair(Verb::Transfer, postgres_item(Kind::Data, "alice/app")),
        std::pair(Verb::Revoke, postgres_item(Kind::Session, "alice/1/2")),
        std::pair(Verb::Rotate, postgres_item(Kind::Password, "alice"))}) {
    const std::vector<std::string> lines = connector->preview(request(verb, item));
    REQUIRE_FALSE(lines.empty());
    CHECK(lines[0].find("nothing that") == std::string::npos);
    for (const std::string& line : lines) {
      CHECK(line.find(server.peer()["PASSWORD"]) == std::string::npos);
    }
  }
}

}  // namespace rescind::test
