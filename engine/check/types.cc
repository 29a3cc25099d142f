// Types as the checker compares and names them.
#include "check/types.h"

#include <vector>

#include "base/check.h"
#include "base/text.h"

namespace rescind::checking {

Type simple_type(TypeKind kind) {
  Type type;
  type.kind = kind;
  return type;
}

Type enum_type(std::uint16_t enum_id) {
  Type type = simple_type(TypeKind::Enum);
  type.enum_id = enum_id;
  return type;
}

Type item_type(KindSet kinds) {
  Type type = simple_type(TypeKind::Item);
  type.kinds = kinds;
  return type;
}

Type set_type(const Type& element) {
  Type type = element;
  type.kind = TypeKind::Set;
  type.element = element.kind;
  type.optional = false;
  return type;
}

Type element_type(const Type& set) {
  Type type = set;
  type.kind = set.element;
  type.element = TypeKind::String;
  type.optional = false;
  return type;
}

Type without_optional(Type type) {
  type.optional = false;
  return type;
}

std::string kinds_text(KindSet kinds) {
  std::vector<std::string> words;
  if (kinds == kAllKinds) {
    return "item";
  }
  for (std::size_t i = 0; i < kKindCount; ++i) {
    const Kind kind = static_cast<Kind>(i);
    if (!kinds.contains(kind)) {
      continue;
    }
    const bool all_credentials = (kinds & kCredentialKinds) == kCredentialKinds;
    const bool all_entitlements = (kinds & kEntitlementKinds) == kEntitlementKinds;
    if (all_credentials && kCredentialKinds.contains(kind)) {
      if (kind == Kind::Token) {
        words.emplace_back("credential");
      }
    } else if (all_entitlements && kEntitlementKinds.contains(kind)) {
      if (kind == Kind::Group) {
        words.emplace_back("entitlement");
      }
    } else {
      words.emplace_back(kind_name(kind));
    }
  }
  return join(words, ", ");
}

std::string type_name(const Schema& schema, const Type& type) {
  const std::string mark = type.optional ? "?" : "";
  switch (type.kind) {
  case TypeKind::Bool:
    return "bool" + mark;
  case TypeKind::Int:
    return "int" + mark;
  case TypeKind::String:
    return "string" + mark;
  case TypeKind::Instant:
    return "instant" + mark;
  case TypeKind::Duration:
    return "duration" + mark;
  case TypeKind::Enum:
    return "enum " + schema.enums[type.enum_id].name + mark;
  case TypeKind::Set:
    return "set of " + type_name(schema, element_type(type)) + mark;
  case TypeKind::Identity:
    return "identity" + mark;
  case TypeKind::System:
    return "system" + mark;
  case TypeKind::Item:
    return kinds_text(type.kinds) + mark;
  case TypeKind::Principal:
    return "principal" + mark;
  case TypeKind::Event:
    return "event";
  }
  RESCIND_CHECK(false, "a type outside its enumeration");
  return {};
}

std::optional<Type> unify(const Type& a, const Type& b) {
  Type result = a;
  result.optional = a.optional || b.optional;
  if (a.kind == TypeKind::Set && b.kind == TypeKind::Set) {
    const std::optional<Type> element = unify(element_type(a), element_type(b));
    if (!element) {
      return std::nullopt;
    }
    Type set = set_type(*element);
    set.optional = result.optional;
    return set;
  }
  const auto is_party = [](TypeKind kind) {
    return kind == TypeKind::Identity || kind == TypeKind::Principal;
  };
  if (a.kind != b.kind) {
    if (!is_party(a.kind) || !is_party(b.kind)) {
      return std::nullopt;
    }
    result.kind = TypeKind::Principal;
    return result;
  }
  if (a.kind == TypeKind::Enum && a.enum_id != b.enum_id) {
    return std::nullopt;
  }
  if (a.kind == TypeKind::Item) {
    result.kinds = a.kinds | b.kinds;
  }
  return result;
}

bool comparable(const Type& a, const Type& b) {
  if (a.kind == TypeKind::Event || b.kind == TypeKind::Event || !unify(a, b)) {
    return false;
  }
  return a.kind != TypeKind::Item || !(a.kinds & b.kinds).empty();
}

bool is_ordered(const Type& type) {
  return type.kind == TypeKind::Int || type.kind == TypeKind::Instant ||
         type.kind == TypeKind::Duration;
}

bool is_principal_like(const Type& type) {
  const TypeKind kind = type.kind == TypeKind::Set ? type.element : type.kind;
  return kind == TypeKind::Identity || kind == TypeKind::Principal;
}

}  // namespace rescind::checking
