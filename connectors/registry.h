// The one place that names every connector: by name to its settings and its factory. Only the
// program itself links this; stages know connectors by their port.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "connect/connector.h"
#include "connectors/support/settings.h"
#include "diagnostics/diagnostic.h"

namespace rescind {

struct ConnectorEntry {
  std::string_view name;   // "ldap"
  std::string_view title;  // one line for people
  std::span<const SettingSpec> (*settings)() = nullptr;
  std::vector<SettingProblem> (*check)(const Settings& settings) = nullptr;
  ConnectorFactory make = nullptr;
};

std::span<const ConnectorEntry> all_connectors();             // by name
const ConnectorEntry* find_connector(std::string_view name);  // null: there is none

// Where in the configuration a setting stands; asked with "" for the system's connector itself.
using SettingPlace = std::function<Span(std::string_view setting)>;
// Reports an unknown connector (R1001) and what is wrong with the settings (R1002 to R1005).
// Secrets may be any placeholder that is not empty. Touches no system.
void check_connector_config(const ConnectorConfig& config, const SettingPlace& place,
                            Diagnostics& diagnostics);

// Errors: Unsupported for a name that is not there and for settings that check_connector_config
// reports.
Result<std::unique_ptr<Connector>> make_connector(const ConnectorConfig& config, Clock& clock);

}  // namespace rescind
