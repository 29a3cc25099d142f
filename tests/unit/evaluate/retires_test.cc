// Which items a retire takes, where each begins, and what its gates answer.
#include <algorithm>

#include <doctest/doctest.h>

#include "evaluate/gate.h"
#include "tests/unit/evaluate/world.h"

namespace rescind::testing {
namespace {

const std::string kPolicy = R"(module t
schema { systems { aws } teams { desk } }
retire credential {
  on owner_left, orphaned, exposed
  for api_key as c where c.holder is not human
  because "in stages"
  escalate to desk
  start at quarantine when count(o in c.holder.owner) == 0
  enter quarantine within 1h when event is exposed
  stage replace {
    replace c
    done when known c.dependents and all(d in c.dependents where c.successor delivered to d)
    within 2d
    otherwise escalate to desk
  }
  stage drain      { done when c idle for 24h  within 7d  otherwise escalate to desk }
  stage quarantine { disable c  soak 14d  on use return to drain }
  stage delete     { approved by c.holder.owner or desk  delete c }
}
)";

const std::string kBase = R"({"record":"system","id":"aws","kind":"cloud"}
{"record":"team","id":"desk","members":["bob"]}
{"record":"identity","id":"alice","kind":"employee"}
{"record":"identity","id":"bob","kind":"employee"}
{"record":"identity","id":"job","kind":"service","owner":["alice"]}
{"record":"identity","id":"stray","kind":"service"}
{"record":"identity","id":"billing","kind":"service","owner":["bob"]}
{"record":"identity","id":"reports","kind":"service","owner":["bob"]}
)";

std::string key(const std::string& more) {
  return R"({"record":"api_key","id":"k","system":"aws","holder":"job","created":"2025-01-01T00:00:00Z")" +
         more + "}\n";
}

std::string coverage(const std::string& since, const std::string& until) {
  return R"({"record":"coverage","system":"aws","kinds":["api_key"],"since":")" + since +
         R"(","until":")" + until + R"(","source":"cloudtrail"})" + "\n";
}

const std::string kCovered = coverage("2025-06-01T00:00:00Z", "2026-01-05T17:00:00Z");

// At 2026-01-05T17:00Z.
GateJudgement judge(const std::string& stage, const std::string& records,
                    std::set<std::string> leavers = {}, const std::string& item = "k") {
  const World world = make_world(kPolicy, kBase + records);
  return judge_gate(world.program, world.inventory,
                    {.retire = "t.credential",
                     .stage = stage,
                     .item = item,
                     .cause = make_event("orphaned", "k"),
                     .leavers = std::move(leavers)},
                    instant("2026-01-05T17:00:00Z"));
}

std::string use(const std::string& by, const std::string& when, const std::string& outcome) {
  return R"({"record":"usage","item":"k","by":")" + by + R"(","at":")" + when +
         R"(","source":"cloudtrail","outcome":")" + outcome + "\"}\n";
}

}  // namespace

TEST_CASE("retires: an item is taken with its start, its deadlines and its principals") {
  const World world =
      make_world(kPolicy, kBase + key(R"(,"dependents":["billing"])") +
                              R"({"record":"api_key","id":"lone","system":"aws","holder":"stray"})"
                              "\n"
                              R"({"record":"api_key","id":"own","system":"aws","holder":"bob"})"
                              "\n");
  Decisions decisions = evaluate(world, {make_event("leaver", "alice")});
  REQUIRE(decisions.retires.size() == 1);
  const RetireMatch& match = decisions.retires[0];
  CHECK(decisions.inventory->id(match.item) == "k");
  CHECK(decisions.causes[match.cause].event.type == "owner_left");
  CHECK(match.certainty == Certainty::Yes);
  CHECK(match.start == 0);
  CHECK(match.enters.empty());
  REQUIRE(match.approved_by.size() == 4);
  // The owner leaves, so the next in line approves.
  CHECK(match.approved_by[3].alternatives == std::vector<std::vector<std::string>>{{}, {"desk"}});
  CHECK(match.escalate.size() == 1);

  decisions = evaluate(world, {make_event("orphaned", "lone"), make_event("exposed", "k"),
                               make_event("exposed", "own")});
  REQUIRE(decisions.retires.size() == 2);
  REQUIRE(decisions.retires[0].enters.size() == 1);
  CHECK(decisions.retires[0].enters[0].stage == 2);
  CHECK(decisions.retires[0].enters[0].by == instant("2026-01-05T18:00:00Z"));
  CHECK(decisions.inventory->id(decisions.retires[1].item) == "lone");
  CHECK(decisions.retires[1].start == 2);
}

TEST_CASE("retires: a start that cannot be known counts where it contains, and nowhere else") {
  const auto start_at = [](const std::string& stage) {
    const World world =
        make_world(R"(module t
schema { systems { aws } teams { desk } }
retire credential {
  on orphaned
  for api_key as c
  because "in stages"  escalate to desk
  start at )" + stage + R"( when c.holder.department == "nowhere"
  stage first      { notify desk  done when c idle for 1h  within 1d  otherwise escalate to desk }
  stage drain      { notify desk  done when c idle for 1h  within 1d  otherwise escalate to desk }
  stage quarantine { disable c  soak 14d }
  stage delete     { approved by desk  delete c }
}
)",
                   kBase + R"({"record":"identity","id":"two","kind":"service","department":"a"}
{"record":"identity","id":"two","kind":"service","department":"b"}
{"record":"api_key","id":"k","system":"aws","holder":"two"}
)");
    const Decisions decisions = evaluate(world, {make_event("orphaned", "k")});
    REQUIRE(decisions.retires.size() == 1);
    return decisions.retires[0].start;
  };
  CHECK(start_at("quarantine") == 2);
  CHECK(start_at("drain") == 0);
}

TEST_CASE("gate: delivery names who still waits for the successor") {
  CHECK(judge("replace", key("")).why == "`dependents` is not recorded");
  CHECK(judge("replace", key("")).answer == GateAnswer::Unmet);
  CHECK(judge("replace", key(R"(,"dependents":[])")).answer == GateAnswer::Met);
  CHECK(judge("replace", key(R"(,"dependents":["billing"])")).why == "there is no successor yet");
  const std::string replaced = key(R"(,"dependents":["billing","reports"],"successor":"k2")") +
                               R"({"record":"api_key","id":"k2","system":"aws","holder":"job"})" +
                               "\n";
  CHECK(judge("replace", replaced).why == "waits for delivery to billing, reports");
  const auto delivery = [](const std::string& to, const std::string& when) {
    return R"({"record":"delivery","item":"k2","to":")" + to + R"(","at":")" + when +
           R"(","confirmed_by":")" + to + "\"}\n";
  };
  const std::string once = replaced + delivery("billing", "2026-01-05T03:10:00Z");
  CHECK(judge("replace", once).why == "waits for delivery to reports");
  CHECK(judge("replace", once + delivery("reports", "2026-01-09T00:00:00Z")).answer ==
        GateAnswer::Unmet);
  const GateJudgement all = judge("replace", once + delivery("reports", "2026-01-05T04:00:00Z"));
  CHECK(all.answer == GateAnswer::Met);
  CHECK(all.why == "");
}

TEST_CASE("gate: idle is met by evidence only, and says what is wanting") {
  CHECK(judge("drain", key("") + kCovered).answer == GateAnswer::Met);
  GateJudgement used =
      judge("drain", key("") + kCovered + use("billing", "2026-01-05T14:00:00Z", "success"));
  CHECK(used.answer == GateAnswer::Unmet);
  CHECK(used.why == "idle for 1d: last used 3h ago by billing");
  CHECK(used.next == instant("2026-01-06T14:00:00Z"));
  CHECK(judge("drain", key(R"(,"last_used":"2026-01-05T14:00:00Z")") + kCovered).why ==
        "idle for 1d: last used 3h ago");
  const GateJudgement none = judge("drain", key(""));
  CHECK(none.answer == GateAnswer::Unknown);
  CHECK(none.why == "idle for 1d: unknown: nothing reports the use of api_key on aws");
  const GateJudgement late =
      judge("drain", key("") + coverage("2026-01-05T00:00:00Z", "2026-01-05T17:00:00Z"));
  CHECK(late.answer == GateAnswer::Unknown);
  CHECK(late.why == "idle for 1d: unknown: cloudtrail covers only since 2026-01-05T00:00:00Z");
  CHECK(late.next == instant("2026-01-06T00:00:00Z"));
  CHECK(judge("drain", key("") + coverage("2025-01-05T00:00:00Z", "2026-01-05T09:00:00Z")).why ==
        "idle for 1d: unknown: cloudtrail covers only until 2026-01-05T09:00:00Z");
}

TEST_CASE("gate: where nobody recorded when an item was made, it is as old as it is known") {
  const World world =
      make_world(kPolicy, kBase + R"({"record":"api_key","id":"k","system":"aws","holder":"job"})" +
                              "\n" + kCovered);
  GateQuestion question;
  question.retire = "t.credential";
  question.stage = "drain";
  question.item = "k";
  question.cause = make_event("orphaned", "k");
  const auto judged = [&] {
    return judge_gate(world.program, world.inventory, question, instant("2026-01-05T17:00:00Z"));
  };
  CHECK(judged().answer == GateAnswer::Unknown);
  CHECK(judged().why == "idle for 1d: unknown: it is not recorded when it was made");
  question.known_since = instant("2026-01-05T12:00:00Z");
  CHECK(judged().answer == GateAnswer::Unknown);
  CHECK(judged().why ==
        "idle for 1d: unknown: it is not recorded when it was made, and it is known only since "
        "2026-01-05T12:00:00Z");
  CHECK(judged().next == instant("2026-01-06T12:00:00Z"));
  question.known_since = instant("2026-01-04T17:00:00Z");
  CHECK(judged().answer == GateAnswer::Met);
}

TEST_CASE("gate: invariant 13, the leaver's own use keeps nothing alive; refused tries neither") {
  const std::string records = key(R"(,"last_used":"2026-01-05T16:00:00Z")") + kCovered +
                              use("alice", "2026-01-05T16:00:00Z", "success");
  CHECK(judge("drain", records).answer == GateAnswer::Unmet);
  CHECK(judge("drain", records, {"alice"}).answer == GateAnswer::Met);
  // Another use at the same instant is somebody else's.
  CHECK(judge("drain", records + use("billing", "2026-01-05T16:00:00Z", "success"), {"alice"})
            .answer == GateAnswer::Unmet);
  // What nobody is named for may be anybody's.
  CHECK(judge("drain",
              key(R"(,"last_used":"2026-01-05T16:30:00Z")") + kCovered +
                  use("alice", "2026-01-05T16:00:00Z", "success"),
              {"alice"})
            .answer == GateAnswer::Unmet);
  CHECK(judge("drain", key("") + kCovered + use("billing", "2026-01-05T16:00:00Z", "denied"))
            .answer == GateAnswer::Met);
}

TEST_CASE("gate: what is not there any more is unknown, a stage without a gate is met") {
  CHECK(judge("quarantine", key("")).answer == GateAnswer::Met);
  CHECK(judge("drain", "").why == "the inventory does not have the item");
  CHECK(judge("elsewhere", key("")).why == "`t.credential` has no stage `elsewhere` any more");
  CHECK(judge("drain", key("") + key(R"(,"privileged":true)")).answer == GateAnswer::Unknown);
  const World world = make_world(kPolicy, kBase + key(""));
  const GateJudgement gone =
      judge_gate(world.program, world.inventory,
                 {.retire = "t.other", .stage = "drain", .item = "k", .cause = {}, .leavers = {}},
                 instant("2026-01-05T17:00:00Z"));
  CHECK(gone.answer == GateAnswer::Unknown);
  CHECK(gone.why == "the policy has no `retire t.other` any more");
}

TEST_CASE("causes: back from leave and hired again close the absence, once they are in effect") {
  const World world = make_world(kPolicy, kBase + key(""));
  const auto types = [&](std::vector<Event> events) {
    std::vector<std::string> out;
    for (const Cause& cause : evaluate(world, events).causes) {
      out.push_back(cause.event.type);
    }
    return out;
  };
  const Event left = make_event("leaver", "alice", "2026-01-02T00:00:00Z");
  const Event back = make_event("rehire", "alice", "2026-01-04T00:00:00Z");
  CHECK(types({left, back}) == std::vector<std::string>{"rehire"});
  CHECK(types({left, make_event("rehire", "alice", "2026-02-01T00:00:00Z")}).size() == 3);
  CHECK(types({left, make_event("leave_end", "alice", "2026-01-04T00:00:00Z")}).size() == 3);
  CHECK(types({left, make_event("rehire", "bob", "2026-01-04T00:00:00Z")}).size() == 3);
  // Who leaves again after coming back leaves.
  CHECK(types({make_event("leaver", "alice", "2026-01-05T00:00:00Z"), back}).size() == 3);
  CHECK(types({make_event("leave_start", "alice", "2026-01-02T00:00:00Z"),
               make_event("leave_end", "alice", "2026-01-04T00:00:00Z")}) ==
        std::vector<std::string>{"leave_end"});
}

}  // namespace rescind::testing
