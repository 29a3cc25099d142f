// Opening a policy repository.
#include "app/cli/project.h"

#include <algorithm>
#include <filesystem>
#include <ostream>

#include "base/text.h"
#include "collect/read_configuration.h"
#include "collect/read_events.h"
#include "connectors/registry.h"
#include "workflow/load_inventory.h"

namespace rescind {
namespace {

constexpr const char* kConfigurationFile = "rescind.yaml";
constexpr std::size_t kMaxConfigurationBytes = 1024U * 1024U;
constexpr std::size_t kMaxEventBytes = 64U * 1024U * 1024U;

std::vector<std::string> resolve_paths(const Configuration& configuration,
                                       const std::vector<std::string>& paths) {
  std::vector<std::string> out;
  for (const std::string& path : paths) {
    out.push_back(path == kStoreInventory ? path : configured_path(configuration, path));
  }
  return out;
}

// The connector's configuration with its secrets in place.
Result<ConnectorConfig> resolve_system(const SystemConfiguration& system,
                                       const std::string& directory) {
  ConnectorConfig config{.system = system.id,
                         .connector = system.connector,
                         .settings = {},
                         .acts_as = system.acts_as,
                         .holder_account_attribute = system.holder_account_attribute,
                         .holder_identity_attribute = system.holder_identity_attribute};
  for (const auto& [name, value] : system.settings) {
    Result<std::string> resolved = resolve_value(value, directory);
    if (!resolved) {
      return tl::unexpected(std::move(resolved).error().add_context(
          "setting `" + name + "` of system `" + system.id + "`"));
    }
    config.settings[name] = *std::move(resolved);
  }
  return config;
}

void add_connector(const Project& project, const SystemConfiguration& system, Clock& clock,
                   ConnectorSet& connectors) {
  Result<ConnectorConfig> config = resolve_system(system, project.configuration.directory);
  if (!config) {
    connectors.add_unavailable(system.id, std::move(config).error());
    return;
  }
  for (std::uint32_t lane = 0; lane < system.concurrency; ++lane) {
    Result<std::unique_ptr<Connector>> connector = make_connector(*config, clock);
    if (!connector) {
      connectors.add_unavailable(system.id, std::move(connector).error());
      return;
    }
    if (lane == 0) {
      connectors.add(system.id, *std::move(connector));
    } else {
      connectors.add_lane(system.id, *std::move(connector));
    }
  }
}

// What is wrong with a system's settings, secrets left unread.
void check_system(const SystemConfiguration& system, Diagnostics& diagnostics) {
  ConnectorConfig config{.system = system.id,
                         .connector = system.connector,
                         .settings = {},
                         .acts_as = system.acts_as,
                         .holder_account_attribute = system.holder_account_attribute,
                         .holder_identity_attribute = system.holder_identity_attribute};
  for (const auto& [name, value] : system.settings) {
    const auto* text = std::get_if<std::string>(&value.value);
    config.settings[name] = text != nullptr ? *text : "secret";
  }
  const auto place = [&system](std::string_view setting) {
    const auto found = system.settings.find(std::string(setting));
    return setting.empty()                  ? system.connector_span
           : found != system.settings.end() ? found->second.span
                                            : system.span;
  };
  check_connector_config(config, place, diagnostics);
}

// Configured systems exist although no record describes them, and say how accounts find their
// person.
CollectOptions collect_options(const Configuration& configuration) {
  CollectOptions options;
  for (const SystemConfiguration& system : configuration.systems) {
    options.seal.systems.push_back(system.id);
    if (!system.holder_identity_attribute.empty()) {
      options.seal.holder_attributes[system.id] = system.holder_identity_attribute;
    }
  }
  for (const DeliveryRoute& route : configuration.deliveries) {
    if (!route.item.empty()) {
      options.seal.dependents[route.item].push_back(route.dependent);
    }
  }
  return options;
}

}  // namespace

std::vector<std::string> Project::policy_paths() const {
  return resolve_paths(configuration, configuration.policies);
}

std::vector<std::string> Project::inventory_paths() const {
  return resolve_paths(configuration, configuration.inventory);
}

Result<std::optional<Project>> open_project(SourceSet& sources, Diagnostics& diagnostics) {
  Project project;
  std::error_code error;
  if (!std::filesystem::exists(kConfigurationFile, error)) {
    return std::optional<Project>(std::move(project));
  }
  RESCIND_ASSIGN_OR_RETURN(std::string text, read_file(kConfigurationFile, kMaxConfigurationBytes));
  const SourceFileId file = sources.add(kConfigurationFile, std::move(text));
  std::optional<Configuration> configuration = read_configuration(sources, file, "", diagnostics);
  if (!configuration) {
    return std::optional<Project>();
  }
  project.configuration = std::move(*configuration);
  project.has_file = true;
  return std::optional<Project>(std::move(project));
}

Result<std::string> store_path(const Project& project) {
  if (!project.has_file) {
    return fail(ErrorKind::NotFound,
                "no rescind.yaml here: it names the store (`rescind init` writes one; -C names its "
                "folder)");
  }
  const Configuration& configuration = project.configuration;
  RESCIND_ASSIGN_OR_RETURN(const std::string place,
                           resolve_value(configuration.store, configuration.directory));
  if (place.starts_with("postgres://") || place.starts_with("postgresql://")) {
    return fail(ErrorKind::Unsupported,
                "a store on PostgreSQL is not there yet: name a file in `store` of rescind.yaml");
  }
  return configured_path(configuration, place);
}

Result<std::unique_ptr<Store>> open_store(const Project& project) {
  RESCIND_ASSIGN_OR_RETURN(const std::string path, store_path(project));
  return open_sqlite_store(path, StoreOptions{});
}

std::optional<ConnectorSet> make_connectors(const Project& project, Clock& clock,
                                            Diagnostics& diagnostics) {
  const std::size_t errors = diagnostics.error_count();
  ConnectorSet connectors;
  for (const SystemConfiguration& system : project.configuration.systems) {
    check_system(system, diagnostics);
  }
  if (diagnostics.error_count() > errors) {
    return std::nullopt;
  }
  for (const SystemConfiguration& system : project.configuration.systems) {
    add_connector(project, system, clock, connectors);
  }
  return connectors;
}

UseNames use_names(const Project& project) {
  UseNames names;
  for (const DeliveryRoute& route : project.configuration.deliveries) {
    if (!route.target.used_as.empty()) {
      names[route.target.used_as] = route.dependent;
    }
  }
  return names;
}

std::unique_ptr<Deliveries> make_deliveries(const Project& project, Clock& clock) {
  ConnectorSet receivers;
  for (const SystemConfiguration& system : project.configuration.systems) {
    const std::vector<DeliveryRoute>& routes = project.configuration.deliveries;
    if (std::any_of(routes.begin(), routes.end(), [&system](const DeliveryRoute& route) {
          return route.target.system == system.id;
        })) {
      add_connector(project, system, clock, receivers);
    }
  }
  return std::make_unique<Deliveries>(project.configuration.deliveries, std::move(receivers));
}

std::function<Result<SealKey>()> seal_key_source(const Project& project) {
  const Configuration& configuration = project.configuration;
  if (configuration.seal_key) {
    return [value = *configuration.seal_key,
            directory = configuration.directory]() -> Result<SealKey> {
      RESCIND_ASSIGN_OR_RETURN(std::string text, resolve_value(value, directory));
      Result<SealKey> key = parse_seal_key(text);
      wipe_text(text);
      return key;
    };
  }
  return [project]() -> Result<SealKey> {
    const Configuration& own = project.configuration;
    RESCIND_ASSIGN_OR_RETURN(const std::string store, resolve_value(own.store, own.directory));
    return load_or_create_seal_key(configured_path(own, store) + "-seal.key");
  };
}

ExitCode with_store(const CommandContext& context,
                    const std::function<Result<ExitCode>(Store& store)>& work) {
  SourceSet sources;
  Diagnostics diagnostics;
  const auto project = open_project(sources, diagnostics);
  if (!project) {
    return context.report(project.error());
  }
  if (!*project) {
    return context.report(diagnostics, sources);
  }
  const auto store = open_store(**project);
  if (!store) {
    return context.report(store.error());
  }
  const Result<ExitCode> code = work(**store);
  return code ? *code : context.report(code.error());
}

Result<std::shared_ptr<const Inventory>> reload_inventory(const Session& session,
                                                          Diagnostics& diagnostics) {
  return load_inventory(session.inventory_paths, session.store.get(),
                        session.policy.checked->schema,
                        collect_options(session.project.configuration), diagnostics);
}

std::unique_ptr<Session> open_session(const CommandContext& context, const SessionOptions& options,
                                      ExitCode& code) {
  auto session = std::make_unique<Session>();
  session->sources = std::make_shared<SourceSet>();
  Diagnostics diagnostics;
  const auto stop = [&](const Error& error) {
    code = context.report(error);
    return nullptr;
  };
  const auto stop_by_diagnostics = [&] {
    code = context.report(diagnostics, *session->sources);
    return nullptr;
  };

  auto project = open_project(*session->sources, diagnostics);
  if (!project) {
    return stop(project.error());
  }
  if (!*project) {
    return stop_by_diagnostics();
  }
  session->project = **std::move(project);
  auto policy =
      load_policy(options.policy.empty() ? session->project.policy_paths() : options.policy,
                  session->sources, diagnostics);
  if (!policy) {
    return stop(policy.error());
  }
  if (!*policy) {
    return stop_by_diagnostics();
  }
  session->policy = **std::move(policy);
  if (session->project.has_file) {
    auto store = open_store(session->project);
    if (!store) {
      return stop(store.error());
    }
    session->store = *std::move(store);
  }
  auto connectors = make_connectors(session->project, context.clock, diagnostics);
  if (!connectors) {
    return stop_by_diagnostics();
  }
  session->connectors = *std::move(connectors);
  session->deliveries = make_deliveries(session->project, context.clock);
  session->inventory_paths =
      options.inventory.empty() ? session->project.inventory_paths() : options.inventory;
  auto inventory = reload_inventory(*session, diagnostics);
  if (!inventory) {
    return stop(inventory.error());
  }
  session->inventory = *std::move(inventory);
  code = context.report(diagnostics, *session->sources);
  return code == ExitCode::Done ? std::move(session) : nullptr;
}

std::optional<std::vector<Event>> read_event_file(const CommandContext& context, Session& session,
                                                  const std::string& path, Instant now,
                                                  ExitCode& code) {
  auto text = read_file(path, kMaxEventBytes);
  if (!text) {
    code = context.report(text.error());
    return std::nullopt;
  }
  Diagnostics diagnostics;
  const SourceFileId file = session.sources->add(path, *std::move(text));
  auto events = read_events(
      *session.sources, file, *session.policy.checked->schema, session.inventory.get(),
      EventOptions{.timezone = session.project.configuration.timezone, .now = now}, diagnostics);
  code = context.report(diagnostics, *session.sources);
  return events;
}

PlanRequest plan_request(Session& session) {
  const Configuration& configuration = session.project.configuration;
  PlanRequest request;
  request.expiry = configuration.plan_expiry;
  request.steward = configuration.steward;
  request.store = session.store.get();
  request.connectors = &session.connectors;
  for (const SystemConfiguration& system : configuration.systems) {
    request.acts_as[system.id] = system.acts_as;
  }
  return request;
}

}  // namespace rescind
