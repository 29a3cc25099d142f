// Scans the bytes of a file and makes a TokenList of what is found.
#include "parse/tokens.h"

#include <algorithm>
#include <array>

#include <Token.h>

#include "RescindLexer.h"
#include "base/text.h"
#include "parse/scanner.h"

namespace rescind::parse {
namespace {

using Lexer = rescind_grammar::RescindLexer;

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
    constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
    at_ = list_.text.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0;
    list_.infos.reserve(list_.text.size() / 6);
    while (at_ < list_.text.size()) {
      const ScannedToken token = scan_token(list_.text, at_);
      const Span span = span_of(at_, token.end);
      at_ = token.end;
      if (!take(token.type, span)) {
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
  // False: a bound was exceeded.
  bool take(std::size_t type, Span span) {
    switch (type) {
    case Lexer::SPACE:
    case Lexer::LINE_COMMENT:
    case Lexer::BLOCK_COMMENT:
      return true;
    case Lexer::DOC:
      add_doc(span);
      return true;
    case Lexer::BAD_COMMENT:
      report_comment(span);
      at_ = list_.text.size();
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
  std::size_t at_ = 0;  // where the next token begins
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
