// The pages of the checker's codes: each example gives its code, and what the remedy shows is
// sound.
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

#include <doctest/doctest.h>

#include "tests/unit/check/policy_text.h"

namespace rescind::testing {
namespace {

std::string file_text(const std::string& name) {
  std::ifstream in(std::filesystem::path(RESCIND_SOURCE_DIR) / name);
  REQUIRE_MESSAGE(in.good(), name);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

std::string page_of(const std::string& code) {
  return file_text("docs/diagnostics/" + code + ".md");
}

// The indented lines of a section, cut into files at lines `// file NAME`.
NamedTexts policies_in(const std::string& page, const std::string& heading) {
  std::istringstream lines(page);
  NamedTexts texts;
  bool inside = false;
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind("## ", 0) == 0) {
      inside = line == "## " + heading;
    }
    if (!inside || line.rfind("    ", 0) != 0) {
      continue;
    }
    const std::string marker = "    // file ";
    if (line.rfind(marker, 0) == 0) {
      texts.emplace_back(line.substr(marker.size()), "");
      continue;
    }
    if (texts.empty()) {
      texts.emplace_back("main.rescind", "");
    }
    texts.back().second += line.substr(4) + "\n";
  }
  return texts;
}

// What a page shows in blocks fenced as `rescind`, as files of one program; `with` needs its
// modules.
NamedTexts blocks_of(const std::string& page) {
  const std::string open = "```rescind\n";
  NamedTexts texts;
  for (std::size_t at = page.find(open); at != std::string::npos; at = page.find(open, at)) {
    at += open.size();
    std::string block = page.substr(at, page.find("```", at) - at);
    const std::size_t header = block.find("module ");
    if (header == 0) {
      block.erase(0, block.find('\n'));
    }
    texts.emplace_back("block " + std::to_string(texts.size()), block);
  }
  return texts;
}

bool is_ours(const std::string& code) {
  return code.rfind("R02", 0) == 0 || code.rfind("R03", 0) == 0 || code.rfind("R04", 0) == 0;
}

TEST_CASE("pages: the example of each of the checker's codes gives that code") {
  for (const Code code : all_codes()) {
    const std::string name = code_name(code);
    if (!is_ours(name) || name == "R0314") {  // the example of R0314 is cut short
      continue;
    }
    const NamedTexts texts = policies_in(page_of(name), "Example");
    const Checked checked = check_texts(texts, {});
    CHECK_MESSAGE(checked.reports(name), name << " is not given by its example:\n"
                                              << checked.messages());
    std::size_t errors = 0;
    for (const Diagnostic& diagnostic : checked.diagnostics.sorted()) {
      errors += code_name(diagnostic.code) == name ? 0U : 1U;
    }
    CHECK_MESSAGE(errors == 0, name << ": its example says more:\n" << checked.messages());
  }
}

TEST_CASE("pages: the policies of the language reference are sound together") {
  NamedTexts texts = blocks_of(file_text("docs/language.md"));
  REQUIRE(texts.size() >= 8);
  texts.emplace_back("leaver.rescind", file_text("policies/leaver/leaver.rescind"));
  const Checked checked = check_texts(texts, {});
  CHECK_MESSAGE(checked.policy.has_value(), checked.messages());
}

TEST_CASE("pages: what the pages on retire and restore show is sound and draws no warning") {
  for (const char* page : {"docs/language/retire.md", "docs/language/restore.md"}) {
    const NamedTexts texts = blocks_of(file_text(page));
    REQUIRE_MESSAGE(!texts.empty(), page);
    const Checked checked = check_texts(texts, {});
    CHECK_MESSAGE(checked.policy.has_value(), checked.messages());
    CHECK_MESSAGE(checked.diagnostics.sorted().empty(), checked.messages());
  }
}

TEST_CASE("pages: what a remedy shows is sound") {
  for (const Code code : all_codes()) {
    const std::string name = code_name(code);
    if (!is_ours(name)) {
      continue;
    }
    const NamedTexts texts = policies_in(page_of(name), "Remedy");
    if (!texts.empty()) {
      const Checked checked = check_texts(texts, {});
      CHECK_MESSAGE(checked.policy.has_value(), name << "\n" << checked.messages());
      CHECK_MESSAGE(!checked.reports(name), name << "\n" << checked.messages());
    }
  }
}

}  // namespace
}  // namespace rescind::testing
