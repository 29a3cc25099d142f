// `rescind show`: prints a plan file in any format, also one that is stale, used or from elsewhere.
#include <ostream>

#include <CLI/CLI.hpp>

#include "app/cli/command.h"
#include "app/cli/plan_file.h"

namespace rescind {
namespace {

struct ShowArguments {
  std::string file;
  PlanOutput output;
};

ExitCode run_show(const CommandContext& context, const ShowArguments& arguments) {
  const auto plan = read_plan_file(arguments.file, false);
  if (!plan) {
    return context.report(plan.error());
  }
  if (compute_plan_digest(*plan) != plan->digest) {
    context.err << "note: this plan was changed after it was made: its digest does not fit; it "
                   "cannot be applied\n";
  } else if (plan->expires_at <= context.clock.now()) {
    context.err << "note: this plan expired at " << format_instant(plan->expires_at) << '\n';
  }
  return write_plan(context, *plan, arguments.output);
}

}  // namespace

void add_show_command(CLI::App& app, CommandContext& context, Action& action) {
  CLI::App* command = app.add_subcommand("show", "print a plan file");
  const auto arguments = std::make_shared<ShowArguments>();
  command->add_option("PLANFILE", arguments->file, "a plan written by `rescind plan --format json`")
      ->required();
  add_plan_output_options(*command, arguments->output);
  command->callback([&context, &action, arguments] {
    action = [&context, arguments] { return run_show(context, *arguments); };
  });
}

}  // namespace rescind
