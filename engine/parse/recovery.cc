// Error recovery by statement; see the header. The generated parser asks this strategy at the head
// of every loop (sync) and in the handler of every rule (reportError, recover). Rules that are no
// statement pass the error on to the rule around them.
#include "parse/recovery.h"

#include <algorithm>

#include <InputMismatchException.h>
#include <NoViableAltException.h>
#include <atn/ATN.h>
#include <atn/ATNState.h>
#include <atn/ParserATNSimulator.h>

#include "RescindLexer.h"
#include "RescindParser.h"
#include "model/vocabulary.h"
#include "parse/syntax_messages.h"

namespace rescind::parse {
namespace {

using Lexer = rescind_grammar::RescindLexer;
using Parser = rescind_grammar::RescindParser;
using antlr4::misc::IntervalSet;

std::size_t current_index(antlr4::Parser* parser) {
  return parser->getInputStream()->index();
}

// Rules whose error stays inside them.
bool is_statement(std::size_t rule) {
  switch (rule) {
  case Parser::RuleModuleHeader:
  case Parser::RuleDeclaration:
  case Parser::RuleImportArgument:
  case Parser::RuleSchemaEntry:
  case Parser::RuleAttribute:
  case Parser::RuleRoleItem:
  case Parser::RuleKeepItem:
  case Parser::RuleHeader:
  case Parser::RuleLateHeader:
  case Parser::RuleClause:
  case Parser::RuleHoldItem:
    return true;
  default:
    return false;
  }
}

// Rules that are a list of statements.
bool is_body(std::size_t rule) {
  switch (rule) {
  case Parser::RulePolicyFile:
  case Parser::RuleImportArguments:
  case Parser::RuleSchemaBody:
  case Parser::RuleAttributes:
  case Parser::RuleRoleBody:
  case Parser::RuleKeepBody:
  case Parser::RuleRuleBody:
  case Parser::RuleHoldBody:
    return true;
  default:
    return false;
  }
}

std::string_view statement_word(std::size_t body) {
  switch (body) {
  case Parser::RulePolicyFile:
    return "a declaration";
  case Parser::RuleSchemaBody:
    return "`systems`, `teams`, `event` or an entity with `{`";
  case Parser::RuleAttributes:
    return "an attribute like `name: type`";
  case Parser::RuleKeepBody:
    return "a selection or `because`";
  case Parser::RuleRuleBody:
    return "a clause";
  default:
    return {};
  }
}

class Recovery final : public antlr4::ANTLRErrorStrategy {
 public:
  Recovery(const TokenList& list, Diagnostics& diagnostics)
      : list_(list), diagnostics_(diagnostics) {}

  void reset(antlr4::Parser* /*parser*/) override { recovering_ = false; }

  bool inErrorRecoveryMode(antlr4::Parser* /*parser*/) override { return recovering_; }

  void reportMatch(antlr4::Parser* /*parser*/) override { recovering_ = false; }

  antlr4::Token* recoverInline(antlr4::Parser* parser) override {
    throw antlr4::InputMismatchException(parser);
  }

  void reportError(antlr4::Parser* parser, const antlr4::RecognitionException& error) override {
    if (recovering_) {
      return;  // no token was matched since the last report: the same trouble
    }
    recovering_ = true;
    const std::size_t at = std::min(index_of(error), list_.infos.size() - 1);
    if (!report_misspelt_clause(parser, at)) {
      report(parser, at, error.getExpectedTokens(), {});
    }
  }

  void recover(antlr4::Parser* parser, std::exception_ptr error) override {
    antlr4::ParserRuleContext* context = parser->getContext();
    const std::size_t rule = context->getRuleIndex();
    if (!is_statement(rule)) {
      std::rethrow_exception(std::move(error));
    }
    auto* around = dynamic_cast<antlr4::ParserRuleContext*>(context->parent);
    const std::size_t body =
        around == nullptr ? std::size_t{Parser::RulePolicyFile} : around->getRuleIndex();
    skip_statement(parser, body, context->getStart()->getTokenIndex(), rule == Parser::RuleHeader);
  }

  // Before every decision of a loop: a body that meets something else than one of its statements
  // says so and goes on behind it.
  void sync(antlr4::Parser* parser) override {
    const std::size_t rule = parser->getContext()->getRuleIndex();
    if (!is_body(rule)) {
      return;
    }
    const antlr4::atn::ATN& atn = parser->getInterpreter<antlr4::atn::ParserATNSimulator>()->atn;
    const IntervalSet acceptable = atn.nextTokens(atn.states[parser->getState()]);
    while (!fits(parser, rule, acceptable)) {
      const std::size_t at = current_index(parser);
      const bool stray_reason =
          rule == Parser::RuleRuleBody && list_.infos[at].type == Lexer::BECAUSE;
      if (!recovering_ && !(stray_reason && has_error(parser->getContext()))) {
        report(parser, at, acceptable, statement_word(rule));
      }
      recovering_ = true;
      parser->consume();
      skip_statement(parser, rule, at,
                     acceptable.contains(static_cast<std::size_t>(Lexer::BECAUSE)));
    }
  }

 private:
  static std::size_t index_of(const antlr4::RecognitionException& error) {
    return error.getOffendingToken()->getTokenIndex();
  }

  // Whether a rule's body already lost a statement.
  static bool has_error(antlr4::ParserRuleContext* body) {
    return std::any_of(body->children.begin(), body->children.end(), [](auto* child) {
      auto* context = dynamic_cast<antlr4::ParserRuleContext*>(child);
      return context != nullptr && context->exception != nullptr;
    });
  }

  bool fits(antlr4::Parser* parser, std::size_t rule, const IntervalSet& acceptable) const {
    const std::size_t at = current_index(parser);
    const std::size_t type = list_.infos[at].type;
    if (type == antlr4::Token::EOF || acceptable.contains(type)) {
      return true;
    }
    // The end of the block, or of all blocks where its bracket was forgotten: the rule around deals
    // with it.
    return rule != Parser::RulePolicyFile &&
           (type == Lexer::RBRACE || starts_declaration(static_cast<std::ptrdiff_t>(at)));
  }

  // ---- Where statements begin ----

  [[nodiscard]] std::size_t type(std::ptrdiff_t index) const { return list_.type_at(index); }

  [[nodiscard]] bool starts_declaration(std::ptrdiff_t i) const {
    const std::size_t next = type(i + 1);
    switch (type(i)) {
    case Lexer::SCHEMA:
      return next == Lexer::LBRACE;
    case Lexer::IMPORT:
    case Lexer::MODULE:
      return is_word(next) && list_.infos[static_cast<std::size_t>(i)].first_on_line;
    case Lexer::PARAMETER:
      return is_word(next) && type(i + 2) == Lexer::COLON;
    case Lexer::DEFINE:
      return is_word(next) && (type(i + 2) == Lexer::ASSIGN || type(i + 2) == Lexer::LPAREN);
    case Lexer::DERIVE:
      return is_word(next) && type(i + 2) == Lexer::FOR;
    case Lexer::ROLE:
      return is_word(next) && (type(i + 2) == Lexer::LBRACE || type(i + 2) == Lexer::INCLUDES);
    case Lexer::KEEP:
    case Lexer::CONFLICT:
    case Lexer::RULE:
    case Lexer::HOLD:
    case Lexer::LIMIT:
    case Lexer::RETIRE:
      return is_word(next) && type(i + 2) == Lexer::LBRACE;
    case Lexer::TEST:
    case Lexer::PROVE:
      return next == Lexer::STRING && type(i + 2) == Lexer::LBRACE;
    default:
      return false;
    }
  }

  // After `.`, before `:` or `=` every word is a name.
  [[nodiscard]] bool is_used_as_name(std::ptrdiff_t i) const {
    return type(i - 1) == Lexer::DOT || type(i + 1) == Lexer::COLON || type(i + 1) == Lexer::ASSIGN;
  }

  [[nodiscard]] bool starts_clause(std::ptrdiff_t i) const {
    const std::size_t before = type(i - 1);
    if (type(i) == Lexer::NOTIFY || type(i) == Lexer::ASK) {
      return before != Lexer::OTHERWISE;
    }
    if (type(i) != Lexer::IDENT || !is_name(type(i + 1)) || before == Lexer::COMMA ||
        before == Lexer::SUPPORTS) {
      return false;
    }
    const auto index = static_cast<std::size_t>(i);
    return list_.infos[index].first_on_line || find_verb(list_.text_of(index)).has_value();
  }

  [[nodiscard]] bool starts_statement(std::size_t body, std::ptrdiff_t i, bool headers) const {
    if (body != Parser::RuleAttributes && body != Parser::RuleImportArguments &&
        is_used_as_name(i)) {
      return false;
    }
    const std::size_t here = type(i);
    switch (body) {
    case Parser::RuleImportArguments:
      return is_word(here) && type(i + 1) == Lexer::ASSIGN;
    case Parser::RuleAttributes:
      return is_word(here) && type(i + 1) == Lexer::COLON;
    case Parser::RuleSchemaBody:
      return (is_name(here) && type(i + 1) == Lexer::LBRACE && type(i - 1) != Lexer::ABOUT) ||
             (here == Lexer::EVENT && is_name(type(i + 1)));
    case Parser::RuleRoleBody:
      return here == Lexer::WHEN || here == Lexer::GRANTS;
    case Parser::RuleKeepBody:
      return here == Lexer::BECAUSE ||
             (is_name(here) && list_.infos[static_cast<std::size_t>(i)].first_on_line);
    case Parser::RuleRuleBody:
      return here == Lexer::ON || here == Lexer::WHEN || here == Lexer::CONTROLS ||
             (here == Lexer::BECAUSE && headers) ||
             (here == Lexer::ESCALATE && type(i - 1) != Lexer::OTHERWISE) || starts_clause(i);
    case Parser::RuleHoldBody:
      return here == Lexer::WHEN || here == Lexer::BLOCKS || here == Lexer::EVEN ||
             here == Lexer::UNTIL || here == Lexer::ORDERED || here == Lexer::BECAUSE;
    default:
      return false;
    }
  }

  // Moves to the next statement of the body, to its closing brace, or to the next declaration.
  // `headers`: in a rule before its first clause, where `because` begins a statement.
  void skip_statement(antlr4::Parser* parser, std::size_t body, std::size_t first, bool headers) {
    const std::uint32_t braces = list_.infos[first].braces;
    for (;; parser->consume()) {
      const std::size_t at = current_index(parser);
      const TokenInfo& info = list_.infos[at];
      const auto i = static_cast<std::ptrdiff_t>(at);
      if (info.type == antlr4::Token::EOF || (at > first && starts_declaration(i))) {
        return;
      }
      if (body == Parser::RulePolicyFile) {
        continue;
      }
      if (info.type == Lexer::RBRACE && info.braces <= braces) {
        return;
      }
      if (at > first && info.braces <= braces && starts_statement(body, i, headers)) {
        return;
      }
    }
  }

  // ---- Messages ----

  // `witin 5m` after a clause looks like a new clause with the verb `witin`; the word is what is
  // wrong.
  bool report_misspelt_clause(antlr4::Parser* parser, std::size_t at) {
    antlr4::ParserRuleContext* context = parser->getContext();
    while (context != nullptr && context->getRuleIndex() != Parser::RuleClause) {
      context = dynamic_cast<antlr4::ParserRuleContext*>(context->parent);
    }
    if (context == nullptr) {
      return false;
    }
    const std::size_t verb = context->getStart()->getTokenIndex();
    if (list_.infos[verb].type != Lexer::IDENT || at > verb + 2 || find_verb(list_.text_of(verb))) {
      return false;
    }
    const auto meant = nearest_clause_word(list_.text_of(verb));
    if (!meant) {
      return false;
    }
    diagnostics_
        .error(Code::R0122, list_.span_of(verb),
               "unknown word `" + std::string(list_.text_of(verb)) + "`")
        .help.push_back("did you mean `" + *meant + "`?");
    return true;
  }

  void report(antlr4::Parser* parser, std::size_t at, const IntervalSet& expected,
              std::string_view statement) {
    const TokenInfo& info = list_.infos[at];
    const std::string found = describe_token(list_, at);
    if (report_bracket(at, expected, statement)) {
      return;
    }
    const bool identifier = info.type == Lexer::IDENT;
    const auto meant = identifier
                           ? nearest_expected(list_.text_of(at), expected, parser->getVocabulary())
                           : std::nullopt;
    std::string wanted(statement);
    if (wanted.empty()) {
      wanted = describe_expected(expected, parser->getVocabulary());
    }
    if (meant) {
      diagnostics_.error(Code::R0122, list_.span_of(at), "unknown word " + found)
          .help.push_back("did you mean `" + *meant + "`?");
      return;
    }
    if (info.type == Lexer::MODULE && statement == "a declaration") {
      diagnostics_.error(Code::R0129, list_.span_of(at),
                         "the module line stands once, before everything else");
      return;
    }
    const bool wants_name = expected.contains(static_cast<std::size_t>(Lexer::IDENT));
    const Code code =
        wants_name && is_reserved(info.type) && statement.empty() ? Code::R0123 : Code::R0120;
    Diagnostic& error = diagnostics_.error(
        code, list_.span_of(at),
        wanted.empty() ? found + " cannot stand here" : "expected " + wanted + ", found " + found);
    add_help(error, at, code);
  }

  void add_help(Diagnostic& error, std::size_t at, Code code) const {
    if (code == Code::R0123) {
      error.help.emplace_back("words of the grammar cannot be bare names; choose another name");
    }
    if (list_.infos[at].type == Lexer::ASSIGN) {
      error.help.emplace_back("two values are compared with `==`");
    }
  }

  // A closing bracket that fits nothing, or an end before a bracket is closed.
  bool report_bracket(std::size_t at, const IntervalSet& expected, std::string_view statement) {
    const TokenInfo& info = list_.infos[at];
    const auto i = static_cast<std::ptrdiff_t>(at);
    const bool closes = info.type == Lexer::RBRACE || info.type == Lexer::RPAREN;
    if (closes && info.opener == kNoIndex) {
      diagnostics_.error(Code::R0121, list_.span_of(at),
                         describe_token(list_, at) + " closes nothing");
      return true;
    }
    const bool ends = info.type == antlr4::Token::EOF || starts_declaration(i);
    const bool wrong =
        info.opener != kNoIndex && closes &&
        (list_.infos[info.opener].type == Lexer::LPAREN) != (info.type == Lexer::RPAREN);
    if (info.opener == kNoIndex || !(ends || wrong) || !statement.empty()) {
      return false;
    }
    const bool paren = list_.infos[info.opener].type == Lexer::LPAREN;
    if (!wrong &&
        !expected.contains(static_cast<std::size_t>(paren ? Lexer::RPAREN : Lexer::RBRACE))) {
      return false;
    }
    diagnostics_
        .error(Code::R0121, list_.span_of(info.opener),
               describe_token(list_, info.opener) + " is never closed", "opened here")
        .labels.push_back({list_.span_of(at),
                           paren ? "`)` is missing before this" : "`}` is missing before this"});
    return true;
  }

  const TokenList& list_;
  Diagnostics& diagnostics_;
  bool recovering_ = false;
};

}  // namespace

std::shared_ptr<antlr4::ANTLRErrorStrategy> make_recovery(const TokenList& list,
                                                          Diagnostics& diagnostics) {
  return std::make_shared<Recovery>(list, diagnostics);
}

}  // namespace rescind::parse
