// What compile makes of a policy: shared nodes, columns, groups of clauses and the index.
#include "compile/compile.h"

#include <algorithm>

#include <doctest/doctest.h>

#include "tests/unit/evaluate/world.h"

namespace rescind::testing {
namespace {

std::shared_ptr<const Program> program(const std::string& rules) {
  std::string problems;
  const auto policy = check_text(
      "module t\nschema { systems { crm, vault } teams { desk }\n identity { risk: int = 0 } }\n" +
          rules,
      problems);
  REQUIRE_MESSAGE(policy != nullptr, problems);
  return compile_policy(policy);
}

std::string rule(const std::string& name, const std::string& when, const std::string& clauses) {
  return "rule " + name + " { on leaver, mover " + (when.empty() ? "" : "when " + when) +
         " because \"x\" escalate to desk\n" + clauses + " }\n";
}

std::size_t nodes_of(const Program& p, Lowering lowering) {
  return static_cast<std::size_t>(std::count_if(
      p.nodes.begin(), p.nodes.end(), [&](const Node& n) { return n.lowering == lowering; }));
}

TEST_CASE("compile: conditions that mean the same are one node") {
  const auto p =
      program(rule("a", "", "disable account as x where x.privileged and x.system == crm") +
              rule("b", "", "disable account as y where y.system == crm and y.privileged") +
              rule("c", "", "remove role as z where not not (z.privileged and crm == z.system)"));
  REQUIRE(p->clauses.size() == 3);
  CHECK(p->clauses[0].where == p->clauses[1].where);
  CHECK(p->clauses[0].where == p->clauses[2].where);
  CHECK(nodes_of(*p, Lowering::OneOf) == 1);
  CHECK(nodes_of(*p, Lowering::Flag) == 1);
}

TEST_CASE("compile: a comparison and its opposite share a leaf") {
  const auto p =
      program(rule("a", "", "disable account as x where (x.created ?? now) < event.at - 30d") +
              rule("b", "", "disable account as x where event.at - (x.created ?? now) <= 30d") +
              rule("c", "", "disable account as x where (x.created ?? now) + 30d >= event.at"));
  CHECK(nodes_of(*p, Lowering::Compare) == 1);
  CHECK(p->clauses[1].where == p->clauses[2].where);
}

TEST_CASE("compile: what does not depend on the item is taken out of `where`") {
  const auto p =
      program(rule("a", "", "disable account as x where subject.risk > 3 and x.privileged"));
  CHECK(p->clauses[0].scalars.count == 1);
  CHECK(p->node(p->clauses[0].where).lowering == Lowering::Flag);
  const auto q = program(rule("a", "", "disable account as x where subject.risk > 3"));
  CHECK_FALSE(q->clauses[0].where.valid());
}

TEST_CASE("compile: equality conditions on the subject become guards, the rest stays") {
  const auto p = program(
      rule("a", "subject.department == \"Sales\" and subject.risk > 3", "disable account") +
      rule("b", "subject.department in {\"Legal\", \"Sales\"}", "disable account") +
      rule("c", "subject.department != \"Sales\" and subject is contractor", "disable account"));
  REQUIRE(p->rules.size() == 3);
  CHECK(p->guards.size() == 2);
  CHECK(p->rules[0].tail.count == 1);
  CHECK(p->rules[0].conjuncts.count == 2);
  CHECK(p->rules[1].tail.count == 0);
  CHECK(p->rules[2].tail.count == 0);
  const auto guard = std::find_if(p->guards.begin(), p->guards.end(),
                                  [&](const Guard& g) { return g.constants.size() == 2; });
  REQUIRE(guard != p->guards.end());
  for (std::size_t code = 0; code < 3; ++code) {
    const std::string text = code == 0 ? "other" : p->constants[guard->constants[code - 1]].text;
    const std::uint64_t rules = guard->masks[code] & 7U;
    CHECK(rules == (text == "Sales" ? 0b011U : text == "Legal" ? 0b110U : 0b100U));
  }
}

TEST_CASE("compile: rules are found by the events that they are on") {
  const auto p = program(rule("a", "", "disable account") +
                         "rule b { on exposed because \"x\" escalate to desk disable account }\n");
  const auto bits = [&](const char* event) {
    return p->rules_on[*p->policy->schema->find_event(event)];
  };
  CHECK(bits("leaver") == 1);
  CHECK(bits("mover") == 1);
  CHECK(bits("exposed") == 2);
  CHECK(bits("rehire") == 0);
}

TEST_CASE("compile: clauses in a row that ask the same of different kinds are one group") {
  const auto p = program(rule("a", "",
                              "disable account where account.privileged\n"
                              "remove role where role.privileged\n"
                              "delete account where account.privileged\n"
                              "notify desk"));
  REQUIRE(p->rules[0].groups_count == 2);
  const ClauseGroup& first = p->groups[0];
  CHECK(first.kinds == (KindSet(Kind::Account) | Kind::Role));
  CHECK(first.clause_of_kind[static_cast<std::size_t>(Kind::Role)] == 1);
  CHECK(p->groups[1].clause_of_kind[static_cast<std::size_t>(Kind::Account)] == 2);
  CHECK(p->rules[0].without_item_count == 1);
}

TEST_CASE("compile: what has no column form is left to be read item by item") {
  const auto p =
      program(rule("a", "", "disable account as x where x.holder is human and x.system.tier < 2"));
  CHECK(nodes_of(*p, Lowering::Each) == 2);
  CHECK(nodes_of(*p, Lowering::And) == 1);
}

TEST_CASE("compile: a set column tracks more constants than fit a word in several columns") {
  std::string known;
  for (int i = 0; i < 70; ++i) {
    known += "disable account as x where known x.factors and \"m" + std::to_string(i) +
             "\" in x.factors\n";
  }
  const auto p = program(rule("a", "", known));
  CHECK(nodes_of(*p, Lowering::Contains) == 70);
  for (const ColumnUse& column : p->columns) {
    CHECK(column.constants.size() <= ColumnUse::kTrackedInSet);
  }
}

TEST_CASE("compile: a retire has its conditions, gates and principals by stage and action") {
  const auto p = program(
      "retire keys { on orphaned, unused\n"
      "for api_key as k where k.holder is service and k.privileged\n"
      "when subject.risk > 3 escalate to desk then k.holder.owner after 1h\n"
      "start at out when count(o in k.holder.owner) == 0\n"
      "enter out within 1h\n"
      "stage drain { done when k idle for 1d within 2d notify desk }\n"
      "stage out { disable k notify k.holder.owner or desk soak 1d approved by desk } }");
  REQUIRE(p->retires.size() == 1);
  const CompiledRetire& retire = p->retires[0];
  CHECK(p->node(retire.when).level == Level::Scalar);
  CHECK(p->node(retire.where).level == Level::Item);
  REQUIRE(retire.starts.size() == 1);
  CHECK(p->node(retire.starts[0]).level == Level::Item);
  REQUIRE(retire.enters.size() == 1);
  CHECK_FALSE(retire.enters[0].valid());
  CHECK(retire.escalate.size() == 2);
  REQUIRE(retire.stages.size() == 2);
  CHECK(p->node(retire.stages[0].gate).op == ExprOp::IdleFor);
  CHECK_FALSE(retire.stages[1].gate.valid());
  CHECK(retire.stages[1].approved_by.alternatives.count == 1);
  REQUIRE(retire.stages[1].action_to.size() == 2);
  CHECK(retire.stages[1].action_to[0].alternatives.count == 0);
  CHECK(retire.stages[1].action_to[1].alternatives.count == 2);
}

}  // namespace
}  // namespace rescind::testing
