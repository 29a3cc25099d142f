// Resolves and types conditions: syntax in, nodes of the arena out, with narrowing on the way.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "check/facts.h"
#include "check/program.h"
#include "check/types.h"

namespace rescind::checking {

// The path of the item that a clause or derive selects.
inline constexpr std::string_view kItemKey = "item";

// Which half of a change `event.before` and `event.after` mean.
enum class EventState : std::uint8_t { Now, Before, After };

// A checked expression. Poisoned: an error in it was reported, and nothing more is said of what
// uses it.
struct Typed {
  ExprId id;  // invalid for `event` itself and when poisoned
  Type type;
  Span span;
  bool poisoned = true;
  std::string key;            // path for narrowing ("subject.manager"); empty: none
  std::optional<bool> truth;  // of a condition that is the same for every input
  EventState event_state = EventState::Now;
  Facts if_true;  // what holds where this condition is true
  Facts if_false;
};

// A name that stands for a value at one place: the clause's item, a quantifier's variable, an
// argument.
struct Local {
  enum class Sort : std::uint8_t { Item, Variable, Argument };
  Sort sort = Sort::Item;
  std::string name;
  Type type;
  std::uint32_t index = 0;  // of a variable
  std::string key;
  Typed argument;  // checked before; copied for every use but the first
  bool argument_taken = false;
};

// What can be named in a condition. Only `now`, parameters and defines can be named everywhere.
struct Scope {
  std::string place;  // "a role", for messages
  const Module* module = nullptr;
  bool subject = false;
  bool event = false;
  bool any_event = false;             // a define checked by itself: it may be meant for any event
  std::vector<std::uint32_t> events;  // sorted; those that can be in scope
  bool justified = false;             // `justified` may be asked
  bool parameters = true;
  std::string ambiguous_item;             // several kinds without alias: "session, token"
  std::vector<std::string> hidden_words;  // kind words that mean the item under another name
  std::vector<Local> locals;              // innermost last
};

class Expressions {
 public:
  explicit Expressions(Program& program) : program_(program) {}

  [[nodiscard]] Program& program() { return program_; }

  // Checks a condition; the result is of type bool or poisoned. Facts that hold afterwards:
  // if_true.
  Typed condition(const ast::Expr& expr, Scope& scope);
  // Checks any value; `expected` gives bare words and empty sets their meaning and may be null.
  Typed value(const ast::Expr& expr, Scope& scope, const Type* expected);
  // Checks a value that must be the same for every input and of that type; leaves no nodes behind.
  std::optional<Constant> constant(const ast::Expr& expr, Scope& scope, const Type& type,
                                   std::string_view what);
  // Checks alternatives of principals; nothing after an error.
  std::optional<PrincipalExpr> principals(const ast::Principals& written, Scope& scope);
  // Checks the body of a define by itself and marks it broken when it is.
  void check_define(Define& define);

  // For what holds during a rule's clauses.
  [[nodiscard]] std::size_t mark() const { return assumptions_.mark(); }

  void assume(const Facts& facts) { assumptions_.assume(facts); }

  void forget_to(std::size_t mark) { assumptions_.forget_to(mark); }

  // What the assumptions leave of them.
  [[nodiscard]] ClauseReach reach(const std::vector<std::uint32_t>& events, KindSet kinds) const {
    return {assumptions_.narrow_events(events), assumptions_.narrow_kinds(kItemKey, kinds)};
  }

 private:
  struct Restore;  // puts scope and budget back

  // ---- expressions.cc
  Typed check(const ast::Expr& expr, const Type* expected);
  Typed check_node(const ast::Expr& expr, const Type* expected);
  Typed set_literal(const ast::Expr& expr, const ast::SetLiteral& literal, const Type* expected);
  Typed make(Expr node);
  Typed constant_node(const Type& type, Constant constant, Span span);
  Typed clone(const Typed& original, Span span);
  [[nodiscard]] static Typed poison(Span span);
  bool require_known(const Typed& typed);
  bool require_condition(Typed& typed);
  // Lets a constant string stand for a system, a principal or an identity where one is expected.
  bool adapt(Typed& typed, const Type& target);
  bool adapt_text(const std::string& text, TypeKind target, Span span);
  [[nodiscard]] bool is_constant(const Typed& typed) const;

  [[nodiscard]] const Expr& node(const Typed& typed) const { return program_.arena[typed.id]; }

  [[nodiscard]] std::string quoted(Span span, std::string_view otherwise) const;
  [[nodiscard]] std::string name_of(const Type& type) const;
  void note_use(Diagnostic& diagnostic);

  // ---- names.cc
  Typed name(const ast::Expr& expr, const ast::NameRef& written, const Type* expected);
  std::optional<Typed> enum_word(const ast::Expr& expr, const std::string& word,
                                 const Type* expected);
  std::optional<Typed> visible_name(const ast::Expr& expr, const std::string& word);
  Typed subject_or_event(const ast::Expr& expr, const std::string& word);
  Typed parameter(const ast::Expr& expr, Parameter& parameter);
  std::optional<Typed> declared_word(const ast::Expr& expr, const std::string& word,
                                     const Type* expected);
  Typed local(const ast::Expr& expr, Local& local);
  Typed argument(const ast::Expr& expr, Local& local);
  Typed unknown_name(const ast::Expr& expr, const std::string& word, const Type* expected);
  [[nodiscard]] bool is_local(const std::string& word) const;
  [[nodiscard]] bool is_visible(const std::string& word) const;
  [[nodiscard]] std::vector<std::string> visible_names() const;
  // Whether the expression gets its meaning from what stands opposite.
  [[nodiscard]] bool is_contextual(const ast::Expr& expr) const;
  Define* find_define(const std::string& name, Span span, bool& ambiguous);
  Parameter* find_parameter(const std::string& name);

  // ---- defines.cc
  Typed call(const ast::Expr& expr, const ast::Call& written);
  Typed expand(Define& define, std::vector<Typed> arguments, Span use);
  bool accept_argument(Typed& argument, const Type& formal, const ast::Define::Formal& written);

  // ---- members.cc
  Typed member(const ast::Expr& expr, const ast::Member& written);
  Typed event_member(const ast::Expr& expr, const Typed& object, const ast::Name& attribute);
  Typed event_builtin(const ast::Expr& expr, const ast::Name& attribute);
  Typed event_attribute(const ast::Expr& expr, const ast::Name& attribute);
  Typed changed_attribute(const ast::Expr& expr, const Typed& object, const ast::Name& attribute);
  Typed entity_member(const ast::Expr& expr, const Typed& object, Entity entity,
                      const ast::Name& attribute);
  Typed item_member(const ast::Expr& expr, const Typed& object, const ast::Name& attribute);

  // What several kinds have under one name.
  struct CommonAttribute {
    const Type* type = nullptr;  // of the first kind that has it; null: none has
    AttributeIndex attribute = 0;
    Entity entity = Entity::Identity;
    KindSet lacking;       // kinds without it
    bool differs = false;  // in type
  };

  [[nodiscard]] CommonAttribute common_attribute(KindSet kinds, const std::string& name) const;
  [[nodiscard]] std::vector<std::string> item_attribute_names(KindSet kinds) const;
  [[nodiscard]] std::vector<std::string> event_attribute_names(
      const std::vector<std::uint32_t>& events) const;
  Typed item_kind(const ast::Expr& expr, const Typed& object);
  Typed finish_member(const ast::Expr& expr, const Typed& object, Expr node, const Type& type);
  Typed unknown_attribute(const ast::Name& attribute, const std::string& owner,
                          const std::vector<std::string>& candidates);
  [[nodiscard]] std::vector<std::uint32_t> current_events() const;
  bool require_subject_event(Span span);

  // ---- operators.cc
  Typed logical(const ast::Expr& expr, ast::BinaryOp op);
  ExprId join_terms(ExprOp op, const std::vector<ExprId>& terms, std::size_t begin, std::size_t end,
                    Span span);
  Typed negation(const ast::Expr& expr, const ast::Not& written);
  Typed binary(const ast::Expr& expr, const ast::Binary& written, const Type* expected);
  Typed comparison(const ast::Expr& expr, const ast::Binary& written);
  Typed equality(const ast::Expr& expr, const ast::Binary& written, Typed left, Typed right);
  std::optional<Typed> word_comparison(const ast::Expr& expr, const Typed& value,
                                       const std::vector<std::string>& words, bool negated);
  Typed membership(const ast::Expr& expr, const ast::Binary& written);
  bool check_membership(const ast::Expr& expr, const ast::Binary& written, Typed& left,
                        Typed& right);
  [[nodiscard]] std::optional<bool> fixed_membership(const Typed& left, const Typed& right) const;
  Typed pattern(const ast::Expr& expr, const ast::Binary& written);
  Typed coalesce(const ast::Expr& expr, const ast::Binary& written, const Type* expected);
  bool check_operands(const ast::Binary& written, Typed& left, Typed& right);
  Typed negate_condition(Typed typed, Span span);

  // ---- arithmetic.cc
  Typed arithmetic(const ast::Expr& expr, const ast::Binary& written);
  Typed minus(const ast::Expr& expr, const ast::Negate& written);

  // ---- predicates.cc
  Typed known(const ast::Expr& expr, const ast::Known& written);
  Typed is_kind(const ast::Expr& expr, const ast::IsKind& written);
  Typed is_event(const ast::Expr& expr, const ast::IsKind& written);
  Typed is_item_kind(const ast::Expr& expr, const ast::IsKind& written, const Typed& operand);
  Typed is_identity_kind(const ast::Expr& expr, const ast::IsKind& written, const Typed& operand);
  Typed kinds_predicate(Span span, ExprId operand, const std::string& key, KindSet possible,
                        KindSet kinds);
  Typed events_predicate(Span span, std::vector<std::uint32_t> events);
  Typed supports(const ast::Expr& expr, const ast::Supports& written);
  Typed idle_for(const ast::Expr& expr, const ast::IdleFor& written);
  Typed delivered_to(const ast::Expr& expr, const ast::DeliveredTo& written);
  Typed quantified(const ast::Expr& expr, const ast::Quantified& written);
  bool check_quantified_set(const Typed& set);
  bool check_quantifier_value(const ast::Quantified& written, Typed& value);
  void warn_constant_predicate(Span span, bool truth, const std::string& why);
  bool hides_a_name(const ast::Name& name);

  Program& program_;
  Scope* scope_ = nullptr;
  Assumptions assumptions_;
  std::uint32_t variables_ = 0;  // quantifiers around this place
  std::uint32_t fresh_ = 0;      // for keys of values without a path
  std::size_t depth_ = 0;
  std::size_t made_ = 0;        // nodes of the whole run, those of scratch work included
  std::size_t first_node_ = 0;  // of the condition that is being checked
  bool too_large_ = false;
  std::vector<Span> uses_;  // of the defines that are being expanded, outermost first

  friend bool hides_visible_name(Expressions& expressions, Scope& scope, const ast::Name& name);
};

// Reports an alias that already means something in the scope.
bool hides_visible_name(Expressions& expressions, Scope& scope, const ast::Name& name);

// The nesting that a condition may have, defines expanded.
inline constexpr std::size_t kMaxNesting = 200;

}  // namespace rescind::checking
