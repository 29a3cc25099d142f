// What may reach a terminal.
#include "base/printable.h"

#include "base/text.h"

namespace rescind {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
constexpr std::size_t kMaxBytes = 4;  // of a code point

unsigned byte_at(std::string_view text, std::size_t at) {
  return static_cast<unsigned char>(text[at]);
}

bool is_plain(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x20U && byte < 0x7FU;
}

// By its first byte; 1 for what begins none.
std::size_t bytes_wanted(unsigned lead) {
  return lead >= 0xF0U && lead < 0xF5U   ? 4
         : lead >= 0xE0U && lead < 0xF0U ? 3
         : lead >= 0xC2U && lead < 0xE0U ? 2
                                         : 1;
}

// Whole, valid and not ASCII.
bool is_shown(std::string_view point) {
  const unsigned lead = byte_at(point, 0);
  const bool c1 = lead == 0xC2U && byte_at(point, 1) < 0xA0U;
  const bool separator = point == "\xE2\x80\xA8" || point == "\xE2\x80\xA9";
  return !c1 && !separator && !first_bidi_control(point);
}

std::string replaced(std::string_view text, bool lines) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint point = code_point_at(text, at);
    const bool kept = point.printable || (lines && (text[at] == '\n' || text[at] == '\t'));
    out += kept ? text.substr(at, point.size) : kReplacement;
    at += point.size;
  }
  return out;
}

// Where the last code point begins when its end has not come yet, else the end.
std::size_t whole_bytes(std::string_view text) {
  for (std::size_t back = 1; back < kMaxBytes && back <= text.size(); ++back) {
    const unsigned byte = byte_at(text, text.size() - back);
    if ((byte & 0xC0U) != 0x80U) {
      return bytes_wanted(byte) > back ? text.size() - back : text.size();
    }
  }
  return text.size();
}

}  // namespace

CodePoint code_point_at(std::string_view text, std::size_t at) {
  if (byte_at(text, at) < 0x80U) {
    return {1, is_plain(text[at])};
  }
  const std::string_view point = text.substr(at, bytes_wanted(byte_at(text, at)));
  return first_invalid_utf8(point) ? CodePoint{1, false} : CodePoint{point.size(), is_shown(point)};
}

std::optional<std::size_t> first_unprintable(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint point = code_point_at(text, at);
    if (!point.printable) {
      return at;
    }
    at += point.size;
  }
  return std::nullopt;
}

std::string printable(std::string_view text) {
  return replaced(text, false);
}

std::string printable_lines(std::string_view text) {
  return replaced(text, true);
}

bool TerminalStream::Buffer::finish() {
  below_ << printable_lines(begun_);
  begun_.clear();
  return below_.good();
}

TerminalStream::Buffer::int_type TerminalStream::Buffer::overflow(int_type c) {
  if (traits_type::eq_int_type(c, traits_type::eof())) {
    return traits_type::not_eof(c);
  }
  const char one = traits_type::to_char_type(c);
  return xsputn(&one, 1) == 1 ? c : traits_type::eof();
}

std::streamsize TerminalStream::Buffer::xsputn(const char* text, std::streamsize size) {
  begun_.append(text, static_cast<std::size_t>(size));
  const std::size_t whole = whole_bytes(begun_);
  below_ << printable_lines(std::string_view(begun_).substr(0, whole));
  begun_.erase(0, whole);
  return below_.good() ? size : 0;
}

int TerminalStream::Buffer::sync() {
  const bool given = finish();
  below_.flush();
  return given && below_.good() ? 0 : -1;
}

TerminalStream::TerminalStream(std::ostream& below, bool terminal)
    : std::ostream(nullptr), buffer_(below), below_(below), terminal_(terminal) {
  rdbuf(&buffer_);
}

TerminalStream::~TerminalStream() {
  buffer_.finish();
}

std::ostream& painted(std::ostream& stream) {
  auto* clean = dynamic_cast<TerminalStream*>(&stream);
  if (clean == nullptr) {
    return stream;
  }
  clean->buffer_.finish();
  return clean->below_;
}

std::ostream& exact(std::ostream& stream) {
  const auto* clean = dynamic_cast<TerminalStream*>(&stream);
  return clean != nullptr && clean->terminal_ ? stream : painted(stream);
}

}  // namespace rescind
