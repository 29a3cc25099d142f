// Conditions over one account: every operator, and what becomes of it when something is missing or
// cannot be known.
#include <doctest/doctest.h>

#include "evaluate/value.h"
#include "tests/unit/evaluate/world.h"

namespace rescind::testing {
namespace {

constexpr std::string_view kPeople =
    R"({"record":"system","id":"crm","kind":"saas","tier":1,"supports":["disable","delete:role"]}
{"record":"identity","id":"boss","kind":"employee","department":"Sales"}
{"record":"identity","id":"alice","kind":"employee","manager":"boss","department":"Sales","owner":["boss"]}
{"record":"team","id":"desk","members":["boss"]}
)";

const std::string kSchema =
    "account { score: int = 0  limit: int?  color: enum { red, green } = red  marks: set<string> = "
    "{}\n"
    "          good: bool = true  maybe: bool? }";

std::string records(const std::string& fields) {
  return std::string(kPeople) + R"({"record":"account","id":"a","system":"crm","holder":"alice")" +
         (fields.empty() ? "" : "," + fields) + "}\n";
}

std::string asked(const std::string& condition, const std::string& fields = "") {
  return outcome(kSchema, condition, records(fields));
}

TEST_CASE("evaluate: and, or and not follow Kleene's tables") {
  const std::string f = "a.score > 5";
  const std::string t = "a.score < 5";
  // An account that claims to be made by somebody who is not there.
  const std::string u = "(known a.creator and a.creator == subject)";
  const std::string fields = R"("creator":"ghost")";
  const std::string unsure = asked(u, fields);
  CHECK(unsure == "unknown");
  const auto both = [&](const std::string& a, const std::string& word, const std::string& b) {
    return asked(a + " " + word + " " + b, fields);
  };
  // The record is undetermined as a whole, so what it says is unknown; the subject's is not.
  const std::string no = "subject.department == \"Legal\"";
  const std::string yes = "subject.department == \"Sales\"";
  CHECK(both(u, "and", no) == "false");
  CHECK(both(u, "and", yes) == "unknown");
  CHECK(both(u, "or", no) == "unknown");
  CHECK(both(u, "or", yes) == "unknown");  // nothing is certain about a broken record
  CHECK(asked("not " + u, fields) == "unknown");
  CHECK(asked(f + " or " + t) == "true");
  CHECK(asked(f + " and " + t) == "false");
  CHECK(asked("not (" + f + ")") == "true");
  CHECK(tri_not(Tri::Unknown) == Tri::Unknown);
  CHECK(tri_not(Tri::False) == Tri::True);
}

TEST_CASE("evaluate: numbers compare, and a missing one is asked for first") {
  CHECK(asked("a.score == 7", R"("score":7)") == "true");
  CHECK(asked("a.score != 7", R"("score":7)") == "false");
  CHECK(asked("a.score >= 7", R"("score":7)") == "true");
  CHECK(asked("a.score > 7", R"("score":7)") == "false");
  CHECK(asked("a.score <= 6", R"("score":7)") == "false");
  CHECK(asked("7 < a.score", R"("score":8)") == "true");
  CHECK(asked("known a.limit") == "false");
  CHECK(asked("known a.limit and a.limit > 3", R"("limit":4)") == "true");
  CHECK(asked("(a.limit ?? a.score) == 2", R"("score":2)") == "true");
  CHECK(asked("(a.limit ?? 9) == 9") == "true");
  CHECK(asked("a.score + 2 > 8", R"("score":7)") == "true");
  CHECK(asked("-a.score == 0 - 7", R"("score":7)") == "true");
}

TEST_CASE("evaluate: instants and durations add up across event, clock and item") {
  const std::string made = R"("created":"2025-12-01T00:00:00Z")";
  CHECK(asked("event.at - (a.created ?? now) > 30d", made) == "true");
  CHECK(asked("event.at - (a.created ?? now) > 36d", made) == "false");
  CHECK(asked("now - (a.last_used ?? a.created ?? now) > 30d", made) == "true");
  CHECK(asked("(a.created ?? now) + 36d > event.at", made) == "true");
  CHECK(asked("known a.created and a.created < event.at - 35d", made) == "true");
  CHECK(asked("event.at - (a.created ?? now) > 30d") == "false");
}

TEST_CASE("evaluate: words, enums, references and sets") {
  CHECK(asked("a.color == green", R"("color":"green")") == "true");
  CHECK(asked("a.color in {green, red}") == "true");
  CHECK(asked("a.color not in {green}") == "true");
  CHECK(asked("a.system == crm") == "true");
  CHECK(asked("a.system in {vault}") == "false");
  CHECK(asked("a.holder == subject") == "true");
  CHECK(asked("\"x\" in a.marks", R"("marks":["x","y"])") == "true");
  CHECK(asked("\"z\" in a.marks", R"("marks":["x","y"])") == "false");
  CHECK(asked("a.marks == {\"y\", \"x\"}", R"("marks":["x","y"])") == "true");
  CHECK(asked("a.good") == "true");
  CHECK(asked("a.maybe ?? false") == "false");
  CHECK(asked("known a.maybe and not a.maybe", R"("maybe":false)") == "true");
  CHECK(asked("a.id == \"a\"") == "true");
  CHECK(asked("a.holder is human and a.holder is not contractor") == "true");
  CHECK(asked("known subject.manager and a.holder != subject.manager") == "true");
}

TEST_CASE("evaluate: patterns match whole texts") {
  const std::string named = R"("name":"Sales Rep")";
  CHECK(asked("a.name like \"*Rep\"", named) == "true");
  CHECK(asked("a.name like \"Rep\"", named) == "false");
  CHECK(asked("a.name matches \"Sales .*\"", named) == "true");
  CHECK(asked("a.name matches \"Sales\"", named) == "false");
}

TEST_CASE("evaluate: quantifiers go over sets, and one unknown element leaves them open") {
  const std::string marks = R"("marks":["x","y","z"])";
  CHECK(asked("any(m in a.marks where m == \"y\")", marks) == "true");
  CHECK(asked("all(m in a.marks where m == \"y\")", marks) == "false");
  CHECK(asked("all(m in a.marks where m == \"y\")") == "true");
  CHECK(asked("count(m in a.marks where m != \"y\") == 2", marks) == "true");
  CHECK(asked("count(m in a.marks) == 3", marks) == "true");
  CHECK(asked("sum(m in a.marks where m != \"y\" : 5) == 10", marks) == "true");
  CHECK(asked("(max(m in a.marks where m == \"q\" : 5) ?? 1) == 1", marks) == "true");
  CHECK(asked("any(o in subject.owner where o == subject.manager ?? subject)") == "true");
  CHECK(asked("any(i in subject.items where i.system == crm)") == "true");
  const std::string known = R"("known_to":["boss","ghost"])";
  CHECK(asked("any(k in a.known_to ?? {} where k is human)", known) != "false");
}

TEST_CASE("evaluate: a system supports a verb for all kinds or for one") {
  CHECK(asked("a supports disable") == "true");
  CHECK(asked("a supports delete") == "false");  // of roles only
  CHECK(asked("a supports lock or a.system.tier == 1") == "true");
}

TEST_CASE("evaluate: nobody is of unknown kind and has the defaults of everybody") {
  const World world = make_world(
      "module t\nschema { systems { crm } teams { desk } }\n"
      "rule r { on orphaned  because \"x\"  escalate to desk\n"
      " disable account where subject is not human and subject.department == \"\" }\n",
      R"({"record":"system","id":"crm","kind":"saas"}
{"record":"account","id":"lost","system":"crm"}
)");
  CHECK(lines(evaluate(world, {make_event("orphaned", "lost")})) ==
        std::vector<std::string>{"orphaned/lost lost disable"});
}

TEST_CASE("evaluate: non-use is only believed of sources that could have seen use") {
  const auto idle = [](const std::string& extra, const std::string& fields) {
    return outcome("", "a idle for 10d", records(fields) + extra);
  };
  const std::string old = R"("created":"2025-01-01T00:00:00Z")";
  const std::string covered =
      R"({"record":"coverage","system":"crm","kinds":["account"],"since":"2025-12-01T00:00:00Z",)"
      R"("until":"2026-01-05T16:50:00Z","source":"log"})";
  const std::string late =
      R"({"record":"coverage","system":"crm","kinds":["account"],"since":"2026-01-01T00:00:00Z",)"
      R"("until":"2026-01-05T16:50:00Z","source":"log"})";
  const std::string stale =
      R"({"record":"coverage","system":"crm","kinds":["account"],"since":"2025-12-01T00:00:00Z",)"
      R"("until":"2026-01-03T00:00:00Z","source":"log"})";
  const std::string used =
      R"({"record":"usage","item":"a","by":"alice","at":"2026-01-04T00:00:00Z",)";
  CHECK(idle(covered, old) == "true");
  CHECK(idle("", old) == "unknown");
  CHECK(idle(late, old) == "unknown");
  CHECK(idle(stale, old) == "unknown");
  CHECK(idle(covered, R"("created":"2026-01-02T00:00:00Z")") == "unknown");
  CHECK(idle(covered, "") == "unknown");
  CHECK(idle(covered, old + R"(,"last_used":"2026-01-03T00:00:00Z")") == "false");
  CHECK(idle(covered + "\n" + used + R"("outcome":"success"})", old) == "false");
  CHECK(idle(covered + "\n" + used + R"("outcome":"failure"})", old) == "true");
}

TEST_CASE("evaluate: delivery is what a record confirms") {
  const std::string policy =
      "module t\nschema { systems { crm } teams { desk } }\n"
      "rule r { on exposed  because \"x\"  escalate to desk\n disable api_key as k where "
      "known k.dependents and all(d in k.dependents where k.successor delivered to d) }\n";
  const std::string keys =
      R"({"record":"system","id":"crm","kind":"saas"}
{"record":"identity","id":"job","kind":"service"}
{"record":"api_key","id":"new","system":"crm","holder":"job","dependents":[]}
{"record":"api_key","id":"k","system":"crm","holder":"job","successor":"new","dependents":["job"]}
{"record":"api_key","id":"bare","system":"crm","holder":"job","dependents":["job"]}
)";
  const std::string delivered =
      R"({"record":"delivery","item":"new","to":"job","at":"2026-01-05T03:10:00Z","confirmed_by":"job"})";
  const auto hits = [&](const std::string& text, const std::string& key) {
    return lines(evaluate(make_world(policy, text), {make_event("exposed", key)})).size();
  };
  CHECK(hits(keys + delivered, "k") == 1);
  CHECK(hits(keys, "k") == 0);
  CHECK(hits(keys + delivered, "bare") == 0);  // no successor: nothing was delivered
}

TEST_CASE("evaluate: what the connector cannot do is not supported, whatever the inventory says") {
  const World world = make_world(
      "module t\nschema { systems { crm } teams { desk } }\n"
      "rule r { on leaver  because \"x\"  escalate to desk\n"
      " disable account where account supports disable\n delete account where account supports "
      "delete }\n",
      R"({"record":"system","id":"crm","kind":"saas"}
{"record":"identity","id":"alice","kind":"employee"}
{"record":"account","id":"a","system":"crm","holder":"alice"}
)");
  EvaluateOptions options;
  options.supported = [](std::string_view, Verb verb, Kind) {
    return std::optional(verb == Verb::Disable);
  };
  const Decisions decisions = evaluate_program(world.program, world.inventory,
                                               {make_event("leaver", "alice")}, {}, options);
  CHECK(lines(decisions) == std::vector<std::string>{"leaver/alice a disable"});
}

}  // namespace
}  // namespace rescind::testing
