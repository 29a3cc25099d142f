// Rules, holds and limits of the syntax tree. What the grammar accepts in any order or number is
// held here to "each at most once".
#include <utility>

#include "RescindLexer.h"
#include "parse/tree_builder.h"

namespace rescind::parse {
namespace {

using Lexer = rescind_grammar::RescindLexer;

}  // namespace

// ---- Rules --------------------------------------------------------------------------------------

ast::Rule TreeBuilder::rule(Parser::RuleDeclContext* context) {
  ast::Rule result;
  result.name = name(context->key);
  HeaderWords seen;
  bool broken = false;
  for (antlr4::tree::ParseTree* child : context->ruleBody()->children) {
    auto* statement = dynamic_cast<antlr4::ParserRuleContext*>(child);
    if (statement == nullptr || !usable(statement)) {
      broken = true;  // given up by the parser, which said why
    } else if (auto* clause_context = dynamic_cast<Parser::ClauseContext*>(statement)) {
      result.clauses.push_back(clause(clause_context));
    } else if (auto* header_context = dynamic_cast<Parser::HeaderContext*>(statement)) {
      header({result.on, result.when, result.because, result.controls, result.escalate},
             header_context, seen);
    } else if (!broken) {
      diagnostics_
          .error(Code::R0126, span_of(statement->start),
                 "`" + std::string(text_of(statement->start)) + "` stands after the first clause")
          .help.emplace_back(
              "`on`, `when`, `because`, `controls` and `escalate` stand before the "
              "clauses, in any order");
    }
  }
  return result;
}

void TreeBuilder::header(const Header& target, Parser::HeaderContext* context, HeaderWords& seen) {
  switch (context->start->getType()) {
  case Lexer::ON:
    for (ast::Name& event : names(context->nameList())) {
      target.on.push_back(std::move(event));
    }
    return;
  case Lexer::WHEN:
    if (once(seen.when, context->start)) {
      target.when = expression(context->expr());
    }
    return;
  case Lexer::BECAUSE:
    if (once(seen.because, context->start)) {
      target.because = text(token_of(context->STRING(0)));
    }
    return;
  case Lexer::CONTROLS:
    for (antlr4::tree::TerminalNode* control : context->STRING()) {
      target.controls.push_back(text(token_of(control)));
    }
    return;
  default:
    if (once(seen.escalate, context->start)) {
      target.escalate = escalation(context);
    }
    return;
  }
}

ast::Escalation TreeBuilder::escalation(Parser::HeaderContext* context) {
  ast::Escalation result;
  result.span = span_of(context);
  result.levels.push_back({principals(context->principals()), std::nullopt});
  for (Parser::EscalationStepContext* step : context->escalationStep()) {
    result.levels.push_back({principals(step->principals()), period(step->period())});
  }
  return result;
}

void TreeBuilder::count_clause(const antlr4::ParserRuleContext* context) {
  if (++clause_count_ == options_.max_clauses + 1) {
    diagnostics_
        .error(Code::R0107, span_of(context->start),
               "this file has more than the " + std::to_string(options_.max_clauses) +
                   " clauses that are allowed")
        .help.emplace_back("split the policy into several files");
  }
}

void TreeBuilder::take_level(const ast::Name& verb, std::optional<ast::Principals>& to,
                             std::optional<ast::Text>& text) {
  if (verb.text != "narrow" || !to || to->alternatives.size() != 1) {
    return;
  }
  const ast::Expr& target = *to->alternatives.front();
  if (const auto* level = std::get_if<ast::StringLiteral>(&target.node)) {
    text = ast::Text{level->value, target.span};
    to.reset();
  }
}

ast::Clause TreeBuilder::clause(Parser::ClauseContext* context) {
  count_clause(context);
  ast::Clause result;
  result.doc = doc_of(context);
  result.verb = name(context->verb);
  result.span = span_of(context);
  if (auto* selected = context->selection()) {
    result.selection = selection(selected);
  }
  if (auto* target = context->principals()) {
    result.to = principals(target);
  }
  if (context->STRING() != nullptr) {
    result.text = text(token_of(context->STRING()));
  }
  take_level(result.verb, result.to, result.text);
  modifiers(result, context);
  return result;
}

void TreeBuilder::modifiers(ast::Clause& clause, Parser::ClauseContext* context) {
  std::optional<Span> within;
  std::optional<Span> after;
  std::optional<Span> approved;
  std::optional<Span> even;
  std::optional<Span> otherwise;
  std::optional<Span> because;
  for (Parser::ModifierContext* modifier : context->modifier()) {
    const antlr4::Token* word = modifier->start;
    switch (word->getType()) {
    case Lexer::WITHIN:
      if (once(within, word)) {
        clause.within = period(modifier->period());
      }
      break;
    case Lexer::AFTER:
      if (once(after, word)) {
        clause.after = period(modifier->period());
      }
      break;
    case Lexer::APPROVED:
      if (once(approved, word)) {
        clause.approved_by = principals(modifier->principals());
      }
      break;
    case Lexer::EVEN:
      clause.even_if_staged = once(even, word) || clause.even_if_staged;
      break;
    case Lexer::OTHERWISE:
      if (once(otherwise, word)) {
        clause.otherwise_escalate = principals(modifier->principals());
      }
      break;
    default:
      if (once(because, word)) {
        clause.because = text(token_of(modifier->STRING()));
      }
      break;
    }
  }
}

ast::Duration TreeBuilder::period(Parser::PeriodContext* context) {
  if (context->DURATION() != nullptr) {
    return duration(context->start);
  }
  ast::Name parameter = name(context->start);
  const Span span = parameter.span;
  return {Seconds{0}, span, std::move(parameter)};
}

ast::Selection TreeBuilder::selection(Parser::SelectionContext* context) {
  ast::Selection result;
  result.span = span_of(context);
  for (Parser::NameContext* kind : context->name()) {
    result.kinds.push_back(name(kind));
  }
  if (auto* alias = context->alias()) {
    result.alias = name(alias);
  }
  result.where = context->expr() == nullptr ? nullptr : expression(context->expr());
  return result;
}

// ---- Holding back -------------------------------------------------------------------------------

ast::Hold TreeBuilder::hold(Parser::HoldDeclContext* context) {
  ast::Hold result;
  result.name = name(context->key);
  std::optional<Span> when;
  std::optional<Span> blocks;
  std::optional<Span> even;
  std::optional<Span> until_word;
  std::optional<Span> ordered;
  std::optional<Span> because;
  for (Parser::HoldItemContext* item : context->holdBody()->holdItem()) {
    if (!usable(item)) {
      continue;
    }
    const antlr4::Token* word = item->start;
    switch (word->getType()) {
    case Lexer::WHEN:
      if (once(when, word)) {
        result.when = expression(item->expr());
      }
      break;
    case Lexer::BLOCKS:
      if (once(blocks, word)) {
        result.verbs = verbs(item->verbs());
        result.selection = selection(item->selection());
      }
      break;
    case Lexer::EVEN:
      result.even_containment = once(even, word) || result.even_containment;
      break;
    case Lexer::UNTIL:
      if (once(until_word, word)) {
        until(result, item);
      }
      break;
    case Lexer::ORDERED:
      if (once(ordered, word)) {
        result.ordered_by = principals(item->principals());
      }
      break;
    default:
      if (once(because, word)) {
        result.because = text(token_of(item->STRING()));
      }
      break;
    }
  }
  return result;
}

void TreeBuilder::until(ast::Hold& hold, Parser::HoldItemContext* context) {
  const antlr4::Token* value =
      static_cast<antlr4::tree::TerminalNode*>(context->children[1])->getSymbol();
  if (value->getType() == Lexer::LIFTED) {
    hold.until_lifted = true;
    return;
  }
  const ast::InstantLiteral end = moment(value);
  if (end.date) {
    hold.until_date = end.date;
  } else {
    hold.until_instant = end.instant;
  }
}

ast::Limit TreeBuilder::limit(Parser::LimitDeclContext* context) {
  ast::Limit result;
  result.name = name(context->key);
  Parser::LimitBodyContext* body = context->limitBody();
  result.verbs = verbs(body->verbs());
  result.selection = selection(body->selection());
  if (auto* most = body->atMost()) {
    for (Parser::BoundContext* value : most->bound()) {
      bound(result, value);
    }
  }
  std::optional<Span> per;
  std::optional<Span> per_system;
  for (Parser::PerWindowContext* window : body->perWindow()) {
    if (window->DURATION() != nullptr) {
      if (once(per, window->start)) {
        result.per = duration(token_of(window->DURATION()));
      }
      continue;
    }
    const ast::Name group = name(window->name());
    if (group.text != "system") {
      diagnostics_.error(Code::R0120, group.span,
                         "expected `system` or a duration, found `" + group.text + "`");
    } else if (once(per_system, window->start)) {
      result.per_system = true;
    }
  }
  if (body->principals() != nullptr) {
    result.otherwise_ask = principals(body->principals());
  }
  return result;
}

void TreeBuilder::bound(ast::Limit& limit, Parser::BoundContext* context) {
  const antlr4::Token* token = context->start;
  const bool percent = token->getType() == Lexer::PERCENT;
  std::optional<std::int64_t>& place = percent ? limit.percent : limit.count;
  if (place) {
    diagnostics_
        .error(Code::R0127, span_of(token),
               percent ? "a second percentage in one limit" : "a second count in one limit")
        .help.emplace_back("`max(5%, 10)` takes one percentage and one count");
    return;
  }
  place = integer(token);
}

}  // namespace rescind::parse
