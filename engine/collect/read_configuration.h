// Reads rescind.yaml and, when they are needed, the secrets that it points at.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "diagnostics/diagnostic.h"
#include "model/configuration.h"

namespace rescind {

// Empty exactly when an error was reported. `directory`: of the file, for relative paths.
std::optional<Configuration> read_configuration(const SourceSet& sources, SourceFileId file,
                                                std::string directory, Diagnostics& diagnostics);

// A path of the configuration, seen from where the program runs.
std::string configured_path(const Configuration& configuration, const std::string& path);

// The secret itself, without one line end behind it. Files and programs are looked up from
// `directory`. Errors say where the secret should have come from, never what was read.
Result<std::string> resolve_secret(const SecretSource& source, const std::string& directory);

// The plain text, or the secret.
Result<std::string> resolve_value(const ConfiguredValue& value, const std::string& directory);

// Whether messages may be posted there: `https://`, or `http://` on this machine.
bool is_webhook_url(std::string_view url);

// "environment variable LDAP_PASSWORD", for messages.
std::string describe_secret(const SecretSource& source);

}  // namespace rescind
