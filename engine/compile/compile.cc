// Puts the program together: conditions of every declaration, then the index.
#include "compile/compile.h"

#include <algorithm>
#include <bit>

#include "compile/index.h"
#include "compile/lower.h"

namespace rescind {
namespace {

class Compiler {
 public:
  explicit Compiler(std::shared_ptr<const CheckedPolicy> policy)
      : policy_(*policy),
        program_(std::make_shared<Program>()),
        graph_(*program_, *policy->schema),
        lowerer_(policy_, graph_) {
    program_->policy = std::move(policy);
  }

  std::shared_ptr<const Program> compile() {
    compile_clauses();
    compile_rules();
    compile_declarations();
    compile_retires();
    return std::move(program_);
  }

 private:
  NodeRange store(std::vector<NodeId> nodes) {
    std::sort(nodes.begin(), nodes.end(), [this](NodeId a, NodeId b) {
      return std::pair(graph_.node(a).cost, a) < std::pair(graph_.node(b).cost, b);
    });
    const NodeRange range{static_cast<std::uint32_t>(program_->node_lists.size()),
                          static_cast<std::uint32_t>(nodes.size())};
    program_->node_lists.insert(program_->node_lists.end(), nodes.begin(), nodes.end());
    return range;
  }

  // In the order written: alternatives mean something by their place.
  CompiledPrincipals principals(const PrincipalExpr& expr) {
    std::vector<NodeId> nodes;
    for (const ExprId alternative : expr.alternatives) {
      nodes.push_back(lowerer_.lower(alternative));
    }
    const NodeRange range{static_cast<std::uint32_t>(program_->node_lists.size()),
                          static_cast<std::uint32_t>(nodes.size())};
    program_->node_lists.insert(program_->node_lists.end(), nodes.begin(), nodes.end());
    return {range};
  }

  CompiledPrincipals principals(const std::optional<PrincipalExpr>& expr) {
    return expr ? principals(*expr) : CompiledPrincipals{};
  }

  void compile_clauses() {
    for (std::size_t i = 0; i < policy_.clauses.size(); ++i) {
      const CheckedClause& checked = policy_.clauses[i];
      Lowerer::Split where = lowerer_.split(checked.where);
      CompiledClause clause;
      clause.clause = ClauseId{static_cast<std::uint32_t>(i)};
      clause.kinds = checked.kinds;
      clause.where = where.items;
      clause.scalars = store(std::move(where.scalars));
      program_->clauses.push_back(clause);
      program_->clause_principals.push_back({principals(checked.to),
                                             principals(checked.approved_by),
                                             principals(checked.otherwise_escalate)});
    }
  }

  void compile_rules() {
    std::vector<std::vector<NodeId>> conjuncts;
    for (const CheckedRule& rule : policy_.rules) {
      conjuncts.push_back(lowerer_.split(rule.when).scalars);
    }
    std::vector<std::vector<NodeId>> tails = index_rules(graph_, *program_, conjuncts);
    for (std::size_t r = 0; r < policy_.rules.size(); ++r) {
      const CheckedRule& checked = policy_.rules[r];
      CompiledRule rule;
      rule.conjuncts = store(std::move(conjuncts[r]));
      rule.tail = store(std::move(tails[r]));
      rule.groups_begin = static_cast<std::uint32_t>(program_->groups.size());
      rule.without_item_begin = static_cast<std::uint32_t>(program_->without_item.size());
      for (const ClauseId id : checked.clauses) {
        add_clause(rule, program_->clauses[id.index()]);
      }
      program_->rules.push_back(std::move(rule));
      program_->rule_escalations.push_back(escalation(checked.escalate));
    }
  }

  std::vector<CompiledPrincipals> escalation(const std::vector<EscalationLevel>& escalate) {
    std::vector<CompiledPrincipals> levels;
    for (const EscalationLevel& level : escalate) {
      levels.push_back(principals(level.to));
    }
    return levels;
  }

  void compile_retires() {
    for (const CheckedRetire& checked : policy_.retires) {
      CompiledRetire retire;
      retire.when = lowerer_.lower(checked.when);
      retire.where = lowerer_.lower(checked.where);
      for (const CheckedStageWhen& start : checked.starts) {
        retire.starts.push_back(lowerer_.lower(start.when));
      }
      for (const CheckedStageWhen& enter : checked.enters) {
        retire.enters.push_back(lowerer_.lower(enter.when));
      }
      retire.escalate = escalation(checked.escalate);
      for (const CheckedStage& stage : checked.stages) {
        retire.stages.push_back(compiled_stage(stage));
      }
      program_->retires.push_back(std::move(retire));
    }
  }

  CompiledStage compiled_stage(const CheckedStage& checked) {
    CompiledStage stage;
    stage.gate = lowerer_.lower(checked.gate);
    stage.approved_by = principals(checked.approved_by);
    stage.otherwise_escalate = principals(checked.otherwise_escalate);
    for (const CheckedAction& action : checked.actions) {
      stage.action_to.push_back(principals(action.to));
    }
    return stage;
  }

  void add_clause(CompiledRule& rule, const CompiledClause& clause) {
    if (clause.kinds.empty()) {
      program_->without_item.push_back(clause.clause);
      ++rule.without_item_count;
      return;
    }
    rule.kinds = rule.kinds | clause.kinds;
    ClauseGroup* last = rule.groups_count == 0 ? nullptr : &program_->groups.back();
    const bool joins =
        last != nullptr && last->where == clause.where && (last->kinds & clause.kinds).empty() &&
        std::ranges::equal(program_->list(last->scalars), program_->list(clause.scalars));
    if (!joins) {
      ClauseGroup group;
      group.where = clause.where;
      group.scalars = clause.scalars;
      group.clause_of_kind.fill(ClauseGroup::kNoClause);
      program_->groups.push_back(group);
      last = &program_->groups.back();
      ++rule.groups_count;
    }
    last->kinds = last->kinds | clause.kinds;
    for (std::uint32_t bits = clause.kinds.bits; bits != 0; bits &= bits - 1) {
      last->clause_of_kind[static_cast<std::size_t>(std::countr_zero(bits))] = clause.clause.value;
    }
  }

  void compile_declarations() {
    for (const CheckedDerive& derive : policy_.derives) {
      program_->derives.push_back({{}, lowerer_.lower(derive.where)});
    }
    for (const CheckedRole& role : policy_.roles) {
      program_->roles.push_back({lowerer_.lower(role.when), {}});
    }
    for (const CheckedKeep& keep : policy_.keeps) {
      program_->keeps.push_back({{}, lowerer_.lower(keep.where)});
    }
    for (const CheckedHold& hold : policy_.holds) {
      program_->holds.push_back({lowerer_.lower(hold.when), lowerer_.lower(hold.where)});
      program_->hold_orders.push_back(principals(hold.ordered_by));
    }
    for (const CheckedLimit& limit : policy_.limits) {
      program_->limits.push_back({{}, lowerer_.lower(limit.where)});
      program_->limit_asks.push_back(principals(limit.ask));
    }
  }

  const CheckedPolicy& policy_;
  std::shared_ptr<Program> program_;
  Graph graph_;
  Lowerer lowerer_;
};

}  // namespace

std::shared_ptr<const Program> compile_policy(std::shared_ptr<const CheckedPolicy> policy) {
  return Compiler(std::move(policy)).compile();
}

}  // namespace rescind
