// The one format of the program, character by character.
#include <string>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "diagnostics/diagnostic.h"

namespace {

using namespace rescind;

std::string render(const Diagnostics& diagnostics, const SourceSet& sources) {
  return render_text(diagnostics, sources, {});
}

Span find(const SourceSet& sources, SourceFileId file, std::string_view text) {
  const auto begin = static_cast<std::uint32_t>(sources.file(file).text().find(text));
  return {file, begin, begin + static_cast<std::uint32_t>(text.size())};
}

TEST_CASE("render: an error shows its place, its line, carets, a label and help") {
  SourceSet sources;
  const auto file = sources.add("policies/leaver.rescind",
                                "rule a {\n  when subject.departmnt == \"Sales\"\n}\n");
  Diagnostics diagnostics;
  diagnostics
      .error(Code::R0120, find(sources, file, "departmnt"),
             "unknown attribute `departmnt` on identity", "not an attribute of identity")
      .help.push_back("did you mean `department`?");
  CHECK(render(diagnostics, sources) ==
        "error[R0120]: unknown attribute `departmnt` on identity\n"
        "  --> policies/leaver.rescind:2:16\n"
        "   |\n"
        " 2 |   when subject.departmnt == \"Sales\"\n"
        "   |                ^^^^^^^^^ not an attribute of identity\n"
        "   = help: did you mean `department`?\n"
        "\n"
        "1 error\n");
}

TEST_CASE("render: carets stand under code points, and tabs are widened") {
  SourceSet sources;
  const auto file = sources.add("f", "\t\"\u00E9\u20AC\" x\ty\n");
  Diagnostics diagnostics;
  diagnostics.error(Code::R0120, find(sources, file, "x"), "m");
  diagnostics.error(Code::R0121, find(sources, file, "y"), "n");
  const std::string text = render(diagnostics, sources);
  CHECK(text.find(" 1 |     \"\u00E9\u20AC\" x  y\n   |          ^\n") != std::string::npos);
  CHECK(text.find(" 1 |     \"\u00E9\u20AC\" x  y\n   |             ^\n") != std::string::npos);
}

TEST_CASE("render: labels in the same file share its lines, other files follow") {
  SourceSet sources;
  std::string many = "first\n";
  for (int i = 0; i < 10; ++i) {
    many += "line\n";
  }
  const auto a = sources.add("a", many + "last\n");
  const auto b = sources.add("b", "there\n");
  Diagnostics diagnostics;
  Diagnostic& error = diagnostics.error(Code::R0120, find(sources, a, "last"), "m", "here");
  error.labels.push_back({find(sources, b, "there"), "and there"});
  error.labels.push_back({find(sources, a, "first"), "and before"});
  error.labels.push_back({{}, "no place, not shown"});
  CHECK(render(diagnostics, sources) ==
        "error[R0120]: m\n"
        "   --> a:12:1\n"
        "    |\n"
        "  1 | first\n"
        "    | ----- and before\n"
        "...\n"
        " 12 | last\n"
        "    | ^^^^ here\n"
        "   ::: b:1:1\n"
        "    |\n"
        "  1 | there\n"
        "    | ----- and there\n"
        "\n"
        "1 error\n");
}

TEST_CASE("render: a long line is cut to a window around the caret") {
  SourceSet sources;
  const auto file = sources.add("f", std::string(500, 'a') + "X" + std::string(500, 'b'));
  Diagnostics diagnostics;
  diagnostics.error(Code::R0120, find(sources, file, "X"), "m");
  const std::string text = render(diagnostics, sources);
  CHECK(text.find("\u2026" + std::string(30, 'a') + "X" + std::string(129, 'b') + "\u2026") !=
        std::string::npos);
  CHECK(text.find("   | " + std::string(31, ' ') + "^\n") != std::string::npos);
}

TEST_CASE("render: what could move the cursor or reorder the line is replaced") {
  SourceSet sources;
  const auto file = sources.add("f\x1b[2J", "a\x1b[31m\u202E\xFFz\n");
  Diagnostics diagnostics;
  diagnostics.error(Code::R0120, {file, 0, 1}, "user text `\x1b[2J`\n");
  const std::string text = render(diagnostics, sources);
  CHECK(text.find('\x1b') == std::string::npos);
  CHECK(text.find("\u202E") == std::string::npos);
  CHECK(text.find('\xFF') == std::string::npos);
  CHECK(text.find("a\uFFFD[31m\uFFFD\uFFFDz") != std::string::npos);
}

TEST_CASE("render: a span over several lines is marked to the end of its first one") {
  SourceSet sources;
  const auto file = sources.add("f", "abc {\n}\n");
  Diagnostics diagnostics;
  diagnostics.error(Code::R0120, {file, 4, 7}, "m");
  CHECK(render(diagnostics, sources).find(" 1 | abc {\n   |     ^\n\n") != std::string::npos);
}

TEST_CASE("render: a point at the end of a file has one caret, a place that is unknown has none") {
  SourceSet sources;
  const auto file = sources.add("f", "ab");
  Diagnostics diagnostics;
  diagnostics.error(Code::R0120, {file, 2, 2}, "end");
  diagnostics.error(Code::R0120, {}, "nowhere");
  CHECK(render(diagnostics, sources) ==
        "error[R0120]: end\n  --> f:1:3\n   |\n 1 | ab\n   |   ^\n\n"
        "error[R0120]: nowhere\n\n2 errors\n");
}

TEST_CASE("render: the closing line counts what was found and what was left out") {
  SourceSet sources;
  const auto file = sources.add("f", "abc");
  Diagnostics diagnostics(1);
  diagnostics.error(Code::R0120, {file, 0, 1}, "m");
  diagnostics.error(Code::R0120, {file, 1, 2}, "m");
  diagnostics.warning(Code::R0128, {file, 2, 3}, "w");
  const std::string text = render(diagnostics, sources);
  CHECK(text.ends_with("\n1 error, 1 warning, 1 more not shown\n"));
  CHECK(render(Diagnostics(), sources).empty());
}

TEST_CASE("render: colour is given only when asked for") {
  SourceSet sources;
  const auto file = sources.add("f", "abc");
  Diagnostics diagnostics;
  diagnostics.error(Code::R0120, {file, 0, 1}, "m");
  CHECK(render_text(diagnostics, sources, {}).find('\x1b') == std::string::npos);
  CHECK(render_text(diagnostics, sources, {true}).find("\x1b[1;31merror[R0120]\x1b[0m") !=
        std::string::npos);
}

TEST_CASE("render: machines get places in lines and columns, and always valid JSON") {
  SourceSet sources;
  const auto file = sources.add("f", "a\u00E9\nxyz\n");
  Diagnostics diagnostics;
  Diagnostic& error = diagnostics.error(Code::R0120, {file, 4, 6}, "broken \xFF text", "here");
  error.labels.push_back({{file, 1, 3}, "there"});
  error.help.push_back("try");
  diagnostics.error(Code::R0121, {}, "nowhere");
  const auto json = nlohmann::json::parse(render_json(diagnostics, sources));
  CHECK(json["suppressed"] == 0);
  REQUIRE(json["diagnostics"].size() == 2);
  const auto& first = json["diagnostics"][0];
  CHECK(first["code"] == "R0120");
  CHECK(first["severity"] == "error");
  CHECK(first["message"] == "broken \uFFFD text");
  CHECK(first["file"] == "f");
  CHECK(first["line"] == 2);
  CHECK(first["column"] == 1);
  CHECK(first["end_line"] == 2);
  CHECK(first["end_column"] == 3);
  CHECK(first["label"] == "here");
  CHECK(first["labels"][0]["column"] == 2);
  CHECK(first["labels"][0]["end_column"] == 3);
  CHECK(first["help"][0] == "try");
  CHECK(json["diagnostics"][1]["line"].is_null());
}

}  // namespace
