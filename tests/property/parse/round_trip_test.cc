// Printing and parsing are inverse to each other, for every tree that a text could have.
#include <string>

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include "parse/parse_policy.h"
#include "tests/property/parse/dump_tree.h"
#include "tests/property/parse/random_policy.h"

namespace rescind {
namespace {

TEST_CASE("parse: a printed tree parses to an equal tree and prints the same again") {
  CHECK(rc::check([] {
    const ast::PolicyFile tree = testing::random_policy();
    const std::string text = ast::print_policy(tree);
    SourceSet sources;
    Diagnostics diagnostics;
    const auto again = parse_policy(sources, sources.add("printed", text), {}, diagnostics);
    if (!again) {
      RC_FAIL(render_text(diagnostics, sources, {}) + "\n" + text);
    }
    RC_ASSERT(diagnostics.sorted().empty());
    RC_ASSERT(testing::dump_tree(*again) == testing::dump_tree(tree));
    RC_ASSERT(ast::print_policy(*again) == text);
  }));
}

}  // namespace
}  // namespace rescind
