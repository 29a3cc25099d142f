// Golden tests of the parse stage. Sections: `policy NAME`, `expect diagnostics`, `expect printed`
// (the tree as canonical text). Every accepted policy is also printed and parsed again.
#include <string>

#include <doctest/doctest.h>

#include "parse/parse_policy.h"
#include "tests/golden/golden.h"

namespace {

using namespace rescind;

golden::Outputs run(const golden::Case& test) {
  SourceSet sources;
  Diagnostics diagnostics;
  std::string printed;
  for (const golden::Section* section : test.all("policy")) {
    const SourceFileId file = sources.add(section->name.substr(7), section->text);
    const auto tree = parse_policy(sources, file, {}, diagnostics);
    CHECK_MESSAGE(tree.has_value() != diagnostics.has_errors(), test.path);
    if (!tree) {
      continue;
    }
    const std::string text = ast::print_policy(*tree);
    printed += text;
    Diagnostics none;
    const auto again = parse_policy(sources, sources.add("printed", text), {}, none);
    CHECK_MESSAGE(again.has_value(), test.path << ": " << render_text(none, sources, {}));
    if (again) {
      CHECK_MESSAGE(ast::print_policy(*again) == text, test.path);
    }
  }
  return {{"diagnostics", render_text(diagnostics, sources, {})}, {"printed", printed}};
}

TEST_CASE("parse: the cases give the trees and messages that they show") {
  golden::run_cases("tests/golden/parse", run);
}

}  // namespace
