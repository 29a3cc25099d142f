// Lowering of conditions over the selected item to columns, so that evaluate can compute them for a
// block of items at once. What has no column form is left to the interpreter, item by item.
#include <algorithm>
#include <array>
#include <optional>

#include "compile/graph.h"

namespace rescind {
namespace {

constexpr std::uint16_t kEachPenalty = 50;

bool is_number(TypeKind kind) {
  return kind == TypeKind::Int || kind == TypeKind::Instant || kind == TypeKind::Duration;
}

bool is_time(TypeKind kind) {
  return kind == TypeKind::Instant || kind == TypeKind::Duration;
}

bool is_word(TypeKind kind) {
  return kind == TypeKind::String || kind == TypeKind::Enum || kind == TypeKind::Identity ||
         kind == TypeKind::System || kind == TypeKind::Item || kind == TypeKind::Principal;
}

ColumnUse::Shape shape_of(const Type& type) {
  if (type.kind == TypeKind::Bool) {
    return ColumnUse::Shape::Flag;
  }
  if (type.kind == TypeKind::Set) {
    return ColumnUse::Shape::Set;
  }
  return is_number(type.kind) ? ColumnUse::Shape::Number : ColumnUse::Shape::Word;
}

// Two words compare as they are stored: both symbols, or cells of one table.
bool same_words(TypeKind a, TypeKind b) {
  const auto is_symbol = [](TypeKind k) {
    return k == TypeKind::String || k == TypeKind::Enum || k == TypeKind::Principal;
  };
  return (a == b && is_word(a)) || (is_symbol(a) && is_symbol(b));
}

// A sum of values, each added or subtracted.
struct Term {
  NodeId value;
  bool negative = false;
};

void collect_terms(const Graph& graph, NodeId id, bool negative, std::vector<Term>& terms) {
  const Node& node = graph.node(id);
  const auto children = graph.program().children_of(node);
  if (node.op == ExprOp::Add || node.op == ExprOp::Subtract) {
    collect_terms(graph, children[0], negative, terms);
    collect_terms(graph, children[1], negative != (node.op == ExprOp::Subtract), terms);
  } else if (node.op == ExprOp::Negate) {
    collect_terms(graph, children[0], !negative, terms);
  } else {
    terms.push_back({id, negative});
  }
}

// The scalar node that stands for the sum of `terms` with every sign as given.
NodeId sum_of(Graph& graph, std::vector<Term> terms) {
  Type type;
  type.kind = TypeKind::Duration;
  if (terms.empty()) {
    return graph.constant({}, type);
  }
  std::sort(terms.begin(), terms.end(), [](const Term& a, const Term& b) {
    return std::pair(a.negative, a.value) < std::pair(b.negative, b.value);
  });
  NodeId sum = terms.front().negative ? graph.unary(ExprOp::Negate, type, terms.front().value)
                                      : terms.front().value;
  for (std::size_t i = 1; i < terms.size(); ++i) {
    sum =
        graph.binary(terms[i].negative ? ExprOp::Subtract : ExprOp::Add, type, sum, terms[i].value);
  }
  return sum;
}

}  // namespace

void Graph::lower_item(Node& node, std::span<const NodeId> children) {
  node.lowering = Lowering::Each;
  // Copies: adding nodes while lowering moves the originals.
  switch (node.op) {
  case ExprOp::And:
    node.lowering = Lowering::And;
    break;
  case ExprOp::Or:
    node.lowering = Lowering::Or;
    break;
  case ExprOp::Not:
    node.lowering = Lowering::Not;
    break;
  case ExprOp::Equal:
    lower_equal(node, children[0], children[1]);
    break;
  case ExprOp::Less:
    lower_less(node, children[0], children[1]);
    break;
  case ExprOp::In:
    lower_in(node, children[0], children[1]);
    break;
  case ExprOp::IsItemKind:
    if (this->node(children[0]).op == ExprOp::Item) {
      node.lowering = Lowering::KindIs;
    }
    break;
  case ExprOp::Known:
    if (const std::uint32_t column = column_of(children[0]); column != kNoColumn) {
      node.lowering = Lowering::KnownColumn;
      node.column = column;
    }
    break;
  case ExprOp::Attribute:
  case ExprOp::Coalesce: {
    // The node itself is not in the graph yet: its column is made from its parts.
    if (node.op == ExprOp::Attribute && this->node(children[0]).op == ExprOp::Item &&
        program_.attributes[node.index].source == AttributeUse::Source::Column) {
      ColumnUse use;
      use.shape = ColumnUse::Shape::Flag;
      use.attributes = {node.index};
      node.lowering = Lowering::Flag;
      node.column = intern_column(std::move(use), 0);
    }
    break;
  }
  // The rest is interpreted item by item, or is not Bool and never comes here.
  case ExprOp::Constant:
  case ExprOp::Subject:
  case ExprOp::Now:
  case ExprOp::Item:
  case ExprOp::Variable:
  case ExprOp::EventAttribute:
  case ExprOp::EventBuiltin:
  case ExprOp::EventBefore:
  case ExprOp::EventAfter:
  case ExprOp::Negate:
  case ExprOp::IsIdentityKind:
  case ExprOp::IsEvent:
  case ExprOp::Supports:
  case ExprOp::Justified:
  case ExprOp::NotEqual:
  case ExprOp::LessEqual:
  case ExprOp::Greater:
  case ExprOp::GreaterEqual:
  case ExprOp::Like:
  case ExprOp::Matches:
  case ExprOp::Add:
  case ExprOp::Subtract:
  case ExprOp::IdleFor:
  case ExprOp::DeliveredTo:
  case ExprOp::Any:
  case ExprOp::All:
  case ExprOp::Count:
  case ExprOp::Min:
  case ExprOp::Max:
  case ExprOp::Sum:
    break;
  }
  if (node.lowering == Lowering::Each) {
    node.cost = static_cast<std::uint16_t>(node.cost + kEachPenalty);
  }
}

void Graph::lower_equal(Node& node, NodeId left, NodeId right) {
  if (this->node(left).level == Level::Scalar) {
    std::swap(left, right);
  }
  const Node l = this->node(left);
  const Node r = this->node(right);
  if (l.level != Level::Item || r.level != Level::Scalar) {
    return;
  }
  if (is_number(l.type.kind) && is_number(r.type.kind)) {
    if (const std::uint32_t column = column_of(left); column != kNoColumn) {
      node.lowering = Lowering::Compare;
      node.compare = ExprOp::Equal;
      node.column = column;
      node.operand = right;
    }
    return;
  }
  if (!same_words(l.type.kind, r.type.kind)) {
    return;
  }
  const std::uint32_t column = column_of(left);
  if (column == kNoColumn) {
    return;
  }
  if (r.op == ExprOp::Constant) {
    const std::array<std::uint32_t, 1> constants{r.index};
    lower_one_of(node, column, constants);
  } else {
    node.lowering = Lowering::EqualWord;
    node.column = column;
    node.operand = right;
  }
}

void Graph::lower_less(Node& node, NodeId left, NodeId right) {
  const Node l = this->node(left);
  const Node r = this->node(right);
  if (is_time(l.type.kind) && is_time(r.type.kind) && lower_linear(node, left, right)) {
    return;
  }
  if (!is_number(l.type.kind) || !is_number(r.type.kind)) {
    return;
  }
  const bool column_left = l.level == Level::Item && r.level == Level::Scalar;
  const bool column_right = r.level == Level::Item && l.level == Level::Scalar;
  if (!column_left && !column_right) {
    return;
  }
  const std::uint32_t column = column_of(column_left ? left : right);
  if (column != kNoColumn) {
    node.lowering = Lowering::Compare;
    node.compare = column_left ? ExprOp::Less : ExprOp::Greater;
    node.column = column;
    node.operand = column_left ? right : left;
  }
}

// left < right over instants and durations with one column in it: c < sum, or c > sum.
bool Graph::lower_linear(Node& node, NodeId left, NodeId right) {
  std::vector<Term> terms;
  collect_terms(*this, left, false, terms);
  collect_terms(*this, right, true, terms);
  const auto is_item = [this](const Term& t) { return this->node(t.value).level != Level::Scalar; };
  if (std::count_if(terms.begin(), terms.end(), is_item) != 1) {
    return false;
  }
  const auto place = std::find_if(terms.begin(), terms.end(), is_item);
  const Term item = *place;
  terms.erase(place);
  const std::uint32_t column = column_of(item.value);
  if (column == kNoColumn) {
    return false;
  }
  // sign*c + rest < 0: for a positive c, c < -rest; for a negative one, c > rest.
  for (Term& term : terms) {
    term.negative = term.negative != !item.negative;
  }
  const NodeId sum = sum_of(*this, std::move(terms));
  node.lowering = Lowering::Compare;
  node.compare = item.negative ? ExprOp::Greater : ExprOp::Less;
  node.column = column;
  node.operand = sum;
  return true;
}

void Graph::lower_in(Node& node, NodeId element, NodeId set) {
  const Node e = this->node(element);
  const Node s = this->node(set);
  if (e.level == Level::Item && s.op == ExprOp::Constant && is_word(e.type.kind) &&
      !program_.constants[s.index].elements.empty()) {
    Type element_type = e.type;
    element_type.optional = false;
    if (const std::uint32_t column = column_of(element); column != kNoColumn) {
      std::vector<std::uint32_t> constants;
      const std::vector<std::string> elements = program_.constants[s.index].elements;
      for (const std::string& text : elements) {
        Constant value;
        value.text = text;
        constants.push_back(constant_index(std::move(value), element_type));
      }
      lower_one_of(node, column, constants);
    }
    return;
  }
  if (e.level != Level::Scalar || s.level != Level::Item || !is_word(s.type.element)) {
    return;
  }
  const std::uint32_t column = column_of(set);
  if (column == kNoColumn) {
    return;
  }
  if (e.op == ExprOp::Constant) {
    node.lowering = Lowering::Contains;
    node.column = track_in_set(column, e.index, node.code);
  } else {
    node.lowering = Lowering::ContainsWord;
    node.column = column;
    node.operand = element;
  }
}

void Graph::lower_one_of(Node& node, std::uint32_t column,
                         std::span<const std::uint32_t> constants) {
  std::vector<std::uint32_t>& known = program_.columns[column].constants;
  Bitmap bitmap;
  for (const std::uint32_t constant : constants) {
    auto place = std::find(known.begin(), known.end(), constant);
    if (place == known.end()) {
      place = known.insert(known.end(), constant);
    }
    const auto code = static_cast<std::size_t>(place - known.begin()) + 1;
    bitmap.words.resize(std::max(bitmap.words.size(), code / 64 + 1));
    bitmap.words[code / 64] |= std::uint64_t{1} << (code % 64);
  }
  node.lowering = Lowering::OneOf;
  node.column = column;
  node.bitmap = static_cast<std::uint32_t>(program_.bitmaps.size());
  program_.bitmaps.push_back(std::move(bitmap));
}

std::uint32_t Graph::column_of(NodeId value) {
  ColumnUse use;
  const Type type = node(value).type;
  use.shape = shape_of(type);
  NodeId rest = value;
  while (true) {
    const Node n = node(rest);
    const bool last = n.op != ExprOp::Coalesce;
    const NodeId head = last ? rest : program_.children_of(n)[0];
    const Node h = node(head);
    if (last && !use.attributes.empty() && h.level == Level::Scalar) {
      const bool fits = use.shape == ColumnUse::Shape::Number ? is_number(h.type.kind)
                        : use.shape == ColumnUse::Shape::Word ? same_words(h.type.kind, type.kind)
                                                              : false;
      use.fallback = head;
      return fits ? intern_column(std::move(use), 0) : kNoColumn;
    }
    const bool is_attribute = h.op == ExprOp::Attribute &&
                              node(program_.children_of(h)[0]).op == ExprOp::Item &&
                              program_.attributes[h.index].source == AttributeUse::Source::Column;
    if (!is_attribute || shape_of(h.type) != use.shape ||
        (use.shape == ColumnUse::Shape::Word && h.type.kind != type.kind)) {
      return kNoColumn;
    }
    use.attributes.push_back(h.index);
    if (last) {
      return intern_column(std::move(use), 0);
    }
    rest = program_.children_of(n)[1];
  }
}

bool Graph::may_be_missing(std::uint32_t attribute) const {
  const AttributeUse& use = program_.attributes[attribute];
  for (std::size_t i = 0; i < kEntityCount; ++i) {
    if (use.index[i] != AttributeUse::kNone &&
        schema_.of(static_cast<Entity>(i)).attributes[use.index[i]].type.optional) {
      return true;
    }
  }
  return false;
}

std::uint32_t Graph::intern_column(ColumnUse use, std::uint32_t part) {
  use.optional =
      !use.fallback.valid() && std::all_of(use.attributes.begin(), use.attributes.end(),
                                           [this](std::uint32_t a) { return may_be_missing(a); });
  Key key{static_cast<std::uint32_t>(use.shape), use.fallback.value, part};
  key.insert(key.end(), use.attributes.begin(), use.attributes.end());
  const auto [place, added] =
      columns_.emplace(std::move(key), static_cast<std::uint32_t>(program_.columns.size()));
  if (added) {
    program_.columns.push_back(std::move(use));
  }
  return place->second;
}

// A column that tracks `constant`: the given one, or a later part of it when that one is full.
std::uint32_t Graph::track_in_set(std::uint32_t column, std::uint32_t constant,
                                  std::uint32_t& code) {
  ColumnUse empty = program_.columns[column];
  empty.constants.clear();
  for (std::uint32_t part = 0;; ++part) {
    const std::uint32_t place = intern_column(empty, part);
    std::vector<std::uint32_t>& known = program_.columns[place].constants;
    const auto found = std::find(known.begin(), known.end(), constant);
    if (found == known.end() && known.size() >= ColumnUse::kTrackedInSet) {
      continue;
    }
    code = static_cast<std::uint32_t>(found - known.begin());
    if (found == known.end()) {
      known.push_back(constant);
    }
    return place;
  }
}

}  // namespace rescind
