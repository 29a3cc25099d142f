// Laws of the grammar, computed from the generated parser's own tables and held on every policy of
// the tree.
// clang-format off: doctest's macros WHEN and THEN would change the names of tokens, so it comes
// later
#include "RescindParser.h"
// clang-format on

#include <algorithm>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include <DiagnosticErrorListener.h>
#include <atn/DecisionState.h>
#include <atn/LL1Analyzer.h>
#include <atn/ParserATNSimulator.h>
#include <atn/RuleStartState.h>
#include <doctest/doctest.h>

#include "base/text.h"
#include "parse/parse_policy.h"
#include "parse/syntax_messages.h"
#include "parse/token_stream.h"
#include "tests/golden/golden.h"

namespace {

using namespace rescind;
using Parser = rescind_grammar::RescindParser;
using TokenTypes = std::set<std::size_t>;

parse::TokenList only_the_end() {
  parse::TokenList list;
  list.infos.emplace_back().type = antlr4::Token::EOF;
  return list;
}

// The parser's tables need an instance to be reached.
struct Tables {
  parse::TokenList list = only_the_end();
  parse::TokenListStream stream{list};
  Parser parser{&stream};
  const antlr4::atn::ATN& atn = parser.getATN();

  [[nodiscard]] std::string name(std::size_t type) const {
    return parser.getVocabulary().getDisplayName(type);
  }

  [[nodiscard]] std::string names(const TokenTypes& types) const {
    std::string text;
    for (const std::size_t type : types) {
      text += name(type) + " ";
    }
    return text;
  }

  [[nodiscard]] TokenTypes types(const antlr4::misc::IntervalSet& set) const {
    TokenTypes result;
    for (const ssize_t type : set.toList()) {
      if (type != static_cast<ssize_t>(antlr4::Token::EPSILON)) {
        result.insert(static_cast<std::size_t>(type));
      }
    }
    return result;
  }

  // The tokens with which a rule can begin.
  [[nodiscard]] TokenTypes first(std::size_t rule) const {
    return types(atn.nextTokens(atn.ruleToStartState[rule]));
  }

  // The tokens that go on with a rule at a place where it could also end.
  [[nodiscard]] TokenTypes continuing(const std::vector<std::size_t>& rules) const {
    TokenTypes result;
    for (antlr4::atn::ATNState* state : atn.states) {
      if (dynamic_cast<antlr4::atn::DecisionState*>(state) == nullptr ||
          std::find(rules.begin(), rules.end(), state->ruleIndex) == rules.end()) {
        continue;
      }
      const auto& next = atn.nextTokens(state);
      if (next.contains(antlr4::Token::EPSILON)) {
        result.merge(types(next));
      }
    }
    return result;
  }
};

TokenTypes common(const TokenTypes& a, const TokenTypes& b) {
  TokenTypes both;
  std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::inserter(both, both.end()));
  return both;
}

TEST_CASE("grammar: every decision is made on one token") {
  const Tables tables;
  const antlr4::atn::LL1Analyzer analyzer(tables.atn);
  for (antlr4::atn::DecisionState* decision : tables.atn.decisionToState) {
    const auto looks = analyzer.getDecisionLookahead(decision);
    for (std::size_t i = 0; i < looks.size(); ++i) {
      for (std::size_t j = i + 1; j < looks.size(); ++j) {
        const TokenTypes both = common(tables.types(looks[i]), tables.types(looks[j]));
        CHECK_MESSAGE(both.empty(), "rule " << tables.parser.getRuleNames()[decision->ruleIndex]
                                            << " cannot decide on " << tables.names(both));
      }
    }
  }
}

TEST_CASE("grammar: no statement begins with a token that can continue an expression") {
  const Tables tables;
  const TokenTypes continuing =
      tables.continuing({Parser::RuleExpr, Parser::RuleComparison, Parser::RuleComparisonTail,
                         Parser::RuleSum, Parser::RuleCoalesced, Parser::RulePrefixed,
                         Parser::RulePrimary, Parser::RuleArguments, Parser::RulePrincipals});
  // A few that are certainly there, so that an empty set cannot pass.
  for (const std::size_t type : {Parser::AND, Parser::NOT, Parser::SUPPORTS, Parser::DOT,
                                 Parser::LPAREN, Parser::MINUS, Parser::COALESCE}) {
    CHECK(continuing.contains(type));
  }
  for (const std::size_t rule :
       {Parser::RuleDeclaration, Parser::RuleHeader, Parser::RuleLateHeader, Parser::RuleClause,
        Parser::RuleModifier, Parser::RuleEscalationStep, Parser::RuleRoleItem,
        Parser::RuleKeepItem, Parser::RuleHoldItem, Parser::RulePerWindow, Parser::RuleSelected,
        Parser::RuleRetirePart, Parser::RuleLateRetireHeader, Parser::RuleStageItem}) {
    const TokenTypes both = common(tables.first(rule), continuing);
    CHECK_MESSAGE(both.empty(), "rule " << tables.parser.getRuleNames()[rule] << " begins with "
                                        << tables.names(both));
  }
}

TEST_CASE(
    "grammar: attributes and arguments may have any name, because no value goes on with a word") {
  const Tables tables;
  const TokenTypes continuing =
      tables.continuing({Parser::RuleLiteral, Parser::RuleSimpleLiteral, Parser::RuleTypeExpr,
                         Parser::RuleSimpleType, Parser::RuleEnumValues, Parser::RuleAttribute,
                         Parser::RuleImportArgument, Parser::RuleName});
  CHECK(continuing.contains(Parser::QUESTION));
  CHECK(common(tables.first(Parser::RuleAttribute), continuing).empty());
  CHECK(common(tables.first(Parser::RuleImportArgument), continuing).empty());
  CHECK(tables.first(Parser::RuleAttribute) == tables.first(Parser::RuleAnyWord));
}

TEST_CASE(
    "grammar: names and words are the ranges of token types that the messages take them for") {
  const Tables tables;
  const TokenTypes names = tables.first(Parser::RuleName);
  const TokenTypes words = tables.first(Parser::RuleAnyWord);
  for (std::size_t type = 1; type <= tables.atn.maxTokenType; ++type) {
    CHECK_MESSAGE(parse::is_name(type) == names.contains(type), tables.name(type));
    CHECK_MESSAGE(parse::is_word(type) == words.contains(type), tables.name(type));
    CHECK(parse::is_reserved(type) == (words.contains(type) && !names.contains(type)));
  }
}

TEST_CASE("grammar: a system named like a word of the grammar is printed as a string") {
  const Tables tables;
  std::string list;
  for (const std::size_t type : tables.first(Parser::RuleAnyWord)) {
    const std::string literal = tables.parser.getVocabulary().getLiteralName(type);
    if (literal.size() > 2) {
      list += (list.empty() ? "\"" : ", \"") + literal.substr(1, literal.size() - 2) + "\"";
    }
  }
  SourceSet sources;
  Diagnostics diagnostics;
  const auto tree = parse_policy(sources, sources.add("a", "schema { systems { " + list + " } }"),
                                 {}, diagnostics);
  REQUIRE(tree.has_value());
  const auto again =
      parse_policy(sources, sources.add("b", ast::print_policy(*tree)), {}, diagnostics);
  CHECK_MESSAGE(again.has_value(), render_text(diagnostics, sources, {}));
}

// ---- On every policy of the tree ----------------------------------------------------------------

struct Policy {
  std::string place;
  std::string text;
};

// Policy files, and the policies in golden cases that are not meant to fail.
std::vector<Policy> all_policies() {
  std::vector<Policy> policies;
  for (const char* folder : {"policies", "examples", "tests"}) {
    const std::filesystem::path root = std::filesystem::path(RESCIND_SOURCE_DIR) / folder;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
      const std::string path = entry.path().string();
      const std::string name = entry.path().filename().string();
      if (entry.path().extension() == ".rescind") {
        policies.push_back({path, read_file(path, 4'000'000).value()});
      }
      if (entry.path().extension() == ".case" && !name.starts_with("fail_")) {
        const golden::Case test = golden::read_case(path);
        for (const golden::Section* section : test.all("policy")) {
          policies.push_back({path + " " + section->name, section->text});
        }
      }
    }
  }
  return policies;
}

std::string tree_text(const Policy& policy, antlr4::atn::PredictionMode mode,
                      antlr4::ANTLRErrorListener& listener) {
  SourceSet sources;
  Diagnostics diagnostics;
  auto list = parse::read_tokens(sources, sources.add(policy.place, policy.text), {}, diagnostics);
  REQUIRE_MESSAGE(list.has_value(), policy.place);
  parse::TokenListStream stream(*list);
  Parser parser(&stream);
  parser.removeErrorListeners();
  parser.addErrorListener(&listener);
  parser.getInterpreter<antlr4::atn::ParserATNSimulator>()->setPredictionMode(mode);
  std::string text;
  std::vector<antlr4::tree::ParseTree*> open{parser.policyFile()};
  while (!open.empty()) {
    antlr4::tree::ParseTree* node = open.back();
    open.pop_back();
    const auto* rule = dynamic_cast<antlr4::ParserRuleContext*>(node);
    const auto* leaf = dynamic_cast<antlr4::tree::TerminalNode*>(node);
    text +=
        rule != nullptr
            ? "(" + std::to_string(rule->getRuleIndex())
            : " " +
                  std::to_string(
                      const_cast<antlr4::tree::TerminalNode*>(leaf)->getSymbol()->getTokenIndex());
    open.insert(open.end(), node->children.rbegin(), node->children.rend());
  }
  return text;
}

// Collects what the parser says about itself and about the text.
class Complaints final : public antlr4::BaseErrorListener {
 public:
  std::vector<std::string> found;

  void syntaxError(antlr4::Recognizer* /*recognizer*/, antlr4::Token* /*token*/, size_t line,
                   size_t /*column*/, const std::string& message,
                   std::exception_ptr /*error*/) override {
    found.push_back("line " + std::to_string(line) + ": " + message);
  }

  void reportAmbiguity(antlr4::Parser* /*parser*/, const antlr4::dfa::DFA& /*dfa*/,
                       size_t /*start*/, size_t /*stop*/, bool /*exact*/,
                       const antlrcpp::BitSet& /*alternatives*/,
                       antlr4::atn::ATNConfigSet* /*configs*/) override {
    found.emplace_back("ambiguity");
  }

  void reportAttemptingFullContext(antlr4::Parser* /*parser*/, const antlr4::dfa::DFA& /*dfa*/,
                                   size_t /*start*/, size_t /*stop*/,
                                   const antlrcpp::BitSet& /*alternatives*/,
                                   antlr4::atn::ATNConfigSet* /*configs*/) override {
    found.emplace_back("more than the cheap mode was needed");
  }
};

TEST_CASE("grammar: no policy is ambiguous, and the cheap and the full mode give one tree") {
  const std::vector<Policy> policies = all_policies();
  CHECK(policies.size() >= 10);
  for (const Policy& policy : policies) {
    Complaints complaints;
    const std::string exact =
        tree_text(policy, antlr4::atn::PredictionMode::LL_EXACT_AMBIG_DETECTION, complaints);
    CHECK_MESSAGE(complaints.found.empty(), policy.place << ": " << join(complaints.found, "; "));
    const std::string cheap = tree_text(policy, antlr4::atn::PredictionMode::SLL, complaints);
    const std::string full = tree_text(policy, antlr4::atn::PredictionMode::LL, complaints);
    CHECK_MESSAGE(cheap == full, policy.place);
    CHECK_MESSAGE(exact == full, policy.place);
  }
}

}  // namespace
