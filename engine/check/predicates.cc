// `known`, `is`, `supports`, `idle for`, `delivered to` and the quantifiers.
#include <algorithm>
#include <utility>

#include "check/expressions.h"

namespace rescind::checking {
namespace {

using ast::Quantifier;

Expr predicate_node(ExprOp op, Span span, std::vector<ExprId> operands) {
  Expr node;
  node.op = op;
  node.type = simple_type(TypeKind::Bool);
  node.span = span;
  node.operands = std::move(operands);
  return node;
}

// `human` and `nonhuman` stand for their members; empty: not a kind of identity.
std::vector<std::string> identity_kinds_named(std::string_view word) {
  std::vector<std::string> kinds;
  for (const std::string_view kind : identity_kinds()) {
    if (kind == word || (word == "human" && is_human_kind(kind)) ||
        (word == "nonhuman" && is_nonhuman_kind(kind))) {
      kinds.emplace_back(kind);
    }
  }
  return kinds;
}

ExprOp quantifier_op(Quantifier quantifier) {
  switch (quantifier) {
  case Quantifier::Any:
    return ExprOp::Any;
  case Quantifier::All:
    return ExprOp::All;
  case Quantifier::Count:
    return ExprOp::Count;
  case Quantifier::Min:
    return ExprOp::Min;
  case Quantifier::Max:
    return ExprOp::Max;
  case Quantifier::Sum:
    return ExprOp::Sum;
  }
  return ExprOp::Any;
}

bool yields_bool(Quantifier quantifier) {
  return quantifier == Quantifier::Any || quantifier == Quantifier::All;
}

}  // namespace

Typed Expressions::known(const ast::Expr& expr, const ast::Known& written) {
  const Typed operand = check(*written.operand, nullptr);
  if (operand.poisoned) {
    return poison(expr.span);
  }
  if (!operand.id.valid()) {
    note_use(program_.report.error(Code::R0317, operand.span, "`known` needs a value",
                                   "this is not a value"));
    return poison(expr.span);
  }
  const bool is_holder = node(operand).op == ExprOp::Attribute && node(operand).name == "holder";
  const bool narrowed = assumptions_.is_known(operand.key);
  if (!operand.type.optional && !narrowed && !is_holder && uses_.empty()) {
    program_.report.warning(Code::R0312, operand.span,
                            quoted(operand.span, "this value") + " is never missing",
                            "`known` is always true here");
  }
  Typed result = make(predicate_node(ExprOp::Known, expr.span, {operand.id}));
  if (!operand.key.empty()) {
    result.if_true.add({FactSort::Known, operand.key, {}, {}});
  }
  return result;
}

void Expressions::warn_constant_predicate(Span span, bool truth, const std::string& why) {
  if (uses_.empty()) {
    program_.report.warning(Code::R0319, span,
                            std::string("this is always ") + (truth ? "true" : "false"), why);
  }
}

Typed Expressions::is_kind(const ast::Expr& expr, const ast::IsKind& written) {
  const Typed operand = check(*written.operand, nullptr);
  if (operand.poisoned) {
    return poison(expr.span);
  }
  Typed result;
  if (operand.type.kind == TypeKind::Event && operand.event_state == EventState::Now) {
    result = is_event(expr, written);
  } else if (!require_known(operand)) {
    return poison(expr.span);
  } else if (operand.type.kind == TypeKind::Item) {
    result = is_item_kind(expr, written, operand);
  } else if (operand.type.kind == TypeKind::Identity || operand.type.kind == TypeKind::Principal) {
    result = is_identity_kind(expr, written, operand);
  } else {
    Diagnostic& diagnostic = program_.report.error(
        Code::R0317, operand.span,
        "`is` asks for the kind of an identity, an item or the event, found " +
            name_of(operand.type),
        "has no kind");
    note_use(diagnostic);
    return poison(expr.span);
  }
  if (result.poisoned) {
    return result;
  }
  return written.negated ? negate_condition(std::move(result), expr.span) : result;
}

Typed Expressions::is_event(const ast::Expr& expr, const ast::IsKind& written) {
  std::vector<std::uint32_t> events;
  for (const ast::Name& name : written.kinds) {
    const auto found = program_.events.find(name.text);
    if (found == program_.events.end()) {
      suggest(program_.report.error(Code::R0204, name.span, "unknown event `" + name.text + "`",
                                    "not an event"),
              name.text, program_.event_names());
      return poison(expr.span);
    }
    events.push_back(found->second);
  }
  std::sort(events.begin(), events.end());
  events.erase(std::unique(events.begin(), events.end()), events.end());
  return events_predicate(expr.span, std::move(events));
}

Typed Expressions::events_predicate(Span span, std::vector<std::uint32_t> events) {
  std::vector<std::uint32_t> possible = current_events();
  std::vector<std::uint32_t> others;
  std::vector<std::uint32_t> kept;
  std::set_intersection(possible.begin(), possible.end(), events.begin(), events.end(),
                        std::back_inserter(kept));
  std::set_difference(possible.begin(), possible.end(), events.begin(), events.end(),
                      std::back_inserter(others));
  Expr node = predicate_node(ExprOp::IsEvent, span, {});
  for (const std::uint32_t event : events) {
    node.names.push_back(program_.schema.events[event].name);
  }
  std::sort(node.names.begin(), node.names.end());
  Typed result = make(std::move(node));
  if (scope_->any_event) {
    return result;
  }
  if (kept.empty() || others.empty()) {
    result.truth = !kept.empty();
    warn_constant_predicate(span, *result.truth,
                            kept.empty() ? "no such event gets here" : "no other event gets here");
  }
  result.if_true.add({FactSort::Events, "", {}, std::move(kept)});
  result.if_false.add({FactSort::Events, "", {}, std::move(others)});
  return result;
}

Typed Expressions::is_item_kind(const ast::Expr& expr, const ast::IsKind& written,
                                const Typed& operand) {
  KindSet kinds;
  for (const ast::Name& name : written.kinds) {
    const KindSet named = kinds_named(name.text);
    if (named.empty()) {
      Diagnostic& diagnostic = program_.report.error(
          Code::R0205, name.span, "unknown kind `" + name.text + "`", "not a kind of access item");
      if (!identity_kinds_named(name.text).empty()) {
        diagnostic.help.emplace_back("ask who has it: `x.holder is " + name.text + "`");
      }
      suggest(diagnostic, name.text, kind_words());
      return poison(expr.span);
    }
    kinds = kinds | named;
  }
  return kinds_predicate(expr.span, operand.id, operand.key, operand.type.kinds, kinds);
}

Typed Expressions::kinds_predicate(Span span, ExprId operand, const std::string& key,
                                   KindSet possible, KindSet kinds) {
  const KindSet kept = possible & kinds;
  const KindSet others(possible.bits & ~kinds.bits);
  Expr node = predicate_node(ExprOp::IsItemKind, span, {operand});
  node.kinds = kinds;
  Typed result = make(std::move(node));
  if (kept.empty() || others.empty()) {
    result.truth = !kept.empty();
    warn_constant_predicate(span, *result.truth, "the item is " + kinds_text(possible) + " here");
  }
  if (!key.empty()) {
    result.if_true.add({FactSort::Kinds, key, kept, {}});
    result.if_false.add({FactSort::Kinds, key, others, {}});
  }
  return result;
}

Typed Expressions::is_identity_kind(const ast::Expr& expr, const ast::IsKind& written,
                                    const Typed& operand) {
  Expr node = predicate_node(ExprOp::IsIdentityKind, expr.span, {operand.id});
  for (const ast::Name& name : written.kinds) {
    const std::vector<std::string> named = identity_kinds_named(name.text);
    if (named.empty()) {
      std::vector<std::string> words(identity_kinds().begin(), identity_kinds().end());
      words.insert(words.end(), {"human", "nonhuman"});
      suggest(program_.report.error(Code::R0205, name.span, "unknown kind `" + name.text + "`",
                                    "not a kind of identity"),
              name.text, words);
      return poison(expr.span);
    }
    node.names.insert(node.names.end(), named.begin(), named.end());
  }
  std::sort(node.names.begin(), node.names.end());
  node.names.erase(std::unique(node.names.begin(), node.names.end()), node.names.end());
  return make(std::move(node));
}

Typed Expressions::supports(const ast::Expr& expr, const ast::Supports& written) {
  const Typed item = check(*written.item, nullptr);
  const std::optional<Verb> verb = find_verb(written.verb.text);
  if (!verb) {
    suggest(program_.report.error(Code::R0206, written.verb.span,
                                  "unknown verb `" + written.verb.text + "`", "not a verb"),
            written.verb.text, verb_words());
  }
  if (item.poisoned || !verb) {
    return poison(expr.span);
  }
  if (item.type.kind != TypeKind::Item) {
    note_use(program_.report.error(Code::R0320, item.span,
                                   "`supports` needs an access item, found " + name_of(item.type),
                                   "not an access item"));
    return poison(expr.span);
  }
  if (!require_known(item)) {
    return poison(expr.span);
  }
  if ((verb_kinds(*verb) & item.type.kinds).empty()) {
    note_use(program_.report.error(
        Code::R0402, written.verb.span,
        "`" + written.verb.text + "` does not fit " + kinds_text(item.type.kinds),
        "never supported"));
    return poison(expr.span);
  }
  Expr node = predicate_node(ExprOp::Supports, expr.span, {item.id});
  node.verb = *verb;
  return make(std::move(node));
}

Typed Expressions::idle_for(const ast::Expr& expr, const ast::IdleFor& written) {
  const Typed item = check(*written.item, nullptr);
  const Typed duration = check(*written.duration, nullptr);
  if (item.poisoned || duration.poisoned) {
    return poison(expr.span);
  }
  if (item.type.kind != TypeKind::Item || duration.type.kind != TypeKind::Duration) {
    const bool item_wrong = item.type.kind != TypeKind::Item;
    const Typed& wrong = item_wrong ? item : duration;
    note_use(program_.report.error(Code::R0320, wrong.span,
                                   std::string("`idle for` needs ") +
                                       (item_wrong ? "an access item" : "a duration") + ", found " +
                                       name_of(wrong.type),
                                   item_wrong ? "not an access item" : "not a duration"));
    return poison(expr.span);
  }
  if (!require_known(item) || !require_known(duration)) {
    return poison(expr.span);
  }
  return make(predicate_node(ExprOp::IdleFor, expr.span, {item.id, duration.id}));
}

Typed Expressions::delivered_to(const ast::Expr& expr, const ast::DeliveredTo& written) {
  const Type identity = simple_type(TypeKind::Identity);
  const Typed item = check(*written.item, nullptr);
  Typed to = check(*written.to, &identity);
  if (item.poisoned || to.poisoned) {
    return poison(expr.span);
  }
  if (item.type.kind != TypeKind::Item) {
    note_use(program_.report.error(
        Code::R0320, item.span, "`delivered to` needs an access item, found " + name_of(item.type),
        "not an access item"));
    return poison(expr.span);
  }
  const TypeKind receiver = to.type.kind;
  if (receiver != TypeKind::Identity && receiver != TypeKind::Principal &&
      receiver != TypeKind::String) {
    note_use(program_.report.error(
        Code::R0320, to.span,
        "a credential is delivered to an identity or a name, found " + name_of(to.type),
        "cannot receive anything"));
    return poison(expr.span);
  }
  // A missing item (no successor yet) is delivered to nobody; a missing receiver is a mistake.
  if (!require_known(to)) {
    return poison(expr.span);
  }
  return make(predicate_node(ExprOp::DeliveredTo, expr.span, {item.id, to.id}));
}

Typed Expressions::quantified(const ast::Expr& expr, const ast::Quantified& written) {
  const Typed set = check(*written.set, nullptr);
  bool sound = check_quantified_set(set);
  if (!sound || hides_a_name(written.variable)) {
    return poison(expr.span);
  }
  Local variable;
  variable.sort = Local::Sort::Variable;
  variable.name = written.variable.text;
  variable.type = element_type(set.type);
  variable.index = variables_++;
  variable.key = "$" + std::to_string(variable.index);
  const std::uint32_t index = variable.index;
  scope_->locals.push_back(std::move(variable));
  const std::size_t before = assumptions_.mark();

  Typed where;
  if (written.where) {
    where = check(*written.where, nullptr);
    sound = !where.poisoned && require_condition(where);
    assumptions_.assume(where.if_true);
  }
  Typed value;
  if (written.value) {
    value = check(*written.value, nullptr);
    sound = check_quantifier_value(written, value) && sound;
  }
  assumptions_.forget_to(before);
  scope_->locals.pop_back();
  --variables_;
  if (!sound) {
    return poison(expr.span);
  }
  Expr node;
  node.op = quantifier_op(written.quantifier);
  node.span = expr.span;
  node.index = index;
  node.operands = {set.id, where.id};
  if (written.value) {
    node.operands.push_back(value.id);
  }
  if (yields_bool(written.quantifier)) {
    node.type = simple_type(TypeKind::Bool);
  } else if (written.quantifier == Quantifier::Count) {
    node.type = simple_type(TypeKind::Int);
  } else {
    node.type = value.type;
    node.type.optional = written.quantifier != Quantifier::Sum;  // of nothing there is no least
  }
  return make(std::move(node));
}

bool Expressions::check_quantified_set(const Typed& set) {
  if (!set.poisoned && set.type.kind != TypeKind::Set) {
    note_use(program_.report.error(Code::R0308, set.span,
                                   "a quantifier needs a set, found " + name_of(set.type),
                                   "not a set"));
    return false;
  }
  return require_known(set);
}

bool Expressions::check_quantifier_value(const ast::Quantified& written, Typed& value) {
  if (value.poisoned || !require_known(value)) {
    return false;
  }
  const bool is_sum = written.quantifier == Quantifier::Sum;
  const bool fits = is_ordered(value.type) && !(is_sum && value.type.kind == TypeKind::Instant);
  if (!fits) {
    note_use(program_.report.error(
        Code::R0309, value.span,
        std::string(is_sum ? "`sum` adds numbers or durations"
                           : "`min` and `max` compare numbers, durations or instants") +
            ", found " + name_of(value.type),
        "is of type " + name_of(value.type)));
  }
  return fits;
}

}  // namespace rescind::checking
