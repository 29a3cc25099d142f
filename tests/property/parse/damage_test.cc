// Sound policies with something taken out, doubled or put in: the parser must say something about
// the right place, say little, and never fall over.
#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include "base/text.h"
#include "parse/parse_policy.h"
#include "tests/golden/golden.h"
#include "tests/property/parse/dump_tree.h"

namespace rescind {
namespace {

// The policy of the golden case that shows the whole language.
const std::string& whole_language() {
  static const std::string text = *golden::read_case(std::string(RESCIND_SOURCE_DIR) +
                                                     "/tests/golden/parse/all_declarations.case")
                                       .find("policy all.rescind");
  return text;
}

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

struct Piece {
  std::size_t begin;
  std::size_t end;
};

// Words, strings and signs; close enough to the tokens of the language.
std::vector<Piece> pieces_of(const std::string& text) {
  std::vector<Piece> pieces;
  for (std::size_t i = 0; i < text.size();) {
    std::size_t end = i + 1;
    if (text.compare(i, 2, "//") == 0) {
      i = std::min(text.find('\n', i), text.size());
      continue;
    }
    if (text[i] == ' ' || text[i] == '\n') {
      ++i;
      continue;
    }
    if (text[i] == '"') {
      end = text.find('"', i + 1) + 1;
    } else if (is_word(text[i])) {
      while (end < text.size() && is_word(text[end])) {
        ++end;
      }
    }
    pieces.push_back({i, end});
    i = end;
  }
  return pieces;
}

struct Outcome {
  std::size_t errors = 0;
  std::string shown;
};

Outcome parse(const std::string& text) {
  SourceSet sources;
  Diagnostics diagnostics;
  const SourceFileId file = sources.add("damaged", text);
  const auto tree = parse_policy(sources, file, {}, diagnostics);
  RC_ASSERT(tree.has_value() != diagnostics.has_errors());
  for (const Diagnostic& diagnostic : diagnostics.sorted()) {
    RC_ASSERT(diagnostic.primary.file == file);
    RC_ASSERT(diagnostic.primary.begin <= diagnostic.primary.end);
    RC_ASSERT(diagnostic.primary.end <= text.size());
    RC_ASSERT_FALSE(diagnostic.message.empty());
  }
  return {diagnostics.error_count(), render_text(diagnostics, sources, {})};
}

Piece random_piece(const std::vector<Piece>& pieces) {
  return pieces[*rc::gen::inRange<std::size_t>(0, pieces.size())];
}

TEST_CASE("parse: one token taken out or doubled causes few errors") {
  const std::vector<Piece> pieces = pieces_of(whole_language());
  REQUIRE(pieces.size() > 300);
  std::size_t worst = 0;
  std::string shown;
  for (const Piece& piece : pieces) {
    for (const bool doubled : {false, true}) {
      std::string text = whole_language();
      const std::string word = text.substr(piece.begin, piece.end - piece.begin);
      text.replace(piece.begin, word.size(), doubled ? word + " " + word : "");
      const Outcome outcome = parse(text);
      if (outcome.errors > worst) {
        worst = outcome.errors;
        shown = (doubled ? "doubled " : "without ") + word + "\n" + outcome.shown;
      }
    }
  }
  CHECK_MESSAGE(worst <= 4, shown);
}

TEST_CASE("parse: a rule after a damaged one is still read") {
  const std::vector<Piece> pieces = pieces_of(whole_language());
  CHECK(rc::check([&] {
    const Piece piece = random_piece(pieces);
    std::string text = whole_language();
    text.erase(piece.begin, piece.end - piece.begin);
    const Outcome before = parse(text);
    const Outcome after = parse(text + "\nrule last { on leaver revoke session within 5min }\n");
    RC_ASSERT(after.errors > before.errors || after.shown.find("5min") != std::string::npos);
    RC_ASSERT(after.shown.find("R0111") != std::string::npos);
  }));
}

TEST_CASE("parse: pieces of policies in any order never make it fall over") {
  const std::vector<Piece> pieces = pieces_of(whole_language());
  CHECK(rc::check([&] {
    std::string text;
    const int count = *rc::gen::inRange(0, 60);
    for (int i = 0; i < count; ++i) {
      const Piece piece = random_piece(pieces);
      text += whole_language().substr(piece.begin, piece.end - piece.begin);
      text += *rc::gen::element(' ', '\n');
    }
    parse(text);
  }));
}

TEST_CASE("parse: bytes at random never make it fall over") {
  CHECK(rc::check([](const std::string& bytes) { parse(bytes); }));
}

}  // namespace
}  // namespace rescind
