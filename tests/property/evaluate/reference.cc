#include "tests/property/evaluate/reference.h"

#include <algorithm>
#include <set>

#include <re2/re2.h>

#include "base/text.h"

namespace rescind::testing {
namespace {

Plain unknown() {
  return {};
}

Plain missing() {
  Plain p;
  p.state = Plain::State::Missing;
  return p;
}

Plain number(std::int64_t value) {
  Plain p;
  p.state = Plain::State::Known;
  p.number = value;
  p.kind = TypeKind::Int;
  return p;
}

Plain word(TypeKind kind, std::string_view text) {
  Plain p;
  p.state = Plain::State::Known;
  p.kind = kind;
  p.text = std::string(text);
  return p;
}

Plain from_truth(Truth truth) {
  return truth == Truth::Unknown ? unknown() : number(truth == Truth::True ? 1 : 0);
}

Truth to_truth(const Plain& p) {
  if (p.state != Plain::State::Known) {
    return Truth::Unknown;
  }
  return p.number != 0 ? Truth::True : Truth::False;
}

Truth from_bool(bool value) {
  return value ? Truth::True : Truth::False;
}

Truth negate(Truth t) {
  return static_cast<Truth>(2 - static_cast<int>(t));
}

bool is_known(const Plain& p) {
  return p.state == Plain::State::Known;
}

bool is_numeric(TypeKind kind) {
  return kind == TypeKind::Bool || kind == TypeKind::Int || kind == TypeKind::Instant ||
         kind == TypeKind::Duration;
}

}  // namespace

std::vector<ItemRef> Reference::scope(IdentityRef subject) const {
  std::set<ItemRef> found;
  std::set<ItemRef> accounts;
  for (bool grown = true; grown;) {
    grown = false;
    for (std::size_t k = 0; k < kKindCount; ++k) {
      const auto kind = static_cast<Kind>(k);
      for (std::uint32_t row = 0; row < inventory_.table(kind).rows(); ++row) {
        const ItemRef item = ItemRef::of(kind, row);
        const IdentityRef grantee{inventory_.word(item, item_attribute::kGrantee)};
        const bool mine = inventory_.holder(item) == subject || grantee == subject ||
                          accounts.count(inventory_.account(item)) > 0;
        if (mine && found.insert(item).second) {
          grown = true;
          if (kind == Kind::Account) {
            accounts.insert(item);
          }
        }
      }
    }
  }
  return {found.begin(), found.end()};
}

Truth Reference::reaches(const Cause& cause, const CheckedRule& rule, const CheckedClause& clause,
                         ItemRef item) {
  cause_ = &cause;
  item_ = item;
  if (!std::count(rule.on.begin(), rule.on.end(), cause.type) ||
      !clause.kinds.contains(item.kind())) {
    return Truth::False;
  }
  Truth result = rule.when.valid() ? truth(rule.when) : Truth::True;
  if (clause.where.valid()) {
    result = std::min(result, truth(clause.where));
  }
  if (inventory_.why_undetermined(entity_of(item.kind()), item.row()) != nullptr) {
    result = std::min(result, Truth::Unknown);
  }
  return result;
}

// Two records can claim one id, so an item is known by its row.
Plain Reference::item(ItemRef ref) const {
  Plain p = word(TypeKind::Item, inventory_.id(ref));
  p.number = ref.cell;
  return p;
}

Truth Reference::truth(ExprId id) {
  return to_truth(evaluate(id));
}

Plain Reference::read(Entity entity, std::uint32_t row, AttributeIndex index) {
  if (inventory_.why_undetermined(entity, row) != nullptr) {
    return unknown();
  }
  const Column& column = inventory_.table(entity).columns[index];
  const Type& type = policy_.schema->of(entity).attributes[index].type;
  if (type.kind == TypeKind::Bool) {
    const std::uint8_t byte = column.byte_at(row);
    return byte == 2 ? missing() : number(byte);
  }
  if (is_numeric(type.kind)) {
    const std::int64_t value = column.long_at(row);
    return value == kMissingInt ? missing() : number(value);
  }
  const std::uint32_t cell = column.word_at(row);
  if (type.kind == TypeKind::Set) {
    if (cell == 0) {
      return missing();
    }
    Plain set;
    set.state = Plain::State::Known;
    set.kind = TypeKind::Set;
    set.element = type.element;
    for (const std::uint32_t element : inventory_.sets.elements(SetId{cell})) {
      set.elements.emplace_back(inventory_.text(Symbol{element}));
    }
    return set;
  }
  if (type.kind == TypeKind::Identity) {
    if (cell == kBrokenCell) {
      return unknown();
    }
    return cell == 0 && type.optional ? missing()
                                      : word(type.kind, inventory_.id(IdentityRef{cell}));
  }
  if (cell == 0) {
    return missing();
  }
  if (type.kind == TypeKind::System) {
    return cell == kBrokenCell ? unknown() : word(type.kind, inventory_.id(SystemRef{cell}));
  }
  if (type.kind == TypeKind::Item) {
    return cell == kBrokenCell ? unknown() : item(ItemRef{cell});
  }
  return word(type.kind, inventory_.text(Symbol{cell}));
}

Plain Reference::identity_attribute(const std::string& id, AttributeIndex index) {
  const IdentityRef identity = inventory_.find_identity(id);
  if (identity.valid()) {
    return read(Entity::Identity, identity.row(), index);
  }
  if (id != "nobody") {
    return unknown();
  }
  const Attribute& declared = policy_.schema->of(Entity::Identity).attributes[index];
  if (index == identity_attribute::kKind) {
    return word(TypeKind::Enum, "unknown");
  }
  if (!declared.fallback) {
    return missing();
  }
  if (is_numeric(declared.type.kind)) {
    return number(declared.fallback->number);
  }
  if (declared.type.kind == TypeKind::Set) {
    Plain set = word(TypeKind::Set, "");
    set.element = declared.type.element;
    set.elements = declared.fallback->elements;
    return set;
  }
  return word(declared.type.kind, declared.fallback->text);
}

Plain Reference::attribute(const Plain& object, const Expr& expr) {
  if (!is_known(object)) {
    return unknown();
  }
  if (expr.name == "id") {
    return word(TypeKind::String, object.text);
  }
  if (object.kind == TypeKind::Identity) {
    return identity_attribute(object.text, *policy_.schema->find(Entity::Identity, expr.name));
  }
  if (object.kind == TypeKind::System) {
    return read(Entity::System, inventory_.find_system(object.text).row(),
                *policy_.schema->find(Entity::System, expr.name));
  }
  const ItemRef item{static_cast<std::uint32_t>(object.number)};
  if (expr.name == "kind") {
    return word(TypeKind::Enum, kind_name(item.kind()));
  }
  const auto index = policy_.schema->find(entity_of(item.kind()), expr.name);
  return index ? read(entity_of(item.kind()), item.row(), *index) : unknown();
}

Plain Reference::event_attribute(const std::string& name) {
  const EventType& type = policy_.schema->events[cause_->type];
  for (const Attribute& declared : type.attributes) {
    if (declared.name != name) {
      continue;
    }
    const auto given = cause_->event.attributes.find(name);
    if (given == cause_->event.attributes.end()) {
      return declared.type.optional ? missing() : unknown();
    }
    if (const auto* n = std::get_if<std::int64_t>(&given->second)) {
      return number(*n);
    }
    return word(declared.type.kind, std::get<std::string>(given->second));
  }
  return unknown();
}

Truth Reference::compare(ExprOp op, const Plain& a, const Plain& b) {
  if (!is_known(a) || !is_known(b)) {
    return Truth::Unknown;
  }
  const bool same = a.number == b.number && a.text == b.text && a.elements == b.elements;
  if (op == ExprOp::Equal || op == ExprOp::NotEqual) {
    return from_bool(same == (op == ExprOp::Equal));
  }
  if (op == ExprOp::Less) {
    return from_bool(a.number < b.number);
  }
  if (op == ExprOp::LessEqual) {
    return from_bool(a.number <= b.number);
  }
  return from_bool(op == ExprOp::Greater ? a.number > b.number : a.number >= b.number);
}

Truth Reference::contains(const Plain& set, const Plain& element) {
  if (!is_known(set) || !is_known(element)) {
    return Truth::Unknown;
  }
  if (!set.numbers.empty()) {
    return from_bool(std::count(set.numbers.begin(), set.numbers.end(), element.number) > 0);
  }
  return from_bool(std::count(set.elements.begin(), set.elements.end(), element.text) > 0);
}

Truth Reference::supports(const Plain& object, Verb verb) {
  const ItemRef item{static_cast<std::uint32_t>(object.number)};
  const SystemRef system = inventory_.system(item);
  if (!system.valid() || inventory_.why_undetermined(Entity::System, system.row()) != nullptr) {
    return Truth::Unknown;
  }
  const Plain said = read(Entity::System, system.row(), system_attribute::kSupports);
  const std::string name(verb_name(verb));
  return from_bool(std::any_of(said.elements.begin(), said.elements.end(), [&](const auto& e) {
    return e == name || e == name + ":" + std::string(kind_name(item.kind()));
  }));
}

Plain Reference::quantified(const Expr& expr) {
  const Plain set = evaluate(expr.operands[0]);
  if (!is_known(set)) {
    return unknown();
  }
  Truth any = Truth::False;
  Truth all = Truth::True;
  bool open = false;
  std::vector<std::int64_t> values;
  std::int64_t count = 0;
  for (const std::string& element : set.elements) {
    Plain& variable = variables_[expr.index];
    variable = word(set.element, element);
    if (set.element == TypeKind::Identity && !inventory_.find_identity(element).valid()) {
      variable = unknown();
    }
    const Truth where = expr.operands[1].valid() ? truth(expr.operands[1]) : Truth::True;
    any = std::max(any, where);
    all = std::min(all, where);
    open = open || where == Truth::Unknown;
    if (where == Truth::True) {
      ++count;
      if (expr.operands.size() > 2) {
        const Plain value = evaluate(expr.operands[2]);
        open = open || !is_known(value);
        values.push_back(value.number);
      }
    }
  }
  if (expr.op == ExprOp::Any) {
    return from_truth(any);
  }
  if (expr.op == ExprOp::All) {
    return from_truth(all);
  }
  if (open) {
    return unknown();
  }
  if (expr.op == ExprOp::Count) {
    return number(count);
  }
  if (expr.op == ExprOp::Sum) {
    std::int64_t sum = 0;
    for (const std::int64_t value : values) {
      sum += value;
    }
    return number(sum);
  }
  if (values.empty()) {
    return missing();
  }
  return number(expr.op == ExprOp::Min ? *std::min_element(values.begin(), values.end())
                                       : *std::max_element(values.begin(), values.end()));
}

Plain Reference::evaluate(ExprId id) {
  const Expr& expr = policy_.exprs[id];
  const auto operand = [&](std::size_t i) { return evaluate(expr.operands[i]); };
  switch (expr.op) {
  case ExprOp::Constant: {
    Plain p = word(expr.type.kind, expr.constant.text);
    p.number = expr.constant.number;
    p.elements = expr.constant.elements;
    p.numbers = expr.constant.numbers;
    p.element = expr.type.element;
    return p;
  }
  case ExprOp::Subject:
    return word(TypeKind::Identity, inventory_.id(cause_->subject));
  case ExprOp::Now:
    return number(now_.time_since_epoch().count());
  case ExprOp::Item:
    return item(item_);
  case ExprOp::Variable:
    return variables_.at(expr.index);
  case ExprOp::EventAttribute:
    return event_attribute(expr.name);
  case ExprOp::EventBuiltin:
    return expr.name == "at" ? number(cause_->effective.time_since_epoch().count())
                             : word(TypeKind::String, cause_->event.source);
  case ExprOp::Attribute:
    return attribute(operand(0), expr);
  case ExprOp::Not:
    return from_truth(negate(truth(expr.operands[0])));
  case ExprOp::Negate: {
    Plain p = operand(0);
    p.number = -p.number;
    return p;
  }
  case ExprOp::Known: {
    const Plain p = operand(0);
    return p.state == Plain::State::Unknown ? p : number(is_known(p) ? 1 : 0);
  }
  case ExprOp::IsIdentityKind: {
    const Plain p = operand(0);
    const Plain kind =
        is_known(p) ? identity_attribute(p.text, identity_attribute::kKind) : unknown();
    return is_known(kind) ? number(std::count(expr.names.begin(), expr.names.end(), kind.text))
                          : unknown();
  }
  case ExprOp::IsItemKind:
    return number(
        expr.kinds.contains(ItemRef{static_cast<std::uint32_t>(operand(0).number)}.kind()) ? 1 : 0);
  case ExprOp::IsEvent:
    return number(std::count(expr.names.begin(), expr.names.end(), cause_->event.type));
  case ExprOp::Supports:
    return from_truth(supports(operand(0), expr.verb));
  case ExprOp::And: {
    Truth t = Truth::True;
    for (const ExprId one : expr.operands) {
      t = std::min(t, truth(one));
    }
    return from_truth(t);
  }
  case ExprOp::Or: {
    Truth t = Truth::False;
    for (const ExprId one : expr.operands) {
      t = std::max(t, truth(one));
    }
    return from_truth(t);
  }
  case ExprOp::Equal:
  case ExprOp::NotEqual:
  case ExprOp::Less:
  case ExprOp::LessEqual:
  case ExprOp::Greater:
  case ExprOp::GreaterEqual:
    return from_truth(compare(expr.op, operand(0), operand(1)));
  case ExprOp::In:
    return from_truth(contains(operand(1), operand(0)));
  case ExprOp::Like: {
    const Plain p = operand(0);
    return is_known(p) ? number(glob_match(expr.constant.text, p.text) ? 1 : 0) : unknown();
  }
  case ExprOp::Matches: {
    const Plain p = operand(0);
    return is_known(p) ? number(RE2::FullMatch(p.text, expr.constant.text) ? 1 : 0) : unknown();
  }
  case ExprOp::Coalesce: {
    const Plain p = operand(0);
    return p.state == Plain::State::Missing ? operand(1) : p;
  }
  case ExprOp::Add:
  case ExprOp::Subtract: {
    const Plain a = operand(0);
    const Plain b = operand(1);
    return is_known(a) && is_known(b)
               ? number(expr.op == ExprOp::Add ? a.number + b.number : a.number - b.number)
               : unknown();
  }
  case ExprOp::Any:
  case ExprOp::All:
  case ExprOp::Count:
  case ExprOp::Min:
  case ExprOp::Max:
  case ExprOp::Sum:
    return quantified(expr);
  // Have tests of their own.
  case ExprOp::EventBefore:
  case ExprOp::EventAfter:
  case ExprOp::Justified:
  case ExprOp::IdleFor:
  case ExprOp::DeliveredTo:
    break;
  }
  return unknown();
}

}  // namespace rescind::testing
