// Sound policies with words exchanged for other words of the language: mostly nonsense that parses.
// The checker must refuse it with a message or give a policy that holds what later stages rely on,
// the same whatever the order of files and declarations.
#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include "check/check_policy.h"
#include "parse/parse_policy.h"
#include "tests/golden/golden.h"

namespace rescind {
namespace {

struct NamedText {
  std::string name;
  std::string text;
};

using Program = std::vector<NamedText>;

// The programs of the golden cases that show what is sound.
const std::vector<Program>& sound_programs() {
  static const std::vector<Program> programs = [] {
    std::vector<Program> found;
    const std::string folder = std::string(RESCIND_SOURCE_DIR) + "/tests/golden/check/";
    for (const char* name : {"expressions", "narrowing", "modules", "retire"}) {
      const golden::Case test = golden::read_case(folder + name + ".case");
      Program program;
      for (const golden::Section* section : test.all("policy")) {
        program.push_back({section->name.substr(7), section->text});
      }
      found.push_back(std::move(program));
    }
    return found;
  }();
  return programs;
}

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

struct Piece {
  std::size_t begin = 0;
  std::size_t size = 0;
};

// Words and strings; signs stay, so that most of what comes out still parses.
std::vector<Piece> words_of(const std::string& text) {
  std::vector<Piece> pieces;
  for (std::size_t i = 0; i < text.size();) {
    std::size_t end = i + 1;
    if (text[i] == '"') {
      end = text.find('"', i + 1) + 1;
    } else if (is_word(text[i])) {
      while (end < text.size() && is_word(text[end])) {
        ++end;
      }
    } else {
      ++i;
      continue;
    }
    pieces.push_back({i, end - i});
    i = end;
  }
  return pieces;
}

std::string exchange_words(std::string text, int times) {
  for (int i = 0; i < times; ++i) {
    const std::vector<Piece> pieces = words_of(text);
    const Piece from = *rc::gen::elementOf(pieces);
    const Piece to = *rc::gen::elementOf(pieces);
    const std::string word = text.substr(from.begin, from.size);
    text.replace(to.begin, to.size, word);
  }
  return text;
}

struct Outcome {
  bool parsed = true;
  bool has_errors = false;
  std::optional<CheckedPolicy> policy;
};

Outcome check_program(const Program& program, bool reversed) {
  const auto sources = std::make_shared<SourceSet>();
  Diagnostics diagnostics;
  std::vector<ast::PolicyFile> files;
  Outcome outcome;
  for (const NamedText& file : program) {
    auto tree = parse_policy(*sources, sources->add(file.name, file.text), {}, diagnostics);
    if (!tree) {
      outcome.parsed = false;
      return outcome;
    }
    files.push_back(*std::move(tree));
  }
  if (reversed) {
    std::reverse(files.begin(), files.end());
    for (ast::PolicyFile& file : files) {
      std::reverse(file.declarations.begin(), file.declarations.end());
    }
  }
  outcome.policy = check_policy(std::move(files), sources, {}, diagnostics);
  outcome.has_errors = diagnostics.has_errors();
  // A message that cannot be shown is none.
  RC_ASSERT(!render_text(diagnostics, *sources, {}).empty() || !outcome.has_errors);
  return outcome;
}

void assert_sound_arena(const ExprArena& exprs) {
  std::vector<int> users(exprs.nodes.size());
  for (std::size_t i = 0; i < exprs.nodes.size(); ++i) {
    const Expr& expr = exprs.nodes[i];
    const bool takes_missing =
        expr.op == ExprOp::Known || expr.op == ExprOp::Coalesce || expr.op == ExprOp::DeliveredTo;
    for (const ExprId operand : expr.operands) {
      if (operand.valid()) {
        RC_ASSERT(operand.index() < i);
        RC_ASSERT(++users[operand.index()] == 1);
        RC_ASSERT(takes_missing || !exprs[operand].type.optional);
        RC_ASSERT(exprs[operand].type.kind != TypeKind::Event);
      }
    }
  }
}

void assert_conditions(const CheckedPolicy& policy) {
  const auto is_condition = [&](ExprId id) {
    return !id.valid() ||
           (policy.exprs[id].type.kind == TypeKind::Bool && !policy.exprs[id].type.optional);
  };
  for (const CheckedRule& rule : policy.rules) {
    RC_ASSERT(is_condition(rule.when));
    RC_ASSERT(!rule.on.empty());
  }
  for (const CheckedClause& clause : policy.clauses) {
    RC_ASSERT(is_condition(clause.where));
    RC_ASSERT(clause.kinds.subset_of(verb_kinds(clause.verb)));
  }
}

TEST_CASE("check: exchanged words are refused with a message or give a sound policy") {
  const bool ok = rc::check([] {
    Program program = *rc::gen::elementOf(sound_programs());
    const int times = *rc::gen::inRange(1, 4);
    NamedText& file = program[*rc::gen::inRange<std::size_t>(0, program.size())];
    file.text = exchange_words(file.text, times);
    const Outcome straight = check_program(program, false);
    RC_PRE(straight.parsed);
    RC_ASSERT(straight.policy.has_value() != straight.has_errors);
    const Outcome reversed = check_program(program, true);
    RC_ASSERT(straight.has_errors == reversed.has_errors);
    if (straight.policy) {
      assert_sound_arena(straight.policy->exprs);
      assert_conditions(*straight.policy);
      RC_ASSERT(print_checked(*straight.policy) == print_checked(*reversed.policy));
    }
  });
  CHECK(ok);
}

}  // namespace
}  // namespace rescind
