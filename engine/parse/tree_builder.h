// The generated parser's tree turned into the project's own. Statements that the parser gave up are
// left out; everything else is built, so that its errors of form are reported too. Only .cc files
// of parse may include this header, because it shows types of the parser generator.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "RescindParser.h"
#include "model/ast.h"
#include "parse/tokens.h"

namespace rescind::parse {

// Whether the parser read a statement to its end.
inline bool usable(const antlr4::ParserRuleContext* context) {
  return context->exception == nullptr;
}

inline const antlr4::Token* token_of(antlr4::tree::TerminalNode* node) {
  return node->getSymbol();
}

class ExpressionBuilder {
 public:
  using Parser = rescind_grammar::RescindParser;

  ExpressionBuilder(TokenList& list, const ParseOptions& options, Diagnostics& diagnostics)
      : list_(list), options_(options), diagnostics_(diagnostics) {}

  ast::ExprPtr expression(Parser::ExprContext* context) { return expr(context).expr; }

  ast::ExprPtr literal(Parser::LiteralContext* context);
  ast::Principals principals(Parser::PrincipalsContext* context);

  // ---- Leaves ----
  [[nodiscard]] Span span_of(const antlr4::ParserRuleContext* context) const;
  [[nodiscard]] Span span_of(const antlr4::Token* token) const;
  // Any of the name-like rules: the one token under it.
  [[nodiscard]] ast::Name name(const antlr4::ParserRuleContext* context) const;
  [[nodiscard]] ast::Name name(const antlr4::Token* token) const;
  ast::Text text(const antlr4::Token* token);
  ast::Duration duration(const antlr4::Token* token);
  std::int64_t integer(const antlr4::Token* token);
  ast::InstantLiteral moment(const antlr4::Token* token);

 protected:
  // An expression and the levels below it, counted so that a chain cannot grow past a bound.
  struct Built {
    ast::ExprPtr expr;
    std::size_t depth = 1;
  };

  [[nodiscard]] std::string_view text_of(const antlr4::Token* token) const;
  [[nodiscard]] bool is_bad(const antlr4::Token* token) const;

  TokenList& list_;
  const ParseOptions& options_;
  Diagnostics& diagnostics_;

 private:
  Built expr(Parser::ExprContext* context);
  Built comparison(Parser::ComparisonContext* context);
  Built tail(Built left, Parser::ComparisonTailContext* context);
  Built sum(Parser::SumContext* context);
  Built coalesced(Parser::CoalescedContext* context);
  Built prefixed(Parser::PrefixedContext* context);
  Built path(Parser::PrefixedContext* context);
  Built primary(Parser::PrimaryContext* context);
  Built quantified(Parser::PrimaryContext* context);
  Built reference(Parser::PrimaryContext* context);
  Built simple_literal(Parser::SimpleLiteralContext* context);
  Built binary(ast::BinaryOp op, Built left, Built right, const antlr4::Token* sign);
  // Gives a node (one of those of ast::Expr) its span and checks the depth, once per overlong
  // expression.
  template <typename Node>
  Built make(Node node, Span span, std::size_t depth);
};

// One use per file.
class TreeBuilder final : private ExpressionBuilder {
 public:
  using ExpressionBuilder::ExpressionBuilder;
  using Parser = rescind_grammar::RescindParser;

  // Each reads its context once; the context may go away afterwards.
  void add_module(Parser::ModuleHeaderContext* context);
  void add(Parser::DeclarationContext* context);
  // `clean`: nothing was wrong with the file so far, so it is worth warning of unused comments.
  ast::PolicyFile finish(bool clean);

 private:
  // The words that may stand once; each holds its first place.
  struct HeaderWords {
    std::optional<Span> when;
    std::optional<Span> because;
    std::optional<Span> escalate;
  };

  struct StageWords {
    std::optional<Span> done, within, otherwise, approved, soak, on_use;
  };

  // The parts of a rule or retire that a header fills.
  struct Header {
    std::vector<ast::Name>& on;
    ast::ExprPtr& when;
    std::optional<ast::Text>& because;
    std::vector<ast::Text>& controls;
    std::optional<ast::Escalation>& escalate;
  };

  ast::Declaration declaration(Parser::DeclarationContext* context);
  ast::Import import_decl(Parser::ImportDeclContext* context);
  ast::SchemaBlock schema(Parser::SchemaDeclContext* context);
  ast::SchemaBlock::Entry schema_entry(Parser::SchemaEntryContext* context);
  std::vector<ast::AttributeDecl> attributes(Parser::AttributeBlockContext* context);
  ast::TypeExpr type(Parser::TypeExprContext* context);
  ast::TypeExpr simple_type(Parser::SimpleTypeContext* context);
  std::vector<ast::Name> enum_values(Parser::EnumValuesContext* context, const ast::Name& base);
  ast::Parameter parameter(Parser::ParameterDeclContext* context);
  ast::Define define(Parser::DefineDeclContext* context);
  ast::Derive derive(Parser::DeriveDeclContext* context);
  ast::Role role(Parser::RoleDeclContext* context);
  ast::Grant grant(Parser::RoleItemContext* context);
  ast::Grant::Right right(Parser::GrantedRightContext* context);
  ast::Keep keep(Parser::KeepDeclContext* context);
  ast::Conflict conflict(Parser::ConflictDeclContext* context);
  ast::Rule rule(Parser::RuleDeclContext* context);
  void header(const Header& target, Parser::HeaderContext* context, HeaderWords& seen);
  ast::Escalation escalation(Parser::HeaderContext* context);
  ast::Clause clause(Parser::ClauseContext* context);
  void count_clause(const antlr4::ParserRuleContext* context);
  // `narrow … to "level"`: the one verb whose target is a level and no principal.
  static void take_level(const ast::Name& verb, std::optional<ast::Principals>& to,
                         std::optional<ast::Text>& text);
  void modifiers(ast::Clause& clause, Parser::ClauseContext* context);
  ast::Selection selection(Parser::SelectionContext* context);
  ast::Hold hold(Parser::HoldDeclContext* context);
  void until(ast::Hold& hold, Parser::HoldItemContext* context);
  ast::Limit limit(Parser::LimitDeclContext* context);
  void bound(ast::Limit& limit, Parser::BoundContext* context);
  ast::Duration period(Parser::PeriodContext* context);
  // ---- build_retire.cc
  ast::Retire retire(Parser::RetireDeclContext* context);
  void retire_statement(ast::Retire& retire, antlr4::ParserRuleContext* statement,
                        HeaderWords& seen, std::optional<Span>& selected);
  void retire_part(ast::Retire& retire, Parser::RetirePartContext* context);
  ast::Stage stage(Parser::RetirePartContext* context);
  void stage_item(ast::Stage& stage, Parser::StageItemContext* context, StageWords& seen);
  ast::StageAction action(Parser::StageItemContext* context);

  ast::NotYet not_yet(Parser::LaterDeclContext* context);

  ast::QualifiedName qualified_name(Parser::QualifiedNameContext* context);
  ast::Name name_or_string(Parser::NameOrStringContext* context);
  std::vector<ast::Name> names(Parser::NameListContext* context);
  std::vector<ast::Name> verbs(Parser::VerbsContext* context);
  // The comment above the first token of a declaration, clause or attribute; it counts as used.
  ast::Doc doc_of(const antlr4::ParserRuleContext* context);
  // Whether a word stands here for the first time; a second one is reported.
  bool once(std::optional<Span>& first, const antlr4::Token* word);
  void report_unused_docs();

  ast::PolicyFile file_;
  std::size_t declaration_count_ = 0;
  std::size_t clause_count_ = 0;
};

}  // namespace rescind::parse
