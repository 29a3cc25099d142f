// What the C++ engines of the benchmark share: options, checksum, quantiles and the JSON line. The
// protocol and the checksum are those of protocol.mjs.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <string>
#include <vector>

#include <sys/resource.h>

namespace bench {

// Time that the whole process, all of its threads, spent on processors: what one core would need.
// On an idle machine this is the time on the wall; on a busy one it still compares.
struct Clock {
  using duration = std::chrono::nanoseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<Clock>;
  static constexpr bool is_steady = true;

  static time_point now() {
    timespec spent{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &spent);
    return time_point(std::chrono::seconds(spent.tv_sec) + duration(spent.tv_nsec));
  }
};

inline double seconds(Clock::time_point from, Clock::time_point to) {
  return std::chrono::duration<double>(to - from).count();
}

[[noreturn]] inline void die(const std::string& what) {
  std::fprintf(stderr, "bench: %s\n", what.c_str());
  std::exit(1);
}

struct Options {
  std::string data;             // folder of the generated workload
  std::string workload = "w1";  // w1 or w2
  std::string variant;          // limit: naive or hoist
  std::string source;           // clips: the translated rules
  int rules = 50;
  std::size_t limit = 0;  // identities; 0: all
  int passes = 5;
};

inline Options parse_options(int count, char** arguments) {
  Options options;
  for (int i = 1; i + 1 < count; i += 2) {
    const std::string name = arguments[i];
    const char* value = arguments[i + 1];
    if (name == "--data") {
      options.data = value;
    } else if (name == "--workload") {
      options.workload = value;
    } else if (name == "--variant") {
      options.variant = value;
    } else if (name == "--source") {
      options.source = value;
    } else if (name == "--rules") {
      options.rules = std::atoi(value);
    } else if (name == "--limit") {
      options.limit = std::strtoull(value, nullptr, 10);
    } else if (name == "--passes") {
      options.passes = std::atoi(value);
    } else {
      die("no such option: " + name);
    }
  }
  return options;
}

// FNV-1a over each item's matching rules and its winner, items in the order of the workload.
class Checksum {
 public:
  // `ids` in rising order; `winner` -1: none.
  template <typename Ids>
  void add(const Ids& ids, int winner) {
    for (const auto id : ids) {
      mix(static_cast<std::uint32_t>(id) + 1U);
    }
    mix(0xFFFFU);
    mix(static_cast<std::uint32_t>(winner + 1));
    ++items_;
    matches_ += ids.size();
  }

  [[nodiscard]] std::string text() const {
    char buffer[9];
    std::snprintf(buffer, sizeof buffer, "%08x", hash_);
    return buffer;
  }

  [[nodiscard]] std::size_t items() const { return items_; }

  [[nodiscard]] std::size_t matches() const { return matches_; }

 private:
  void mix(std::uint32_t word) { hash_ = (hash_ ^ word) * 16777619U; }

  std::uint32_t hash_ = 2166136261U;
  std::size_t items_ = 0;
  std::size_t matches_ = 0;
};

inline double quantile(std::vector<double> values, double fraction) {
  std::sort(values.begin(), values.end());
  const auto at = static_cast<std::size_t>(fraction * static_cast<double>(values.size()));
  return values[std::min(values.size() - 1, at)];
}

inline double peak_mib() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024.0;
}

// One JSON object on one line of standard output.
class ResultLine {
 public:
  ResultLine& text(const char* name, const std::string& value) {
    return raw(name, "\"" + value + "\"");
  }

  ResultLine& number(const char* name, std::size_t value) {
    return raw(name, std::to_string(value));
  }

  ResultLine& number(const char* name, double value, int digits) {
    char buffer[64];
    std::snprintf(buffer, sizeof buffer, "%.*f", digits, value);
    return raw(name, buffer);
  }

  ResultLine& sum(const Checksum& sum) {
    return number("items", sum.items())
        .number("matches", sum.matches())
        .text("checksum", sum.text());
  }

  // Decisions per second of each pass: median, least, most.
  ResultLine& rates(const std::vector<double>& rates) {
    return number("decisions_per_s", quantile(rates, 0.5), 0)
        .number("least", quantile(rates, 0.0), 0)
        .number("most", quantile(rates, 1.0), 0);
  }

  void print() const { std::printf("{%s}\n", line_.c_str()); }

 private:
  ResultLine& raw(const char* name, const std::string& value) {
    line_ += (line_.empty() ? "\"" : ",\"") + std::string(name) + "\":" + value;
    return *this;
  }

  std::string line_;
};

// The main function of a program that measures on a disk: `--work FOLDER`, which is emptied, filled
// and removed.
inline int run_in_folder(int count, char** arguments, int (*measure)(const std::string& folder)) {
  if (count != 3 || std::string(arguments[1]) != "--work") {
    die("usage: " + std::filesystem::path(arguments[0]).filename().string() + " --work FOLDER");
  }
  const std::string folder = arguments[2];
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  const int code = measure(folder);
  std::filesystem::remove_all(folder);
  return code;
}

}  // namespace bench
