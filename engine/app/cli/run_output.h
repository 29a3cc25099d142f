// How a run shows itself: progress while it works, the report at its end. Shared by apply and
// resume.
#pragma once

#include <functional>
#include <vector>

#include "app/cli/command.h"
#include "app/cli/project.h"
#include "execute/execute_plan.h"
#include "model/outcome.h"

namespace rescind {

// A bar on a terminal, a line per finished step with --verbose, else nothing.
std::function<void(const StepProgress&)> make_progress(const CommandContext& context,
                                                       std::size_t steps);

// What apply and resume tell the executor: who is in which team, how progress shows.
// Errors: of session_people.
Result<ExecuteOptions> execute_options(const CommandContext& context, const Session& session,
                                       std::size_t steps);

// After a run: lists the plan's systems again, reads every step back, searches what is left, prints
// all of it and gives the exit code: Done when what is due now is done and proved, Blocked when a
// person is awaited or a path is open, WorldFailed when a step failed.
ExitCode conclude_run(const CommandContext& context, Session& session, const RunReport& report);

}  // namespace rescind
