// Reads, compares and rewrites .case files; see the header.
#include "tests/golden/golden.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <optional>

#include <doctest/doctest.h>

#include "base/text.h"

namespace rescind::golden {
namespace {

constexpr std::string_view kMark = "--- ";
constexpr std::string_view kExpect = "expect ";
constexpr std::size_t kMaxCaseBytes = 4 * 1024 * 1024;

std::string with_line_end(std::string text) {
  if (!text.empty() && !text.ends_with('\n')) {
    text += '\n';
  }
  return text;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

std::string write_case(const Case& test) {
  std::string text = test.title;
  for (const Section& section : test.sections) {
    text += std::string(kMark) + section.name + "\n" + section.text;
  }
  return text;
}

// The first line that differs, shown from both sides.
std::string difference(const std::string& expected, const std::string& actual) {
  const std::vector<std::string> left = lines_of(expected);
  const std::vector<std::string> right = lines_of(actual);
  std::size_t i = 0;
  while (i < left.size() && i < right.size() && left[i] == right[i]) {
    ++i;
  }
  const auto shown = [&](const std::vector<std::string>& lines) {
    return i < lines.size() ? "`" + lines[i] + "`" : std::string("nothing");
  };
  return "line " + std::to_string(i + 1) + " of the section: expected " + shown(left) + ", got " +
         shown(right) + "\n---- all that came out ----\n" + actual;
}

void fail_at(const Case& test, std::size_t line, const std::string& message) {
  ADD_FAIL_CHECK_AT(test.path.c_str(), static_cast<int>(line), message);
}

std::optional<std::string> expected_name(const Section& section) {
  if (!section.name.starts_with(kExpect)) {
    return std::nullopt;
  }
  return section.name.substr(kExpect.size());
}

void check_name(const Case& test, const Outputs& outputs) {
  const auto found = outputs.find("diagnostics");
  if (found == outputs.end()) {
    return;
  }
  const bool errors = ("\n" + found->second).find("\nerror[") != std::string::npos;
  const bool named = std::filesystem::path(test.path).filename().string().starts_with("fail_");
  if (errors != named) {
    fail_at(test, 1,
            errors ? "errors came out, so the file must be named fail_…\n" + found->second
                   : "no error came out, so the file must not be named fail_…");
  }
}

void compare(const Case& test, const Outputs& outputs) {
  bool diagnostics_expected = false;
  for (const Section& section : test.sections) {
    const auto name = expected_name(section);
    if (!name) {
      continue;
    }
    diagnostics_expected = diagnostics_expected || *name == "diagnostics";
    const auto actual = outputs.find(*name);
    if (actual == outputs.end()) {
      fail_at(test, section.line, "this test gives no `" + *name + "`");
    } else if (with_line_end(actual->second) != section.text) {
      fail_at(test, section.line, difference(section.text, with_line_end(actual->second)));
    }
  }
  const auto diagnostics = outputs.find("diagnostics");
  if (!diagnostics_expected && diagnostics != outputs.end() && !diagnostics->second.empty()) {
    fail_at(test, 1, "unexpected diagnostics:\n" + diagnostics->second);
  }
}

void update(Case test, const Outputs& outputs) {
  bool any_expected = false;
  bool diagnostics_expected = false;
  for (Section& section : test.sections) {
    if (const auto name = expected_name(section)) {
      any_expected = true;
      diagnostics_expected = diagnostics_expected || *name == "diagnostics";
      const auto actual = outputs.find(*name);
      section.text = actual == outputs.end() ? std::string() : with_line_end(actual->second);
    }
  }
  for (const auto& [name, text] : outputs) {
    const bool wanted = name == "diagnostics" ? !diagnostics_expected : !any_expected;
    if (wanted && !text.empty()) {
      test.sections.push_back({std::string(kExpect) + name, with_line_end(text), 0});
    }
  }
  const Status written = write_file_atomically(test.path, write_case(test));
  if (!written) {
    fail_at(test, 1, written.error().to_string());
  }
}

}  // namespace

const std::string* Case::find(std::string_view name) const {
  const auto it = std::find_if(sections.begin(), sections.end(),
                               [&](const Section& section) { return section.name == name; });
  return it == sections.end() ? nullptr : &it->text;
}

std::vector<const Section*> Case::all(std::string_view word) const {
  std::vector<const Section*> found;
  for (const Section& section : sections) {
    if (section.name == word || section.name.starts_with(std::string(word) + " ")) {
      found.push_back(&section);
    }
  }
  return found;
}

Case read_case(const std::string& path) {
  Case test;
  test.path = path;
  const Result<std::string> content = read_file(path, kMaxCaseBytes);
  if (!content) {
    fail_at(test, 1, content.error().to_string());
    return test;
  }
  std::size_t number = 0;
  for (const std::string& line : lines_of(*content)) {
    ++number;
    if (line.starts_with(kMark)) {
      test.sections.push_back({line.substr(kMark.size()), {}, number});
    } else {
      std::string& text = test.sections.empty() ? test.title : test.sections.back().text;
      text += line + "\n";
    }
  }
  return test;
}

void run_cases(const std::string& folder, const std::function<Outputs(const Case&)>& run) {
  const std::filesystem::path root = std::filesystem::path(RESCIND_GOLDEN_ROOT) / folder;
  std::vector<std::string> paths;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
    if (entry.path().extension() == ".case") {
      paths.push_back(entry.path().string());
    }
  }
  std::sort(paths.begin(), paths.end());
  CHECK_MESSAGE(!paths.empty(), "no .case files in " << root.string());
  const bool updating = std::getenv("RESCIND_UPDATE") != nullptr;
  for (const std::string& path : paths) {
    const Case test = read_case(path);
    const Outputs outputs = run(test);
    check_name(test, outputs);
    if (updating) {
      update(test, outputs);
    } else {
      compare(test, outputs);
    }
  }
}

}  // namespace rescind::golden
