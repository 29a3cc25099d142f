// Scripted faults: each is what it claims to be, and strikes as often as asked.
#include "tests/unit/sandbox/fixture.h"

namespace rescind {

TEST_CASE("sandbox: faults answer as scripted and only as often as asked") {
  Sandbox sandbox;
  const auto disable = [&sandbox] {
    return sandbox.connector->perform(Sandbox::request(Verb::Disable, Kind::Account, "crm:alice"));
  };
  SUBCASE("429 with a time") {
    sandbox.fault(SandboxFaultKind::Throttled, 30);
    const ActionResult answer = disable();
    CHECK(answer.result == ResultClass::Throttled);
    CHECK(answer.until == sandbox.clock.now() + Seconds(30));
  }
  SUBCASE("500") {
    sandbox.fault(SandboxFaultKind::ServerError);
    CHECK(disable().result == ResultClass::Unknown);
  }
  SUBCASE("401") {
    sandbox.fault(SandboxFaultKind::AuthFailed);
    CHECK(disable().result == ResultClass::AuthFailed);
  }
  SUBCASE("no connection") {
    sandbox.fault(SandboxFaultKind::Refused);
    CHECK(disable().result == ResultClass::Failed);
  }
  SUBCASE("time-out before the effect") {
    sandbox.fault(SandboxFaultKind::TimeoutBeforeEffect);
    CHECK(disable().result == ResultClass::Unknown);
  }
  SUBCASE("409") {
    sandbox.fault(SandboxFaultKind::Conflict);
    CHECK(disable().result == ResultClass::Conflict);
  }
  SUBCASE("a lie") {
    sandbox.fault(SandboxFaultKind::Lying);
    CHECK(disable().result == ResultClass::Changed);
  }
  CHECK(sandbox.observe("crm:alice").enabled == true);
  CHECK(disable().result == ResultClass::Changed);
  CHECK(sandbox.observe("crm:alice").enabled == false);
}

TEST_CASE("sandbox: a time-out after the effect has the effect") {
  Sandbox sandbox;
  sandbox.fault(SandboxFaultKind::TimeoutAfterEffect);
  CHECK(sandbox.perform(Verb::Revoke, Kind::Session, "crm:s-1") == ResultClass::Unknown);
  CHECK_FALSE(sandbox.present("crm:s-1"));
}

TEST_CASE("sandbox: slow and asynchronous effects are seen when their time has come") {
  Sandbox sandbox;
  const ActionRequest revoke = Sandbox::request(Verb::Revoke, Kind::Session, "crm:s-1");
  SUBCASE("slow") {
    sandbox.fault(SandboxFaultKind::SlowEffect, 5);
    CHECK(sandbox.connector->perform(revoke).result == ResultClass::Changed);
  }
  SUBCASE("asynchronous") {
    sandbox.fault(SandboxFaultKind::Async, 5);
    CHECK(sandbox.connector->perform(revoke).result == ResultClass::Async);
  }
  CHECK(sandbox.connector->probe(revoke).answer == ProbeAnswer::NotDone);
  sandbox.clock.sleep_for(std::chrono::seconds(4));
  CHECK(sandbox.present("crm:s-1"));
  sandbox.clock.sleep_for(std::chrono::seconds(1));
  CHECK(sandbox.connector->probe(revoke).answer == ProbeAnswer::Done);
  CHECK(sandbox.effects() == "revoke crm:s-1\n");
}

TEST_CASE("sandbox: residual access is said by the answer and by the probe until it ends") {
  Sandbox sandbox;
  sandbox.fault(SandboxFaultKind::Residual, 60);
  const ActionRequest disable = Sandbox::request(Verb::Disable, Kind::Account, "crm:alice");
  const ActionResult answer = sandbox.connector->perform(disable);
  CHECK(answer.result == ResultClass::ResidualUntil);
  CHECK(sandbox.connector->probe(disable).residual_until == answer.until);
  sandbox.clock.sleep_for(std::chrono::seconds(60));
  CHECK_FALSE(sandbox.connector->probe(disable).residual_until.has_value());
}

TEST_CASE("sandbox: a truncated listing says so and is not taken for all") {
  Sandbox sandbox;
  SandboxFault cut;
  cut.kind = SandboxFaultKind::TruncatedListing;
  cut.item = "account";
  REQUIRE(sandbox.world->add_fault(cut).has_value());
  auto first = sandbox.connector->discover();
  REQUIRE(first.has_value());
  auto second = sandbox.connector->discover();
  REQUIRE(second.has_value());
  CHECK(second->records.size() == first->records.size() + 1);
  for (const ListingState& listing : first->listings) {
    CHECK(listing.complete == (listing.kind != "account"));
  }
  for (const ListingState& listing : second->listings) {
    CHECK(listing.complete);
  }
}

TEST_CASE("sandbox: a dead system is dead for reading too, a slow one costs time") {
  Sandbox sandbox;
  sandbox.fault(SandboxFaultKind::Latency, 1500, "observe");
  const auto before = sandbox.clock.monotonic();
  CHECK(sandbox.present("crm:alice"));
  CHECK(sandbox.clock.monotonic() - before == std::chrono::milliseconds(1500));

  sandbox.fault(SandboxFaultKind::Refused, 0, "", -1);
  ItemAddress account;
  account.item = "crm:alice";
  CHECK(sandbox.connector->observe(account).error().kind() == ErrorKind::Network);
  CHECK(sandbox.connector->discover().error().kind() == ErrorKind::Network);
  CHECK(sandbox.connector->probe(Sandbox::request(Verb::Disable, Kind::Account, "crm:alice"))
            .answer == ProbeAnswer::Unknown);
  REQUIRE(sandbox.world->clear_faults().has_value());
  CHECK(sandbox.present("crm:alice"));
}

}  // namespace rescind
