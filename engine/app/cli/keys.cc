// `rescind keys`: the keys with which people sign approvals.
#include <ostream>

#include <CLI/CLI.hpp>

#include "app/cli/command.h"
#include "base/signature.h"

namespace rescind {
namespace {

struct KeyArguments {
  std::string as, file;
};

void print_key(const CommandContext& context, const std::string& as, const KeyPair& key) {
  context.out << "\"approver_keys\": {\"" << as << "\": \"" << format_public_key(key.public_key)
              << "\"}\n";
  if (!context.quiet) {
    context.err << "this line belongs into the record of each team for which " << as
                << " approves; the private key stays with " << as << '\n';
  }
}

ExitCode generate(const CommandContext& context, const KeyArguments& arguments) {
  const auto seed = random_seed();
  if (!seed) {
    return context.report(seed.error());
  }
  const auto key = key_pair_of_seed(*seed);
  if (!key) {
    return context.report(key.error());
  }
  if (const Status written = write_private_key(arguments.file, *key); !written) {
    return context.report(written.error());
  }
  print_key(context, arguments.as, *key);
  return ExitCode::Done;
}

ExitCode show(const CommandContext& context, const KeyArguments& arguments) {
  const auto key = read_private_key(arguments.file);
  if (!key) {
    return context.report(key.error());
  }
  print_key(context, arguments.as, *key);
  return ExitCode::Done;
}

}  // namespace

void add_keys_command(CLI::App& app, CommandContext& context, Action& action) {
  CLI::App* keys = app.add_subcommand("keys", "keys with which people sign approvals");
  keys->require_subcommand(1);
  const auto arguments = std::make_shared<KeyArguments>();
  CLI::App* make = keys->add_subcommand("generate", "make a key; print the line for the inventory");
  make->add_option("--as", arguments->as, "whose key: the id of an identity")->required();
  make->add_option("--out", arguments->file, "the private key goes here (must not exist yet)")
      ->required();
  make->callback([&context, &action, arguments] {
    action = [&context, arguments] { return generate(context, *arguments); };
  });
  CLI::App* look = keys->add_subcommand("show", "print the line for the inventory of a key");
  look->add_option("FILE", arguments->file, "a private key")->required();
  look->add_option("--as", arguments->as, "whose key: the id of an identity")->required();
  look->callback([&context, &action, arguments] {
    action = [&context, arguments] { return show(context, *arguments); };
  });
}

}  // namespace rescind
