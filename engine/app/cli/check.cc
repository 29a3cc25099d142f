// `rescind check`: parses, resolves and types policies; reports everything that is wrong in one go.
#include <ostream>

#include <CLI/CLI.hpp>

#include "app/cli/command.h"
#include "app/cli/project.h"
#include "base/counted.h"
#include "workflow/load_policy.h"

namespace rescind {
namespace {

struct CheckArguments {
  std::vector<std::string> paths;
  std::string format = "text";
};

ExitCode run_check(const CommandContext& context, const CheckArguments& arguments) {
  const auto sources = std::make_shared<SourceSet>();
  Diagnostics diagnostics;
  std::vector<std::string> paths = arguments.paths;
  if (paths.empty()) {
    const auto project = open_project(*sources, diagnostics);
    if (!project) {
      return context.report(project.error());
    }
    if (!*project) {
      return context.report(diagnostics, *sources, arguments.format == "json");
    }
    paths = (*project)->policy_paths();
  }
  const auto loaded = load_policy(paths, sources, diagnostics);
  if (!loaded) {
    return context.report(loaded.error());
  }
  const ExitCode code = context.report(diagnostics, *sources, arguments.format == "json");
  if (code == ExitCode::Done && *loaded && !context.quiet && arguments.format == "text") {
    const CheckedPolicy& policy = *(*loaded)->checked;
    context.out << "checked " << counted((*loaded)->files, "file") << ": "
                << counted(policy.rules.size(), "rule") << ", "
                << counted(policy.clauses.size(), "clause") << ", "
                << counted(policy.roles.size(), "role") << ", "
                << counted(policy.holds.size(), "hold") << ", "
                << counted(policy.limits.size(), "limit") << ", "
                << counted(policy.retires.size(), "retire") << '\n';
  }
  return code;
}

}  // namespace

void add_check_command(CLI::App& app, CommandContext& context, Action& action) {
  CLI::App* command = app.add_subcommand("check", "parse, resolve and type-check policies");
  const auto arguments = std::make_shared<CheckArguments>();
  command->add_option("PATH", arguments->paths,
                      "files or folders (default: the project's policies)");
  command->add_option("--format", arguments->format, "how diagnostics are printed")
      ->check(CLI::IsMember({"text", "json"}));
  command->callback([&context, &action, arguments] {
    action = [&context, arguments] { return run_check(context, *arguments); };
  });
}

}  // namespace rescind
