// What a terminal is given, and what not.
#include "base/printable.h"

#include <sstream>
#include <string>

#include <doctest/doctest.h>

namespace {

using namespace rescind;

TEST_CASE("printable: text of any script stays as it is") {
  const std::string text = "Zoë 漢字 😀 \xC2\xA0~";
  CHECK(printable(text) == text);
  CHECK_FALSE(first_unprintable(text).has_value());
}

TEST_CASE("printable: control characters of all three kinds are replaced") {
  CHECK(printable("a\x1b[2Jb") == "a\uFFFD[2Jb");
  CHECK(printable("a\x7f") == "a\uFFFD");
  CHECK(printable("a\xC2\x9B"
                  "2J") == "a\uFFFD2J");
  CHECK(printable("a\xC2\x80\xC2\x9F") == "a\uFFFD\uFFFD");
  CHECK(first_unprintable("ab\xC2\x9B") == 2);
}

TEST_CASE("printable: what turns text around or breaks lines is replaced") {
  CHECK(printable("a\u202Eb\u2066c") == "a\uFFFDb\uFFFDc");
  CHECK(printable("a\u2028b") == "a\uFFFDb");
  CHECK(printable("a\nb\tc\rd") == "a\uFFFDb\uFFFDc\uFFFDd");
  CHECK(printable_lines("a\nb\tc\rd") == "a\nb\tc\uFFFDd");
}

TEST_CASE("printable: bytes that are not UTF-8 are replaced one by one") {
  CHECK(printable("a\x9B"
                  "b") == "a\uFFFDb");
  CHECK(printable("\xE2\x82") == "\uFFFD\uFFFD");
  CHECK(printable("\xC3\x28") == "\uFFFD(");
}

TEST_CASE("terminal stream: a code point that comes in parts is judged as a whole") {
  std::ostringstream below;
  {
    TerminalStream stream(below, true);
    for (const char c : std::string("é\xC2\x9B漢\n")) {
      stream << c;
    }
    CHECK(below.str() == "é\uFFFD漢\n");
    stream << "\xE6";
  }
  CHECK(below.str() == "é\uFFFD漢\n\uFFFD");
}

TEST_CASE("terminal stream: painted text passes, a document only where nobody reads it") {
  std::ostringstream below;
  TerminalStream terminal(below, true);
  terminal << "1\x1b[1m";
  painted(terminal) << "2\x1b[1m";
  exact(terminal) << "3\x1b[1m";
  CHECK(below.str() == "1\uFFFD[1m2\x1b[1m3\uFFFD[1m");
  std::ostringstream file;
  TerminalStream pipe(file, false);
  pipe << "\x1b";
  exact(pipe) << "\xC2\x9B";
  CHECK(file.str() == "\uFFFD\xC2\x9B");
  CHECK(&exact(file) == &file);
}

TEST_CASE("terminal stream: it fails with the stream below") {
  std::ostringstream below;
  TerminalStream stream(below, false);
  below.setstate(std::ios::badbit);
  stream << "lost";
  CHECK_FALSE(stream.good());
}

}  // namespace
