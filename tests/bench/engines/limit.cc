// The limit: the rules written in C++ by hand (so to speak), compiled for this machine. Not an
// engine, but how fast one can get. --variant naive asks every rule about every item, with short
// circuits; hoist takes the rules of the event's type, asks the identity's part once, and the rest
// column by column.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "bench/engines/limit_data.h"
#include "bench/engines/measure.h"

namespace bench::limit {
namespace {

#include "limit_rules.inc"

// The answer for one identity: ids of its item k are ids[offsets[k]] .. ids[offsets[k + 1]].
struct Answer {
  std::vector<std::uint16_t> ids;
  std::vector<std::uint32_t> offsets;
  std::vector<int> winners;  // -1: none

  void clear() {
    ids.clear();
    offsets.clear();
    winners.clear();
  }

  void begin_item() {
    offsets.push_back(static_cast<std::uint32_t>(ids.size()));
    winners.push_back(-1);
  }

  void add(int rule) {
    ids.push_back(static_cast<std::uint16_t>(rule));
    int& winner = winners.back();
    if (winner < 0 || kStrength[rule] > kStrength[winner]) {
      winner = rule;
    }
  }

  void end() { offsets.push_back(static_cast<std::uint32_t>(ids.size())); }
};

void decide_naive(const Data& data, std::size_t n, Answer& answer) {
  answer.clear();
  for (std::size_t k = data.first[n]; k < data.first[n + 1]; ++k) {
    answer.begin_item();
    naive_all(data.events[n], data.identities[n], data.items, k,
              [&](int rule) { answer.add(rule); });
  }
  answer.end();
}

void decide_hoist(const Data& data, std::size_t n, Answer& answer) {
  static std::vector<std::uint8_t> matrix;  // rule by item
  static std::vector<std::uint16_t> candidates;
  const std::size_t begin = data.first[n];
  const std::size_t count = data.first[n + 1] - begin;
  const Event& event = data.events[n];
  const Identity& identity = data.identities[n];
  answer.clear();
  candidates.clear();
  const std::uint16_t* bucket = kBuckets[event.type];
  for (std::size_t q = 0; q < kBucketSizes[event.type]; ++q) {
    if (kHoisted[bucket[q]](event, identity)) {
      candidates.push_back(bucket[q]);
    }
  }
  matrix.resize(candidates.size() * count + 64);
  for (std::size_t q = 0; q < candidates.size(); ++q) {
    kOwn[candidates[q]](event, identity, data.items, begin, begin + count, &matrix[q * count]);
  }
  for (std::size_t k = 0; k < count; ++k) {
    answer.begin_item();
    for (std::size_t q = 0; q < candidates.size(); ++q) {
      if (matrix[q * count + k] != 0) {
        answer.add(candidates[q]);
      }
    }
  }
  answer.end();
}

using Decide = void (*)(const Data&, std::size_t, Answer&);

Checksum check(const Data& data, Decide decide) {
  Checksum sum;
  Answer answer;
  std::vector<std::uint16_t> ids;
  for (std::size_t n = 0; n < data.identities.size(); ++n) {
    decide(data, n, answer);
    for (std::size_t k = 0; k + 1 < answer.offsets.size(); ++k) {
      ids.assign(answer.ids.begin() + answer.offsets[k],
                 answer.ids.begin() + answer.offsets[k + 1]);
      sum.add(ids, answer.winners[k]);
    }
  }
  return sum;
}

// Seconds that deciding everything once takes; `repeats` passes are timed as one (short workloads).
double time_pass(const Data& data, Decide decide, int repeats, std::size_t expected) {
  Answer answer;
  std::size_t matches = 0;
  const auto start = Clock::now();
  for (int i = 0; i < repeats; ++i) {
    for (std::size_t n = 0; n < data.identities.size(); ++n) {
      decide(data, n, answer);
      matches += answer.ids.size();
    }
  }
  const double taken = seconds(start, Clock::now()) / repeats;
  if (matches != expected * static_cast<std::size_t>(repeats)) {
    die("limit: a pass gave other answers");
  }
  return taken;
}

int run(const Options& options) {
  if (options.variant != "naive" && options.variant != "hoist") {
    die("limit: --variant naive or hoist");
  }
  if (options.rules != kRules) {
    die("limit: built for " + std::to_string(kRules) + " rules");
  }
  const Decide decide = options.variant == "naive" ? decide_naive : decide_hoist;
  const auto start = Clock::now();
  const Data data = load(options.data, options.workload, options.limit);
  const double load_s = seconds(start, Clock::now());
  const Checksum sum = check(data, decide);
  std::vector<double> times;
  std::vector<double> rates;
  for (int pass = 0; pass < options.passes; ++pass) {
    const double taken = time_pass(data, decide, options.workload == "w1" ? 10 : 1, sum.matches());
    times.push_back(taken);
    rates.push_back(static_cast<double>(sum.items()) / taken);
  }
  ResultLine()
      .text("engine", "limit-" + options.variant)
      .text("version", "g++ " __VERSION__ " -O3 -march=native")
      .text("workload", options.workload)
      .number("rules", static_cast<std::size_t>(options.rules))
      .number("identities", data.identities.size())
      .sum(sum)
      .rates(rates)
      .number("load_s", load_s, 4)
      .number("eval_s", quantile(times, 0.5), 6)
      .number("peak_mib", peak_mib(), 1)
      .print();
  return 0;
}

}  // namespace
}  // namespace bench::limit

int main(int count, char** arguments) {
  return bench::limit::run(bench::parse_options(count, arguments));
}
