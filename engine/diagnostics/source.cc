// Places in source texts: byte offsets to lines and columns.
#include "diagnostics/source.h"

#include <algorithm>

#include "base/check.h"
#include "base/text.h"

namespace rescind {

SourceFile::SourceFile(std::string name, std::string text)
    : name_(std::move(name)), text_(std::move(text)), line_begins_{0} {
  RESCIND_CHECK(text_.size() < UINT32_MAX, "a source text larger than its 32-bit offsets");
  for (std::size_t i = 0; i < text_.size(); ++i) {
    if (text_[i] == '\n') {
      line_begins_.push_back(static_cast<std::uint32_t>(i + 1));
    }
  }
}

LineColumn SourceFile::locate(std::uint32_t offset) const {
  offset = std::min(offset, static_cast<std::uint32_t>(text_.size()));
  const auto after = std::upper_bound(line_begins_.begin(), line_begins_.end(), offset);
  const std::uint32_t begin = *(after - 1);
  const std::string_view before = text().substr(begin, offset - begin);
  return {static_cast<std::uint32_t>(after - line_begins_.begin()),
          static_cast<std::uint32_t>(display_width(before) + 1)};
}

std::string_view SourceFile::line(std::uint32_t number) const {
  const std::uint32_t begin = line_begin(number);
  std::string_view line = text().substr(begin, line_begin(number + 1) - begin);
  if (line.ends_with('\n')) {
    line.remove_suffix(1);
  }
  if (line.ends_with('\r')) {
    line.remove_suffix(1);
  }
  return line;
}

std::uint32_t SourceFile::line_begin(std::uint32_t number) const {
  if (number == 0) {
    return 0;
  }
  return number > line_begins_.size() ? static_cast<std::uint32_t>(text_.size())
                                      : line_begins_[number - 1];
}

SourceFileId SourceSet::add(std::string name, std::string text) {
  const auto index = static_cast<std::uint32_t>(files_.size());
  files_.push_back(std::make_unique<SourceFile>(std::move(name), std::move(text)));
  return SourceFileId{index};
}

std::string_view SourceSet::text(Span span) const {
  if (!span.file.valid()) {
    return {};
  }
  const std::string_view text = file(span.file).text();
  const std::size_t begin = std::min<std::size_t>(span.begin, text.size());
  return text.substr(begin, std::max(span.begin, span.end) - span.begin);
}

std::string SourceSet::place(Span span) const {
  if (!span.file.valid()) {
    return {};
  }
  const SourceFile& source = file(span.file);
  const LineColumn at = source.locate(span.begin);
  return source.name() + ":" + std::to_string(at.line) + ":" + std::to_string(at.column);
}

}  // namespace rescind
