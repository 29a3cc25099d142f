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
  const std::optional<std::uint32_t> row = state.interpreter.plain_subject();
  for (std::size_t g = 0; g < program.guards.size(); ++g) {
    std::uint32_t word = kMissingCell;
    if (const Column* column = bound.guard_column(g); column != nullptr && row) {
      word = column->word_at(*row);
    } else if (const Value& value = state.interpreter.scalar(program.guards[g].value);
               value.known()) {
      word = value.word();
    }
    if (word == kMissingCell) {
      complete = false;
      continue;
    }
    const std::size_t code = bound.guard_codes(g).of(word);
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

  // Decides the items of the loaded block. `offsets` has room for one past the last of them, the
  // first is filled in. Returns the number of hits so far.
  std::uint32_t decide_block(std::uint32_t* offsets, std::vector<Hit>& hits) {
    std::array<std::uint32_t, kBlockItems>& cursors = state_.cursors;
    const std::uint32_t count = state_.block.count();
    std::fill(cursors.begin(), cursors.begin() + count, 0U);
    run_groups();
    for (std::uint32_t i = 0; i < count; ++i) {
      offsets[i + 1] = offsets[i] + cursors[i];
      cursors[i] = offsets[i];
    }
    if (hits.size() < offsets[count]) {
      hits.resize(std::max<std::size_t>(offsets[count], hits.size() * 2));
    }
    each_hit([&](const GroupHits& group, std::uint32_t i) {
      const auto kind = static_cast<std::size_t>(state_.block.kind(i));
      const ClauseId clause{group.group->clause_of_kind[kind]};
      hits[cursors[i]++] = Hit::of(clause, ((group.masks.yes >> i) & 1U) == 0);
    });
    return offsets[count];
  }

 private:
  void activate_rule(const CompiledRule& rule, bool complete, KindSet present) {
    if ((rule.kinds & present).empty() && rule.without_item_count == 0) {
      return;
    }
    const Tri when =
        test_all(state_.interpreter, program_.list(complete ? rule.tail : rule.conjuncts));
    if (when == Tri::False) {
      return;
    }
    for (std::uint32_t i = 0; i < rule.without_item_count; ++i) {
      without_item_.push_back(
          Hit::of(program_.without_item[rule.without_item_begin + i], when == Tri::Unknown));
    }
    for (std::uint32_t g = 0; g < rule.groups_count; ++g) {
      const ClauseGroup& group = program_.groups[rule.groups_begin + g];
      if ((group.kinds & present).empty()) {
        continue;
      }
      Tri scalars = when;
      if (group.scalars.count > 0) {
        scalars = std::min(scalars, test_all(state_.interpreter, program_.list(group.scalars)));
      }
      if (scalars != Tri::False) {
        state_.active.push_back({&group, scalars == Tri::Unknown});
      }
    }
  }

  // Masks of every active group over the block; counts the hits of each item in the cursors.
  void run_groups() {
    state_.reached.resize(state_.active.size() + 1);
    GroupHits* reached = state_.reached.data();
    const std::uint64_t sure = ~state_.block.undetermined();
    hits_ = 0;
    for (const ActiveGroup& active : state_.active) {
      const std::uint64_t rows = state_.block.of_kinds(active.group->kinds);
      Masks masks{rows, rows};
      if (active.group->where.valid() && rows != 0) {
        masks = state_.block.evaluate(active.group->where, rows);
      }
      masks.yes &= active.unknown ? 0 : rows & sure;
      masks.maybe &= rows;
      *reached = {active.group, masks};
      reached += masks.maybe != 0 ? 1 : 0;
      hits_ += static_cast<std::uint32_t>(std::popcount(masks.maybe));
    }
    reached->masks = {};
    each_hit([this](const GroupHits&, std::uint32_t i) { ++state_.cursors[i]; });
  }

  // Every item of every group in one loop: how many items a group reaches is nothing that a
  // processor could guess, and a loop for each would be left at a wrong guess each time.
  template <typename Do>
  void each_hit(Do act) const {
    const GroupHits* group = state_.reached.data();
    std::uint64_t bits = group->masks.maybe;
    for (std::uint32_t n = hits_; n != 0; --n) {
      act(*group, static_cast<std::uint32_t>(std::countr_zero(bits)));
      bits &= bits - 1;
      const bool last = bits == 0;
      group += last ? 1 : 0;
      bits |= group->masks.maybe & (std::uint64_t{0} - static_cast<std::uint64_t>(last));
    }
  }

  const Bound& bound_;
  const Program& program_;
  WorkspaceState& state_;
  std::vector<Hit>& without_item_;
  std::uint32_t hits_ = 0;  // of the block in hand
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
  work.offsets_.resize(items + 1);
  work.offsets_[0] = 0;
  work.hit_count_ = 0;
  for (std::size_t first = 0; first < items; first += kBlockItems) {
    const auto count =
        static_cast<std::uint32_t>(std::min<std::size_t>(kBlockItems, items - first));
    state.block.load(state.scope.segments(), first, count);
    std::copy_n(state.block.items(), count, work.items_.data() + first);
    work.hit_count_ = decider.decide_block(work.offsets_.data() + first, work.hits_);
  }
}

}  // namespace rescind
