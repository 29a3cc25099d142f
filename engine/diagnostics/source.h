// Source files and spans: where in somebody's text a thing stands.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"

namespace rescind {

struct SourceFileTag {};

using SourceFileId = StrongId<SourceFileTag>;

// A range of bytes in one file; begin == end marks a point. An invalid file: no place is known.
struct Span {
  SourceFileId file;
  std::uint32_t begin = 0;  // byte offset, 0-based
  std::uint32_t end = 0;    // one past the last byte
  friend auto operator<=>(const Span&, const Span&) = default;
};

struct LineColumn {
  std::uint32_t line = 1;    // 1-based
  std::uint32_t column = 1;  // 1-based, in code points
};

// One text that a person wrote. Immutable.
class SourceFile {
 public:
  SourceFile(std::string name, std::string text);

  [[nodiscard]] const std::string& name() const { return name_; }

  [[nodiscard]] std::string_view text() const { return text_; }

  [[nodiscard]] LineColumn locate(std::uint32_t offset) const;
  // The line (1-based) without its line end; empty past the last.
  [[nodiscard]] std::string_view line(std::uint32_t number) const;
  // Byte offset at which a line (1-based) begins; the text's size past the last.
  [[nodiscard]] std::uint32_t line_begin(std::uint32_t number) const;

 private:
  std::string name_;
  std::string text_;
  std::vector<std::uint32_t> line_begins_;
};

// All files of one run. Adding does not invalidate references to files already there.
class SourceSet {
 public:
  SourceFileId add(std::string name, std::string text);

  [[nodiscard]] const SourceFile& file(SourceFileId id) const { return *files_[id.index()]; }

  [[nodiscard]] std::size_t size() const { return files_.size(); }

  [[nodiscard]] std::string_view text(Span span) const;
  // "file:line:column"; "" for a span without a file.
  [[nodiscard]] std::string place(Span span) const;

 private:
  std::vector<std::unique_ptr<SourceFile>> files_;
};

}  // namespace rescind
