// The LDAP connector against OpenLDAP, looked at with the directory's own tools.
#include <algorithm>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "ldap_server.h"

namespace rescind::test {
namespace {

std::string seed() {
  const std::string base = "dc=example,dc=org";
  const auto group = [&](const std::string& cn, const std::string& more) {
    return "dn: cn=" + cn + ",ou=groups," + base + "\ncn: " + cn + "\n" + more + "\n";
  };
  return ldif_person("alice", "mail: alice@example.org\n") + ldif_person("bob") +
         ldif_person("carol") +
         group("sales", "objectClass: groupOfNames\nmember: uid=alice,ou=people," + base +
                            "\nmember: uid=bob,ou=people," + base + "\n") +
         group("solo", "objectClass: groupOfNames\nmember: uid=alice,ou=people," + base + "\n") +
         group("unique", "objectClass: groupOfUniqueNames\nuniqueMember: uid=alice,ou=people," +
                             base + "\nuniqueMember: uid=bob,ou=people," + base + "\n") +
         group("posix",
               "objectClass: posixGroup\ngidNumber: 70\nmemberUid: alice\nmemberUid: bob\n") +
         group("everybody", "objectClass: groupOfNames\nmember: cn=sales,ou=groups," + base + "\n");
}

ActionRequest request(Verb verb, const ItemAddress& item, std::string captured = {}) {
  ActionRequest out;
  out.verb = verb;
  out.item = item;
  out.captured = std::move(captured);
  return out;
}

std::vector<nlohmann::json> records(const Discovery& discovery, const std::string& kind) {
  std::vector<nlohmann::json> found;
  for (const DiscoveredRecord& record : discovery.records) {
    if (nlohmann::json json = nlohmann::json::parse(record.json); json["record"] == kind) {
      found.push_back(std::move(json));
    }
  }
  return found;
}

ListingState listing(const Discovery& discovery, const std::string& kind) {
  for (const ListingState& state : discovery.listings) {
    if (state.kind == kind) {
      return state;
    }
  }
  return {};
}

bool has(const std::vector<std::string>& list, const std::string& value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

}  // namespace

TEST_CASE("ldap: discovery lists accounts, passwords and memberships with immutable ids") {
  LdapServer server(seed());
  auto connector = server.connect({{"page_size", "2"}});
  const auto abilities = connector->capabilities();
  REQUIRE_MESSAGE(abilities, abilities.error().to_string());
  CHECK(abilities->version == "2 openldap");
  CHECK(abilities->endpoint.find(server.peer()["PASSWORD"]) == std::string::npos);
  const auto found = connector->discover();
  REQUIRE(found);
  const auto accounts = records(*found, "account");
  REQUIRE(accounts.size() == 3);
  CHECK(accounts[0]["native_id"] == server.uuid(server.person("alice")));
  CHECK(accounts[0]["name"] == "alice");
  CHECK(accounts[0]["enabled"] == true);
  CHECK(accounts[0].contains("created"));
  CHECK(found->records[0].holder_key == "alice");
  CHECK(records(*found, "password").size() == 3);
  const auto groups = records(*found, "group");
  // sales: 2, solo: 1, unique: 2, posix: 2, and everybody as the group that sales is inside of.
  CHECK(groups.size() == 8);
  const std::string everybody = "corp:group:" + server.uuid(server.group("everybody"));
  const auto nested = std::count_if(groups.begin(), groups.end(), [&](const nlohmann::json& group) {
    return group.contains("inside") && group["inside"][0] == everybody;
  });
  CHECK(nested == 2);
  for (const char* kind : {"account", "password", "group"}) {
    CHECK_MESSAGE(listing(*found, kind).complete, listing(*found, kind).why);
  }
}

TEST_CASE("ldap: a disabled account cannot bind, and undo lets it bind again") {
  LdapServer server(seed());
  auto connector = server.connect();
  const ItemAddress alice = server.account("alice");
  const std::string bob_before = server.entry(server.person("bob"));
  const auto before = connector->observe(alice);
  REQUIRE(before);
  CHECK(before->presence == Presence::Present);
  CHECK(before->enabled == true);
  CHECK(before->state.find("alice@example.org") != std::string::npos);
  CHECK(before->state.find("userpassword") == std::string::npos);
  REQUIRE(server.bind(server.person("alice"), "alice-secret") == 0);

  const ActionResult done = connector->perform(request(Verb::Disable, alice));
  CHECK_MESSAGE(done.result == ResultClass::Changed, done.detail);
  CHECK(server.bind(server.person("alice"), "alice-secret") == 49);
  CHECK(connector->observe(alice)->enabled == false);
  CHECK(connector->perform(request(Verb::Disable, alice)).result == ResultClass::AlreadyDone);
  CHECK(connector->probe(request(Verb::Disable, alice)).answer == ProbeAnswer::Done);
  CHECK(records(*connector->discover(), "password").size() == 2);

  const ActionResult undone = connector->undo(request(Verb::Disable, alice, before->state));
  CHECK_MESSAGE(undone.result == ResultClass::Changed, undone.detail);
  CHECK(server.bind(server.person("alice"), "alice-secret") == 0);
  CHECK(server.entry(server.person("bob")) == bob_before);
}

TEST_CASE(
    "ldap: a lock that ends by itself is replaced by one that does not, and comes back on undo") {
  LdapServer server(seed());
  auto connector = server.connect();
  const ItemAddress alice = server.account("alice");
  server.modify(
      "dn: " + server.person("alice") +
      "\nchangetype: modify\nadd: pwdAccountLockedTime\npwdAccountLockedTime: 20260101000000Z\n");
  const auto before = connector->observe(alice);
  REQUIRE(before);
  CHECK(before->enabled == true);
  CHECK(connector->perform(request(Verb::Disable, alice)).result == ResultClass::Changed);
  CHECK(server.values(server.person("alice"), "pwdAccountLockedTime") ==
        std::vector<std::string>{"000001010000Z"});
  CHECK(connector->undo(request(Verb::Disable, alice, before->state)).result ==
        ResultClass::Changed);
  CHECK(server.values(server.person("alice"), "pwdAccountLockedTime") ==
        std::vector<std::string>{"20260101000000Z"});
}

TEST_CASE("ldap: without a policy that makes locks count, disable is unsupported and says why") {
  LdapServer server(seed());
  server.modify("dn: cn=default,ou=policies," + server.base() +
                "\nchangetype: modify\nreplace: pwdLockout\npwdLockout: FALSE\n");
  auto connector = server.connect();
  const auto abilities = connector->capabilities();
  REQUIRE(abilities);
  CHECK(std::none_of(abilities->verbs.begin(), abilities->verbs.end(),
                     [](const VerbSupport& support) {
                       return support.verb == Verb::Disable && support.kind == Kind::Account;
                     }));
  const ActionResult refused = connector->perform(request(Verb::Disable, server.account("alice")));
  CHECK(refused.result == ResultClass::Unsupported);
  CHECK(refused.detail.find("pwdLockout") != std::string::npos);
  CHECK(server.bind(server.person("alice"), "alice-secret") == 0);
  auto trusting = server.connect({{"lockout_policy", "trusted"}});
  CHECK(trusting->perform(request(Verb::Disable, server.account("alice"))).result ==
        ResultClass::Changed);
}

TEST_CASE("ldap: a policy of the account's own is the one that counts") {
  LdapServer server(seed());
  const std::string lenient = "cn=lenient,ou=policies," + server.base();
  server.add(
      "dn: " + lenient +
      "\nobjectClass: device\nobjectClass: pwdPolicy\ncn: lenient\npwdAttribute: userPassword\n" +
      "pwdLockout: FALSE\n");
  server.modify("dn: " + server.person("alice") +
                "\nchangetype: modify\nadd: pwdPolicySubentry\npwdPolicySubentry: " + lenient +
                "\n");
  auto connector = server.connect();
  CHECK(connector->perform(request(Verb::Disable, server.account("alice"))).result ==
        ResultClass::Unsupported);
  CHECK(connector->perform(request(Verb::Disable, server.account("bob"))).result ==
        ResultClass::Changed);
}

TEST_CASE("ldap: the last account of all can be deleted") {
  LdapServer server(ldif_person("alice"));
  auto connector = server.connect();
  CHECK(connector->perform(request(Verb::Delete, server.account("alice"))).result ==
        ResultClass::Changed);
  CHECK_FALSE(server.exists(server.person("alice")));
}

TEST_CASE("ldap: memberships are removed from every kind of group, and put back") {
  LdapServer server(seed());
  auto connector = server.connect();
  for (const auto& [cn, attribute, value] :
       {std::tuple("sales", "member", server.person("alice")),
        std::tuple("unique", "uniqueMember", server.person("alice")),
        std::tuple("posix", "memberUid", std::string("alice"))}) {
    CAPTURE(cn);
    const ItemAddress item = server.membership(cn, "alice");
    const auto before = connector->observe(item);
    REQUIRE(before);
    CHECK(before->presence == Presence::Present);
    const ActionResult done = connector->perform(request(Verb::Remove, item));
    CHECK_MESSAGE(done.result == ResultClass::Changed, done.detail);
    const auto left = server.values(server.group(cn), attribute);
    CHECK(left.size() == 1);
    CHECK_FALSE(has(left, value));
    CHECK(connector->observe(item)->presence == Presence::Absent);
    CHECK(connector->perform(request(Verb::Remove, item)).result == ResultClass::AlreadyDone);
    const ActionResult undone = connector->undo(request(Verb::Remove, item, before->state));
    CHECK_MESSAGE(undone.result == ResultClass::Changed, undone.detail);
    CHECK(has(server.values(server.group(cn), attribute), value));
  }
}

TEST_CASE("ldap: the last member needs a person, or a placeholder takes its place") {
  LdapServer server(seed());
  const ItemAddress item = server.membership("solo", "alice");
  const ActionResult refused = server.connect()->perform(request(Verb::Remove, item));
  CHECK(refused.result == ResultClass::NeedsHuman);
  CHECK(refused.detail.find("last member") != std::string::npos);
  const std::string nobody = "cn=nobody," + server.base();
  auto connector = server.connect({{"placeholder_member", nobody}});
  const auto before = connector->observe(item);
  REQUIRE(before);
  CHECK(connector->perform(request(Verb::Remove, item)).result == ResultClass::Changed);
  CHECK(server.values(server.group("solo"), "member") == std::vector<std::string>{nobody});
  CHECK(connector->undo(request(Verb::Remove, item, before->state)).result == ResultClass::Changed);
  CHECK(server.values(server.group("solo"), "member") ==
        std::vector<std::string>{server.person("alice")});
}

TEST_CASE("ldap: deleting is proved, repeats are absent, and entries below need a person") {
  LdapServer server(seed());
  auto connector = server.connect();
  const ItemAddress alice = server.account("alice");
  const ItemAddress bob = server.account("bob");
  server.add("dn: cn=laptop," + server.person("bob") + "\nobjectClass: device\ncn: laptop\n");
  CHECK(connector->perform(request(Verb::Delete, bob)).result == ResultClass::NeedsHuman);
  const ActionResult done = connector->perform(request(Verb::Delete, alice));
  CHECK_MESSAGE(done.result == ResultClass::Changed, done.detail);
  CHECK_FALSE(server.exists(server.person("alice")));
  CHECK(connector->perform(request(Verb::Delete, alice)).result == ResultClass::Absent);
  CHECK(connector->perform(request(Verb::Disable, alice)).result == ResultClass::Absent);
  CHECK(connector->observe(alice)->presence == Presence::Absent);
  CHECK(connector->undo(request(Verb::Delete, alice, "{}")).result == ResultClass::Unsupported);
}

TEST_CASE("ldap: a renamed account is the same account, and its old name is not deleted") {
  LdapServer server(seed());
  auto connector = server.connect();
  const ItemAddress alice = server.account("alice");
  server.modify("dn: " + server.person("alice") +
                "\nchangetype: modrdn\nnewrdn: uid=alice.smith\ndeleteoldrdn: 1\n");
  server.add(ldif_person("alice"));  // somebody new under the old name
  const auto seen = connector->observe(alice);
  REQUIRE(seen);
  CHECK(seen->facts.at("dn") == server.person("alice.smith"));
  CHECK(connector->perform(request(Verb::Delete, alice)).result == ResultClass::Changed);
  CHECK(server.exists(server.person("alice")));
  CHECK_FALSE(server.exists(server.person("alice.smith")));
}

TEST_CASE("ldap: an account that was moved out of the base is found and not absent") {
  LdapServer server(seed());
  auto connector = server.connect({{"base_dn", "ou=people," + server.base()}});
  const ItemAddress alice = server.account("alice");
  server.modify("dn: " + server.person("alice") + "\nchangetype: modrdn\nnewrdn: uid=alice\n" +
                "deleteoldrdn: 1\nnewsuperior: ou=services," + server.base() + "\n");
  CHECK(connector->observe(alice)->presence == Presence::Present);
  CHECK(connector->perform(request(Verb::Disable, alice)).result == ResultClass::Changed);
}

TEST_CASE("ldap: a new password ends the old one and does not unlock a disabled account") {
  LdapServer server(seed());
  auto connector = server.connect();
  const ActionResult rotated = connector->perform(request(Verb::Rotate, server.password("bob")));
  CHECK_MESSAGE(rotated.result == ResultClass::Changed, rotated.detail);
  CHECK(server.bind(server.person("bob"), "bob-secret") == 49);
  CHECK(server.values(server.person("bob"), "pwdAccountLockedTime").empty());
  CHECK(connector->perform(request(Verb::Disable, server.account("alice"))).result ==
        ResultClass::Changed);
  const ActionResult again = connector->perform(request(Verb::Disable, server.password("alice")));
  CHECK_MESSAGE(again.result == ResultClass::Changed, again.detail);
  CHECK(server.values(server.person("alice"), "pwdAccountLockedTime") ==
        std::vector<std::string>{"000001010000Z"});
}

TEST_CASE("ldap: a search that hits a size limit is an incomplete listing") {
  std::string people = seed();
  for (int i = 0; i < 600; ++i) {
    people += ldif_person("extra" + std::to_string(i));
  }
  LdapServer server(people);
  Settings as_bob = {{"bind_dn", server.person("bob")}, {"password", "bob-secret"}};
  const auto found = server.connect(as_bob)->discover();
  REQUIRE(found);
  CHECK_FALSE(listing(*found, "account").complete);
  CHECK(records(*found, "account").size() == 500);
  CHECK(listing(*found, "account").why.find("500 entries, then") != std::string::npos);
  CHECK_FALSE(listing(*found, "group").complete);
  const auto all = server.connect()->discover();
  REQUIRE(all);
  CHECK(listing(*all, "account").complete);
  CHECK(records(*all, "account").size() == 603);
}

TEST_CASE("ldap: an empty answer proves nothing when no account is visible") {
  LdapServer server(seed());
  const ItemAddress alice = server.account("alice");
  server.erase(server.person("alice"));
  Settings blind = {{"account_filter", "(objectClass=nothingOfThatKind)"}};
  auto connector = server.connect(blind);
  CHECK(connector->observe(alice)->presence == Presence::Unknown);
  CHECK(connector->perform(request(Verb::Disable, alice)).result == ResultClass::Failed);
  const auto found = connector->discover();
  REQUIRE(found);
  CHECK_FALSE(listing(*found, "account").complete);
  CHECK(server.connect()->observe(alice)->presence == Presence::Absent);
}

TEST_CASE("ldap: an id of another form is unknown and not absent") {
  LdapServer server(seed());
  auto connector = server.connect();
  ItemAddress item = server.account("alice");
  item.native_id = "alice";
  CHECK(connector->observe(item)->presence == Presence::Unknown);
  item.native_id = server.person("alice");
  CHECK(connector->observe(item)->presence == Presence::Present);
  item.native_id = server.person("nobody");
  CHECK(connector->observe(item)->presence == Presence::Absent);
}

TEST_CASE("ldap: missing permission, wrong password and a dead server are told apart") {
  LdapServer server(seed());
  const ActionRequest disable = request(Verb::Disable, server.account("alice"));
  SUBCASE("no permission to write") {
    auto connector =
        server.connect({{"bind_dn", server.person("bob")}, {"password", "bob-secret"}});
    CHECK(connector->perform(disable).result == ResultClass::NeedsHuman);
  }
  SUBCASE("wrong password") {
    auto connector = server.connect({{"password", "wrong"}});
    const ActionResult refused = connector->perform(disable);
    CHECK(refused.result == ResultClass::AuthFailed);
    CHECK(refused.detail.find("wrong") == std::string::npos);
    CHECK(connector->observe(disable.item).error().kind() == ErrorKind::Auth);
    CHECK(connector->discover().error().kind() == ErrorKind::Auth);
    CHECK(connector->capabilities().error().kind() == ErrorKind::Auth);
  }
  SUBCASE("nobody listens") {
    auto connector = server.connect({{"url", "ldap://127.0.0.1:1"}});
    CHECK(connector->perform(disable).result == ResultClass::Failed);
    CHECK(connector->observe(disable.item).error().kind() == ErrorKind::Network);
    CHECK(connector->discover().error().kind() == ErrorKind::Network);
    CHECK(connector->probe(disable).answer == ProbeAnswer::Unknown);
  }
  CHECK(server.bind(server.person("alice"), "alice-secret") == 0);
}

TEST_CASE("ldap: TLS is verified, both ways of it") {
  LdapServer server(seed());
  const std::string ca = server.peer()["CA_FILE"];
  const ItemAddress alice = server.account("alice");
  auto ldaps = server.connect({{"url", server.peer()["TLS_URL"]}, {"ca_file", ca}});
  CHECK(ldaps->observe(alice).has_value());
  auto start_tls = server.connect({{"start_tls", "true"}, {"ca_file", ca}});
  CHECK(start_tls->observe(alice).has_value());
  for (Settings settings :
       {Settings{{"url", server.peer()["TLS_URL"]}}, Settings{{"start_tls", "true"}},
        Settings{{"start_tls", "true"}, {"ca_file", "/nowhere.pem"}}}) {
    auto connector = server.connect(settings);
    const auto refused = connector->observe(alice);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().kind() == ErrorKind::Network);
    CHECK(connector->perform(request(Verb::Disable, alice)).result == ResultClass::Failed);
  }
}

TEST_CASE("ldap: values cannot become syntax") {
  LdapServer server(seed());
  auto connector = server.connect({{"id_attribute", "uid"}});
  ItemAddress item = server.account("alice");
  item.native_id = "*";
  CHECK(connector->observe(item)->presence == Presence::Absent);
  item.native_id = "x)(|(uid=alice)";
  CHECK(connector->observe(item)->presence == Presence::Absent);
  item.native_id = "alice";
  CHECK(connector->observe(item)->presence == Presence::Present);
}

TEST_CASE("ldap: a preview touches nothing and shows no secret") {
  LdapServer server(seed());
  auto connector = server.connect();
  REQUIRE(connector->capabilities());
  const std::string before = server.entry(server.person("alice"));
  for (const auto& [verb, item] : {std::pair(Verb::Disable, server.account("alice")),
                                   std::pair(Verb::Delete, server.account("alice")),
                                   std::pair(Verb::Rotate, server.password("alice")),
                                   std::pair(Verb::Remove, server.membership("sales", "alice"))}) {
    const std::vector<std::string> lines = connector->preview(request(verb, item));
    REQUIRE_FALSE(lines.empty());
    CHECK(lines[0].find("nothing that") == std::string::npos);
    for (const std::string& line : lines) {
      CHECK(line.find(server.peer()["PASSWORD"]) == std::string::npos);
    }
  }
  CHECK(server.entry(server.person("alice")) == before);
}

}  // namespace rescind::test
