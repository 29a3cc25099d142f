// The settings of a connector: what each may hold, checked once for the configuration's diagnostics
// and again by the factory, and read as typed values.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "connect/connector.h"

namespace rescind {

enum class SettingType : std::uint8_t {
  Text,
  Secret,    // never shown
  Flag,      // true, false
  Duration,  // 30s, 5m; more than zero
  Count,     // 1 .. 10,000,000
  Choice,    // one of `choices`, separated by spaces
};

struct SettingSpec {
  std::string_view name;
  SettingType type = SettingType::Text;
  bool required = false;
  std::string_view fallback;  // used when the setting is left out
  std::string_view choices;   // Choice only
  std::string_view help;      // one line for people
};

enum class SettingFault : std::uint8_t { Unknown, Missing, BadValue, Plaintext };

struct SettingProblem {
  SettingFault fault = SettingFault::Unknown;
  std::string setting;
  std::string message;  // lower case, no final period
  std::string help;     // may be empty
};

// Everything that is wrong with the names and the forms of values. Values of secrets are not
// repeated.
std::vector<SettingProblem> check_settings(std::span<const SettingSpec> specs,
                                           const Settings& settings);

// Reads settings that have passed check_settings.
class SettingReader {
 public:
  SettingReader(std::span<const SettingSpec> specs, const Settings& settings)
      : specs_(specs), settings_(settings) {}

  [[nodiscard]] std::string text(std::string_view name) const;
  [[nodiscard]] bool given(std::string_view name) const;

  [[nodiscard]] bool flag(std::string_view name) const { return text(name) == "true"; }

  [[nodiscard]] Seconds duration(std::string_view name) const;
  [[nodiscard]] std::int64_t count(std::string_view name) const;

 private:
  std::span<const SettingSpec> specs_;
  const Settings& settings_;
};

// The first problem as an error, for factories.
Status settings_status(const std::vector<SettingProblem>& problems);

// Whether a host is this machine: localhost, 127.0.0.0/8, ::1, a socket path or nothing.
bool is_loopback_host(std::string_view host);

struct ParsedUrl {
  std::string scheme;  // lower case
  std::string host;    // without brackets
  int port = 0;        // 0: none given
  std::string path;    // "" or from the first "/", without a trailing one
};

// SCHEME://HOST[:PORT][/PATH]. Refuses user names, queries, fragments, spaces and control
// characters.
std::optional<ParsedUrl> parse_url(std::string_view text);

}  // namespace rescind
