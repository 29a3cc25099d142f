// Circuit breakers: a few failures in a row and a system is left alone for a moment, a few moments
// in a row and it is left alone until later.
#include "execute/system_book.h"

#include <algorithm>

#include "execute/execute_plan.h"

namespace rescind {
namespace {

using Milliseconds = std::chrono::milliseconds;

// Wall clocks count whole seconds: what is due at the end of a closure may come so much before it.
constexpr Milliseconds kOneSecond{1000};

}  // namespace

void SystemBook::begin(const ExecuteOptions& options, Milliseconds monotonic) {
  for (auto& [system, health] : systems_) {
    health.failing_since.reset();
  }
  reopen(options, monotonic + kOneSecond);
}

void SystemBook::reopen(const ExecuteOptions& options, Milliseconds monotonic) {
  for (auto& [system, health] : systems_) {
    if (health.closed && health.closed_until <= monotonic) {
      health.closed = false;
      health.failures = 0;
      health.openings = std::max<std::uint32_t>(options.breaker_openings, 1);
      health.failing_since.reset();
      health.quiet_until.reset();
    }
  }
}

void SystemBook::quiet(const std::string& system, Milliseconds wait, const ExecuteOptions& options,
                       Milliseconds monotonic) {
  of(system).quiet_until =
      monotonic + std::clamp<Milliseconds>(wait, Milliseconds(0), options.retry_later);
}

void SystemBook::note_good(const std::string& system) {
  SystemHealth& health = of(system);
  health.failures = 0;
  health.openings = 0;
  health.failing_since.reset();
}

void SystemBook::note_bad(const std::string& system, const std::string& why,
                          const ExecuteOptions& options, Milliseconds monotonic) {
  SystemHealth& health = of(system);
  health.why = why;
  ++health.failures;
  health.failing_since = std::min(health.failing_since.value_or(monotonic), monotonic);
  // Time-outs take time: waiting for them is no less waiting.
  if (monotonic - *health.failing_since >= options.patience && options.patience.count() > 0) {
    close(system, why, options, monotonic);
    return;
  }
  if (health.failures < options.breaker_failures) {
    return;
  }
  health.failures = 0;
  if (++health.openings > options.breaker_openings) {
    close(system, why, options, monotonic);
    return;
  }
  health.quiet_until = monotonic + execute::back_off(options, health.openings);
}

void SystemBook::close(const std::string& system, const std::string& why,
                       const ExecuteOptions& options, Milliseconds monotonic) {
  SystemHealth& health = of(system);
  health.closed = true;
  health.closed_until = monotonic + options.retry_later;
  health.why = why;
}

std::chrono::milliseconds execute::back_off(const ExecuteOptions& options, std::uint32_t tries) {
  Milliseconds delay = options.first_delay;
  for (std::uint32_t i = 1; i < tries && delay < options.max_delay; ++i) {
    delay *= 2;
  }
  delay = std::min(delay, options.max_delay);
  const double factor = 0.5 + options.random();
  return Milliseconds(static_cast<std::int64_t>(static_cast<double>(delay.count()) * factor) + 1);
}

}  // namespace rescind
