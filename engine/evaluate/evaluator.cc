// Deciding one cause: guards leave a few rules, their scalar parts leave a few clauses, and those
// run over the items in blocks.
#include "evaluate/evaluator.h"

#include <algorithm>
#include <bit>

#include "evaluate/bound.h"
#include "evaluate/evaluator_state.h"
#include "evaluate/workspace.h"

namespace rescind {
namespace {

constexpr std::size_t kWordBits = 64;

// Kleene and of conditions; the cheapest come first.
Tri test_all(Interpreter& interpreter, std::span<const NodeId> conditions) {
  Tri result = Tri::True;
  for (const NodeId condition : conditions) {
    const Tri one = interpreter.test(condition);
    if (one == Tri::False) {
      return Tri::False;
    }
    result = std::min(result, one);
  }
  return result;
}

// Rules that the event type and the guards leave possible. False when a guard's value is not known,
// so that conditions that it stands for must be tested again.
bool select_rules(const Bound& bound, WorkspaceState& state, std::uint32_t event_type) {
  const Program& program = bound.program();
  const std::size_t words = program.rule_words;
  const std::uint64_t* on = program.rules_on.data() + event_type * words;
  state.rules.assign(on, on + words);
  bool complete = true;
  for (std::size_t g = 0; g < program.guards.size(); ++g) {
    const Value& value = state.interpreter.scalar(program.guards[g].value);
    if (!value.known()) {
      complete = false;
      continue;
    }
    const std::size_t code = bound.guard_codes(g).of(value.word());
    const std::uint64_t* mask = program.guards[g].masks.data() + code * words;
    for (std::size_t w = 0; w < words; ++w) {
      state.rules[w] &= mask[w];
    }
  }
  return complete;
}

}  // namespace

Workspace::Workspace(const Evaluator& evaluator)
    : offsets_(1, 0), state_(std::make_unique<WorkspaceState>(evaluator.state_->bound)) {}

Workspace::~Workspace() = default;

Evaluator::Evaluator(std::shared_ptr<const Program> program,
                     std::shared_ptr<const Inventory> inventory, EvaluatorOptions options)
    : state_(
          std::make_unique<State>(std::move(program), std::move(inventory), std::move(options))) {}

Evaluator::~Evaluator() = default;

std::shared_ptr<const BoundCause> Evaluator::bind(const Cause& cause, bool subject_leaves) {
  std::shared_ptr<BoundCause> bound = state_->bound.bind(cause);
  bound->ends_engagement = bound->ends_engagement || subject_leaves;
  return bound;
}

const Bound& Evaluator::bound() const {
  return state_->bound;
}

namespace {

// One pass of decide() over one cause.
class Decider {
 public:
  Decider(const Bound& bound, WorkspaceState& state, std::vector<Hit>& without_item)
      : bound_(bound), program_(bound.program()), state_(state), without_item_(without_item) {}

  void activate(const BoundCause& cause, KindSet present) {
    state_.active.clear();
    without_item_.clear();
    const bool complete = select_rules(bound_, state_, cause.type);
    for (std::size_t w = 0; w < state_.rules.size(); ++w) {
      for (std::uint64_t bits = state_.rules[w]; bits != 0; bits &= bits - 1) {
        const std::size_t rule = w * kWordBits + static_cast<std::size_t>(std::countr_zero(bits));
        activate_rule(program_.rules[rule], complete, present);
      }
    }
  }

  // Decides the items of the loaded block; appends offsets and hits.
  std::uint32_t decide_block(std::vector<std::uint32_t>& offsets, std::vector<Hit>& hits,
                             std::uint32_t hit_count) {
    const std::uint32_t total = run_clauses();
    if (hits.size() < hit_count + total) {
      hits.resize(std::max<std::size_t>(hit_count + total, hits.size() * 2));
    }
    const std::size_t chunks = (state_.active.size() + kWordBits - 1) / kWordBits;
    Hit* out = hits.data() + hit_count;
    for (std::uint32_t i = 0; i < state_.block.count(); ++i) {
      for (std::size_t chunk = 0; chunk < chunks; ++chunk) {
        for (std::uint64_t bits = state_.of_item[chunk * kBlockItems + i]; bits != 0;
             bits &= bits - 1) {
          const std::size_t a =
              chunk * kWordBits + static_cast<std::size_t>(std::countr_zero(bits));
          const bool sure = ((state_.masks[a].yes >> i) & 1U) != 0;
          *out++ = Hit::of(state_.active[a].clause, !sure);
        }
      }
      offsets.push_back(static_cast<std::uint32_t>(out - hits.data()));
    }
    return hit_count + total;
  }

 private:
  void activate_rule(const CompiledRule& rule, bool complete, KindSet present) {
    if ((rule.kinds & present).empty() && !rule.about_nothing) {
      return;
    }
    const Tri when =
        test_all(state_.interpreter, program_.list(complete ? rule.tail : rule.conjuncts));
    if (when == Tri::False) {
      return;
    }
    for (std::uint32_t c = 0; c < rule.clauses_count; ++c) {
      const CompiledClause& clause = program_.clauses[rule.clauses_begin + c];
      if (!clause.kinds.empty() && (clause.kinds & present).empty()) {
        continue;
      }
      Tri scalars = when;
      if (clause.scalars.count > 0) {
        scalars = std::min(scalars, test_all(state_.interpreter, program_.list(clause.scalars)));
      }
      if (scalars == Tri::False) {
        continue;
      }
      if (clause.kinds.empty()) {
        without_item_.push_back(Hit::of(clause.clause, scalars == Tri::Unknown));
      } else {
        state_.active.push_back(
            {clause.clause, clause.kinds, clause.where, scalars == Tri::Unknown});
      }
    }
  }

  // Masks of every active clause over the block, turned into clauses by item. Returns how many
  // hits.
  std::uint32_t run_clauses() {
    const std::size_t count = state_.active.size();
    const std::size_t chunks = (count + kWordBits - 1) / kWordBits;
    state_.masks.resize(count);
    state_.of_item.assign(chunks * kBlockItems, 0);
    const std::uint64_t undetermined = state_.block.undetermined();
    std::uint32_t total = 0;
    for (std::size_t a = 0; a < count; ++a) {
      const ActiveClause& clause = state_.active[a];
      const std::uint64_t rows = state_.block.of_kinds(clause.kinds);
      Masks masks{rows, rows};
      if (clause.where.valid() && rows != 0) {
        masks = state_.block.evaluate(clause.where, rows);
      }
      masks.yes &= clause.unknown ? 0 : rows & ~undetermined;
      masks.maybe &= rows;
      state_.masks[a] = masks;
      total += static_cast<std::uint32_t>(std::popcount(masks.maybe));
      std::uint64_t* of_item = state_.of_item.data() + a / kWordBits * kBlockItems;
      const std::uint64_t bit = std::uint64_t{1} << (a % kWordBits);
      for (std::uint64_t bits = masks.maybe; bits != 0; bits &= bits - 1) {
        of_item[std::countr_zero(bits)] |= bit;
      }
    }
    return total;
  }

  const Bound& bound_;
  const Program& program_;
  WorkspaceState& state_;
  std::vector<Hit>& without_item_;
};

}  // namespace

void Evaluator::decide(const BoundCause& cause, Workspace& work) const {
  WorkspaceState& state = *work.state_;
  state.interpreter.begin(cause);
  state.justifier.begin(cause);
  state.scope.find(state_->bound, cause);
  std::size_t items = 0;
  KindSet present;
  for (const Segment& segment : state.scope.segments()) {
    items += segment.count;
    present = present | segment.kind;
  }
  Decider decider(state_->bound, state, work.without_item_);
  decider.activate(cause, present);
  work.items_.resize(items);
  work.offsets_.resize(1);
  work.hit_count_ = 0;
  std::uint32_t hits = 0;
  for (std::size_t first = 0; first < items; first += kBlockItems) {
    const auto count =
        static_cast<std::uint32_t>(std::min<std::size_t>(kBlockItems, items - first));
    state.block.load(state.scope.segments(), first, count);
    for (std::uint32_t i = 0; i < count; ++i) {
      work.items_[first + i] = state.block.item(i);
    }
    hits = decider.decide_block(work.offsets_, work.hits_, hits);
  }
  work.hit_count_ = hits;
}

}  // namespace rescind
