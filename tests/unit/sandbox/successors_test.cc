// Rotation that delivers, in the sandbox: successors, its vault, the log of use.
#include "tests/unit/sandbox/fixture.h"

namespace rescind {
namespace {

ActionRequest replacement() {
  return Sandbox::request(Verb::Replace, Kind::Secret, "crm:db-root");
}

DeliveryRequest delivery(const Successor& made) {
  DeliveryRequest out;
  out.marker = replacement().marker;
  out.item = replacement().item;
  out.successor = made.item;
  out.dependent = "billing";
  out.target.kind = DeliveryKind::Vault;
  out.target.system = "crm";
  out.target.path = "crm:db-root";
  return out;
}

TEST_CASE("sandbox: a successor lives beside the old one and is found again by its marker") {
  Sandbox sandbox;
  CHECK(sandbox.connector->find_successor(replacement()).answer.result == ResultClass::Absent);
  const Successor made = sandbox.connector->create_successor(replacement());
  REQUIRE(made.answer.result == ResultClass::Changed);
  CHECK(made.secret.size() == 32);
  CHECK(sandbox.present("crm:db-root"));
  CHECK(sandbox.present(made.item.item));
  REQUIRE(made.records.size() == 1);
  CHECK(made.records.front().json.find(made.secret.reveal()) == std::string::npos);

  const Successor again = sandbox.connector->create_successor(replacement());
  CHECK(again.answer.result == ResultClass::AlreadyDone);
  CHECK(again.item.item == made.item.item);
  CHECK(again.secret.empty());
  ActionRequest other = replacement();
  other.marker = "step:other#1";
  CHECK(sandbox.connector->create_successor(other).item.item != made.item.item);
}

TEST_CASE("sandbox: a successor is deleted by exact id, and only by the marker that made it") {
  Sandbox sandbox;
  const Successor made = sandbox.connector->create_successor(replacement());
  ActionRequest other = replacement();
  other.marker = "step:other#1";
  CHECK(sandbox.connector->delete_successor(other, made.item).result == ResultClass::NeedsHuman);
  CHECK(sandbox.connector->delete_successor(replacement(), made.item).result ==
        ResultClass::Changed);
  CHECK(sandbox.connector->delete_successor(replacement(), made.item).result ==
        ResultClass::Absent);
  CHECK(sandbox.present("crm:db-root"));
}

TEST_CASE("sandbox: what is delivered is what the dependent reads, and reading confirms it") {
  Sandbox sandbox;
  const Successor made = sandbox.connector->create_successor(replacement());
  const DeliveryRequest request = delivery(made);
  CHECK(sandbox.connector->confirm_delivery(request).answer == ProbeAnswer::NotDone);
  CHECK(sandbox.connector->deliver(request, made.secret).result == ResultClass::Changed);
  CHECK(sandbox.connector->deliver(request, made.secret).result == ResultClass::AlreadyDone);
  CHECK(sandbox.world->read_secret("crm", "crm:db-root") == std::string(made.secret.reveal()));
  SUBCASE("a deaf dependent does not take it up") {
    sandbox.fault(SandboxFaultKind::Deaf, 0, "read", 1);
    CHECK(sandbox.connector->confirm_delivery(request).answer == ProbeAnswer::NotDone);
  }
  CHECK(sandbox.connector->confirm_delivery(request).answer == ProbeAnswer::Done);
}

TEST_CASE("sandbox: a lost secret leaves a successor of which nobody knows the value") {
  Sandbox sandbox;
  sandbox.fault(SandboxFaultKind::LostSecret, 0, "create");
  const Successor made = sandbox.connector->create_successor(replacement());
  CHECK(made.answer.result == ResultClass::Changed);
  CHECK(made.secret.empty());
  CHECK(sandbox.present(made.item.item));
}

TEST_CASE("sandbox: a lying vault says yes and holds nothing") {
  Sandbox sandbox;
  const Successor made = sandbox.connector->create_successor(replacement());
  sandbox.fault(SandboxFaultKind::Lying, 0, "deliver");
  CHECK(sandbox.connector->deliver(delivery(made), made.secret).result == ResultClass::Changed);
  CHECK(sandbox.connector->confirm_delivery(delivery(made)).answer == ProbeAnswer::NotDone);
}

TEST_CASE(
    "sandbox: use is reported with who, when and whether it worked, and since when it is seen") {
  Sandbox sandbox;
  REQUIRE(sandbox.world->watch_use("crm", sandbox.clock.now() - Seconds(3600)));
  CHECK(*sandbox.world->use_item("crm:db-root", "billing", sandbox.clock.now() - Seconds(60)));
  sandbox.perform(Verb::Disable, Kind::Secret, "crm:db-root");
  CHECK_FALSE(*sandbox.world->use_item("crm:db-root", "carol", sandbox.clock.now()));
  const Result<EvidenceReport> report = sandbox.connector->usage({});
  REQUIRE(report);
  std::string text;
  for (const DiscoveredRecord& record : report->records) {
    text += record.json + "\n";
  }
  const std::string now = format_instant(sandbox.clock.now());
  CHECK(
      text ==
      R"({"at":")" + format_instant(sandbox.clock.now() - Seconds(60)) +
          R"(","by":"billing","item":"crm:db-root","outcome":"success","record":"usage","source":"sandbox"}
{"at":")" +
          now +
          R"(","by":"carol","item":"crm:db-root","outcome":"failure","record":"usage","source":"sandbox"}
{"kinds":["account","credential"],"record":"coverage","since":")" +
          format_instant(sandbox.clock.now() - Seconds(3600)) +
          R"(","source":"sandbox","system":"crm","until":")" + now + "\"}\n");
  const Result<EvidenceReport> later = sandbox.connector->usage({sandbox.clock.now()});
  REQUIRE(later);
  CHECK(later->records.size() == 1);  // the coverage
}

}  // namespace
}  // namespace rescind
