// Decides which clauses reach which items for one cause: a program bound to an inventory. The hot
// part of evaluate; callers that need bare matches in bulk (the benchmark) use it directly.
//
//   Evaluator evaluator(program, inventory, options);
//   auto bound = evaluator.bind(cause);                       // once per event, not thread-safe
//   Workspace work(evaluator);                                // one per thread, reused
//   evaluator.decide(*bound, work);
//   for (std::size_t i = 0; i < work.items().size(); ++i)
//     for (Hit hit : work.hits(i)) …                          // ascending by clause
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "model/decision.h"
#include "model/program.h"

namespace rescind {

struct EvaluatorOptions {
  Instant now{};
  // What the connector of a system can do, when the caller knows it; nothing said: ask the
  // inventory. With both, the intersection counts.
  std::function<std::optional<bool>(std::string_view system, Verb verb, Kind kind)> supported;
};

// A clause that reaches an item, surely or (`unknown`) perhaps.
struct Hit {
  std::uint32_t bits = 0;

  static Hit of(ClauseId clause, bool unknown) {
    return {clause.value << 1U | (unknown ? 1U : 0U)};
  }

  [[nodiscard]] ClauseId clause() const { return ClauseId{bits >> 1U}; }

  [[nodiscard]] bool unknown() const { return (bits & 1U) != 0; }

  [[nodiscard]] Certainty certainty() const {
    return unknown() ? Certainty::Unknown : Certainty::Yes;
  }

  friend bool operator==(Hit, Hit) = default;
};

class Evaluator;
class Bound;            // evaluate/bound.h
struct BoundCause;      // evaluate/bound.h
struct WorkspaceState;  // evaluate/workspace.h

// Memory of one thread, reused from cause to cause, and the result of the last decide().
class Workspace {
 public:
  explicit Workspace(const Evaluator& evaluator);
  ~Workspace();
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;

  // The items in scope of the cause: by kind, then by row. Valid until the next decide().
  [[nodiscard]] std::span<const ItemRef> items() const { return items_; }

  // The clauses that reach item number `i`, ascending.
  [[nodiscard]] std::span<const Hit> hits(std::size_t i) const {
    return {hits_.data() + offsets_[i], offsets_[i + 1] - offsets_[i]};
  }

  [[nodiscard]] std::span<const Hit> all_hits() const { return {hits_.data(), hit_count_}; }

  // notify and ask clauses of the rules that hold, ascending.
  [[nodiscard]] std::span<const Hit> without_item() const { return without_item_; }

 private:
  friend class Evaluator;
  std::vector<ItemRef> items_;
  std::vector<std::uint32_t> offsets_;  // per item, and one past
  std::vector<Hit> hits_;               // capacity; hit_count_ of them are meant
  std::size_t hit_count_ = 0;
  std::vector<Hit> without_item_;
  std::unique_ptr<WorkspaceState> state_;
};

class Evaluator {
 public:
  Evaluator(std::shared_ptr<const Program> program, std::shared_ptr<const Inventory> inventory,
            EvaluatorOptions options);
  ~Evaluator();
  Evaluator(const Evaluator&) = delete;
  Evaluator& operator=(const Evaluator&) = delete;

  // A cause in the program's own terms. Interns text, so never while another thread decides.
  // `subject_leaves`: another open cause ends the subject's engagement.
  [[nodiscard]] std::shared_ptr<const BoundCause> bind(const Cause& cause,
                                                       bool subject_leaves = false);

  // Thread-safe, one workspace per thread. Allocates only when a cause needs more room than any
  // before it in this workspace.
  void decide(const BoundCause& cause, Workspace& work) const;

  // The program and the inventory as bound to each other, for the rest of the stage.
  [[nodiscard]] const Bound& bound() const;

 private:
  friend class Workspace;
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace rescind
