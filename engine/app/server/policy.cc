// GET /v1/policy: which policy this server decides with.
#include <set>

#include <nlohmann/json.hpp>

#include "app/server/resources.h"

namespace rescind::server {
namespace {

using Json = nlohmann::ordered_json;

Json describe_rule(const CheckedPolicy& policy, const CheckedRule& rule) {
  Json out;
  out["name"] = rule.declared.qualified();
  out["on"] = Json::array();
  for (const std::uint32_t event : rule.on) {
    out["on"].push_back(policy.schema->events[event].name);
  }
  out["doc"] = rule.declared.doc;
  out["because"] = rule.because;
  out["controls"] = rule.controls;
  out["clauses"] = Json::array();
  for (const ClauseId clause : rule.clauses) {
    out["clauses"].push_back(policy.clauses[clause.index()].label);
  }
  out["place"] = policy.sources->place(rule.declared.span);
  return out;
}

}  // namespace

Answer answer_policy(const Service& service, const Request& /*request*/) {
  const CheckedPolicy& policy = *service.policy.checked;
  Json out;
  out["digest"] = policy.digest;
  std::set<std::string> modules;
  out["rules"] = Json::array();
  for (const CheckedRule& rule : policy.rules) {
    modules.insert(rule.declared.module);
    out["rules"].push_back(describe_rule(policy, rule));
  }
  out["modules"] = modules;
  out["counts"] = {{"rules", policy.rules.size()},     {"clauses", policy.clauses.size()},
                   {"roles", policy.roles.size()},     {"keeps", policy.keeps.size()},
                   {"holds", policy.holds.size()},     {"limits", policy.limits.size()},
                   {"derives", policy.derives.size()}, {"retires", policy.retires.size()}};
  out["inventory"] = {{"digest", service.inventory->digest},
                      {"items", service.inventory->item_count()},
                      {"rejected", service.inventory->rejected.size()}};
  return {
      .status = 200, .content_type = "application/json", .body = out.dump(2) + "\n", .headers = {}};
}

}  // namespace rescind::server
