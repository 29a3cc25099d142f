// The tables behind vocabulary.h: words, which verb fits which kind, and what it does to it.
#include "model/vocabulary.h"

#include <algorithm>

#include "base/check.h"

namespace rescind {
namespace {

constexpr std::array<std::string_view, kKindCount> kKindNames = {
    "account",     "session", "token",    "password",    "secret",     "api_key",
    "certificate", "ssh_key", "group",    "role",        "permission", "delegation",
    "share",       "license", "checkout", "break_glass", "device",     "data",
};

constexpr std::array<std::string_view, kVerbCount> kVerbNames = {
    "revoke",   "disable", "lock",   "rotate", "replace", "remove", "narrow", "transfer",
    "redirect", "archive", "delete", "wipe",   "restore", "notify", "ask",
};

constexpr std::array<std::string_view, kRankCount> kRankNames = {
    "capture", "prepare", "contain", "strip", "sweep", "preserve", "release", "destroy",
};

constexpr std::array<Effect, 5> kEffectsWorstFirst = {
    Effect::Destroys, Effect::Releases, Effect::Preserves, Effect::Strips, Effect::Contains};

// INVARIANT: departures, risks and hygiene are the events so named by the documentation; every
// other event is a change.
constexpr std::array kBuiltinEvents = {
    BuiltinEvent{"leaver", EventAbout::Identity, EventClass::Departure, true, false},
    BuiltinEvent{"mover", EventAbout::Identity, EventClass::Change, false, false},
    BuiltinEvent{"contract_end", EventAbout::Identity, EventClass::Departure, true, false},
    BuiltinEvent{"leave_start", EventAbout::Identity, EventClass::Change, false, false},
    BuiltinEvent{"leave_end", EventAbout::Identity, EventClass::Change, false, false},
    BuiltinEvent{"rehire", EventAbout::Identity, EventClass::Change, false, false},
    BuiltinEvent{"risk", EventAbout::Identity, EventClass::Risk, false, false},
    BuiltinEvent{"policy_violation", EventAbout::Identity, EventClass::Risk, false, false},
    BuiltinEvent{"owner_left", EventAbout::Identity, EventClass::Change, false, true},
    BuiltinEvent{"reconcile", EventAbout::Identity, EventClass::Change, false, false},
    BuiltinEvent{"exposed", EventAbout::Item, EventClass::Risk, false, false},
    BuiltinEvent{"unused", EventAbout::Item, EventClass::Hygiene, false, false},
    BuiltinEvent{"expired", EventAbout::Item, EventClass::Hygiene, false, false},
    BuiltinEvent{"emergency_end", EventAbout::Item, EventClass::Hygiene, false, false},
    BuiltinEvent{"review_revoke", EventAbout::Item, EventClass::Hygiene, false, false},
    BuiltinEvent{"orphaned", EventAbout::Item, EventClass::Hygiene, false, false},
    BuiltinEvent{"unreturned", EventAbout::Item, EventClass::Hygiene, false, false},
    BuiltinEvent{"knower_left", EventAbout::Item, EventClass::Change, false, true},
    BuiltinEvent{"decommission", EventAbout::System, EventClass::Departure, false, false},
};

// Humans first, then machines, then what nothing is known of.
constexpr std::array<std::string_view, 10> kIdentityKinds = {
    "employee", "contractor", "vendor", "intern", "partner",
    "service",  "workload",   "bot",    "agent",  "unknown"};
constexpr std::size_t kHumanKinds = 5;
constexpr std::size_t kNonhumanKinds = 4;

constexpr std::array<std::string_view, 4> kIdentityStatuses = {"active", "suspended", "on_leave",
                                                               "ended"};
constexpr std::array<std::string_view, 12> kSystemKinds = {
    "hr",  "idp", "directory", "saas",     "cloud", "database",
    "pam", "vpn", "secrets",   "endpoint", "host",  "network"};
constexpr std::array<std::string_view, 5> kItemSources = {"birthright", "request", "emergency",
                                                          "inherited", "unknown"};

template <typename Enum, std::size_t N>
std::optional<Enum> find_in(const std::array<std::string_view, N>& names, std::string_view name) {
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) {
    return std::nullopt;
  }
  return static_cast<Enum>(found - names.begin());
}

}  // namespace

std::string_view kind_name(Kind kind) {
  return kKindNames[static_cast<std::size_t>(kind)];
}

std::optional<Kind> find_kind(std::string_view name) {
  return find_in<Kind>(kKindNames, name);
}

KindSet kinds_named(std::string_view word) {
  if (word == "credential") {
    return kCredentialKinds;
  }
  if (word == "entitlement") {
    return kEntitlementKinds;
  }
  const std::optional<Kind> kind = find_kind(word);
  return kind ? KindSet(*kind) : KindSet();
}

std::string_view verb_name(Verb verb) {
  return kVerbNames[static_cast<std::size_t>(verb)];
}

std::optional<Verb> find_verb(std::string_view name) {
  return find_in<Verb>(kVerbNames, name);
}

KindSet verb_kinds(Verb verb) {
  switch (verb) {
  case Verb::Revoke:
    return KindSet(Kind::Session) | Kind::Token | Kind::Checkout | Kind::Certificate;
  case Verb::Disable:
    return kCredentialKinds | Kind::Account | Kind::BreakGlass;
  case Verb::Lock:
    return KindSet(Kind::Account) | Kind::Device;
  case Verb::Rotate:
    return kCredentialKinds | Kind::BreakGlass;
  case Verb::Replace:
    return kCredentialKinds;
  case Verb::Remove:
    return kEntitlementKinds | Kind::License | Kind::Device;
  case Verb::Narrow:
    return KindSet(Kind::Role) | Kind::Permission | Kind::Share;
  case Verb::Transfer:
  case Verb::Redirect:
    return Kind::Data;
  case Verb::Archive:
    return KindSet(Kind::Account) | Kind::Data;
  case Verb::Delete:
    return kCredentialKinds | Kind::Account | Kind::Data;
  case Verb::Wipe:
    return Kind::Device;
  case Verb::Restore:  // a session or checkout that ended is never the same again
    return KindSet(kAllKinds.bits & ~(KindSet(Kind::Session) | Kind::Checkout).bits);
  case Verb::Notify:
  case Verb::Ask:
    return {};
  }
  RESCIND_CHECK(false, "a verb outside its enumeration");
}

std::string_view effect_name(Effect effect) {
  switch (effect) {
  case Effect::Contains:
    return "contains";
  case Effect::Strips:
    return "strips";
  case Effect::Preserves:
    return "preserves";
  case Effect::Releases:
    return "releases";
  case Effect::Destroys:
    return "destroys";
  }
  RESCIND_CHECK(false, "an effect outside its enumeration");
}

EffectSet default_effects(Verb verb, Kind kind) {
  if (!verb_kinds(verb).contains(kind)) {
    return {};
  }
  switch (verb) {
  case Verb::Revoke:
  case Verb::Disable:
  case Verb::Lock:
  case Verb::Rotate:
    return Effect::Contains;
  case Verb::Remove:
    // A license or a device that is given back frees what hangs on it, possibly data.
    return kEntitlementKinds.contains(kind) ? EffectSet(Effect::Strips)
                                            : EffectSet(Effect::Strips) | Effect::Releases;
  case Verb::Narrow:
    return Effect::Strips;
  case Verb::Transfer:
  case Verb::Redirect:
  case Verb::Archive:
    return Effect::Preserves;
  case Verb::Delete:
  case Verb::Wipe:
    return Effect::Destroys;
  case Verb::Replace:
  case Verb::Restore:
  case Verb::Notify:
  case Verb::Ask:
    return {};
  }
  RESCIND_CHECK(false, "a verb outside its enumeration");
}

std::optional<Effect> worst_effect(EffectSet effects) {
  for (const Effect effect : kEffectsWorstFirst) {
    if (effects.has(effect)) {
      return effect;
    }
  }
  return std::nullopt;
}

std::string_view rank_name(Rank rank) {
  return kRankNames[static_cast<std::size_t>(rank)];
}

std::optional<Rank> find_rank(std::string_view name) {
  return find_in<Rank>(kRankNames, name);
}

Rank rank_of(EffectSet effects) {
  const std::optional<Effect> worst = worst_effect(effects);
  if (!worst) {
    return Rank::Prepare;
  }
  switch (*worst) {
  case Effect::Contains:
    return Rank::Contain;
  case Effect::Strips:
    return Rank::Strip;
  case Effect::Preserves:
    return Rank::Preserve;
  case Effect::Releases:
    return Rank::Release;
  case Effect::Destroys:
    return Rank::Destroy;
  }
  RESCIND_CHECK(false, "an effect outside its enumeration");
}

std::string_view reversible_name(Reversible value) {
  switch (value) {
  case Reversible::Yes:
    return "yes";
  case Reversible::Window:
    return "window";
  case Reversible::Never:
    return "never";
  }
  RESCIND_CHECK(false, "a value outside its enumeration");
}

std::span<const BuiltinEvent> builtin_events() {
  return kBuiltinEvents;
}

std::string_view about_name(EventAbout about) {
  switch (about) {
  case EventAbout::Identity:
    return "identity";
  case EventAbout::Item:
    return "item";
  case EventAbout::System:
    return "system";
  }
  RESCIND_CHECK(false, "a value outside its enumeration");
}

std::string_view event_class_name(EventClass value) {
  switch (value) {
  case EventClass::Departure:
    return "departure";
  case EventClass::Risk:
    return "risk";
  case EventClass::Hygiene:
    return "hygiene";
  case EventClass::Change:
    return "change";
  }
  RESCIND_CHECK(false, "a value outside its enumeration");
}

std::span<const std::string_view> identity_kinds() {
  return kIdentityKinds;
}

bool is_human_kind(std::string_view identity_kind) {
  const auto humans = identity_kinds().first(kHumanKinds);
  return std::find(humans.begin(), humans.end(), identity_kind) != humans.end();
}

bool is_nonhuman_kind(std::string_view identity_kind) {
  const auto machines = identity_kinds().subspan(kHumanKinds, kNonhumanKinds);
  return std::find(machines.begin(), machines.end(), identity_kind) != machines.end();
}

std::span<const std::string_view> identity_statuses() {
  return kIdentityStatuses;
}

std::span<const std::string_view> system_kinds() {
  return kSystemKinds;
}

std::span<const std::string_view> item_sources() {
  return kItemSources;
}

}  // namespace rescind
