// The clock as a parameter: production reads the system, tests and simulation set it.
#pragma once

#include <chrono>

#include "base/time.h"

namespace rescind {

// Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual Instant now() const = 0;
  // A steady reading for measuring time-outs and latency; only differences mean anything.
  [[nodiscard]] virtual std::chrono::milliseconds monotonic() const = 0;
  // Waits for that long (a simulated clock moves instead).
  virtual void sleep_for(std::chrono::milliseconds duration) = 0;
};

class SystemClock final : public Clock {
 public:
  [[nodiscard]] Instant now() const override;
  [[nodiscard]] std::chrono::milliseconds monotonic() const override;
  void sleep_for(std::chrono::milliseconds duration) override;
};

}  // namespace rescind
