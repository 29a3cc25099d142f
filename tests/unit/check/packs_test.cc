// What the shipped packs owe their readers. That they are sound together is held by
// check_policy_test.cc.
#include <algorithm>
#include <filesystem>
#include <string>

#include <doctest/doctest.h>

#include "base/text.h"
#include "tests/unit/check/policy_text.h"

namespace rescind::testing {
namespace {

NamedTexts packs() {
  NamedTexts texts;
  const std::filesystem::path root = std::filesystem::path(RESCIND_SOURCE_DIR) / "policies";
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
    if (entry.path().extension() == ".rescind") {
      texts.emplace_back(entry.path().filename().string(),
                         read_file(entry.path().string(), 1'000'000).value());
    }
  }
  std::sort(texts.begin(), texts.end());
  return texts;
}

TEST_CASE("packs: every pack is sound by itself, with what it imports") {
  const NamedTexts texts = packs();
  REQUIRE(texts.size() >= 6);
  for (const auto& [file, text] : texts) {
    const Checked alone = check_texts(texts, {.roots = {file}});
    CHECK_MESSAGE(alone.policy.has_value(), file);
    CHECK_MESSAGE(alone.diagnostics.sorted().empty(), file << "\n" << alone.messages());
  }
}

TEST_CASE("packs: every rule and retire says why, which control it serves and who is told") {
  const Checked checked = check_texts(packs());
  REQUIRE_MESSAGE(checked.policy.has_value(), checked.messages());
  for (const CheckedRule& rule : checked.policy->rules) {
    CHECK_MESSAGE((!rule.because.empty() && !rule.controls.empty() && !rule.escalate.empty() &&
                   !rule.declared.doc.empty()),
                  rule.declared.qualified());
  }
  for (const CheckedRetire& retire : checked.policy->retires) {
    CHECK_MESSAGE((!retire.because.empty() && !retire.controls.empty() &&
                   !retire.escalate.empty() && !retire.declared.doc.empty()),
                  retire.declared.qualified());
  }
}

TEST_CASE("packs: every credential, account and consent of a machine falls under a retire") {
  const Checked checked = check_texts(packs(), {.roots = {"rescind.std.nhi"}});
  REQUIRE_MESSAGE(checked.policy.has_value(), checked.messages());
  KindSet taken;
  for (const CheckedRetire& retire : checked.policy->retires) {
    taken = taken | retire.kinds;
  }
  CHECK(kCredentialKinds.subset_of(taken));
  CHECK(taken.contains(Kind::Account));
  CHECK(taken.contains(Kind::Delegation));
}

}  // namespace
}  // namespace rescind::testing
