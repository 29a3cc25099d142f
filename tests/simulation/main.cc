// rescind_simulation: plays seeds and says which of them break an invariant.
//   rescind_simulation --seeds N --from S [--jobs J] [--verbose SEED] [--quiet]
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <map>
#include <string>
#include <vector>

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "drive.h"
#include "tally.h"

namespace rescind::simulation {
namespace {

struct Arguments {
  std::uint64_t seeds = 300, from = 1, jobs = 1;
  std::optional<std::uint64_t> verbose;
  bool quiet = false;
};

std::string describe(std::uint64_t seed, const Violation& violation) {
  return "seed " + std::to_string(seed) + ": invariant " + violation.invariant + "\n  at " +
         format_instant(violation.at) + (violation.item.empty() ? "" : ", " + violation.item) +
         ": " + violation.what + "\n";
}

// Without crashes, faults and attackers a killed run must come to the same end as one that is not.
std::vector<Violation> compare_with_unkilled(const Trace& killed) {
  const Scenario& scenario = killed.scenario;
  if (killed.crashes == 0 || scenario.attack_percent > 0 || scenario.push_percent > 0 ||
      !scenario.faults.empty() || !scenario.jumps.empty() ||
      !scenario.undos.empty()) {  // which run is the latest one depends on the kills
    return {};
  }
  const Trace calm = drive(scenario, {.crashes = false, .verbose = false});
  if (calm.estate->describe() == killed.estate->describe()) {
    return {};
  }
  Violation out{"7 killed after any write, the same outcome", killed.clock->now(), "", ""};
  const std::string& one = calm.estate->describe();
  const std::string two = killed.estate->describe();
  const auto [a, b] = std::mismatch(one.begin(), one.end(), two.begin(), two.end());
  const auto line_of = [](const std::string& text, std::string::const_iterator at) {
    const auto offset = static_cast<std::size_t>(at - text.begin());
    const std::size_t begin = text.rfind('\n', offset == 0 ? 0 : offset - 1);
    const std::size_t from = begin == std::string::npos ? 0 : begin + 1;
    return text.substr(from, text.find('\n', from) - from);
  };
  out.what = "without a kill `" + line_of(one, a) + "`, with kills `" + line_of(two, b) + "`";
  return {out};
}

struct SeedResult {
  std::vector<Violation> violations;
  Tally tally;
};

// What the store has in the end.
void print_runs(const Trace& trace) {
  for (const auto& [id, run] : trace.runs) {
    std::cout << format_instant(run.record.opened_at) << "  " << id << " "
              << run_state_name(run.record.state)
              << (run.record.undoes.empty() ? "" : ", undoes " + run.record.undoes);
    for (const std::string& lineage : run.plans.front().event_lineages) {
      std::cout << ", " << lineage;
    }
    for (const std::string& before : run.plans.front().supersedes) {
      std::cout << ", instead of " << before;
    }
    std::cout << '\n';
  }
  for (const auto& [id, forms] : trace.retirements) {
    for (const RetirementRecord& form : forms) {
      std::cout << format_instant(form.entered_at) << "  " << id << " of " << form.item << ": "
                << form.stage << " " << retirement_state_name(form.state) << ", " << form.run
                << '\n';
    }
  }
}

SeedResult play(std::uint64_t seed, bool verbose) {
  const Scenario scenario = make_scenario(seed);
  DriveOptions options;
  if (verbose) {
    std::cout << scenario.policy << '\n' << scenario.records << '\n';
    options.verbose = true;
    options.listen = [](const std::string& line) { std::cout << line << std::endl; };
  }
  const Trace trace = drive(scenario, options);
  SeedResult out{trace.violations, tally_of(trace)};
  const auto differences = compare_with_unkilled(trace);
  out.violations.insert(out.violations.end(), differences.begin(), differences.end());
  if (verbose) {
    print_runs(trace);
    std::cout << "\nin the end\n"
              << trace.estate->describe() << '\n'
              << out.tally.to_words() << '\n';
  }
  return out;
}

// One process plays the seeds from + job, + jobs, …; writes "seed" lines and failures to `out`.
int play_share(const Arguments& arguments, std::uint64_t job, int out) {
  int failed = 0;
  for (std::uint64_t i = job; i < arguments.seeds; i += arguments.jobs) {
    const std::uint64_t seed = arguments.from + i;
    const SeedResult result = play(seed, false);
    std::string text = ".\n";
    for (const Violation& violation : result.violations) {
      text += describe(seed, violation);
    }
    text += result.tally.to_line() + "\n";
    failed += result.violations.empty() ? 0 : 1;
    if (write(out, text.data(), text.size()) < 0) {
      break;
    }
  }
  return failed == 0 ? 0 : 1;
}

class Progress {
 public:
  explicit Progress(const Arguments& arguments) : arguments_(arguments) {}

  void take(std::size_t job, std::string_view bytes) {
    std::string& rest = rest_[job];
    rest += bytes;
    std::size_t end = 0;
    while ((end = rest.find('\n')) != std::string::npos) {
      line(rest.substr(0, end));
      rest.erase(0, end + 1);
    }
  }

  int finish() {
    clear();
    std::cout << done_ << " seeds from " << arguments_.from << ": " << failed_.size()
              << " break an invariant; " << seconds() << " s\n"
              << "played: " << tally_.to_words() << '\n';
    for (const auto& [invariant, seeds] : failed_by_) {
      std::cout << "  " << seeds << "  " << invariant << '\n';
    }
    return failed_.empty() && done_ == arguments_.seeds ? 0 : 1;
  }

 private:
  void line(const std::string& text) {
    if (text == ".") {
      ++done_;
      draw();
    } else if (const auto tally = Tally::of_line(text)) {
      tally_.add(*tally);
    } else {
      if (text.starts_with("seed ")) {
        failed_.insert(text.substr(0, text.find(':')));
        ++failed_by_[text.substr(text.find("invariant ") + 10)];
      }
      if (shown_++ < 60) {
        clear();
        std::cout << text << '\n' << std::flush;
      }
    }
  }

  void draw() const {
    if (arguments_.quiet || isatty(STDERR_FILENO) == 0) {
      return;
    }
    const std::uint64_t share = done_ * 40 / arguments_.seeds;
    std::cerr << "\r[" << std::string(share, '#') << std::string(40 - share, ' ') << "] " << done_
              << "/" << arguments_.seeds << "  " << failed_.size() << " failed" << std::flush;
  }

  void clear() const {
    if (!arguments_.quiet && isatty(STDERR_FILENO) != 0) {
      std::cerr << "\r\033[K";
    }
  }

  [[nodiscard]] std::int64_t seconds() const {
    return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() -
                                                            begun_)
        .count();
  }

  const Arguments& arguments_;
  std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
  std::map<std::size_t, std::string> rest_;
  std::uint64_t done_ = 0, shown_ = 0;
  Tally tally_;
  std::set<std::string> failed_;
  std::map<std::string, std::uint64_t> failed_by_;
};

int play_all(const Arguments& arguments) {
  std::vector<pollfd> pipes;
  std::vector<pid_t> children;
  for (std::uint64_t job = 0; job < arguments.jobs; ++job) {
    int ends[2];
    if (pipe(ends) != 0) {
      return 1;
    }
    const pid_t child = fork();
    if (child == 0) {
      close(ends[0]);
      _exit(play_share(arguments, job, ends[1]));
    }
    close(ends[1]);
    pipes.push_back({ends[0], POLLIN, 0});
    children.push_back(child);
  }
  Progress progress(arguments);
  std::size_t open = pipes.size();
  while (open > 0 && poll(pipes.data(), pipes.size(), -1) >= 0) {
    for (std::size_t i = 0; i < pipes.size(); ++i) {
      if (pipes[i].fd < 0 || (pipes[i].revents & (POLLIN | POLLHUP)) == 0) {
        continue;
      }
      char buffer[4096];
      const ssize_t got = read(pipes[i].fd, buffer, sizeof buffer);
      if (got > 0) {
        progress.take(i, {buffer, static_cast<std::size_t>(got)});
      } else {
        close(pipes[i].fd);
        pipes[i].fd = -1;
        --open;
      }
    }
  }
  for (const pid_t child : children) {
    waitpid(child, nullptr, 0);
  }
  return progress.finish();
}

int usage() {
  std::cerr << "usage: rescind_simulation [--seeds N] [--from S] [--jobs J] [--quiet]\n"
               "       rescind_simulation --verbose SEED\n";
  return 64;
}

int run(const std::vector<std::string>& words) {
  Arguments arguments;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] == "--quiet") {
      arguments.quiet = true;
      continue;
    }
    char* end = nullptr;
    const std::uint64_t value =
        i + 1 < words.size() ? std::strtoull(words[i + 1].c_str(), &end, 10) : 0;
    if (end == nullptr || *end != '\0' || words[i + 1].empty()) {
      return usage();
    }
    if (words[i] == "--seeds") {
      arguments.seeds = value;
    } else if (words[i] == "--from") {
      arguments.from = value;
    } else if (words[i] == "--jobs") {
      arguments.jobs = std::clamp<std::uint64_t>(value, 1, 64);
    } else if (words[i] == "--verbose") {
      arguments.verbose = value;
    } else {
      return usage();
    }
    ++i;
  }
  if (!arguments.verbose) {
    return arguments.seeds == 0 ? usage() : play_all(arguments);
  }
  const SeedResult result = play(*arguments.verbose, true);
  for (const Violation& violation : result.violations) {
    std::cout << describe(*arguments.verbose, violation);
  }
  return result.violations.empty() ? 0 : 1;
}

}  // namespace
}  // namespace rescind::simulation

int main(int count, char** words) {
  return rescind::simulation::run({words + 1, words + count});
}
