// A policy and an inventory from text, compiled and ready to be evaluated; for tests.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "evaluate/evaluate.h"

namespace rescind::testing {

struct World {
  std::shared_ptr<const CheckedPolicy> policy;
  std::shared_ptr<const Program> program;
  std::shared_ptr<const Inventory> inventory;
};

// Fails the test case when the policy has errors. `records`: JSON Lines.
World make_world(const std::string& policy, std::string_view records);
// Null when the policy has errors; these are then in `problems`.
std::shared_ptr<const CheckedPolicy> check_text(const std::string& policy, std::string& problems);

Event make_event(std::string type, std::string subject,
                 std::string_view at = "2026-01-05T17:00:00Z");
Instant instant(std::string_view text);

Decisions evaluate(const World& world, const std::vector<Event>& events, unsigned threads = 1);

// One line for each match: "CAUSE-TYPE/SUBJECT ITEM VERB", with " ?" when it is not certain.
std::vector<std::string> lines(const Decisions& decisions);
// Everything that a decision says, as text.
std::string dump(const Decisions& decisions);

// The three-valued outcome of a condition over the account `a` of `alice`: "true", "false",
// "unknown". It stands in the `where` of a clause; the event is a leaver of alice.
std::string outcome(const std::string& schema, const std::string& condition,
                    std::string_view records);

}  // namespace rescind::testing
