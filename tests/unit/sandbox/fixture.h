// A sandbox with a small company in it: okta and crm, alice who leaves, carol who stays.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "connectors/sandbox/sandbox.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/test_clock.h"

namespace rescind {

inline constexpr std::string_view kSandboxSeed = R"({"record":"system","id":"crm","kind":"saas"}
{"record":"identity","id":"alice","kind":"employee"}
{"record":"account","id":"crm:alice","system":"crm","holder":"alice"}
{"record":"session","id":"crm:s-1","system":"crm","holder":"alice","account":"crm:alice"}
{"record":"token","id":"crm:t-1","system":"crm","holder":"alice","account":"crm:alice"}
{"record":"password","id":"crm:pw-alice","system":"crm","holder":"alice","account":"crm:alice"}
{"record":"role","id":"crm:alice:admin","system":"crm","holder":"alice","account":"crm:alice","name":"workspace","level":"owner"}
{"record":"group","id":"crm:alice:sales","system":"crm","holder":"alice","account":"crm:alice","name":"sales","carries_license":"seat"}
{"record":"license","id":"crm:alice:seat","system":"crm","holder":"alice","account":"crm:alice","name":"seat"}
{"record":"data","id":"crm:mail-alice","system":"crm","holder":"alice","account":"crm:alice","data_kind":"mailbox","license":"crm:alice:seat"}
{"record":"secret","id":"crm:db-root","system":"crm","known_to":["alice","carol"],"dependents":["billing"]}
{"record":"checkout","id":"crm:co-1","system":"crm","holder":"alice","credential":"crm:db-root"}
{"record":"device","id":"crm:laptop","system":"crm","holder":"alice"}
{"record":"account","id":"crm:carol","system":"crm","holder":"carol"}
)";

struct Sandbox {
  TemporaryFolder folder;
  TestClock clock;
  std::unique_ptr<SandboxWorld> world;
  std::unique_ptr<Connector> connector;

  Sandbox() {
    auto opened = open_sandbox_world(folder.file("sandbox.db"));
    REQUIRE_MESSAGE(opened.has_value(), opened.error().to_string());
    world = std::move(*opened);
    REQUIRE(world->seed(kSandboxSeed).has_value());
    ConnectorConfig config;
    config.system = "crm";
    config.connector = "sandbox";
    config.settings["path"] = folder.file("sandbox.db");
    auto made = make_sandbox_connector(config, clock);
    REQUIRE_MESSAGE(made.has_value(), made.error().to_string());
    connector = std::move(*made);
  }

  static ActionRequest request(Verb verb, Kind kind, const std::string& item) {
    ActionRequest made;
    made.marker = "step:" + item + std::string(verb_name(verb)) + "#1";
    made.verb = verb;
    made.item.item = item;
    made.item.kind = kind;
    made.item.system = "crm";
    return made;
  }

  ResultClass perform(Verb verb, Kind kind, const std::string& item) {
    return connector->perform(request(verb, kind, item)).result;
  }

  Observation observe(const std::string& item) {
    auto seen = connector->observe(request(Verb::Disable, Kind::Account, item).item);
    REQUIRE_MESSAGE(seen.has_value(), seen.error().to_string());
    return *seen;
  }

  bool present(const std::string& item) { return observe(item).presence == Presence::Present; }

  std::string effects() {
    auto listed = world->list_effects();
    REQUIRE(listed.has_value());
    std::string text;
    for (const SandboxEffect& effect : *listed) {
      text += effect.verb + " " + effect.item + "\n";
    }
    return text;
  }

  void fault(SandboxFaultKind kind, std::int64_t value = 0, const std::string& call = "",
             std::int64_t times = 1) {
    SandboxFault made;
    made.kind = kind;
    made.system = "crm";
    made.call = call;
    made.value = value;
    made.times = times;
    REQUIRE(world->add_fault(made).has_value());
  }
};

}  // namespace rescind
