// From reported events to the causes of a decision: what is superseded drops out, and what follows
// (owners and knowers that leave, `derive` rules, conflicts) is added until nothing new comes.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "evaluate/interpreter.h"
#include "evaluate/scope.h"
#include "model/decision.h"

namespace rescind {

// Fills what the cause is about; nothing where the inventory does not have it.
void resolve_target(const Inventory& inventory, const Schema& schema, Cause& cause,
                    std::string_view id);

class CauseFinder {
 public:
  // Binds events while it works: nobody else may use `evaluator` meanwhile.
  CauseFinder(Evaluator& evaluator, Decisions& decisions);

  // Fills causes, and what it finds out on the way of undetermined and notes.
  void find(const std::vector<Event>& events);

  // Identities whose engagement an open cause ends.
  [[nodiscard]] bool leaves(IdentityRef identity) const { return leaving_.contains(identity.cell); }

 private:
  void report(const std::vector<Event>& events);
  // Drops the departures that an event which is in effect has ended.
  void close_departures(std::vector<const Event*>& standing);
  void add_reported(const Event& event);
  // Adds a derived cause unless the same was derived from the same reported event before.
  void derive(std::uint32_t parent, std::uint32_t type, std::string_view target,
              std::string derived_by, std::string distinct_by = {});

  void follow(std::size_t first);  // what causes from number `first` on entail
  void follow_rules(std::uint32_t cause);
  void derive_identities(std::uint32_t cause, std::size_t rule);
  void derive_items(std::uint32_t cause, std::size_t rule);
  void undecided(Tri tri, const CheckedDerive& derive, ItemRef item, IdentityRef identity);
  void follow_knowers(std::size_t first, std::size_t last);
  void follow_owners(std::size_t first, std::size_t last);
  void find_conflicts(std::uint32_t cause);
  [[nodiscard]] bool is_live_owner(std::uint32_t symbol) const;
  [[nodiscard]] std::optional<std::uint32_t> latest_departure(
      std::span<const std::uint32_t> owners) const;
  [[nodiscard]] std::uint32_t root_of(std::uint32_t cause) const;
  [[nodiscard]] const EventType& type_of(const Cause& cause) const;

  Evaluator& evaluator_;
  const Bound& bound_;
  const Inventory& inventory_;
  const Schema& schema_;
  Decisions& decisions_;
  std::vector<Cause>& causes_;
  Interpreter interpreter_;
  Scope scope_;
  std::set<std::tuple<std::uint32_t, std::string, std::string>> seen_;  // type, target, distinction
  std::unordered_map<std::uint32_t, std::uint32_t> leaving_;  // identity cell → leaver-type cause
  std::unordered_map<std::uint32_t, std::uint32_t> left_;     // identity cell → owner_left cause
};

}  // namespace rescind
