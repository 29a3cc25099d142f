// Scalar nodes whose form is common enough to be worth a short cut past the interpreter.
#include "evaluate/bound.h"
#include "evaluate/interpreter.h"

namespace rescind {

const Column* Bound::subject_column(const Node& node) const {
  if (node.op != ExprOp::Attribute || node.level != Level::Scalar ||
      program_->node(program_->children_of(node)[0]).op != ExprOp::Subject) {
    return nullptr;
  }
  const AttributeUse& use = program_->attributes[node.index];
  const AttributeIndex index = use.index[entity_index(Entity::Identity)];
  if (use.source != AttributeUse::Source::Column || index == AttributeUse::kNone) {
    return nullptr;
  }
  return &inventory_->table(Entity::Identity).columns[index];
}

QuickNumber Bound::quick_number_of(const Node& node) const {
  QuickNumber quick;
  const bool number = is_number_kind(node.type.kind) && node.type.kind != TypeKind::Bool;
  if (!number || node.level != Level::Scalar) {
    return quick;
  }
  if (node.op == ExprOp::Constant) {
    quick.base = QuickNumber::Base::Constant;
    quick.plus = constants_[node.index].number;
  } else if (node.op == ExprOp::Now) {
    quick.base = QuickNumber::Base::Now;
  } else if (node.op == ExprOp::EventBuiltin) {
    quick = {QuickNumber::Base::EventField, node.index, nullptr, 0};
  } else if (node.op == ExprOp::EventAttribute) {
    quick = {QuickNumber::Base::EventAttribute, node.index, nullptr, 0};
  } else if (const Column* column = subject_column(node)) {
    quick = {QuickNumber::Base::Subject, 0, column, 0};
  } else if (node.op == ExprOp::Add || node.op == ExprOp::Subtract) {
    const auto children = program_->children_of(node);
    const QuickNumber left = quick_numbers_[children[0].index()];
    const QuickNumber right = quick_numbers_[children[1].index()];
    std::int64_t plus = 0;
    const bool overflows = node.op == ExprOp::Add
                               ? __builtin_add_overflow(left.plus, right.plus, &plus)
                               : __builtin_sub_overflow(left.plus, right.plus, &plus);
    if (left.base != QuickNumber::Base::None && right.base == QuickNumber::Base::Constant &&
        !overflows) {
      quick = left;
      quick.plus = plus;
    }
  }
  return quick;
}

QuickTest Bound::quick_test_of(const Node& node) const {
  QuickTest quick;
  if (node.level != Level::Scalar || node.type.kind != TypeKind::Bool) {
    return quick;
  }
  const auto children = program_->children_of(node);
  if (node.op == ExprOp::Less) {
    if (quick_numbers_[children[0].index()].base != QuickNumber::Base::None &&
        quick_numbers_[children[1].index()].base != QuickNumber::Base::None) {
      quick.form = QuickTest::Form::Less;
      quick.left = children[0];
      quick.right = children[1];
    }
  } else if (node.op == ExprOp::In) {
    const Node& element = program_->node(children[0]);
    const Node& set = program_->node(children[1]);
    const Column* column = subject_column(set);
    if (element.op == ExprOp::Constant && column != nullptr && !is_number_kind(set.type.element)) {
      quick.form = QuickTest::Form::SubjectContains;
      quick.column = column;
      quick.symbol = symbol_of(constants_[element.index]);
    }
  } else if (const Column* column = subject_column(node)) {
    quick.form = QuickTest::Form::SubjectFlag;
    quick.column = column;
  }
  return quick;
}

void Bound::find_quick_forms() {
  for (const Node& node : program_->nodes) {
    quick_numbers_.push_back(quick_number_of(node));  // children come before their users
  }
  for (const Node& node : program_->nodes) {
    quick_tests_.push_back(quick_test_of(node));
  }
  for (const Guard& guard : program_->guards) {
    guard_columns_.push_back(subject_column(program_->node(guard.value)));
  }
}

bool Interpreter::number(NodeId id, std::int64_t& out) {
  const QuickNumber& quick = bound_.quick_number(id);
  std::int64_t base = 0;
  bool at_hand = true;
  switch (quick.base) {
  case QuickNumber::Base::None:
    at_hand = false;
    break;
  case QuickNumber::Base::Constant:
    break;
  case QuickNumber::Base::Now:
    base = bound_.now();
    break;
  case QuickNumber::Base::EventField:
    base = cause_->fields[quick.index].number;
    break;
  case QuickNumber::Base::EventAttribute: {
    const Value& value = cause_->attributes[quick.index];
    at_hand = value.known();
    base = value.number;
    break;
  }
  case QuickNumber::Base::Subject:
    at_hand = plain_subject_;
    if (at_hand) {
      base = quick.column->long_at(subject_.row());
      at_hand = base != kMissingInt;
    }
    break;
  }
  if (at_hand && !__builtin_add_overflow(base, quick.plus, &out)) {
    return true;
  }
  const Value& value = scalar(id);
  out = value.number;
  return value.known();
}

Tri Interpreter::quick_test(const QuickTest& quick, NodeId id) {
  switch (quick.form) {
  case QuickTest::Form::SubjectFlag: {
    const std::uint8_t byte = plain_subject_ ? quick.column->byte_at(subject_.row()) : 2;
    return byte < 2 ? tri_of(byte == 1) : tri_of_number(run_node(program_.node(id)));
  }
  case QuickTest::Form::SubjectContains: {
    const SetId set{plain_subject_ ? quick.column->word_at(subject_.row()) : 0};
    if (set == kMissingSet) {
      break;
    }
    for (const std::uint32_t symbol : inventory_.sets.elements(set)) {  // ascending
      if (symbol >= quick.symbol) {
        return tri_of(symbol == quick.symbol);
      }
    }
    return Tri::False;
  }
  case QuickTest::Form::Less: {
    std::int64_t left = 0;
    std::int64_t right = 0;
    const bool known = number(quick.left, left) && number(quick.right, right);
    return known ? tri_of(left < right) : Tri::Unknown;
  }
  case QuickTest::Form::None:
    break;
  }
  return tri_of_number(run_node(program_.node(id)));
}

}  // namespace rescind
