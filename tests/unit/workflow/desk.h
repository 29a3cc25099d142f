// An office with sandbox systems, a clock and a worker of what is due: what tests of long runs
// share.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "connectors/sandbox/sandbox.h"
#include "execute/execute_plan.h"
#include "tests/support/test_clock.h"
#include "tests/unit/workflow/office.h"
#include "workflow/advance.h"
#include "workflow/collect_systems.h"

namespace rescind::testing {

inline const std::string kDeskPolicy = R"(module t
schema { systems { crm, aws } teams { desk, legal } }
rule out {
  on leaver because "gone" escalate to desk
  revoke  session, token within 5m
  disable account, api_key within 15m
  remove  license
  delete  account after 30d
}
hold matter { when subject.legal_hold blocks delete, remove of account, license until lifted ordered by "legal" because "M-1" }
retire key {
  on orphaned, owner_left
  for api_key as c where c.holder is not human
  because "a key leaves in stages" escalate to desk
  stage drain      { done when c idle for 24h   within 7d }
  stage quarantine { disable c   soak 14d   on use return to drain }
  stage delete     { approved by desk   delete c }
}
)";

inline const std::string kDeskPeople = R"({"record":"system","id":"crm","kind":"saas"}
{"record":"system","id":"aws","kind":"cloud"}
{"record":"team","id":"desk","members":["bob"]}
{"record":"identity","id":"bob","kind":"employee"}
{"record":"identity","id":"ci-bot","kind":"service","owner":["bob"]}
{"record":"identity","id":"billing","kind":"service","owner":["bob"]}
{"record":"identity","id":"alice-bot","kind":"service","owner":["alice"]}
)";

inline const std::string kDeskItems =
    R"({"record":"account","id":"crm:alice","system":"crm","holder":"alice","native_id":"alice"}
{"record":"session","id":"crm:s-1","system":"crm","holder":"alice","account":"crm:alice","native_id":"s-1"}
{"record":"api_key","id":"aws:k1","system":"aws","holder":"ci-bot","native_id":"k1","dependents":["billing"],"created":"2025-01-01T00:00:00Z"}
)";

inline constexpr Seconds kDay{86400};

// The value, kept as long as its caller wants it.
template <typename T>
T must(Result<T> result) {
  REQUIRE_MESSAGE(result.has_value(), result.error().to_string());
  return *std::move(result);
}

class Desk {
 public:
  explicit Desk(const std::string& policy = kDeskPolicy)
      : office(policy), clock(instant("2026-01-05T17:00:00Z")) {
    auto opened = open_sandbox_world(folder_.file("sandbox.db"));
    REQUIRE(opened.has_value());
    world = std::move(*opened);
    REQUIRE(world->seed(kDeskItems).has_value());
    for (const char* system : {"crm", "aws"}) {
      ConnectorConfig config;
      config.system = system;
      config.settings["path"] = folder_.file("sandbox.db");
      auto made = make_sandbox_connector(config, clock);
      REQUIRE_MESSAGE(made.has_value(), made.error().to_string());
      connectors.add(system, std::move(*made));
    }
    REQUIRE(world->watch_use("aws", clock.now() - 30 * kDay).has_value());
    options.inline_workers = true;
    options.approvers.teams["desk"] = {"bob"};
    options.patience = Seconds(30);
  }

  // Lists the systems, all for none, and reads what is known.
  std::shared_ptr<const Inventory> facts(const std::vector<std::string>& systems) {
    const auto listed =
        collect_systems(connectors, systems, *office.store, clock, [](const std::string&) {});
    REQUIRE_MESSAGE(listed.has_value(), listed.error().to_string());
    return known();
  }

  std::shared_ptr<const Inventory> known() {
    std::string text = organisation + R"({"record":"identity","id":"alice","kind":"employee")" +
                       alice + "}\n" + people;
    const auto stored = office.store->list_inventory();
    REQUIRE(stored.has_value());
    for (const StoredInventoryRecord& record : *stored) {
      text += record.json + "\n";
    }
    return collect_inventory_from_text(text, office.policy().checked->schema);
  }

  Status take_evidence(const std::string& system) {
    return collect_usage(*connectors.find(system), system, *office.store, clock, {})
        .map([](const auto&) {});
  }

  PlanRequest plan_request(std::vector<Event> events) {
    PlanRequest request = office.request(std::move(events));
    request.as_of = clock.now();
    request.connectors = &connectors;
    return request;
  }

  // The key worked for a moment, whatever the system would have said.
  Status use_by(const std::string& by) {
    StoredInventoryRecord use{"aws", "usage", "forced", "", clock.now()};
    use.json = R"({"record":"usage","item":"aws:k1","by":")" + by + R"(","at":")" +
               format_instant(clock.now() - Seconds(60)) +
               R"(","source":"sandbox","outcome":"success"})";
    return office.store->add_inventory({use});
  }

  RunReport apply(const Event& event) {
    REQUIRE(take_evidence("aws").has_value());
    auto plan = plan_events(office.policy(), facts({}), plan_request({event}));
    REQUIRE_MESSAGE(plan.has_value(), plan.error().to_string());
    last_plan = *plan;
    auto report = execute_plan(*plan, *office.store, connectors, clock, options);
    REQUIRE_MESSAGE(report.has_value(), report.error().to_string());
    return *std::move(report);
  }

  AdvanceRequest request() {
    AdvanceRequest made;
    made.policy = &office.policy();
    made.plan = plan_request({});
    made.execute = options;
    made.read_inventory = [this](const std::vector<std::string>& systems) {
      return Result<std::shared_ptr<const Inventory>>(facts(systems));
    };
    made.take_evidence = [this](const std::string& system) { return take_evidence(system); };
    return made;
  }

  AdvanceReport advance() {
    auto report = advance_due(request(), connectors, clock);
    REQUIRE_MESSAGE(report.has_value(), report.error().to_string());
    return *std::move(report);
  }

  AdvanceReport advance_after(Seconds time) {
    clock.sleep_for(time);
    return advance();
  }

  [[nodiscard]] std::string sandbox() const { return folder_.file("sandbox.db"); }

  std::size_t effects(const std::string& verb, const std::string& item) {
    const auto listed = world->list_effects();
    REQUIRE(listed.has_value());
    return static_cast<std::size_t>(std::count_if(
        listed->begin(), listed->end(),
        [&](const SandboxEffect& effect) { return effect.verb == verb && effect.item == item; }));
  }

  RetirementRecord retirement() {
    const auto all = office.store->list_retirements("");
    REQUIRE(all.has_value());
    REQUIRE(all->size() == 1);
    return all->front();
  }

  std::string journal(const std::string& run) {
    std::string text;
    const auto records = office.store->list_records(run);
    REQUIRE(records.has_value());
    for (const JournalRecord& record : *records) {
      text += std::string(record_entry_name(record.entry)) + ": " + record.detail + "\n";
    }
    return text;
  }

  Office office;
  TestClock clock;
  std::unique_ptr<SandboxWorld> world;
  ConnectorSet connectors;
  ExecuteOptions options;
  std::string alice;   // more attributes
  std::string people;  // more records, JSON Lines
  std::string organisation = kDeskPeople;
  Plan last_plan;

 private:
  TemporaryFolder folder_;
};

inline Event leaver() {
  return make_event("leaver", "alice", "2026-01-05T17:00:00Z");
}

}  // namespace rescind::testing
