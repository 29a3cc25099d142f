// What no policy file may be: too large, too deep, too long, or not plain text. Each bound has its
// code, and none of these texts may make the parser slow or overflow the stack.
#include <string>

#include <doctest/doctest.h>

#include "parse/parse_policy.h"

namespace {

using namespace rescind;

// The codes that a text gives, in order, each once in a row: "R0101 R0120".
std::string codes(std::string text, const ParseOptions& options = {}) {
  SourceSet sources;
  Diagnostics diagnostics;
  const SourceFileId file = sources.add("policy.rescind", std::move(text));
  const auto tree = parse_policy(sources, file, options, diagnostics);
  CHECK(tree.has_value() != diagnostics.has_errors());
  CHECK_FALSE(render_text(diagnostics, sources, {}).empty() == diagnostics.has_errors());
  std::string found;
  for (const Diagnostic& diagnostic : diagnostics.sorted()) {
    const std::string code = code_name(diagnostic.code);
    if (!found.ends_with(code)) {
      found += (found.empty() ? "" : " ") + code;
    }
  }
  return found;
}

std::string repeated(std::string_view text, std::size_t times) {
  std::string result;
  for (std::size_t i = 0; i < times; ++i) {
    result += text;
  }
  return result;
}

std::string rule_when(const std::string& condition) {
  return "rule a { on leaver when " + condition + " revoke session }";
}

TEST_CASE("parse: an empty file, a byte order mark and Windows line ends are fine") {
  CHECK(codes("").empty());
  CHECK(codes("// nothing\n").empty());
  CHECK(codes("\xEF\xBB\xBFmodule a\r\nrule b {\r\n  on leaver\r\n}\r\n").empty());
}

TEST_CASE("parse: bytes that are not UTF-8 are R0101") {
  CHECK(codes("rule a { because \"Zugang f\xFCr Externe\" }") == "R0101");
  CHECK(codes("// \xC0\xAF") == "R0101");
  CHECK(codes("\xFF\xFEr\x01") == "R0101");
}

TEST_CASE("parse: control characters are R0102, wherever they stand") {
  CHECK(codes(std::string("rule a { \0 }", 12)) == "R0102");
  CHECK(codes("// \x1b[2J\n") == "R0102");
  CHECK(codes("define a = \"\x7F\"") == "R0102");
}

TEST_CASE("parse: bidirectional control characters are R0103, also in strings and comments") {
  CHECK(codes("// \u202E\n") == "R0103");
  CHECK(codes("define a = \"\u2066\"") == "R0103");
  CHECK(codes("define a = \"\\u{2066}\"").empty());
}

TEST_CASE("parse: a file beyond its bytes is R0104 and is not read further") {
  CHECK(codes(std::string(10'000'000, '(')) == "R0104");
  ParseOptions options;
  options.max_bytes = 10;
  CHECK(codes("rule a { }", options).empty());
  CHECK(codes("rule a {  }", options) == "R0104");
}

TEST_CASE("parse: brackets, prefix operators and chains are bounded in depth by R0105") {
  CHECK(codes(rule_when(repeated("(", 100'000) + "x" + repeated(")", 100'000))) == "R0105");
  CHECK(codes(rule_when(repeated("{", 100'000))) == "R0105");
  CHECK(codes(rule_when(repeated("not ", 100'000) + "x")) == "R0105");
  CHECK(codes(rule_when(repeated("-", 100'000) + "x")) == "R0105");
  CHECK(codes(rule_when(repeated("known ", 100'000) + "x")) == "R0105");
  CHECK(codes(rule_when(repeated("any(x in ", 50'000))) == "R0105");
  CHECK(codes("test \"x\" " + repeated("{", 100'000)) == "R0105");
  CHECK(codes(rule_when(repeated("(", 98) + "x" + repeated(")", 98))).empty());
  CHECK(codes(rule_when("x" + repeated(" and x", 900))).empty());
  CHECK(codes(rule_when("x" + repeated(" and x", 20'000))) == "R0105");
  CHECK(codes(rule_when("x" + repeated(".x", 20'000))) == "R0105");
  CHECK(codes(rule_when("x" + repeated(" ?? x", 20'000))) == "R0105");
  CHECK(codes(rule_when("x == 1" + repeated(" + 1", 20'000))) == "R0105");
  CHECK(codes(rule_when("x in {1" + repeated(", 1", 20'000) + "}")).empty());
}

TEST_CASE("parse: a deep expression is refused wherever its levels come from") {
  // 60 brackets, each around a chain of 30: 1,800 levels, though neither bound is reached alone.
  std::string condition = "x";
  for (int i = 0; i < 60; ++i) {
    condition = "(" + condition + repeated(" or x", 30) + ") == y";
  }
  CHECK(codes(rule_when(condition)) == "R0105");
}

TEST_CASE("parse: more tokens than allowed are R0106") {
  ParseOptions options;
  options.max_tokens = 10;
  CHECK(codes("rule a { on b, c, d, e }", options) == "R0106");
  options.max_tokens = 12;
  CHECK(codes("rule a { on b, c, d, e }", options).empty());
  CHECK(codes(repeated(", ", 400'000)) == "R0106");
}

TEST_CASE("parse: more declarations or clauses than allowed are R0107") {
  ParseOptions options;
  options.max_declarations = 3;
  CHECK(codes(repeated("define a = 1 ", 3), options).empty());
  CHECK(codes(repeated("define a = 1 ", 5), options) == "R0107");
  options.max_clauses = 3;
  CHECK(codes("rule a { " + repeated("revoke session ", 3) + "}", options).empty());
  CHECK(codes("rule a { " + repeated("revoke session ", 4) + "}", options) == "R0107");
  CHECK(codes("retire a { stage b { " + repeated("disable c ", 2) + "} }", options).empty());
  CHECK(codes("retire a { stage b { " + repeated("disable c ", 3) + "} }", options) == "R0107");
  CHECK(codes("retire a { " + repeated("stage b { } ", 4) + "}", options) == "R0107");
}

TEST_CASE("parse: a comment that hides half the file does not make it quadratic") {
  CHECK(codes(repeated("/* ", 300'000)) == "R0114");
}

TEST_CASE("parse: a file full of errors stays within the limit of errors") {
  CHECK(codes(repeated("rule { ", 90)) == "R0120");
  CHECK(codes(repeated("} ", 10'000)) == "R0121");
  CHECK(codes(repeated("rule a { revoke } ", 10'000)) == "R0120");
}

}  // namespace
