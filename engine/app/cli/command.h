// What every subcommand shares: streams, clock, the project it works in, exit codes, and how a
// command joins the program. One file per subcommand implements one add_* function.
#pragma once

#include <functional>
#include <iosfwd>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "diagnostics/diagnostic.h"

namespace CLI {
class App;
}

namespace rescind {

// The exit codes of docs/cli.md.
enum class ExitCode : int {
  Done = 0,
  WorldFailed = 1,  // I/O, network, a step failed
  StepsToTake = 2,  // plan --detailed-exitcode only
  TextWrong = 3,    // somebody's text is wrong; diagnostics were printed
  Blocked = 4,  // the plan is incomplete, blocked, stale or used; inventory records were rejected
  Usage = 64,
};

struct CommandContext {
  std::ostream& out;  // artifacts
  std::ostream& err;  // errors, progress, notes
  Clock& clock;
  bool out_color = false;
  bool err_color = false;
  bool progress = false;  // err is a terminal
  bool quiet = false;
  bool verbose = false;
  std::string project = ".";  // folder with rescind.yaml

  // Prints a failure of the world and gives its exit code.
  ExitCode report(const Error& error) const;
  // Prints diagnostics (text, or JSON when `json`) and gives TextWrong when there is an error, else
  // Done.
  ExitCode report(const Diagnostics& diagnostics, const SourceSet& sources,
                  bool json = false) const;
};

// The action that parsing the command line chose.
using Action = std::function<ExitCode()>;

void add_apply_command(CLI::App& app, CommandContext& context, Action& action);
void add_approve_command(CLI::App& app, CommandContext& context, Action& action);
void add_audit_command(CLI::App& app, CommandContext& context, Action& action);
void add_check_command(CLI::App& app, CommandContext& context, Action& action);
void add_collect_command(CLI::App& app, CommandContext& context, Action& action);
void add_completion_command(CLI::App& app, CommandContext& context, Action& action);
void add_escalations_command(CLI::App& app, CommandContext& context, Action& action);
void add_evaluate_command(CLI::App& app, CommandContext& context, Action& action);
void add_init_command(CLI::App& app, CommandContext& context, Action& action);
void add_keys_command(CLI::App& app, CommandContext& context, Action& action);
void add_plan_command(CLI::App& app, CommandContext& context, Action& action);
void add_report_command(CLI::App& app, CommandContext& context, Action& action);
void add_resume_command(CLI::App& app, CommandContext& context, Action& action);
void add_run_command(CLI::App& app, CommandContext& context, Action& action);
void add_runs_command(CLI::App& app, CommandContext& context, Action& action);
void add_serve_command(CLI::App& app, CommandContext& context, Action& action);
void add_show_command(CLI::App& app, CommandContext& context, Action& action);
void add_simulate_command(CLI::App& app, CommandContext& context, Action& action);
void add_undo_command(CLI::App& app, CommandContext& context, Action& action);

// The whole program but its process: parses `arguments` (without the program's name), runs the
// command.
int run_command_line(const std::vector<std::string>& arguments, CommandContext& context);

}  // namespace rescind
