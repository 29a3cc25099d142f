// What the tree holds that its printed form cannot show: spans, values and attached comments.
#include <string>

#include <doctest/doctest.h>

#include "parse/parse_policy.h"

namespace {

using namespace rescind;

struct Parsed {
  SourceSet sources;
  Diagnostics diagnostics;
  ast::PolicyFile tree;

  explicit Parsed(std::string text) {
    const SourceFileId file = sources.add("p", std::move(text));
    auto result = parse_policy(sources, file, {}, diagnostics);
    REQUIRE_MESSAGE(result.has_value(), render_text(diagnostics, sources, {}));
    tree = std::move(*result);
  }

  [[nodiscard]] std::string at(Span span) const { return std::string(sources.text(span)); }

  template <typename Node>
  [[nodiscard]] const Node& get(std::size_t index = 0) const {
    return std::get<Node>(tree.declarations.at(index).node);
  }
};

TEST_CASE("parse: every part of a clause knows its place") {
  const Parsed p(
      "/// Doc.\nrule r {\n on leaver\n /// Why.\n delete account, data as a where a.x.y >= 3\n"
      "  after 1w2d approved by p.q or \"t\" even if staged because \"b\\n\"\n}");
  CHECK(p.tree.declarations[0].doc.text == "Doc.");
  CHECK(p.at(p.tree.declarations[0].doc.span) == "/// Doc.");
  CHECK(p.at(p.tree.declarations[0].span).starts_with("rule r {"));
  CHECK(p.at(p.tree.declarations[0].span).ends_with("}"));
  const auto& rule = p.get<ast::Rule>();
  CHECK(p.at(rule.name.span) == "r");
  const ast::Clause& clause = rule.clauses.at(0);
  CHECK(clause.doc.text == "Why.");
  CHECK(p.at(clause.span).starts_with("delete account"));
  CHECK(p.at(clause.span).ends_with("\"b\\n\""));
  CHECK(p.at(clause.selection->span) == "account, data as a where a.x.y >= 3");
  CHECK(p.at(clause.selection->alias->span) == "a");
  const ast::Expr& where = *clause.selection->where;
  CHECK(p.at(where.span) == "a.x.y >= 3");
  const auto& compared = std::get<ast::Binary>(where.node);
  CHECK(p.at(compared.op_span) == ">=");
  CHECK(p.at(compared.left->span) == "a.x.y");
  CHECK(p.at(std::get<ast::Member>(compared.left->node).attribute.span) == "y");
  CHECK(clause.after->value == Seconds{9 * 86'400});
  CHECK(p.at(clause.after->span) == "1w2d");
  CHECK(p.at(clause.approved_by->span) == "p.q or \"t\"");
  CHECK(clause.approved_by->alternatives.size() == 2);
  CHECK(clause.even_if_staged);
  CHECK(clause.because->value == "b\n");
}

TEST_CASE("parse: parentheses leave no trace but the shape") {
  const Parsed p("define a = (x or y) and not (z)");
  const auto& define = p.get<ast::Define>();
  const auto& both = std::get<ast::Binary>(define.body->node);
  CHECK(both.op == ast::BinaryOp::And);
  CHECK(p.at(both.left->span) == "x or y");
  CHECK(p.at(std::get<ast::Not>(both.right->node).operand->span) == "z");
}

TEST_CASE("parse: narrow has a level, other verbs have a target") {
  const Parsed p(
      "rule r { on mover narrow role to \"member\" transfer data to \"records\" "
      "ask \"it\" or b to \"collect\" notify c.owner within grace }");
  const auto& clauses = p.get<ast::Rule>().clauses;
  CHECK(clauses[0].text->value == "member");
  CHECK_FALSE(clauses[0].to.has_value());
  CHECK(clauses[1].to->alternatives.size() == 1);
  CHECK_FALSE(clauses[1].text.has_value());
  CHECK(clauses[2].to->alternatives.size() == 2);
  CHECK(clauses[2].text->value == "collect");
  CHECK_FALSE(clauses[2].selection.has_value());
  CHECK(clauses[3].within->parameter->text == "grace");
  CHECK(clauses[3].within->value == Seconds{0});
}

TEST_CASE("parse: a hold keeps a day as a day and an instant as an instant") {
  const Parsed p(
      "hold a { blocks delete of data until 2027-06-30 }\n"
      "hold b { blocks delete of data until 2027-06-30T12:00+02:00 even containment }\n"
      "hold c { blocks delete of data until lifted }");
  CHECK(p.get<ast::Hold>(0).until_date == Date{2027, 6, 30});
  CHECK_FALSE(p.get<ast::Hold>(0).until_instant.has_value());
  CHECK(format_instant(*p.get<ast::Hold>(1).until_instant) == "2027-06-30T10:00:00Z");
  CHECK(p.get<ast::Hold>(1).even_containment);
  CHECK(p.get<ast::Hold>(2).until_lifted);
}

TEST_CASE("parse: a limit takes a share, a count or the larger of both") {
  const Parsed p(
      "limit a { delete of account at most 5% per 1d }\n"
      "limit b { delete of account at most max(10, 5%) per system per 1d otherwise ask \"x\" }\n"
      "limit c { delete of account }");
  CHECK(p.get<ast::Limit>(0).percent == 5);
  CHECK_FALSE(p.get<ast::Limit>(0).count.has_value());
  CHECK(p.get<ast::Limit>(1).percent == 5);
  CHECK(p.get<ast::Limit>(1).count == 10);
  CHECK(p.get<ast::Limit>(1).per_system);
  CHECK(p.get<ast::Limit>(1).per->value == Seconds{86'400});
  CHECK_FALSE(p.get<ast::Limit>(2).percent.has_value());
}

TEST_CASE("parse: strings keep every character that they escape or hold") {
  const Parsed p("define a = \"\\\"\\\\\\t\\u{1F600}\\u{202e}é// no comment /* \"");
  CHECK(std::get<ast::StringLiteral>(p.get<ast::Define>().body->node).value ==
        "\"\\\t\U0001F600\u202E\u00E9// no comment /* ");
}

TEST_CASE("parse: what comes later in the language is kept as text from its word to its brace") {
  const Parsed p("test \"t\" { at +10m { } }\nprove \"p\" { }");
  CHECK(p.get<ast::NotYet>(0).text == "test \"t\" { at +10m { } }");
  CHECK(p.at(p.get<ast::NotYet>(0).keyword.span) == "test");
  CHECK(p.get<ast::NotYet>(1).keyword.text == "prove");
}

TEST_CASE("parse: a retire keeps its routes and stages in the order of the text") {
  const Parsed p(
      "retire r { for api_key as k where k.x when subject.y on use, orphaned\n"
      "start at b when k.z enter b within grace start at a\n"
      "stage a { soak 2d replace k done when k idle for 1d notify k.owner or \"t\" }\n"
      "/// Last.\nstage b { ask t to \"look\" approved by t within 1h on use return to a\n"
      "  otherwise escalate to u } }");
  const auto& retire = p.get<ast::Retire>();
  CHECK(retire.on.at(0).text == "use");
  CHECK(p.at(retire.selection->span) == "api_key as k where k.x");
  CHECK(p.at(retire.when->span) == "subject.y");
  CHECK(retire.starts.at(0).stage.text == "b");
  CHECK(p.at(retire.starts.at(0).when->span) == "k.z");
  CHECK(retire.starts.at(1).when == nullptr);
  CHECK(p.at(retire.starts.at(1).span) == "start at a");
  CHECK(retire.enters.at(0).within.parameter->text == "grace");
  const ast::Stage& first = retire.stages.at(0);
  CHECK(first.soak->value == Seconds{2 * 86'400});
  CHECK(first.actions.at(0).verb.text == "replace");
  CHECK(first.actions.at(0).item->text == "k");
  CHECK(p.at(first.actions.at(0).span) == "replace k");
  CHECK(first.actions.at(1).to->alternatives.size() == 2);
  CHECK(p.at(first.done_when->span) == "k idle for 1d");
  CHECK_FALSE(first.within.has_value());
  const ast::Stage& second = retire.stages.at(1);
  CHECK(second.doc.text == "Last.");
  CHECK(second.actions.at(0).text->value == "look");
  CHECK(second.approved_by->alternatives.size() == 1);
  CHECK(second.on_use_return_to->text == "a");
  CHECK(p.at(second.otherwise_escalate->span) == "u");
  CHECK(p.at(second.span).starts_with("stage b {"));
}

TEST_CASE("parse: the tree belongs to its file and keeps the order of the text") {
  const Parsed p("module a.b.rule\nimport c.d with { x = -3  on = {1, 2} }\nparameter p: int?");
  CHECK(p.tree.file == SourceFileId{0});
  CHECK(p.tree.module->text() == "a.b.rule");
  CHECK(p.at(p.tree.module->span) == "a.b.rule");
  const auto& import = p.get<ast::Import>(0);
  CHECK(import.module.text() == "c.d");
  CHECK(import.arguments.at(1).parameter.text == "on");
  CHECK(p.get<ast::Parameter>(1).type.optional);
}

TEST_CASE("parse: an error of an earlier file does not spoil a later one") {
  SourceSet sources;
  Diagnostics diagnostics;
  CHECK_FALSE(parse_policy(sources, sources.add("a", "rule"), {}, diagnostics).has_value());
  CHECK(
      parse_policy(sources, sources.add("b", "rule x { on leaver }"), {}, diagnostics).has_value());
}

}  // namespace
