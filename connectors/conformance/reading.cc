// The rules about what a connector says without changing anything.
#include <algorithm>

#include <nlohmann/json.hpp>

#include "connectors/conformance/rules.h"

namespace rescind::conformance {
namespace {

using Json = nlohmann::json;

// The record of this item, or null.
Json record_of(const Discovery& discovery, const ItemAddress& item) {
  for (const DiscoveredRecord& record : discovery.records) {
    Json json = Json::parse(record.json, nullptr, false);
    if (json.is_object() && json.value("native_id", "") == item.native_id &&
        json.value("record", "") == kind_name(item.kind)) {
      return json;
    }
  }
  return {};
}

bool listed_completely(const Discovery& discovery, Kind kind) {
  return std::any_of(
      discovery.listings.begin(), discovery.listings.end(),
      [&](const ListingState& one) { return one.kind == kind_name(kind) && one.complete; });
}

// A request that the engine would send, with what it must not come to when nothing could be asked.
void check_nothing_claimed(Check& check, Connector& connector, const Person& person,
                           const std::vector<ResultClass>& allowed) {
  for (const auto& [verb, item] :
       {std::pair(Verb::Disable, person.account), std::pair(Verb::Delete, person.account),
        std::pair(Verb::Remove, person.right)}) {
    check.result_in(connector.perform(request(verb, item)), allowed, std::string(verb_name(verb)));
    check.that(connector.probe(request(verb, item)).answer == ProbeAnswer::Unknown,
               "a probe of " + std::string(verb_name(verb)) + " claims to know");
    const Result<Observation> seen = connector.observe(item);
    check.that(!seen || seen->presence == Presence::Unknown, "an observation claims to know");
  }
}

}  // namespace

RuleReport check_capabilities(Fixture& fixture) {
  Check check("a connector says what it is and what it can do, and nothing secret");
  const auto connector = fixture.connect();
  const Result<Capabilities> abilities = connector->capabilities();
  check.that(abilities.has_value(), "capabilities failed");
  if (!abilities) {
    return check.report();
  }
  check.that(
      !abilities->connector.empty() && !abilities->version.empty() && !abilities->endpoint.empty(),
      "its name, version or endpoint is empty");
  check.silent({abilities->connector, abilities->version, abilities->endpoint}, fixture.secrets());
  for (const VerbSupport& one : abilities->verbs) {
    check.that(
        verb_kinds(one.verb).contains(one.kind),
        std::string(verb_name(one.verb)) + " does not fit " + std::string(kind_name(one.kind)));
  }
  const Result<Capabilities> again = connector->capabilities();
  check.that(
      again && again->version == abilities->version && again->endpoint == abilities->endpoint,
      "asked again it says something else");
  return check.report();
}

RuleReport check_discovery(Fixture& fixture) {
  Check check("discovery lists accounts and their rights, completely and under stable ids");
  const Person person = fixture.make_person("conform-listed");
  const auto connector = fixture.connect();
  const Result<Discovery> found = connector->discover();
  const Result<Discovery> again = connector->discover();
  check.that(found && again, "discover failed");
  if (!found || !again) {
    return check.report();
  }
  const Result<Capabilities> abilities = connector->capabilities();
  for (const Kind kind : {person.account.kind, person.right.kind}) {
    check.that(listed_completely(*found, kind),
               std::string(kind_name(kind)) + " is not listed completely");
    check.that(abilities && abilities->enumerable.contains(kind),
               std::string(kind_name(kind)) + " is listed but not said to be");
  }
  const Json account = record_of(*found, person.account);
  const Json right = record_of(*found, person.right);
  check.that(account.is_object(), "the account is missing");
  check.that(right.is_object(), "the right is missing");
  if (!account.is_object() || !right.is_object()) {
    return check.report();
  }
  check.that(account.value("system", "") == person.account.system,
             "the account is on another system");
  check.that(account.value("enabled", true), "the account is said to be disabled");
  check.that(right.value("account", "") == account.value("id", "?"),
             "the right is not under its account");
  check.that(record_of(*again, person.account) == account, "listed again it looks different");
  for (const DiscoveredRecord& record : found->records) {
    const Json json = Json::parse(record.json, nullptr, false);
    check.that(
        json.is_object() && !json.value("id", "").empty() && !json.value("system", "").empty(),
        "a record is no item: " + record.json);
    check.silent({record.json}, fixture.secrets());
  }
  return check.report();
}

RuleReport check_cut_listing(Fixture& fixture) {
  Check check("a listing that was cut short says so");
  const Person person = fixture.make_person("conform-cut");
  const auto connector = fixture.connect_with_cut_listing();
  if (connector == nullptr) {
    check.does_not_apply();
    return check.report();
  }
  const Result<Discovery> found = connector->discover();
  if (found) {
    check.that(!listed_completely(*found, person.account.kind), "it is said to be complete");
    for (const ListingState& one : found->listings) {
      check.that(one.complete || !one.why.empty(), "the reason is missing");
    }
  }
  fixture.end_faults();
  return check.report();
}

RuleReport check_observation(Fixture& fixture) {
  Check check("an observation shows the item as it is, and its state without secrets");
  const Person person = fixture.make_person("conform-seen");
  const auto connector = fixture.connect();
  const Result<Observation> account = connector->observe(person.account);
  const Result<Observation> right = connector->observe(person.right);
  check.that(account && account->presence == Presence::Present, "the account is not seen");
  check.that(account && account->enabled == true, "the account is not seen to be enabled");
  check.that(account && !account->state.empty(), "the account has no state to capture");
  check.that(right && right->presence == Presence::Present, "the right is not seen");
  if (account && right) {
    check.silent({account->state, account->detail, right->state}, fixture.secrets());
  }
  for (const auto& [verb, item] :
       {std::pair(Verb::Disable, person.account), std::pair(Verb::Remove, person.right)}) {
    check.that(
        connector->probe(request(verb, item)).answer == ProbeAnswer::NotDone,
        "a probe does not see that " + std::string(verb_name(verb)) + " is still to be done");
  }
  return check.report();
}

RuleReport check_preview(Fixture& fixture) {
  Check check("a preview touches nothing and shows no secret");
  const Person person = fixture.make_person("conform-preview");
  const auto connector = fixture.connect();
  const Result<Capabilities> abilities = connector->capabilities();
  const std::string before = fixture.fingerprint(person);
  for (const auto& [verb, item] :
       {std::pair(Verb::Disable, person.account), std::pair(Verb::Delete, person.account),
        std::pair(Verb::Remove, person.right)}) {
    const std::vector<std::string> lines = connector->preview(request(verb, item));
    check.that(!lines.empty(), "nothing is shown for " + std::string(verb_name(verb)));
    check.silent(lines, fixture.secrets());
  }
  check.that(fixture.fingerprint(person) == before, "the system was changed");
  return check.report();
}

RuleReport check_wrong_credential(Fixture& fixture) {
  Check check("a credential that is refused is an authentication failure and never an absence");
  const Person person = fixture.make_person("conform-locked-out");
  const auto connector = fixture.connect_with_wrong_credential();
  check_nothing_claimed(check, *connector, person, {ResultClass::AuthFailed});
  const Result<Discovery> found = connector->discover();
  check.that(!found && found.error().kind() == ErrorKind::Auth, "discovery does not say so");
  fixture.end_faults();
  check.that(fixture.account_usable(person) && fixture.has_right(person), "the system was changed");
  return check.report();
}

RuleReport check_dead_endpoint(Fixture& fixture) {
  Check check("an address where nobody answers is a failure and never an absence");
  const Person person = fixture.make_person("conform-unreached");
  const auto connector = fixture.connect_to_dead_endpoint();
  check_nothing_claimed(check, *connector, person, {ResultClass::Failed});
  const Result<Discovery> found = connector->discover();
  check.that(!found && found.error().kind() == ErrorKind::Network, "discovery does not say so");
  const Result<Observation> seen = connector->observe(person.account);
  check.that(!seen && seen.error().kind() == ErrorKind::Network, "an observation does not say so");
  fixture.end_faults();
  return check.report();
}

RuleReport check_absence(Fixture& fixture) {
  Check check("what is not there is absent, by a read that proves it");
  const Person somebody = fixture.make_person("conform-present");
  const auto connector = fixture.connect();
  const ItemAddress nobody = fixture.nobody();
  const Result<Observation> seen = connector->observe(nobody);
  check.that(seen && seen->presence == Presence::Absent, "an observation does not see the absence");
  check.result_in(connector->perform(request(Verb::Disable, nobody)), {ResultClass::Absent},
                  "disable");
  check.that(connector->probe(request(Verb::Disable, nobody)).answer == ProbeAnswer::Done,
             "a probe does not see that there is nothing left to disable");
  check.that(fixture.account_usable(somebody), "somebody else was touched");
  return check.report();
}

}  // namespace rescind::conformance
