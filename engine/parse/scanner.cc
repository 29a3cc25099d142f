// The scanner, by the first byte of a token; see the header. Every function below is one or a few
// rules of grammar/RescindLexer.g4: the longest match wins, and of equally long ones the rule that
// stands first.
#include "parse/scanner.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "RescindLexer.h"

namespace rescind::parse {
namespace {

using Lexer = rescind_grammar::RescindLexer;

// ---- Bytes --------------------------------------------------------------------------------------

// Classes of bytes, one bit each; the other bytes have none.
constexpr std::uint8_t kSpace = 1;
constexpr std::uint8_t kLetter = 2;  // and `_`
constexpr std::uint8_t kDigit = 4;
constexpr std::uint8_t kHigh = 8;       // beyond ASCII
constexpr std::uint8_t kNonsense = 16;  // several of these signs in a row are one token

constexpr std::uint8_t kWord = kLetter | kDigit;

constexpr std::array<std::uint8_t, 256> class_table() {
  std::array<std::uint8_t, 256> table{};
  const auto mark = [&table](std::string_view bytes, std::uint8_t byte_class) {
    for (const char byte : bytes) {
      table[static_cast<unsigned char>(byte)] = byte_class;
    }
  };
  mark(" \t\r\n", kSpace);
  mark("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_", kLetter);
  mark("0123456789", kDigit);
  mark("&|!;'`", kNonsense);
  for (std::size_t byte = 0x80; byte < table.size(); ++byte) {
    table[byte] = kHigh;
  }
  return table;
}

constexpr std::array<std::uint8_t, 256> kClasses = class_table();

// ---- Words --------------------------------------------------------------------------------------

struct Word {
  std::string_view text;
  std::uint8_t type;
};

constexpr Word kWords[] = {
#define RESCIND_WORD(text, type) {text, type},
#include "RescindWords.inc"
#undef RESCIND_WORD
};

constexpr std::size_t kSlots = 512;  // several times the number of words

constexpr std::size_t slot_of(std::string_view word) {
  const auto byte = [word](std::size_t i) { return static_cast<unsigned char>(word[i]); };
  const std::size_t last = word.size() - 1;
  return (byte(0) * 37U + byte(last) * 11U + byte(last / 2) * 101U + word.size() * 53U) % kSlots;
}

// Open addressing: a word stands in its slot or in the next free one; 0 marks a free slot.
constexpr std::array<std::uint8_t, kSlots> word_table() {
  static_assert(std::size(kWords) < kSlots / 2 && std::size(kWords) < 255);
  std::array<std::uint8_t, kSlots> table{};
  for (std::size_t i = 0; i < std::size(kWords); ++i) {
    std::size_t slot = slot_of(kWords[i].text);
    while (table[slot] != 0) {
      slot = (slot + 1) % kSlots;
    }
    table[slot] = static_cast<std::uint8_t>(i + 1);
  }
  return table;
}

constexpr std::array<std::uint8_t, kSlots> kWordTable = word_table();

std::size_t type_of_word(std::string_view text) {
  for (std::size_t slot = slot_of(text); kWordTable[slot] != 0; slot = (slot + 1) % kSlots) {
    const Word& word = kWords[kWordTable[slot] - 1];
    if (word.text == text) {
      return word.type;
    }
  }
  return Lexer::IDENT;
}

// ---- The rules ----------------------------------------------------------------------------------

// One text; every function takes the offset where a token or a part of one begins.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  [[nodiscard]] ScannedToken token(std::size_t at) const {
    switch (class_at(at)) {
    case kSpace:
      return {Lexer::SPACE, run(at, kSpace)};
    case kLetter:
      return word(at);
    case kDigit:
      return number(at);
    case kHigh:
      return {Lexer::BAD_NAME, run(at, kWord | kHigh)};
    default:
      return sign(at);
    }
  }

 private:
  // The byte there, or 0 past the end; a byte 0 of the text matches nothing that is asked for.
  [[nodiscard]] char byte(std::size_t at) const { return at < text_.size() ? text_[at] : '\0'; }

  [[nodiscard]] std::uint8_t class_at(std::size_t at) const {
    return at < text_.size() ? kClasses[static_cast<unsigned char>(text_[at])] : std::uint8_t{0};
  }

  // The end of the bytes of these classes.
  [[nodiscard]] std::size_t run(std::size_t at, unsigned classes) const {
    while ((class_at(at) & classes) != 0) {
      ++at;
    }
    return at;
  }

  [[nodiscard]] std::size_t run_of(std::size_t at, std::string_view bytes) const {
    return std::min(text_.find_first_not_of(bytes, at), text_.size());
  }

  [[nodiscard]] std::size_t line_end(std::size_t at) const {
    return std::min(text_.find_first_of("\r\n", at), text_.size());
  }

  // Words of the grammar, IDENT, BAD_NAME.
  [[nodiscard]] ScannedToken word(std::size_t begin) const {
    const std::size_t end = run(begin, kWord);
    if (class_at(end) == kHigh) {
      return {Lexer::BAD_NAME, run(end, kWord | kHigh)};
    }
    return {type_of_word(text_.substr(begin, end - begin)), end};
  }

  // INT, DURATION, PERCENT, DATE, INSTANT, BAD_NUMBER; BAD_NAME may begin with a digit.
  [[nodiscard]] ScannedToken number(std::size_t begin) const {
    const std::size_t digits = run(begin, kDigit);
    const std::size_t end = run(digits, kWord);
    if (class_at(end) == kHigh) {
      return {Lexer::BAD_NAME, run(end, kWord | kHigh)};
    }
    if (digits < end) {
      return {is_duration(digits, end) ? Lexer::DURATION : Lexer::BAD_NUMBER, end};
    }
    if (byte(end) == '%') {
      return {Lexer::PERCENT, end + 1};
    }
    return is_day(begin, end) ? moment(begin) : ScannedToken{Lexer::INT, end};
  }

  // Whether a run of letters and digits goes on, after its first digits, as durations do.
  [[nodiscard]] bool is_duration(std::size_t unit, std::size_t end) const {
    while (unit < end && std::string_view("wdhms").find(text_[unit]) != std::string_view::npos) {
      const std::size_t next = run(unit + 1, kDigit);
      if (unit + 1 == end) {
        return true;
      }
      if (next == unit + 1) {
        return false;
      }
      unit = next;
    }
    return false;
  }

  static constexpr std::size_t kDayBytes = 10;  // 2026-11-20

  // Whether a date begins with the digits between the two places.
  [[nodiscard]] bool is_day(std::size_t begin, std::size_t digits) const {
    return digits == begin + 4 && byte(digits) == '-' && run(digits + 1, kDigit) >= digits + 3 &&
           byte(digits + 3) == '-' && run(digits + 4, kDigit) >= digits + 6;
  }

  [[nodiscard]] ScannedToken moment(std::size_t begin) const {
    const std::size_t day = begin + kDayBytes;
    const std::size_t end = byte(day) == 'T' ? zone_end(run_of(day + 1, "0123456789:.")) : day;
    const std::size_t bad = run(end, kWord);
    if (bad > end) {
      return {Lexer::BAD_NUMBER, bad};
    }
    return {end > day ? Lexer::INSTANT : Lexer::DATE, end};
  }

  [[nodiscard]] std::size_t zone_end(std::size_t at) const {
    if (byte(at) == 'Z') {
      return at + 1;
    }
    const bool has_offset = (byte(at) == '+' || byte(at) == '-') && class_at(at + 1) == kDigit;
    return has_offset ? run_of(at + 1, "0123456789:") : at;
  }

  // STRING, or BAD_STRING where the line ends first.
  [[nodiscard]] ScannedToken string(std::size_t begin) const {
    std::size_t at = begin + 1;
    for (;;) {
      at = std::min(text_.find_first_of("\"\\\r\n", at), text_.size());
      if (byte(at) == '"') {
        return {Lexer::STRING, at + 1};
      }
      if (byte(at) != '\\') {
        return {Lexer::BAD_STRING, at};
      }
      const bool escapes = at + 1 < text_.size() && text_[at + 1] != '\r' && text_[at + 1] != '\n';
      if (!escapes) {
        return {Lexer::BAD_STRING, at + 1};
      }
      at += 2;
    }
  }

  // BAD_STRING in single quotes, or BAD_CHARACTER.
  [[nodiscard]] ScannedToken quote(std::size_t begin) const {
    const std::size_t signs = run(begin, kNonsense);
    const std::size_t close = std::min(text_.find_first_of("'\r\n", begin + 1), text_.size());
    const bool closed = byte(close) == '\'' && close + 1 >= signs;
    return closed ? ScannedToken{Lexer::BAD_STRING, close + 1}
                  : ScannedToken{Lexer::BAD_CHARACTER, signs};
  }

  // DOC and the comments, or BAD_CHARACTER.
  [[nodiscard]] ScannedToken slash(std::size_t begin) const {
    if (byte(begin + 1) == '*') {
      const std::size_t close = text_.find("*/", begin + 2);
      return close == std::string_view::npos ? ScannedToken{Lexer::BAD_COMMENT, begin + 2}
                                             : ScannedToken{Lexer::BLOCK_COMMENT, close + 2};
    }
    if (byte(begin + 1) != '/') {
      return {Lexer::BAD_CHARACTER, begin + 1};
    }
    const bool is_doc = byte(begin + 2) == '/' && byte(begin + 3) != '/';
    return {is_doc ? Lexer::DOC : Lexer::LINE_COMMENT, line_end(begin)};
  }

  // A sign that may go on with a second byte.
  [[nodiscard]] ScannedToken either(std::size_t begin, std::size_t single, char second,
                                    std::size_t both) const {
    return byte(begin + 1) == second ? ScannedToken{both, begin + 2}
                                     : ScannedToken{single, begin + 1};
  }

  [[nodiscard]] ScannedToken sign(std::size_t at) const {
    switch (text_[at]) {
    case '"':
      return string(at);
    case '\'':
      return quote(at);
    case '/':
      return slash(at);
    case '{':
      return {Lexer::LBRACE, at + 1};
    case '}':
      return {Lexer::RBRACE, at + 1};
    case '(':
      return {Lexer::LPAREN, at + 1};
    case ')':
      return {Lexer::RPAREN, at + 1};
    case ',':
      return {Lexer::COMMA, at + 1};
    case ':':
      return {Lexer::COLON, at + 1};
    case '.':
      return {Lexer::DOT, at + 1};
    case '+':
      return {Lexer::PLUS, at + 1};
    case '-':
      return {Lexer::MINUS, at + 1};
    case '=':
      return either(at, Lexer::ASSIGN, '=', Lexer::EQUAL);
    case '<':
      return either(at, Lexer::LESS, '=', Lexer::LESS_EQUAL);
    case '>':
      return either(at, Lexer::GREATER, '=', Lexer::GREATER_EQUAL);
    case '?':
      return either(at, Lexer::QUESTION, '?', Lexer::COALESCE);
    default:
      return stray_sign(at);
    }
  }

  // NOT_EQUAL, or BAD_CHARACTER: a run of signs that other languages have, or any one byte.
  [[nodiscard]] ScannedToken stray_sign(std::size_t at) const {
    if (text_[at] == '!' && byte(at + 1) == '=') {
      return {Lexer::NOT_EQUAL, at + 2};
    }
    return {Lexer::BAD_CHARACTER, std::max(run(at, kNonsense), at + 1)};
  }

  std::string_view text_;
};

}  // namespace

ScannedToken scan_token(std::string_view text, std::size_t begin) {
  return Scanner(text).token(begin);
}

}  // namespace rescind::parse
