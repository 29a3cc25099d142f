// `rescind completion SHELL`: a completion script for bash, zsh or fish, made from the program's
// own commands and options, so that it never falls behind them.
#include <algorithm>
#include <ostream>
#include <sstream>

#include <CLI/CLI.hpp>

#include "app/cli/command.h"
#include "base/text.h"

namespace rescind {
namespace {

// The options of a command as typed: "--format", "-C".
std::vector<std::string> option_names(const CLI::App& command) {
  std::vector<std::string> names;
  for (const CLI::Option* option : command.get_options()) {
    for (const std::string& name : option->get_lnames()) {
      names.push_back("--" + name);
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<const CLI::App*> commands_of(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App*) { return true; });
}

std::string bash_script(const CLI::App& app) {
  std::ostringstream out;
  std::vector<std::string> names;
  out << "_rescind() {\n  local word=${COMP_WORDS[COMP_CWORD]} command='' i\n"
      << "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
      << "    case ${COMP_WORDS[i]} in -*) ;; *) command=${COMP_WORDS[i]}; break ;; esac\n  done\n"
      << "  case $command in\n";
  for (const CLI::App* command : commands_of(app)) {
    names.push_back(command->get_name());
    out << "    " << command->get_name() << ") COMPREPLY=($(compgen -f -W '"
        << join(option_names(*command), " ") << "' -- \"$word\")) ;;\n";
  }
  out << "    *) COMPREPLY=($(compgen -W '" << join(names, " ") << ' '
      << join(option_names(app), " ") << "' -- \"$word\")) ;;\n  esac\n}\n"
      << "complete -o filenames -F _rescind rescind\n";
  return out.str();
}

// zsh runs bash completions through its own loader.
std::string zsh_script(const CLI::App& app) {
  return "#compdef rescind\nautoload -U +X bashcompinit && bashcompinit\n" + bash_script(app);
}

std::string fish_script(const CLI::App& app) {
  std::ostringstream out;
  for (const CLI::App* command : commands_of(app)) {
    out << "complete -c rescind -n __fish_use_subcommand -f -a " << command->get_name() << " -d '"
        << command->get_description() << "'\n";
    for (const std::string& option : option_names(*command)) {
      out << "complete -c rescind -n '__fish_seen_subcommand_from " << command->get_name()
          << "' -l " << option.substr(2) << '\n';
    }
  }
  return out.str();
}

}  // namespace

void add_completion_command(CLI::App& app, CommandContext& context, Action& action) {
  CLI::App* command = app.add_subcommand("completion", "print a completion script for a shell");
  const auto shell = std::make_shared<std::string>();
  command->add_option("SHELL", *shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  command->callback([&app, &context, &action, shell] {
    action = [&app, &context, shell] {
      context.out << (*shell == "bash"  ? bash_script(app)
                      : *shell == "zsh" ? zsh_script(app)
                                        : fish_script(app));
      return ExitCode::Done;
    };
  });
}

}  // namespace rescind
