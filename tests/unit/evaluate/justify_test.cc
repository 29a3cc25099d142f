// Roles, keeps, holds, limits and principals.
#include <algorithm>

#include <doctest/doctest.h>

#include "tests/unit/evaluate/world.h"

namespace rescind::testing {
namespace {

const std::string kPolicy = R"(module t
schema { systems { crm, mail } teams { desk, legal } }
role rep { when subject.department == "Sales"  grants crm role "Rep" }
role lead includes rep { when subject.title like "*Lead*"  grants crm role "Forecast" }
role assigned { grants mail group "all" }
keep asked { role where role.source == request and (role.expires ?? now + 1h) > now  because "asked" }
rule mover {
  on mover, reconcile, leave_start  because "old access goes"  escalate to subject.manager then desk after 4h
  remove entitlement as e where not e.justified
  disable account where not account.justified
  revoke session as s where not s.justified
}
rule leaver {
  on leaver  because "gone"  escalate to desk
  disable account
  transfer data to subject.manager ?? "legal"
  delete account after 30d approved by subject.manager or "legal"
}
hold matter { when subject.legal_hold  blocks delete of account, data  until lifted
              ordered by "legal"  because "matter" }
hold sealed { blocks delete of account as a where a.break_glass  until lifted
              ordered by "desk"  because "sealed" }
limit mass { disable, delete of account  at most 10 per 1d  otherwise ask "desk" }
)";

const std::string kRecords = R"({"record":"system","id":"crm","kind":"saas"}
{"record":"system","id":"mail","kind":"saas"}
{"record":"identity","id":"boss","kind":"employee"}
{"record":"identity","id":"old","kind":"employee","status":"ended"}
{"record":"identity","id":"alice","kind":"employee","department":"Sales","title":"Lead","manager":"boss","roles":["assigned"]}
{"record":"identity","id":"carl","kind":"employee","department":"Sales","manager":"old","legal_hold":true}
{"record":"account","id":"crm:alice","system":"crm","holder":"alice"}
{"record":"role","id":"rep","system":"crm","holder":"alice","account":"crm:alice","name":"Rep"}
{"record":"role","id":"forecast","system":"crm","holder":"alice","account":"crm:alice","name":"Forecast"}
{"record":"account","id":"mail:alice","system":"mail","holder":"alice"}
{"record":"group","id":"all","system":"mail","holder":"alice","account":"mail:alice","name":"all"}
{"record":"group","id":"odd","system":"mail","holder":"alice","account":"mail:alice","name":"odd"}
{"record":"session","id":"s-crm","system":"crm","holder":"alice","account":"crm:alice"}
{"record":"session","id":"s-mail","system":"mail","holder":"alice","account":"mail:alice"}
{"record":"session","id":"s-loose","system":"mail","holder":"alice"}
{"record":"account","id":"crm:carl","system":"crm","holder":"carl"}
{"record":"role","id":"extra","system":"crm","holder":"carl","account":"crm:carl","name":"Extra","source":"request"}
{"record":"data","id":"drive","system":"mail","holder":"carl"}
{"record":"account","id":"sealed","system":"mail","holder":"carl","break_glass":true}
)";

std::string justified(const Decisions& decisions) {
  std::string text;
  for (const JustifiedItem& item : decisions.justified) {
    text += std::string(decisions.inventory->id(item.item)) + ": " + item.by + "\n";
  }
  return text;
}

TEST_CASE(
    "evaluate: what a role grants stays, and carries its account, but not sessions older than a "
    "removal") {
  const World world = make_world(kPolicy, kRecords);
  const Decisions decisions = evaluate(world, {make_event("reconcile", "alice")});
  CHECK(lines(decisions) == std::vector<std::string>{"reconcile/alice odd remove",
                                                     "reconcile/alice s-loose revoke",
                                                     "reconcile/alice s-mail revoke"});
  CHECK(justified(decisions) ==
        "all: role t.assigned\n"
        "crm:alice: role t.lead through forecast\n"
        "forecast: role t.lead\n"
        "mail:alice: role t.assigned through all\n"
        "rep: role t.lead\n"
        "s-crm: account crm:alice\n");
}

TEST_CASE("evaluate: a mover is judged by what it is after the event") {
  const World world = make_world(kPolicy, kRecords);
  Event move = make_event("mover", "alice");
  move.after = AttributeMap{{"department", std::string("Legal")}, {"title", std::string("Clerk")}};
  const auto all = lines(evaluate(world, {move}));
  for (const char* line : {"mover/alice rep remove", "mover/alice forecast remove",
                           "mover/alice crm:alice disable", "mover/alice s-crm revoke"}) {
    CHECK_MESSAGE(std::find(all.begin(), all.end(), line) != all.end(), line);
  }
  CHECK(std::find(all.begin(), all.end(), "mover/alice all remove") == all.end());
}

TEST_CASE("evaluate: nobody who is away or leaving holds a role") {
  const World world = make_world(kPolicy, kRecords);
  const auto away = lines(evaluate(world, {make_event("leave_start", "alice")}));
  CHECK(std::find(away.begin(), away.end(), "leave_start/alice rep remove") != away.end());
  const auto both =
      lines(evaluate(world, {make_event("mover", "alice"), make_event("leaver", "alice")}));
  CHECK(std::find(both.begin(), both.end(), "mover/alice rep remove") != both.end());
}

TEST_CASE("evaluate: a keep justifies what was asked for, until it expires") {
  const World world = make_world(kPolicy, kRecords);
  const Decisions decisions = evaluate(world, {make_event("reconcile", "carl")});
  CHECK(justified(decisions).find("extra: keep t.asked") != std::string::npos);
}

TEST_CASE("evaluate: holds speak for the holder and for the item, limits count what they name") {
  const World world = make_world(kPolicy, kRecords);
  const Decisions decisions = evaluate(world, {make_event("leaver", "carl")});
  std::vector<std::string> holds;
  for (const HoldMatch& hold : decisions.holds) {
    REQUIRE(hold.certainty == Certainty::Yes);
    holds.push_back(std::string(world.inventory->id(hold.item)) + " " +
                    world.policy->holds[hold.hold].declared.name + " " + hold.ordered_by.at(0));
  }
  CHECK(holds == std::vector<std::string>{"crm:carl matter legal", "drive matter legal",
                                          "sealed matter legal", "sealed sealed desk"});
  CHECK(decisions.limits.size() == 2);
  CHECK(evaluate(world, {make_event("leaver", "alice")}).holds.empty());
}

TEST_CASE("evaluate: a hold that cannot be told holds perhaps") {
  const World world = make_world(
      kPolicy, kRecords + R"({"record":"account","id":"sealed","system":"crm","holder":"carl"}
)");
  const Decisions decisions = evaluate(world, {make_event("leaver", "carl")});
  CHECK(std::any_of(decisions.holds.begin(), decisions.holds.end(),
                    [](const HoldMatch& hold) { return hold.certainty == Certainty::Unknown; }));
}

const MatchPrincipals* of_verb(const Decisions& decisions, Verb verb) {
  for (const MatchPrincipals& principals : decisions.principals) {
    const Match& match = decisions.matches[principals.match];
    if (decisions.policy->clauses[match.clause.index()].verb == verb) {
      return &principals;
    }
  }
  return nullptr;
}

TEST_CASE("evaluate: who is gone or leaving counts as missing among principals") {
  const World world = make_world(kPolicy, kRecords);
  const Decisions carl = evaluate(world, {make_event("leaver", "carl")});
  const MatchPrincipals* transfer = of_verb(carl, Verb::Transfer);
  REQUIRE(transfer != nullptr);
  CHECK(transfer->to.alternatives == std::vector<std::vector<std::string>>{{"legal"}});
  const Decisions alice = evaluate(world, {make_event("leaver", "alice")});
  const MatchPrincipals* removal = of_verb(alice, Verb::Delete);
  REQUIRE(removal != nullptr);
  CHECK(removal->approved_by.alternatives ==
        std::vector<std::vector<std::string>>{{"boss"}, {"legal"}});
  REQUIRE(removal->escalate.size() == 1);
  CHECK(removal->escalate[0].alternatives == std::vector<std::vector<std::string>>{{"desk"}});
  const Decisions both =
      evaluate(world, {make_event("leaver", "alice"), make_event("leaver", "boss")});
  CHECK(of_verb(both, Verb::Delete)->approved_by.alternatives ==
        std::vector<std::vector<std::string>>{{}, {"legal"}});
}

}  // namespace
}  // namespace rescind::testing
