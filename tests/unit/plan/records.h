// Records that several tests of planning begin with.
#pragma once

#include "organisation.h"

namespace rescind::test {

// alice leaves; bob is her manager, carol and dan stay. okta is the identity provider of crm and
// mail.
inline constexpr std::string_view kPeople = R"(
{"record":"system","id":"okta","kind":"idp","tier":0}
{"record":"system","id":"crm","kind":"saas","tier":1,"federated_by":["okta"]}
{"record":"system","id":"mail","kind":"saas","tier":1,"federated_by":["okta"]}
{"record":"system","id":"db","kind":"database","tier":1}
{"record":"team","id":"security","members":["carol","alice"]}
{"record":"team","id":"oncall","members":[]}
{"record":"identity","id":"alice","kind":"employee","manager":"bob"}
{"record":"identity","id":"bob","kind":"employee"}
{"record":"identity","id":"carol","kind":"employee"}
{"record":"identity","id":"dan","kind":"employee"}
)";

inline std::string with(std::string_view more) {
  return std::string(kPeople) + std::string(more);
}

inline constexpr Seconds minutes(long n) {
  return std::chrono::minutes(n);
}

inline constexpr Seconds hours(long n) {
  return std::chrono::hours(n);
}

inline constexpr Seconds days(long n) {
  return std::chrono::hours(24 * n);
}

inline Rule rule(std::string name, std::vector<std::string> on, std::vector<Clause> clauses) {
  return {.name = std::move(name), .on = std::move(on), .clauses = std::move(clauses)};
}

inline Organisation alice_leaves(std::string records, std::vector<Rule> rules) {
  return {.records = with(records),
          .rules = std::move(rules),
          .events = {{.type = "leaver", .subject = "alice"}}};
}

inline Plan plan_of(const Organisation& organisation, PlanOptions options = {}) {
  if (options.steward.empty()) {
    options.steward = "oncall";
  }
  return build_plan(organisation.decide(), options);
}

}  // namespace rescind::test
