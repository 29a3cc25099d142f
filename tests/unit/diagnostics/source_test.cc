// Byte offsets to lines and columns, in texts that are awkward on purpose.
#include "diagnostics/source.h"

#include <doctest/doctest.h>

namespace {

using namespace rescind;

TEST_CASE("source: columns count code points and lines end with LF or CR LF") {
  const SourceFile file("f", "a\u00E9b\r\n\u20ACx\n\nlast");
  CHECK(file.line(1) == "a\u00E9b");
  CHECK(file.line(2) == "\u20ACx");
  CHECK(file.line(3).empty());
  CHECK(file.line(4) == "last");
  CHECK(file.line(5).empty());
  const LineColumn b = file.locate(3);
  CHECK(b.line == 1);
  CHECK(b.column == 3);
  const LineColumn x = file.locate(9);
  CHECK(x.line == 2);
  CHECK(x.column == 2);
}

TEST_CASE("source: offsets past the end are its end") {
  const SourceFile file("f", "ab\n");
  CHECK(file.locate(3).line == 2);
  CHECK(file.locate(99).line == 2);
  CHECK(file.line_begin(2) == 3);
  CHECK(file.line_begin(9) == 3);
  const SourceFile empty("e", "");
  CHECK(empty.locate(0).line == 1);
  CHECK(empty.locate(0).column == 1);
}

TEST_CASE("source: a set names places and keeps references while it grows") {
  SourceSet set;
  const SourceFileId first = set.add("a.rescind", "rule x\n");
  const SourceFile& kept = set.file(first);
  for (int i = 0; i < 100; ++i) {
    set.add("other", "text");
  }
  CHECK(&kept == &set.file(first));
  CHECK(set.size() == 101);
  CHECK(set.text({first, 5, 6}) == "x");
  CHECK(set.text({first, 5, 600}) == "x\n");
  CHECK(set.place({first, 5, 6}) == "a.rescind:1:6");
  CHECK(set.place({}).empty());
  CHECK(set.text({}).empty());
}

}  // namespace
