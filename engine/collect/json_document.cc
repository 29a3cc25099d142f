// A strict JSON reader that keeps the place of every key and value.
#include <algorithm>
#include <array>

#include "base/text.h"
#include "collect/document.h"
#include "collect/given_names.h"

namespace rescind {
namespace {

using Kind = DocumentNode::Kind;

void append_utf8(std::uint32_t code_point, std::string& out) {
  const auto byte = [&out](std::uint32_t value) { out += static_cast<char>(value); };
  if (code_point < 0x80U) {
    byte(code_point);
  } else if (code_point < 0x800U) {
    byte(0xC0U | code_point >> 6U);
    byte(0x80U | (code_point & 0x3FU));
  } else if (code_point < 0x10000U) {
    byte(0xE0U | code_point >> 12U);
    byte(0x80U | (code_point >> 6U & 0x3FU));
    byte(0x80U | (code_point & 0x3FU));
  } else {
    byte(0xF0U | code_point >> 18U);
    byte(0x80U | (code_point >> 12U & 0x3FU));
    byte(0x80U | (code_point >> 6U & 0x3FU));
    byte(0x80U | (code_point & 0x3FU));
  }
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

class JsonScanner {
 public:
  JsonScanner(const SourceSet& sources, SourceFileId file, Code code, const DocumentLimits& limits,
              Diagnostics& diagnostics)
      : text_(sources.file(file).text()),
        file_(file),
        code_(code),
        limits_(limits),
        diagnostics_(diagnostics) {}

  std::vector<DocumentNode> read_all() {
    std::vector<DocumentNode> values;
    if (text_.starts_with("\xEF\xBB\xBF")) {
      at_ = 3;
    }
    for (skip_space(); at_ < text_.size(); skip_space()) {
      DocumentNode node;
      const std::size_t begin = at_;
      if (read_value(node, 0)) {
        values.push_back(std::move(node));
        continue;
      }
      at_ -= at_ > begin ? 1U : 0U;  // the damage may have been found where the next line begins
      if (!skip_to_next_value()) {
        break;
      }
    }
    return values;
  }

 private:
  // After damage: the next line that begins with a brace.
  bool skip_to_next_value() {
    while (nodes_ <= limits_.max_nodes) {
      at_ = text_.find('\n', at_);
      if (at_ == std::string_view::npos) {
        return false;
      }
      ++at_;
      if (at_ < text_.size() && text_[at_] == '{') {
        return true;
      }
    }
    return false;
  }

  bool fail(std::size_t begin, std::string message, std::string label = {}) {
    const auto size = std::min(text_.size(), begin + 1);
    diagnostics_.error(code_, span(begin, size), std::move(message), std::move(label));
    return false;
  }

  [[nodiscard]] Span span(std::size_t begin, std::size_t end) const {
    return {file_, static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end)};
  }

  void skip_space() {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' || text_[at_] == '\r')) {
      ++at_;
    }
  }

  bool take(char c) {
    skip_space();
    const bool there = at_ < text_.size() && text_[at_] == c;
    at_ += there ? 1U : 0U;
    return there;
  }

  bool read_value(DocumentNode& node, std::size_t depth) {
    skip_space();
    const std::size_t begin = at_;
    if (++nodes_ > limits_.max_nodes) {
      return fail(begin, "more than " + std::to_string(limits_.max_nodes) + " values");
    }
    if (depth > limits_.max_depth) {
      return fail(begin, "nested deeper than " + std::to_string(limits_.max_depth));
    }
    if (at_ >= text_.size()) {
      return fail(begin, "the text ends where a value should stand");
    }
    const char c = text_[at_];
    const bool read = c == '{'   ? read_map(node, depth)
                      : c == '[' ? read_list(node, depth)
                      : c == '"' ? read_string(node.text)
                                 : read_word(node);
    if (c == '"') {
      node.kind = Kind::String;
    }
    node.span = span(begin, at_);
    return read;
  }

  bool read_map(DocumentNode& node, std::size_t depth) {
    node.kind = Kind::Map;
    const std::size_t begin = at_++;
    if (take('}')) {
      return true;
    }
    GivenNames names;
    do {
      skip_space();
      DocumentMember& member = node.members.emplace_back();
      const std::size_t key = at_;
      if (at_ >= text_.size()) {
        return fail(begin, "an object is not closed", "opened here");
      }
      if (text_[at_] != '"') {
        return fail(at_, "a name in quotes must stand here");
      }
      if (!read_string(member.key)) {
        return false;
      }
      member.key_span = span(key, at_);
      if (!names.add(std::span(node.members).first(node.members.size() - 1), member.key)) {
        return fail(key, "`" + member.key + "` is given twice");
      }
      if (!take(':')) {
        return fail(at_, "`:` must follow the name `" + member.key + "`");
      }
      if (!read_value(member.value, depth + 1)) {
        return false;
      }
    } while (take(','));
    if (!take('}')) {
      return at_ >= text_.size() ? fail(begin, "an object is not closed", "opened here")
                                 : fail(at_, "`,` or `}` must stand here");
    }
    return true;
  }

  bool read_list(DocumentNode& node, std::size_t depth) {
    node.kind = Kind::List;
    const std::size_t begin = at_++;
    if (take(']')) {
      return true;
    }
    do {
      if (!read_value(node.elements.emplace_back(), depth + 1)) {
        return false;
      }
    } while (take(','));
    if (!take(']')) {
      return at_ >= text_.size() ? fail(begin, "a list is not closed", "opened here")
                                 : fail(at_, "`,` or `]` must stand here");
    }
    return true;
  }

  bool read_string(std::string& out) {
    const std::size_t begin = at_++;
    for (; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '"') {
        ++at_;
        return true;
      }
      if (static_cast<unsigned char>(c) < 0x20U) {
        return fail(c == '\n' ? begin : at_, c == '\n' ? "a string does not end on its line"
                                                       : "a control character stands in a string");
      }
      if (c != '\\') {
        out += c;
      } else if (!read_escape(out)) {
        return false;
      }
    }
    return fail(begin, "a string is not closed", "opened here");
  }

  bool read_escape(std::string& out) {
    constexpr std::string_view kEscapes = "\"\\/bfnrt";
    constexpr std::string_view kMeant = "\"\\/\b\f\n\r\t";
    const std::size_t begin = at_++;
    const char c = at_ < text_.size() ? text_[at_] : '\0';
    if (const std::size_t which = kEscapes.find(c); c != '\0' && which != std::string_view::npos) {
      out += kMeant[which];
      return true;
    }
    std::optional<std::uint32_t> code = c == 'u' ? four_digits() : std::nullopt;
    if (code && *code >= 0xD800U && *code < 0xDC00U && text_.substr(at_ + 1, 2) == "\\u") {
      at_ += 2;
      const std::optional<std::uint32_t> low = four_digits();
      const bool pair = low && *low >= 0xDC00U && *low < 0xE000U;
      code = pair ? std::optional(0x10000U + ((*code - 0xD800U) << 10U) + (*low - 0xDC00U))
                  : std::nullopt;
    }
    if (!code || (*code >= 0xD800U && *code < 0xE000U)) {
      return fail(begin, "an escape that JSON does not know");
    }
    append_utf8(*code, out);
    return true;
  }

  // The four hexadecimal digits after `u`, at which the cursor stands; it ends on the last.
  std::optional<std::uint32_t> four_digits() {
    std::uint32_t value = 0;
    for (int i = 0; i < 4; ++i) {
      ++at_;
      const char c = at_ < text_.size() ? text_[at_] : '\0';
      const char lower = static_cast<char>(c | 0x20);
      if (is_digit(c)) {
        value = value * 16 + static_cast<std::uint32_t>(c - '0');
      } else if (lower >= 'a' && lower <= 'f') {
        value = value * 16 + static_cast<std::uint32_t>(lower - 'a' + 10);
      } else {
        return std::nullopt;
      }
    }
    return value;
  }

  bool read_word(DocumentNode& node) {
    const std::size_t begin = at_;
    constexpr std::string_view kEnds = " \t\r\n,:{}[]\"";
    while (at_ < text_.size() && kEnds.find(text_[at_]) == std::string_view::npos) {
      ++at_;
    }
    node.text = std::string(text_.substr(begin, at_ - begin));
    if (node.text == "null") {
      node.kind = Kind::Null;
    } else if (node.text == "true" || node.text == "false") {
      node.kind = Kind::Bool;
    } else if (is_number(node.text)) {
      node.kind = Kind::Number;
    } else {
      at_ = std::max(at_, begin + 1);
      diagnostics_.error(code_, span(begin, std::min(at_, text_.size())),
                         "`" + std::string(text_.substr(begin, at_ - begin)) + "` is not JSON",
                         "strings stand in quotes");
      return false;
    }
    return true;
  }

  static bool is_number(std::string_view text) {
    std::size_t at = text.starts_with('-') ? 1 : 0;
    const auto digits = [&] {
      const std::size_t begin = at;
      while (at < text.size() && is_digit(text[at])) {
        ++at;
      }
      return at - begin;
    };
    const bool leading_zero = at < text.size() && text[at] == '0';
    const std::size_t whole = digits();
    bool good = whole > 0 && (!leading_zero || whole == 1);
    if (good && at < text.size() && text[at] == '.') {
      ++at;
      good = digits() > 0;
    }
    if (good && at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
      ++at;
      at += at < text.size() && (text[at] == '+' || text[at] == '-') ? 1U : 0U;
      good = digits() > 0;
    }
    return good && at == text.size();
  }

  std::string_view text_;
  SourceFileId file_;
  Code code_;
  const DocumentLimits& limits_;
  Diagnostics& diagnostics_;
  std::size_t at_ = 0;
  std::size_t nodes_ = 0;
};

}  // namespace

const DocumentNode* DocumentNode::find(std::string_view key) const {
  for (const DocumentMember& member : members) {
    if (member.key == key) {
      return &member.value;
    }
  }
  return nullptr;
}

std::string_view node_kind_name(const DocumentNode& node) {
  constexpr std::array<std::string_view, 6> kNames{"null",     "true or false", "a number",
                                                   "a string", "a list",        "a mapping"};
  return kNames[static_cast<std::size_t>(node.kind)];
}

std::vector<DocumentNode> read_json_document(const SourceSet& sources, SourceFileId file, Code code,
                                             const DocumentLimits& limits,
                                             Diagnostics& diagnostics) {
  const std::string_view text = sources.file(file).text();
  if (text.size() > limits.max_bytes) {
    diagnostics.error(code, Span{file, 0, 0},
                      "the file is larger than " + std::to_string(limits.max_bytes) + " bytes");
    return {};
  }
  if (const auto bad = first_invalid_utf8(text)) {
    const auto at = static_cast<std::uint32_t>(*bad);
    diagnostics.error(code, Span{file, at, at + 1}, "the text is not valid UTF-8");
    return {};
  }
  return JsonScanner(sources, file, code, limits, diagnostics).read_all();
}

}  // namespace rescind
