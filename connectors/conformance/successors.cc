// The rules about successors, and about what a connector says of use.
#include <algorithm>

#include "connectors/conformance/rules.h"

namespace rescind::conformance {

RuleReport check_successor(Fixture& fixture) {
  Check check(
      "a successor stands beside the old one, is found by its marker and ended by exact id");
  const Person person = fixture.make_person("conform-replaced");
  const Person other = fixture.make_person("conform-bystander-4");
  const std::string untouched = fixture.fingerprint(other);
  const std::optional<ItemAddress> old = fixture.credential(person);
  const auto connector = fixture.connect();
  const Result<Capabilities> can = connector->capabilities();
  if (!old || !can || !can->successors.contains(old->kind)) {
    check.does_not_apply();
    return check.report();
  }
  const ActionRequest replace = request(Verb::Replace, *old);
  ActionRequest another = replace;
  another.marker += "#2";
  check.result_in(connector->find_successor(replace).answer, {ResultClass::Absent}, "before");
  const Successor made = connector->create_successor(replace);
  check.result_in(made.answer, {ResultClass::Changed}, "create");
  check.that(made.secret.size() >= 16, "the value is missing or short");
  check.that(!made.answer.requests.empty(), "an attempt does not say what was sent");
  std::vector<std::string> said = made.answer.requests;
  said.push_back(made.answer.detail);
  for (const DiscoveredRecord& record : made.records) {
    said.push_back(record.json);
  }
  check.silent(said, {std::string(made.secret.reveal())});
  check.silent(said, fixture.secrets());
  check.that(!made.records.empty() &&
                 made.records.front().json.find("\"" + made.item.item + "\"") != std::string::npos,
             "its record does not come first");
  check.that(fixture.account_usable(person), "the old one does not work any more");
  const Successor found = connector->find_successor(replace);
  check.result_in(found.answer, {ResultClass::AlreadyDone}, "find");
  check.that(found.item.item == made.item.item, "another one was found");
  const Successor again = connector->create_successor(replace);
  check.result_in(again.answer, {ResultClass::AlreadyDone}, "create again");
  check.that(again.secret.empty() && again.item.item == made.item.item,
             "creating again gave a value or another successor");
  const ActionResult foreign = connector->delete_successor(another, made.item);
  check.that(foreign.result != ResultClass::Changed, "another marker ended it");
  check.result_in(connector->find_successor(replace).answer, {ResultClass::AlreadyDone},
                  "find after that");
  check.result_in(connector->delete_successor(replace, made.item), {ResultClass::Changed},
                  "delete");
  check.result_in(connector->delete_successor(replace, made.item), {ResultClass::Absent},
                  "delete again");
  check.result_in(connector->find_successor(replace).answer, {ResultClass::Absent}, "find at last");
  check.that(fixture.account_usable(person), "the old one went with its successor");
  check.that(fixture.fingerprint(other) == untouched, "somebody else was touched");
  return check.report();
}

RuleReport check_usage(Fixture& fixture) {
  Check check("use is told in records of use and coverage, or not at all");
  const auto connector = fixture.connect();
  const Result<EvidenceReport> report = connector->usage({});
  const Result<Capabilities> can = connector->capabilities();
  if (!report) {
    check.that(report.error().kind() == ErrorKind::Unsupported,
               "asking failed: " + report.error().to_string());
    check.that(can && can->evidence.empty(), "a source of evidence is declared and not there");
    check.does_not_apply();
    return check.report();
  }
  check.that(can && !can->evidence.empty(), "the source of the evidence is not declared");
  for (const DiscoveredRecord& record : report->records) {
    const bool known = record.json.find("\"record\":\"usage\"") != std::string::npos ||
                       record.json.find("\"record\":\"coverage\"") != std::string::npos;
    check.that(known && record.json.find('\n') == std::string::npos,
               "this is no record of use: " + record.json);
    check.silent({record.json}, fixture.secrets());
  }
  const auto blind = fixture.connect_with_wrong_credential()->usage({});
  check.that(!blind || blind->records.empty(), "use is told to a refused credential");
  return check.report();
}

}  // namespace rescind::conformance
