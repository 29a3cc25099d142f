// Names every connector. A new one gets its line here and nowhere else.
#include "connectors/registry.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "connectors/ldap/ldap.h"
#include "connectors/postgres/postgres.h"
#include "connectors/sandbox/sandbox.h"
#include "connectors/scim/scim.h"

namespace rescind {
namespace {

constexpr std::array kSandboxSettings = {
    SettingSpec{"path", SettingType::Text, true, "", "", "the file that holds the embedded system"},
    SettingSpec{"seed", SettingType::Text, false, "", "",
                "inventory that fills the system when the file holds nothing of it"},
};

std::span<const SettingSpec> sandbox_settings() {
  return kSandboxSettings;
}

std::vector<SettingProblem> check_sandbox_settings(const Settings& settings) {
  return check_settings(kSandboxSettings, settings);
}

constexpr std::array kConnectors = {
    ConnectorEntry{"ldap", "OpenLDAP, Active Directory, 389 Directory Server, FreeIPA",
                   ldap_settings, check_ldap_settings, make_ldap_connector},
    ConnectorEntry{"postgres", "a PostgreSQL cluster", postgres_settings, check_postgres_settings,
                   make_postgres_connector},
    ConnectorEntry{"sandbox", "the embedded reference system", sandbox_settings,
                   check_sandbox_settings, make_sandbox_connector},
    ConnectorEntry{"scim", "any application that speaks SCIM 2.0", scim_settings,
                   check_scim_settings, make_scim_connector},
};

std::vector<std::string> connector_names() {
  std::vector<std::string> names;
  for (const ConnectorEntry& entry : kConnectors) {
    names.emplace_back(entry.name);
  }
  return names;
}

std::string unknown_connector_help(const std::string& name) {
  const std::vector<std::string> names = connector_names();
  const std::optional<std::string> near = nearest_name(name, names);
  return near ? "did you mean `" + *near + "`?" : "the connectors are: " + join(names, ", ");
}

Code code_of(SettingFault fault) {
  switch (fault) {
  case SettingFault::Unknown:
    return Code::R1002;
  case SettingFault::Missing:
    return Code::R1003;
  case SettingFault::BadValue:
    return Code::R1004;
  case SettingFault::Plaintext:
    return Code::R1005;
  }
  return Code::R1004;
}

}  // namespace

std::span<const ConnectorEntry> all_connectors() {
  return kConnectors;
}

const ConnectorEntry* find_connector(std::string_view name) {
  const auto it = std::find_if(kConnectors.begin(), kConnectors.end(),
                               [&](const ConnectorEntry& entry) { return entry.name == name; });
  return it == kConnectors.end() ? nullptr : &*it;
}

void check_connector_config(const ConnectorConfig& config, const SettingPlace& place,
                            Diagnostics& diagnostics) {
  const std::string where = "system `" + config.system + "`: ";
  const ConnectorEntry* entry = find_connector(config.connector);
  if (entry == nullptr) {
    diagnostics
        .error(Code::R1001, place(""), where + "there is no connector `" + config.connector + "`")
        .help.push_back(unknown_connector_help(config.connector));
    return;
  }
  for (const SettingProblem& problem : entry->check(config.settings)) {
    const bool missing = problem.fault == SettingFault::Missing;
    Diagnostic& reported = diagnostics.error(code_of(problem.fault),
                                             place(missing ? std::string_view() : problem.setting),
                                             where + problem.message);
    if (!problem.help.empty()) {
      reported.help.push_back(problem.help);
    }
  }
}

Result<std::unique_ptr<Connector>> make_connector(const ConnectorConfig& config, Clock& clock) {
  const ConnectorEntry* entry = find_connector(config.connector);
  if (entry == nullptr) {
    return fail(ErrorKind::Unsupported, "there is no connector `" + config.connector + "` (" +
                                            unknown_connector_help(config.connector) + ")");
  }
  RESCIND_RETURN_IF_ERROR(settings_status(entry->check(config.settings)));
  return entry->make(config, clock);
}

}  // namespace rescind
