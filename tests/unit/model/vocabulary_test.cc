// The vocabulary's tables against the language reference.
#include "model/vocabulary.h"

#include <string>

#include <doctest/doctest.h>

namespace rescind {
namespace {

TEST_CASE("vocabulary: every kind, verb and rank is found by its own name") {
  for (std::size_t i = 0; i < kKindCount; ++i) {
    const Kind kind = static_cast<Kind>(i);
    CHECK(find_kind(kind_name(kind)) == kind);
    CHECK(kinds_named(kind_name(kind)) == KindSet(kind));
  }
  for (std::size_t i = 0; i < kVerbCount; ++i) {
    CHECK(find_verb(verb_name(static_cast<Verb>(i))) == static_cast<Verb>(i));
  }
  for (std::size_t i = 0; i < kRankCount; ++i) {
    CHECK(find_rank(rank_name(static_cast<Rank>(i))) == static_cast<Rank>(i));
  }
  CHECK_FALSE(find_kind("credential"));
  CHECK(kind_name(Kind::ApiKey) == "api_key");
  CHECK(kind_name(Kind::SshKey) == "ssh_key");
  CHECK(kind_name(Kind::BreakGlass) == "break_glass");
  CHECK(verb_name(Verb::Ask) == "ask");
}

TEST_CASE("vocabulary: super-kinds name their members and other words name nothing") {
  CHECK(kinds_named("credential") == kCredentialKinds);
  CHECK(kinds_named("credential").size() == 6);
  CHECK(kinds_named("entitlement") == kEntitlementKinds);
  CHECK(kinds_named("entitlement").size() == 5);
  CHECK(kinds_named("identity").empty());
  CHECK(kinds_named("").empty());
}

TEST_CASE("vocabulary: each verb fits exactly the kinds of the language's table") {
  CHECK(verb_kinds(Verb::Revoke) ==
        (KindSet(Kind::Session) | Kind::Token | Kind::Checkout | Kind::Certificate));
  CHECK(verb_kinds(Verb::Disable) == (kCredentialKinds | Kind::Account | Kind::BreakGlass));
  CHECK(verb_kinds(Verb::Lock) == (KindSet(Kind::Account) | Kind::Device));
  CHECK(verb_kinds(Verb::Rotate) == (kCredentialKinds | Kind::BreakGlass));
  CHECK(verb_kinds(Verb::Remove) == (kEntitlementKinds | Kind::License | Kind::Device));
  CHECK(verb_kinds(Verb::Narrow) == (KindSet(Kind::Role) | Kind::Permission | Kind::Share));
  CHECK(verb_kinds(Verb::Transfer) == KindSet(Kind::Data));
  CHECK(verb_kinds(Verb::Archive) == (KindSet(Kind::Account) | Kind::Data));
  CHECK(verb_kinds(Verb::Delete) == (kCredentialKinds | Kind::Account | Kind::Data));
  CHECK(verb_kinds(Verb::Wipe) == KindSet(Kind::Device));
  CHECK(verb_kinds(Verb::Notify).empty());
  CHECK(verb_kinds(Verb::Ask).empty());
}

TEST_CASE("vocabulary: a verb's rank follows from the worst thing that it does to the kind") {
  CHECK(rank_of(default_effects(Verb::Revoke, Kind::Session)) == Rank::Contain);
  CHECK(rank_of(default_effects(Verb::Rotate, Kind::BreakGlass)) == Rank::Contain);
  CHECK(rank_of(default_effects(Verb::Remove, Kind::Group)) == Rank::Strip);
  CHECK(rank_of(default_effects(Verb::Narrow, Kind::Role)) == Rank::Strip);
  CHECK(rank_of(default_effects(Verb::Remove, Kind::License)) == Rank::Release);
  CHECK(rank_of(default_effects(Verb::Remove, Kind::Device)) == Rank::Release);
  CHECK(rank_of(default_effects(Verb::Transfer, Kind::Data)) == Rank::Preserve);
  CHECK(rank_of(default_effects(Verb::Archive, Kind::Account)) == Rank::Preserve);
  CHECK(rank_of(default_effects(Verb::Delete, Kind::Account)) == Rank::Destroy);
  CHECK(rank_of(default_effects(Verb::Wipe, Kind::Device)) == Rank::Destroy);
  CHECK(rank_of(default_effects(Verb::Replace, Kind::Secret)) == Rank::Prepare);
  CHECK_FALSE(worst_effect({}));
}

TEST_CASE("vocabulary: a verb has effects exactly on the kinds that it fits") {
  for (std::size_t v = 0; v < kVerbCount; ++v) {
    const Verb verb = static_cast<Verb>(v);
    for (std::size_t k = 0; k < kKindCount; ++k) {
      const Kind kind = static_cast<Kind>(k);
      CAPTURE(std::string(verb_name(verb)));
      CAPTURE(std::string(kind_name(kind)));
      const bool effectless = verb == Verb::Replace || verb == Verb::Restore;
      CHECK(default_effects(verb, kind).empty() ==
            (effectless || !verb_kinds(verb).contains(kind)));
    }
  }
}

TEST_CASE("vocabulary: events carry what they are about and how urgent they are") {
  REQUIRE(builtin_events().size() == 19);
  std::size_t leavers = 0;
  std::size_t derived = 0;
  for (const BuiltinEvent& event : builtin_events()) {
    leavers += event.leaver_type ? 1U : 0U;
    derived += event.derived_always ? 1U : 0U;
    if (event.name == "decommission") {
      CHECK(event.about == EventAbout::System);
      CHECK(event.event_class == EventClass::Departure);
    }
    if (event.name == "policy_violation" || event.name == "exposed" || event.name == "risk") {
      CHECK(event.event_class == EventClass::Risk);
    }
  }
  CHECK(leavers == 2);
  CHECK(derived == 2);
}

TEST_CASE("vocabulary: an identity kind is human, nonhuman or unknown") {
  CHECK(is_human_kind("partner"));
  CHECK_FALSE(is_nonhuman_kind("partner"));
  CHECK(is_nonhuman_kind("service"));
  CHECK(is_nonhuman_kind("agent"));
  CHECK_FALSE(is_human_kind("unknown"));
  CHECK_FALSE(is_nonhuman_kind("unknown"));
}

}  // namespace
}  // namespace rescind
