// The syntax tree of a policy file, exactly as written: names are unresolved text, nothing is
// typed. parse gives it, check takes it; print_ast turns it back into policy text.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/time.h"
#include "diagnostics/source.h"

namespace rescind::ast {

// A name with its place.
struct Name {
  std::string text;
  Span span;
};

// `a.b.c`, in module names.
struct QualifiedName {
  std::vector<Name> parts;
  Span span;
  [[nodiscard]] std::string text() const;
};

// The value of a string literal (escapes resolved) with the place of the literal.
struct Text {
  std::string value;
  Span span;
};

// `30d`, or the name of a parameter or define that stands for a duration.
struct Duration {
  Seconds value{0};  // 0 with a parameter: check puts its value in
  Span span;
  std::optional<Name> parameter;
};

// ---- Expressions -------------------------------------------------------------------------------

struct Expr;
using ExprPtr = std::unique_ptr<Expr>;

enum class BinaryOp : std::uint8_t {
  And,
  Or,
  Equal,
  NotEqual,
  Less,
  LessEqual,
  Greater,
  GreaterEqual,
  In,
  NotIn,
  Like,
  Matches,
  Coalesce,
  Add,
  Subtract,
};
enum class Quantifier : std::uint8_t { Any, All, Count, Min, Max, Sum };

struct BoolLiteral {
  bool value = false;
};

struct IntLiteral {
  std::int64_t value = 0;
};

struct StringLiteral {
  std::string value;
};

struct DurationLiteral {
  Seconds value{0};
};

struct InstantLiteral {  // `2026-11-20` keeps its date, `2026-11-20T17:00Z` its instant
  std::optional<Date> date;
  Instant instant{};
};

struct SetLiteral {
  std::vector<ExprPtr> elements;
};

struct NameRef {
  std::string name;
};  // a bare word

struct Member {
  ExprPtr object;
  Name attribute;
};  // object.attribute

struct Call {
  Name function;
  std::vector<ExprPtr> arguments;
};  // define call

struct Not {
  ExprPtr operand;
};

struct Negate {
  ExprPtr operand;
};  // -x

struct Known {
  ExprPtr operand;
};

struct Binary {
  BinaryOp op{};
  ExprPtr left;
  ExprPtr right;
  Span op_span;
};

struct IsKind {
  ExprPtr operand;
  bool negated = false;
  std::vector<Name> kinds;
};  // x is [not] a

struct Supports {
  ExprPtr item;
  Name verb;
};  // item supports verb

struct IdleFor {
  ExprPtr item;
  ExprPtr duration;
};  // c idle for D

struct DeliveredTo {
  ExprPtr item;
  ExprPtr to;
};  // x delivered to d

struct Quantified {  // all(x in S where e : v)
  Quantifier quantifier{};
  Name variable;
  ExprPtr set;
  ExprPtr where;  // may be null
  ExprPtr value;  // only min, max, sum; else null
};

struct Expr {
  std::variant<BoolLiteral, IntLiteral, StringLiteral, DurationLiteral, InstantLiteral, SetLiteral,
               NameRef, Member, Call, Not, Negate, Known, Binary, IsKind, Supports, IdleFor,
               DeliveredTo, Quantified>
      node;
  Span span;
};

// ---- Pieces shared by declarations -------------------------------------------------------------

// `/// …` lines above a declaration, joined by newlines, marks removed. Empty: none.
struct Doc {
  std::string text;
  Span span;
};

// `P or P or …`: alternatives, each a principal expression or a string naming one.
struct Principals {
  std::vector<ExprPtr> alternatives;
  Span span;
};

// `escalate to P then P after 4h then …`
struct Escalation {
  struct Level {
    Principals to;
    std::optional<Duration> after;  // waits this long after the level before; absent on the first
  };

  std::vector<Level> levels;
  Span span;
};

// `KIND[, KIND] [as x] [where e]`
struct Selection {
  std::vector<Name> kinds;
  std::optional<Name> alias;
  ExprPtr where;  // may be null
  Span span;
};

struct Clause {
  Doc doc;
  Name verb;                           // `notify` and `ask` too
  std::optional<Selection> selection;  // absent for notify and ask
  std::optional<Principals> to;        // transfer, redirect: the target; notify, ask: who
  std::optional<Text> text;            // narrow … to "level"; ask P to "…"
  std::optional<Duration> within;
  std::optional<Duration> after;
  std::optional<Principals> approved_by;
  bool even_if_staged = false;
  std::optional<Principals> otherwise_escalate;
  std::optional<Text> because;
  Span span;
};

// ---- Declarations ------------------------------------------------------------------------------

struct TypeExpr {
  Name name;                          // bool int string … enum set, or a kind, identity, system
  std::vector<Name> enum_values;      // when name is `enum`
  std::unique_ptr<TypeExpr> element;  // when name is `set`
  bool optional = false;              // T?
  Span span;
};

struct AttributeDecl {
  Doc doc;
  Name name;
  TypeExpr type;
  ExprPtr default_value;  // may be null
  Span span;
};

struct SchemaBlock {
  struct Systems {
    std::vector<Name> names;
  };  // identifiers or strings

  struct Teams {
    std::vector<Name> names;
  };

  struct Entity {
    Name entity;
    std::vector<AttributeDecl> attributes;
  };

  struct Event {
    Doc doc;
    Name name;
    Name about;
    std::vector<AttributeDecl> attributes;
  };

  struct Entry {
    std::variant<Systems, Teams, Entity, Event> node;
    Span span;
  };

  std::vector<Entry> entries;
};

struct Import {
  QualifiedName module;

  struct Argument {
    Name parameter;
    ExprPtr value;
  };

  std::vector<Argument> arguments;
};

struct Parameter {
  Name name;
  TypeExpr type;
  ExprPtr default_value; /* may be null: required */
};

struct Define {
  Name name;

  struct Formal {
    Name name;
    TypeExpr type;
  };

  std::vector<Formal> formals;  // empty: a constant
  ExprPtr body;
};

struct Derive {  // derive EVENT for ENTITY [as x] [where e] on EVENT[, EVENT]
  Name event;
  Name entity;  // identity, or a kind or super-kind
  std::optional<Name> alias;
  ExprPtr where;  // may be null
  std::vector<Name> on;
};

struct Grant {  // grants SYSTEM kind "name"[, kind "name"]
  Name system;

  struct Right {
    Name kind;
    Text name;
  };

  std::vector<Right> rights;
  Span span;
};

struct Role {
  Name name;
  std::vector<Name> includes;
  ExprPtr when;  // may be null: assigned by the system of record
  std::vector<Grant> grants;
};

struct Keep {
  Name name;
  std::vector<Selection> selections;
  std::optional<Text> because;
};

struct Conflict {
  Name name;
  std::vector<Grant> parts;
  std::optional<Text> because;
};

struct Rule {
  Name name;
  std::vector<Name> on;
  ExprPtr when;  // may be null
  std::optional<Text> because;
  std::vector<Text> controls;
  std::optional<Escalation> escalate;
  std::vector<Clause> clauses;
};

struct Hold {
  Name name;
  ExprPtr when;  // may be null
  std::vector<Name> verbs;
  bool even_containment = false;
  std::optional<Selection> selection;
  bool until_lifted = false;
  std::optional<Date> until_date;
  std::optional<Instant> until_instant;
  std::optional<Principals> ordered_by;
  std::optional<Text> because;
};

struct Limit {
  Name name;
  std::vector<Name> verbs;
  std::optional<Selection> selection;
  std::optional<std::int64_t> count;    // at most 10
  std::optional<std::int64_t> percent;  // at most 5%; both: max(5%, 10)
  bool per_system = false;
  std::optional<Duration> per;  // the rolling window
  std::optional<Principals> otherwise_ask;
};

// What a stage does when it is entered: `disable c`, `notify P`, `ask P to "…"`. No modifiers: they
// are the stage's.
struct StageAction {
  Name verb;
  std::optional<Name> item;      // the alias or kind word; absent for notify and ask
  std::optional<Principals> to;  // notify, ask: who; transfer, redirect: the target
  std::optional<Text> text;      // ask: what; narrow: the level
  Span span;
};

struct Stage {
  Doc doc;
  Name name;
  std::vector<StageAction> actions;  // in the order of the text
  ExprPtr done_when;                 // the gate; may be null: done when the actions are
  std::optional<Duration> within;
  std::optional<Principals> approved_by;  // before the actions
  std::optional<Principals> otherwise_escalate;
  std::optional<Duration> soak;  // how long the stage lasts at least, without use
  std::optional<Name> on_use_return_to;
  Span span;
};

// A staged retirement of one item.
struct Retire {
  struct Start {  // start at STAGE when e
    Name stage;
    ExprPtr when;  // may be null: always
    Span span;
  };

  struct Enter {  // enter STAGE within D when e
    Name stage;
    Duration within;
    ExprPtr when;  // may be null: always
    Span span;
  };

  Name name;
  std::vector<Name> on;
  std::optional<Selection> selection;  // for KIND[, KIND] [as x] [where e]
  ExprPtr when;                        // may be null
  std::optional<Text> because;
  std::vector<Text> controls;
  std::optional<Escalation> escalate;
  std::vector<Start> starts;
  std::vector<Enter> enters;
  std::vector<Stage> stages;  // in the order of the text, which is the order of the retirement
};

// `test`, `prove`: recognised, kept whole as text, refused by check for now.
struct NotYet {
  Name keyword;
  std::string text; /* from the word to its closing brace */
};

struct Declaration {
  Doc doc;
  std::variant<SchemaBlock, Import, Parameter, Define, Derive, Role, Keep, Conflict, Rule, Hold,
               Limit, Retire, NotYet>
      node;
  Span span;
};

struct PolicyFile {
  SourceFileId file;
  std::optional<QualifiedName> module;
  Doc module_doc;
  std::vector<Declaration> declarations;  // in the order of the text; the order means nothing
};

// Policy text that parses to an equal tree (spans aside). Deterministic; used by tests and
// `format`.
std::string print_policy(const PolicyFile& file);
std::string print_expression(const Expr& expression);

}  // namespace rescind::ast
