// Types as the checker compares and names them.
#pragma once

#include <optional>
#include <string>

#include "model/schema.h"

namespace rescind::checking {

Type simple_type(TypeKind kind);
Type enum_type(std::uint16_t enum_id);
Type item_type(KindSet kinds);
Type set_type(const Type& element);
Type element_type(const Type& set);
Type without_optional(Type type);

// "string?", "set of identity", "session or token".
std::string type_name(const Schema& schema, const Type& type);
// "session, token" in the order of the documentation; super-kinds by their own word.
std::string kinds_text(KindSet kinds);

// The type that holds values of both (an identity and a principal: a principal); nothing when there
// is none.
std::optional<Type> unify(const Type& a, const Type& b);
// Whether `==` between the two can ever be true.
bool comparable(const Type& a, const Type& b);
bool is_ordered(const Type& type);         // int, instant, duration
bool is_principal_like(const Type& type);  // identity, principal, or a set of these

}  // namespace rescind::checking
