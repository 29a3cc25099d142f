// The SCIM 2.0 connector (RFC 7643, 7644): accounts, memberships of groups, roles and entitlements
// of any system that speaks it. docs/connectors/scim.md has the settings and native ids.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "connect/connector.h"
#include "connectors/support/settings.h"

namespace rescind {

std::span<const SettingSpec> scim_settings();
// What is wrong with the settings of one system; empty: nothing.
std::vector<SettingProblem> check_scim_settings(const Settings& settings);
Result<std::unique_ptr<Connector>> make_scim_connector(const ConnectorConfig& config, Clock& clock);

}  // namespace rescind
