// Every connector through the conformance suite: four systems, one set of rules.
#include "connectors/conformance/conformance.h"

#include <filesystem>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "connectors/registry.h"
#include "connectors/sandbox/sandbox.h"
#include "ldap_server.h"
#include "postgres_server.h"
#include "scim_server.h"

namespace rescind::test {
namespace {

using conformance::Person;
using Json = nlohmann::json;

class ScimFixture final : public conformance::Fixture {
 public:
  std::unique_ptr<Connector> connect() override { return server_.connect(); }

  std::unique_ptr<Connector> connect_with_wrong_credential() override {
    return server_.connect({{"token", "wrong-secret"}});
  }

  std::unique_ptr<Connector> connect_to_dead_endpoint() override {
    return server_.connect({{"url", "http://127.0.0.1:1/scim/v2"}});
  }

  std::unique_ptr<Connector> connect_with_cut_listing() override {
    server_.faults(R"([{"kind": "status", "status": 500, "path": "/Users", "skip": 1}])");
    return server_.connect({{"page_size", "2"}});
  }

  std::unique_ptr<Connector> connect_to_liar() override {
    server_.faults(R"([{"kind": "lie"}])");
    return server_.connect();
  }

  void end_faults() override { server_.faults("[]"); }

  Person make_person(const std::string& name) override {
    const Json user =
        server_.post("/Users", {{"schemas", {"urn:ietf:params:scim:schemas:core:2.0:User"}},
                                {"userName", name},
                                {"active", true}});
    const std::string id = user["id"];
    Json group = server_.resource("/Groups/g1");
    group["members"].push_back({{"value", id}});
    server_.put("/Groups/g1", group);
    return {name, scim_account(id), scim_membership("g1", id)};
  }

  ItemAddress nobody() override { return scim_account("nobody-at-all"); }

  bool account_exists(const Person& person) override { return user(person).is_object(); }

  bool account_usable(const Person& person) override {
    return account_exists(person) && user(person)["active"] == true;
  }

  bool has_right(const Person& person) override {
    const Json members = server_.resource("/Groups/g1").value("members", Json::array());
    return std::any_of(members.begin(), members.end(), [&](const Json& member) {
      return member["value"] == person.account.native_id;
    });
  }

  std::string fingerprint(const Person& person) override {
    return user(person).dump() + (has_right(person) ? " member" : "");
  }

  std::vector<std::string> secrets() override { return {server_.peer()["TOKEN"], "wrong-secret"}; }

 private:
  Json user(const Person& person) { return server_.resource("/Users/" + person.account.native_id); }

  ScimServer server_{R"({"users": [{"userName": "first"}, {"userName": "second"}],
                         "groups": [{"id": "g1", "displayName": "sales", "members": ["first"]}]})"};
};

class LdapFixture final : public conformance::Fixture {
 public:
  LdapFixture() : server_(seed()) {}

  std::unique_ptr<Connector> connect() override { return server_.connect(); }

  std::unique_ptr<Connector> connect_with_wrong_credential() override {
    return server_.connect({{"password", "wrong-secret"}});
  }

  std::unique_ptr<Connector> connect_to_dead_endpoint() override {
    return server_.connect({{"url", "ldap://127.0.0.1:1"}});
  }

  // The server's limit of 500 entries binds everybody but the administrator.
  std::unique_ptr<Connector> connect_with_cut_listing() override {
    return server_.connect({{"bind_dn", server_.person("p0")}, {"password", "p0-secret"}});
  }

  Person make_person(const std::string& name) override {
    server_.add(ldif_person(name));
    server_.modify("dn: " + server_.group("sales") +
                   "\nchangetype: modify\nadd: member\nmember: " + server_.person(name) + "\n");
    return {name, server_.account(name), server_.membership("sales", name)};
  }

  std::optional<ItemAddress> credential(const Person& person) override {
    return server_.password(person.name);
  }

  ItemAddress nobody() override {
    ItemAddress item = server_.account("p0");
    item.native_id = "00000000-0000-0000-0000-000000000000";
    return item;
  }

  bool account_exists(const Person& person) override {
    return server_.exists(server_.person(person.name));
  }

  bool account_usable(const Person& person) override {
    return server_.bind(server_.person(person.name), person.name + "-secret") == 0;
  }

  bool has_right(const Person& person) override {
    const auto members = server_.values(server_.group("sales"), "member");
    return std::find(members.begin(), members.end(), server_.person(person.name)) != members.end();
  }

  std::string fingerprint(const Person& person) override {
    return server_.entry(server_.person(person.name));
  }

  std::vector<std::string> secrets() override {
    return {server_.peer()["PASSWORD"], "wrong-secret"};
  }

 private:
  static std::string seed() {
    std::string people;
    for (int i = 0; i < 501; ++i) {
      people += ldif_person("p" + std::to_string(i));
    }
    return people +
           "dn: cn=sales,ou=groups,dc=example,dc=org\nobjectClass: groupOfNames\ncn: sales\n" +
           "member: uid=p0,ou=people,dc=example,dc=org\n";
  }

  LdapServer server_;
};

class PostgresFixture final : public conformance::Fixture {
 public:
  std::unique_ptr<Connector> connect() override { return server_.connect(); }

  std::unique_ptr<Connector> connect_with_wrong_credential() override {
    return server_.connect({{"password", "wrong-secret"}});
  }

  std::unique_ptr<Connector> connect_to_dead_endpoint() override {
    return server_.connect({{"url", "postgresql://127.0.0.1:1/app"}});
  }

  Person make_person(const std::string& name) override {
    server_.query("CREATE ROLE \"" + name + "\" LOGIN PASSWORD '" + name +
                  "-secret' IN ROLE sales");
    return {name, postgres_item(Kind::Account, name), postgres_item(Kind::Role, "sales/" + name)};
  }

  std::optional<ItemAddress> credential(const Person& person) override {
    ItemAddress password = postgres_item(Kind::Password, person.name);
    password.item = "db:password:" + person.name;
    return password;
  }

  ItemAddress nobody() override { return postgres_item(Kind::Account, "nobody-at-all"); }

  bool account_exists(const Person& person) override {
    return server_.query("SELECT count(*) FROM pg_roles WHERE rolname = '" + person.name + "'") ==
           "1";
  }

  bool account_usable(const Person& person) override {
    return server_.login(person.name, person.name + "-secret") == 0;
  }

  bool has_right(const Person& person) override {
    return server_.query("SELECT pg_has_role('" + person.name + "', 'sales', 'MEMBER')") == "t";
  }

  std::string fingerprint(const Person& person) override {
    return server_.query(
        "SELECT a, pg_has_role(rolname, 'sales', 'MEMBER') FROM pg_authid a WHERE rolname = '" +
        person.name + "'");
  }

  std::vector<std::string> secrets() override {
    return {server_.peer()["PASSWORD"], "wrong-secret"};
  }

 private:
  PostgresServer server_{"CREATE ROLE sales;"};
};

class SandboxFixture final : public conformance::Fixture {
 public:
  SandboxFixture() {
    REQUIRE(mkdtemp(folder_.data()) != nullptr);
    auto opened = open_sandbox_world(folder_ + "/sandbox.db");
    REQUIRE(opened);
    world_ = std::move(*opened);
  }

  ~SandboxFixture() override {
    world_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  SandboxFixture(const SandboxFixture&) = delete;
  SandboxFixture& operator=(const SandboxFixture&) = delete;

  std::unique_ptr<Connector> connect() override {
    ConnectorConfig config;
    config.system = "crm";
    config.connector = "sandbox";
    config.settings["path"] = folder_ + "/sandbox.db";
    auto made = make_connector(config, clock_);
    REQUIRE_MESSAGE(made, made.error().to_string());
    return std::move(*made);
  }

  std::unique_ptr<Connector> connect_with_wrong_credential() override {
    return with(SandboxFaultKind::AuthFailed, "");
  }

  std::unique_ptr<Connector> connect_to_dead_endpoint() override {
    return with(SandboxFaultKind::Refused, "");
  }

  std::unique_ptr<Connector> connect_with_cut_listing() override {
    return with(SandboxFaultKind::TruncatedListing, "account");
  }

  // No liar: the sandbox passes a lie on, so that verification after it has something to find.
  void end_faults() override { REQUIRE(world_->clear_faults()); }

  Person make_person(const std::string& name) override {
    const std::string account = "crm:" + name;
    const std::string right = account + ":sales";
    REQUIRE(world_->seed(
        Json{{"record", "account"}, {"id", account}, {"system", "crm"}, {"native_id", name}}
            .dump() +
        "\n" +
        Json{{"record", "group"},
             {"id", right},
             {"system", "crm"},
             {"account", account},
             {"name", "sales"},
             {"native_id", "sales/" + name}}
            .dump() +
        "\n"));
    Person person{name, item(Kind::Account, account, name),
                  item(Kind::Group, right, "sales/" + name)};
    person.right.account = account;
    return person;
  }

  std::optional<ItemAddress> credential(const Person& person) override {
    const std::string id = "crm:pw-" + person.name;
    REQUIRE(world_->seed(
        Json{
            {"record", "password"}, {"id", id}, {"system", "crm"}, {"account", person.account.item}}
            .dump() +
        "\n"));
    return item(Kind::Password, id, "pw-" + person.name);
  }

  ItemAddress nobody() override { return item(Kind::Account, "crm:nobody", "nobody"); }

  bool account_exists(const Person& person) override { return present(person.account.item); }

  // The sandbox lets somebody sign in exactly when the account can be used.
  bool account_usable(const Person& person) override {
    return world_->sign_in(person.account.item).has_value();
  }

  bool has_right(const Person& person) override { return present(person.right.item); }

  std::string fingerprint(const Person& person) override {
    return describe(person.account.item) + describe(person.right.item);
  }

  std::vector<std::string> secrets() override { return {"wrong-secret"}; }

 private:
  static ItemAddress item(Kind kind, const std::string& id, const std::string& native) {
    ItemAddress made;
    made.kind = kind;
    made.item = id;
    made.system = "crm";
    made.native_id = native;
    return made;
  }

  std::unique_ptr<Connector> with(SandboxFaultKind kind, const std::string& what) {
    REQUIRE(world_->add_fault({kind, "crm", "", what, 0, -1}));
    return connect();
  }

  bool present(const std::string& id) { return describe(id).find(" present") != std::string::npos; }

  // The line of one item.
  std::string describe(const std::string& id) {
    const auto all = world_->describe();
    REQUIRE(all);
    const std::size_t at = ("\n" + *all).find("\n" + id + " ");
    return at == std::string::npos ? "" : all->substr(at, all->find('\n', at) - at);
  }

  std::string folder_ =
      (std::filesystem::temp_directory_path() / "rescind-conform-XXXXXX").string();
  SystemClock clock_;
  std::unique_ptr<SandboxWorld> world_;
};

void check_all(conformance::Fixture& fixture, std::size_t not_applicable) {
  std::size_t left_out = 0;
  for (const conformance::RuleReport& report : conformance::run_conformance(fixture)) {
    left_out += report.applies ? 0U : 1U;
    for (const std::string& problem : report.problems) {
      FAIL_CHECK(report.rule << ": " << problem);
    }
  }
  CHECK(left_out == not_applicable);
}

}  // namespace

TEST_CASE("conformance: scim") {
  ScimFixture fixture;
  check_all(fixture, 2);  // SCIM knows neither successors nor use
}

TEST_CASE("conformance: ldap") {
  LdapFixture fixture;
  check_all(fixture, 1);  // slapd does not lie
}

TEST_CASE("conformance: postgres") {
  PostgresFixture fixture;
  check_all(fixture, 2);  // PostgreSQL neither lies nor cuts lists
}

TEST_CASE("conformance: sandbox") {
  SandboxFixture fixture;
  check_all(fixture, 1);  // the lie
}

}  // namespace rescind::test
