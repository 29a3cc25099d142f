// The verbs of the sandbox and what follows from them.
#include <filesystem>
#include <fstream>

#include "tests/unit/sandbox/fixture.h"

namespace rescind {

TEST_CASE("sandbox: a disabled account keeps its sessions, and enabling it again revives them") {
  Sandbox sandbox;
  ActionRequest disable = Sandbox::request(Verb::Disable, Kind::Account, "crm:alice");
  disable.captured = sandbox.observe("crm:alice").state;
  CHECK(sandbox.connector->perform(disable).result == ResultClass::Changed);
  CHECK(sandbox.observe("crm:alice").enabled == false);
  CHECK(sandbox.observe("crm:alice").facts.at("sessions") == "1");
  CHECK(sandbox.present("crm:s-1"));
  CHECK_FALSE(sandbox.world->sign_in("crm:alice").has_value());

  CHECK(sandbox.connector->undo(disable).result == ResultClass::Changed);
  CHECK(sandbox.connector->undo(disable).result == ResultClass::AlreadyDone);
  CHECK(sandbox.observe("crm:alice").enabled == true);
  CHECK(sandbox.present("crm:s-1"));
  CHECK(sandbox.world->sign_in("crm:alice").has_value());
}

TEST_CASE("sandbox: doing it again is already done, and what is gone is absent") {
  Sandbox sandbox;
  CHECK(sandbox.perform(Verb::Disable, Kind::Account, "crm:alice") == ResultClass::Changed);
  CHECK(sandbox.perform(Verb::Disable, Kind::Account, "crm:alice") == ResultClass::AlreadyDone);
  CHECK(sandbox.perform(Verb::Revoke, Kind::Session, "crm:s-1") == ResultClass::Changed);
  CHECK(sandbox.perform(Verb::Revoke, Kind::Session, "crm:s-1") == ResultClass::Absent);
  CHECK(sandbox.perform(Verb::Revoke, Kind::Session, "crm:s-none") == ResultClass::Absent);
  CHECK(sandbox.effects() == "disable crm:alice\nrevoke crm:s-1\n");
}

TEST_CASE("sandbox: a removed license takes the mailbox with it") {
  Sandbox sandbox;
  SUBCASE("removed itself") {
    CHECK(sandbox.perform(Verb::Remove, Kind::License, "crm:alice:seat") == ResultClass::Changed);
    CHECK(sandbox.effects() == "destroyed crm:mail-alice\nremove crm:alice:seat\n");
  }
  SUBCASE("through the group that carries it") {
    CHECK(sandbox.perform(Verb::Remove, Kind::Group, "crm:alice:sales") == ResultClass::Changed);
    CHECK(sandbox.effects() ==
          "destroyed crm:mail-alice\nremoved crm:alice:seat\nremove crm:alice:sales\n");
  }
  CHECK_FALSE(sandbox.present("crm:mail-alice"));
}

TEST_CASE("sandbox: a mailbox handed over before the license goes survives") {
  Sandbox sandbox;
  ActionRequest transfer = Sandbox::request(Verb::Transfer, Kind::Data, "crm:mail-alice");
  transfer.target = "carol";
  CHECK(sandbox.connector->probe(transfer).answer == ProbeAnswer::NotDone);
  CHECK(sandbox.connector->perform(transfer).result == ResultClass::Changed);
  CHECK(sandbox.connector->probe(transfer).answer == ProbeAnswer::Done);
  CHECK(sandbox.perform(Verb::Remove, Kind::License, "crm:alice:seat") == ResultClass::Changed);
  CHECK(sandbox.observe("crm:mail-alice").facts.at("holder") == "carol");
}

TEST_CASE("sandbox: the last owner is not removed, and neither is the account that is it") {
  Sandbox sandbox;
  const ActionResult refused =
      sandbox.connector->perform(Sandbox::request(Verb::Remove, Kind::Role, "crm:alice:admin"));
  CHECK(refused.result == ResultClass::NeedsHuman);
  CHECK(refused.detail == "crm:alice:admin is the last owner of workspace; hand it over first");
  CHECK(sandbox.perform(Verb::Delete, Kind::Account, "crm:alice") == ResultClass::NeedsHuman);
  CHECK(sandbox.perform(Verb::Disable, Kind::Account, "crm:alice") == ResultClass::Changed);
  REQUIRE(sandbox.world->seed(
      R"({"record":"role","id":"crm:carol:admin","system":"crm","holder":"carol","account":"crm:carol","name":"workspace","level":"owner"})"));
  CHECK(sandbox.perform(Verb::Remove, Kind::Role, "crm:alice:admin") == ResultClass::Changed);
}

TEST_CASE("sandbox: deleting an account deletes what is under it") {
  Sandbox sandbox;
  ActionRequest narrow = Sandbox::request(Verb::Narrow, Kind::Role, "crm:alice:admin");
  REQUIRE(sandbox.world->seed(
      R"({"record":"role","id":"crm:carol:admin","system":"crm","holder":"carol","account":"crm:carol","name":"workspace","level":"owner"})"));
  narrow.text = "member";
  CHECK(sandbox.connector->perform(narrow).result == ResultClass::Changed);
  CHECK(sandbox.connector->probe(narrow).answer == ProbeAnswer::Done);
  CHECK(sandbox.perform(Verb::Delete, Kind::Account, "crm:alice") == ResultClass::Changed);
  for (const char* item : {"crm:alice", "crm:s-1", "crm:t-1", "crm:pw-alice", "crm:mail-alice"}) {
    CAPTURE(item);
    CHECK_FALSE(sandbox.present(item));
  }
  CHECK(sandbox.present("crm:carol"));
  CHECK(sandbox.present("crm:db-root"));
}

TEST_CASE("sandbox: a rotation happens once per request and nobody knows the new value") {
  Sandbox sandbox;
  const ActionRequest rotate = Sandbox::request(Verb::Rotate, Kind::Secret, "crm:db-root");
  CHECK(sandbox.connector->probe(rotate).answer == ProbeAnswer::NotDone);
  CHECK(sandbox.connector->perform(rotate).result == ResultClass::Changed);
  CHECK(sandbox.connector->perform(rotate).result == ResultClass::AlreadyDone);
  CHECK(sandbox.connector->probe(rotate).answer == ProbeAnswer::Done);
  CHECK(sandbox.observe("crm:db-root").facts.at("version") == "2");
  auto discovery = sandbox.connector->discover();
  REQUIRE(discovery.has_value());
  bool seen = false;
  for (const DiscoveredRecord& record : discovery->records) {
    if (record.json.find("crm:db-root\",\"") != std::string::npos &&
        record.json.find("\"record\":\"secret\"") != std::string::npos) {
      seen = true;
      CHECK(record.json.find("\"known_to\":[]") != std::string::npos);
    }
  }
  CHECK(seen);
}

TEST_CASE("sandbox: a checked-in checkout rotates what was out") {
  Sandbox sandbox;
  CHECK(sandbox.perform(Verb::Revoke, Kind::Checkout, "crm:co-1") == ResultClass::Changed);
  CHECK(sandbox.effects() == "rotate crm:db-root\nrevoke crm:co-1\n");
  CHECK(sandbox.observe("crm:db-root").facts.at("version") == "2");
}

TEST_CASE("sandbox: verbs that do not fit a kind are unsupported, a wipe has no way back") {
  Sandbox sandbox;
  CHECK(sandbox.perform(Verb::Wipe, Kind::Account, "crm:alice") == ResultClass::Unsupported);
  ActionRequest wipe = Sandbox::request(Verb::Wipe, Kind::Device, "crm:laptop");
  wipe.captured = sandbox.observe("crm:laptop").state;
  CHECK(sandbox.connector->perform(wipe).result == ResultClass::Changed);
  CHECK(sandbox.connector->undo(wipe).result == ResultClass::Unsupported);
}

TEST_CASE("sandbox: sign-ins after the snapshot are found under the account") {
  Sandbox sandbox;
  REQUIRE(sandbox.world->sign_in("crm:alice").has_value());
  ItemAddress account;
  account.item = "crm:alice";
  account.system = "crm";
  auto live = sandbox.connector->discover_account(account);
  REQUIRE(live.has_value());
  CHECK(live->records.size() == 3);  // s-1, t-1 and the new session
  for (const ListingState& listing : live->listings) {
    CHECK(listing.complete);
  }
}

TEST_CASE("sandbox: every verb that it declares has a preview and works on its own kind") {
  Sandbox sandbox;
  auto capabilities = sandbox.connector->capabilities();
  REQUIRE(capabilities.has_value());
  CHECK(capabilities->endpoint == "sandbox:sandbox.db");
  std::size_t index = 0;
  for (const VerbSupport& support : capabilities->verbs) {
    if (support.verb == Verb::Replace) {
      continue;  // made and delivered part by part: successors_test.cc
    }
    const std::string kind(kind_name(support.kind));
    const std::string id = "crm:x-" + std::to_string(index++);
    REQUIRE(sandbox.world->seed("{\"record\":\"" + kind + "\",\"id\":\"" + id +
                                "\",\"system\":\"crm\",\"holder\":\"alice\"}"));
    ActionRequest request = Sandbox::request(support.verb, support.kind, id);
    request.target = "carol";
    request.text = "member";
    CAPTURE(id);
    CAPTURE(kind);
    CHECK(sandbox.connector->preview(request).size() == 1);
    CHECK(sandbox.connector->probe(request).answer == ProbeAnswer::NotDone);
    request.captured = sandbox.observe(id).state;
    const std::string before = sandbox.observe(id).state;
    CHECK(sandbox.connector->perform(request).result == ResultClass::Changed);
    CHECK(sandbox.connector->probe(request).answer == ProbeAnswer::Done);
    const ResultClass undone = sandbox.connector->undo(request).result;
    CHECK((undone == ResultClass::Changed) == (support.reversible == Reversible::Yes));
    if (undone == ResultClass::Changed) {
      CHECK(sandbox.observe(id).state == before);
    }
  }
}

TEST_CASE("sandbox: seeding twice changes nothing, and a broken line is named") {
  Sandbox sandbox;
  CHECK(sandbox.world->seed(kSandboxSeed).value() == 0);
  const auto broken = sandbox.world->seed("\n{\"record\":\"account\"");
  REQUIRE_FALSE(broken.has_value());
  CHECK(broken.error().to_string().find("line 2") != std::string::npos);
}

TEST_CASE("sandbox: a setting that it does not know is refused") {
  TestClock clock;
  ConnectorConfig config;
  config.system = "crm";
  config.settings["pth"] = "x";
  CHECK(make_sandbox_connector(config, clock).error().message() ==
        "the sandbox has no setting `pth`; it knows `path` and `seed`");
  config.settings.clear();
  CHECK(make_sandbox_connector(config, clock).error().message() ==
        "the sandbox of `crm` needs `path`, its file");
}

TEST_CASE("sandbox: `seed` fills a system once, from a folder of JSON Lines") {
  const TemporaryFolder folder;
  TestClock clock;
  ConnectorConfig config;
  config.system = "crm";
  config.settings["path"] = folder.file("sandbox.db");
  config.settings["seed"] = folder.file("inventory");
  REQUIRE(std::filesystem::create_directory(folder.file("inventory")));
  std::ofstream(folder.file("inventory/access.jsonl")) << kSandboxSeed;
  std::ofstream(folder.file("inventory/notes.txt")) << "not a record";
  auto first = make_sandbox_connector(config, clock);
  REQUIRE_MESSAGE(first.has_value(), first.error().to_string());
  const auto found = (*first)->discover();
  REQUIRE(found.has_value());
  CHECK(found->records.size() == 12);
  auto second = make_sandbox_connector(config, clock);
  REQUIRE(second.has_value());
  CHECK((*second)->discover()->records.size() == found->records.size());
}

}  // namespace rescind
