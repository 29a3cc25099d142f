// Rendering a plan in the format that was asked for.
#include "app/cli/plan_output.h"

#include <ostream>

#include <CLI/CLI.hpp>

#include "base/text.h"
#include "plan/render.h"

namespace rescind {

void add_plan_output_options(CLI::App& command, PlanOutput& output) {
  command.add_option("--format", output.format, "text, json, dot or mermaid")
      ->check(CLI::IsMember({"text", "json", "dot", "mermaid"}));
  command.add_option("--out", output.file, "write to this file instead of standard output");
}

std::string render_plan(const Plan& plan, const std::string& format, bool color, bool verbose) {
  if (format == "json") {
    return encode_plan(plan);
  }
  if (format == "dot") {
    return render_plan_dot(plan);
  }
  if (format == "mermaid") {
    return render_plan_mermaid(plan);
  }
  return render_plan_text(plan, PlanTextOptions{.color = color, .verbose = verbose});
}

ExitCode write_plan(const CommandContext& context, const Plan& plan, const PlanOutput& output) {
  const bool to_file = !output.file.empty();
  const std::string text =
      render_plan(plan, output.format, context.out_color && !to_file, context.verbose);
  if (!to_file) {
    context.out << text;
    return ExitCode::Done;
  }
  if (const Status written = write_file_atomically(output.file, text); !written) {
    return context.report(written.error());
  }
  return ExitCode::Done;
}

}  // namespace rescind
