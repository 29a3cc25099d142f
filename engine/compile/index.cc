// Equality conditions become tables: for each interesting value one bit per rule that stays
// possible.
#include "compile/index.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>

namespace rescind {
namespace {

constexpr std::size_t kMaxGuards = 8;
constexpr std::size_t kMaxGuardWords = std::size_t{1} << 20U;  // of one guard's masks: 8 MiB
constexpr std::size_t kWordBits = 64;

// "value is one of constants", or with `negated` none of them.
struct Membership {
  NodeId value;
  std::set<std::uint32_t> constants;
  bool negated = false;
};

class MembershipFinder {
 public:
  explicit MembershipFinder(Graph& graph) : graph_(graph) {}

  std::optional<Membership> find(NodeId id) {
    const Node node = graph_.node(id);
    const auto span = graph_.program().children_of(node);
    const std::vector<NodeId> children(span.begin(), span.end());
    switch (node.op) {
    case ExprOp::Not: {
      auto inner = find(children[0]);
      if (inner) {
        inner->negated = !inner->negated;
      }
      return inner;
    }
    case ExprOp::Equal:
      return equal(children[0], children[1]);
    case ExprOp::In:
      return in(children[0], children[1]);
    case ExprOp::IsIdentityKind:
      return kind(node, children[0]);
    case ExprOp::Or:
      return any(children);
    // No other form asks for a value's equality with constants.
    case ExprOp::Constant:
    case ExprOp::Subject:
    case ExprOp::Now:
    case ExprOp::Item:
    case ExprOp::Variable:
    case ExprOp::EventAttribute:
    case ExprOp::EventBuiltin:
    case ExprOp::EventBefore:
    case ExprOp::EventAfter:
    case ExprOp::Attribute:
    case ExprOp::Negate:
    case ExprOp::Known:
    case ExprOp::IsItemKind:
    case ExprOp::IsEvent:
    case ExprOp::Supports:
    case ExprOp::Justified:
    case ExprOp::And:
    case ExprOp::NotEqual:
    case ExprOp::Less:
    case ExprOp::LessEqual:
    case ExprOp::Greater:
    case ExprOp::GreaterEqual:
    case ExprOp::Like:
    case ExprOp::Matches:
    case ExprOp::Coalesce:
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
      return std::nullopt;
    }
    return std::nullopt;
  }

 private:
  bool is_source(NodeId id) const {
    const Node& node = graph_.node(id);
    const bool leaf = node.op == ExprOp::Attribute || node.op == ExprOp::EventAttribute ||
                      node.op == ExprOp::EventBuiltin;
    return leaf && node.level == Level::Scalar &&
           (node.type.kind == TypeKind::String || node.type.kind == TypeKind::Enum);
  }

  std::optional<Membership> equal(NodeId a, NodeId b) const {
    if (graph_.node(a).op == ExprOp::Constant) {
      std::swap(a, b);
    }
    const Node& constant = graph_.node(b);
    if (!is_source(a) || constant.op != ExprOp::Constant) {
      return std::nullopt;
    }
    return Membership{a, {constant.index}, false};
  }

  std::optional<Membership> in(NodeId element, NodeId set) {
    const Node constant = graph_.node(set);
    if (!is_source(element) || constant.op != ExprOp::Constant) {
      return std::nullopt;
    }
    Membership result{element, {}, false};
    Type type = graph_.node(element).type;
    type.optional = false;
    const std::vector<std::string> elements = graph_.program().constants[constant.index].elements;
    for (const std::string& text : elements) {
      result.constants.insert(text_constant(text, type));
    }
    return result;
  }

  std::optional<Membership> kind(const Node& node, NodeId identity) {
    if (graph_.node(identity).op != ExprOp::Subject) {
      return std::nullopt;
    }
    Type type;
    type.kind = TypeKind::Enum;
    Membership result{graph_.attribute(identity, "kind", type), {}, false};
    const std::vector<std::string> words = graph_.program().words[node.index];
    for (const std::string& word : words) {
      result.constants.insert(text_constant(word, type));
    }
    return result;
  }

  std::optional<Membership> any(const std::vector<NodeId>& children) {
    std::optional<Membership> result;
    for (const NodeId child : children) {
      const std::optional<Membership> one = find(child);
      if (!one || one->negated || (result && result->value != one->value)) {
        return std::nullopt;
      }
      if (!result) {
        result = one;
      } else {
        result->constants.insert(one->constants.begin(), one->constants.end());
      }
    }
    return result;
  }

  std::uint32_t text_constant(const std::string& text, Type type) {
    Constant value;
    value.text = text;
    return graph_.constant_index(std::move(value), type);
  }

  Graph& graph_;
};

struct GuardPlan {
  std::set<std::uint32_t> constants;
  std::map<std::size_t, std::vector<std::pair<Membership, NodeId>>> by_rule;
};

void fill_event_table(Program& program) {
  const CheckedPolicy& policy = *program.policy;
  program.rules_on.assign(policy.schema->events.size() * program.rule_words, 0);
  for (std::size_t r = 0; r < policy.rules.size(); ++r) {
    for (const std::uint32_t event : policy.rules[r].on) {
      program.rules_on[event * program.rule_words + r / kWordBits] |= std::uint64_t{1}
                                                                      << (r % kWordBits);
    }
  }
}

Guard build_guard(NodeId value, const GuardPlan& plan, std::size_t words) {
  Guard guard;
  guard.value = value;
  guard.constants.assign(plan.constants.begin(), plan.constants.end());
  const std::size_t codes = guard.constants.size() + 1;
  guard.masks.assign(codes * words, ~std::uint64_t{0});
  for (const auto& [rule, memberships] : plan.by_rule) {
    for (std::size_t code = 0; code < codes; ++code) {
      const bool possible =
          std::all_of(memberships.begin(), memberships.end(), [&](const auto& entry) {
            const Membership& m = entry.first;
            return (code > 0 && m.constants.contains(guard.constants[code - 1])) != m.negated;
          });
      if (!possible) {
        guard.masks[code * words + rule / kWordBits] &= ~(std::uint64_t{1} << (rule % kWordBits));
      }
    }
  }
  return guard;
}

}  // namespace

std::vector<std::vector<NodeId>> index_rules(Graph& graph, Program& program,
                                             const std::vector<std::vector<NodeId>>& conjuncts) {
  program.rule_words = static_cast<std::uint32_t>((conjuncts.size() + kWordBits - 1) / kWordBits);
  fill_event_table(program);
  MembershipFinder finder(graph);
  std::map<NodeId, GuardPlan> plans;
  for (std::size_t r = 0; r < conjuncts.size(); ++r) {
    for (const NodeId conjunct : conjuncts[r]) {
      if (auto membership = finder.find(conjunct)) {
        GuardPlan& plan = plans[membership->value];
        plan.constants.insert(membership->constants.begin(), membership->constants.end());
        plan.by_rule[r].emplace_back(std::move(*membership), conjunct);
      }
    }
  }
  std::vector<std::pair<NodeId, const GuardPlan*>> best;
  for (const auto& [value, plan] : plans) {
    if ((plan.constants.size() + 1) * program.rule_words <= kMaxGuardWords) {
      best.emplace_back(value, &plan);
    }
  }
  std::stable_sort(best.begin(), best.end(), [](const auto& a, const auto& b) {
    return a.second->by_rule.size() > b.second->by_rule.size();
  });
  best.resize(std::min(best.size(), kMaxGuards));
  std::vector<std::vector<NodeId>> tails = conjuncts;
  for (const auto& [value, plan] : best) {
    program.guards.push_back(build_guard(value, *plan, program.rule_words));
    for (const auto& [rule, memberships] : plan->by_rule) {
      for (const auto& entry : memberships) {
        std::erase(tails[rule], entry.second);
      }
    }
  }
  return tails;
}

}  // namespace rescind
