// What the pages show as policy text is policy text.
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "base/text.h"
#include "parse/parse_policy.h"

namespace {

using namespace rescind;

// The blocks of a page that are fenced as `rescind`.
std::vector<std::string> policies_in(const std::string& page) {
  static constexpr std::string_view kOpen = "```rescind\n";
  std::vector<std::string> blocks;
  for (std::size_t at = page.find(kOpen); at != std::string::npos; at = page.find(kOpen, at)) {
    at += kOpen.size();
    blocks.push_back(page.substr(at, page.find("```", at) - at));
  }
  return blocks;
}

TEST_CASE("pages: every policy of the language reference parses") {
  std::vector<std::string> policies;
  for (const char* name : {"language.md", "language/retire.md", "language/restore.md"}) {
    const auto page = read_file(std::string(RESCIND_SOURCE_DIR) + "/docs/" + name, 1'000'000);
    REQUIRE(page.has_value());
    for (std::string& policy : policies_in(*page)) {
      policies.push_back(std::move(policy));
    }
  }
  CHECK(policies.size() >= 12);
  for (const std::string& policy : policies) {
    SourceSet sources;
    Diagnostics diagnostics;
    const auto tree = parse_policy(sources, sources.add("language.md", policy), {}, diagnostics);
    CHECK_MESSAGE(tree.has_value(), render_text(diagnostics, sources, {}));
    CHECK(diagnostics.sorted().empty());
  }
}

TEST_CASE("pages: the page of a syntax error has the title of its code") {
  for (const Code code : all_codes()) {
    const std::string name = code_name(code);
    if (name > "R0130") {
      break;
    }
    const auto page =
        read_file(std::string(RESCIND_SOURCE_DIR) + "/docs/diagnostics/" + name + ".md", 100'000);
    REQUIRE_MESSAGE(page.has_value(), name);
    CHECK_MESSAGE(page->starts_with("# " + name + ": " + std::string(code_title(code))), name);
  }
}

}  // namespace
