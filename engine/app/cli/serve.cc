// `rescind serve`: answers over HTTP on this machine, and keeps working what is due.
#include <ostream>

#include <CLI/CLI.hpp>

#include "app/cli/command.h"
#include "app/cli/project.h"
#include "app/cli/worker.h"
#include "app/server/listen.h"
#include "collect/read_configuration.h"

namespace rescind {
namespace {

struct ServeArguments {
  std::string listen;
  SessionOptions session;
  bool answer_only = false;
};

Result<std::vector<std::string>> resolve_tokens(const Configuration& configuration) {
  std::vector<std::string> tokens;
  for (const auto& [name, value] : configuration.server.tokens) {
    Result<std::string> token = resolve_value(value, configuration.directory);
    if (!token) {
      return tl::unexpected(
          std::move(token).error().add_context("token `" + name + "` of the server"));
    }
    if (token->size() < 16) {
      return fail(ErrorKind::Unsupported,
                  "token `" + name + "` of the server is shorter than 16 characters");
    }
    tokens.push_back(*std::move(token));
  }
  if (tokens.empty()) {
    return fail(
        ErrorKind::NotFound,
        "no token would open this server: name one under `server: { tokens: … }` in rescind.yaml");
  }
  return tokens;
}

ExitCode run_serve(const CommandContext& context, const ServeArguments& arguments) {
  ExitCode code = ExitCode::Done;
  const auto session = open_session(context, arguments.session, code);
  if (!session) {
    return code;
  }
  const Configuration& configuration = session->project.configuration;
  if (configuration.server.tls) {
    return context.report(Error(ErrorKind::Unsupported,
                                "`server: tls` is not there yet: put a proxy with TLS in front"));
  }
  auto options = server::parse_listen_address(arguments.listen.empty() ? configuration.server.listen
                                                                       : arguments.listen);
  if (!options) {
    return context.report(options.error());
  }
  auto tokens = resolve_tokens(configuration);
  if (!tokens) {
    return context.report(tokens.error());
  }
  server::Service service;
  service.policy = session->policy;
  service.inventory = session->inventory;
  service.plan_defaults = plan_request(*session);
  // Connectors belong to one thread at a time; previews over HTTP go by the inventory alone.
  service.plan_defaults.connectors = nullptr;
  service.timezone = configuration.timezone;
  service.tokens = *std::move(tokens);
  service.hosts = {"localhost", "127.0.0.1", "[::1]", options->host};
  service.clock = &context.clock;
  service.ready = true;
  std::unique_ptr<Session> own;
  std::unique_ptr<DueWorker> worker;
  if (session->store && !arguments.answer_only) {
    own = open_session(context, arguments.session, code);
    if (!own) {
      return code;
    }
  }
  options->listening = [&, host = options->host](int port) {
    context.out << "listening on http://" << (host == "::1" ? "[::1]" : host) << ':' << port
                << std::endl;
    if (own) {
      // Started here, where the signals that end the server are blocked for every thread.
      worker = std::make_unique<DueWorker>(context, *own);
    }
  };
  const Status ended = server::serve(service, *options);
  worker.reset();
  return ended ? ExitCode::Done : context.report(ended.error());
}

}  // namespace

void add_serve_command(CLI::App& app, CommandContext& context, Action& action) {
  CLI::App* command =
      app.add_subcommand("serve",
                         "answer decisions and plan previews over HTTP on this machine, and "
                         "keep working what is due");
  const auto arguments = std::make_shared<ServeArguments>();
  command->add_option("--listen", arguments->listen,
                      "host:port on this machine (default: the project's, 127.0.0.1:8181)");
  command->add_option("--policy", arguments->session.policy,
                      "policy files or folders (default: the project's)");
  command->add_option("--inventory", arguments->session.inventory,
                      "inventory files, folders, or `store` (default: the project's)");
  command->add_flag("--answer-only", arguments->answer_only,
                    "do not work what is due, only answer");
  command->callback([&context, &action, arguments] {
    action = [&context, arguments] { return run_serve(context, *arguments); };
  });
}

}  // namespace rescind
