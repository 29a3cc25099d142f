// Plan files.
#include "app/cli/plan_file.h"

#include <ostream>

#include <CLI/CLI.hpp>

#include "app/plan_output.h"
#include "base/printable.h"
#include "base/text.h"
#include "workflow/trust_plan.h"

namespace rescind {
namespace {

constexpr std::size_t kMaxPlanBytes = 256U * 1024U * 1024U;

}  // namespace

void add_plan_output_options(CLI::App& command, PlanOutput& output) {
  const auto formats = plan_formats();
  command.add_option("--format", output.format, "text, json, dot or mermaid")
      ->check(CLI::IsMember(std::vector<std::string>(formats.begin(), formats.end())));
  command.add_option("--out", output.file, "write to this file instead of standard output");
}

ExitCode write_plan(const CommandContext& context, const Plan& plan, const PlanOutput& output) {
  const bool to_file = !output.file.empty();
  const std::string text =
      render_plan(plan, output.format, context.out_color && !to_file, context.verbose);
  if (!to_file) {
    (output.format == "text" ? painted(context.out) : exact(context.out)) << text;
    return ExitCode::Done;
  }
  const Status written = write_file_atomically(output.file, text);
  return written ? ExitCode::Done : context.report(written.error());
}

ExitCode write_new_plan(const CommandContext& context, const Session& session, Plan plan,
                        const PlanOutput& output) {
  if (output.format == "json" && session.store) {
    if (const auto key = seal_key_source(session.project)()) {
      seal_plan(plan, *key);
    } else {
      context.err << "note: the plan is not sealed and cannot be applied: "
                  << key.error().to_string() << '\n';
    }
  }
  return write_plan(context, plan, output);
}

Result<Plan> read_plan_file(const std::string& path, bool verify_digest) {
  RESCIND_ASSIGN_OR_RETURN(const std::string text, read_file(path, kMaxPlanBytes));
  Result<Plan> plan = decode_plan(text, verify_digest);
  if (!plan) {
    return tl::unexpected(std::move(plan).error().add_context("reading plan `" + path + "`"));
  }
  return plan;
}

}  // namespace rescind
