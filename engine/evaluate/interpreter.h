// Evaluates single nodes to values: scalars of a cause (remembered for as long as the frame lasts),
// and conditions over one item that have no block form.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <unordered_map>
#include <vector>

#include "evaluate/bound.h"
#include "evaluate/value.h"

namespace rescind {

// Answers `item.justified`; made by justify.h.
class Justifier {
 public:
  virtual ~Justifier() = default;
  virtual Tri justified(ItemRef item) = 0;
};

// What is known of the use of an item within a window that ends now.
struct IdleEvidence {
  enum class Why : std::uint8_t {
    Idle,
    Used,
    NotOlder,      // than the window, as far as is known
    NotKnownLong,  // enough, and nobody recorded when it was made
    NoSource,      // that would see its use
    BeginsLate,    // the sources begin, or have a gap, within the window
    Stale,         // they end before now
    Unknown,       // the item or the window is not known
  };
  Tri idle = Tri::Unknown;
  Why why = Why::Unknown;
  std::int64_t at = kMissingInt;     // last used; covered since, or until
  std::uint32_t by = 0, source = 0;  // symbols; 0: not said
};

class Interpreter {
 public:
  explicit Interpreter(const Bound& bound);

  // Starts deciding one cause: its subject, nothing remembered.
  void begin(const BoundCause& cause);
  // The same cause with another subject, and with the subject's attributes as they are after the
  // event. `begin` undoes it.
  void set_subject(IdentityRef subject, bool after_event);

  void set_justifier(Justifier* justifier) { justifier_ = justifier; }

  // A Bool node of level Scalar.
  Tri test(NodeId id) {
    if (tested_epoch_[id.index()] == epoch_) {
      return tested_[id.index()];
    }
    return test_anew(id);
  }

  // A node of level Scalar.
  const Value& scalar(NodeId id);
  // A number of level Scalar, without remembering it where it is quick to find. False: not known.
  bool number(NodeId id, std::int64_t& out);

  // The row of the subject's record, when its columns can be read as they are.
  [[nodiscard]] std::optional<std::uint32_t> plain_subject() const {
    return plain_subject_ ? std::optional(subject_.row()) : std::nullopt;
  }

  // A node of any level, for an item or (in `derive … for identity`) an identity.
  Value evaluate(NodeId id, ItemRef item);
  Value evaluate(NodeId id, IdentityRef identity);

  Tri test_item(NodeId id, ItemRef item) { return tri_of_number(evaluate(id, item)); }

  [[nodiscard]] const BoundCause& cause() const { return *cause_; }

  [[nodiscard]] IdentityRef subject() const { return subject_; }

  [[nodiscard]] const Bound& bound() const { return bound_; }

  // An attribute of an identity, as the frame sees it.
  [[nodiscard]] Value attribute_of(IdentityRef identity, AttributeIndex index) const;
  [[nodiscard]] Value read_attribute(const Value& object, std::uint32_t attribute,
                                     const Type& type);
  [[nodiscard]] Tri equal(const Value& a, const Value& b) const;
  [[nodiscard]] Tri contains(const Value& set, const Value& element) const;
  [[nodiscard]] Value element(const Value& set, std::size_t i, const Type& set_type) const;
  [[nodiscard]] IdleEvidence idle_evidence(const Value& item, const Value& duration) const;
  [[nodiscard]] Tri delivered_to(const Value& item, const Value& to) const;

  // Use by these (symbols) is no use. Holds until it is called again.
  void discount_use_by(std::vector<std::uint32_t> symbols);
  // The item was there at that instant. Holds until it is called again.
  void know_item_since(ItemRef item, std::optional<Instant> since);

 private:
  Value run(NodeId id);
  Value run_node(const Node& node);
  Value run_leaf(const Node& node);
  Value run_overlay(const Node& node);
  Value run_operator(const Node& node);
  Value run_sum(const Node& node);
  Tri run_junction(const Node& node);
  Tri run_pattern(const Node& node);
  Tri run_kind_test(const Node& node);
  Value run_inverse(const Value& identity, AttributeUse::Source source);
  Value run_quantifier(const Node& node);
  Tri supports(const Value& item, Verb verb) const;
  Tri test_anew(NodeId id);
  Tri test_junction(const Node& node);
  Tri quick_test(const QuickTest& quick, NodeId id);
  [[nodiscard]] Value identity_attribute(const Value& identity, AttributeIndex index,
                                         const Type& type) const;

  const Bound& bound_;
  const Program& program_;
  const Inventory& inventory_;
  const BoundCause* cause_ = nullptr;
  IdentityRef subject_;
  bool after_event_ = false;
  bool plain_subject_ = false;
  Justifier* justifier_ = nullptr;

  std::uint32_t epoch_ = 0;
  std::vector<std::uint32_t> tested_epoch_, scalar_epoch_;
  std::vector<Tri> tested_;
  std::vector<Value> scalars_;

  [[nodiscard]] bool discounted(Symbol by) const;
  [[nodiscard]] bool used_within(ItemRef item, std::int64_t begin, IdleEvidence& out) const;

  Value item_;
  std::vector<std::uint32_t> discounted_;  // sorted
  ItemRef known_item_;
  std::int64_t known_since_ = kMissingInt;
  std::array<Value, 31> variables_;
  std::deque<std::vector<std::uint32_t>> sets_;      // computed in this frame
  std::unordered_map<std::uint64_t, bool> matched_;  // pattern and symbol
};

}  // namespace rescind
