// Words for syntax errors; see the header.
#include "parse/syntax_messages.h"

#include <algorithm>
#include <vector>

#include "RescindLexer.h"
#include "base/text.h"

namespace rescind::parse {
namespace {

using Lexer = rescind_grammar::RescindLexer;

constexpr std::size_t kMostNamed = 6;  // a longer list of alternatives helps nobody

// The fixed text of a token type; empty for tokens that vary.
std::string literal_of(std::size_t type, const antlr4::dfa::Vocabulary& vocabulary) {
  const std::string quoted = vocabulary.getLiteralName(type);
  return quoted.size() > 2 ? quoted.substr(1, quoted.size() - 2) : std::string();
}

std::string class_of(std::size_t type) {
  switch (type) {
  case Lexer::INT:
    return "a whole number";
  case Lexer::DURATION:
    return "a duration like `15m`";
  case Lexer::PERCENT:
    return "a percentage";
  case Lexer::DATE:
    return "a date";
  case Lexer::INSTANT:
    return "an instant";
  case Lexer::STRING:
    return "a string";
  case antlr4::Token::EOF:
    return "the end of the file";
  default:
    return {};
  }
}

bool starts_expression(std::size_t type) {
  switch (type) {
  case Lexer::NOT:
  case Lexer::MINUS:
  case Lexer::KNOWN:
  case Lexer::TRUE:
  case Lexer::FALSE:
  case Lexer::INT:
  case Lexer::STRING:
  case Lexer::DURATION:
  case Lexer::DATE:
  case Lexer::INSTANT:
  case Lexer::LBRACE:
  case Lexer::LPAREN:
    return true;
  default:
    return is_name(type) || (type >= Lexer::ANY && type <= Lexer::SUM);
  }
}

bool is_operator(std::size_t type) {
  switch (type) {
  case Lexer::AND:
  case Lexer::OR:
  case Lexer::NOT:
  case Lexer::IN:
  case Lexer::LIKE:
  case Lexer::MATCHES:
  case Lexer::IS:
  case Lexer::SUPPORTS:
  case Lexer::IDLE:
  case Lexer::DELIVERED:
  case Lexer::DOT:
  case Lexer::LPAREN:
    return true;
  default:
    return type >= Lexer::EQUAL && type <= Lexer::MINUS && type != Lexer::QUESTION;
  }
}

std::string one_of(const std::vector<std::string>& parts) {
  std::string text;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const bool last = i + 1 == parts.size();
    text += i == 0 ? "" : (last ? " or " : ", ");
    text += parts[i];
  }
  return text;
}

}  // namespace

bool is_word(std::size_t type) {
  return type >= Lexer::MODULE && type <= Lexer::IDENT;
}

bool is_name(std::size_t type) {
  return type == Lexer::ROLE || (type >= Lexer::EVENT && type <= Lexer::IDENT);
}

bool is_reserved(std::size_t type) {
  return is_word(type) && !is_name(type);
}

std::string describe_token(const TokenList& list, std::size_t index) {
  const std::size_t type = list.infos[index].type;
  if (type == antlr4::Token::EOF) {
    return "the end of the file";
  }
  if (type == Lexer::STRING) {
    return "a string";
  }
  const std::string quoted = "`" + std::string(list.text_of(index)) + "`";
  return is_reserved(type) ? "the reserved word " + quoted : quoted;
}

std::string describe_expected(const antlr4::misc::IntervalSet& expected,
                              const antlr4::dfa::Vocabulary& vocabulary) {
  std::vector<std::size_t> types;
  for (const ssize_t type : expected.toList()) {
    if (type != static_cast<ssize_t>(antlr4::Token::EPSILON)) {
      types.push_back(static_cast<std::size_t>(type));
    }
  }
  const auto has = [&](std::size_t type) {
    return std::find(types.begin(), types.end(), type) != types.end();
  };
  std::vector<std::string> parts;
  if (has(Lexer::EQUAL) &&
      has(Lexer::PLUS)) {  // after an expression: its operators go without saying
    std::erase_if(types, is_operator);
  }
  if (has(Lexer::LPAREN) && has(Lexer::MINUS)) {
    parts.emplace_back(has(Lexer::NOT) ? "an expression" : "a value");
    std::erase_if(types, starts_expression);
  }
  if (has(Lexer::IDENT)) {
    const bool any_word = has(Lexer::MODULE) && has(Lexer::SUM);
    parts.emplace_back("a name");
    std::erase_if(types, any_word ? is_word : is_name);
  }
  for (const std::size_t type : types) {
    const std::string described = class_of(type);
    parts.push_back(described.empty() ? "`" + literal_of(type, vocabulary) + "`" : described);
  }
  return parts.size() > kMostNamed ? std::string() : one_of(parts);
}

std::optional<std::string> nearest_expected(std::string_view word,
                                            const antlr4::misc::IntervalSet& expected,
                                            const antlr4::dfa::Vocabulary& vocabulary) {
  std::vector<std::string> words;
  for (const ssize_t type : expected.toList()) {
    if (type > 0 && is_word(static_cast<std::size_t>(type)) &&
        static_cast<std::size_t>(type) != Lexer::IDENT) {
      words.push_back(literal_of(static_cast<std::size_t>(type), vocabulary));
    }
  }
  return nearest_name(word, words);
}

namespace {

// A word that begins with what was written, else one that is spelt nearly so.
std::optional<std::string> nearest_or_longer(std::string_view word,
                                             const std::vector<std::string>& words) {
  const auto longer = std::find_if(words.begin(), words.end(), [&](const std::string& candidate) {
    return word.size() > 2 && candidate.starts_with(word);
  });
  return longer != words.end() ? std::optional<std::string>(*longer) : nearest_name(word, words);
}

}  // namespace

std::optional<std::string> nearest_clause_word(std::string_view word) {
  static const std::vector<std::string> words{
      "as",     "after", "approved", "ask",       "because", "controls", "escalate", "even",
      "notify", "on",    "or",       "otherwise", "to",      "when",     "where",    "within"};
  return nearest_or_longer(word, words);
}

std::optional<std::string> nearest_stage_word(std::string_view word) {
  static const std::vector<std::string> words{"approved", "ask",       "done", "notify",
                                              "on",       "otherwise", "soak", "within"};
  return nearest_or_longer(word, words);
}

}  // namespace rescind::parse
