// The compiled policy: every expression of a checked policy in one graph in which equal
// sub-conditions are one node, with conditions over items lowered to columns and rules indexed by
// event type and equality conditions. compile gives it, evaluate runs it; it knows no inventory.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/ids.h"
#include "model/checked.h"

namespace rescind {

struct NodeTag {};

using NodeId = StrongId<NodeTag>;

// What a node's value depends on, and so how often it is computed.
enum class Level : std::uint8_t {
  Scalar,  // constants, the event, the subject, the clock: once per (event, subject)
  Item,    // the selected item: once per item, in blocks where it can be lowered
  Inner,   // the variable of a quantifier
};

// How a Bool node of level Item is computed for a block of items at once.
enum class Lowering : std::uint8_t {
  None,  // not of level Item, or not Bool
  And,
  Or,
  Not,           // over children; a scalar child answers for the whole block
  KindIs,        // the item is one of `kinds`
  Flag,          // a Bool column
  KnownColumn,   // the column has a value
  Compare,       // column `compare` operand; numbers; Equal, Less or Greater
  EqualWord,     // column == operand (a scalar word: symbol or reference)
  OneOf,         // the column's value is one of the constants whose codes are set in `bitmap`
  Contains,      // the set column contains tracked constant number `code`
  ContainsWord,  // the set column contains the operand (a scalar word)
  Each,          // item by item, through the interpreter
};

// INVARIANT: what deciding reads comes first and fits a cache line.
struct alignas(64) Node {
  ExprOp op = ExprOp::Constant;
  Level level = Level::Scalar;
  Lowering lowering = Lowering::None;
  ExprOp compare = ExprOp::Equal;    // of Compare
  std::uint32_t children_begin = 0;  // into Program::children
  std::uint32_t children_count = 0;
  std::uint32_t scalar_children = 0;  // of And and Or: so many come first, they are of level Scalar
  // Constant, Like, Matches: number of the constant · Variable and quantifiers: of the variable ·
  // Attribute, EventBefore, EventAfter: of the attribute · EventAttribute: of the event attribute ·
  // EventBuiltin: an EventField · IsIdentityKind, IsEvent: of the word list
  std::uint32_t index = 0;
  std::uint32_t column = 0;  // of a lowered leaf: into Program::columns
  NodeId operand;            // of Compare, EqualWord, ContainsWord: a scalar node
  std::uint32_t bitmap = 0;  // of OneOf: into Program::bitmaps
  std::uint32_t code = 0;    // of Contains
  KindSet kinds;             // of IsItemKind
  Type type;
  Verb verb = Verb::Revoke;          // of Supports
  std::uint16_t cost = 0;            // rough; children of And and Or stand cheapest first
  std::uint32_t free_variables = 0;  // bit i: quantifier variable i occurs free; bit 31: the item
};

enum class EventField : std::uint8_t { At, Arrived, Source, Id, Type };

// An attribute by name, and where each entity keeps it.
struct AttributeUse {
  static constexpr AttributeIndex kNone = std::numeric_limits<AttributeIndex>::max();
  enum class Source : std::uint8_t {
    Column,    // of the entity's table
    Id,        // the entity's id
    ItemKind,  // the kind's name
    Owns,
    Knows,
    Items,  // inverses of an identity
  };
  std::string name;
  Source source = Source::Column;
  std::array<AttributeIndex, kEntityCount> index{};  // kNone: the entity has none of this type
};

// Values of the selected item that are read for a whole block: an attribute, or the first of
// several that has a value (`a ?? b ?? fallback`).
struct ColumnUse {
  enum class Shape : std::uint8_t { Number, Flag, Word, Set };
  Shape shape = Shape::Number;
  bool optional = false;                  // may be missing after all alternatives
  std::vector<std::uint32_t> attributes;  // into Program::attributes, in the order of preference
  NodeId fallback;                        // scalar; invalid: none
  // Word: constants that OneOf tells apart (their code is position + 1, 0 is any other value).
  // Set: constants that Contains looks for (at most kTrackedInSet; their code is the position).
  std::vector<std::uint32_t> constants;  // into Program::constants
  static constexpr std::size_t kTrackedInSet = 63;
};

// One bit per code, 64 to a word.
struct Bitmap {
  std::vector<std::uint64_t> words;

  [[nodiscard]] bool test(std::uint32_t code) const {
    return (words[code / 64] >> (code % 64)) & 1U;
  }
};

// A scalar value with few interesting values: for each of them one bit per rule that it leaves
// possible.
struct Guard {
  NodeId value;
  std::vector<std::uint32_t> constants;  // code is position + 1
  std::vector<std::uint64_t> masks;      // [code][word of rules]
};

// Ranges into Program::node_lists.
struct NodeRange {
  std::uint32_t begin = 0;
  std::uint32_t count = 0;
};

struct CompiledClause {
  ClauseId clause;
  KindSet kinds;      // empty: notify, ask
  NodeRange scalars;  // conjuncts of `where` that do not depend on the item
  NodeId where;       // the rest; invalid: always
};

// Clauses of a rule that follow each other, ask the same of an item and fit different kinds: their
// condition is decided once.
struct ClauseGroup {
  KindSet kinds;
  NodeRange scalars;
  NodeId where;
  // The clause for an item, by kind; kNoClause: none.
  std::array<std::uint32_t, kKindCount> clause_of_kind{};
  static constexpr std::uint32_t kNoClause = ClauseId::kNone;
};

struct CompiledRule {
  NodeRange conjuncts;             // of `when`, all of them, cheapest first
  NodeRange tail;                  // those that no guard decides
  std::uint32_t groups_begin = 0;  // into Program::groups
  std::uint32_t groups_count = 0;
  KindSet kinds;                         // of all its clauses
  std::uint32_t without_item_begin = 0;  // notify and ask clauses, into Program::without_item
  std::uint32_t without_item_count = 0;
};

// Conditions of the other declarations, parallel to CheckedPolicy's lists. Invalid: always.
struct CompiledCondition {
  NodeId when;
  NodeId where;
};

struct CompiledPrincipals {
  NodeRange alternatives;
};

struct CompiledClausePrincipals {
  CompiledPrincipals to, approved_by, otherwise_escalate;
};

struct CompiledStage {
  NodeId gate;
  CompiledPrincipals approved_by, otherwise_escalate;
  std::vector<CompiledPrincipals> action_to;  // parallel to CheckedStage::actions
};

// Parallel to CheckedPolicy::retires.
struct CompiledRetire {
  NodeId when, where;
  std::vector<NodeId> starts, enters;  // conditions, parallel to the checked ones
  std::vector<CompiledPrincipals> escalate;
  std::vector<CompiledStage> stages;
};

struct Program {
  std::shared_ptr<const CheckedPolicy> policy;

  std::vector<Node> nodes;  // a child's id is lower than its user's
  std::vector<NodeId> children;
  std::vector<NodeId> node_lists;
  std::vector<Constant> constants;
  std::vector<Type> constant_types;             // parallel
  std::vector<std::vector<std::string>> words;  // names of identity kinds or events
  std::vector<std::string> event_attributes;
  std::vector<AttributeUse> attributes;
  std::vector<ColumnUse> columns;
  std::vector<Bitmap> bitmaps;

  // The index. A rule is a bit; rule r stands in word r / 64.
  std::uint32_t rule_words = 0;
  std::vector<std::uint64_t> rules_on;  // [event type][word]
  std::vector<Guard> guards;
  std::vector<CompiledRule> rules;  // parallel to CheckedPolicy::rules
  std::vector<ClauseGroup> groups;
  std::vector<ClauseId> without_item;
  std::vector<CompiledClause> clauses;  // parallel to CheckedPolicy::clauses

  std::vector<CompiledCondition> derives, roles, keeps, holds, limits;
  std::vector<CompiledRetire> retires;
  std::vector<CompiledClausePrincipals> clause_principals;        // parallel to clauses
  std::vector<std::vector<CompiledPrincipals>> rule_escalations;  // by rule, by level
  std::vector<CompiledPrincipals> hold_orders;                    // by hold
  std::vector<CompiledPrincipals> limit_asks;                     // by limit

  [[nodiscard]] const Node& node(NodeId id) const { return nodes[id.index()]; }

  [[nodiscard]] std::span<const NodeId> children_of(const Node& n) const {
    return {children.data() + n.children_begin, n.children_count};
  }

  [[nodiscard]] std::span<const NodeId> list(NodeRange range) const {
    return {node_lists.data() + range.begin, range.count};
  }
};

}  // namespace rescind
