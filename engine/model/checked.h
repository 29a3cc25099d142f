// A checked policy: every name resolved, every expression typed, parameters and defines already
// substituted. All modules of one program are merged here; the order of files no longer shows.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "diagnostics/source.h"
#include "model/schema.h"
#include "model/vocabulary.h"

namespace rescind {

// ---- Typed expressions, in one arena -----------------------------------------------------------

struct ExprTag {};

using ExprId = StrongId<ExprTag>;

// WHY: g++ 12 takes a scoped enumerator for a shadow of the type of the same name.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"
enum class ExprOp : std::uint8_t {
  // leaves
  Constant,        // `constant`; type says which member
  Subject,         // the identity that the event is about (item event: its holder)
  Now,             // the instant of the decision
  Item,            // the item (or identity, in `derive … for identity`) that the clause selects
  Variable,        // quantifier variable number `index` (0 = outermost)
  EventAttribute,  // event.NAME: looked up by `name`, since the event types in `on` may differ
  EventBuiltin,    // event.at / event.arrived / event.source / event.id / event.type: by `name`
  EventBefore,     // event.before.ATTR of the subject: `attribute`
  EventAfter,
  // one operand
  Attribute,  // operand.ATTR: `name`, `entity` and `attribute`; of an item also `kinds`, those it
              // can be
  // of here. attribute may be one of pseudo_attribute (kByName: look `name` up per kind)
  Not,
  Negate,
  Known,
  IsIdentityKind,  // operand is one of `names`
  IsItemKind,      // operand is one of `kinds`
  IsEvent,         // the event is one of `names` (no operand)
  Supports,        // operand (item) supports `verb`
  Justified,       // operand (item).justified: role grant or keep holds after the event
  // two operands
  And,
  Or,
  Equal,
  NotEqual,
  Less,
  LessEqual,
  Greater,
  GreaterEqual,
  In,  // element in set
  Like,
  Matches,  // operand, pattern in `constant.text` (one operand)
  Coalesce,
  Add,
  Subtract,
  IdleFor,      // item, duration
  DeliveredTo,  // item, identity or its name
  // quantifiers: operands = set, where (invalid: none), and for min max sum the value; `index` =
  // variable number
  Any,
  All,
  Count,
  Min,
  Max,
  Sum,
};
#pragma GCC diagnostic pop

struct Expr {
  ExprOp op = ExprOp::Constant;
  Type type;
  Span span;
  std::vector<ExprId> operands;
  Constant constant;
  std::uint32_t index = 0;
  Entity entity = Entity::Identity;
  AttributeIndex attribute = 0;
  std::string name;
  std::vector<std::string> names;
  KindSet kinds;
  Verb verb = Verb::Revoke;
};

// Expressions share nothing; an operand's id is lower than its user's.
struct ExprArena {
  std::vector<Expr> nodes;

  [[nodiscard]] const Expr& operator[](ExprId id) const { return nodes[id.index()]; }

  ExprId add(Expr expr) {
    nodes.push_back(std::move(expr));
    return ExprId{static_cast<std::uint32_t>(nodes.size() - 1)};
  }
};

// ---- Declarations ------------------------------------------------------------------------------

// Alternatives in the order of preference; each is of type Principal, Identity, or a set of
// Principal, possibly optional (a missing one falls through to the next).
struct PrincipalExpr {
  std::vector<ExprId> alternatives;
  Span span;
  std::string text;  // for people: names, and what else was written, joined by " or "
};

struct EscalationLevel {
  PrincipalExpr to;
  Seconds after{0};  // after the level before
};

// Where a thing was declared and what it says of itself.
struct Declared {
  std::string module;  // "acme.offboarding"
  std::string name;    // unique within the module and sort of declaration
  std::string doc;
  Span span;

  // "module.name"
  [[nodiscard]] std::string qualified() const {
    return module.empty() ? name : module + "." + name;
  }
};

struct ClauseTag {};

using ClauseId =
    StrongId<ClauseTag>;  // number within the whole policy: index into CheckedPolicy::clauses

struct CheckedClause {
  std::uint32_t rule = 0;  // index into rules
  std::string label;       // verb, kinds and ordinal: "revoke session, token #1"
  Verb verb = Verb::Revoke;
  KindSet kinds;  // empty: notify, ask
  ExprId where;   // invalid: always. Scope: subject, event, now, item
  std::optional<PrincipalExpr> to;
  std::string text;  // level of narrow, request of ask
  std::optional<Seconds> within;
  std::optional<Seconds> after;
  std::optional<PrincipalExpr> approved_by;
  bool even_if_staged = false;
  std::optional<PrincipalExpr> otherwise_escalate;
  std::string because;  // its own, else the rule's
  std::string doc;
  Span span;
};

struct CheckedRule {
  Declared declared;
  std::vector<std::uint32_t> on;  // indexes into Schema::events, sorted
  ExprId when;                    // invalid: always. Scope: subject, event, now
  std::string because;
  std::vector<std::string> controls;
  std::vector<EscalationLevel> escalate;
  std::vector<ClauseId> clauses;  // in the order of the text
};

struct CheckedDerive {
  Declared declared;        // name: "derive EVENT for ENTITY #n"
  std::uint32_t event = 0;  // raised
  bool for_identity = false;
  KindSet kinds;  // when for items
  ExprId where;   // scope: event, now, item (an identity or an item). Invalid: always
  std::vector<std::uint32_t> on;  // causes
};

struct CheckedGrant {
  std::string system;
  Kind kind = Kind::Role;
  std::string name;
  Span span;

  friend bool operator==(const CheckedGrant& a, const CheckedGrant& b) {
    return a.system == b.system && a.kind == b.kind && a.name == b.name;
  }
};

struct CheckedRole {
  Declared declared;
  ExprId when;  // invalid: assigned by the system of record (identity.roles)
  std::vector<std::uint32_t> includes;  // transitively closed, itself excluded
  std::vector<CheckedGrant> grants;     // own and included, each once, sorted
};

struct CheckedKeep {
  Declared declared;
  KindSet kinds;
  ExprId where;  // invalid: always
  std::string because;
};

struct CheckedConflict {
  Declared declared;
  std::vector<CheckedGrant> parts;
  std::string because;
};

struct CheckedHold {
  Declared declared;
  ExprId when;  // about the subject. Invalid: always
  std::vector<Verb> verbs;
  KindSet kinds;
  ExprId where;  // about the item. Invalid: always
  bool even_containment = false;
  std::optional<Instant> until;  // absent: until lifted. A date: its end everywhere on Earth
  std::optional<PrincipalExpr> ordered_by;
  std::string because;
};

struct CheckedLimit {
  Declared declared;
  std::vector<Verb> verbs;
  KindSet kinds;
  ExprId where;
  std::optional<std::int64_t> count;
  std::optional<std::int64_t> percent;  // both: the greater of the two
  bool per_system = false;
  Seconds window{0};
  std::optional<PrincipalExpr> ask;
};

struct CheckedAction {
  Verb verb = Verb::Disable;
  std::optional<PrincipalExpr> to;  // notify, ask, transfer, redirect
  std::string text;                 // level of narrow, request of ask
  Span span;
};

struct CheckedStage {
  std::string name;
  std::string doc;
  std::vector<CheckedAction> actions;  // on entering, in the order of the text
  ExprId gate;                         // invalid: done when the actions are. Scope as `where`
  std::string gate_text;               // as written, for people; "" without a gate
  std::optional<Seconds> within;
  std::optional<PrincipalExpr> approved_by;         // before the actions
  std::optional<PrincipalExpr> otherwise_escalate;  // when `within` has passed
  std::optional<Seconds> soak;
  std::optional<std::uint32_t> on_use_return_to;  // an earlier stage
  Span span;
};

// A condition under which a retirement starts at, or must have entered by, a stage.
struct CheckedStageWhen {
  std::uint32_t stage = 0;
  std::optional<Seconds> within;  // of `enter`; absent: `start at`
  ExprId when;                    // invalid: always. Scope: subject, event, now, item
  Span span;
};

// INVARIANT (held by check): stages stand in their order; from every stage each later one is
// reached; a stage that destroys comes after one that contains and a soak.
struct CheckedRetire {
  Declared declared;
  std::vector<std::uint32_t> on;  // indexes into Schema::events, sorted
  KindSet kinds;
  ExprId when;   // invalid: always. Scope: subject, event, now
  ExprId where;  // invalid: always. Scope: subject, event, now, item
  std::string because;
  std::vector<std::string> controls;
  std::vector<EscalationLevel> escalate;
  std::vector<CheckedStageWhen> starts, enters;
  std::vector<CheckedStage> stages;
};

struct CheckedPolicy {
  std::shared_ptr<const Schema> schema;
  std::shared_ptr<const SourceSet> sources;
  ExprArena exprs;
  std::vector<CheckedRule> rules;      // sorted by qualified name
  std::vector<CheckedClause> clauses;  // by ClauseId: rules in order, clauses in text order
  std::vector<CheckedDerive> derives;  // sorted by event, then entity, then span text
  std::vector<CheckedRole> roles;      // sorted by qualified name
  std::vector<CheckedKeep> keeps;      // sorted by qualified name
  std::vector<CheckedConflict> conflicts;
  std::vector<CheckedHold> holds;
  std::vector<CheckedLimit> limits;
  std::vector<CheckedRetire> retires;  // sorted by qualified name
  std::string
      digest;  // "sha256:…" over print_checked: what the policy means, not how it is laid out
};

// Deterministic text of everything in a checked policy but places, so that equal texts mean equal
// policies.
std::string print_checked(const CheckedPolicy& policy);
// One condition, fully parenthesised; "true" for an invalid id.
std::string print_checked(const ExprArena& exprs, ExprId id);

}  // namespace rescind
