// Builds the node graph of a program: equal nodes are made once, conjunctions are flat and in one
// order, comparisons have one form each. Knows nothing of rules.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "model/program.h"

namespace rescind {

class Graph {
 public:
  // Both must outlive the graph.
  Graph(Program& program, const Schema& schema) : program_(program), schema_(schema) {}

  // The node for `node` over `children`; fills level, cost and lowering. Takes what is already in
  // canonical form; lower.cc brings it there.
  NodeId add(Node node, std::span<const NodeId> children);

  NodeId constant(Constant value, Type type);
  NodeId boolean(bool value);
  NodeId leaf(ExprOp op, Type type, std::uint32_t index = 0);
  NodeId unary(ExprOp op, Type type, NodeId operand);
  NodeId binary(ExprOp op, Type type, NodeId left, NodeId right);
  NodeId negation(NodeId operand);                               // Not, simplified
  NodeId junction(ExprOp op, std::span<const NodeId> operands);  // And, Or, flattened
  NodeId attribute(NodeId of, std::string_view name, Type type);

  std::uint32_t constant_index(Constant value, Type type);
  std::uint32_t attribute_index(std::string_view name, Type type, AttributeUse::Source source);
  std::uint32_t words_index(std::vector<std::string> words);
  std::uint32_t event_attribute_index(std::string_view name);

  [[nodiscard]] const Node& node(NodeId id) const { return program_.nodes[id.index()]; }

  [[nodiscard]] const Program& program() const { return program_; }

  [[nodiscard]] bool is_boolean_constant(NodeId id, bool value) const;

 private:
  using Key = std::vector<std::uint32_t>;

  struct KeyHash {
    std::size_t operator()(const Key& key) const;
  };

  void derive_facts(Node& node, std::span<const NodeId> children) const;
  // The block form of a Bool node of level Item; see lower_item.cc.
  void lower_item(Node& node, std::span<const NodeId> children);
  void lower_equal(Node& node, NodeId left, NodeId right);
  void lower_less(Node& node, NodeId left, NodeId right);
  void lower_in(Node& node, NodeId element, NodeId set);
  void lower_one_of(Node& node, std::uint32_t column, std::span<const std::uint32_t> constants);
  bool lower_linear(Node& node, NodeId left, NodeId right);
  // Column number of a value that can be read for a whole block, or kNoColumn.
  std::uint32_t column_of(NodeId value);
  std::uint32_t track_in_set(std::uint32_t column, std::uint32_t constant, std::uint32_t& code);
  [[nodiscard]] bool may_be_missing(std::uint32_t attribute) const;
  std::uint32_t intern_column(ColumnUse use, std::uint32_t part);

  Program& program_;
  const Schema& schema_;
  std::unordered_map<Key, NodeId, KeyHash> nodes_;
  std::unordered_map<Key, NodeId, KeyHash> comparisons_;  // by what they ask of which column
  std::unordered_map<Key, std::uint32_t, KeyHash> columns_;
  std::unordered_map<std::string, std::uint32_t> constants_, attributes_, words_, event_attributes_;
};

inline constexpr std::uint32_t kNoColumn = 0xFFFFFFFFU;

}  // namespace rescind
