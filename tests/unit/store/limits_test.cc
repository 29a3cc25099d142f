// Limits: whole subjects in a rolling window, all claims or none, the same step counted once.
#include "tests/unit/store/fixture.h"

namespace rescind {
namespace {

LimitClaim claim(const std::string& subject, std::int64_t allowed = 2) {
  return {"mass", "system crm", subject, Seconds(3600), allowed};
}

}  // namespace

TEST_CASE(
    "store: a limit counts subjects, not steps, and has room again when the window moves on") {
  const TemporaryFolder folder;
  auto store = open_store(folder);
  CHECK(store->reserve("run:1", "step:a", {claim("alice")}, at_second(0))->reserved);
  CHECK(store->reserve("run:1", "step:b", {claim("alice")}, at_second(10))->reserved);
  CHECK(store->reserve("run:2", "step:c", {claim("bob")}, at_second(20))->reserved);
  CHECK(store->limit_usage("mass", "system crm", Seconds(3600), at_second(30)).value() == 2);

  const auto refused = store->reserve("run:3", "step:d", {claim("carol")}, at_second(30));
  REQUIRE(refused.has_value());
  CHECK_FALSE(refused->reserved);
  CHECK(refused->full == "mass");
  CHECK(refused->room_at == at_second(3610));  // alice's last count leaves first

  CHECK(store->reserve("run:3", "step:d", {claim("carol")}, at_second(3610))->reserved);
  CHECK(store->limit_usage("mass", "system crm", Seconds(3600), at_second(3610)).value() == 2);
  CHECK(store->limit_usage("mass", "system erp", Seconds(3600), at_second(3610)).value() == 0);
}

TEST_CASE("store: reserving again for the same step changes nothing, consent passes its limit") {
  const TemporaryFolder folder;
  auto store = open_store(folder);
  REQUIRE(store->reserve("run:1", "step:a", {claim("alice", 1)}, at_second(0))->reserved);
  CHECK(store->reserve("run:1", "step:a", {claim("alice", 1)}, at_second(5))->reserved);
  CHECK_FALSE(store->reserve("run:1", "step:b", {claim("bob", 1)}, at_second(5))->reserved);
  LimitClaim let = claim("bob", 1);
  let.may_exceed = true;
  // Letting one limit pass says nothing of another.
  LimitClaim other = claim("bob", 0);
  other.limit = "narrow";
  CHECK(store->reserve("run:1", "step:b", {let, other}, at_second(5))->full == "narrow");
  CHECK(store->reserve("run:1", "step:b", {let}, at_second(5))->reserved);
  CHECK(store->limit_usage("mass", "system crm", Seconds(3600), at_second(6)).value() == 2);
}

TEST_CASE("store: a step that is tried again after the window counts in the window of that try") {
  const TemporaryFolder folder;
  auto store = open_store(folder);
  REQUIRE(store->reserve("run:1", "step:a", {claim("alice", 1)}, at_second(0))->reserved);
  REQUIRE(store->reserve("run:1", "step:a", {claim("alice", 1)}, at_second(4000))->reserved);
  CHECK(store->limit_usage("mass", "system crm", Seconds(3600), at_second(4001)).value() == 1);
  const auto bob = store->reserve("run:2", "step:b", {claim("bob", 1)}, at_second(4002));
  REQUIRE(bob.has_value());
  CHECK_FALSE(bob->reserved);
  CHECK(bob->room_at == at_second(7600));
}

TEST_CASE("store: claims on several limits are reserved all or none") {
  const TemporaryFolder folder;
  auto store = open_store(folder);
  LimitClaim narrow{"narrow", "", "alice", Seconds(60), 0};
  const auto answer = store->reserve("run:1", "step:a", {claim("alice"), narrow}, at_second(0));
  REQUIRE(answer.has_value());
  CHECK_FALSE(answer->reserved);
  CHECK(answer->full == "narrow");
  CHECK_FALSE(answer->room_at.has_value());
  CHECK(store->limit_usage("mass", "system crm", Seconds(3600), at_second(1)).value() == 0);
}

}  // namespace rescind
