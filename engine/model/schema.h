// The schema: which attributes entities have, their types and defaults, the declared systems, teams
// and events. Built-in plus what `schema` blocks add.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/time.h"
#include "model/vocabulary.h"

namespace rescind {

// WHY: g++ 12 takes a scoped enumerator for a shadow of the type of the same name.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"
enum class TypeKind : std::uint8_t {
  Bool,
  Int,
  String,
  Instant,
  Duration,
  Enum,
  Set,
  Identity,   // reference to an identity
  System,     // reference to a system
  Item,       // reference to an access item of one of `kinds`
  Principal,  // an identity or a team, by name
  Event,      // the event in scope (never an attribute's type)
};
#pragma GCC diagnostic pop

struct Type {
  TypeKind kind = TypeKind::Bool;
  bool optional = false;
  TypeKind element = TypeKind::String;  // of a set
  std::uint16_t enum_id = 0;            // index into Schema::enums, for Enum and sets of Enum
  KindSet kinds;                        // for Item and sets of Item
  friend bool operator==(const Type&, const Type&) = default;
};

// What has attributes: the 18 kinds of items (same numbers as Kind), then these.
enum class Entity : std::uint8_t { Identity = kKindCount, System, Team };
inline constexpr std::size_t kEntityCount = kKindCount + 3;

constexpr Entity entity_of(Kind kind) {
  return static_cast<Entity>(kind);
}

constexpr std::size_t entity_index(Entity e) {
  return static_cast<std::size_t>(e);
}

constexpr bool is_item(Entity e) {
  return entity_index(e) < kKindCount;
}

std::string_view entity_name(Entity entity);  // "account" … "identity" "system" "team"
std::optional<Entity> find_entity(std::string_view name);

// A constant of the schema or the language: exactly one member is meant, by the type it goes with.
struct Constant {
  std::int64_t number = 0;            // bool 0/1, int, duration seconds, instant seconds since 1970
  std::string text;                   // string, enum value, principal or system name
  std::vector<std::string> elements;  // set of string-like
  std::vector<std::int64_t> numbers;  // set of numbers
  friend bool operator==(const Constant&, const Constant&) = default;
};

struct Attribute {
  std::string name;
  Type type;
  bool required = false;  // the record must give it (system of an item …)
  std::optional<Constant>
      fallback;  // the default; only `holder` has none without being required or optional
  bool builtin = true;
  std::string doc;
};

struct EnumType {
  std::string name;  // "identity.kind" or "account.clearance"
  std::vector<std::string> values;
  std::optional<std::size_t> find(std::string_view value) const;
};

struct EventType {
  std::string name;
  EventAbout about = EventAbout::Identity;
  EventClass event_class = EventClass::Change;  // declared events are of class change
  bool leaver_type = false;
  bool derived_always = false;
  bool builtin = true;
  std::vector<Attribute> attributes;
  std::string doc;
};

// Index of an attribute within its entity: the column number in the inventory.
using AttributeIndex = std::uint16_t;

struct EntitySchema {
  std::vector<Attribute> attributes;
  std::unordered_map<std::string, AttributeIndex> by_name;
};

struct Schema {
  std::array<EntitySchema, kEntityCount> entities;
  std::vector<EnumType> enums;
  std::vector<EventType> events;     // built-in first, in the order of builtin_events()
  std::vector<std::string> systems;  // declared names, sorted
  std::vector<std::string> teams;    // declared names, sorted

  [[nodiscard]] const EntitySchema& of(Entity e) const { return entities[entity_index(e)]; }

  [[nodiscard]] const EntitySchema& of(Kind k) const {
    return entities[static_cast<std::size_t>(k)];
  }

  [[nodiscard]] std::optional<AttributeIndex> find(Entity entity, std::string_view name) const;
  [[nodiscard]] std::optional<std::size_t> find_event(std::string_view name) const;
  [[nodiscard]] std::optional<std::uint16_t> find_enum(std::string_view name) const;
  // Adds an attribute; false when the entity already has one of that name.
  bool add(Entity entity, Attribute attribute);
  std::uint16_t add_enum(std::string name, std::vector<std::string> values);
};

// What is asked like an attribute but stored in no column: `id`, an item's `kind` (enum item.kind),
// and the inverses of an identity: `owns` (identities that name it as owner), `knows` and `items`
// (items).
namespace pseudo_attribute {
inline constexpr AttributeIndex kId = 0xFFFF;
inline constexpr AttributeIndex kItemKind = 0xFFFE;
inline constexpr AttributeIndex kOwns = 0xFFFD;
inline constexpr AttributeIndex kKnows = 0xFFFC;
inline constexpr AttributeIndex kItems = 0xFFFB;
inline constexpr AttributeIndex kByName =
    0xFFFA;  // of several kinds, at different indexes: look `name` up
inline constexpr AttributeIndex kFirst = kByName;  // every index from here on is one of these
}  // namespace pseudo_attribute

// The built-in part (the tables of the inventory format). Attributes that every item has come first
// and have the same index in every kind: the constants below.
Schema builtin_schema();

// Indexes of built-in attributes that engine code reads directly.
namespace item_attribute {
inline constexpr AttributeIndex kSystem = 0;    // system
inline constexpr AttributeIndex kHolder = 1;    // identity (cell 0, absent: nobody; never optional)
inline constexpr AttributeIndex kAccount = 2;   // account?
inline constexpr AttributeIndex kName = 3;      // string
inline constexpr AttributeIndex kNativeId = 4;  // string
inline constexpr AttributeIndex kGrantee = 5;   // identity?
inline constexpr AttributeIndex kCreator = 6;   // identity?
inline constexpr AttributeIndex kPrivileged = 7;  // bool
inline constexpr AttributeIndex kCreated = 8;     // instant?
inline constexpr AttributeIndex kLastUsed = 9;    // instant?
inline constexpr AttributeIndex kExpires = 10;    // instant?
inline constexpr AttributeIndex kSource = 11;     // enum
inline constexpr AttributeIndex kCommonCount = 12;
}  // namespace item_attribute

namespace identity_attribute {
inline constexpr AttributeIndex kKind = 0;
inline constexpr AttributeIndex kStatus = 1;
inline constexpr AttributeIndex kName = 2;
inline constexpr AttributeIndex kDepartment = 3;
inline constexpr AttributeIndex kTitle = 4;
inline constexpr AttributeIndex kLocation = 5;
inline constexpr AttributeIndex kTeam = 6;
inline constexpr AttributeIndex kManager = 7;
inline constexpr AttributeIndex kTimezone = 8;
inline constexpr AttributeIndex kStarts = 9;
inline constexpr AttributeIndex kEnds = 10;
inline constexpr AttributeIndex kVendor = 11;
inline constexpr AttributeIndex kOwner = 12;
inline constexpr AttributeIndex kRoles = 13;
inline constexpr AttributeIndex kLegalHold = 14;
inline constexpr AttributeIndex kControls = 15;
}  // namespace identity_attribute

namespace system_attribute {
inline constexpr AttributeIndex kKind = 0;
inline constexpr AttributeIndex kConnector = 1;
inline constexpr AttributeIndex kTier = 2;
inline constexpr AttributeIndex kOwner = 3;
inline constexpr AttributeIndex kFederatedBy = 4;
inline constexpr AttributeIndex kSupports = 5;
inline constexpr AttributeIndex kMasteredBy = 6;
inline constexpr AttributeIndex kPushesTo = 7;
inline constexpr AttributeIndex kEnumerable = 8;
}  // namespace system_attribute

}  // namespace rescind
