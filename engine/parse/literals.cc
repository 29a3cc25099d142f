// Literal tokens to values; see the header.
#include "parse/literals.h"

#include <charconv>

#include "base/check.h"

namespace rescind::parse {
namespace {

void append_utf8(std::string& out, std::uint32_t point) {
  const auto add = [&](std::uint32_t byte) { out += static_cast<char>(byte & 0xFFU); };
  if (point < 0x80U) {
    add(point);
  } else if (point < 0x800U) {
    add(0xC0U | (point >> 6U));
    add(0x80U | (point & 0x3FU));
  } else if (point < 0x10000U) {
    add(0xE0U | (point >> 12U));
    add(0x80U | ((point >> 6U) & 0x3FU));
    add(0x80U | (point & 0x3FU));
  } else {
    add(0xF0U | (point >> 18U));
    add(0x80U | ((point >> 12U) & 0x3FU));
    add(0x80U | ((point >> 6U) & 0x3FU));
    add(0x80U | (point & 0x3FU));
  }
}

// Reads `{…}` after `\u` at `index`; moves `index` past it. Nothing when malformed.
std::optional<std::uint32_t> read_code_point(std::string_view body, std::size_t& index) {
  const std::size_t close = body.find('}', index);
  if (index >= body.size() || body[index] != '{' || close == std::string_view::npos) {
    return std::nullopt;
  }
  const std::string_view digits = body.substr(index + 1, close - index - 1);
  std::uint32_t point = 0;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), point, 16);
  const bool whole = error == std::errc{} && end == digits.data() + digits.size();
  const bool surrogate = point >= 0xD800U && point <= 0xDFFFU;
  if (!whole || digits.size() > 6 || point > 0x10FFFFU || surrogate) {
    return std::nullopt;
  }
  index = close + 1;
  return point;
}

void report_escape(std::string_view body, std::size_t backslash, Span span,
                   Diagnostics& diagnostics) {
  const auto begin = static_cast<std::uint32_t>(span.begin + 1 + backslash);
  std::uint32_t bytes = 2;
  while (backslash + bytes < body.size() &&
         (static_cast<unsigned char>(body[backslash + bytes]) & 0xC0U) == 0x80U) {
    ++bytes;  // the whole code point after the backslash
  }
  const std::string shown(body.substr(backslash, bytes));
  const bool unicode = shown == "\\u";
  diagnostics
      .error(Code::R0113, {span.file, begin, begin + bytes},
             unicode ? "`\\u` needs a code point in braces" : "unknown escape `" + shown + "`")
      .help.emplace_back(unicode ? "write for example `\\u{E9}`, at most 10FFFF and no surrogate"
                                 : "the escapes are `\\\"`, `\\\\`, `\\n`, `\\t` and `\\u{…}`");
}

}  // namespace

std::string string_value(std::string_view text, Span span, Diagnostics& diagnostics) {
  RESCIND_CHECK(text.size() >= 2 && text.front() == '"' && text.back() == '"',
                "a string token without its quotes");
  const std::string_view body = text.substr(1, text.size() - 2);
  std::string value;
  value.reserve(body.size());
  for (std::size_t i = 0; i < body.size();) {
    if (body[i] != '\\') {
      value += body[i++];
      continue;
    }
    const std::size_t backslash = i;
    const char escape = body[i + 1];
    i += 2;
    if (escape == '"' || escape == '\\') {
      value += escape;
    } else if (escape == 'n') {
      value += '\n';
    } else if (escape == 't') {
      value += '\t';
    } else if (const auto point = escape == 'u' ? read_code_point(body, i) : std::nullopt) {
      append_utf8(value, *point);
    } else {
      report_escape(body, backslash, span, diagnostics);
    }
  }
  return value;
}

std::int64_t integer_value(std::string_view text, Span span, Diagnostics& diagnostics) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{}) {
    diagnostics.error(Code::R0116, span, "`" + std::string(text) + "` is too large a number",
                      "at most " + std::to_string(INT64_MAX));
    return 0;
  }
  return value;
}

Seconds duration_value(std::string_view text, Span span, Diagnostics& diagnostics) {
  if (const auto value = parse_duration(text)) {
    return *value;
  }
  diagnostics.error(Code::R0115, span, "`" + std::string(text) + "` is not a duration")
      .help.emplace_back("units fall and appear once, from `w d h m s`, as in `1h30m`");
  return Seconds{0};
}

ast::InstantLiteral date_value(std::string_view text, Span span, Diagnostics& diagnostics) {
  if (const auto date = parse_date(text)) {
    return {date, start_of_day_utc(*date)};
  }
  diagnostics.error(Code::R0115, span, "the day `" + std::string(text) + "` does not exist");
  return {};
}

ast::InstantLiteral instant_value(std::string_view text, Span span, Diagnostics& diagnostics) {
  if (const auto instant = parse_instant(text)) {
    return {std::nullopt, *instant};
  }
  diagnostics.error(Code::R0115, span, "`" + std::string(text) + "` is not an instant")
      .help.emplace_back(
          "write a day, a time and an offset, as in `2026-11-20T17:00Z` or `…+02:00`");
  return {};
}

}  // namespace rescind::parse
