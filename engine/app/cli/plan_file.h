// Plans as files: writing them out and reading them back. Shared by plan, show and apply.
#pragma once

#include <optional>
#include <string>

#include "app/cli/command.h"
#include "app/cli/project.h"
#include "model/plan.h"

namespace rescind {

struct PlanOutput {
  std::string format = "text";
  std::string file;  // "" standard output
};

void add_plan_output_options(CLI::App& command, PlanOutput& output);

// Writes to the file (atomically) or to standard output.
ExitCode write_plan(const CommandContext& context, const Plan& plan, const PlanOutput& output);
// The same for a plan that was made just now: as JSON it gets the seal of the project's store. One
// that cannot be sealed is written without, and that is said: it can only be looked at.
ExitCode write_new_plan(const CommandContext& context, const Session& session, Plan plan,
                        const PlanOutput& output);

// Reads a plan written with `--format json`. Errors: Io, Limit, and those of decode_plan.
Result<Plan> read_plan_file(const std::string& path, bool verify_digest);

}  // namespace rescind
