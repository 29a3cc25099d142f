// Routes of deliveries, and what counts as their proof.
#include "connect/deliveries.h"

#include <doctest/doctest.h>

#include "base/process.h"
#include "tests/support/temporary_folder.h"

namespace rescind {
namespace {

DeliveryRoute route(const std::string& dependent, const std::string& item,
                    const std::string& path) {
  DeliveryRoute out;
  out.dependent = dependent;
  out.item = item;
  out.target.path = path;
  return out;
}

std::string path_for(const Deliveries& deliveries, const char* item, const char* dependent) {
  const DeliveryTarget* const target = deliveries.find(item, dependent);
  return target == nullptr ? "" : target->path;
}

TEST_CASE("deliveries: the most particular route is gone") {
  const Deliveries deliveries({route("billing", "", "general"), route("", "db:a", "of the item"),
                               route("billing", "db:a", "both"), route("zeta", "db:a", "zeta")},
                              ConnectorSet());
  CHECK(path_for(deliveries, "db:a", "billing") == "both");
  CHECK(path_for(deliveries, "db:b", "billing") == "general");
  CHECK(path_for(deliveries, "db:a", "reports") == "of the item");
  CHECK(path_for(deliveries, "db:b", "reports").empty());
  CHECK(deliveries.dependents_of("db:a") == std::vector<std::string>{"billing", "zeta"});
  CHECK(deliveries.dependents_of("db:b").empty());
}

TEST_CASE("deliveries: what proves that the dependent uses it is what the route says") {
  const TemporaryFolder folder;
  Deliveries deliveries({}, ConnectorSet());
  DeliveryRequest request;
  request.target.path = folder.file("value");
  const Secret secret("n3w");
  request.target.proof = DeliveryProof::Written;
  CHECK_FALSE(deliveries.confirm(request, secret).proved);
  REQUIRE(deliveries.deliver(request, secret).result == ResultClass::Changed);
  CHECK(deliveries.confirm(request, secret).proved);
  SUBCASE("use is seen elsewhere: the file alone proves nothing") {
    request.target.proof = DeliveryProof::Use;
    const Deliveries::Confirmation seen = deliveries.confirm(request, secret);
    CHECK(seen.probe.answer == ProbeAnswer::Done);
    CHECK_FALSE(seen.proved);
  }
  SUBCASE("a program that says so proves it, one that does not proves nothing") {
    request.target.proof = DeliveryProof::Command;
    request.target.confirm = {"/bin/true"};
    CHECK(deliveries.confirm(request, secret).proved);
    request.target.confirm = {"exit 1"};
    CHECK(deliveries.confirm(request, secret).probe.answer == ProbeAnswer::NotDone);
    request.target.confirm = {"/nonexistent/program", "x"};
    CHECK(deliveries.confirm(request, secret).probe.answer == ProbeAnswer::Unknown);
  }
  SUBCASE("a receiver that is not configured is said so, and nothing is written") {
    request.target.kind = DeliveryKind::Vault;
    request.target.system = "vault";
    const ActionResult answer = deliveries.deliver(request, secret);
    CHECK(answer.result == ResultClass::Failed);
    CHECK(answer.detail == "no connector is configured for system `vault`");
    CHECK_FALSE(deliveries.confirm(request, secret).proved);
  }
}

TEST_CASE("process: a program that does not end is ended, with what it started") {
  const Result<int> status = run_program({"sleep 30 & wait"}, Seconds(1));
  REQUIRE_FALSE(status);
  CHECK(status.error().kind() == ErrorKind::Limit);
}

}  // namespace
}  // namespace rescind
