// Successors of service accounts in a real directory, and what it shows of their use.
#include <algorithm>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "ldap_server.h"

namespace rescind::test {
namespace {

std::string seed() {
  return "dn: uid=svc,ou=services,dc=example,dc=org\n"
         "objectClass: account\nobjectClass: simpleSecurityObject\nuid: svc\n"
         "description: billing\nuserPassword: svc-secret\n\n" +
         ldif_person("alice") +
         "dn: cn=readers,ou=groups,dc=example,dc=org\nobjectClass: groupOfNames\ncn: readers\n"
         "member: uid=svc,ou=services,dc=example,dc=org\n"
         "member: uid=alice,ou=people,dc=example,dc=org\n\n"
         "dn: cn=unix,ou=groups,dc=example,dc=org\nobjectClass: posixGroup\ncn: unix\n"
         "gidNumber: 100\nmemberUid: svc\n\n"
         "dn: cn=others,ou=groups,dc=example,dc=org\nobjectClass: groupOfNames\ncn: others\n"
         "member: uid=alice,ou=people,dc=example,dc=org\n\n"
         "dn: cn=reports,ou=services,dc=example,dc=org\nobjectClass: device\ncn: reports\n";
}

const std::string kService = "uid=svc,ou=services,dc=example,dc=org";

ActionRequest replacement(LdapServer& server, const std::string& marker) {
  ActionRequest request;
  request.verb = Verb::Replace;
  request.marker = marker;
  request.item.kind = Kind::Password;
  request.item.system = "corp";
  request.item.native_id = server.uuid(kService);
  request.item.item = "corp:password:" + request.item.native_id;
  return request;
}

std::unique_ptr<Connector> connect(LdapServer& server, Settings more = {}) {
  more["account_filter"] = "(|(objectClass=inetOrgPerson)(objectClass=account))";
  return server.connect(more);
}

std::size_t count_of(const std::vector<std::string>& values, const std::string& value) {
  return static_cast<std::size_t>(std::count(values.begin(), values.end(), value));
}

}  // namespace

TEST_CASE("ldap successor: a second account is in the same groups, and is found by its marker") {
  LdapServer server(seed());
  const auto connector = connect(server);
  const ActionRequest request = replacement(server, "step:1#1");
  CHECK(connector->find_successor(request).answer.result == ResultClass::Absent);
  const std::string before = server.entry(kService);
  const Successor made = connector->create_successor(request);
  REQUIRE_MESSAGE(made.answer.result == ResultClass::Changed, made.answer.detail);
  CHECK(server.bind(made.login, std::string(made.secret.reveal())) == 0);
  CHECK(server.bind(kService, "svc-secret") == 0);
  CHECK(server.entry(kService) == before);
  CHECK(made.login.starts_with("uid=svc_r"));
  CHECK(made.item.native_id == server.uuid(made.login));
  const std::string uid = server.values(made.login, "uid").at(0);
  CHECK(count_of(server.values(server.group("readers"), "member"), made.login) == 1);
  CHECK(count_of(server.values(server.group("unix"), "memberUid"), uid) == 1);
  CHECK(server.values(server.group("others"), "member").size() == 1);
  for (const std::string& line : made.answer.requests) {
    CHECK(line.find(made.secret.reveal()) == std::string::npos);
  }
  SUBCASE("again it is already there, and its value is told to nobody") {
    const Successor again = connector->create_successor(request);
    CHECK(again.answer.result == ResultClass::AlreadyDone);
    CHECK(again.item.native_id == made.item.native_id);
    CHECK(again.secret.empty());
    CHECK(connector->create_successor(replacement(server, "step:2#1")).login != made.login);
  }
  SUBCASE("it is deleted by its own marker only, and leaves its groups") {
    CHECK(connector->delete_successor(replacement(server, "step:2#1"), made.item).result ==
          ResultClass::Absent);
    CHECK(server.exists(made.login));
    CHECK(connector->delete_successor(request, made.item).result == ResultClass::Changed);
    CHECK_FALSE(server.exists(made.login));
    CHECK(connector->delete_successor(request, made.item).result == ResultClass::Absent);
    CHECK(server.bind(kService, "svc-secret") == 0);
  }
  SUBCASE("an entry of that name that somebody else made is left alone") {
    server.modify("dn: " + made.login + "\nchangetype: modify\nreplace: description\n" +
                  "description: mine\n");
    CHECK(connector->find_successor(request).answer.result == ResultClass::NeedsHuman);
    CHECK(connector->delete_successor(request, made.item).result == ResultClass::NeedsHuman);
    CHECK(server.exists(made.login));
  }
}

TEST_CASE("ldap successor: what else can authenticate stays with the old account") {
  LdapServer server(seed());
  const auto connector = connect(server);
  const std::string alice = "uid=alice,ou=people,dc=example,dc=org";
  server.modify("dn: " + alice +
                "\nchangetype: modify\nadd: userPKCS12\nuserPKCS12:: BAFB\n-\n"
                "add: displayName\ndisplayName: Alice\n");
  REQUIRE(server.entry(alice).find("userPKCS12:: BAFB") != std::string::npos);
  ActionRequest request = replacement(server, "step:1#1");
  request.item.native_id = server.uuid(alice);
  const Successor made = connector->create_successor(request);
  REQUIRE_MESSAGE(made.answer.result == ResultClass::Changed, made.answer.detail);
  CHECK(server.entry(made.login).find("userPKCS12") == std::string::npos);
  CHECK(server.values(made.login, "displayName") == std::vector<std::string>{"Alice"});
  CHECK(made.answer.detail == "left out, because it can authenticate: userpkcs12");
  CHECK(made.answer.requests.at(0).find("left out") != std::string::npos);
}

TEST_CASE("ldap delivery: a value is put into an attribute, which nobody is seen to read") {
  LdapServer server(seed());
  const auto connector = connect(server);
  DeliveryRequest request;
  request.dependent = "reports";
  request.target.kind = DeliveryKind::Ldap;
  request.target.system = "corp";
  request.target.path = "cn=reports,ou=services,dc=example,dc=org";
  request.target.attribute = "serialNumber";
  request.successor.system = "warehouse";
  const Secret secret("n3w-Value");
  CHECK(connector->confirm_delivery(request).answer != ProbeAnswer::Done);
  const ActionResult answer = connector->deliver(request, secret);
  CHECK_MESSAGE(answer.result == ResultClass::Changed, answer.detail);
  CHECK(server.values(request.target.path, "serialNumber") ==
        std::vector<std::string>{"n3w-Value"});
  for (const std::string& line : answer.requests) {
    CHECK(line.find("n3w-Value") == std::string::npos);
  }
  CHECK(connector->confirm_delivery(request).answer == ProbeAnswer::Unknown);
  request.target.proof = DeliveryProof::Written;
  CHECK(connector->confirm_delivery(request).answer == ProbeAnswer::Done);
  request.target.attribute = "noSuchAttribute";
  CHECK(connector->deliver(request, secret).result == ResultClass::NeedsHuman);
}

TEST_CASE("ldap use: the last bind is use, and confirms a delivery to one dependent alone") {
  LdapServer server(seed(), {"--lastbind", "on"});
  const auto connector = connect(server, {{"binds_since", "2026-01-05T00:00:00Z"}});
  const Successor made = connector->create_successor(replacement(server, "step:1#1"));
  REQUIRE_MESSAGE(made.answer.result == ResultClass::Changed, made.answer.detail);
  DeliveryRequest request;
  request.successor = made.item;
  request.login = made.login;
  request.dependent = "billing";
  CHECK(connector->confirm_delivery(request).answer == ProbeAnswer::NotDone);
  CHECK(server.bind(made.login, std::string(made.secret.reveal())) == 0);
  CHECK(connector->confirm_delivery(request).answer == ProbeAnswer::Done);
  request.alone = false;
  CHECK(connector->confirm_delivery(request).answer == ProbeAnswer::Unknown);

  const auto report = connector->usage({});
  REQUIRE_MESSAGE(report, report.error().to_string());
  std::string used;
  std::string coverage;
  for (const DiscoveredRecord& record : report->records) {
    const auto json = nlohmann::json::parse(record.json);
    (json["record"] == "usage" ? used : coverage) +=
        json.value("item", json.value("since", "")) + "\n";
  }
  CHECK(used.find("corp:password:" + made.item.native_id) != std::string::npos);
  CHECK(used.find(server.uuid(kService)) == std::string::npos);  // never bound here
  CHECK(coverage == "2026-01-05T00:00:00Z\n");
}

}  // namespace rescind::test
