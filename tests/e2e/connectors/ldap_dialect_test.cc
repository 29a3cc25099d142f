// The dialects of Active Directory and of 389 Directory Server, on an OpenLDAP server that was
// given their attributes: the changes and their compare-and-set are real, the meaning is not.
#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "ldap_server.h"

namespace rescind::test {
namespace {

std::vector<std::string> with_schema() {
  return {"--schema", std::string(RESCIND_SOURCE_DIR) + "/tests/e2e/connectors/dialects.schema"};
}

ActionRequest request(Verb verb, const ItemAddress& item, std::string captured = {}) {
  ActionRequest out;
  out.verb = verb;
  out.item = item;
  out.captured = std::move(captured);
  return out;
}

// objectGUID 33221100-5544-7766-8899-aabbccddeeff
constexpr const char* kAdUser =
    "objectClass: adUser\nsAMAccountName: alice\nuserAccountControl: 66048\nadminCount: 1\n"
    "objectGUID:: ABEiM0RVZneImaq7zN3u/w==\naccountExpires: 9223372036854775807\n";

Settings ad_settings() {
  return {{"dialect", "ad"}, {"account_filter", "(objectClass=adUser)"}, {"ticket_life", "10h"}};
}

ItemAddress ad_account() {
  ItemAddress item;
  item.kind = Kind::Account;
  item.system = "corp";
  item.native_id = "33221100-5544-7766-8899-aabbccddeeff";
  return item;
}

}  // namespace

TEST_CASE("ldap: Active Directory accounts are found by objectGUID and disabled by one bit") {
  LdapServer server(ldif_person("alice", kAdUser) + ldif_person("bob"), with_schema());
  auto connector = server.connect(ad_settings());
  const auto abilities = connector->capabilities();
  REQUIRE(abilities);
  CHECK(abilities->version == "2 ad");
  const auto found = connector->discover();
  REQUIRE(found);
  const nlohmann::json account = nlohmann::json::parse(found->records.at(0).json);
  CHECK(account["native_id"] == ad_account().native_id);
  CHECK(account["name"] == "alice");
  CHECK(account["privileged"] == true);
  CHECK_FALSE(account.contains("expires"));
  const auto before = connector->observe(ad_account());
  REQUIRE(before);
  CHECK(before->enabled == true);
  const ActionResult done = connector->perform(request(Verb::Disable, ad_account()));
  CHECK_MESSAGE(done.result == ResultClass::ResidualUntil, done.detail);
  REQUIRE(done.until);
  CHECK(*done.until > SystemClock().now() + std::chrono::hours(9));
  CHECK(server.values(server.person("alice"), "userAccountControl") ==
        std::vector<std::string>{"66050"});
  CHECK(connector->perform(request(Verb::Disable, ad_account())).result ==
        ResultClass::AlreadyDone);
  CHECK(connector->undo(request(Verb::Disable, ad_account(), before->state)).result ==
        ResultClass::Changed);
  CHECK(server.values(server.person("alice"), "userAccountControl") ==
        std::vector<std::string>{"66048"});
}

TEST_CASE("ldap: a new password in Active Directory is set twice") {
  LdapServer server(ldif_person("alice", kAdUser) + ldif_person("bob"), with_schema());
  auto connector = server.connect(ad_settings());
  ItemAddress password = ad_account();
  password.kind = Kind::Password;
  const ActionResult done = connector->perform(request(Verb::Rotate, password));
  CHECK_MESSAGE(done.result == ResultClass::Changed, done.detail);
  REQUIRE(done.requests.size() == 2);
  for (const std::string& line : done.requests) {
    CHECK(line.find("unicodePwd: (secret)") != std::string::npos);
  }
}

TEST_CASE("ldap: 389 Directory Server accounts are disabled by nsAccountLock") {
  LdapServer server(
      ldif_person("alice", "objectClass: lockable\nnsUniqueId: u-1\n") +
          ldif_person("bob", "objectClass: lockable\nnsUniqueId: u-2\nnsAccountLock: FALSE\n"),
      with_schema());
  auto connector = server.connect({{"dialect", "389"}});
  for (const auto& [id, uid] : {std::pair("u-1", "alice"), std::pair("u-2", "bob")}) {
    ItemAddress item = ad_account();
    item.native_id = id;
    const auto before = connector->observe(item);
    REQUIRE(before);
    CHECK(before->enabled == true);
    const auto values = server.values(server.person(uid), "nsAccountLock");
    CHECK(connector->perform(request(Verb::Disable, item)).result == ResultClass::Changed);
    CHECK(server.values(server.person(uid), "nsAccountLock") == std::vector<std::string>{"TRUE"});
    CHECK(connector->undo(request(Verb::Disable, item, before->state)).result ==
          ResultClass::Changed);
    CHECK(server.values(server.person(uid), "nsAccountLock") == values);
  }
}

TEST_CASE("ldap: a directory of unknown kind disables nothing and says so") {
  LdapServer server(ldif_person("alice"));
  auto connector = server.connect({{"dialect", "generic"}});
  const auto abilities = connector->capabilities();
  REQUIRE(abilities);
  CHECK(abilities->verbs[0].verb == Verb::Delete);
  const ActionResult refused = connector->perform(request(Verb::Disable, server.account("alice")));
  CHECK(refused.result == ResultClass::Unsupported);
}

}  // namespace rescind::test
