// The built-in words of the language: kinds of access items, verbs, effects, ranks, events. Tables
// of facts, no decisions.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace rescind {

// Kinds of access items.
enum class Kind : std::uint8_t {
  Account,
  Session,
  Token,
  Password,
  Secret,
  ApiKey,
  Certificate,
  SshKey,
  Group,
  Role,
  Permission,
  Delegation,
  Share,
  License,
  Checkout,
  BreakGlass,
  Device,
  Data,
};
inline constexpr std::size_t kKindCount = 18;

// A set of kinds, one bit each.
struct KindSet {
  std::uint32_t bits = 0;
  constexpr KindSet() = default;

  constexpr explicit KindSet(std::uint32_t b) : bits(b) {}

  // A kind is a set of one.
  // NOLINTNEXTLINE(google-explicit-constructor): meant to convert
  constexpr KindSet(Kind kind) : bits(1U << static_cast<unsigned>(kind)) {}

  [[nodiscard]] constexpr bool contains(Kind kind) const {
    return (bits >> static_cast<unsigned>(kind)) & 1U;
  }

  [[nodiscard]] constexpr bool empty() const { return bits == 0; }

  [[nodiscard]] constexpr int size() const { return std::popcount(bits); }

  [[nodiscard]] constexpr bool subset_of(KindSet o) const { return (bits & ~o.bits) == 0; }

  friend constexpr KindSet operator|(KindSet a, KindSet b) { return KindSet(a.bits | b.bits); }

  friend constexpr KindSet operator&(KindSet a, KindSet b) { return KindSet(a.bits & b.bits); }

  friend constexpr bool operator==(KindSet, KindSet) = default;
};

inline constexpr KindSet kCredentialKinds = KindSet(Kind::Token) | Kind::Password | Kind::Secret |
                                            Kind::ApiKey | Kind::Certificate | Kind::SshKey;
inline constexpr KindSet kEntitlementKinds =
    KindSet(Kind::Group) | Kind::Role | Kind::Permission | Kind::Delegation | Kind::Share;
inline constexpr KindSet kAllKinds = KindSet((1U << kKindCount) - 1U);

std::string_view kind_name(Kind kind);  // "api_key"
std::optional<Kind> find_kind(std::string_view name);
// The kinds that a word of the language names: a kind itself, `credential` or `entitlement`; else
// empty.
KindSet kinds_named(std::string_view word);

enum class Verb : std::uint8_t {
  Revoke,
  Disable,
  Lock,
  Rotate,
  Replace,
  Remove,
  Narrow,
  Transfer,
  Redirect,
  Archive,
  Delete,
  Wipe,
  Restore,
  Notify,
  Ask,
};
inline constexpr std::size_t kVerbCount = 15;
std::string_view verb_name(Verb verb);
std::optional<Verb> find_verb(std::string_view name);
// The kinds that a verb fits (empty for notify and ask).
KindSet verb_kinds(Verb verb);

// What a verb does to an item, worst last. Values are bits of an EffectSet.
enum class Effect : std::uint8_t {
  Contains = 1,
  Strips = 2,
  Preserves = 4,
  Releases = 8,
  Destroys = 16
};

struct EffectSet {
  std::uint8_t bits = 0;
  constexpr EffectSet() = default;

  // An effect is a set of one.
  // NOLINTNEXTLINE(google-explicit-constructor): meant to convert
  constexpr EffectSet(Effect effect) : bits(static_cast<std::uint8_t>(effect)) {}

  constexpr explicit EffectSet(unsigned b) : bits(static_cast<std::uint8_t>(b)) {}

  [[nodiscard]] constexpr bool has(Effect e) const {
    return (bits & static_cast<std::uint8_t>(e)) != 0;
  }

  [[nodiscard]] constexpr bool empty() const { return bits == 0; }

  friend constexpr EffectSet operator|(EffectSet a, EffectSet b) {
    return EffectSet(static_cast<unsigned>(a.bits | b.bits));
  }

  friend constexpr bool operator==(EffectSet, EffectSet) = default;
};

std::string_view effect_name(Effect effect);  // "contains"
// Default effects of a verb on a kind (language.md's table); connectors may add worse ones.
EffectSet default_effects(Verb verb, Kind kind);
// A verb is treated as its worst effect: contains < strips < preserves < releases < destroys.
// Nothing for an empty set (replace, notify, ask).
std::optional<Effect> worst_effect(EffectSet effects);

enum class Rank : std::uint8_t {
  Capture,
  Prepare,
  Contain,
  Strip,
  Sweep,
  Preserve,
  Release,
  Destroy
};
inline constexpr std::size_t kRankCount = 8;
std::string_view rank_name(Rank rank);
std::optional<Rank> find_rank(std::string_view name);
// The rank of a verb by its worst effect: contains→Contain … destroys→Destroy, none→Prepare.
Rank rank_of(EffectSet effects);

// Whether a step can be taken back: always, within a window, never.
enum class Reversible : std::uint8_t { Yes, Window, Never };
std::string_view reversible_name(Reversible value);  // "yes" "window" "never"

enum class EventAbout : std::uint8_t { Identity, Item, System };
enum class EventClass : std::uint8_t { Departure, Risk, Hygiene, Change };

struct BuiltinEvent {
  std::string_view name;
  EventAbout about;
  EventClass event_class;
  bool leaver_type;     // leaver, contract_end
  bool derived_always;  // owner_left, knower_left: never reported, always derived
};

// leaver mover contract_end leave_start leave_end rehire risk policy_violation owner_left reconcile
// · exposed unused expired emergency_end review_revoke orphaned unreturned knower_left ·
// decommission
std::span<const BuiltinEvent> builtin_events();
std::string_view about_name(EventAbout about);        // "identity" "item" "system"
std::string_view event_class_name(EventClass value);  // "departure" …

// Values of the built-in enums, in the order of the documentation.
std::span<const std::string_view>
identity_kinds();  // employee contractor vendor intern partner service workload bot agent unknown
bool is_human_kind(std::string_view identity_kind);
bool is_nonhuman_kind(std::string_view identity_kind);
std::span<const std::string_view> identity_statuses();  // active suspended on_leave ended
std::span<const std::string_view> system_kinds();       // hr idp directory … network
std::span<const std::string_view> item_sources();  // birthright request emergency inherited unknown

}  // namespace rescind
