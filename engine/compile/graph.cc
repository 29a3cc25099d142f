// Hash-consing and the simplifications that make equal conditions equal nodes.
#include "compile/graph.h"

#include <algorithm>
#include <array>
#include <tuple>

#include "base/check.h"

namespace rescind {
namespace {

constexpr std::uint32_t kItemBit = 1U << 31U;  // in Node::free_variables: the selected item
constexpr std::uint16_t kEachCost = 40;
constexpr std::uint16_t kQuantifierCost = 100;
constexpr std::uint16_t kMaxCost = 10000;

Type bool_type() {
  Type type;
  type.kind = TypeKind::Bool;
  return type;
}

bool is_quantifier(ExprOp op) {
  return op == ExprOp::Any || op == ExprOp::All || op == ExprOp::Count || op == ExprOp::Min ||
         op == ExprOp::Max || op == ExprOp::Sum;
}

std::uint16_t own_cost(const Node& node) {
  if (is_quantifier(node.op)) {
    return kQuantifierCost;
  }
  if (node.op == ExprOp::Like || node.op == ExprOp::Matches) {
    return 20;
  }
  if (node.op == ExprOp::Justified || node.op == ExprOp::IdleFor ||
      node.op == ExprOp::DeliveredTo || node.op == ExprOp::Supports) {
    return kEachCost;
  }
  return node.op == ExprOp::Constant ? 0 : 1;
}

std::uint32_t type_bits(const Type& type) {
  return static_cast<std::uint32_t>(type.kind) | (type.optional ? 1U << 8U : 0U) |
         (type.kind == TypeKind::Set ? static_cast<std::uint32_t>(type.element) << 16U : 0U);
}

void append_field(std::string& key, std::string_view text) {
  key += std::to_string(text.size());
  key += ':';
  key += text;
}

template <typename Values>
std::uint32_t intern(std::unordered_map<std::string, std::uint32_t>& known, std::string key,
                     Values& values, typename Values::value_type value) {
  const auto [place, added] =
      known.emplace(std::move(key), static_cast<std::uint32_t>(values.size()));
  if (added) {
    values.push_back(std::move(value));
  }
  return place->second;
}

}  // namespace

std::size_t Graph::KeyHash::operator()(const Key& key) const {
  std::uint64_t hash = key.size();
  for (const std::uint32_t word : key) {
    hash = (hash ^ word) * 0x9E3779B97F4A7C15U;
    hash ^= hash >> 32U;
  }
  return static_cast<std::size_t>(hash);
}

void Graph::derive_facts(Node& node, std::span<const NodeId> children) const {
  std::uint32_t cost = own_cost(node);
  node.free_variables = 0;
  if (node.op == ExprOp::Item) {
    node.free_variables = kItemBit;
  } else if (node.op == ExprOp::Variable) {
    node.free_variables = 1U << node.index;
  }
  for (const NodeId child : children) {
    node.free_variables |= this->node(child).free_variables;
    cost += this->node(child).cost;
  }
  if (is_quantifier(node.op)) {
    node.free_variables &= ~(1U << node.index);
  }
  node.cost = static_cast<std::uint16_t>(std::min<std::uint32_t>(cost, kMaxCost));
  if ((node.free_variables & ~kItemBit) != 0) {
    node.level = Level::Inner;
  } else {
    node.level = node.free_variables != 0 ? Level::Item : Level::Scalar;
  }
}

NodeId Graph::add(Node node, std::span<const NodeId> children) {
  RESCIND_CHECK(node.op != ExprOp::Variable || node.index < 31, "quantifiers nest too deeply");
  Key key{static_cast<std::uint32_t>(node.op), node.op == ExprOp::Item ? 0U : type_bits(node.type),
          node.index, static_cast<std::uint32_t>(node.verb), node.kinds.bits};
  for (const NodeId child : children) {
    key.push_back(child.value);
  }
  if (const auto found = nodes_.find(key); found != nodes_.end()) {
    return found->second;
  }
  derive_facts(node, children);
  if (node.level == Level::Item && node.type.kind == TypeKind::Bool) {
    lower_item(node, children);
  }
  if (node.lowering == Lowering::Compare) {
    // `e - c <= d` and `c >= e - d` ask the same of a column.
    Key form{static_cast<std::uint32_t>(node.compare), node.column, node.operand.value};
    const NodeId next{static_cast<std::uint32_t>(program_.nodes.size())};
    const auto [place, added] = comparisons_.emplace(std::move(form), next);
    if (!added) {
      nodes_.emplace(std::move(key), place->second);
      return place->second;
    }
  }
  node.children_begin = static_cast<std::uint32_t>(program_.children.size());
  node.children_count = static_cast<std::uint32_t>(children.size());
  program_.children.insert(program_.children.end(), children.begin(), children.end());
  const NodeId id{static_cast<std::uint32_t>(program_.nodes.size())};
  program_.nodes.push_back(node);
  nodes_.emplace(std::move(key), id);
  return id;
}

NodeId Graph::constant(Constant value, Type type) {
  Node node;
  node.op = ExprOp::Constant;
  node.type = type;
  node.index = constant_index(std::move(value), type);
  return add(node, {});
}

NodeId Graph::boolean(bool value) {
  Constant constant_value;
  constant_value.number = value ? 1 : 0;
  return constant(constant_value, bool_type());
}

NodeId Graph::leaf(ExprOp op, Type type, std::uint32_t index) {
  Node node;
  node.op = op;
  node.type = type;
  node.index = index;
  return add(node, {});
}

NodeId Graph::unary(ExprOp op, Type type, NodeId operand) {
  Node node;
  node.op = op;
  node.type = type;
  const std::array<NodeId, 1> children{operand};
  return add(node, children);
}

NodeId Graph::binary(ExprOp op, Type type, NodeId left, NodeId right) {
  Node node;
  node.op = op;
  node.type = type;
  const std::array<NodeId, 2> children{left, right};
  return add(node, children);
}

bool Graph::is_boolean_constant(NodeId id, bool value) const {
  const Node& n = node(id);
  return n.op == ExprOp::Constant && n.type.kind == TypeKind::Bool &&
         (program_.constants[n.index].number != 0) == value;
}

NodeId Graph::negation(NodeId operand) {
  const Node& n = node(operand);
  if (n.op == ExprOp::Not) {
    return program_.children_of(n)[0];
  }
  if (n.op == ExprOp::Constant) {
    return boolean(is_boolean_constant(operand, false));
  }
  return unary(ExprOp::Not, bool_type(), operand);
}

NodeId Graph::junction(ExprOp op, std::span<const NodeId> operands) {
  const bool neutral =
      op == ExprOp::And;  // `true` says nothing in an And, `false` nothing in an Or
  std::vector<NodeId> flat;
  for (const NodeId operand : operands) {
    const Node& n = node(operand);
    if (is_boolean_constant(operand, !neutral)) {
      return operand;
    }
    if (is_boolean_constant(operand, neutral)) {
      continue;
    }
    if (n.op == op) {
      const auto inner = program_.children_of(n);
      flat.insert(flat.end(), inner.begin(), inner.end());
    } else {
      flat.push_back(operand);
    }
  }
  const auto order = [this](NodeId id) {
    return std::tuple(node(id).level != Level::Scalar, node(id).cost, id.value);
  };
  std::sort(flat.begin(), flat.end(), [&](NodeId a, NodeId b) { return order(a) < order(b); });
  flat.erase(std::unique(flat.begin(), flat.end()), flat.end());
  if (flat.empty()) {
    return boolean(neutral);
  }
  if (flat.size() == 1) {
    return flat.front();
  }
  Node junction_node;
  junction_node.op = op;
  junction_node.type = bool_type();
  junction_node.scalar_children = static_cast<std::uint32_t>(std::count_if(
      flat.begin(), flat.end(), [this](NodeId id) { return node(id).level == Level::Scalar; }));
  return add(junction_node, flat);
}

NodeId Graph::attribute(NodeId of, std::string_view name, Type type) {
  AttributeUse::Source source = AttributeUse::Source::Column;
  const TypeKind of_kind = node(of).type.kind;
  if (name == "id") {
    source = AttributeUse::Source::Id;
  } else if (of_kind == TypeKind::Item && name == "kind") {
    source = AttributeUse::Source::ItemKind;
  } else if (of_kind == TypeKind::Identity && name == "owns") {
    source = AttributeUse::Source::Owns;
  } else if (of_kind == TypeKind::Identity && name == "knows") {
    source = AttributeUse::Source::Knows;
  } else if (of_kind == TypeKind::Identity && name == "items") {
    source = AttributeUse::Source::Items;
  }
  Node attribute_node;
  attribute_node.op = ExprOp::Attribute;
  attribute_node.type = type;
  attribute_node.index = attribute_index(name, type, source);
  const std::array<NodeId, 1> children{of};
  return add(attribute_node, children);
}

std::uint32_t Graph::constant_index(Constant value, Type type) {
  std::sort(value.elements.begin(), value.elements.end());
  value.elements.erase(std::unique(value.elements.begin(), value.elements.end()),
                       value.elements.end());
  std::sort(value.numbers.begin(), value.numbers.end());
  value.numbers.erase(std::unique(value.numbers.begin(), value.numbers.end()), value.numbers.end());
  type.optional = false;
  std::string key = std::to_string(type_bits(type)) + '/' + std::to_string(value.number) + '/';
  append_field(key, value.text);
  for (const std::string& element : value.elements) {
    append_field(key, element);
  }
  for (const std::int64_t element : value.numbers) {
    append_field(key, std::to_string(element));
  }
  const std::size_t before = program_.constants.size();
  const std::uint32_t index =
      intern(constants_, std::move(key), program_.constants, std::move(value));
  if (program_.constants.size() != before) {
    program_.constant_types.push_back(type);
  }
  return index;
}

std::uint32_t Graph::attribute_index(std::string_view name, Type type,
                                     AttributeUse::Source source) {
  AttributeUse use;
  use.name = std::string(name);
  use.source = source;
  use.index.fill(AttributeUse::kNone);
  for (std::size_t i = 0; source == AttributeUse::Source::Column && i < kEntityCount; ++i) {
    const auto entity = static_cast<Entity>(i);
    const std::optional<AttributeIndex> found = schema_.find(entity, name);
    if (!found) {
      continue;
    }
    const Type& other = schema_.of(entity).attributes[*found].type;
    if (other.kind == type.kind && (type.kind != TypeKind::Set || other.element == type.element)) {
      use.index[i] = *found;
    }
  }
  type.optional = false;
  std::string key =
      std::to_string(type_bits(type)) + '/' + std::to_string(static_cast<unsigned>(source)) + '/';
  key += name;
  return intern(attributes_, std::move(key), program_.attributes, std::move(use));
}

std::uint32_t Graph::words_index(std::vector<std::string> words) {
  std::sort(words.begin(), words.end());
  std::string key;
  for (const std::string& word : words) {
    append_field(key, word);
  }
  return intern(words_, std::move(key), program_.words, std::move(words));
}

std::uint32_t Graph::event_attribute_index(std::string_view name) {
  return intern(event_attributes_, std::string(name), program_.event_attributes, std::string(name));
}

}  // namespace rescind
