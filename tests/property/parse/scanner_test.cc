// The scanner against the lexer that is generated from the grammar: the same tokens at every place,
// in sound texts, in damaged ones, and in all short ones.
// clang-format off: doctest's macros WHEN and THEN would change the names of tokens, so it comes
// later
#include "RescindLexer.h"
// clang-format on

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <CharStream.h>
#include <atn/LexerATNSimulator.h>
#include <doctest/doctest.h>
#include <rapidcheck.h>

#include "base/text.h"
#include "parse/scanner.h"
#include "tests/golden/golden.h"

namespace rescind::parse {
namespace {

using Lexer = rescind_grammar::RescindLexer;

// A text as a stream of bytes, which is how the grammar is written.
class ByteStream final : public antlr4::CharStream {
 public:
  explicit ByteStream(std::string_view text) : text_(text) {}

  void consume() override { ++at_; }

  size_t LA(ssize_t i) override {
    const std::size_t index = at_ + static_cast<std::size_t>(i) - (i > 0 ? 1 : 0);
    return index < text_.size() ? static_cast<unsigned char>(text_[index]) : antlr4::IntStream::EOF;
  }

  ssize_t mark() override { return -1; }

  void release(ssize_t /*marker*/) override {}

  size_t index() override { return at_; }

  void seek(size_t index) override { at_ = std::min(index, text_.size()); }

  size_t size() override { return text_.size(); }

  [[nodiscard]] std::string getSourceName() const override { return {}; }

  std::string getText(const antlr4::misc::Interval& interval) override {
    const auto begin = static_cast<std::size_t>(interval.a);
    return std::string(text_.substr(begin, static_cast<std::size_t>(interval.b) + 1 - begin));
  }

  [[nodiscard]] std::string toString() const override { return std::string(text_); }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
};

// The generated lexer, one token at a time; text is skipped by no rule.
class GeneratedLexer {
 public:
  ScannedToken token(std::string_view text, std::size_t begin) {
    ByteStream stream(text);
    stream.seek(begin);
    const std::size_t type = matcher_.match(&stream, Lexer::DEFAULT_MODE);
    return {type, stream.index()};
  }

  [[nodiscard]] const antlr4::dfa::Vocabulary& words() const { return lexer_.getVocabulary(); }

 private:
  ByteStream nothing_{""};
  Lexer lexer_{&nothing_};
  antlr4::atn::LexerATNSimulator& matcher_ =
      *lexer_.getInterpreter<antlr4::atn::LexerATNSimulator>();
};

GeneratedLexer& generated() {
  static GeneratedLexer lexer;  // its tables grow as it reads, so one serves all
  return lexer;
}

std::string token_text(ScannedToken token) {
  return generated().words().getDisplayName(token.type) + " to " + std::to_string(token.end);
}

// Where the two differ first; empty when they read the same.
std::string difference(std::string_view text, std::set<std::size_t>* types = nullptr) {
  for (std::size_t at = 0; at < text.size();) {
    const ScannedToken wanted = generated().token(text, at);
    const ScannedToken found = scan_token(text, at);
    if (wanted.type != found.type || wanted.end != found.end) {
      return "at " + std::to_string(at) + " of <" + std::string(text) + ">: expected " +
             token_text(wanted) + ", found " + token_text(found);
    }
    if (types != nullptr) {
      types->insert(found.type);
    }
    at = found.end;
  }
  return {};
}

// Every policy of the tree, those that are meant to fail included.
const std::vector<std::string>& all_policies() {
  static const std::vector<std::string> texts = [] {
    std::vector<std::string> found;
    for (const char* folder : {"policies", "examples", "tests"}) {
      const std::filesystem::path root = std::filesystem::path(RESCIND_SOURCE_DIR) / folder;
      for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
        if (entry.path().extension() == ".rescind") {
          found.push_back(read_file(entry.path().string(), 4'000'000).value());
        }
        if (entry.path().extension() == ".case") {
          const golden::Case test = golden::read_case(entry.path().string());
          for (const golden::Section* section : test.all("policy")) {
            found.push_back(section->text);
          }
        }
      }
    }
    std::sort(found.begin(), found.end());
    return found;
  }();
  return texts;
}

// Beginnings, ends and middles of tokens.
const std::vector<std::string>& fragments() {
  static const std::vector<std::string> all = [] {
    std::vector<std::string> found = {
        "\"",   "'",  "\\",  "\\\"", "\\n",    "\n",         "\r", "\r\n",  " ", "\t",
        "/",    "//", "///", "////", "/*",     "*/",         "*",  "0",     "7", "12",
        "2026", "-",  "11",  "20",   "-11-20", "2026-11-20", "T",  "10:00", ":", ".",
        "Z",    "+",  "+02", "5m",   "1h30m",  "w",          "d",  "s",     "%", "_",
        "a",    "B",  "é",   "\x80", "\xFF",   "=",          "!",  "<",     ">", "?",
        "&",    "|",  ";",   "`",    "{",      "}",          "(",  ")",     ",", "#"};
    found.emplace_back(1, '\0');
    return found;
  }();
  return all;
}

TEST_CASE("scanner: every word and sign of the grammar has the type that the grammar gives it") {
  const antlr4::dfa::Vocabulary& words = generated().words();
  std::size_t count = 0;
  for (std::size_t type = 1; type <= words.getMaxTokenType(); ++type) {
    const std::string quoted = words.getLiteralName(type);
    if (quoted.size() < 3) {
      continue;  // a token that varies
    }
    ++count;
    const std::string text = quoted.substr(1, quoted.size() - 2);
    for (const std::string& around : {text, text + " ", text + "\n", text + "(", text + "\""}) {
      const ScannedToken token = scan_token(around, 0);
      CHECK_MESSAGE(token.type == type, text);
      CHECK_MESSAGE(token.end == text.size(), text);
    }
    if (text[0] >= 'a' && text[0] <= 'z') {
      CHECK(scan_token(text + "x", 0).type == Lexer::IDENT);
    }
  }
  CHECK(count > 80);
}

TEST_CASE("scanner: it reads every policy of the tree as the generated lexer does") {
  std::set<std::size_t> types;
  CHECK(all_policies().size() > 50);
  for (const std::string& text : all_policies()) {
    CHECK(difference(text, &types) == "");
  }
  CHECK(types.size() > 90);  // the policies show nearly the whole vocabulary
}

TEST_CASE("scanner: it reads every text of two bytes as the generated lexer does") {
  std::string text(2, ' ');
  for (int first = 0; first < 256; ++first) {
    for (int second = 0; second < 256; ++second) {
      text[0] = static_cast<char>(first);
      text[1] = static_cast<char>(second);
      const std::string found = difference(text);
      REQUIRE_MESSAGE(found.empty(), found);
    }
  }
}

TEST_CASE("scanner: it reads every text of four telling bytes as the generated lexer does") {
  constexpr std::string_view kBytes = "aTZd5\"'\\\n /*=!<?-+%:.\xC3&{";
  std::string text(4, ' ');
  for (std::size_t number = 0;
       number < kBytes.size() * kBytes.size() * kBytes.size() * kBytes.size(); ++number) {
    std::size_t rest = number;
    for (char& byte : text) {
      byte = kBytes[rest % kBytes.size()];
      rest /= kBytes.size();
    }
    const std::string found = difference(text);
    REQUIRE_MESSAGE(found.empty(), found);
  }
}

TEST_CASE("scanner: it reads fragments in any order as the generated lexer does") {
  CHECK(rc::check([] {
    std::string text;
    const int count = *rc::gen::inRange(0, 400);
    for (int i = 0; i < count; ++i) {
      text += *rc::gen::elementOf(fragments());
    }
    const std::string found = difference(text);
    RC_ASSERT(found.empty());
  }));
}

TEST_CASE("scanner: it reads damaged policies as the generated lexer does") {
  CHECK(rc::check([] {
    const std::string& whole = *rc::gen::elementOf(all_policies());
    const std::size_t from = *rc::gen::inRange<std::size_t>(0, whole.size() + 1);
    std::string text = whole.substr(from, 2000);
    const int damages = *rc::gen::inRange(1, 100);
    for (int i = 0; i < damages; ++i) {
      const std::size_t at = *rc::gen::inRange<std::size_t>(0, text.size() + 1);
      const std::size_t gone = *rc::gen::inRange<std::size_t>(0, 4);
      text.replace(at, gone, *rc::gen::elementOf(fragments()));
    }
    const std::string found = difference(text);
    RC_ASSERT(found.empty());
  }));
}

}  // namespace
}  // namespace rescind::parse
