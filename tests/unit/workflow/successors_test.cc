// What was made in the place of a credential because somebody leaves is not taken for the same
// reason.
#include "tests/unit/workflow/office.h"

namespace rescind::testing {
namespace {

const std::string kPolicy = R"(module t
schema { systems { aws } teams { desk } }
rule owner { on owner_left because "owner" escalate to desk  rotate credential within 2d }
rule known { on knower_left because "known" escalate to desk  rotate credential within 1d }
)";

std::string key(const std::string& id, const std::string& more = "") {
  return R"({"record":"api_key","id":")" + id + R"(","system":"aws","holder":"bot")" + more + "}\n";
}

struct Prepared {
  Office office{kPolicy};

  // alice leaves on the 20th; a successor is made on the day after that was heard.
  explicit Prepared(const std::string& successor = "") {
    office.records = R"({"record":"system","id":"aws","kind":"cloud"}
{"record":"team","id":"desk","members":["bob"]}
{"record":"identity","id":"bob","kind":"employee"}
{"record":"identity","id":"alice","kind":"employee"}
{"record":"identity","id":"bot","kind":"service","owner":["alice"]}
)" + key("aws:k1") + key("aws:k2", successor);
    office.now = instant("2026-01-11T09:00:00Z");
    REQUIRE(office.store->add_inventory(
        {{"aws", "successor", "aws:k1",
          R"({"record":"successor","item":"aws:k1","successor":"aws:k2","at":"2026-01-11T08:00:00Z"})",
          office.now}}));
  }

  Plan plan(std::string_view heard) const {
    Event leaves = make_event("leaver", "alice", "2026-01-20T17:00:00Z");
    leaves.arrived = instant(heard);
    return office.plan({leaves});
  }
};

}  // namespace

TEST_CASE("plan_events: a successor that was made for who leaves later is left to its new life") {
  const Plan plan = Prepared().plan("2026-01-10T17:00:00Z");
  CHECK(find_step(plan, "aws:k1", Verb::Rotate) != nullptr);
  CHECK(find_step(plan, "aws:k2", Verb::Rotate) == nullptr);
}

TEST_CASE("plan_events: what was made before anybody knew that its owner leaves is rotated") {
  const Plan plan = Prepared().plan("2026-01-11T08:30:00Z");
  CHECK(find_step(plan, "aws:k2", Verb::Rotate) != nullptr);
}

TEST_CASE("plan_events: a successor that who leaves is said to know is rotated") {
  const Plan plan = Prepared(R"(,"known_to":["alice"])").plan("2026-01-10T17:00:00Z");
  CHECK(find_step(plan, "aws:k2", Verb::Rotate) != nullptr);
}

}  // namespace rescind::testing
