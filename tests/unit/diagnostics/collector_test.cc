// The collector: order, limits, and one entry for one fault.
#include <algorithm>

#include <doctest/doctest.h>

#include "diagnostics/diagnostic.h"

namespace {

using namespace rescind;

Span at(std::uint32_t file, std::uint32_t begin) {
  return {SourceFileId{file}, begin, begin + 1};
}

TEST_CASE("diagnostics: they are sorted by file, place and code, and equal ones appear once") {
  Diagnostics diagnostics;
  diagnostics.error(Code::R0120, at(1, 5), "later file");
  diagnostics.error(Code::R0121, at(0, 9), "same place, later code");
  diagnostics.error(Code::R0120, at(0, 9), "same place");
  diagnostics.warning(Code::R0128, at(0, 2), "first");
  diagnostics.error(Code::R0120, at(0, 9), "same place");
  diagnostics.error(Code::R0120, {}, "about the whole input");
  const auto sorted = diagnostics.sorted();
  REQUIRE(sorted.size() == 5);
  CHECK(sorted[0].message == "first");
  CHECK(sorted[1].message == "same place");
  CHECK(sorted[2].message == "same place, later code");
  CHECK(sorted[3].message == "later file");
  CHECK(sorted[4].message == "about the whole input");
}

TEST_CASE("diagnostics: past the limit errors are counted and not kept") {
  Diagnostics diagnostics(2);
  for (std::uint32_t i = 0; i < 5; ++i) {
    diagnostics.error(Code::R0120, at(0, i), "x")
        .help.push_back("kept or not, this may be written");
  }
  CHECK(diagnostics.error_count() == 5);
  CHECK(diagnostics.suppressed() == 3);
  CHECK(diagnostics.sorted().size() == 2);
  diagnostics.warning(Code::R0128, at(0, 9), "warnings have a limit of their own");
  CHECK(diagnostics.sorted().size() == 3);
}

TEST_CASE("diagnostics: warnings are no errors") {
  Diagnostics diagnostics;
  diagnostics.warning(Code::R0128, at(0, 0), "w");
  CHECK_FALSE(diagnostics.has_errors());
  CHECK(diagnostics.error_count() == 0);
}

TEST_CASE("diagnostics: codes have four digits and a title, and the table is sorted") {
  CHECK(code_name(Code::R0101) == "R0101");
  CHECK(code_title(Code::R0101) == "text is not valid UTF-8");
  const std::vector<Code> codes = all_codes();
  CHECK(std::is_sorted(codes.begin(), codes.end()));
  CHECK(std::adjacent_find(codes.begin(), codes.end()) == codes.end());
}

}  // namespace
