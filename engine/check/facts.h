// What is known of values at a place in a condition: the narrowing that `known`, `is` and `and`
// give.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/vocabulary.h"

namespace rescind::checking {

enum class FactSort : std::uint8_t {
  Known,   // the value at `key` is not missing
  Kinds,   // the item at `key` is of one of `kinds`
  Events,  // the event is one of `events`
};

struct Fact {
  FactSort sort = FactSort::Known;
  std::string key;  // path of a value: "subject.manager"; empty for Events
  KindSet kinds;
  std::vector<std::uint32_t> events;  // sorted
};

// A conjunction of facts, at most one of a sort for each key.
class Facts {
 public:
  void add(Fact fact);
  // Both hold.
  void add_all(const Facts& other);
  // One of the two holds, nobody knows which.
  void keep_common(const Facts& other);

  [[nodiscard]] bool empty() const { return facts_.empty(); }

  [[nodiscard]] const std::vector<Fact>& all() const { return facts_; }

 private:
  std::vector<Fact> facts_;
};

// The facts that hold at the place that is being checked; a stack, since they hold for a while
// only.
class Assumptions {
 public:
  [[nodiscard]] std::size_t mark() const { return facts_.size(); }

  void assume(const Facts& facts) {
    facts_.insert(facts_.end(), facts.all().begin(), facts.all().end());
  }

  void forget_to(std::size_t mark) { facts_.resize(mark); }

  [[nodiscard]] bool is_known(std::string_view key) const;
  [[nodiscard]] KindSet narrow_kinds(std::string_view key, KindSet kinds) const;
  [[nodiscard]] std::vector<std::uint32_t> narrow_events(std::vector<std::uint32_t> events) const;

 private:
  std::vector<Fact> facts_;
};

}  // namespace rescind::checking
