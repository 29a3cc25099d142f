// Every diagnostic code has a page, and a test or golden case that names it.
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include <doctest/doctest.h>

#include "diagnostics/diagnostic.h"

namespace {

namespace fs = std::filesystem;

std::string read(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

std::string all_test_text() {
  std::string text;
  for (const auto& entry :
       fs::recursive_directory_iterator(fs::path(RESCIND_SOURCE_DIR) / "tests")) {
    const auto extension = entry.path().extension();
    const bool generated = entry.path().string().find("node_modules") != std::string::npos;
    if (entry.is_regular_file() && !generated &&
        (extension == ".cc" || extension == ".case" || extension == ".sh" || extension == ".mjs")) {
      text += read(entry.path());
    }
  }
  return text;
}

}  // namespace

TEST_CASE("diagnostics: every code has a page that names it and says what to do") {
  for (const rescind::Code code : rescind::all_codes()) {
    const std::string name = rescind::code_name(code);
    const fs::path page = fs::path(RESCIND_SOURCE_DIR) / "docs" / "diagnostics" / (name + ".md");
    REQUIRE_MESSAGE(fs::exists(page), "no page for " << name);
    const std::string text = read(page);
    CHECK_MESSAGE(text.find(name) != std::string::npos, page.string() << " does not name its code");
    CHECK_MESSAGE(text.size() > 120, page.string() << " says too little");
  }
}

TEST_CASE("diagnostics: every code is named by a test") {
  const std::string tests = all_test_text();
  for (const rescind::Code code : rescind::all_codes()) {
    CHECK_MESSAGE(tests.find(rescind::code_name(code)) != std::string::npos,
                  "no test names " << rescind::code_name(code));
  }
}

TEST_CASE("diagnostics: no page stands for a code that is not there") {
  const fs::path folder = fs::path(RESCIND_SOURCE_DIR) / "docs" / "diagnostics";
  std::string known;
  for (const rescind::Code code : rescind::all_codes()) {
    known += rescind::code_name(code) + " ";
  }
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string stem = entry.path().stem().string();
    if (stem.size() == 5 && stem.front() == 'R') {
      CHECK_MESSAGE(known.find(stem) != std::string::npos, stem << " has a page but is no code");
    }
  }
}
