// Rescind in the process: the policy is checked and compiled, inventory and events are loaded, each
// event is bound to the program, and then every (event, subject) pair is decided, on one thread.
#include <cstdlib>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <simdjson.h>

#include "bench/engines/measure.h"
#include "bench/engines/rescind_input.h"
#include "compile/compile.h"
#include "evaluate/evaluator.h"

namespace bench {
namespace {

using rescind::BoundCause;
using rescind::Evaluator;
using rescind::Hit;
using rescind::Inventory;
using rescind::ItemRef;
using rescind::Program;
using rescind::Workspace;

// What the workload calls the rule of a clause, and how strong that rule is.
struct RuleOfClause {
  int id = 0;
  int strength = 0;
};

std::vector<RuleOfClause> rules_of_clauses(const rescind::CheckedPolicy& policy,
                                           const std::string& rules_file) {
  std::vector<int> strengths;
  simdjson::dom::parser parser;
  for (const simdjson::dom::element rule : parser.load(rules_file).get_array()) {
    strengths.push_back(static_cast<int>(std::int64_t(rule["strength"])));
  }
  std::vector<RuleOfClause> rules;
  for (const rescind::CheckedClause& clause : policy.clauses) {
    const int id = std::stoi(policy.rules[clause.rule].declared.name.substr(1));  // "r17"
    rules.push_back({.id = id, .strength = strengths.at(static_cast<std::size_t>(id))});
  }
  return rules;
}

// The answer for one subject is the workspace's hits per item; the winner among them, -1 for none,
// is found here as the protocol asks for it.
void decide(const Evaluator& evaluator, const BoundCause& cause,
            const std::vector<RuleOfClause>& rules, Workspace& work, std::vector<int>& winners) {
  evaluator.decide(cause, work);
  const std::size_t items = work.items().size();
  winners.resize(items);
  for (std::size_t item = 0; item < items; ++item) {
    RuleOfClause best{.id = -1, .strength = -1};
    for (const Hit hit : work.hits(item)) {
      const RuleOfClause rule = rules[hit.clause().index()];
      if (rule.strength > best.strength || (rule.strength == best.strength && rule.id < best.id)) {
        best = rule;
      }
    }
    winners[item] = best.id;
  }
}

// Items come by kind and row; the workload counts them as they stand in the request: "a17_3" is the
// fourth item of identity 17.
std::size_t place_in_request(const Inventory& inventory, ItemRef item) {
  const std::string id{inventory.id(item)};
  return static_cast<std::size_t>(std::stoul(id.substr(id.find('_') + 1)));
}

void check(const Workspace& work, const std::vector<int>& winners,
           const std::vector<RuleOfClause>& rules, const Inventory& inventory, Checksum& sum) {
  const auto items = work.items();
  std::vector<std::size_t> at(items.size());
  for (std::size_t i = 0; i < items.size(); ++i) {
    at.at(place_in_request(inventory, items[i])) = i;
  }
  std::vector<int> ids;
  for (const std::size_t i : at) {
    ids.clear();
    for (const Hit hit : work.hits(i)) {
      if (hit.unknown()) {
        die("rescind: an answer is unknown");
      }
      ids.push_back(rules[hit.clause().index()].id);
    }
    std::sort(ids.begin(), ids.end());
    sum.add(ids, winners[i]);
  }
}

struct Loaded {
  std::shared_ptr<const Program> program;
  std::shared_ptr<const Inventory> inventory;
  std::unique_ptr<Evaluator> evaluator;
  std::vector<std::shared_ptr<const BoundCause>> causes;
  double compile_s = 0;  // policy text to program
  double load_s = 0;     // inventory and events from their files
  double bind_s = 0;     // program and events to the inventory
};

Loaded load(const Options& options) {
  Loaded loaded;
  const auto start = Clock::now();
  const std::string name = "policy-" + std::to_string(options.rules) + ".rescind";
  const Policy policy = check_policy_files({{name, read_text(options.data + "/" + name)}});
  loaded.program = rescind::compile_policy(policy.checked);
  const auto compiled = Clock::now();
  const std::string prefix = options.data + "/" + options.workload;
  loaded.inventory = load_inventory(prefix + ".inventory.jsonl", policy.checked->schema, false);
  const auto events = load_events(prefix + ".events.jsonl", options.limit);
  const auto read = Clock::now();
  loaded.evaluator =
      std::make_unique<Evaluator>(loaded.program, loaded.inventory, rescind::EvaluatorOptions{});
  for (const rescind::Event& event : events) {
    loaded.causes.push_back(loaded.evaluator->bind(cause_of(event, *loaded.inventory)));
  }
  loaded.compile_s = seconds(start, compiled);
  loaded.load_s = seconds(compiled, read);
  loaded.bind_s = seconds(read, Clock::now());
  return loaded;
}

// Seconds for deciding everything once.
double time_pass(const Loaded& loaded, const std::vector<RuleOfClause>& rules, int repeats,
                 std::size_t expected) {
  Workspace work(*loaded.evaluator);
  std::vector<int> winners;
  std::size_t matches = 0;
  const auto start = Clock::now();
  for (int i = 0; i < repeats; ++i) {
    for (const auto& cause : loaded.causes) {
      decide(*loaded.evaluator, *cause, rules, work, winners);
      matches += work.all_hits().size();
    }
  }
  const double taken = seconds(start, Clock::now()) / repeats;
  if (matches != expected * static_cast<std::size_t>(repeats)) {
    die("rescind: a pass gave other answers");
  }
  return taken;
}

int run(const Options& options) {
  const Loaded loaded = load(options);
  const std::vector<RuleOfClause> rules = rules_of_clauses(
      *loaded.program->policy, options.data + "/rules-" + std::to_string(options.rules) + ".json");
  Checksum sum;
  {
    Workspace work(*loaded.evaluator);
    std::vector<int> winners;
    for (const auto& cause : loaded.causes) {
      decide(*loaded.evaluator, *cause, rules, work, winners);
      check(work, winners, rules, *loaded.inventory, sum);
    }
  }
  std::vector<double> times;
  std::vector<double> rates;
  for (int pass = 0; pass < options.passes; ++pass) {
    times.push_back(time_pass(loaded, rules, options.workload == "w1" ? 10 : 1, sum.matches()));
    rates.push_back(static_cast<double>(sum.items()) / times.back());
  }
  ResultLine()
      .text("engine", "rescind")
      .text("version", "0.1.0")
      .text("workload", options.workload)
      .number("rules", static_cast<std::size_t>(options.rules))
      .number("identities", loaded.causes.size())
      .sum(sum)
      .rates(rates)
      .number("compile_s", loaded.compile_s, 4)
      .number("load_s", loaded.load_s, 4)
      .number("bind_s", loaded.bind_s, 4)
      .number("eval_s", quantile(times, 0.5), 6)
      .number("peak_mib", peak_mib(), 1)
      .print();
  return 0;
}

}  // namespace
}  // namespace bench

int main(int count, char** arguments) {
  return bench::run(bench::parse_options(count, arguments));
}
