// Lines of a file or of text in memory, through one buffer: memory stays bounded by the longest
// line.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace rescind {

// One line without its end; kRecordPadding bytes after it are readable. Valid until the next call.
struct Line {
  std::string_view text;
  std::uint32_t number = 1;  // 1-based
  bool too_long = false;     // `text` is only its beginning
};

class LineReader {
 public:
  // Reads from a file descriptor that stays the caller's.
  LineReader(int descriptor, std::size_t max_line_bytes);
  LineReader(std::string_view text, std::size_t max_line_bytes);

  // The next line; false at the end. Errors: Io.
  Result<bool> next(Line& line);

 private:
  Status refill();

  int descriptor_ = -1;
  std::string_view text_;
  std::size_t max_line_bytes_;
  std::string buffer_;
  std::size_t begin_ = 0;  // of the unread part of the buffer
  std::size_t end_ = 0;
  std::uint32_t number_ = 0;
  bool at_end_ = false;
  bool skipping_ = false;  // inside the rest of a line that was too long
};

}  // namespace rescind
