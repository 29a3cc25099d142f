// The check stage as a whole: roots and imports, bounds, how much it reports, and what it hands on.
#include "check/check_policy.h"

#include <filesystem>
#include <fstream>
#include <iterator>

#include <doctest/doctest.h>

#include "tests/unit/check/policy_text.h"

namespace rescind::testing {
namespace {

std::string repeated(const std::string& text, int times) {
  std::string result;
  for (int i = 0; i < times; ++i) {
    result += text;
  }
  return result;
}

TEST_CASE("check: only the roots and what they import is active") {
  const NamedTexts texts = {
      {"a.rescind", "module a\nimport b\nrule r { on leaver revoke session }"},
      {"b.rescind", "module b\nrule s { on leaver revoke token }"},
      {"c.rescind", "module c\nrule broken { on nothing revoke nobody }"},
      {"loose.rescind", "rule loose { on mover revoke token }"},
  };
  SUBCASE("by the name of a module") {
    const Checked checked = check_texts(texts, {.roots = {"a"}});
    REQUIRE_MESSAGE(checked.policy, checked.messages());
    REQUIRE(checked.policy->rules.size() == 2);
    CHECK(checked.policy->rules[0].declared.qualified() == "a.r");
    CHECK(checked.policy->rules[1].declared.qualified() == "b.s");
  }
  SUBCASE("by the name of a file") {
    const Checked checked = check_texts(texts, {.roots = {"loose.rescind", "b.rescind"}});
    REQUIRE_MESSAGE(checked.policy, checked.messages());
    REQUIRE(checked.policy->rules.size() == 2);
    CHECK(checked.policy->rules[0].declared.qualified() == "b.s");
    CHECK(checked.policy->rules[1].declared.qualified() == "loose");
  }
  SUBCASE("every file without roots") {
    const Checked checked = check_texts(texts, {});
    CHECK_FALSE(checked.policy);
    CHECK(checked.reports("R0204"));
  }
  SUBCASE("a root that is not there is an error") {
    const Checked checked = check_texts(texts, {.roots = {"aa"}});
    CHECK_FALSE(checked.policy);
    CHECK(checked.reports("R0202"));
  }
}

TEST_CASE("check: the imports of a file are listed once, sorted") {
  Checked checked;
  const auto files = parse_texts(
      {{"a.rescind", "import z.y\nimport b\nimport z.y with { p = 1 }\nrule r { on leaver }"}},
      checked);
  REQUIRE(files.size() == 1);
  CHECK(imported_modules(files[0]) == std::vector<std::string>{"b", "z.y"});
}

TEST_CASE("check: a condition nested beyond the bound is refused, a long chain is not (R0314)") {
  const std::string deep = "rule r { on leaver when count(x in subject.roles)" +
                           repeated(" + 1", 300) + " > 0 revoke session }";
  const Checked refused = check_text(deep);
  CHECK(refused.reports("R0314"));
  CHECK_FALSE(refused.policy);

  const std::string chain = "rule r { on leaver when subject is human" +
                            repeated(" and subject.title != \"x\"", 900) + " revoke session }";
  const Checked sound = check_text(chain);
  CHECK_MESSAGE(sound.policy, sound.messages());
}

TEST_CASE("check: defines that double each other are stopped at a bound (R0313)") {
  std::string text = "define d0(x: int) = x + x\n";
  for (int i = 1; i < 60; ++i) {
    text += "define d" + std::to_string(i) + "(x: int) = d" + std::to_string(i - 1) + "(x) + d" +
            std::to_string(i - 1) + "(x)\n";
  }
  text += "rule r { on leaver when d59(1 + count(x in subject.roles)) > 0 revoke session }";
  const Checked checked = check_text(text);
  CHECK_FALSE(checked.policy);
  CHECK(checked.reports("R0313"));
}

TEST_CASE("check: all conditions together have a bound too (R0313)") {
  CheckOptions options;
  options.max_policy_nodes = 100;
  std::string text;
  for (int i = 0; i < 50; ++i) {
    text += "rule r" + std::to_string(i) + " { on leaver when subject is human revoke session }\n";
  }
  const Checked checked = check_texts({{"test.rescind", text}}, options);
  CHECK_FALSE(checked.policy);
  CHECK(checked.messages().find("the policy is too large") != std::string::npos);
}

TEST_CASE("check: every error of a run is reported, and none twice") {
  std::string text = "define bad(x: string) = x.nothing == 3\n";
  for (int i = 0; i < 50; ++i) {
    text += "rule r" + std::to_string(i) + " { on leaver when bad(subject.title) revoke sesion }\n";
  }
  const Checked checked = check_text(text);
  CHECK(checked.diagnostics.error_count() == 51);
}

TEST_CASE("check: an unknown name causes one error however much depends on it") {
  const Checked checked = check_text(
      "rule r { on leaver when (subjct.manager ?? \"x\") == \"y\" and any(x in subjct.owns where "
      "x.kind == "
      "bot and x.y.z) and not known subjct.a and (subjct.b + 3d > now or subjct is human) revoke "
      "session }");
  CHECK_FALSE(checked.policy);
  for (const Diagnostic& diagnostic : checked.diagnostics.sorted()) {
    CHECK_MESSAGE(code_name(diagnostic.code) == "R0201", checked.messages());
  }
  CHECK(checked.diagnostics.error_count() == 5);
}

TEST_CASE("check: clauses carry their labels, timing and reasons") {
  const Checked checked = check_text(
      "parameter wait: duration = 30d\n"
      "rule r { on leaver because \"ends\" escalate to \"a\" then \"b\" after 4h\n"
      "  revoke session, token within 5m\n"
      "  revoke session, token within 1h because \"again\"\n"
      "  delete account after wait approved by \"it\" or subject.manager even if staged\n"
      "  ask \"it\" to \"collect badge\" }");
  REQUIRE_MESSAGE(checked.policy, checked.messages());
  const CheckedPolicy& policy = *checked.policy;
  REQUIRE(policy.clauses.size() == 4);
  CHECK(policy.clauses[0].label == "revoke session, token #1");
  CHECK(policy.clauses[0].within == std::chrono::minutes(5));
  CHECK(policy.clauses[0].because == "ends");
  CHECK(policy.clauses[1].label == "revoke session, token #2");
  CHECK(policy.clauses[1].because == "again");
  CHECK(policy.clauses[2].after == std::chrono::hours(720));
  REQUIRE(policy.clauses[2].approved_by);
  CHECK(policy.clauses[2].approved_by->text == "it or subject.manager");
  CHECK(policy.clauses[2].even_if_staged);
  CHECK(policy.clauses[3].kinds.empty());
  CHECK(policy.clauses[3].text == "collect badge");
  REQUIRE(policy.rules.size() == 1);
  REQUIRE(policy.rules[0].escalate.size() == 2);
  CHECK(policy.rules[0].escalate[1].after == std::chrono::hours(4));
  for (const ExprId id : policy.rules[0].escalate[0].to.alternatives) {
    CHECK(policy.exprs[id].type.kind == TypeKind::Principal);
  }
}

TEST_CASE("check: operands stand before what uses them") {
  const Checked checked = check_text(
      "define old(c: credential) = known c.created and c.created < now - 90d\n"
      "rule r { on leaver when all(x in subject.owns where x is bot or x is agent)\n"
      "  disable credential as c where old(c) or old(c) and true }");
  const Checked again = check_text(
      "define old(c: credential) = known c.created and c.created < now - 90d\n"
      "rule r { on leaver when all(x in subject.owns where x is bot or x is agent)\n"
      "  disable credential as c where old(c) or old(c) }");
  REQUIRE_MESSAGE(again.policy, again.messages());
  CHECK(checked.diagnostics.has_errors());  // `or` and `and` are mixed
  const ExprArena& exprs = again.policy->exprs;
  std::vector<int> users(exprs.nodes.size());
  for (std::size_t i = 0; i < exprs.nodes.size(); ++i) {
    for (const ExprId operand : exprs.nodes[i].operands) {
      if (operand.valid()) {
        CHECK(operand.index() < i);
        ++users[operand.index()];
      }
    }
  }
  for (const int count : users) {
    CHECK(count <= 1);  // expressions share nothing
  }
}

TEST_CASE("check: an imported define may be hidden by an alias, a define of the module may not") {
  const std::string rule = "rule r { on leaver revoke session as s where s.name == \"x\" }";
  const NamedTexts imported = {{"a.rescind", "module a\nimport b\n" + rule},
                               {"b.rescind", "module b\ndefine s = {\"y\"}"}};
  CHECK(check_texts(imported, {.roots = {"a"}}).policy);
  CHECK(check_text("define s = {\"y\"}\n" + rule).reports("R0213"));
}

TEST_CASE("check: an identity named like a team is given as a parameter of that type (R0208)") {
  const std::string teams = "schema { teams { \"it-security\" } }\n";
  CHECK(check_text(teams + "rule r { on leaver notify \"it-securty\" }").reports("R0208"));
  const Checked checked = check_text(teams +
                                     "parameter reviewer: identity = \"it-securty\"\n"
                                     "rule r { on leaver notify reviewer }");
  CHECK_MESSAGE(checked.policy, checked.messages());
}

TEST_CASE("check: a hold until a day ends when the day is over everywhere") {
  const Checked checked = check_text("hold h { blocks delete of account until 2027-06-30 }");
  REQUIRE_MESSAGE(checked.policy, checked.messages());
  CHECK(format_instant(*checked.policy->holds[0].until) == "2027-07-01T12:00:00Z");
}

TEST_CASE("check: the digest follows the meaning, not the layout") {
  const Checked first = check_text("rule r { on leaver when subject is human revoke session }");
  const Checked spaced = check_text(
      "// a comment\nrule r {\n  on leaver\n  when subject is human\n  revoke session\n}\n");
  const Checked other = check_text("rule r { on leaver when subject is bot revoke session }");
  REQUIRE(first.policy);
  REQUIRE(spaced.policy);
  REQUIRE(other.policy);
  CHECK(first.policy->digest == spaced.policy->digest);
  CHECK(first.policy->digest != other.policy->digest);
  CHECK(first.policy->digest.rfind("sha256:", 0) == 0);
}

void add_policies(const std::filesystem::path& folder, NamedTexts& texts) {
  namespace fs = std::filesystem;
  const fs::path root = RESCIND_SOURCE_DIR;
  for (const auto& entry : fs::recursive_directory_iterator(root / folder)) {
    if (entry.path().extension() == ".rescind") {
      std::ifstream in(entry.path());
      texts.emplace_back(fs::relative(entry.path(), root).string(),
                         std::string(std::istreambuf_iterator<char>(in), {}));
    }
  }
}

TEST_CASE("check: the shipped packs and examples are sound and draw no warning") {
  for (const char* example : {"examples/01-first-leaver", "examples/02-retire-a-key"}) {
    NamedTexts texts;
    add_policies("policies", texts);
    const std::size_t packs = texts.size();
    add_policies(example, texts);
    REQUIRE(packs >= 4);
    REQUIRE(texts.size() > packs);
    const Checked checked = check_texts(texts, {});
    CHECK_MESSAGE(checked.policy, checked.messages());
    CHECK_MESSAGE(checked.diagnostics.sorted().empty(), checked.messages());
  }
}

}  // namespace
}  // namespace rescind::testing
