// What facts say together and instead of each other.
#include "check/facts.h"

#include <doctest/doctest.h>

namespace rescind::checking {
namespace {

Fact known(const std::string& key) {
  return {FactSort::Known, key, {}, {}};
}

Fact kinds(const std::string& key, KindSet set) {
  return {FactSort::Kinds, key, set, {}};
}

TEST_CASE("facts: two facts on the kinds of one item leave what both allow") {
  Facts facts;
  facts.add(kinds("item", kCredentialKinds));
  facts.add(kinds("item", KindSet(Kind::Token) | Kind::Session));
  Assumptions assumptions;
  assumptions.assume(facts);
  CHECK(assumptions.narrow_kinds("item", kAllKinds) == KindSet(Kind::Token));
  CHECK(assumptions.narrow_kinds("other", kAllKinds) == kAllKinds);
}

TEST_CASE("facts: where one of two holds, only what both say is known") {
  Facts left;
  left.add(known("a"));
  left.add(known("b"));
  left.add(kinds("item", Kind::Token));
  Facts right;
  right.add(known("b"));
  right.add(kinds("item", Kind::Session));
  left.keep_common(right);
  Assumptions assumptions;
  assumptions.assume(left);
  CHECK_FALSE(assumptions.is_known("a"));
  CHECK(assumptions.is_known("b"));
  CHECK(assumptions.narrow_kinds("item", kAllKinds) == (KindSet(Kind::Token) | Kind::Session));
}

TEST_CASE("facts: the events that can be are those that every fact allows") {
  Facts facts;
  facts.add({FactSort::Events, "", {}, {1, 3, 5}});
  Assumptions assumptions;
  assumptions.assume(facts);
  const std::size_t mark = assumptions.mark();
  Facts more;
  more.add({FactSort::Events, "", {}, {3, 4}});
  assumptions.assume(more);
  CHECK(assumptions.narrow_events({0, 1, 2, 3, 4, 5}) == std::vector<std::uint32_t>{3});
  assumptions.forget_to(mark);
  CHECK(assumptions.narrow_events({0, 1, 2, 3}) == std::vector<std::uint32_t>{1, 3});
}

TEST_CASE("facts: a value without a path is never known") {
  Assumptions assumptions;
  Facts facts;
  facts.add(known(""));
  assumptions.assume(facts);
  CHECK_FALSE(assumptions.is_known(""));
}

}  // namespace
}  // namespace rescind::checking
