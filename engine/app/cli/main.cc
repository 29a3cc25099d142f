// The program `rescind`: hands the process's streams, clock and arguments to the command line.
#include <cstdlib>
#include <exception>
#include <iostream>

#include <unistd.h>

#include "app/cli/command.h"

int main(int argc, char** argv) {
  const bool plain = std::getenv("NO_COLOR") != nullptr;
  rescind::SystemClock clock;
  rescind::CommandContext context{.out = std::cout, .err = std::cerr, .clock = clock};
  context.out_color = !plain && isatty(STDOUT_FILENO) == 1;
  context.err_color = !plain && isatty(STDERR_FILENO) == 1;
  context.progress = isatty(STDERR_FILENO) == 1;
  try {
    const int code = rescind::run_command_line({argv + 1, argv + argc}, context);
    std::cout.flush();
    if (!std::cout) {
      std::cerr << "error: standard output took only a part of what was written\n";
      return static_cast<int>(rescind::ExitCode::WorldFailed);
    }
    return code;
  } catch (const std::exception& error) {
    std::cerr << "error: out of resources: " << error.what() << '\n';
    return static_cast<int>(rescind::ExitCode::WorldFailed);
  }
}
