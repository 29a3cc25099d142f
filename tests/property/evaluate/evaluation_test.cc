// The evaluator against the plain reading of the language, over random policies and inventories.
#include <algorithm>
#include <set>

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include "collect/collect_inventory.h"
#include "tests/property/evaluate/random_world.h"
#include "tests/property/evaluate/reference.h"
#include "tests/unit/evaluate/world.h"

namespace rescind::testing {
namespace {

std::string join_lines(const std::vector<std::string>& records) {
  std::string text;
  for (const std::string& record : records) {
    text += record + "\n";
  }
  return text;
}

Cause cause_of(const World& world, RandomWorld& random, const std::string& subject) {
  Cause cause;
  cause.event = make_event(random.event_type(), subject);
  cause.effective = cause.event.at;
  cause.arrived = cause.event.at;
  cause.type = static_cast<std::uint32_t>(*world.policy->schema->find_event(cause.event.type));
  cause.subject = world.inventory->find_identity(subject);
  if (cause.event.type != "leaver") {
    cause.event.attributes["urgency"] = std::int64_t{random.below(4)};
  }
  if (cause.event.type != "leaver" && random.below(2) == 0) {
    cause.event.attributes["label"] = std::string(random.below(2) == 0 ? "red" : "odd");
  }
  return cause;
}

char letter(Truth truth) {
  return truth == Truth::True ? 'T' : truth == Truth::Unknown ? 'U' : 'F';
}

// Item and clause with the answer, for every pair that is not plainly false.
std::set<std::string> by_reference(const World& world, const Cause& cause, Instant now) {
  Reference reference(*world.policy, *world.inventory, now);
  std::set<std::string> all;
  for (const ItemRef item : reference.scope(cause.subject)) {
    for (std::size_t c = 0; c < world.policy->clauses.size(); ++c) {
      const CheckedClause& clause = world.policy->clauses[c];
      const Truth truth = reference.reaches(cause, world.policy->rules[clause.rule], clause, item);
      if (truth != Truth::False) {
        all.insert(std::string(world.inventory->id(item)) + " " + std::to_string(c) +
                   letter(truth));
      }
    }
  }
  return all;
}

std::set<std::string> by_evaluator(const World& world, const Workspace& work) {
  std::set<std::string> all;
  for (std::size_t i = 0; i < work.items().size(); ++i) {
    for (const Hit hit : work.hits(i)) {
      all.insert(std::string(world.inventory->id(work.items()[i])) + " " +
                 std::to_string(hit.clause().value) + (hit.unknown() ? 'U' : 'T'));
    }
  }
  return all;
}

TEST_CASE("evaluate: every clause reaches exactly the items that the plain reading says") {
  const bool held = rc::check([] {
    const auto seed = *rc::gen::arbitrary<std::uint32_t>();
    RandomWorld random(seed);
    const std::string policy = random.policy();
    const World world = make_world(policy, join_lines(random.records()));
    const Instant now = instant("2026-01-05T18:00:00Z");
    EvaluatorOptions options;
    options.now = now;
    Evaluator evaluator(world.program, world.inventory, options);
    Workspace work(evaluator);
    for (const std::string& subject : random.subjects()) {
      const Cause cause = cause_of(world, random, subject);
      evaluator.decide(*evaluator.bind(cause), work);
      const auto expected = by_reference(world, cause, now);
      const auto found = by_evaluator(world, work);
      if (expected != found) {
        std::string difference;
        for (const std::string& line : expected) {
          difference += found.contains(line) ? "" : "expected " + line + "\n";
        }
        for (const std::string& line : found) {
          difference += expected.contains(line) ? "" : "found " + line + "\n";
        }
        RC_LOG(policy + "\nsubject " + subject + " event " + cause.event.type + "\n" + difference);
      }
      RC_ASSERT(found == expected);
    }
  });
  CHECK(held);
}

TEST_CASE("evaluate: the order of records and events and the number of threads never show") {
  const bool held = rc::check([] {
    const auto seed = *rc::gen::arbitrary<std::uint32_t>();
    RandomWorld random(seed);
    const std::string policy = random.policy() + random.standing_declarations();
    std::vector<std::string> records = random.records();
    std::vector<Event> events;
    for (const std::string& subject : random.subjects()) {
      events.push_back(make_event(random.below(2) == 0 ? "mover" : "leaver", subject));
      events.push_back(make_event("reconcile", subject));
    }
    const World world = make_world(policy, join_lines(records));
    const std::string once = dump(evaluate(world, events, 1));
    std::mt19937 shuffler(seed);
    std::shuffle(records.begin(), records.end(), shuffler);
    std::shuffle(events.begin(), events.end(), shuffler);
    const World other = make_world(policy, join_lines(records));
    RC_ASSERT(dump(evaluate(other, events, 1)) == once);
    RC_ASSERT(dump(evaluate(other, events, 4)) == once);
  });
  CHECK(held);
}

}  // namespace
}  // namespace rescind::testing
