// A PostgreSQL service login replaced while a real process that depends on it keeps querying.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "connectors/postgres/postgres.h"
#include "execute/execute_plan.h"
#include "postgres_server.h"
#include "tests/support/temporary_folder.h"

namespace rescind::test {
namespace {

constexpr const char* kSeed = R"(
CREATE ROLE keeper;
CREATE ROLE readers;
GRANT keeper TO rescind;
CREATE ROLE svc LOGIN PASSWORD 'svc-secret' CONNECTION LIMIT 20;
COMMENT ON ROLE svc IS 'billing-bot';
GRANT readers TO svc WITH ADMIN OPTION;
ALTER ROLE svc SET search_path TO "$user", public;
ALTER ROLE svc IN DATABASE app SET statement_timeout TO '30s';
CREATE TABLE customers (n int);
ALTER TABLE customers OWNER TO keeper;
CREATE TABLE prices (n int);
ALTER TABLE prices OWNER TO keeper;
SET ROLE keeper;
GRANT SELECT ON customers TO svc;
GRANT SELECT ON prices TO readers;
RESET ROLE;
CREATE TABLE invoices (n bigint);
ALTER TABLE invoices OWNER TO svc;
GRANT CREATE ON SCHEMA public TO svc;
)";

// The dependent, with its files.
class Dependent {
 public:
  Dependent(const PostgresServer& server, const std::string& folder)
      : credential(folder + "/billing.env"), status_(folder + "/status") {
    std::ofstream(credential) << "# of billing\nPGUSER=svc\nPGPASSWORD=svc-secret\n";
    process_ = std::make_unique<Background>(
        std::vector<std::string>{RESCIND_DEPENDENT, server.peer()["HOST"], server.peer()["PORT"],
                                 "app", credential, status_},
        std::vector<std::string>{});
    run_on();
  }

  struct Status {
    long ok = 0, failed = 0;
    std::string role;
  };

  [[nodiscard]] Status status() const {
    Status out;
    std::string word;
    std::ifstream(status_) >> word >> out.ok >> word >> out.failed >> word >> out.role;
    return out;
  }

  // Until it has done so many more queries.
  Status run_on(long queries = 20) const {
    const long before = status().ok;
    while (status().ok < before + queries) {
      std::this_thread::yield();
    }
    return status();
  }

  const std::string credential;

 private:
  std::string status_;
  std::unique_ptr<Background> process_;
};

ActionRequest replacement(const std::string& marker) {
  ActionRequest request;
  request.verb = Verb::Replace;
  request.marker = marker;
  request.item = postgres_item(Kind::Password, "svc");
  request.item.item = "db:password:svc";
  return request;
}

std::string content(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string line_of(const std::string& path, const std::string& name) {
  const std::string text = content(path);
  const std::size_t at = text.find("\n" + name + "=");
  REQUIRE(at != std::string::npos);
  const std::size_t from = at + name.size() + 2;
  return text.substr(from, text.find('\n', from) - from);
}

std::string joined(const EvidenceReport& report, const std::string& kind) {
  std::string out;
  for (const DiscoveredRecord& record : report.records) {
    const auto json = nlohmann::json::parse(record.json);
    if (json["record"] == kind) {
      out += json.value("item", "") + " by " + json.value("by", "") + "\n";
    }
  }
  return out;
}

PlanStep step_of(const std::string& id, Verb verb, Rank rank, std::vector<std::string> after) {
  PlanStep step;
  step.id = id;
  step.verb = verb;
  step.item = "db:password:svc";
  step.kind = "password";
  step.system = "db";
  step.native_id = "svc";
  step.effects = default_effects(verb, Kind::Password);
  step.rank = rank;
  step.strong_after = std::move(after);
  if (verb == Verb::Replace) {
    step.dependents = std::vector<std::string>{"billing-job"};
  }
  return step;
}

}  // namespace

TEST_CASE(
    "postgres successor: a second login has what the first one has, and is found by its marker") {
  PostgresServer server(kSeed);
  const auto connector = server.connect();
  const ActionRequest request = replacement("step:1#1");
  CHECK(connector->find_successor(request).answer.result == ResultClass::Absent);
  const Successor made = connector->create_successor(request);
  REQUIRE_MESSAGE(made.answer.result == ResultClass::Changed, made.answer.detail);
  const std::string name = made.login;
  const std::string password(made.secret.reveal());
  CHECK(made.old_login == "svc");
  CHECK(name.starts_with("svc_r"));
  CHECK(server.login(name, password) == 0);
  CHECK(server.login("svc", "svc-secret") == 0);
  const auto can = [&](const std::string& sql) {
    return run_command({"psql", "-X", "-h", server.peer()["HOST"], "-p", server.peer()["PORT"],
                        "-U", name, "-d", "app", "-v", "ON_ERROR_STOP=1", "-c", sql},
                       {"PGPASSWORD=" + password})
               .status == 0;
  };
  CHECK(can("SELECT n FROM customers"));          // a privilege of its own
  CHECK(can("SELECT n FROM prices"));             // through a group
  CHECK(can("INSERT INTO invoices VALUES (1)"));  // an object of the old role
  CHECK(can("ALTER TABLE invoices ADD COLUMN note text"));
  CHECK(server.query("SELECT rolconnlimit FROM pg_roles WHERE rolname = '" + name + "'") == "20");
  CHECK(server.query("SELECT string_agg(array_to_string(setconfig, ';'), '|' ORDER BY setdatabase) "
                     "FROM pg_db_role_setting WHERE setrole = '" +
                     name + "'::regrole") == "search_path=\"$user\", public|statement_timeout=30s");
  CHECK(server.query("SELECT admin_option FROM pg_auth_members WHERE member = '" + name +
                     "'::regrole AND roleid = 'readers'::regrole") == "t");
  for (const std::string& line : made.answer.requests) {
    CHECK(line.find(password) == std::string::npos);
    CHECK(line.find("SCRAM") == std::string::npos);
    CHECK(line.find("$user") == std::string::npos);  // values of settings
    CHECK(line.find("30s") == std::string::npos);
  }

  SUBCASE("again it is already there, and its value is told to nobody") {
    const Successor again = connector->create_successor(request);
    CHECK(again.answer.result == ResultClass::AlreadyDone);
    CHECK(again.login == name);
    CHECK(again.secret.empty());
    CHECK(connector->create_successor(replacement("step:2#1")).login != name);
  }
  SUBCASE("it is deleted by exact name, by its own marker, while nobody uses it") {
    CHECK(connector->delete_successor(replacement("step:2#1"), made.item).result ==
          ResultClass::NeedsHuman);
    {
      const auto session = server.session(name, password);
      CHECK(connector->delete_successor(request, made.item).result == ResultClass::NeedsHuman);
      server.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '" +
                   name + "'");
    }
    while (server.query("SELECT count(*) FROM pg_stat_activity WHERE usename = '" + name + "'") !=
           "0") {
    }
    CHECK(connector->delete_successor(request, made.item).result == ResultClass::Changed);
    CHECK(connector->delete_successor(request, made.item).result == ResultClass::Absent);
    CHECK(server.login("svc", "svc-secret") == 0);
  }
  SUBCASE("a role of that name that somebody else made is left alone") {
    server.query("COMMENT ON ROLE " + name + " IS 'mine'");
    CHECK(connector->find_successor(request).answer.result == ResultClass::NeedsHuman);
    CHECK(connector->create_successor(request).answer.result == ResultClass::NeedsHuman);
    CHECK(connector->delete_successor(request, made.item).result == ResultClass::NeedsHuman);
  }
  SUBCASE("discovery lists it under the person of the old role's comment, without the mark") {
    ConnectorConfig config = server.config();
    config.holder_account_attribute = "comment";
    SystemClock clock;
    const auto by_comment = make_postgres_connector(config, clock);
    REQUIRE(by_comment);
    const auto found = (*by_comment)->discover();
    REQUIRE(found);
    const auto record = std::find_if(
        found->records.begin(), found->records.end(), [&](const DiscoveredRecord& one) {
          return one.json.find("\"id\":\"db:" + name + "\"") != std::string::npos;
        });
    REQUIRE(record != found->records.end());
    CHECK(record->holder_key == "billing-bot");
  }
  SUBCASE("who only says that it follows the old one gets nothing of it") {
    ActionRequest erase = request;
    erase.verb = Verb::Delete;
    const std::string mark = server.query(
        "SELECT shobj_description(oid, 'pg_authid') FROM pg_roles WHERE rolname = '" + name + "'");
    server.query("CREATE ROLE mallory LOGIN");
    server.query("COMMENT ON ROLE mallory IS '" + mark + "'");
    SUBCASE("beside the one that does") {
      CHECK(connector->perform(erase).result == ResultClass::Changed);
      CHECK(server.query("SELECT tableowner FROM pg_tables WHERE tablename = 'invoices'") == name);
    }
    SUBCASE("alone") {
      server.query("COMMENT ON ROLE " + name + " IS 'mine'");
      CHECK(connector->perform(erase).result == ResultClass::NeedsHuman);
      CHECK(server.query("SELECT tableowner FROM pg_tables WHERE tablename = 'invoices'") == "svc");
    }
    CHECK(server.query("SELECT has_table_privilege('mallory', 'customers', 'SELECT')") == "f");
  }
  SUBCASE("two successors of one role are a matter for a person") {
    REQUIRE(connector->create_successor(replacement("step:2#1")).answer.result ==
            ResultClass::Changed);
    ActionRequest erase = request;
    erase.verb = Verb::Delete;
    const ActionResult erased = connector->perform(erase);
    CHECK(erased.result == ResultClass::NeedsHuman);
    CHECK(erased.detail.find(name) != std::string::npos);
    CHECK(server.query("SELECT count(*) FROM pg_roles WHERE rolname = 'svc'") == "1");
  }
  SUBCASE("when the old one is deleted, it keeps everything for itself") {
    ActionRequest erase = request;
    erase.verb = Verb::Delete;
    const ActionResult erased = connector->perform(erase);
    CHECK_MESSAGE(erased.result == ResultClass::Changed, erased.detail);
    CHECK(server.query("SELECT count(*) FROM pg_roles WHERE rolname = 'svc'") == "0");
    CHECK(server.query("SELECT tableowner FROM pg_tables WHERE tablename = 'invoices'") == name);
    CHECK(can("SELECT n FROM customers"));
    CHECK(can("INSERT INTO invoices VALUES (2)"));
    CHECK(connector->probe(erase).answer == ProbeAnswer::Done);
  }
}

TEST_CASE("postgres successor: what cannot be copied is left to a person, and nothing is made") {
  PostgresServer server(std::string(kSeed) +
                        "CREATE ROLE chief LOGIN SUPERUSER;\n"
                        "CREATE ROLE loner LOGIN NOINHERIT;\n"
                        "ALTER TABLE invoices OWNER TO loner;\n");
  const auto connector = server.connect();
  for (const char* role : {"chief", "loner"}) {
    ActionRequest request = replacement("step:1#1");
    request.item.native_id = role;
    const Successor made = connector->create_successor(request);
    CHECK(made.answer.result == ResultClass::NeedsHuman);
    CHECK(made.answer.detail.find("cannot be copied") != std::string::npos);
  }
  CHECK(server.query("SELECT count(*) FROM pg_roles WHERE rolname ~ '_r[0-9a-f]{8}$'") == "0");
}

TEST_CASE("postgres password: disabling lets it expire, which is seen and can be taken back") {
  PostgresServer server(kSeed);
  const auto connector = server.connect();
  ActionRequest disable = replacement("step:1#1");
  disable.verb = Verb::Disable;
  const auto before = connector->observe(disable.item);
  REQUIRE(before);
  CHECK(before->enabled == true);
  CHECK(connector->probe(disable).answer == ProbeAnswer::NotDone);
  CHECK(connector->perform(disable).result == ResultClass::Changed);
  CHECK(connector->perform(disable).result == ResultClass::AlreadyDone);
  CHECK(connector->probe(disable).answer == ProbeAnswer::Done);
  CHECK(server.login("svc", "svc-secret") == 2);
  disable.captured = before->state;
  CHECK(connector->undo(disable).result == ResultClass::Changed);
  CHECK(connector->undo(disable).result == ResultClass::AlreadyDone);
  CHECK(server.login("svc", "svc-secret") == 0);
  // It never expires now, which is no instant.
  CHECK(server.query("SELECT rolvaliduntil FROM pg_roles WHERE rolname = 'svc'") == "infinity");
  const auto found = connector->discover();
  REQUIRE_MESSAGE(found, found.error().to_string());
}

TEST_CASE("rotation: a service login is replaced, retired and deleted without one failed query") {
  PostgresServer server(kSeed);
  const TemporaryFolder folder;
  const Dependent billing(server, folder.file(""));
  SystemClock clock;
  auto store = open_sqlite_store(folder.file("store.db"), {});
  REQUIRE(store);
  ConnectorSet connectors;
  connectors.add("db", server.connect({{"sample_gap", "1h"}}));
  Connector& connector = *connectors.find("db");

  DeliveryRoute route;
  route.dependent = "billing-job";
  route.target.path = billing.credential;
  route.target.format = DeliveryFormat::Env;
  route.target.user_key = "PGUSER";
  route.target.value_key = "PGPASSWORD";
  route.target.used_as = "billing";
  Deliveries deliveries({route}, ConnectorSet());
  ExecuteOptions options;
  options.deliveries = &deliveries;
  options.seal_key = [&] { return load_or_create_seal_key(folder.file("seal.key")); };

  const auto before = connector.usage({});
  REQUIRE(before);
  CHECK(joined(*before, "usage").find("db:password:svc by billing\n") != std::string::npos);

  Plan plan;
  plan.engine = "rescind test";
  plan.as_of = clock.now();
  plan.expires_at = clock.now() + Seconds(3600);
  plan.steps = {step_of("step:replace", Verb::Replace, Rank::Prepare, {}),
                step_of("step:disable", Verb::Disable, Rank::Contain, {"step:replace"}),
                step_of("step:delete", Verb::Delete, Rank::Destroy, {"step:disable"})};
  for (PlanStep& step : plan.steps) {
    step.not_before = plan.as_of;
  }
  plan.summary.steps = plan.steps.size();
  plan.digest = compute_plan_digest(plan);
  const auto report = execute_plan(plan, **store, connectors, clock, options);
  REQUIRE_MESSAGE(report, report.error().to_string());
  for (const StepRecord& step : report->steps) {
    CHECK_MESSAGE(step.state == StepState::Verified, step.step << ": " << step.detail << step.wait);
  }

  const Dependent::Status after = billing.run_on();
  CHECK(after.failed == 0);
  CHECK(after.role.starts_with("svc_r"));
  CHECK(server.query("SELECT count(*) FROM pg_roles WHERE rolname = 'svc'") == "0");
  CHECK(server.query("SELECT tableowner FROM pg_tables WHERE tablename = 'invoices'") ==
        after.role);
  const auto drained = connector.usage({clock.now() - Seconds(60)});
  REQUIRE(drained);
  CHECK(joined(*drained, "usage").find("db:password:svc by") == std::string::npos);
  CHECK(joined(*drained, "usage").find("db:password:" + after.role + " by billing\n") !=
        std::string::npos);

  const std::string password = line_of(billing.credential, "PGPASSWORD");
  CHECK(server.login(after.role, password) == 0);
  CHECK(content(billing.credential).starts_with("# of billing\nPGUSER=" + after.role));
  CHECK_FALSE(*(*store)->find_secret("step:replace", 1));
  std::string deliveries_kept;
  const auto kept = (*store)->list_inventory();
  REQUIRE(kept);
  for (const StoredInventoryRecord& record : *kept) {
    deliveries_kept += record.kind == "delivery" ? record.json : "";
  }
  CHECK(deliveries_kept.find("\"to\":\"billing-job\"") != std::string::npos);
  // The value is where the dependent reads it, and nowhere else.
  for (const auto& entry : std::filesystem::directory_iterator(folder.file(""))) {
    if (entry.path() != billing.credential && entry.is_regular_file()) {
      CHECK_MESSAGE(content(entry.path()).find(password) == std::string::npos, entry.path());
    }
  }
  CHECK(encode_plan(plan).find(password) == std::string::npos);
}

}  // namespace rescind::test
