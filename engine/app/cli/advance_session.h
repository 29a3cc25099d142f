// What `rescind run --due` and the worker of `rescind serve` share: the request that works what is
// due in a project, and how its report reads.
#pragma once

#include "app/cli/command.h"
#include "app/cli/project.h"
#include "workflow/advance.h"

namespace rescind {

// The request lives no longer than session and `systems`. `steps` of progress are unknown. Errors:
// of session_people.
Result<AdvanceRequest> advance_request(const CommandContext& context, Session& session,
                                       const CapabilityMap& systems);

// For people: what was done, what waits and for whom, what is due next.
void print_advance(std::ostream& out, const AdvanceReport& report);

// Done; WorldFailed when a step or a run failed; Blocked when somebody is awaited or the clock
// cannot be believed.
ExitCode advance_exit_code(const AdvanceReport& report);

}  // namespace rescind
