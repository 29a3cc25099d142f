// The registry: every connector by name, and the diagnostics R1001 to R1005 about its settings.
#include "connectors/registry.h"

#include <algorithm>

#include <doctest/doctest.h>

namespace rescind {
namespace {

std::vector<Diagnostic> check(const std::string& connector, Settings settings) {
  ConnectorConfig config;
  config.system = "crm";
  config.connector = connector;
  config.settings = std::move(settings);
  Diagnostics diagnostics;
  check_connector_config(
      config, [](std::string_view) { return Span{}; }, diagnostics);
  SystemClock clock;
  CHECK(make_connector(config, clock).has_value() == !diagnostics.has_errors());
  return diagnostics.sorted();
}

std::string only_code(const std::vector<Diagnostic>& found) {
  REQUIRE(found.size() == 1);
  return code_name(found[0].code);
}

}  // namespace

TEST_CASE("registry: connectors stand in order, each with settings, check and factory") {
  const auto all = all_connectors();
  CHECK(std::is_sorted(
      all.begin(), all.end(),
      [](const ConnectorEntry& a, const ConnectorEntry& b) { return a.name < b.name; }));
  for (const ConnectorEntry& entry : all) {
    CHECK(find_connector(entry.name) == &entry);
    CHECK_FALSE(entry.settings().empty());
    CHECK_FALSE(entry.title.empty());
    for (const SettingSpec& spec : entry.settings()) {
      CHECK_MESSAGE(!spec.help.empty(), std::string(spec.name));
    }
  }
  CHECK(find_connector("nothing") == nullptr);
}

TEST_CASE("registry: a connector that does not exist is R1001, with the nearest name") {
  const auto found = check("scimm", {});
  CHECK(only_code(found) == "R1001");
  CHECK(found[0].help[0] == "did you mean `scim`?");
}

TEST_CASE("registry: an unknown setting is R1002, a missing one R1003, a bad value R1004") {
  CHECK(only_code(check("scim", {{"url", "https://h"}, {"tokn", "x"}})) == "R1002");
  CHECK(only_code(check("scim", {{"token", "x"}})) == "R1003");
  CHECK(only_code(check("scim", {{"url", "https://h"}, {"timeout", "soon"}})) == "R1004");
}

TEST_CASE("registry: a credential that would travel unencrypted is R1005") {
  const auto found = check("scim", {{"url", "http://crm.example.org"}, {"token", "x"}});
  CHECK(only_code(found) == "R1005");
  CHECK(found[0].message.find("unencrypted") != std::string::npos);
}

TEST_CASE("registry: good settings make a connector and touch nothing") {
  CHECK(check("scim", {{"url", "https://crm.example.org/scim/v2"}, {"token", "x"}}).empty());
}

}  // namespace rescind
