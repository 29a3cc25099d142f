// The policy repository that a command works in: its configuration, and what is opened from it.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/cli/command.h"
#include "base/seal.h"
#include "connect/connector_set.h"
#include "connect/deliveries.h"
#include "model/configuration.h"
#include "model/inventory.h"
#include "store/store.h"
#include "workflow/collect_usage.h"
#include "workflow/load_policy.h"
#include "workflow/plan_events.h"

namespace rescind {

struct Project {
  Configuration configuration;
  bool has_file = false;  // rescind.yaml was there; else everything is default

  [[nodiscard]] std::vector<std::string> policy_paths() const;
  [[nodiscard]] std::vector<std::string> inventory_paths() const;
};

// Reads rescind.yaml of the current folder; none there: the defaults. Nothing in the inner
// optional: diagnostics says what is wrong with it. Errors: the file cannot be read.
Result<std::optional<Project>> open_project(SourceSet& sources, Diagnostics& diagnostics);

// The file of the store. Errors: as of open_store, but those of the file itself.
Result<std::string> store_path(const Project& project);

// Errors: those of the store; NotFound when there is no rescind.yaml and so no store.
Result<std::unique_ptr<Store>> open_store(const Project& project);

// One connector per configured system, secrets resolved. A system whose secret or server cannot be
// had stays as unavailable. Nothing: a system is configured wrongly, diagnostics says how.
std::optional<ConnectorSet> make_connectors(const Project& project, Clock& clock,
                                            Diagnostics& diagnostics);

// Where dependents read their credentials, with connectors of its own for the systems that receive.
std::unique_ptr<Deliveries> make_deliveries(const Project& project, Clock& clock);
// Fetches the key that seals what waits for its delivery: the configured one, or that of a file
// beside the store, which is made when it is not there.
std::function<Result<SealKey>()> seal_key_source(const Project& project);

// By what name systems show those whom deliveries go to.
UseNames use_names(const Project& project);

// Opens project and store, runs `work`, prints errors.
ExitCode with_store(const CommandContext& context,
                    const std::function<Result<ExitCode>(Store& store)>& work);

// Everything that evaluate, plan and serve start from.
struct Session {
  Project project;
  std::shared_ptr<SourceSet> sources;
  LoadedPolicy policy;
  std::unique_ptr<Store> store;  // null without rescind.yaml
  ConnectorSet connectors;
  std::unique_ptr<Deliveries> deliveries;
  std::vector<std::string> inventory_paths;
  std::shared_ptr<const Inventory> inventory;
};

struct SessionOptions {
  std::vector<std::string> policy;     // empty: the project's
  std::vector<std::string> inventory;  // empty: the project's
};

// Loads configuration, policy, inventory; opens store and connectors. Nothing: the errors were
// printed and `code` is how the command ends.
std::unique_ptr<Session> open_session(const CommandContext& context, const SessionOptions& options,
                                      ExitCode& code);

// The inventory as it is now, for after a run.
Result<std::shared_ptr<const Inventory>> reload_inventory(const Session& session,
                                                          Diagnostics& diagnostics);

// The events of a file, a plan request around them. Nothing: the errors were printed and `code` is
// set.
std::optional<std::vector<Event>> read_event_file(const CommandContext& context, Session& session,
                                                  const std::string& path, Instant now,
                                                  ExitCode& code);
// The request with everything but events and as_of.
PlanRequest plan_request(Session& session);

}  // namespace rescind
