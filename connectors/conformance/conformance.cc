// Runs the rules of the conformance suite.
#include "connectors/conformance/conformance.h"

#include <algorithm>

#include "connectors/conformance/rules.h"

namespace rescind::conformance {

void Check::result_in(const ActionResult& result, const std::vector<ResultClass>& allowed,
                      const std::string& what) {
  if (std::find(allowed.begin(), allowed.end(), result.result) == allowed.end()) {
    that(false, what + " gave " + std::string(result_class_name(result.result)) + " (" +
                    result.detail + ")");
  }
}

void Check::silent(const std::vector<std::string>& texts, const std::vector<std::string>& secrets) {
  for (const std::string& secret : secrets) {
    for (const std::string& text : texts) {
      that(text.find(secret) == std::string::npos, "a secret is shown");
    }
  }
}

ActionRequest request(Verb verb, const ItemAddress& item, std::string captured) {
  ActionRequest made;
  made.marker = "step:conformance:" + item.item + ":" + std::string(verb_name(verb));
  made.verb = verb;
  made.item = item;
  made.captured = std::move(captured);
  return made;
}

bool supports(Connector& connector, Verb verb, Kind kind) {
  const Result<Capabilities> abilities = connector.capabilities();
  if (!abilities) {
    return false;
  }
  return std::any_of(abilities->verbs.begin(), abilities->verbs.end(),
                     [&](const VerbSupport& one) { return one.verb == verb && one.kind == kind; });
}

std::vector<RuleReport> run_conformance(Fixture& fixture) {
  std::vector<RuleReport> reports;
  for (const auto rule :
       {check_capabilities, check_discovery, check_cut_listing, check_observation, check_preview,
        check_wrong_credential, check_dead_endpoint, check_absence, check_disable, check_remove,
        check_delete, check_undo, check_lies, check_unsupported, check_successor, check_usage}) {
    reports.push_back(rule(fixture));
  }
  return reports;
}

}  // namespace rescind::conformance
