// What `rescind run --due` and the worker of `rescind serve` share: the request that works what is
// due in a project, and how its report reads.
#pragma once

#include <cstddef>
#include <iosfwd>

#include "app/cli/command.h"
#include "app/cli/project.h"
#include "workflow/advance.h"

namespace rescind {

// The request lives no longer than session and `systems`. `steps` of progress are unknown. Errors:
// of session_people.
Result<AdvanceRequest> advance_request(const CommandContext& context, Session& session,
                                       const CapabilityMap& systems);

// For commands that execute without a pass over what is due: a clock that jumped stops what
// destroys there too, and they say so. Errors: of the store.
Status heed_clock(const CommandContext& context, const Session& session);

// What the runs of a pass came to, added up as they come, so that nobody has to keep them.
class AdvanceTally {
 public:
  // Prints the run, unless `out` is null.
  void take(const AdvancedRun& run, std::ostream* out);

  [[nodiscard]] std::size_t runs() const { return runs_; }

  // For people, after the last run: what others are at, what is due next.
  void print_end(std::ostream& out, const AdvanceReport& report) const;
  // Done; WorldFailed when a step or a run failed; Blocked when somebody is awaited or the clock
  // cannot be believed.
  [[nodiscard]] ExitCode exit_code(const AdvanceReport& report) const;

 private:
  std::size_t runs_ = 0;
  bool failed_ = false, waits_ = false;
};

}  // namespace rescind
