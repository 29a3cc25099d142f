// A value at run time: small, trivially copied, with the two ways of not being there kept apart.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>

#include "model/inventory.h"
#include "model/schema.h"

namespace rescind {

// Kleene's three values; and = min, or = max, not = 2 - x.
enum class Tri : std::uint8_t { False = 0, Unknown = 1, True = 2 };

constexpr Tri tri_of(bool value) {
  return value ? Tri::True : Tri::False;
}

constexpr Tri tri_not(Tri value) {
  return static_cast<Tri>(2U - static_cast<unsigned>(value));
}

enum class ValueState : std::uint8_t {
  Known,
  Missing,  // an optional attribute that the record does not give
  Unknown,  // cannot be told: a broken reference, an undetermined record, an attribute out of place
};

// What the elements of a set are.
enum class SetForm : std::uint8_t {
  Symbols,     // text, also ids of identities, systems and items
  Identities,  // cells
  Items,       // cells
  Numbers,     // 32-bit, as the inventory stores them
  Longs,       // 64-bit, of constants
};

struct Value {
  ValueState state = ValueState::Unknown;
  TypeKind kind = TypeKind::Bool;
  SetForm form = SetForm::Symbols;
  std::uint32_t count = 0;               // of a set
  std::int64_t number = 0;               // number, bool, symbol or cell
  const std::uint32_t* words = nullptr;  // of a set; sorted
  const std::int64_t* longs = nullptr;   // of a set of form Longs; sorted

  [[nodiscard]] bool known() const { return state == ValueState::Known; }

  [[nodiscard]] std::uint32_t word() const { return static_cast<std::uint32_t>(number); }

  [[nodiscard]] std::span<const std::uint32_t> elements() const { return {words, count}; }

  static Value unknown(TypeKind kind) {
    Value v;
    v.kind = kind;
    return v;
  }

  static Value missing(TypeKind kind) {
    Value v;
    v.kind = kind;
    v.state = ValueState::Missing;
    return v;
  }

  static Value of(TypeKind kind, std::int64_t number) {
    Value v;
    v.kind = kind;
    v.state = ValueState::Known;
    v.number = number;
    return v;
  }

  static Value of(Tri tri) {
    return tri == Tri::Unknown ? unknown(TypeKind::Bool)
                               : of(TypeKind::Bool, tri == Tri::True ? 1 : 0);
  }

  static Value set(SetForm form, std::span<const std::uint32_t> elements) {
    Value v;
    v.kind = TypeKind::Set;
    v.state = ValueState::Known;
    v.form = form;
    v.words = elements.data();
    v.count = static_cast<std::uint32_t>(elements.size());
    return v;
  }
};

constexpr Tri tri_of_number(const Value& value) {
  return value.state == ValueState::Known ? tri_of(value.number != 0) : Tri::Unknown;
}

constexpr bool is_symbol_kind(TypeKind kind) {
  return kind == TypeKind::String || kind == TypeKind::Enum || kind == TypeKind::Principal;
}

constexpr bool is_number_kind(TypeKind kind) {
  return kind == TypeKind::Bool || kind == TypeKind::Int || kind == TypeKind::Instant ||
         kind == TypeKind::Duration;
}

}  // namespace rescind
