// What a worker knows of the systems themselves: failures in a row, circuit breakers, rates. One
// book serves every run that is worked with it, so that a dead system is found dead once and not
// once per run.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace rescind {

struct ExecuteOptions;

struct SystemHealth {
  using Milliseconds = std::chrono::milliseconds;  // of the monotonic clock

  std::uint32_t failures = 0;                 // in a row
  std::uint32_t openings = 0;                 // of the breaker, in a row
  std::optional<Milliseconds> failing_since;  // of those in a row that this working has seen
  std::optional<Milliseconds> quiet_until;    // the breaker is open or the system asked for it
  std::optional<Milliseconds> next_at;        // its rate lets nothing start before
  bool closed = false;                        // not asked again before
  Milliseconds closed_until{0};
  std::string why;
};

// Used by one thread at a time.
class SystemBook {
 public:
  // Stays where it is for as long as the book lives.
  SystemHealth& of(const std::string& system) { return systems_[system]; }

  // Runs begin to be worked: systems that were left alone for long enough are tried once more, with
  // one action at a time.
  void begin(const ExecuteOptions& options, std::chrono::milliseconds monotonic);
  // The same while they are worked.
  void reopen(const ExecuteOptions& options, std::chrono::milliseconds monotonic);
  // The system asked to be left alone for so long. However long that is: it is tried again as soon
  // as one that was closed.
  void quiet(const std::string& system, std::chrono::milliseconds wait,
             const ExecuteOptions& options, std::chrono::milliseconds monotonic);
  // What an action came to.
  void note_good(const std::string& system);
  void note_bad(const std::string& system, const std::string& why, const ExecuteOptions& options,
                std::chrono::milliseconds monotonic);
  void close(const std::string& system, const std::string& why, const ExecuteOptions& options,
             std::chrono::milliseconds monotonic);

 private:
  std::map<std::string, SystemHealth> systems_;
};

namespace execute {

// A growing delay, scattered by the caller's randomness.
std::chrono::milliseconds back_off(const ExecuteOptions& options, std::uint32_t tries);

}  // namespace execute
}  // namespace rescind
