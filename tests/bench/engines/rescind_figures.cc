// Figures of Rescind alone, as one JSON line: checking 1,000 rules, memory for the 1 million items
// of W2, and the plan of one leaver among them. --source: the shipped leaver pack.
#include <cstdlib>
#include <string>
#include <vector>

#include "bench/engines/measure.h"
#include "bench/engines/rescind_input.h"
#include "compile/compile.h"
#include "evaluate/evaluate.h"
#include "plan/build.h"

namespace bench {
namespace {

// Milliseconds of the stages parse and check; the first time of a process is reported by itself.
struct CheckTime {
  double first_ms = 0;
  double median_ms = 0;
};

CheckTime time_check(const std::string& folder) {
  const std::string name = "policy-1000.rescind";
  const std::string text = read_text(folder + "/" + name);
  std::vector<double> times;
  for (int i = 0; i < 7; ++i) {
    const Policy policy = check_policy_files({{name, text}});
    times.push_back((policy.parse_s + policy.check_s) * 1e3);
  }
  return {.first_ms = times.front(), .median_ms = quantile(times, 0.5)};
}

// Milliseconds from an event to its plan, the inventory being loaded: median over several people.
double time_plan(const std::shared_ptr<const rescind::Program>& program,
                 const std::shared_ptr<const rescind::Inventory>& inventory) {
  std::vector<double> times;
  for (int person = 5000; person < 100000; person += 5000) {
    rescind::Event event;
    event.type = "leaver";
    event.subject = "u" + std::to_string(person);
    event.at = *rescind::parse_instant("2026-06-01T12:00:00Z");
    const auto start = Clock::now();
    const rescind::Plan plan =
        rescind::build_plan(rescind::evaluate_program(program, inventory, {event}, event.at), {});
    times.push_back(seconds(start, Clock::now()) * 1e3);
    if (plan.steps.size() < 10) {
      die("figures: the plan of " + event.subject + " is too short to mean anything");
    }
  }
  return quantile(times, 0.5);
}

int run(const Options& options) {
  const CheckTime check = time_check(options.data);
  const Policy policy =
      check_policy_files({{"leaver.rescind", read_text(options.source)},
                          {"bench.rescind", read_text(options.data + "/policy-leaver.rescind")}});
  const auto start = Clock::now();
  const auto inventory =
      load_inventory(options.data + "/w2.inventory.jsonl", policy.checked->schema, true);
  const double load_s = seconds(start, Clock::now());
  const auto items = static_cast<double>(inventory->item_count());
  const double plan_ms = time_plan(rescind::compile_policy(policy.checked), inventory);
  ResultLine()
      .number("items", inventory->item_count())
      .number("load_with_digest_s", load_s, 3)
      .number("bytes_per_item", static_cast<double>(inventory->memory_bytes()) / items, 1)
      .number("plan_ms", plan_ms, 3)
      .number("check_first_ms", check.first_ms, 1)
      .number("check_ms", check.median_ms, 1)
      .number("peak_mib", peak_mib(), 1)
      .print();
  return 0;
}

}  // namespace
}  // namespace bench

int main(int count, char** arguments) {
  return bench::run(bench::parse_options(count, arguments));
}
