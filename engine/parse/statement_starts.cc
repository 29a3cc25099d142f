// Where statements begin; see the header.
#include "parse/statement_starts.h"

#include "RescindLexer.h"
#include "RescindParser.h"
#include "model/vocabulary.h"
#include "parse/syntax_messages.h"

namespace rescind::parse {
namespace {

using Lexer = rescind_grammar::RescindLexer;
using Parser = rescind_grammar::RescindParser;

}  // namespace

bool StatementStarts::starts_declaration(std::ptrdiff_t i) const {
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

bool StatementStarts::starts_stage(std::ptrdiff_t i) const {
  return type(i) == Lexer::STAGE && is_word(type(i + 1)) && type(i + 2) == Lexer::LBRACE;
}

// After `.`, before `:` or `=` every word is a name.
bool StatementStarts::is_used_as_name(std::ptrdiff_t i) const {
  return type(i - 1) == Lexer::DOT || type(i + 1) == Lexer::COLON || type(i + 1) == Lexer::ASSIGN;
}

bool StatementStarts::starts_clause(std::ptrdiff_t i) const {
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

bool StatementStarts::starts_escalation(std::ptrdiff_t i) const {
  return type(i) == Lexer::ESCALATE && type(i - 1) != Lexer::OTHERWISE;
}

bool StatementStarts::starts_in_retire(std::ptrdiff_t i, bool headers) const {
  switch (type(i)) {
  case Lexer::ON:
  case Lexer::BECAUSE:
  case Lexer::CONTROLS:
    return true;
  case Lexer::WHEN:
    return headers;
  case Lexer::FOR:
    return type(i - 1) != Lexer::IDLE;
  case Lexer::START:
    return type(i + 1) == Lexer::AT;
  case Lexer::ENTER:
    return is_word(type(i + 1)) && type(i + 2) == Lexer::WITHIN;
  default:
    return starts_escalation(i) || starts_stage(i);
  }
}

bool StatementStarts::starts_in_stage(std::ptrdiff_t i) const {
  const std::size_t next = type(i + 1);
  const bool fresh = list_.infos[static_cast<std::size_t>(i)].first_on_line;
  switch (type(i)) {
  case Lexer::DONE:
    return next == Lexer::WHEN || fresh;
  case Lexer::WITHIN:
  case Lexer::SOAK:
    return next == Lexer::DURATION || fresh;
  case Lexer::APPROVED:
    return next == Lexer::BY || fresh;
  case Lexer::OTHERWISE:
    return true;
  case Lexer::ON:
    return next == Lexer::USE;
  default:
    return starts_clause(i);
  }
}

bool StatementStarts::starts_statement(std::size_t body, std::ptrdiff_t i, bool headers) const {
  if (body != Parser::RuleAttributes && body != Parser::RuleImportArguments && is_used_as_name(i)) {
    return false;
  }
  const std::size_t here = type(i);
  switch (body) {
  case Parser::RuleImportArguments:
    return is_word(here) && type(i + 1) == Lexer::ASSIGN;
  case Parser::RuleAttributes:
    return is_word(here) && type(i + 1) == Lexer::COLON;
  case Parser::RuleSchemaBody:
    return (is_name(here) && type(i + 1) == Lexer::LBRACE && type(i - 1) != Lexer::ABOUT &&
            type(i - 1) != Lexer::COLON && type(i - 1) != Lexer::LESS) ||
           (here == Lexer::EVENT && is_name(type(i + 1)));
  case Parser::RuleRoleBody:
    return here == Lexer::WHEN || here == Lexer::GRANTS;
  case Parser::RuleKeepBody:
    return here == Lexer::BECAUSE ||
           (is_name(here) && list_.infos[static_cast<std::size_t>(i)].first_on_line);
  case Parser::RuleRuleBody:
    return here == Lexer::ON || here == Lexer::WHEN || here == Lexer::CONTROLS ||
           (here == Lexer::BECAUSE && headers) || starts_escalation(i) || starts_clause(i);
  case Parser::RuleRetireBody:
    return starts_in_retire(i, headers);
  case Parser::RuleStageBody:
    return starts_in_stage(i);
  case Parser::RuleHoldBody:
    return here == Lexer::WHEN || here == Lexer::BLOCKS || here == Lexer::EVEN ||
           here == Lexer::UNTIL || here == Lexer::ORDERED || here == Lexer::BECAUSE;
  default:
    return false;
  }
}

}  // namespace rescind::parse
