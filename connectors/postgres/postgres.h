// The PostgreSQL connector: roles, their sessions, memberships, privileges and owned objects.
// docs/connectors/postgres.md has the settings, native ids and the privileges it needs.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "connect/connector.h"
#include "connectors/support/settings.h"

namespace rescind {

std::span<const SettingSpec> postgres_settings();
// What is wrong with the settings of one system; empty: nothing.
std::vector<SettingProblem> check_postgres_settings(const Settings& settings);
Result<std::unique_ptr<Connector>> make_postgres_connector(const ConnectorConfig& config,
                                                           Clock& clock);

}  // namespace rescind
