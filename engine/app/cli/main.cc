// The program `rescind`: hands the process's streams, clock and arguments to the command line.
#include <cstdlib>
#include <exception>
#include <iostream>

#include <sys/stat.h>
#include <unistd.h>

#include "app/cli/command.h"
#include "base/printable.h"

int main(int argc, char** argv) {
  // Stores, plans, packs and exports say who has access to what: only their owner reads them.
  umask(077);
  const bool plain = std::getenv("NO_COLOR") != nullptr;
  rescind::SystemClock clock;
  const bool out_terminal = isatty(STDOUT_FILENO) == 1;
  const bool err_terminal = isatty(STDERR_FILENO) == 1;
  // Whatever a command prints passes here: nothing that was read anywhere can steer a terminal.
  rescind::TerminalStream out(std::cout, out_terminal);
  rescind::TerminalStream err(std::cerr, err_terminal);
  rescind::CommandContext context{.out = out, .err = err, .clock = clock};
  context.out_color = !plain && out_terminal;
  context.err_color = !plain && err_terminal;
  context.progress = err_terminal;
  try {
    const int code = rescind::run_command_line({argv + 1, argv + argc}, context);
    out.flush();
    if (!out || !std::cout) {
      std::cerr << "error: standard output took only a part of what was written\n";
      return static_cast<int>(rescind::ExitCode::WorldFailed);
    }
    return code;
  } catch (const std::exception& error) {
    std::cerr << "error: out of resources: " << error.what() << '\n';
    return static_cast<int>(rescind::ExitCode::WorldFailed);
  }
}
