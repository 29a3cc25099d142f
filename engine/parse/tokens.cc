// Runs the generated lexer over the bytes of a file and turns its output into a TokenList.
#include "parse/tokens.h"

#include <algorithm>
#include <array>

#include <CharStream.h>
#include <Token.h>
#include <atn/LexerATNSimulator.h>

#include "RescindLexer.h"
#include "base/text.h"

namespace rescind::parse {
namespace {

using Lexer = rescind_grammar::RescindLexer;

// The text as a stream of bytes. The grammar needs no code points, and bytes keep offsets true.
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

struct SignAdvice {
  std::string_view sign;
  std::string_view help;
  std::size_t type;  // of our word for it; INVALID_TYPE: none
};

constexpr std::array<SignAdvice, 7> kSignAdvice{{
    {"&&", "write `and`", Lexer::AND},
    {"&", "write `and`", Lexer::AND},
    {"||", "write `or`", Lexer::OR},
    {"|", "write `or`", Lexer::OR},
    {"!", "write `not`", Lexer::NOT},
    {";", "statements need no separator: leave it out", antlr4::Token::INVALID_TYPE},
    {"'", "strings stand in double quotes", antlr4::Token::INVALID_TYPE},
}};

bool is_prefix_operator(std::size_t type) {
  return type == Lexer::NOT || type == Lexer::MINUS || type == Lexer::KNOWN;
}

class Reader {
 public:
  Reader(const SourceSet& sources, SourceFileId file, const ParseOptions& options,
         Diagnostics& diagnostics)
      : options_(options), diagnostics_(diagnostics) {
    list_.file = file;
    list_.text = sources.file(file).text();
  }

  std::optional<TokenList> read() {
    ByteStream stream(list_.text);
    if (list_.text.starts_with("\xEF\xBB\xBF")) {
      stream.seek(3);  // a byte order mark
    }
    Lexer lexer(&stream);
    auto& matcher = *lexer.getInterpreter<antlr4::atn::LexerATNSimulator>();
    list_.infos.reserve(list_.text.size() / 6);
    while (skip_space(stream)) {
      const std::size_t begin = stream.index();
      // The generated lexer's own loop would make a large object of every token. The last rule of
      // its grammar takes any character, so a match never fails.
      lexer.type = antlr4::Token::INVALID_TYPE;
      const std::size_t type = matcher.match(&stream, Lexer::DEFAULT_MODE);
      if (lexer.type != Lexer::SKIP && !take(type, span_of(begin, stream.index()), stream)) {
        return std::nullopt;
      }
      if (diagnostics_.suppressed() > 0) {  // nothing more would be shown
        return std::nullopt;
      }
    }
    if (!add_token(antlr4::Token::EOF, span_of(list_.text.size(), list_.text.size()))) {
      return std::nullopt;
    }
    return std::move(list_);
  }

 private:
  // The lexer would do the same, more slowly: a third of a policy is space. False: nothing is left.
  bool skip_space(ByteStream& stream) const {
    const std::size_t next = list_.text.find_first_not_of(" \t\r\n", stream.index());
    stream.seek(std::min(next, list_.text.size()));
    return next != std::string_view::npos;
  }

  // False: a bound was exceeded.
  bool take(std::size_t type, Span span, ByteStream& stream) {
    switch (type) {
    case Lexer::DOC:
      add_doc(span);
      return true;
    case Lexer::BAD_COMMENT:
      report_comment(span);
      stream.seek(list_.text.size());
      return true;
    case Lexer::BAD_CHARACTER:
      type = replaced_character(span);
      return type == antlr4::Token::INVALID_TYPE || add_token(type, span);
    default:
      return add_token(type, span);
    }
  }

  [[nodiscard]] Span span_of(std::size_t begin, std::size_t end) const {
    return {list_.file, static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end)};
  }

  [[nodiscard]] std::string shown(Span span) const {
    return "`" + std::string(list_.text.substr(span.begin, span.end - span.begin)) + "`";
  }

  void report_comment(Span span) {
    diagnostics_.error(Code::R0114, span, "this comment is never closed")
        .help.emplace_back("close it with `*/`");
  }

  // Reports a character and gives our word for it, where it is an operator of other languages;
  // INVALID_TYPE leaves it out.
  std::size_t replaced_character(Span span) {
    Diagnostic& error =
        diagnostics_.error(Code::R0110, span, shown(span) + " has no meaning in a policy");
    const std::string_view sign = list_.text.substr(span.begin, span.end - span.begin);
    for (const SignAdvice& advice : kSignAdvice) {
      if (advice.sign == sign) {
        error.help.emplace_back(advice.help);
        return advice.type;
      }
    }
    return antlr4::Token::INVALID_TYPE;
  }

  // Reports a bad token and gives the type that was likely meant, so that it causes no second
  // error.
  std::size_t mended(std::size_t type, Span span) {
    const std::string_view text = list_.text.substr(span.begin, span.end - span.begin);
    if (type == Lexer::BAD_NAME) {
      diagnostics_.error(Code::R0110, span, shown(span) + " has letters that names do not have")
          .help.emplace_back(
              "names are made of the letters a to z, digits and `_`; other text stands in strings");
      return Lexer::IDENT;
    }
    if (type == Lexer::BAD_STRING && text.starts_with('\'')) {
      diagnostics_.error(Code::R0110, span, "a string in single quotes")
          .help.emplace_back("strings stand in double quotes");
      return Lexer::STRING;
    }
    if (type == Lexer::BAD_STRING) {
      diagnostics_.error(Code::R0112, span, "this string is not closed on its line")
          .help.emplace_back("end it with `\"`; a line end inside is written `\\n`");
      return Lexer::STRING;
    }
    diagnostics_.error(Code::R0111, span, shown(span) + " is not a number, duration or date")
        .help.emplace_back(
            "durations are written like `5m` or `1h30m`, with the units `w d h m s`");
    const std::size_t digits = text.find_first_not_of("0123456789");
    if (digits == 4 && text[digits] == '-') {
      return Lexer::DATE;
    }
    return text[digits] == '_' ? Lexer::INT : Lexer::DURATION;
  }

  void add_doc(Span span) {
    std::string_view line = list_.text.substr(span.begin + 3, span.end - span.begin - 3);
    line.remove_prefix(line.starts_with(' ') ? 1 : 0);
    while (line.ends_with(' ') || line.ends_with('\t')) {
      line.remove_suffix(1);
    }
    if (!doc_open_) {
      list_.docs.push_back({{std::string(line), span}, false});
      doc_open_ = true;
      return;
    }
    ast::Doc& doc = list_.docs.back().doc;
    doc.text += "\n";
    doc.text += line;
    doc.span.end = span.end;
  }

  bool add_token(std::size_t type, Span span) {
    TokenInfo info;
    info.begin = span.begin;
    info.end = span.end;
    info.bad = type == Lexer::BAD_NUMBER || type == Lexer::BAD_STRING || type == Lexer::BAD_NAME;
    info.type = info.bad ? mended(type, span) : type;
    info.first_on_line = list_.infos.empty() || has_line_end(list_.infos.back().end, span.begin);
    info.doc = doc_open_ ? static_cast<std::uint32_t>(list_.docs.size() - 1) : kNoIndex;
    doc_open_ = false;
    if (!enter_brackets(info, span) || !bound_prefixes(info.type, span)) {
      return false;
    }
    if (list_.infos.size() > options_.max_tokens) {
      diagnostics_
          .error(Code::R0106, span,
                 "this file has more than the " + std::to_string(options_.max_tokens) +
                     " tokens that a policy file may have")
          .help.emplace_back("split the policy into several files");
      return false;
    }
    list_.infos.push_back(info);
    return true;
  }

  [[nodiscard]] bool has_line_end(std::size_t from, std::size_t to) const {
    return list_.text.substr(from, to - from).find('\n') != std::string_view::npos;
  }

  // Keeps the stack of open brackets. A closing bracket also closes what was left open inside.
  bool enter_brackets(TokenInfo& info, Span span) {
    const auto index = static_cast<std::uint32_t>(list_.infos.size());
    info.braces = braces_;
    info.opener = open_.empty() ? kNoIndex : open_.back();
    if (info.type == Lexer::LBRACE || info.type == Lexer::LPAREN) {
      open_.push_back(index);
      braces_ += info.type == Lexer::LBRACE ? 1 : 0;
      return open_.size() <= options_.max_nesting || too_deep(span);
    }
    if (info.type == Lexer::RPAREN && !open_.empty() && type_of(open_.back()) == Lexer::LPAREN) {
      open_.pop_back();
    } else if (info.type == Lexer::RBRACE && braces_ > 0) {
      while (type_of(open_.back()) != Lexer::LBRACE) {
        open_.pop_back();
      }
      open_.pop_back();
      --braces_;
    }
    return true;
  }

  [[nodiscard]] std::size_t type_of(std::uint32_t index) const { return list_.infos[index].type; }

  bool bound_prefixes(std::size_t type, Span span) {
    prefixes_ = is_prefix_operator(type) ? prefixes_ + 1 : 0;
    return prefixes_ <= options_.max_nesting || too_deep(span);
  }

  bool too_deep(Span span) {
    diagnostics_.error(Code::R0105, span,
                       "this is nested deeper than the " + std::to_string(options_.max_nesting) +
                           " levels that are allowed");
    return false;
  }

  const ParseOptions& options_;
  Diagnostics& diagnostics_;
  TokenList list_;
  std::vector<std::uint32_t> open_;
  std::uint32_t braces_ = 0;
  std::size_t prefixes_ = 0;
  bool doc_open_ = false;
};

}  // namespace

std::size_t TokenList::type_at(std::ptrdiff_t index) const {
  if (index < 0 || static_cast<std::size_t>(index) >= infos.size()) {
    return antlr4::Token::EOF;
  }
  return infos[static_cast<std::size_t>(index)].type;
}

std::optional<TokenList> read_tokens(const SourceSet& sources, SourceFileId file,
                                     const ParseOptions& options, Diagnostics& diagnostics) {
  return Reader(sources, file, options, diagnostics).read();
}

}  // namespace rescind::parse
