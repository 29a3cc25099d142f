// UTF-8, names, globs and files.
#include "base/text.h"

#include <array>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

namespace {

using namespace rescind;

TEST_CASE("text: the first byte that is not UTF-8 is found") {
  CHECK_FALSE(first_invalid_utf8("a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80z").has_value());
  CHECK(first_invalid_utf8("ab\xFF") == 2);
  SUBCASE("a lone continuation byte") {
    CHECK(first_invalid_utf8("a\x80") == 1);
  }
  SUBCASE("an overlong form") {
    CHECK(first_invalid_utf8("\xC0\xAF") == 0);
    CHECK(first_invalid_utf8("\xE0\x80\xAF") == 0);
    CHECK(first_invalid_utf8("\xF0\x80\x80\xAF") == 0);
  }
  SUBCASE("a surrogate") {
    CHECK(first_invalid_utf8("x\xED\xA0\x80") == 1);
  }
  SUBCASE("beyond U+10FFFF") {
    CHECK(first_invalid_utf8("\xF4\x90\x80\x80") == 0);
  }
  SUBCASE("cut short at the end") {
    CHECK(first_invalid_utf8("x\xC3") == 1);
    CHECK(first_invalid_utf8("x\xE2\x82") == 1);
    CHECK(first_invalid_utf8("x\xF0\x9F\x98") == 1);
  }
}

TEST_CASE("text: what is not ASCII is found at every place of a long text") {
  for (std::size_t at = 0; at < 30; ++at) {
    std::string text(30, 'x');
    text[at] = '\xFF';
    CHECK(first_invalid_utf8(text) == at);
    text.replace(at, 1, "\xE2\x80\xAE");
    CHECK_FALSE(first_invalid_utf8(text).has_value());
    CHECK(first_bidi_control(text) == at);
    text.replace(at, 3, "\xC3\xA9");
    CHECK_FALSE(first_bidi_control(text).has_value());
  }
}

TEST_CASE("text: every bidirectional control character is found, and nothing else") {
  for (const char* control : {"\u061C", "\u200E", "\u200F", "\u202A", "\u202B", "\u202C", "\u202D",
                              "\u202E", "\u2066", "\u2067", "\u2068", "\u2069"}) {
    CHECK(first_bidi_control(std::string("ab") + control) == 2);
  }
  CHECK_FALSE(first_bidi_control("caf\u00E9 \u2028 \u200D \u20AC \u2070 \u061B").has_value());
}

TEST_CASE("text: width counts code points") {
  CHECK(display_width("") == 0);
  CHECK(display_width("a\u00E9\u20AC\U0001F600") == 4);
}

TEST_CASE("text: the nearest name is near enough, and ties go to the first in byte order") {
  const std::vector<std::string> names{"department", "title", "team", "starts", "status"};
  CHECK(nearest_name("departmnt", names) == "department");
  CHECK(nearest_name("depratment", names) == "department");
  CHECK(nearest_name("tittle", names) == "title");
  CHECK(nearest_name("teem", names) == "team");
  CHECK_FALSE(nearest_name("salary", names).has_value());
  CHECK_FALSE(nearest_name("ab", names).has_value());
  const std::vector<std::string> tie{"bat", "bar"};
  CHECK(nearest_name("bax", tie) == "bar");
}

TEST_CASE("text: globs match whole texts in time bounded by their product") {
  CHECK(glob_match("*Rep*", "Sales Rep II"));
  CHECK(glob_match("*", ""));
  CHECK(glob_match("a?c", "a\u00E9c"));
  CHECK(glob_match("", ""));
  CHECK(glob_match("*.example", "a.b.example"));
  CHECK_FALSE(glob_match("Rep", "Reps"));
  CHECK_FALSE(glob_match("a?c", "ac"));
  CHECK_FALSE(glob_match("rep*", "Rep"));
  std::string pattern;
  for (int i = 0; i < 60; ++i) {
    pattern += "*a";
  }
  CHECK_FALSE(glob_match(pattern + "b", std::string(5'000, 'a')));
}

TEST_CASE("text: parts are joined with nothing before the first") {
  const std::vector<std::string> parts{"a", "", "c"};
  CHECK(join(parts, ", ") == "a, , c");
  CHECK(join({}, ", ").empty());
}

TEST_CASE("text: a file is replaced as a whole and read back within its bound") {
  const std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("rescind_text_" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  const std::string path = (folder / "f.txt").string();
  REQUIRE(write_file_atomically(path, "one").has_value());
  ::chmod(path.c_str(), 0640);
  REQUIRE(write_file_atomically(path, "two\n").has_value());
  CHECK(read_file(path, 4).value() == "two\n");
  CHECK(read_file(path, 3).error().kind() == ErrorKind::Limit);

  struct stat status {};

  REQUIRE(::stat(path.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777U) == 0640U);
  std::size_t entries = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder)) {
    ++entries;
  }
  CHECK(entries == 1);
  const auto missing = read_file((folder / "missing").string(), 10);
  REQUIRE_FALSE(missing.has_value());
  CHECK(missing.error().kind() == ErrorKind::Io);
  CHECK(missing.error().message().find("missing") != std::string::npos);
  CHECK(write_file_atomically((folder / "no" / "f").string(), "x").error().kind() == ErrorKind::Io);
  std::filesystem::remove_all(folder);
}

}  // namespace
