// How a run shows itself: progress while it works, the report at its end. Shared by apply and resume.
#pragma once

#include <cstdint>
#include <functional>

#include "app/cli/command.h"
#include "execute/execute_plan.h"
#include "verify/verify_execution.h"

namespace rescind {

// Prints a bar on a terminal, a line per finished step with --verbose, nothing with --quiet.
std::function<void(const StepProgress&)> make_progress(const CommandContext& context,
                                                       std::size_t steps);

// The run in a few lines: what is done, what waits for whom and until when, what failed, the closure proof.
void print_run(const CommandContext& context, const RunReport& report, const Plan& plan,
               const VerifiedOutcome& outcome);

// Done when everything that is due now is done and proved; Blocked when a person is awaited or a path is
// open; WorldFailed when a step failed.
ExitCode exit_code_of(const RunReport& report, const VerifiedOutcome& outcome);

}  // namespace rescind
