// `retire` and its stages as part of the syntax tree.
#include <utility>

#include "RescindLexer.h"
#include "parse/tree_builder.h"

namespace rescind::parse {
namespace {

using Lexer = rescind_grammar::RescindLexer;

}  // namespace

ast::Retire TreeBuilder::retire(Parser::RetireDeclContext* context) {
  ast::Retire result;
  result.name = name(context->key);
  HeaderWords seen;
  std::optional<Span> selected;
  bool broken = false;
  for (antlr4::tree::ParseTree* child : context->retireBody()->children) {
    auto* statement = dynamic_cast<antlr4::ParserRuleContext*>(child);
    if (statement == nullptr || !usable(statement)) {
      broken = true;  // given up by the parser, which said why
    } else if (statement->getRuleIndex() != Parser::RuleLateRetireHeader) {
      retire_statement(result, statement, seen, selected);
    } else if (!broken) {
      diagnostics_
          .error(Code::R0126, span_of(statement->start),
                 "`" + std::string(text_of(statement->start)) +
                     "` stands after the first `start`, `enter` or `stage`")
          .help.emplace_back(
              "`on`, `for`, `when`, `because`, `controls` and `escalate` stand before the stages, "
              "in any order");
    }
  }
  return result;
}

void TreeBuilder::retire_statement(ast::Retire& retire, antlr4::ParserRuleContext* statement,
                                   HeaderWords& seen, std::optional<Span>& selected) {
  if (auto* header_context = dynamic_cast<Parser::HeaderContext*>(statement)) {
    header({retire.on, retire.when, retire.because, retire.controls, retire.escalate},
           header_context, seen);
  } else if (auto* part = dynamic_cast<Parser::RetirePartContext*>(statement)) {
    retire_part(retire, part);
  } else if (once(selected, statement->start)) {
    retire.selection = selection(static_cast<Parser::SelectedContext*>(statement)->selection());
  }
}

void TreeBuilder::retire_part(ast::Retire& retire, Parser::RetirePartContext* context) {
  if (context->start->getType() == Lexer::STAGE) {
    retire.stages.push_back(stage(context));
    return;
  }
  ast::ExprPtr when = context->expr() == nullptr ? nullptr : expression(context->expr());
  if (context->start->getType() == Lexer::START) {
    retire.starts.push_back({name(context->target), std::move(when), span_of(context)});
  } else {
    retire.enters.push_back(
        {name(context->target), period(context->period()), std::move(when), span_of(context)});
  }
}

ast::Stage TreeBuilder::stage(Parser::RetirePartContext* context) {
  count_clause(context);
  ast::Stage result;
  result.doc = doc_of(context);
  result.name = name(context->key);
  result.span = span_of(context);
  StageWords seen;
  for (Parser::StageItemContext* item : context->stageBody()->stageItem()) {
    if (usable(item)) {
      stage_item(result, item, seen);
    }
  }
  return result;
}

void TreeBuilder::stage_item(ast::Stage& stage, Parser::StageItemContext* context,
                             StageWords& seen) {
  const antlr4::Token* word = context->start;
  switch (word->getType()) {
  case Lexer::DONE:
    if (once(seen.done, word)) {
      stage.done_when = expression(context->expr());
    }
    return;
  case Lexer::WITHIN:
    if (once(seen.within, word)) {
      stage.within = period(context->period());
    }
    return;
  case Lexer::OTHERWISE:
    if (once(seen.otherwise, word)) {
      stage.otherwise_escalate = principals(context->principals());
    }
    return;
  case Lexer::APPROVED:
    if (once(seen.approved, word)) {
      stage.approved_by = principals(context->principals());
    }
    return;
  case Lexer::SOAK:
    if (once(seen.soak, word)) {
      stage.soak = period(context->period());
    }
    return;
  case Lexer::ON:
    if (once(seen.on_use, word)) {
      stage.on_use_return_to = name(context->target);
    }
    return;
  default:
    stage.actions.push_back(action(context));
    return;
  }
}

ast::StageAction TreeBuilder::action(Parser::StageItemContext* context) {
  count_clause(context);
  ast::StageAction result;
  result.verb = name(context->verb);
  result.span = span_of(context);
  if (context->item != nullptr) {
    result.item = name(context->item);
  }
  if (auto* target = context->principals()) {
    result.to = principals(target);
  }
  if (context->STRING() != nullptr) {
    result.text = text(token_of(context->STRING()));
  }
  take_level(result.verb, result.to, result.text);
  return result;
}

}  // namespace rescind::parse
