// The program `rescind` with its clocks so many seconds ahead, so that a test sees weeks pass
// without waiting: all but the clock and the first argument is what engine/app/cli/main.cc does.
//
//   rescind-later SECONDS ARGUMENT...
#include <charconv>
#include <cstring>
#include <iostream>

#include "app/cli/command.h"

namespace {

class LaterClock final : public rescind::Clock {
 public:
  explicit LaterClock(rescind::Seconds ahead) : ahead_(ahead) {}

  [[nodiscard]] rescind::Instant now() const override { return system_.now() + ahead_; }

  // Ahead as well: a clock that jumps while nobody waited would stop what destroys.
  [[nodiscard]] std::chrono::milliseconds monotonic() const override {
    return system_.monotonic() + ahead_;
  }

  void sleep_for(std::chrono::milliseconds duration) override { system_.sleep_for(duration); }

 private:
  rescind::SystemClock system_;
  rescind::Seconds ahead_;
};

}  // namespace

int main(int argc, char** argv) {
  std::int64_t seconds = 0;
  const char* end = argc < 2 ? nullptr : argv[1] + std::strlen(argv[1]);
  if (end == nullptr || std::from_chars(argv[1], end, seconds).ptr != end) {
    std::cerr << "usage: rescind-later SECONDS ARGUMENT...\n";
    return static_cast<int>(rescind::ExitCode::Usage);
  }
  LaterClock clock{rescind::Seconds(seconds)};
  rescind::CommandContext context{.out = std::cout, .err = std::cerr, .clock = clock};
  return rescind::run_command_line({argv + 2, argv + argc}, context);
}
