// Text from files, stores, servers and people on its way to a terminal: what could move the cursor,
// hide text or turn it around is replaced by U+FFFD.
#pragma once

#include <cstddef>
#include <optional>
#include <ostream>
#include <streambuf>
#include <string>
#include <string_view>

namespace rescind {

// Offset of the first byte of what a terminal must not be given: control characters (C0, DEL, C1),
// bidirectional controls, line and paragraph separators, bytes that are not UTF-8.
std::optional<std::size_t> first_unprintable(std::string_view text);

// The code point at `at`, or the one byte there that belongs to none.
struct CodePoint {
  std::size_t size;
  bool printable;
};

CodePoint code_point_at(std::string_view text, std::size_t at);

// One line: line ends and tabs are replaced as well.
std::string printable(std::string_view text);
// Line feeds and tabs stay.
std::string printable_lines(std::string_view text);

// A stream for people over another one: everything passes printable_lines(). It fails with the
// stream below it.
class TerminalStream : public std::ostream {
 public:
  // terminal: the stream below is one, not a file or a pipe
  TerminalStream(std::ostream& below, bool terminal);
  TerminalStream(const TerminalStream&) = delete;
  TerminalStream& operator=(const TerminalStream&) = delete;
  TerminalStream(TerminalStream&&) = delete;
  TerminalStream& operator=(TerminalStream&&) = delete;
  ~TerminalStream() override;

 private:
  class Buffer : public std::streambuf {
   public:
    explicit Buffer(std::ostream& below) : below_(below) {}

    // Gives on what waits for the rest of its code point.
    bool finish();

   protected:
    int_type overflow(int_type c) override;
    std::streamsize xsputn(const char* text, std::streamsize size) override;
    int sync() override;

   private:
    std::ostream& below_;
    std::string begun_;  // the first bytes of a code point
  };

  friend std::ostream& painted(std::ostream& stream);
  friend std::ostream& exact(std::ostream& stream);

  Buffer buffer_;
  std::ostream& below_;
  bool terminal_;
};

// The stream below a TerminalStream, for text that this program coloured itself and cleaned before;
// any other stream is given back.
std::ostream& painted(std::ostream& stream);
// For documents that keep their bytes (JSON, DOT, an exported log): the stream below, but not when
// it is a terminal.
std::ostream& exact(std::ostream& stream);

}  // namespace rescind
