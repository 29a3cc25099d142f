// The SCIM connector against a SCIM server that we did not write, honest and misbehaving.
#include <algorithm>

#include <doctest/doctest.h>

#include "scim_server.h"

namespace rescind::test {
namespace {

constexpr const char* kSeed = R"({"users": [
  {"id": "u1", "userName": "alice", "externalId": "e1", "roles": [{"value": "admin"}, {"value": "sales"}],
   "entitlements": [{"value": "export"}], "emails": [{"value": "alice@example.org", "primary": true}]},
  {"id": "u2", "userName": "bob"}, {"id": "u3", "userName": "carol", "active": false}],
 "groups": [{"id": "g1", "displayName": "sales", "members": ["alice", "bob"]},
            {"id": "g2", "displayName": "empty"}]})";

ScimServer& server() {
  static ScimServer one(kSeed);
  one.reset();
  return one;
}

ActionRequest request(Verb verb, const ItemAddress& item, std::string captured = {}) {
  ActionRequest out;
  out.marker = "step:1#1";
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

}  // namespace

TEST_CASE("scim: discovery lists accounts, memberships, roles and entitlements") {
  auto connector = server().connect();
  REQUIRE(connector->capabilities());
  const auto found = connector->discover();
  REQUIRE(found);
  const auto accounts = records(*found, "account");
  REQUIRE(accounts.size() == 3);
  CHECK(accounts[0]["id"] == "crm:u1");
  CHECK(accounts[0]["name"] == "alice");
  CHECK(accounts[0]["enabled"] == true);
  CHECK(accounts[2]["enabled"] == false);
  CHECK(found->records[0].holder_key == "alice");
  const auto groups = records(*found, "group");
  REQUIRE(groups.size() == 2);
  CHECK(groups[0]["native_id"] == "g1/u1");
  CHECK(groups[0]["account"] == "crm:u1");
  CHECK(records(*found, "role").size() == 2);
  CHECK(records(*found, "permission").size() == 1);
  for (const char* kind : {"account", "group", "role", "permission"}) {
    CHECK_MESSAGE(listing(*found, kind).complete, listing(*found, kind).why);
  }
}

TEST_CASE("scim: pages that a server clamps are all read") {
  ScimServer& peer = server();
  peer.faults(R"([{"kind": "page_clamp", "size": 1}])");
  const auto found = peer.connect()->discover();
  REQUIRE(found);
  CHECK(records(*found, "account").size() == 3);
  CHECK(listing(*found, "account").complete);
}

TEST_CASE("scim: a server that ignores paging is read once and is complete") {
  ScimServer& peer = server();
  peer.faults(R"([{"kind": "page_ignored"}])");
  const auto found = peer.connect({{"page_size", "1"}})->discover();
  REQUIRE(found);
  CHECK(records(*found, "account").size() == 3);
  CHECK(listing(*found, "account").complete);
}

TEST_CASE("scim: an empty page is an incomplete listing and not the end") {
  ScimServer& peer = server();
  peer.faults(R"([{"kind": "page_empty"}])");
  const auto found = peer.connect()->discover();
  REQUIRE(found);
  CHECK_FALSE(listing(*found, "account").complete);
  CHECK(listing(*found, "account").why.find("0 of 3") != std::string::npos);
}

TEST_CASE(
    "scim: a listing that fails in the middle keeps what it saw and says that it is incomplete") {
  ScimServer& peer = server();
  peer.faults(R"([{"kind": "status", "status": 500, "path": "/Users", "skip": 1}])");
  const auto found = peer.connect({{"page_size", "1"}})->discover();
  REQUIRE(found);
  CHECK(records(*found, "account").size() == 1);
  CHECK_FALSE(listing(*found, "account").complete);
}

TEST_CASE("scim: disabling an account is read back and repeating it is already done") {
  ScimServer& peer = server();
  auto connector = peer.connect();
  const auto before = connector->observe(scim_account("u1"));
  REQUIRE(before);
  CHECK(before->presence == Presence::Present);
  CHECK(before->enabled == true);
  const ActionResult done = connector->perform(request(Verb::Disable, scim_account("u1")));
  CHECK_MESSAGE(done.result == ResultClass::Changed, done.detail);
  CHECK(done.response_digest.starts_with("sha256:"));
  CHECK(peer.resource("/Users/u1")["active"] == false);
  CHECK(peer.resource("/Users/u2")["active"] == true);
  CHECK(connector->perform(request(Verb::Disable, scim_account("u1"))).result ==
        ResultClass::AlreadyDone);
  CHECK(connector->probe(request(Verb::Disable, scim_account("u1"))).answer == ProbeAnswer::Done);
  const ActionResult undone =
      connector->undo(request(Verb::Disable, scim_account("u1"), before->state));
  CHECK_MESSAGE(undone.result == ResultClass::Changed, undone.detail);
  CHECK(peer.resource("/Users/u1")["active"] == true);
}

TEST_CASE("scim: undoing a disable leaves an account alone that was inactive before") {
  ScimServer& peer = server();
  auto connector = peer.connect();
  const auto before = connector->observe(scim_account("u3"));
  REQUIRE(before);
  const ActionResult undone =
      connector->undo(request(Verb::Disable, scim_account("u3"), before->state));
  CHECK(undone.result == ResultClass::AlreadyDone);
  CHECK(peer.resource("/Users/u3")["active"] == false);
}

TEST_CASE("scim: a server that says 200 and does nothing is found out") {
  ScimServer& peer = server();
  peer.faults(R"([{"kind": "lie"}])");
  auto connector = peer.connect();
  for (const auto& [verb, item] :
       {std::pair(Verb::Disable, scim_account("u1")), std::pair(Verb::Delete, scim_account("u1")),
        std::pair(Verb::Remove, scim_membership("g1", "u1"))}) {
    const ActionResult result = connector->perform(request(verb, item));
    CHECK(result.result == ResultClass::Failed);
    CHECK_MESSAGE(result.detail.find("did not make it") != std::string::npos, result.detail);
    CHECK(connector->probe(request(verb, item)).answer == ProbeAnswer::NotDone);
  }
}

TEST_CASE("scim: a change that takes a moment is waited for") {
  ScimServer& peer = server();
  peer.faults(R"([{"kind": "late", "ms": 300}])");
  const ActionResult result =
      peer.connect({{"settle", "5s"}})->perform(request(Verb::Disable, scim_account("u1")));
  CHECK_MESSAGE(result.result == ResultClass::Changed, result.detail);
}

TEST_CASE("scim: booleans stored as strings are read and written") {
  ScimServer& peer = server();
  peer.faults(R"([{"kind": "string_booleans"}])");
  auto connector = peer.connect();
  CHECK(connector->observe(scim_account("u3"))->enabled == false);
  const ActionResult result = connector->perform(request(Verb::Disable, scim_account("u1")));
  CHECK_MESSAGE(result.result == ResultClass::Changed, result.detail);
  CHECK(peer.resource("/Users/u1")["active"] == "False");
}

TEST_CASE("scim: a server without PATCH gets the whole resource by PUT") {
  ScimServer& peer = server();
  peer.faults(R"([{"kind": "no_patch"}])");
  auto connector = peer.connect();
  CHECK(connector->perform(request(Verb::Disable, scim_account("u1"))).result ==
        ResultClass::Changed);
  const nlohmann::json user = peer.resource("/Users/u1");
  CHECK(user["active"] == false);
  CHECK(user["externalId"] == "e1");
  CHECK(user["emails"][0]["value"] == "alice@example.org");
  CHECK(connector->perform(request(Verb::Remove, scim_membership("g1", "u1"))).result ==
        ResultClass::Changed);
  CHECK(peer.resource("/Groups/g1")["members"].size() == 1);
  CHECK(peer.resource("/Groups/g1")["displayName"] == "sales");
}

TEST_CASE("scim: a member is removed also when the server ignores filtered paths") {
  for (const char* faults : {"[]", R"([{"kind": "ignore_filtered_remove"}])"}) {
    ScimServer& peer = server();
    peer.faults(faults);
    auto connector = peer.connect();
    const ItemAddress item = scim_membership("g1", "u1");
    const auto before = connector->observe(item);
    REQUIRE(before);
    CHECK(before->presence == Presence::Present);
    const ActionResult done = connector->perform(request(Verb::Remove, item));
    CHECK_MESSAGE(done.result == ResultClass::Changed, done.detail);
    REQUIRE(peer.resource("/Groups/g1")["members"].size() == 1);
    CHECK(peer.resource("/Groups/g1")["members"][0]["value"] == "u2");
    CHECK(connector->observe(item)->presence == Presence::Absent);
    CHECK(connector->perform(request(Verb::Remove, item)).result == ResultClass::AlreadyDone);
    CHECK(connector->undo(request(Verb::Remove, item, before->state)).result ==
          ResultClass::Changed);
    CHECK(peer.resource("/Groups/g1")["members"].size() == 2);
  }
}

TEST_CASE("scim: a role is removed and put back, other roles stay") {
  ScimServer& peer = server();
  auto connector = peer.connect();
  ItemAddress item = scim_account("u1");
  item.kind = Kind::Role;
  item.native_id = "u1/admin";
  const auto before = connector->observe(item);
  REQUIRE(before);
  const ActionResult done = connector->perform(request(Verb::Remove, item));
  CHECK_MESSAGE(done.result == ResultClass::Changed, done.detail);
  REQUIRE(peer.resource("/Users/u1")["roles"].size() == 1);
  CHECK(peer.resource("/Users/u1")["roles"][0]["value"] == "sales");
  CHECK(connector->undo(request(Verb::Remove, item, before->state)).result == ResultClass::Changed);
  CHECK(peer.resource("/Users/u1")["roles"].size() == 2);
}

TEST_CASE(
    "scim: deleting is proved by a read by exact id, and repeating it finds the account absent") {
  for (const char* faults : {"[]", R"([{"kind": "delete_body"}])"}) {
    ScimServer& peer = server();
    peer.faults(faults);
    auto connector = peer.connect();
    CHECK(connector->perform(request(Verb::Delete, scim_account("u1"))).result ==
          ResultClass::Changed);
    CHECK(peer.resource("/Users/u1").is_null());
    CHECK(connector->perform(request(Verb::Delete, scim_account("u1"))).result ==
          ResultClass::Absent);
    CHECK(connector->perform(request(Verb::Disable, scim_account("u1"))).result ==
          ResultClass::Absent);
    CHECK(connector->observe(scim_account("u1"))->presence == Presence::Absent);
    CHECK(connector->undo(request(Verb::Delete, scim_account("u1"))).result ==
          ResultClass::Unsupported);
  }
}

TEST_CASE("scim: the last user of all can be deleted") {
  ScimServer& peer = server();
  auto connector = peer.connect();
  for (const char* id : {"u1", "u2", "u3"}) {
    CHECK(connector->perform(request(Verb::Delete, scim_account(id))).result ==
          ResultClass::Changed);
  }
}

TEST_CASE("scim: a 404 proves nothing when the server shows no users") {
  ScimServer& peer = server();
  peer.faults(R"([{"kind": "status", "status": 404}])");
  auto connector = peer.connect();
  const auto seen = connector->observe(scim_account("u1"));
  REQUIRE(seen);
  CHECK(seen->presence == Presence::Unknown);
  CHECK(connector->perform(request(Verb::Disable, scim_account("u1"))).result ==
        ResultClass::Failed);
  CHECK(connector->probe(request(Verb::Disable, scim_account("u1"))).answer ==
        ProbeAnswer::Unknown);
}

TEST_CASE("scim: a system that deletes what is deactivated is said so") {
  ScimServer& peer = server();
  peer.faults(R"([{"kind": "hard_delete"}])");
  const ActionResult surprise = peer.connect()->perform(request(Verb::Disable, scim_account("u1")));
  CHECK(surprise.result == ResultClass::Absent);
  CHECK(surprise.detail.find("deactivate_means") != std::string::npos);
  peer.reset();
  peer.faults(R"([{"kind": "hard_delete"}])");
  auto declared = peer.connect({{"deactivate_means", "delete"}});
  const auto abilities = declared->capabilities();
  REQUIRE(abilities);
  CHECK(abilities->verbs[0].effects.has(Effect::Destroys));
  CHECK(abilities->verbs[0].reversible == Reversible::Never);
  CHECK(declared->perform(request(Verb::Disable, scim_account("u2"))).result ==
        ResultClass::Changed);
}

TEST_CASE("scim: refusals, throttling and outages have their own results") {
  ScimServer& peer = server();
  auto connector = peer.connect();
  const ActionRequest disable = request(Verb::Disable, scim_account("u1"));
  SUBCASE("401") {
    peer.faults(R"([{"kind": "status", "status": 401}])");
    CHECK(connector->perform(disable).result == ResultClass::AuthFailed);
    CHECK(connector->observe(disable.item).error().kind() == ErrorKind::Auth);
    CHECK(connector->discover().error().kind() == ErrorKind::Auth);
  }
  SUBCASE("403 to the write") {
    peer.faults(R"([{"kind": "status", "status": 403, "methods": ["PATCH"]}])");
    CHECK(connector->perform(disable).result == ResultClass::NeedsHuman);
  }
  SUBCASE("403 to reading it: nothing is known of that one, and the others go on") {
    peer.faults(R"([{"kind": "status", "status": 403, "methods": ["GET"]}])");
    const auto seen = connector->observe(disable.item);
    REQUIRE(seen.has_value());
    CHECK(seen->presence == Presence::Unknown);
    CHECK(connector->perform(disable).result == ResultClass::NeedsHuman);
    CHECK(connector->discover().error().kind() == ErrorKind::Auth);
  }
  SUBCASE("429") {
    peer.faults(R"([{"kind": "status", "status": 429, "retry_after": 30, "methods": ["PATCH"]}])");
    const Instant now = SystemClock().now();
    const ActionResult result = connector->perform(disable);
    CHECK(result.result == ResultClass::Throttled);
    REQUIRE(result.until);
    CHECK(*result.until >= now + Seconds(30));
    CHECK(*result.until <= now + Seconds(60));
  }
  SUBCASE("500 without effect") {
    peer.faults(R"([{"kind": "status", "status": 500, "methods": ["PATCH"]}])");
    CHECK(connector->perform(disable).result == ResultClass::Failed);
  }
  SUBCASE("503 after the effect") {
    peer.faults(R"([{"kind": "status_after", "status": 503, "methods": ["PATCH"]}])");
    CHECK(connector->perform(disable).result == ResultClass::Changed);
  }
  SUBCASE("500 everywhere after the effect") {
    peer.faults(R"([{"kind": "status", "status": 500, "skip": 1}])");
    CHECK(connector->perform(disable).result == ResultClass::Unknown);
  }
  SUBCASE("412") {
    peer.faults(R"([{"kind": "status", "status": 412, "methods": ["PATCH"]}])");
    CHECK(connector->perform(disable).result == ResultClass::Conflict);
  }
}

TEST_CASE("scim: a connection that is cut is unknown unless the change can be seen") {
  ScimServer& peer = server();
  auto connector = peer.connect({{"timeout", "1s"}});
  const ActionRequest disable = request(Verb::Disable, scim_account("u1"));
  SUBCASE("before the effect") {
    peer.faults(R"([{"kind": "cut", "methods": ["PATCH"]}])");
    CHECK(connector->perform(disable).result == ResultClass::Unknown);
  }
  SUBCASE("after the effect") {
    peer.faults(R"([{"kind": "cut_after", "methods": ["PATCH"]}])");
    CHECK(connector->perform(disable).result == ResultClass::Changed);
  }
  SUBCASE("in the middle of the answer") {
    peer.faults(R"([{"kind": "truncate", "methods": ["PATCH"]}])");
    CHECK(connector->perform(disable).result == ResultClass::Changed);
  }
  SUBCASE("out of time") {
    peer.faults(R"([{"kind": "slow", "ms": 1500, "methods": ["PATCH"]}])");
    CHECK(connector->perform(disable).result == ResultClass::Unknown);
  }
  SUBCASE("for reads too") {
    peer.faults(R"([{"kind": "cut"}])");
    CHECK(connector->perform(disable).result == ResultClass::Failed);
    CHECK(connector->observe(disable.item).error().kind() == ErrorKind::Network);
  }
}

TEST_CASE("scim: a rename keeps the item, since its id is the immutable one") {
  ScimServer& peer = server();
  nlohmann::json user = peer.resource("/Users/u1");
  user["userName"] = "alice.smith";
  peer.put("/Users/u1", user);
  const auto found = peer.connect()->discover();
  REQUIRE(found);
  const auto accounts = records(*found, "account");
  REQUIRE(accounts.size() == 3);
  CHECK(std::any_of(accounts.begin(), accounts.end(), [](const nlohmann::json& account) {
    return account["id"] == "crm:u1" && account["name"] == "alice.smith";
  }));
}

TEST_CASE("scim: a preview touches nothing and shows no secret") {
  ScimServer& peer = server();
  auto connector = peer.connect();
  for (const auto& [verb, item] :
       {std::pair(Verb::Disable, scim_account("u1")), std::pair(Verb::Delete, scim_account("u1")),
        std::pair(Verb::Remove, scim_membership("g1", "u1"))}) {
    const std::vector<std::string> lines = connector->preview(request(verb, item));
    REQUIRE_FALSE(lines.empty());
    for (const std::string& line : lines) {
      CHECK(line.find(peer.peer()["TOKEN"]) == std::string::npos);
    }
  }
  CHECK(peer.requests().empty());
}

}  // namespace rescind::test
