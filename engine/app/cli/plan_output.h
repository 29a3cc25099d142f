// How a plan leaves the command line: format, file, colour. Shared by `plan` and `show`.
#pragma once

#include <cstddef>
#include <string>

#include "app/cli/command.h"
#include "model/plan.h"

namespace rescind {

inline constexpr std::size_t kMaxPlanBytes = 256U * 1024U * 1024U;

struct PlanOutput {
  std::string format = "text";  // text, json, dot, mermaid
  std::string file;             // "" standard output
};

void add_plan_output_options(CLI::App& command, PlanOutput& output);

// "text", "json", "dot" or "mermaid"; width and colour matter to text alone.
std::string render_plan(const Plan& plan, const std::string& format, bool color, bool verbose);

// Writes to the file (atomically) or to standard output.
ExitCode write_plan(const CommandContext& context, const Plan& plan, const PlanOutput& output);

}  // namespace rescind
