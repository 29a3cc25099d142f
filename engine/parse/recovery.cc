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
#include "parse/statement_starts.h"
#include "parse/syntax_messages.h"

namespace rescind::parse {
namespace {

using Lexer = rescind_grammar::RescindLexer;
using Parser = rescind_grammar::RescindParser;
using antlr4::misc::IntervalSet;

constexpr std::string_view kDeclaration = "a declaration";

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
  case Parser::RuleSelected:
  case Parser::RuleRetirePart:
  case Parser::RuleLateRetireHeader:
  case Parser::RuleStageItem:
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
  case Parser::RuleRetireBody:
  case Parser::RuleStageBody:
    return true;
  default:
    return false;
  }
}

std::string_view statement_word(std::size_t body) {
  switch (body) {
  case Parser::RulePolicyFile:
    return kDeclaration;
  case Parser::RuleSchemaBody:
    return "`systems`, `teams`, `event` or an entity with `{`";
  case Parser::RuleAttributes:
    return "an attribute like `name: type`";
  case Parser::RuleKeepBody:
    return "a selection or `because`";
  case Parser::RuleRuleBody:
    return "a clause";
  case Parser::RuleStageBody:
    return "an action, `done when`, `soak` or another part of a stage";
  case Parser::RuleRetireBody:
    return "`start at`, `enter`, `stage` or, before these, a part of the header";
  default:
    return {};
  }
}

// Statements that begin with a verb.
bool begins_with_verb(std::size_t rule) {
  return rule == Parser::RuleClause || rule == Parser::RuleStageItem;
}

class StatementRecovery final : public Recovery {
 public:
  StatementRecovery(const TokenList& list, Diagnostics& diagnostics)
      : list_(list), starts_(list), diagnostics_(diagnostics) {}

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
    skip_statement(parser, body, context->getStart()->getTokenIndex(),
                   rule == Parser::RuleHeader || rule == Parser::RuleSelected);
  }

  // Before every decision of a loop: a body that meets something else than one of its statements
  // says so and goes on behind it.
  void sync(antlr4::Parser* parser) override {
    const std::size_t rule = parser->getContext()->getRuleIndex();
    if (!is_body(rule)) {
      return;
    }
    // These lists take any word, so the next declaration would be read as one of theirs.
    const bool takes_words = rule == Parser::RuleImportArguments || rule == Parser::RuleAttributes;
    if (takes_words &&
        starts_.starts_declaration(static_cast<std::ptrdiff_t>(current_index(parser)))) {
      throw antlr4::InputMismatchException(parser);
    }
    const antlr4::atn::ATN& atn = parser->getATN();
    const IntervalSet& acceptable = atn.nextTokens(atn.states[parser->getState()]);
    while (!fits(parser, rule, acceptable)) {
      give_up_token(parser, rule, acceptable);
    }
  }

  bool reach_declaration(antlr4::Parser* parser) override {
    const antlr4::atn::ATN& atn = parser->getATN();
    const bool at_start = current_index(parser) == 0;
    const std::size_t rule =
        at_start ? std::size_t{Parser::RulePolicyFile} : std::size_t{Parser::RuleDeclaration};
    const IntervalSet& acceptable = atn.nextTokens(atn.ruleToStartState[rule]);
    while (!fits(parser, Parser::RulePolicyFile, acceptable)) {
      give_up_token(parser, Parser::RulePolicyFile, acceptable);
    }
    return list_.infos[current_index(parser)].type != antlr4::Token::EOF;
  }

 private:
  static std::size_t index_of(const antlr4::RecognitionException& error) {
    return error.getOffendingToken()->getTokenIndex();
  }

  // Inside a rule the token stays in the parser's tree, as a sign that something was given up.
  static void consume(antlr4::Parser* parser) {
    if (parser->getContext() == nullptr) {
      parser->getInputStream()->consume();
    } else {
      parser->consume();
    }
  }

  // A token that fits nowhere in a body: says so, and goes on at the next statement.
  void give_up_token(antlr4::Parser* parser, std::size_t body, const IntervalSet& acceptable) {
    const std::size_t at = current_index(parser);
    const bool in_rule = body == Parser::RuleRuleBody;
    const bool stray_reason = in_rule && list_.infos[at].type == Lexer::BECAUSE;
    const bool known =
        recovering_ || (stray_reason && has_error(parser->getContext())) ||
        ((in_rule || body == Parser::RuleStageBody) && report_misspelt_before(parser, at));
    if (!known) {
      report(parser, at, acceptable, statement_word(body));
    }
    recovering_ = true;
    consume(parser);
    const std::size_t last_header_word =
        body == Parser::RuleRetireBody ? std::size_t{Lexer::WHEN} : std::size_t{Lexer::BECAUSE};
    skip_statement(parser, body, at, acceptable.contains(last_header_word));
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
           (type == Lexer::RBRACE || starts_.starts_declaration(static_cast<std::ptrdiff_t>(at)) ||
            (rule == Parser::RuleStageBody &&
             starts_.starts_stage(static_cast<std::ptrdiff_t>(at))));
  }

  // Moves to the next statement of the body, to its closing brace, or to the next declaration.
  // `headers`: in a rule before its first clause, where `because` begins a statement; in a retire
  // before its first stage, where `when` does.
  void skip_statement(antlr4::Parser* parser, std::size_t body, std::size_t first, bool headers) {
    const std::uint32_t braces = list_.infos[first].braces;
    const std::size_t from = current_index(parser);
    if (diagnostics_.suppressed() > 0) {  // nothing more would be shown, so nothing more is sought
      parser->getInputStream()->seek(list_.infos.size() - 1);
      return;
    }
    for (;; consume(parser)) {
      const std::size_t at = current_index(parser);
      const TokenInfo& info = list_.infos[at];
      const auto i = static_cast<std::ptrdiff_t>(at);
      if (info.type == antlr4::Token::EOF || (at > first && starts_.starts_declaration(i))) {
        return;
      }
      // Also where the bracket of the stage before was forgotten.
      const bool in_retire = body == Parser::RuleRetireBody || body == Parser::RuleStageBody;
      if (in_retire && at > first && starts_.starts_stage(i)) {
        return;
      }
      if (body == Parser::RulePolicyFile) {
        continue;
      }
      if (info.type == Lexer::RBRACE && info.braces <= braces) {
        return;
      }
      // The token that broke the statement begins another one only on a line of its own.
      const bool fresh = at > from || info.first_on_line;
      if (at > first && fresh && info.braces <= braces &&
          starts_.starts_statement(body, i, headers)) {
        return;
      }
    }
  }

  // ---- Messages ----

  // `witin 5m` after a clause looks like a new clause with the verb `witin`; the word is what is
  // wrong.
  bool report_misspelt_clause(antlr4::Parser* parser, std::size_t at) {
    antlr4::ParserRuleContext* context = parser->getContext();
    while (context != nullptr && !begins_with_verb(context->getRuleIndex())) {
      context = dynamic_cast<antlr4::ParserRuleContext*>(context->parent);
    }
    if (context == nullptr) {
      return false;
    }
    const std::size_t verb = context->getStart()->getTokenIndex();
    if (report_missing_period(verb)) {
      return true;
    }
    return at <= verb + 2 && report_misspelt_word(verb, context->getRuleIndex());
  }

  // `within` at the end of a clause takes the next clause's verb for a parameter.
  bool report_missing_period(std::size_t verb) {
    const auto i = static_cast<std::ptrdiff_t>(verb);
    if ((list_.type_at(i - 2) != Lexer::WITHIN && list_.type_at(i - 2) != Lexer::AFTER) ||
        !find_verb(list_.text_of(verb - 1))) {
      return false;
    }
    diagnostics_.error(Code::R0120, place_of_missing(verb - 1),
                       "expected a duration like `15m`, found " + describe_token(list_, verb - 1));
    return true;
  }

  // The same where the wrong word made a clause that looked whole: `wehn subject` before `.`.
  bool report_misspelt_before(antlr4::Parser* parser, std::size_t at) {
    const auto& children = parser->getContext()->children;
    auto* last =
        children.empty() ? nullptr : dynamic_cast<antlr4::ParserRuleContext*>(children.back());
    if (last == nullptr || !begins_with_verb(last->getRuleIndex())) {
      return false;
    }
    const std::size_t verb = last->getStart()->getTokenIndex();
    const std::size_t statement = last->getRuleIndex();
    return (at == verb + 2 && report_misspelt_word(verb, statement)) ||
           report_misspelt_word(at - 1, statement);
  }

  bool report_misspelt_word(std::size_t index, std::size_t statement) {
    if (list_.infos[index].type != Lexer::IDENT || find_verb(list_.text_of(index))) {
      return false;
    }
    const std::string_view word = list_.text_of(index);
    const auto meant =
        statement == Parser::RuleClause ? nearest_clause_word(word) : nearest_stage_word(word);
    if (!meant) {
      return false;
    }
    diagnostics_
        .error(Code::R0122, list_.span_of(index),
               "unknown word `" + std::string(list_.text_of(index)) + "`")
        .help.emplace_back("did you mean `" + *meant + "`?");
    return true;
  }

  void report(antlr4::Parser* parser, std::size_t at, const IntervalSet& expected,
              std::string_view statement) {
    const TokenInfo& info = list_.infos[at];
    const std::string found = describe_token(list_, at);
    if (info.bad || report_bracket(at, expected, statement)) {
      return;  // a bad token was reported when it was read
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
          .help.emplace_back("did you mean `" + *meant + "`?");
      return;
    }
    if (info.type == Lexer::MODULE && statement == kDeclaration) {
      diagnostics_.error(Code::R0129, list_.span_of(at),
                         "the module line stands once, before everything else");
      return;
    }
    const bool wants_name = expected.contains(static_cast<std::size_t>(Lexer::IDENT));
    const bool as_name =
        wants_name && is_reserved(info.type) && statement.empty() && !info.first_on_line;
    const Code code = as_name ? Code::R0123 : Code::R0120;
    Diagnostic& error = diagnostics_.error(
        code, statement.empty() ? place_of_missing(at) : list_.span_of(at),
        wanted.empty() ? found + " cannot stand here" : "expected " + wanted + ", found " + found);
    add_help(error, at, code);
    const bool in_parens =
        info.opener != kNoIndex && list_.infos[info.opener].type == Lexer::LPAREN;
    if (in_parens && expected.contains(static_cast<std::size_t>(Lexer::RPAREN))) {
      error.labels.push_back({list_.span_of(info.opener), "opened here"});
    }
  }

  // What is missing at the end of a line is shown there and not at the next line.
  [[nodiscard]] Span place_of_missing(std::size_t at) const {
    if (at == 0 || !list_.infos[at].first_on_line) {
      return list_.span_of(at);
    }
    const std::uint32_t end = list_.infos[at - 1].end;
    return {list_.file, end, end};
  }

  void add_help(Diagnostic& error, std::size_t at, Code code) const {
    if (code == Code::R0123) {
      error.help.emplace_back("words of the grammar cannot be bare names; choose another name");
    }
    if (list_.infos[at].type == Lexer::ASSIGN &&
        list_.type_at(static_cast<std::ptrdiff_t>(at) - 1) != Lexer::RBRACE) {
      error.help.emplace_back("two values are compared with `==`");
    }
  }

  // A closing bracket that fits nothing, or an end before a bracket is closed.
  bool report_bracket(std::size_t at, const IntervalSet& expected, std::string_view statement) {
    const TokenInfo& info = list_.infos[at];
    const auto i = static_cast<std::ptrdiff_t>(at);
    const bool closes = info.type == Lexer::RBRACE || info.type == Lexer::RPAREN;
    const bool stray = info.type == Lexer::RPAREN && info.opener != kNoIndex &&
                       list_.infos[info.opener].type == Lexer::LBRACE;
    if (closes && (info.opener == kNoIndex || statement == kDeclaration || stray)) {
      diagnostics_.error(Code::R0121, list_.span_of(at),
                         describe_token(list_, at) + " closes nothing");
      return true;
    }
    const bool ends =
        info.type == antlr4::Token::EOF || starts_.starts_declaration(i) || starts_.starts_stage(i);
    const bool wrong = info.opener != kNoIndex && info.type == Lexer::RBRACE &&
                       list_.infos[info.opener].type == Lexer::LPAREN;
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
  StatementStarts starts_;
  Diagnostics& diagnostics_;
  bool recovering_ = false;
};

}  // namespace

std::shared_ptr<Recovery> make_recovery(const TokenList& list, Diagnostics& diagnostics) {
  return std::make_shared<StatementRecovery>(list, diagnostics);
}

}  // namespace rescind::parse
