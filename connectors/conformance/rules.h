// The rules of the conformance suite, in groups. Inside this folder only.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "connectors/conformance/conformance.h"

namespace rescind::conformance {

// Collects the problems of one rule.
class Check {
 public:
  explicit Check(std::string rule) { report_.rule = std::move(rule); }

  void that(bool holds, const std::string& problem) {
    if (!holds) {
      report_.problems.push_back(problem);
    }
  }

  // The result is one of these.
  void result_in(const ActionResult& result, const std::vector<ResultClass>& allowed,
                 const std::string& what);
  // No text holds a secret.
  void silent(const std::vector<std::string>& texts, const std::vector<std::string>& secrets);

  void does_not_apply() { report_.applies = false; }

  [[nodiscard]] RuleReport report() const { return report_; }

 private:
  RuleReport report_;
};

ActionRequest request(Verb verb, const ItemAddress& item, std::string captured = {});
bool supports(Connector& connector, Verb verb, Kind kind);

// reading.cc
RuleReport check_capabilities(Fixture& fixture);
RuleReport check_discovery(Fixture& fixture);
RuleReport check_cut_listing(Fixture& fixture);
RuleReport check_observation(Fixture& fixture);
RuleReport check_preview(Fixture& fixture);
RuleReport check_wrong_credential(Fixture& fixture);
RuleReport check_dead_endpoint(Fixture& fixture);
RuleReport check_absence(Fixture& fixture);
// changes.cc
RuleReport check_disable(Fixture& fixture);
RuleReport check_remove(Fixture& fixture);
RuleReport check_delete(Fixture& fixture);
RuleReport check_undo(Fixture& fixture);
RuleReport check_lies(Fixture& fixture);
RuleReport check_unsupported(Fixture& fixture);
// successors.cc
RuleReport check_successor(Fixture& fixture);
RuleReport check_usage(Fixture& fixture);

}  // namespace rescind::conformance
