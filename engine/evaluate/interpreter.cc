// The interpreter's operators. Everything is Kleene: what is not known stays unknown unless the
// other side decides.
#include "evaluate/interpreter.h"

#include <algorithm>
#include <cstdint>

#include "base/check.h"

namespace rescind {
namespace {

std::int64_t saturating_add(std::int64_t a, std::int64_t b) {
  std::int64_t sum = 0;
  if (__builtin_add_overflow(a, b, &sum)) {
    return a < 0 ? INT64_MIN + 1 : INT64_MAX;
  }
  return std::max(sum, INT64_MIN + 1);  // the smallest is the mark of a missing number
}

std::int64_t saturating_negate(std::int64_t a) {
  return a == INT64_MIN ? INT64_MAX : -a;
}

}  // namespace

Interpreter::Interpreter(const Bound& bound)
    : bound_(bound),
      program_(bound.program()),
      inventory_(bound.inventory()),
      tested_epoch_(program_.nodes.size(), 0),
      scalar_epoch_(program_.nodes.size(), 0),
      tested_(program_.nodes.size()),
      scalars_(program_.nodes.size()) {}

void Interpreter::begin(const BoundCause& cause) {
  cause_ = &cause;
  set_subject(cause.subject, false);
}

void Interpreter::set_subject(IdentityRef subject, bool after_event) {
  subject_ = subject;
  after_event_ = after_event;
  if (++epoch_ == 0) {  // wrapped: stale marks could look fresh
    std::fill(tested_epoch_.begin(), tested_epoch_.end(), 0U);
    std::fill(scalar_epoch_.begin(), scalar_epoch_.end(), 0U);
    epoch_ = 1;
  }
  if (!sets_.empty()) {
    sets_.clear();
  }
  plain_subject_ =
      subject.valid() && !after_event && !bound_.undetermined(Entity::Identity, subject.row());
}

Tri Interpreter::test_anew(NodeId id) {
  const Node& node = program_.node(id);
  Tri result = Tri::Unknown;
  if (node.op == ExprOp::And || node.op == ExprOp::Or) {
    result = test_junction(node);
  } else if (node.op == ExprOp::Not) {
    result = tri_not(test(program_.children_of(node)[0]));
  } else {
    result = quick_test(bound_.quick_test(id), id);
  }
  tested_epoch_[id.index()] = epoch_;
  tested_[id.index()] = result;
  return result;
}

Tri Interpreter::test_junction(const Node& node) {
  const bool is_and = node.op == ExprOp::And;
  const Tri decisive = is_and ? Tri::False : Tri::True;
  Tri result = tri_not(decisive);
  for (const NodeId child : program_.children_of(node)) {
    const Tri one = test(child);
    if (one == decisive) {
      return decisive;
    }
    result = is_and ? std::min(result, one) : std::max(result, one);
  }
  return result;
}

const Value& Interpreter::scalar(NodeId id) {
  if (scalar_epoch_[id.index()] != epoch_) {
    const Value value = run_node(program_.node(id));
    scalar_epoch_[id.index()] = epoch_;
    scalars_[id.index()] = value;
  }
  return scalars_[id.index()];
}

Value Interpreter::evaluate(NodeId id, ItemRef item) {
  item_ = Value::of(TypeKind::Item, item.cell);
  return run(id);
}

Value Interpreter::evaluate(NodeId id, IdentityRef identity) {
  item_ = Value::of(TypeKind::Identity, identity.cell);
  return run(id);
}

Value Interpreter::run(NodeId id) {
  const Node& node = program_.node(id);
  if (node.level == Level::Scalar && node.children_count > 0) {
    // A condition is remembered as such; a Bool that is read may also be missing, which is a value.
    const bool condition = node.type.kind == TypeKind::Bool && node.op != ExprOp::Attribute &&
                           node.op != ExprOp::Coalesce;
    return condition ? Value::of(test(id)) : scalar(id);
  }
  return run_node(node);
}

Value Interpreter::run_node(const Node& node) {
  switch (node.op) {
  case ExprOp::Constant:
  case ExprOp::Subject:
  case ExprOp::Now:
  case ExprOp::Item:
  case ExprOp::Variable:
  case ExprOp::EventAttribute:
  case ExprOp::EventBuiltin:
    return run_leaf(node);
  case ExprOp::EventBefore:
  case ExprOp::EventAfter:
    return run_overlay(node);
  case ExprOp::IsEvent:
    return Value::of(tri_of(bound_.event_in(node.index, cause_->type)));
  case ExprOp::And:
  case ExprOp::Or:
    return Value::of(run_junction(node));
  case ExprOp::Like:
  case ExprOp::Matches:
    return Value::of(run_pattern(node));
  case ExprOp::IsIdentityKind:
  case ExprOp::IsItemKind:
    return Value::of(run_kind_test(node));
  case ExprOp::Add:
  case ExprOp::Subtract:
    return run_sum(node);
  case ExprOp::Any:
  case ExprOp::All:
  case ExprOp::Count:
  case ExprOp::Min:
  case ExprOp::Max:
  case ExprOp::Sum:
    return run_quantifier(node);
  case ExprOp::Attribute:
  case ExprOp::Not:
  case ExprOp::Negate:
  case ExprOp::Known:
  case ExprOp::Supports:
  case ExprOp::Justified:
  case ExprOp::Equal:
  case ExprOp::NotEqual:
  case ExprOp::Less:
  case ExprOp::LessEqual:
  case ExprOp::Greater:
  case ExprOp::GreaterEqual:
  case ExprOp::In:
  case ExprOp::Coalesce:
  case ExprOp::IdleFor:
  case ExprOp::DeliveredTo:
    break;
  }
  return run_operator(node);
}

Value Interpreter::run_leaf(const Node& node) {
  if (node.op == ExprOp::Constant) {
    return bound_.constant(node.index);
  }
  if (node.op == ExprOp::Subject) {
    return Value::of(TypeKind::Identity, subject_.cell);
  }
  if (node.op == ExprOp::Now) {
    return Value::of(TypeKind::Instant, bound_.now());
  }
  if (node.op == ExprOp::Item) {
    return item_;
  }
  if (node.op == ExprOp::Variable) {
    return variables_[node.index];
  }
  return node.op == ExprOp::EventAttribute ? cause_->attributes[node.index]
                                           : cause_->fields[node.index];
}

// event.before.x and event.after.x: what the event says, else what the inventory says.
Value Interpreter::run_overlay(const Node& node) {
  const AttributeIndex index =
      program_.attributes[node.index].index[entity_index(Entity::Identity)];
  const auto& overlay = node.op == ExprOp::EventBefore ? cause_->before : cause_->after;
  for (const auto& [attribute, value] : overlay) {
    if (attribute == index) {
      return value;
    }
  }
  return identity_attribute(Value::of(TypeKind::Identity, cause_->subject.cell), index, node.type);
}

Value Interpreter::run_operator(const Node& node) {
  const auto children = program_.children_of(node);
  const Value first = run(children[0]);
  switch (node.op) {
  case ExprOp::Attribute:
    return read_attribute(first, node.index, node.type);
  case ExprOp::Not:
    return Value::of(tri_not(tri_of_number(first)));
  case ExprOp::Negate:
    return first.known() ? Value::of(first.kind, saturating_negate(first.number)) : first;
  case ExprOp::Known:
    return Value::of(first.state == ValueState::Unknown ? Tri::Unknown : tri_of(first.known()));
  case ExprOp::Supports:
    return Value::of(supports(first, node.verb));
  case ExprOp::Justified:
    return Value::of(first.known() && justifier_ != nullptr
                         ? justifier_->justified(ItemRef{first.word()})
                         : Tri::Unknown);
  case ExprOp::Coalesce:
    return first.state == ValueState::Missing ? run(children[1]) : first;
  case ExprOp::Equal:
    return Value::of(equal(first, run(children[1])));
  case ExprOp::Less: {
    const Value second = run(children[1]);
    return first.known() && second.known() ? Value::of(tri_of(first.number < second.number))
                                           : Value::unknown(TypeKind::Bool);
  }
  case ExprOp::In:
    return Value::of(contains(run(children[1]), first));
  case ExprOp::IdleFor:
    return Value::of(idle_evidence(first, run(children[1])).idle);
  case ExprOp::DeliveredTo:
    return Value::of(delivered_to(first, run(children[1])));
  case ExprOp::Constant:
  case ExprOp::Subject:
  case ExprOp::Now:
  case ExprOp::Item:
  case ExprOp::Variable:
  case ExprOp::EventAttribute:
  case ExprOp::EventBuiltin:
  case ExprOp::EventBefore:
  case ExprOp::EventAfter:
  case ExprOp::IsEvent:
  case ExprOp::And:
  case ExprOp::Or:
  case ExprOp::Like:
  case ExprOp::Matches:
  case ExprOp::IsIdentityKind:
  case ExprOp::IsItemKind:
  case ExprOp::Add:
  case ExprOp::Subtract:
  case ExprOp::Any:
  case ExprOp::All:
  case ExprOp::Count:
  case ExprOp::Min:
  case ExprOp::Max:
  case ExprOp::Sum:
  // Brought into other forms by compile.
  case ExprOp::NotEqual:
  case ExprOp::LessEqual:
  case ExprOp::Greater:
  case ExprOp::GreaterEqual:
    break;
  }
  RESCIND_CHECK(false, "compile leaves no other operator");
}

Value Interpreter::run_sum(const Node& node) {
  const auto children = program_.children_of(node);
  const Value a = run(children[0]);
  const Value b = run(children[1]);
  if (!a.known() || !b.known()) {
    return Value::unknown(node.type.kind);
  }
  const std::int64_t right = node.op == ExprOp::Add ? b.number : saturating_negate(b.number);
  return Value::of(node.type.kind, saturating_add(a.number, right));
}

Tri Interpreter::run_junction(const Node& node) {
  const bool is_and = node.op == ExprOp::And;
  const Tri decisive = is_and ? Tri::False : Tri::True;
  Tri result = tri_not(decisive);
  for (const NodeId child : program_.children_of(node)) {
    const Tri one = tri_of_number(run(child));
    if (one == decisive) {
      return decisive;
    }
    result = is_and ? std::min(result, one) : std::max(result, one);
  }
  return result;
}

Tri Interpreter::run_pattern(const Node& node) {
  const Value operand = run(program_.children_of(node)[0]);
  if (!operand.known()) {
    return Tri::Unknown;
  }
  const std::uint32_t symbol = bound_.symbol_of(operand);
  const std::uint64_t key = (std::uint64_t{node.index} << 33U) |
                            (node.op == ExprOp::Like ? std::uint64_t{1} << 32U : 0U) | symbol;
  const auto [place, added] = matched_.try_emplace(key, false);
  if (added) {
    place->second = bound_.pattern(node.op, node.index).matches(bound_.text(symbol));
  }
  return tri_of(place->second);
}

Tri Interpreter::run_kind_test(const Node& node) {
  const Value operand = run(program_.children_of(node)[0]);
  if (!operand.known()) {
    return Tri::Unknown;
  }
  if (node.op == ExprOp::IsItemKind) {
    return tri_of(node.kinds.contains(ItemRef{operand.word()}.kind()));
  }
  IdentityRef identity{operand.word()};
  if (operand.kind != TypeKind::Identity) {  // a principal by name; a team is of no kind
    const bool own = operand.word() < inventory_.symbols.size();
    if (own && inventory_.team_by_symbol.contains(operand.word())) {
      return Tri::False;
    }
    identity = own ? inventory_.identity_of(Symbol{operand.word()}) : IdentityRef{};
    if (!identity.valid()) {
      return Tri::Unknown;
    }
  }
  const Value kind = attribute_of(identity, identity_attribute::kKind);
  return kind.known() ? tri_of(bound_.identity_kind_in(node.index, kind.word())) : Tri::Unknown;
}

Value Interpreter::identity_attribute(const Value& identity, AttributeIndex index,
                                      const Type& type) const {
  if (index == AttributeUse::kNone) {
    return Value::unknown(type.kind);
  }
  const IdentityRef ref{identity.word()};
  const Column& column = inventory_.table(Entity::Identity).columns[index];
  const Type& declared = bound_.policy().schema->of(Entity::Identity).attributes[index].type;
  if (ref.cell == kMissingCell) {  // nobody: of unknown kind, everything else as by default
    if (index == identity_attribute::kKind) {
      return Value::of(TypeKind::Enum, bound_.unknown_kind());
    }
    Column defaults;
    defaults.default_byte = column.default_byte;
    defaults.default_word = column.default_word;
    defaults.default_long = column.default_long;
    return bound_.read(defaults, declared, 0);
  }
  if (after_event_ && ref == cause_->subject) {
    for (const auto& [attribute, value] : cause_->after) {
      if (attribute == index) {
        return value;
      }
    }
  }
  if (!ref.valid() || ref.row() >= inventory_.table(Entity::Identity).rows() ||
      bound_.undetermined(Entity::Identity, ref.row())) {
    return Value::unknown(type.kind);
  }
  return bound_.read(column, declared, ref.row());
}

Value Interpreter::attribute_of(IdentityRef identity, AttributeIndex index) const {
  const Type& type = bound_.policy().schema->of(Entity::Identity).attributes[index].type;
  return identity_attribute(Value::of(TypeKind::Identity, identity.cell), index, type);
}

Value Interpreter::read_attribute(const Value& object, std::uint32_t attribute, const Type& type) {
  const AttributeUse& use = program_.attributes[attribute];
  if (!object.known()) {
    return Value::unknown(type.kind);
  }
  if (use.source == AttributeUse::Source::Id) {
    return Value::of(TypeKind::String, bound_.symbol_of(object));
  }
  if (use.source == AttributeUse::Source::ItemKind) {
    return Value::of(TypeKind::Enum, bound_.kind_symbol(ItemRef{object.word()}.kind()));
  }
  if (use.source != AttributeUse::Source::Column) {
    return run_inverse(object, use.source);
  }
  if (object.kind == TypeKind::Identity) {
    return identity_attribute(object, use.index[entity_index(Entity::Identity)], type);
  }
  Entity entity = Entity::System;
  std::uint32_t row = object.word() - 1;
  if (object.kind == TypeKind::Item) {
    const ItemRef item{object.word()};
    entity = entity_of(item.kind());
    row = item.row();
  } else if (object.kind != TypeKind::System) {
    return Value::unknown(type.kind);
  }
  const AttributeIndex index = use.index[entity_index(entity)];
  if (index == AttributeUse::kNone || row >= inventory_.table(entity).rows() ||
      bound_.undetermined(entity, row)) {
    return Value::unknown(type.kind);
  }
  return bound_.read(inventory_.table(entity).columns[index],
                     bound_.policy().schema->of(entity).attributes[index].type, row);
}

Value Interpreter::run_inverse(const Value& identity, AttributeUse::Source source) {
  const IdentityRef ref{identity.word()};
  std::vector<std::uint32_t>& cells = sets_.emplace_back();
  if (source == AttributeUse::Source::Owns && ref.valid()) {
    for (const std::uint32_t row : inventory_.owned_by.of(ref.row())) {
      cells.push_back(IdentityRef::of_row(row).cell);
    }
  } else if (source == AttributeUse::Source::Knows) {
    const auto known = bound_.known_by(ref);
    cells.assign(known.begin(), known.end());
  } else if (source == AttributeUse::Source::Items && ref.valid()) {
    for (const Kind kind : bound_.kinds_present()) {
      for (const std::uint32_t row :
           inventory_.by_holder[static_cast<std::size_t>(kind)].of(ref.row())) {
        cells.push_back(ItemRef::of(kind, row).cell);
      }
    }
  }
  std::sort(cells.begin(), cells.end());
  return Value::set(source == AttributeUse::Source::Owns ? SetForm::Identities : SetForm::Items,
                    cells);
}

Tri Interpreter::equal(const Value& a, const Value& b) const {
  if (!a.known() || !b.known()) {
    return Tri::Unknown;
  }
  if (a.kind == TypeKind::Set || b.kind == TypeKind::Set) {
    if (a.kind != b.kind || a.count != b.count) {
      return Tri::False;
    }
    for (std::size_t i = 0; i < a.count; ++i) {  // both sorted
      const std::int64_t x = a.form == SetForm::Longs ? a.longs[i] : a.words[i];
      const std::int64_t y = b.form == SetForm::Longs ? b.longs[i] : b.words[i];
      if (x != y) {
        return Tri::False;
      }
    }
    return Tri::True;
  }
  if (a.kind == b.kind || (is_number_kind(a.kind) && is_number_kind(b.kind))) {
    return tri_of(a.number == b.number);
  }
  return tri_of(bound_.symbol_of(a) == bound_.symbol_of(b));
}

Tri Interpreter::contains(const Value& set, const Value& element) const {
  if (!set.known() || !element.known()) {
    return Tri::Unknown;
  }
  if (set.form == SetForm::Longs) {
    return tri_of(std::binary_search(set.longs, set.longs + set.count, element.number));
  }
  const auto all = set.elements();
  if (set.form == SetForm::Symbols) {
    return tri_of(std::binary_search(all.begin(), all.end(), bound_.symbol_of(element)));
  }
  if (element.number < 0 || element.number > INT64_C(0xFFFFFFFF)) {
    return Tri::False;
  }
  return tri_of(std::binary_search(all.begin(), all.end(), element.word()));
}

Value Interpreter::element(const Value& set, std::size_t i, const Type& set_type) const {
  if (set.form == SetForm::Longs) {
    return Value::of(set_type.element, set.longs[i]);
  }
  const std::uint32_t word = set.words[i];
  if (set.form == SetForm::Identities) {
    return Value::of(TypeKind::Identity, word);
  }
  if (set.form == SetForm::Items) {
    return Value::of(TypeKind::Item, word);
  }
  if (set.form == SetForm::Numbers || is_symbol_kind(set_type.element)) {
    return Value::of(set_type.element, word);
  }
  // A reference: to nothing, when the inventory does not have what is named.
  const bool own = word < inventory_.symbols.size();
  std::uint32_t cell = kMissingCell;
  if (own && set_type.element == TypeKind::Identity) {
    cell = inventory_.identity_of(Symbol{word}).cell;
  } else if (own && set_type.element == TypeKind::System) {
    cell = inventory_.system_of(Symbol{word}).cell;
  } else if (own && set_type.element == TypeKind::Item) {
    cell = inventory_.item_of(Symbol{word}).cell;
  }
  return cell == kMissingCell ? Value::unknown(set_type.element)
                              : Value::of(set_type.element, cell);
}

}  // namespace rescind
