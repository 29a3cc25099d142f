// Which causes follow from reported events, and what each of them reaches.
#include <algorithm>

#include <doctest/doctest.h>

#include "tests/unit/evaluate/world.h"

namespace rescind::testing {
namespace {

const std::string kPolicy = R"(module t
schema {
  systems { crm, vault } teams { desk, crew }
  event vendor_end about identity { vendor: string }
}
derive contract_end for identity as p where known p.vendor and p.vendor == event.vendor on vendor_end
derive unused for api_key as k where now - (k.last_used ?? k.created ?? now) > 90d on reconcile
conflict pay { crm role "create", crm role "approve"  because "SoD" }
rule out {
  on leaver, contract_end, owner_left, knower_left, unused, policy_violation, orphaned, decommission
  because "x"  escalate to desk
  disable account, api_key, secret
  revoke session
  remove role
}
)";

const std::string kRecords = R"({"record":"system","id":"crm","kind":"saas"}
{"record":"system","id":"vault","kind":"secrets"}
{"record":"team","id":"crew","members":["bob"]}
{"record":"identity","id":"alice","kind":"employee","vendor":"Acme"}
{"record":"identity","id":"bob","kind":"employee"}
{"record":"identity","id":"zoe","kind":"contractor","vendor":"Acme"}
{"record":"identity","id":"gone","kind":"employee","status":"ended"}
{"record":"identity","id":"bot","kind":"service","owner":["alice"]}
{"record":"identity","id":"subbot","kind":"bot","owner":["bot","gone"]}
{"record":"identity","id":"shared","kind":"service","owner":["alice","bob"]}
{"record":"identity","id":"teamed","kind":"service","owner":["alice","crew"]}
{"record":"account","id":"a1","system":"crm","holder":"alice"}
{"record":"session","id":"s1","system":"crm","account":"a1"}
{"record":"session","id":"s2","system":"crm","account":"a1","holder":"bob"}
{"record":"role","id":"g1","system":"crm","holder":"bob","grantee":"alice"}
{"record":"api_key","id":"kbot","system":"crm","holder":"bot","created":"2025-01-01T00:00:00Z"}
{"record":"api_key","id":"ksub","system":"crm","holder":"subbot","created":"2026-01-01T00:00:00Z"}
{"record":"secret","id":"root","system":"vault","holder":"shared","known_to":["alice","bob"]}
{"record":"secret","id":"own","system":"vault","holder":"alice","known_to":["alice"]}
)";

std::vector<std::string> causes(const Decisions& decisions) {
  std::vector<std::string> all;
  for (const Cause& cause : decisions.causes) {
    all.push_back(cause.event.type + "/" + cause.event.subject);
  }
  return all;
}

bool has(const std::vector<std::string>& all, const std::string& one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

TEST_CASE(
    "evaluate: a leaver takes along the machines without another live owner, and what they own") {
  const World world = make_world(kPolicy, kRecords);
  const Decisions decisions = evaluate(world, {make_event("leaver", "alice")});
  CHECK(causes(decisions) == std::vector<std::string>{"leaver/alice", "knower_left/root",
                                                      "owner_left/bot", "owner_left/subbot"});
  CHECK(decisions.causes[3].parent == 2);
  CHECK(decisions.causes[3].lineage ==
        "leaver/alice@hr:leaver-alice#1 > owner_left/bot > owner_left/subbot");
  CHECK(decisions.causes[3].derived_by == "owner_left");
  CHECK(decisions.causes[3].effective == instant("2026-01-05T17:00:00Z"));
}

TEST_CASE(
    "evaluate: a shared machine is left with the last of its owners, whoever leaves in one batch") {
  const World world = make_world(kPolicy, kRecords);
  const Decisions decisions = evaluate(
      world, {make_event("leaver", "bob", "2026-02-01T00:00:00Z"), make_event("leaver", "alice")});
  const auto all = causes(decisions);
  CHECK(has(all, "owner_left/shared"));
  CHECK_FALSE(has(all, "owner_left/teamed"));  // the team answers for it
  const auto at = static_cast<std::size_t>(std::find(all.begin(), all.end(), "owner_left/shared") -
                                           all.begin());
  CHECK(decisions.causes[at].effective == instant("2026-02-01T00:00:00Z"));
  CHECK(std::count(all.begin(), all.end(), "knower_left/root") == 2);
}

TEST_CASE("evaluate: clauses reach what is held, granted or under the subject's accounts") {
  const World world = make_world(kPolicy, kRecords);
  const auto all = lines(evaluate(world, {make_event("leaver", "alice")}));
  for (const char* line :
       {"leaver/alice a1 disable", "leaver/alice s1 revoke", "leaver/alice s2 revoke",
        "leaver/alice g1 remove", "leaver/alice own disable", "owner_left/bot kbot disable",
        "knower_left/root root disable"}) {
    CHECK_MESSAGE(has(all, line), line);
  }
  CHECK_FALSE(has(all, "leaver/alice root disable"));
  CHECK_FALSE(has(all, "leaver/alice kbot disable"));
}

TEST_CASE(
    "evaluate: an item's event reaches it and what hangs on it, a system's everything there") {
  const World world = make_world(kPolicy, kRecords);
  CHECK(lines(evaluate(world, {make_event("orphaned", "a1")})) ==
        std::vector<std::string>{"orphaned/a1 a1 disable", "orphaned/a1 s1 revoke",
                                 "orphaned/a1 s2 revoke"});
  CHECK(lines(evaluate(world, {make_event("decommission", "vault")})) ==
        std::vector<std::string>{"decommission/vault own disable",
                                 "decommission/vault root disable"});
}

TEST_CASE("evaluate: derive rules raise events about identities anywhere and items in reach") {
  const World world = make_world(kPolicy, kRecords);
  Event end = make_event("vendor_end", "bob");
  end.attributes["vendor"] = std::string("Acme");
  const auto all = causes(evaluate(world, {end}));
  CHECK(has(all, "contract_end/alice"));
  CHECK(has(all, "contract_end/zoe"));
  CHECK(has(all, "owner_left/bot"));  // the closure goes on from there
  CHECK_FALSE(has(all, "contract_end/bob"));
  CHECK(causes(evaluate(world, {make_event("reconcile", "bot")})) ==
        std::vector<std::string>{"reconcile/bot", "unused/kbot"});
  CHECK(causes(evaluate(world, {make_event("reconcile", "alice")})) ==
        std::vector<std::string>{"reconcile/alice"});
}

TEST_CASE("evaluate: the newest revision of an event stands, and a withdrawn one falls") {
  const World world = make_world(kPolicy, kRecords);
  Event first = make_event("leaver", "bob", "2026-02-01T00:00:00Z");
  Event second = make_event("leaver", "bob", "2026-01-10T00:00:00Z");
  second.revision = 2;
  const Decisions moved = evaluate(world, {second, first, second});
  const auto all = causes(moved);
  REQUIRE(all.at(0) == "leaver/bob");
  CHECK(std::count(all.begin(), all.end(), "leaver/bob") == 1);
  CHECK(moved.causes[0].effective == instant("2026-01-10T00:00:00Z"));
  Event third = second;
  third.revision = 3;
  third.withdrawn = true;
  CHECK(evaluate(world, {first, second, third}).causes.empty());
}

TEST_CASE("evaluate: an event about somebody unknown decides nothing and says so") {
  const World world = make_world(kPolicy, kRecords);
  const Decisions decisions = evaluate(world, {make_event("leaver", "stranger")});
  CHECK(decisions.matches.empty());
  REQUIRE(decisions.notes.size() == 1);
  CHECK(decisions.notes[0].find("`stranger`") != std::string::npos);
}

TEST_CASE("evaluate: two parts of a conflict in one hand raise a violation") {
  const World world = make_world(
      kPolicy,
      kRecords + R"({"record":"role","id":"r1","system":"crm","holder":"bob","name":"create"}
{"record":"role","id":"r2","system":"crm","holder":"bob","name":"approve"}
)");
  const Decisions decisions = evaluate(world, {make_event("mover", "bob")});
  CHECK(causes(decisions) == std::vector<std::string>{"mover/bob", "policy_violation/bob"});
  CHECK(decisions.causes[1].derived_by == "conflict t.pay");
  CHECK(decisions.notes.size() == 1);
  CHECK(causes(evaluate(world, {make_event("mover", "alice")})).size() == 1);
}

TEST_CASE("evaluate: everything a leaver has is reached, rules or none") {
  const World world = make_world(kPolicy, kRecords);
  const Decisions decisions = evaluate(world, {make_event("leaver", "alice")});
  std::vector<std::string> reached;
  for (const ItemRef item : decisions.reached) {
    reached.emplace_back(world.inventory->id(item));
  }
  CHECK(reached == std::vector<std::string>{"a1", "g1", "own", "s1", "s2"});
}

TEST_CASE("evaluate: a record that contradicts itself is undetermined, never left out") {
  const World world = make_world(
      kPolicy, kRecords + R"({"record":"account","id":"a1","system":"vault","holder":"alice"}
)");
  const Decisions decisions = evaluate(world, {make_event("leaver", "alice")});
  const auto all = lines(decisions);
  CHECK(has(all, "leaver/alice a1 disable ?"));
  CHECK(
      std::any_of(decisions.undetermined.begin(), decisions.undetermined.end(),
                  [&](const UndeterminedItem& u) { return world.inventory->id(u.item) == "a1"; }));
}

}  // namespace
}  // namespace rescind::testing
