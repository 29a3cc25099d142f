// `rescind runs`: what the store knows of runs: their state, what each step waits for, until when.
#include <algorithm>
#include <ostream>

#include <CLI/CLI.hpp>

#include "app/cli/command.h"
#include "app/cli/project.h"
#include "base/counted.h"
#include "base/printable.h"

namespace rescind {
namespace {

void print_waiting(const CommandContext& context, const std::vector<StepRecord>& steps) {
  for (const StepRecord& step : steps) {
    if (is_end_state(step.state) && !step.escalated) {
      continue;
    }
    context.out << "  " << step.step << "  " << step_state_name(step.state);
    if (!step.wait.empty()) {
      context.out << "  waits for " << step.wait;
    }
    if (step.due) {
      context.out << "  next look " << format_instant(*step.due);
    }
    if (!step.detail.empty()) {
      context.out << "  (" << printable(step.detail) << ')';
    }
    context.out << (step.escalated ? "  needs a person\n" : "\n");
  }
}

ExitCode run_runs(const CommandContext& context, const std::string& only) {
  return with_store(context, [&](Store& store) -> Result<ExitCode> {
    RESCIND_ASSIGN_OR_RETURN(const std::vector<RunRecord> runs, store.list_runs());
    bool found = only.empty();
    for (const RunRecord& run : runs) {
      if (!only.empty() && run.id != only) {
        continue;
      }
      found = true;
      RESCIND_ASSIGN_OR_RETURN(const std::vector<StepRecord> steps, store.list_steps(run.id));
      const auto done = std::count_if(steps.begin(), steps.end(),
                                      [](const StepRecord& s) { return is_done_state(s.state); });
      context.out << run.id << "  " << run_state_name(run.state) << "  opened "
                  << format_instant(run.opened_at) << "  " << done << " of "
                  << counted(steps.size(), "step") << " done\n";
      if (!only.empty() || context.verbose) {
        print_waiting(context, steps);
      }
    }
    if (!found) {
      return fail(ErrorKind::NotFound,
                  "no run `" + only + "` in the store; `rescind runs` lists them");
    }
    return ExitCode::Done;
  });
}

}  // namespace

void add_runs_command(CLI::App& app, CommandContext& context, Action& action) {
  CLI::App* command = app.add_subcommand("runs", "list runs and what their steps wait for");
  const auto only = std::make_shared<std::string>();
  command->add_option("RUN", *only, "show the steps of this run");
  command->callback([&context, &action, only] {
    action = [&context, only] { return run_runs(context, *only); };
  });
}

}  // namespace rescind
