// A small company on sandbox systems, a store, and a plan made by hand: what tests of execution and
// verification share.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "connect/connector_set.h"
#include "connectors/sandbox/sandbox.h"
#include "execute/execute_plan.h"
#include "model/plan.h"
#include "store/store.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/test_clock.h"

namespace rescind {

inline constexpr std::string_view kCompany =
    R"({"record":"account","id":"okta:alice","system":"okta","holder":"alice"}
{"record":"session","id":"okta:s-1","system":"okta","holder":"alice","account":"okta:alice"}
{"record":"account","id":"crm:alice","system":"crm","holder":"alice"}
{"record":"session","id":"crm:s-1","system":"crm","holder":"alice","account":"crm:alice"}
{"record":"token","id":"crm:t-1","system":"crm","holder":"alice","account":"crm:alice"}
{"record":"role","id":"crm:r-1","system":"crm","holder":"alice","account":"crm:alice","name":"rep"}
{"record":"data","id":"crm:mail","system":"crm","holder":"alice","account":"crm:alice","license":"crm:seat"}
{"record":"license","id":"crm:seat","system":"crm","holder":"alice","account":"crm:alice","name":"seat"}
{"record":"secret","id":"vault:db","system":"vault","known_to":["alice"]}
{"record":"device","id":"mdm:laptop","system":"mdm","holder":"alice"}
{"record":"account","id":"crm:carol","system":"crm","holder":"carol"}
)";

class Company {
 public:
  TestClock clock;
  std::unique_ptr<SandboxWorld> world;
  std::unique_ptr<Store> store;
  ConnectorSet connectors;
  ExecuteOptions options;
  Plan plan;

  Company() : own_folder_(std::make_unique<TemporaryFolder>()), path_(own_folder_->file("")) {
    start();
  }

  // In a folder that outlives it; what is there already is taken up.
  explicit Company(const TemporaryFolder& folder) : path_(folder.file("")) { start(); }

  [[nodiscard]] std::string file(const std::string& name) const { return path_ + name; }

  void start() {
    auto opened = open_sandbox_world(file("sandbox.db"));
    REQUIRE_MESSAGE(opened.has_value(), opened.error().to_string());
    world = std::move(*opened);
    REQUIRE(world->seed(kCompany).has_value());
    open_store();
    connect();
    plan.engine = "rescind test";
    plan.as_of = clock.now();
    plan.expires_at = clock.now() + Seconds(86400);
    Event event;
    event.type = "leaver";
    event.subject = "alice";
    event.at = clock.now();
    plan.events.push_back(event);
    plan.event_lineages.push_back("leaver/alice");
  }

  void open_store() {
    store.reset();
    auto opened = open_sqlite_store(file("store.db"), {});
    REQUIRE_MESSAGE(opened.has_value(), opened.error().to_string());
    store = std::move(*opened);
  }

  void connect() {
    connectors = ConnectorSet();
    for (const char* system : {"okta", "crm", "vault", "mdm"}) {
      ConnectorConfig config;
      config.system = system;
      config.settings["path"] = file("sandbox.db");
      auto made = make_sandbox_connector(config, clock);
      REQUIRE_MESSAGE(made.has_value(), made.error().to_string());
      connectors.add(system, std::move(*made));
    }
  }

  // Adds a step; its id is "step:" and the name. The system is what stands before the colon.
  PlanStep& step(const std::string& name, Verb verb, Kind kind, const std::string& item) {
    PlanStep made;
    made.id = "step:" + name;
    made.verb = verb;
    made.kind = kind_name(kind);
    made.item = item;
    made.system = item.substr(0, item.find(':'));
    made.native_id = item.substr(item.find(':') + 1);
    made.holder = "alice";
    made.facts["holder"] = "alice";
    made.effects = default_effects(verb, kind);
    made.rank = rank_of(made.effects);
    made.not_before = clock.now();
    plan.steps.push_back(std::move(made));
    return plan.steps.back();
  }

  PlanStep& sweep(const std::string& name, const std::string& account,
                  std::vector<std::string> after) {
    PlanStep& made = step(name, Verb::Revoke, Kind::Account, account);
    made.action = "sweep";
    made.rank = Rank::Sweep;
    made.effects = Effect::Contains;
    made.after = std::move(after);
    return made;
  }

  Result<RunReport> try_apply() {
    plan.summary.steps = plan.steps.size();
    plan.digest = compute_plan_digest(plan);
    return execute_plan(plan, *store, connectors, clock, options);
  }

  RunReport apply() {
    auto report = try_apply();
    REQUIRE_MESSAGE(report.has_value(), report.error().to_string());
    return *std::move(report);
  }

  RunReport resume(const std::string& run) {
    auto report = resume_run(run, *store, connectors, clock, options);
    REQUIRE_MESSAGE(report.has_value(), report.error().to_string());
    return *std::move(report);
  }

  void fault(SandboxFaultKind kind, const std::string& system, const std::string& call = "",
             std::int64_t value = 0, std::int64_t times = 1, const std::string& item = "") {
    SandboxFault made;
    made.kind = kind;
    made.system = system;
    made.call = call;
    made.item = item;
    made.value = value;
    made.times = times;
    REQUIRE(world->add_fault(made).has_value());
  }

  std::string effects() {
    auto listed = world->list_effects();
    REQUIRE(listed.has_value());
    std::string text;
    for (const SandboxEffect& effect : *listed) {
      text += effect.verb + " " + effect.item + "\n";
    }
    return text;
  }

  std::size_t effect_count(const std::string& verb, const std::string& item) {
    auto listed = world->list_effects();
    REQUIRE(listed.has_value());
    return static_cast<std::size_t>(std::count_if(
        listed->begin(), listed->end(),
        [&](const SandboxEffect& effect) { return effect.verb == verb && effect.item == item; }));
  }

  std::string describe() {
    auto text = world->describe();
    REQUIRE(text.has_value());
    return *text;
  }

 private:
  std::unique_ptr<TemporaryFolder> own_folder_;
  std::string path_;
};

inline const StepRecord& record_of(const RunReport& report, const std::string& name) {
  const auto found =
      std::find_if(report.steps.begin(), report.steps.end(),
                   [&name](const StepRecord& record) { return record.step == "step:" + name; });
  REQUIRE(found != report.steps.end());
  return *found;
}

inline StepState state_of(const RunReport& report, const std::string& name) {
  return record_of(report, name).state;
}

}  // namespace rescind

// Shown by failed checks.
namespace doctest {
template <>
struct StringMaker<rescind::StepState> {
  static String convert(rescind::StepState state) {
    return String(std::string(rescind::step_state_name(state)).c_str());
  }
};

template <>
struct StringMaker<rescind::RunState> {
  static String convert(rescind::RunState state) {
    return String(std::string(rescind::run_state_name(state)).c_str());
  }
};
}  // namespace doctest
