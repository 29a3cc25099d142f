// The LDAP connector: OpenLDAP, Active Directory, 389 Directory Server and FreeIPA. Accounts,
// passwords and memberships of groups. docs/connectors/ldap.md has the settings and native ids.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "connect/connector.h"
#include "connectors/support/settings.h"

namespace rescind {

std::span<const SettingSpec> ldap_settings();
// What is wrong with the settings of one system; empty: nothing.
std::vector<SettingProblem> check_ldap_settings(const Settings& settings);
Result<std::unique_ptr<Connector>> make_ldap_connector(const ConnectorConfig& config, Clock& clock);

}  // namespace rescind
