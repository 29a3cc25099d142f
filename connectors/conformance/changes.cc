// The rules about what a connector changes.
#include <algorithm>

#include "connectors/conformance/rules.h"

namespace rescind::conformance {
namespace {

const std::vector<ResultClass> kDone = {ResultClass::Changed, ResultClass::ResidualUntil};

// What every attempt shows: what was sent, and nothing secret.
void check_account_of(Check& check, Fixture& fixture, const ActionResult& result) {
  check.that(!result.requests.empty(), "an attempt does not say what was sent");
  check.silent(result.requests, fixture.secrets());
  check.silent({result.detail}, fixture.secrets());
  check.that(result.result != ResultClass::ResidualUntil || result.until.has_value(),
             "what is left is not said to end");
}

}  // namespace

RuleReport check_disable(Fixture& fixture) {
  Check check("a disabled account cannot be used, and disabling it again is already done");
  const Person person = fixture.make_person("conform-disabled");
  const Person other = fixture.make_person("conform-bystander-1");
  const std::string untouched = fixture.fingerprint(other);
  const auto connector = fixture.connect();
  if (!supports(*connector, Verb::Disable, Kind::Account)) {
    check.does_not_apply();
    return check.report();
  }
  const ActionRequest disable = request(Verb::Disable, person.account);
  const ActionResult done = connector->perform(disable);
  check.result_in(done, kDone, "disable");
  check_account_of(check, fixture, done);
  check.that(!done.response_digest.empty(), "there is no digest of the answers");
  check.that(!fixture.account_usable(person), "the account can still be used");
  check.that(connector->probe(disable).answer == ProbeAnswer::Done, "a probe does not see it");
  const Result<Observation> seen = connector->observe(person.account);
  check.that(seen && (seen->presence == Presence::Absent || seen->enabled == false),
             "an observation does not see it");
  check.result_in(connector->perform(disable), {ResultClass::AlreadyDone, ResultClass::Absent},
                  "disable again");
  check.that(fixture.fingerprint(other) == untouched, "somebody else was touched");
  return check.report();
}

RuleReport check_remove(Fixture& fixture) {
  Check check("a removed right is gone, and removing it again is already done");
  const Person person = fixture.make_person("conform-stripped");
  const Person other = fixture.make_person("conform-bystander-2");
  const std::string untouched = fixture.fingerprint(other);
  const auto connector = fixture.connect();
  const ActionRequest remove = request(Verb::Remove, person.right);
  const ActionResult done = connector->perform(remove);
  check.result_in(done, kDone, "remove");
  check_account_of(check, fixture, done);
  check.that(!fixture.has_right(person), "the right is still there");
  check.that(fixture.account_usable(person), "the account went with it");
  check.that(connector->probe(remove).answer == ProbeAnswer::Done, "a probe does not see it");
  const Result<Observation> seen = connector->observe(person.right);
  check.that(seen && seen->presence == Presence::Absent, "an observation does not see it");
  check.result_in(connector->perform(remove), {ResultClass::AlreadyDone, ResultClass::Absent},
                  "remove again");
  check.that(fixture.has_right(other) && fixture.fingerprint(other) == untouched,
             "somebody else was touched");
  return check.report();
}

RuleReport check_delete(Fixture& fixture) {
  Check check("a deleted account is gone, and is absent from then on");
  const Person person = fixture.make_person("conform-deleted");
  const Person other = fixture.make_person("conform-bystander-3");
  const std::string untouched = fixture.fingerprint(other);
  const auto connector = fixture.connect();
  if (!supports(*connector, Verb::Delete, Kind::Account)) {
    check.does_not_apply();
    return check.report();
  }
  const ActionRequest erase = request(Verb::Delete, person.account);
  check.result_in(connector->perform(erase), kDone, "delete");
  check.that(!fixture.account_exists(person), "the account is still there");
  check.that(connector->probe(erase).answer == ProbeAnswer::Done, "a probe does not see it");
  check.result_in(connector->perform(erase), {ResultClass::Absent}, "delete again");
  check.result_in(connector->perform(request(Verb::Disable, person.account)), {ResultClass::Absent},
                  "disable afterwards");
  const Result<Observation> seen = connector->observe(person.account);
  check.that(seen && seen->presence == Presence::Absent, "an observation does not see it");
  const Result<Discovery> found = connector->discover();
  check.that(found && std::none_of(found->records.begin(), found->records.end(),
                                   [&](const DiscoveredRecord& record) {
                                     return record.json.find("\"" + person.account.native_id +
                                                             "\"") != std::string::npos;
                                   }),
             "it is still listed");
  check.that(fixture.fingerprint(other) == untouched, "somebody else was touched");
  return check.report();
}

RuleReport check_undo(Fixture& fixture) {
  Check check("undo puts the captured state back, and only that");
  const Person person = fixture.make_person("conform-undone");
  const auto connector = fixture.connect();
  const Result<Capabilities> abilities = connector->capabilities();
  for (const auto& [verb, item] :
       {std::pair(Verb::Disable, person.account), std::pair(Verb::Remove, person.right)}) {
    const std::string name(verb_name(verb));
    const bool reversible =
        abilities && std::any_of(abilities->verbs.begin(), abilities->verbs.end(),
                                 [verb = verb, kind = item.kind](const VerbSupport& one) {
                                   return one.verb == verb && one.kind == kind &&
                                          one.reversible != Reversible::Never;
                                 });
    const Result<Observation> before = connector->observe(item);
    if (!reversible || !before) {
      continue;
    }
    check.result_in(connector->perform(request(verb, item)), kDone, name);
    const ActionResult blind = connector->undo(request(verb, item));
    check.that(blind.result != ResultClass::Changed,
               "undoing " + name + " without a captured state");
    check.result_in(connector->undo(request(verb, item, before->state)), {ResultClass::Changed},
                    "undoing " + name);
    check.result_in(connector->undo(request(verb, item, before->state)), {ResultClass::AlreadyDone},
                    "undoing " + name + " again");
    const Result<Observation> after = connector->observe(item);
    check.that(after && after->presence == before->presence && after->enabled == before->enabled,
               "after undoing " + name + " it looks different");
  }
  check.that(fixture.account_usable(person), "the account cannot be used again");
  check.that(fixture.has_right(person), "the right is not back");
  return check.report();
}

RuleReport check_lies(Fixture& fixture) {
  Check check("a system that says yes and does nothing is found out");
  const Person person = fixture.make_person("conform-lied-to");
  const auto connector = fixture.connect_to_liar();
  if (connector == nullptr) {
    check.does_not_apply();
    return check.report();
  }
  for (const auto& [verb, item] :
       {std::pair(Verb::Disable, person.account), std::pair(Verb::Remove, person.right),
        std::pair(Verb::Delete, person.account)}) {
    check.result_in(connector->perform(request(verb, item)),
                    {ResultClass::Failed, ResultClass::Unknown}, std::string(verb_name(verb)));
    check.that(connector->probe(request(verb, item)).answer == ProbeAnswer::NotDone,
               "a probe believes " + std::string(verb_name(verb)));
  }
  fixture.end_faults();
  check.that(fixture.account_usable(person) && fixture.has_right(person),
             "the fixture does not lie: the system was changed");
  return check.report();
}

RuleReport check_unsupported(Fixture& fixture) {
  Check check("what a connector does not do it refuses, and does not try");
  const Person person = fixture.make_person("conform-spared");
  const std::string before = fixture.fingerprint(person);
  const auto connector = fixture.connect();
  for (const Verb verb : {Verb::Archive, Verb::Lock, Verb::Delete, Verb::Disable}) {
    if (supports(*connector, verb, Kind::Account)) {
      continue;
    }
    check.result_in(connector->perform(request(verb, person.account)), {ResultClass::Unsupported},
                    std::string(verb_name(verb)) + ", which is not said to be supported,");
  }
  check.that(fixture.fingerprint(person) == before, "the system was changed");
  return check.report();
}

}  // namespace rescind::conformance
