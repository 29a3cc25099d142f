// Diagnostics for people: the caret form. Source lines are shown safely: tabs become spaces,
// control characters and broken bytes a replacement sign, and long lines are cut to a window at the
// caret.
#include <algorithm>
#include <map>

#include "base/printable.h"
#include "base/text.h"
#include "diagnostics/diagnostic.h"

namespace rescind {
namespace {

constexpr std::size_t kTabColumns = 4;
constexpr std::size_t kMaxColumns = 160;  // of a source line before it is cut
constexpr std::size_t kLeadColumns = 30;  // kept before the caret of a cut line
constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
constexpr std::string_view kEllipsis = "\xE2\x80\xA6";

enum class Paint { Error, Warning, Note, Frame, Strong };

std::string_view paint_code(Paint paint) {
  switch (paint) {
  case Paint::Error:
    return "\x1b[1;31m";
  case Paint::Warning:
    return "\x1b[1;33m";
  case Paint::Note:
    return "\x1b[1;32m";
  case Paint::Frame:
    return "\x1b[1;34m";
  case Paint::Strong:
    return "\x1b[1m";
  }
  return "";
}

std::string painted(Paint paint, std::string_view text, const RenderOptions& options) {
  if (!options.color || text.empty()) {
    return std::string(text);
  }
  return std::string(paint_code(paint)) + std::string(text) + "\x1b[0m";
}

struct Cell {
  std::uint32_t offset;  // byte offset in the line
  std::string shown;     // one terminal column
};

// A line as terminal columns, a code point each; what could move the cursor or reorder text is
// replaced.
std::vector<Cell> cells_of(std::string_view line) {
  std::vector<Cell> cells;
  for (std::size_t i = 0; i < line.size();) {
    const CodePoint code = code_point_at(line, i);
    const std::string_view point = line.substr(i, code.size);
    const auto offset = static_cast<std::uint32_t>(i);
    if (point == "\t") {
      do {
        cells.push_back({offset, " "});
      } while (cells.size() % kTabColumns != 0);
    } else if (!code.printable) {
      cells.push_back({offset, std::string(kReplacement)});
    } else {
      cells.push_back({offset, std::string(point)});
    }
    i += point.size();
  }
  return cells;
}

std::string safe(std::string_view text) {
  std::string shown;
  for (const Cell& cell : cells_of(text)) {
    shown += cell.shown;
  }
  return shown;
}

// The part of a line that is worth looking at: a line may be as long as its file.
struct Excerpt {
  std::string_view text;
  std::uint32_t begin;  // offset of the text in its file
  bool cut_left;
  bool cut_right;
};

Excerpt excerpt_of(std::string_view line, std::uint32_t line_begin, std::uint32_t offset) {
  constexpr std::size_t kBytes = 8 * kMaxColumns;  // on each side; a code point has at most 4
  const std::size_t at = std::min<std::size_t>(offset - line_begin, line.size());
  std::size_t first = at > kBytes ? at - kBytes : 0;
  const auto inside_code_point = [&](std::size_t index) {
    return (static_cast<unsigned char>(line[index]) & 0xC0U) == 0x80U;
  };
  while (first > 0 && first < at && inside_code_point(first)) {
    ++first;
  }
  std::size_t last = std::min(line.size(), at + kBytes);
  while (last < line.size() && last > at && inside_code_point(last)) {
    --last;
  }
  return {line.substr(first, last - first), line_begin + static_cast<std::uint32_t>(first),
          first > 0, last < line.size()};
}

struct Mark {
  Span span;
  std::string_view text;
  bool primary;
};

Paint severity_paint(Severity severity) {
  switch (severity) {
  case Severity::Error:
    return Paint::Error;
  case Severity::Warning:
    return Paint::Warning;
  case Severity::Note:
    return Paint::Note;
  }
  return Paint::Error;
}

std::string_view severity_word(Severity severity) {
  switch (severity) {
  case Severity::Error:
    return "error";
  case Severity::Warning:
    return "warning";
  case Severity::Note:
    return "note";
  }
  return "error";
}

class Renderer {
 public:
  Renderer(const SourceSet& sources, const RenderOptions& options)
      : sources_(sources), options_(options) {}

  std::string render(const Diagnostic& diagnostic) {
    out_.clear();
    paint_ = severity_paint(diagnostic.severity);
    out_ += painted(
        paint_,
        std::string(severity_word(diagnostic.severity)) + "[" + code_name(diagnostic.code) + "]",
        options_);
    out_ += painted(Paint::Strong, ": " + safe(diagnostic.message), options_) + "\n";
    std::vector<Mark> marks;
    if (diagnostic.primary.file.valid()) {
      marks.push_back({diagnostic.primary, diagnostic.label, true});
    }
    for (const Label& label : diagnostic.labels) {
      if (label.span.file.valid()) {
        marks.push_back({label.span, label.text, false});
      }
    }
    gutter_ = 1;
    for (const Mark& mark : marks) {
      gutter_ = std::max(gutter_, std::to_string(begin_of(mark).line).size());
    }
    for (std::size_t i = 0; i < marks.size(); ++i) {
      const auto same_file = [&](const Mark& mark) { return mark.span.file == marks[i].span.file; };
      if (std::none_of(marks.begin(), marks.begin() + static_cast<std::ptrdiff_t>(i), same_file)) {
        std::vector<Mark> here;
        std::copy_if(marks.begin(), marks.end(), std::back_inserter(here), same_file);
        add_file(std::move(here), i == 0);
      }
    }
    for (const std::string& help : diagnostic.help) {
      out_ += std::string(gutter_ + 2, ' ') + painted(Paint::Frame, "=", options_) + " " +
              painted(Paint::Strong, "help", options_) + ": " + safe(help) + "\n";
    }
    return out_;
  }

 private:
  [[nodiscard]] LineColumn begin_of(const Mark& mark) const {
    return sources_.file(mark.span.file).locate(mark.span.begin);
  }

  void add_frame(std::string_view number, std::string_view rest) {
    const std::string left =
        " " + std::string(gutter_ - number.size(), ' ') + std::string(number) + " |";
    out_ += painted(Paint::Frame, left, options_);
    out_ += rest.empty() ? "" : " ";
    out_ += rest;
    out_ += "\n";
  }

  // All marks in one file, by line; marks on one line stand below it, the primary one first.
  void add_file(std::vector<Mark> marks, bool first) {
    std::map<std::uint32_t, std::vector<Mark>> by_line;
    for (const Mark& mark : marks) {
      by_line[begin_of(mark).line].push_back(mark);
    }
    out_ += std::string(gutter_ + 1, ' ') + painted(Paint::Frame, first ? "-->" : ":::", options_) +
            " " + safe(sources_.place(marks.front().span)) + "\n";
    add_frame("", "");
    std::uint32_t before = 0;
    for (const auto& [line, here] : by_line) {
      if (before != 0 && line > before + 1) {
        out_ += painted(Paint::Frame, "...", options_) + "\n";
      }
      add_line(line, here);
      before = line;
    }
  }

  void add_line(std::uint32_t number, const std::vector<Mark>& marks) {
    const SourceFile& file = sources_.file(marks.front().span.file);
    const Excerpt excerpt =
        excerpt_of(file.line(number), file.line_begin(number), marks.front().span.begin);
    const std::vector<Cell> cells = cells_of(excerpt.text);
    const std::uint32_t line_begin = excerpt.begin;
    const auto column_of = [&](std::uint32_t offset) {
      offset = std::max(offset, line_begin);
      const auto at = std::lower_bound(
          cells.begin(), cells.end(), offset - line_begin,
          [](const Cell& cell, std::uint32_t wanted) { return cell.offset < wanted; });
      return static_cast<std::size_t>(at - cells.begin());
    };
    // The window of columns that is shown.
    const std::size_t caret = column_of(marks.front().span.begin);
    std::size_t from = 0;
    std::size_t to = cells.size();
    if (cells.size() > kMaxColumns) {
      from = caret > kMaxColumns - kLeadColumns ? caret - kLeadColumns : 0;
      from = std::min(from, cells.size() - kMaxColumns);
      to = from + kMaxColumns;
    }
    const bool cut_left = from > 0 || excerpt.cut_left;
    std::string shown(cut_left ? kEllipsis : "");
    for (std::size_t i = from; i < to; ++i) {
      shown += cells[i].shown;
    }
    shown += to < cells.size() || excerpt.cut_right ? kEllipsis : "";
    add_frame(std::to_string(number), shown);
    const std::size_t margin = cut_left ? 1 : 0;
    for (const Mark& mark : marks) {
      const std::size_t begin = std::clamp(column_of(mark.span.begin), from, to);
      const std::size_t end =
          std::clamp(column_of(std::max(mark.span.end, mark.span.begin)), from, to);
      std::string carets(std::max<std::size_t>(1, end - begin), mark.primary ? '^' : '-');
      if (!mark.text.empty()) {
        carets += " " + safe(mark.text);
      }
      add_frame("", std::string(margin + begin - from, ' ') +
                        painted(mark.primary ? paint_ : Paint::Frame, carets, options_));
    }
  }

  const SourceSet& sources_;
  const RenderOptions& options_;
  std::string out_;
  std::size_t gutter_ = 1;
  Paint paint_ = Paint::Error;
};

std::string counted(std::size_t count, std::string_view word) {
  return std::to_string(count) + " " + std::string(word) + (count == 1 ? "" : "s");
}

}  // namespace

std::string render_text(const Diagnostics& diagnostics, const SourceSet& sources,
                        const RenderOptions& options) {
  const std::vector<Diagnostic> all = diagnostics.sorted();
  if (all.empty()) {
    return {};
  }
  Renderer renderer(sources, options);
  std::string text;
  std::size_t errors = 0;
  std::size_t warnings = 0;
  for (const Diagnostic& diagnostic : all) {
    text += renderer.render(diagnostic) + "\n";
    errors += diagnostic.severity == Severity::Error ? 1 : 0;
    warnings += diagnostic.severity == Severity::Warning ? 1 : 0;
  }
  std::vector<std::string> counts;
  if (errors > 0) {
    counts.push_back(counted(errors, "error"));
  }
  if (warnings > 0) {
    counts.push_back(counted(warnings, "warning"));
  }
  if (diagnostics.suppressed() > 0) {
    counts.push_back(std::to_string(diagnostics.suppressed()) + " more not shown");
  }
  return counts.empty() ? text : text + join(counts, ", ") + "\n";
}

}  // namespace rescind
