// What is known of values at a place in a condition: the narrowing that `known`, `is` and `and`
// give.
#include "check/facts.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace rescind::checking {
namespace {

using Events = std::vector<std::uint32_t>;

Events intersection(const Events& a, const Events& b) {
  Events result;
  std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(result));
  return result;
}

Events union_of(const Events& a, const Events& b) {
  Events result;
  std::set_union(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(result));
  return result;
}

}  // namespace

void Facts::add(Fact fact) {
  for (Fact& held : facts_) {
    if (held.sort == fact.sort && held.key == fact.key) {
      held.kinds = held.kinds & fact.kinds;
      held.events = intersection(held.events, fact.events);
      return;
    }
  }
  facts_.push_back(std::move(fact));
}

void Facts::add_all(const Facts& other) {
  for (const Fact& fact : other.facts_) {
    add(fact);
  }
}

void Facts::keep_common(const Facts& other) {
  std::vector<Fact> common;
  for (Fact& fact : facts_) {
    for (const Fact& theirs : other.facts_) {
      if (fact.sort == theirs.sort && fact.key == theirs.key) {
        fact.kinds = fact.kinds | theirs.kinds;
        fact.events = union_of(fact.events, theirs.events);
        common.push_back(std::move(fact));
        break;
      }
    }
  }
  facts_ = std::move(common);
}

bool Assumptions::is_known(std::string_view key) const {
  return !key.empty() && std::any_of(facts_.begin(), facts_.end(), [key](const Fact& fact) {
    return fact.sort == FactSort::Known && fact.key == key;
  });
}

KindSet Assumptions::narrow_kinds(std::string_view key, KindSet kinds) const {
  if (key.empty()) {
    return kinds;
  }
  for (const Fact& fact : facts_) {
    if (fact.sort == FactSort::Kinds && fact.key == key) {
      kinds = kinds & fact.kinds;
    }
  }
  return kinds;
}

Events Assumptions::narrow_events(Events events) const {
  for (const Fact& fact : facts_) {
    if (fact.sort == FactSort::Events) {
      events = intersection(events, fact.events);
    }
  }
  return events;
}

}  // namespace rescind::checking
