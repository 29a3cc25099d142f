// Every field of every node takes its extremes now and then: absent, empty, reserved words, odd
// characters.
#include "tests/property/parse/random_policy.h"

#include <array>
#include <string>
#include <utility>

#include <rapidcheck.h>

namespace rescind::testing {
namespace {

int pick(int end) {
  return *rc::gen::inRange(0, end);
}

bool chance(int percent) {
  return pick(100) < percent;
}

template <std::size_t N>
std::string one_of(const std::array<const char*, N>& words) {
  return words[static_cast<std::size_t>(pick(static_cast<int>(N)))];
}

// A span that is not empty marks a doc comment as present.
constexpr Span kSomewhere{SourceFileId{0}, 1, 2};

std::string ident() {
  return one_of<6>({"alpha", "b", "_c3", "Human", "subject", "within_"});
}

ast::Name name() {
  return {chance(70) ? ident()
                     : one_of<16>({"role", "event", "systems", "teams", "about", "lifted", "staged",
                                   "containment", "most", "stage", "start", "enter", "done", "soak",
                                   "use", "return"}),
          {}};
}

ast::Name any_word() {
  return chance(60) ? name()
                    : ast::Name{one_of<10>({"on", "when", "in", "not", "rule", "true", "max", "per",
                                            "supports", "module"}),
                                {}};
}

ast::Name only_ident() {
  return {ident(), {}};
}

std::string text() {
  return one_of<9>({"", "plain", "a \"quoted\" one", "back\\slash", "line\nend\ttab",
                    "\u202E\u2066", "\x01\x7F", "caf\u00E9 \U0001F600", "// not a comment"});
}

template <typename Make>
auto some(int least, int most, Make make) {
  std::vector<decltype(make())> list;
  for (int n = least + pick(most - least + 1); n > 0; --n) {
    list.push_back(make());
  }
  return list;
}

template <typename Make>
auto maybe(Make make) {
  return chance(50) ? std::optional<decltype(make())>(make()) : std::nullopt;
}

ast::Text text_node() {
  return {text(), {}};
}

ast::Doc doc() {
  if (chance(70)) {
    return {};
  }
  return {one_of<4>({"One line.", "Two\nlines.", "", "  Indented\n\n/ and a slash"}), kSomewhere};
}

Seconds seconds() {
  return Seconds{chance(20) ? 0 : *rc::gen::inRange<std::int64_t>(1, 10'000'000)};
}

ast::Duration period() {
  return chance(80) ? ast::Duration{seconds(), {}, std::nullopt}
                    : ast::Duration{Seconds{0}, {}, name()};
}

ast::Duration duration() {
  return {seconds(), {}, std::nullopt};
}

ast::InstantLiteral moment() {
  const Date date{1 + pick(9999), static_cast<unsigned>(1 + pick(12)),
                  static_cast<unsigned>(1 + pick(28))};
  if (chance(50)) {
    return {date, start_of_day_utc(date)};
  }
  return {std::nullopt, start_of_day_utc(date) + Seconds{pick(86'400)}};
}

ast::ExprPtr wrap(decltype(ast::Expr::node) node) {
  auto expr = std::make_unique<ast::Expr>();
  expr->node = std::move(node);
  return expr;
}

ast::ExprPtr simple_literal() {
  switch (pick(5)) {
  case 0:
    return wrap(ast::BoolLiteral{chance(50)});
  case 1:
    return wrap(ast::IntLiteral{chance(10) ? INT64_MAX : pick(1000)});
  case 2:
    return wrap(ast::StringLiteral{text()});
  case 3:
    return wrap(ast::DurationLiteral{seconds()});
  default:
    return wrap(moment());
  }
}

ast::ExprPtr literal(int depth) {
  switch (pick(depth > 0 ? 5 : 3)) {
  case 0:
    return wrap(ast::NameRef{name().text});
  case 1:
    return wrap(ast::Negate{chance(50) ? wrap(ast::IntLiteral{pick(1000)})
                                       : wrap(ast::DurationLiteral{seconds()})});
  case 2:
    return simple_literal();
  default:
    return wrap(ast::SetLiteral{some(0, 3, [&] { return literal(depth - 1); })});
  }
}

ast::ExprPtr expr(int depth);

ast::ExprPtr quantified(int depth) {
  ast::Quantified node;
  node.quantifier = static_cast<ast::Quantifier>(pick(6));
  node.variable = name();
  node.set = expr(depth - 1);
  node.where = chance(50) ? expr(depth - 1) : nullptr;
  const bool valued = node.quantifier == ast::Quantifier::Min ||
                      node.quantifier == ast::Quantifier::Max ||
                      node.quantifier == ast::Quantifier::Sum;
  node.value = valued ? expr(depth - 1) : nullptr;
  return wrap(std::move(node));
}

ast::ExprPtr expr(int depth) {
  if (depth <= 0) {
    return chance(50) ? simple_literal() : wrap(ast::NameRef{name().text});
  }
  const auto below = [&] { return expr(depth - 1); };
  switch (pick(16)) {
  case 0:
    return wrap(ast::SetLiteral{some(0, 3, below)});
  case 1:
    return wrap(ast::Call{name(), some(0, 3, below)});
  case 2:
    return wrap(ast::Not{below()});
  case 3:
    return wrap(ast::Negate{below()});
  case 4:
    return wrap(ast::Known{below()});
  case 5:
    return wrap(ast::IsKind{below(), chance(50), {name()}});
  case 6:
    return wrap(ast::Supports{below(), name()});
  case 7:
    return wrap(ast::IdleFor{below(), below()});
  case 8:
    return wrap(ast::DeliveredTo{below(), below()});
  case 9:
    return quantified(depth);
  case 10:
  case 11:
    return wrap(ast::Member{below(), any_word()});
  default:
    return wrap(ast::Binary{static_cast<ast::BinaryOp>(pick(15)), below(), below(), {}});
  }
}

ast::ExprPtr condition() {
  return expr(pick(5));
}

ast::ExprPtr maybe_condition() {
  return chance(50) ? condition() : nullptr;
}

ast::Principals principals() {
  return {some(1, 3, [] { return expr(pick(3)); }), {}};
}

ast::Selection selection() {
  return {some(1, 3, name), maybe(name), maybe_condition(), {}};
}

ast::Clause clause() {
  ast::Clause node;
  node.doc = doc();
  const int form = pick(4);
  if (form == 0) {
    node.verb = {"notify", {}};
    node.to = principals();
  } else if (form == 1) {
    node.verb = {"ask", {}};
    node.to = principals();
    node.text = text_node();
  } else if (form == 2) {
    node.verb = {"narrow", {}};
    node.selection = selection();
    node.text = text_node();
  } else {
    node.verb = only_ident();
    node.selection = selection();
    node.to = maybe(principals);
  }
  node.within = maybe(period);
  node.after = maybe(period);
  node.approved_by = maybe(principals);
  node.even_if_staged = chance(30);
  node.otherwise_escalate = maybe(principals);
  node.because = maybe(text_node);
  return node;
}

ast::TypeExpr simple_type() {
  ast::TypeExpr type;
  if (chance(30)) {
    type.name = {"enum", {}};
    type.enum_values = some(1, 3, name);
  } else {
    type.name = name();
  }
  type.optional = chance(30);
  return type;
}

ast::TypeExpr type() {
  if (chance(70)) {
    return simple_type();
  }
  ast::TypeExpr set;
  set.name = {"set", {}};
  set.element = std::make_unique<ast::TypeExpr>(simple_type());
  set.optional = chance(30);
  return set;
}

ast::ExprPtr maybe_literal() {
  return chance(50) ? literal(2) : nullptr;
}

ast::AttributeDecl attribute() {
  return {doc(), any_word(), type(), maybe_literal(), {}};
}

ast::Name quoted_name() {
  return {chance(50) ? any_word().text : text(), {}};
}

ast::SchemaBlock::Entry schema_entry() {
  ast::SchemaBlock::Entry entry;
  switch (pick(4)) {
  case 0:
    entry.node = ast::SchemaBlock::Systems{some(0, 3, quoted_name)};
    break;
  case 1:
    entry.node = ast::SchemaBlock::Teams{some(0, 3, quoted_name)};
    break;
  case 2:
    entry.node = ast::SchemaBlock::Entity{only_ident(), some(0, 3, attribute)};
    break;
  default:
    entry.node = ast::SchemaBlock::Event{doc(), name(), name(), some(0, 3, attribute)};
    break;
  }
  return entry;
}

ast::QualifiedName module_name() {
  ast::QualifiedName result;
  result.parts.push_back(name());
  for (ast::Name& part : some(0, 2, any_word)) {
    result.parts.push_back(std::move(part));
  }
  return result;
}

ast::Grant::Right right() {
  return {name(), text_node()};
}

ast::Escalation escalation() {
  ast::Escalation result;
  result.levels.push_back({principals(), std::nullopt});
  for (int n = pick(3); n > 0; --n) {
    result.levels.push_back({principals(), period()});
  }
  return result;
}

ast::Rule rule() {
  return {any_word(),        some(0, 3, name),      maybe_condition(),
          maybe(text_node),  some(0, 2, text_node), maybe(escalation),
          some(0, 4, clause)};
}

ast::Hold hold() {
  ast::Hold node;
  node.name = any_word();
  node.when = maybe_condition();
  if (chance(80)) {
    node.verbs = some(1, 3, only_ident);
    node.selection = selection();
  }
  node.even_containment = chance(30);
  const int end = pick(4);
  const ast::InstantLiteral until = moment();
  node.until_lifted = end == 0;
  if (end == 1) {
    node.until_date = until.date;
    node.until_instant = until.date ? std::nullopt : std::optional<Instant>(until.instant);
  }
  node.ordered_by = maybe(principals);
  node.because = maybe(text_node);
  return node;
}

ast::Limit limit() {
  const auto number = [] { return std::int64_t{pick(1000)}; };
  return {any_word(), some(1, 3, only_ident), selection(),      maybe(number), maybe(number),
          chance(50), maybe(duration),        maybe(principals)};
}

ast::StageAction action() {
  switch (pick(4)) {
  case 0:
    return {{"notify", {}}, std::nullopt, principals(), std::nullopt, {}};
  case 1:
    return {{"ask", {}}, std::nullopt, principals(), text_node(), {}};
  case 2:
    return {{"narrow", {}}, name(), std::nullopt, text_node(), {}};
  default:
    return {only_ident(), name(), maybe(principals), std::nullopt, {}};
  }
}

ast::Stage stage() {
  ast::Stage node;
  node.doc = doc();
  node.name = any_word();
  node.actions = some(0, 3, action);
  node.done_when = maybe_condition();
  node.within = maybe(period);
  node.approved_by = maybe(principals);
  node.otherwise_escalate = maybe(principals);
  node.soak = maybe(period);
  node.on_use_return_to = maybe(any_word);
  return node;
}

ast::Retire retire() {
  ast::Retire node;
  node.name = any_word();
  node.on = some(0, 3, name);
  node.selection = maybe(selection);
  node.when = maybe_condition();
  node.because = maybe(text_node);
  node.controls = some(0, 2, text_node);
  node.escalate = maybe(escalation);
  node.starts = some(0, 2, [] { return ast::Retire::Start{any_word(), maybe_condition(), {}}; });
  node.enters = some(0, 2, [] {
    return ast::Retire::Enter{any_word(), period(), maybe_condition(), {}};
  });
  node.stages = some(0, 3, stage);
  return node;
}

ast::Declaration declaration() {
  ast::Declaration result;
  result.doc = doc();
  switch (pick(13)) {
  case 0:
    result.node = ast::SchemaBlock{some(0, 3, schema_entry)};
    break;
  case 1:
    result.node = ast::Import{module_name(), some(0, 3, [] {
                                return ast::Import::Argument{any_word(), literal(2)};
                              })};
    break;
  case 2:
    result.node = ast::Parameter{name(), type(), maybe_literal()};
    break;
  case 3:
    result.node = ast::Define{name(),
                              some(0, 3,
                                   [] {
                                     return ast::Define::Formal{name(), type()};
                                   }),
                              condition()};
    break;
  case 4:
    result.node = ast::Derive{name(), name(), maybe(name), maybe_condition(), some(1, 3, name)};
    break;
  case 5:
    result.node = ast::Role{any_word(), some(0, 2, any_word), maybe_condition(), some(0, 3, [] {
                              return ast::Grant{quoted_name(), some(1, 3, right), {}};
                            })};
    break;
  case 6:
    result.node = ast::Keep{any_word(), some(0, 3, selection), maybe(text_node)};
    break;
  case 7:
    result.node = ast::Conflict{any_word(),
                                some(1, 3,
                                     [] {
                                       return ast::Grant{quoted_name(), some(1, 1, right), {}};
                                     }),
                                maybe(text_node)};
    break;
  case 8:
    result.node = hold();
    break;
  case 9:
    result.node = limit();
    break;
  case 10:
    result.node = ast::NotYet{{"test", {}}, "test \"x\" { at +1d { revoke } }"};
    break;
  case 11:
    result.node = retire();
    break;
  default:
    result.node = rule();
    break;
  }
  return result;
}

}  // namespace

ast::PolicyFile random_policy() {
  ast::PolicyFile file;
  file.file = SourceFileId{0};
  if (chance(50)) {
    file.module = module_name();
    file.module_doc = doc();
  }
  file.declarations = some(0, 4, declaration);
  return file;
}

}  // namespace rescind::testing
