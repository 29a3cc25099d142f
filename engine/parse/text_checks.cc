// Raw-text checks; see the header. They run before any table of the lexer is touched.
#include "parse/text_checks.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "base/text.h"

namespace rescind::parse {
namespace {

Span span_at(SourceFileId file, std::size_t begin, std::size_t bytes) {
  return {file, static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(begin + bytes)};
}

std::string hex(unsigned value) {
  std::array<char, 16> buffer{};
  static_cast<void>(std::snprintf(buffer.data(), buffer.size(), "%02X", value));
  return buffer.data();
}

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20U && c != '\t' && c != '\n' && c != '\r') || byte == 0x7FU;
}

}  // namespace

bool check_text(const SourceSet& sources, SourceFileId file, const ParseOptions& options,
                Diagnostics& diagnostics) {
  const std::string_view text = sources.file(file).text();
  if (text.size() > options.max_bytes) {
    diagnostics
        .error(Code::R0104, span_at(file, 0, 0),
               "this file has " + std::to_string(text.size()) + " bytes, more than the " +
                   std::to_string(options.max_bytes) + " that a policy file may have")
        .help.emplace_back("split the policy into several files");
    return false;
  }
  if (const auto at = first_invalid_utf8(text)) {
    diagnostics
        .error(Code::R0101, span_at(file, *at, 1),
               "the byte 0x" + hex(static_cast<unsigned char>(text[*at])) +
                   " is not part of valid UTF-8 text")
        .help.emplace_back("save the file as UTF-8");
    return false;
  }
  bool clean = true;
  if (const auto it = std::find_if(text.begin(), text.end(), is_control); it != text.end()) {
    const auto at = static_cast<std::size_t>(it - text.begin());
    diagnostics
        .error(Code::R0102, span_at(file, at, 1),
               *it == '\0' ? "a NUL byte stands in the text"
                           : "the control character U+00" + hex(static_cast<unsigned char>(*it)) +
                                 " stands in the text")
        .help.emplace_back("only tab and line end may appear; in a string write `\\u{…}`");
    clean = false;
  }
  if (const auto at = first_bidi_control(text)) {
    const std::size_t bytes = static_cast<unsigned char>(text[*at]) == 0xD8U ? 2 : 3;
    diagnostics
        .error(Code::R0103, span_at(file, *at, bytes),
               "a bidirectional control character makes this text look different from what it says")
        .help.emplace_back("remove it; in a string write `\\u{…}`");
    clean = false;
  }
  return clean;
}

}  // namespace rescind::parse
