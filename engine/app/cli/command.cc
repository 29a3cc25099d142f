// The frame of the command line: global options, dispatch, and how errors are printed.
#include "app/cli/command.h"

#include <filesystem>
#include <ostream>

#include <CLI/CLI.hpp>

#include "base/printable.h"

namespace rescind {

ExitCode CommandContext::report(const Error& error) const {
  painted(err) << (err_color ? "\x1b[1;31merror\x1b[0m: " : "error: ");
  err << printable(error.to_string()) << '\n';
  return error.kind() == ErrorKind::Conflict || error.kind() == ErrorKind::Corrupt
             ? ExitCode::Blocked
             : ExitCode::WorldFailed;
}

ExitCode CommandContext::report(const Diagnostics& diagnostics, const SourceSet& sources,
                                bool json) const {
  if (json) {
    exact(err) << render_json(diagnostics, sources) << '\n';
  } else if (!quiet || diagnostics.has_errors()) {
    painted(err) << render_text(diagnostics, sources, RenderOptions{.color = err_color});
  }
  return diagnostics.has_errors() ? ExitCode::TextWrong : ExitCode::Done;
}

int run_command_line(const std::vector<std::string>& arguments, CommandContext& context) {
  CLI::App app("Policy as code for taking access away: preview, apply and prove revocation.",
               "rescind");
  app.set_version_flag("--version", std::string("rescind ") + RESCIND_VERSION);
  app.require_subcommand(1);
  app.fallthrough();
  app.add_option("-C,--project", context.project, "work in this folder, as if started there");
  app.add_flag("--quiet", context.quiet, "errors only");
  app.add_flag("--verbose", context.verbose, "say more on standard error");

  Action action;
  add_init_command(app, context, action);
  add_check_command(app, context, action);
  add_collect_command(app, context, action);
  add_evaluate_command(app, context, action);
  add_plan_command(app, context, action);
  add_show_command(app, context, action);
  add_simulate_command(app, context, action);
  add_apply_command(app, context, action);
  add_approve_command(app, context, action);
  add_escalations_command(app, context, action);
  add_keys_command(app, context, action);
  add_resume_command(app, context, action);
  add_run_command(app, context, action);
  add_runs_command(app, context, action);
  add_audit_command(app, context, action);
  add_report_command(app, context, action);
  add_serve_command(app, context, action);
  add_undo_command(app, context, action);
  add_completion_command(app, context, action);

  std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
  try {
    app.parse(reversed);
  } catch (const CLI::ParseError& error) {
    const int code = app.exit(error, context.out, context.err);
    return code == 0 ? 0 : static_cast<int>(ExitCode::Usage);
  }
  std::error_code error;
  std::filesystem::current_path(context.project, error);
  if (error) {
    return static_cast<int>(context.report(
        Error(ErrorKind::Io, "cannot work in `" + context.project + "`: " + error.message())));
  }
  return static_cast<int>(action());
}

}  // namespace rescind
