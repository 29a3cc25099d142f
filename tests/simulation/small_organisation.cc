#include "small_organisation.h"

namespace rescind::simulation {
namespace {

constexpr const char* kPolicy = R"(module t
schema { systems { sys0, sys1 } teams { office, records, legal } }
rule leaver {
  on leaver, contract_end
  when subject is human
  because "gone" escalate to office then records after 2h
  revoke session, token within 5m
  disable account within 15m
  remove entitlement within 1h
  delete account after 3d
}
rule risk { on risk because "risk" escalate to office then records after 2h
  revoke session, token within 5m
  lock account within 5m
  disable account within 15m approved by office }
rule back { on rehire because "back" escalate to office
  restore account within 4h }
hold matter { when subject.legal_hold blocks delete, wipe of account, data, device
  until lifted ordered by "legal" because "M" }
limit mass { disable, delete of account at most 2 per 1d otherwise ask office }
retire key {
  on owner_left, knower_left
  for api_key as k where k.holder is not human
  because "stages" escalate to office then records after 2h
  enter quarantine within 4h when event is knower_left
  stage drain { done when k idle for 12h within 2d }
  stage quarantine { disable k soak 3d on use return to drain }
  stage delete { approved by office delete k }
}
)";

constexpr const char* kRecords = R"({"record":"system","id":"sys0","kind":"idp"}
{"record":"system","id":"sys1","kind":"saas","federated_by":["sys0"]}
{"record":"team","id":"office","members":["keeper"]}
{"record":"team","id":"records","members":["second"]}
{"record":"identity","id":"bot0","kind":"service","owner":["p1"]}
{"record":"account","id":"sys0:p1","system":"sys0","holder":"p1"}
{"record":"session","id":"sys0:p1:s","system":"sys0","holder":"p1","account":"sys0:p1"}
{"record":"account","id":"sys1:p1","system":"sys1","holder":"p1"}
{"record":"role","id":"sys1:p1:r","system":"sys1","holder":"p1","account":"sys1:p1","name":"Admin","privileged":true,"level":"admin"}
{"record":"account","id":"sys1:p2","system":"sys1","holder":"p2"}
{"record":"role","id":"sys1:p2:r","system":"sys1","holder":"p2","account":"sys1:p2","name":"Admin","privileged":true,"level":"admin"}
{"record":"api_key","id":"sys1:bot0","system":"sys1","holder":"bot0","dependents":["bot1"],"known_to":["p1"],"created":"2025-01-01T00:00:00Z"}
)";

}  // namespace

Scenario small_scenario() {
  Scenario out;
  out.seed = 1;
  out.begin = *parse_instant("2026-01-05T09:00:00Z");
  out.end = out.begin + std::chrono::hours(24 * 10);
  out.policy = kPolicy;
  out.records = kRecords;
  for (const char* person : {"p1", "p2", "keeper", "second"}) {
    out.records += person_record(person, false) + "\n";
  }
  out.promise.disable_within = std::chrono::minutes(15);
  out.promise.delete_after = std::chrono::hours(24 * 3);
  out.promise.holds = true;
  out.promise.at_most = 2;
  out.promise.next_level = std::chrono::hours(2);
  out.promise.retire = RetirePromise{.replaces = false,
                                     .idle = std::chrono::hours(12),
                                     .drain_within = std::chrono::hours(48),
                                     .soak = std::chrono::hours(72),
                                     .returns = true,
                                     .known_within = std::chrono::hours(4)};
  out.look_again = std::chrono::hours(12);
  out.retry_later = std::chrono::hours(1);
  return out;
}

void happens(Scenario& scenario, const std::string& type, const std::string& person,
             Seconds after) {
  Report report;
  report.arrives = scenario.begin + after;
  report.event.type = type;
  report.event.subject = person;
  report.event.source = "hr";
  report.event.id = std::to_string(scenario.reports.size() + 1);
  report.event.at = report.arrives;
  report.event.arrived = report.arrives;
  scenario.reports.push_back(report);
}

}  // namespace rescind::simulation
