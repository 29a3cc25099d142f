// Reading back what a run claims, the closure proof, and closing a run.
#include <memory>
#include <string>

#include "collect/collect_inventory.h"
#include "model/schema.h"
#include "tests/support/company.h"
#include "verify/verify_execution.h"

namespace rescind {
namespace {

constexpr std::string_view kPeople = R"({"record":"system","id":"okta","kind":"idp"}
{"record":"system","id":"crm","kind":"saas","federated_by":["okta"]}
{"record":"system","id":"vault","kind":"secrets"}
{"record":"system","id":"mdm","kind":"endpoint"}
{"record":"identity","id":"alice","kind":"employee"}
{"record":"identity","id":"carol","kind":"employee"}
)";

struct Case {
  Company company;
  std::shared_ptr<const Inventory> inventory;
  VerifyOptions options;

  Case() {
    inventory = collect_inventory_from_text(std::string(kPeople) + std::string(kCompany),
                                            std::make_shared<const Schema>(builtin_schema()));
    options.inventory = inventory.get();
  }

  // Everything that alice has, gone.
  void plan_all() {
    company.step("okta-session", Verb::Revoke, Kind::Session, "okta:s-1");
    company.step("crm-session", Verb::Revoke, Kind::Session, "crm:s-1");
    company.step("crm-token", Verb::Revoke, Kind::Token, "crm:t-1");
    company.step("okta", Verb::Disable, Kind::Account, "okta:alice");
    company.step("crm", Verb::Disable, Kind::Account, "crm:alice");
    company.sweep("okta-sweep", "okta:alice", {"step:okta"});
    company.sweep("crm-sweep", "crm:alice", {"step:okta", "step:crm"});
    company.step("vault", Verb::Rotate, Kind::Secret, "vault:db").facts.clear();
    company.step("wipe", Verb::Wipe, Kind::Device, "mdm:laptop");
  }

  VerifiedOutcome verify(const std::string& run) {
    auto outcome =
        verify_execution(run, *company.store, company.connectors, company.clock, options);
    REQUIRE_MESSAGE(outcome.has_value(), outcome.error().to_string());
    return *std::move(outcome);
  }
};

const StepProof& proof_of(const VerifiedOutcome& outcome, const std::string& name) {
  const auto found =
      std::find_if(outcome.steps.begin(), outcome.steps.end(),
                   [&name](const StepProof& proof) { return proof.step == "step:" + name; });
  REQUIRE(found != outcome.steps.end());
  return *found;
}

}  // namespace

TEST_CASE("verify: when everything is seen to be gone, 0 paths remain and the run closes") {
  Case test;
  test.plan_all();
  const RunReport report = test.company.apply();
  REQUIRE(report.failed == 0);
  const VerifiedOutcome outcome = test.verify(report.run);
  CHECK(print_outcome(outcome) == "9 of 9 steps read back as done\n0 paths remain\n");
  CHECK(outcome.agrees());
  CHECK(outcome.closed());
  CHECK(outcome.state == RunState::Closed);
  CHECK(test.company.store->find_run(report.run).value()->state == RunState::Closed);
  const std::string json = encode_outcome(outcome);
  CHECK(json.find("\"closed\": true") != std::string::npos);
  CHECK(json.find("\"proof\": \"holds\"") != std::string::npos);
}

TEST_CASE("verify: what was done and is seen otherwise is open again, and resume does it again") {
  Case test;
  test.plan_all();
  const RunReport report = test.company.apply();
  ActionRequest undo;
  undo.marker = "by hand";
  undo.item.item = "crm:alice";
  undo.captured = R"({"present":true,"enabled":true,"holder":"alice"})";
  REQUIRE(test.company.connectors.find("crm")->undo(undo).result == ResultClass::Changed);

  const VerifiedOutcome outcome = test.verify(report.run);
  CHECK(proof_of(outcome, "crm").proof == Proof::DoesNotHold);
  CHECK_FALSE(outcome.agrees());
  CHECK(outcome.paths_left() > 0);
  CHECK(outcome.state == RunState::Open);
  CHECK(print_outcome(outcome).find(
            "disable crm:alice  claimed, but seen otherwise: still as before") !=
        std::string::npos);

  const RunReport again = test.company.resume(report.run);
  CHECK(state_of(again, "crm") == StepState::Verified);
  CHECK(test.company.effect_count("disable", "crm:alice") == 2);
  CHECK(test.verify(report.run).closed());
}

TEST_CASE(
    "verify: a replacement holds while its successor is there, though the old one is as before") {
  Case test;
  test.company.options.seal_key = []() -> Result<SealKey> { return SealKey(SealKey::Bytes{}); };
  PlanStep& step = test.company.step("replace", Verb::Replace, Kind::Secret, "vault:db");
  step.facts.clear();
  step.holder.clear();
  step.dependents = std::vector<std::string>{};
  const RunReport report = test.company.apply();
  REQUIRE(state_of(report, "replace") == StepState::Verified);
  CHECK(proof_of(test.verify(report.run), "replace").proof == Proof::Holds);

  Connector& vault = *test.company.connectors.find("vault");
  ActionRequest made;
  made.marker = "step:replace#1";
  made.item.item = "vault:db";
  made.item.kind = Kind::Secret;
  made.item.system = "vault";
  REQUIRE(vault.delete_successor(made, vault.find_successor(made).item).result ==
          ResultClass::Changed);
  const VerifiedOutcome outcome = test.verify(report.run);
  CHECK(proof_of(outcome, "replace").proof == Proof::DoesNotHold);
  CHECK(proof_of(outcome, "replace").detail == "its successor is not there");
}

TEST_CASE("verify: where the old one and its successor are gone nothing is left to replace") {
  Case test;
  test.company.options.seal_key = []() -> Result<SealKey> { return SealKey(SealKey::Bytes{}); };
  PlanStep& step = test.company.step("replace", Verb::Replace, Kind::Secret, "vault:db");
  step.facts.clear();
  step.holder.clear();
  step.dependents = std::vector<std::string>{};
  const RunReport report = test.company.apply();
  Connector& vault = *test.company.connectors.find("vault");
  ActionRequest request;
  request.marker = "step:replace#1";
  request.item.item = "vault:db";
  request.item.kind = Kind::Secret;
  request.item.system = "vault";
  REQUIRE(vault.delete_successor(request, vault.find_successor(request).item).result ==
          ResultClass::Changed);
  request.marker = "step:delete#1";
  request.verb = Verb::Delete;
  REQUIRE(vault.perform(request).result == ResultClass::Changed);
  const StepProof proof = proof_of(test.verify(report.run), "replace");
  CHECK(proof.proof == Proof::Holds);
  CHECK(proof.detail == "nothing is left to replace");
}

TEST_CASE("verify: what was put back holds while it is back, and its owner may use it") {
  Case test;
  Company& company = test.company;
  company.step("crm", Verb::Disable, Kind::Account, "crm:alice");
  const RunReport first = company.apply();
  company.plan.steps.clear();
  company.plan.events.front().type = "rehire";
  company.plan.event_lineages.front() = "rehire/alice@hr:2#1";
  PlanStep& back = company.step("back", Verb::Restore, Kind::Account, "crm:alice");
  back.rank = Rank::Prepare;
  back.effects = {};
  back.restores_run = first.run;
  back.restores_step = "step:crm";
  company.sweep("swept", "crm:alice", {"step:back"});
  company.plan.releases = {{.item = "crm:alice", .cause = "leaver/alice"}};
  const RunReport report = company.apply();
  REQUIRE(state_of(report, "back") == StepState::Verified);
  REQUIRE(state_of(report, "swept") == StepState::Verified);
  REQUIRE(company.world
              ->seed(R"({"record":"session","id":"crm:s-9","system":"crm","account":"crm:alice",)"
                     R"("holder":"alice"})")
              .has_value());
  const VerifiedOutcome outcome = test.verify(report.run);
  CHECK(proof_of(outcome, "back").proof == Proof::Holds);
  CHECK(proof_of(outcome, "swept").proof == Proof::NotNeeded);

  ActionRequest disable;
  disable.marker = "by hand";
  disable.verb = Verb::Disable;
  disable.item.item = "crm:alice";
  disable.item.kind = Kind::Account;
  REQUIRE(company.connectors.find("crm")->perform(disable).result == ResultClass::Changed);
  CHECK(proof_of(test.verify(report.run), "back").proof == Proof::DoesNotHold);
}

TEST_CASE("verify: a destroying step that does not hold is for a person, not for resume") {
  Case test;
  test.company.step("wipe", Verb::Wipe, Kind::Device, "mdm:laptop");
  const RunReport report = test.company.apply();
  // The device is back: another sandbox where it was never wiped.
  Company before;
  before.connect();
  auto outcome = verify_execution(report.run, *test.company.store, before.connectors,
                                  test.company.clock, test.options);
  REQUIRE(outcome.has_value());
  CHECK(outcome->steps.front().proof == Proof::DoesNotHold);
  const auto steps = test.company.store->list_steps(report.run);
  CHECK(steps->front().state == StepState::Refused);
  CHECK(steps->front().escalated);
}

TEST_CASE("verify: a system that does not answer leaves its steps unknown, never proved") {
  Case test;
  test.plan_all();
  const RunReport report = test.company.apply();
  test.company.fault(SandboxFaultKind::Refused, "crm", "", 0, -1);
  const VerifiedOutcome outcome = test.verify(report.run);
  CHECK(proof_of(outcome, "crm").proof == Proof::Unknown);
  CHECK(proof_of(outcome, "crm-sweep").proof == Proof::Unknown);
  CHECK(proof_of(outcome, "okta").proof == Proof::Holds);
  CHECK_FALSE(outcome.closed());
  CHECK(outcome.state == RunState::Settled);
  CHECK(print_outcome(outcome).find("cannot be read: ") != std::string::npos);
}

TEST_CASE("verify: a path that nobody planned for is found and named") {
  Case test;
  test.plan_all();
  std::erase_if(test.company.plan.steps, [](const PlanStep& step) {
    return step.id == "step:vault" || step.id == "step:wipe";
  });
  const RunReport report = test.company.apply();
  SUBCASE("not foreseen: claim and observation differ") {
    const VerifiedOutcome outcome = test.verify(report.run);
    CHECK(outcome.count(Proof::Holds) == 7);
    CHECK(outcome.paths_left() > 0);
    CHECK_FALSE(outcome.agrees());
    CHECK(outcome.state == RunState::Settled);
    CHECK(print_outcome(outcome).find("that the plan did not foresee") != std::string::npos);
  }
  SUBCASE("foreseen: they agree, and the run stays open for it") {
    const auto first = test.verify(report.run);
    Case foreseen;
    foreseen.company.plan.residual_access = first.subjects.front().paths;
    foreseen.plan_all();
    std::erase_if(foreseen.company.plan.steps, [](const PlanStep& step) {
      return step.id == "step:vault" || step.id == "step:wipe";
    });
    const VerifiedOutcome outcome = foreseen.verify(foreseen.company.apply().run);
    CHECK(outcome.agrees());
    CHECK_FALSE(outcome.closed());
  }
}

TEST_CASE("verify: a session under a swept account is seen, also one that came later") {
  Case test;
  test.plan_all();
  const RunReport report = test.company.apply();
  REQUIRE(test.company.world->seed(
      R"({"record":"session","id":"crm:s-late","system":"crm","holder":"alice","account":"crm:alice"})"));
  const VerifiedOutcome outcome = test.verify(report.run);
  CHECK(proof_of(outcome, "crm-sweep").proof == Proof::DoesNotHold);
  CHECK(proof_of(outcome, "crm-sweep").detail == "1 live under the account");
  CHECK(state_of(test.company.resume(report.run), "crm-sweep") == StepState::Verified);
  CHECK(test.company.effect_count("revoke", "crm:s-late") == 1);
}

TEST_CASE("verify: steps that wait are open, not disproved; without facts nothing is proved") {
  Case test;
  test.plan_all();
  test.company.plan.steps.back().approvals = {{{"omar"}, ApprovalState::Needed, ""}};
  const RunReport report = test.company.apply();
  const VerifiedOutcome outcome = test.verify(report.run);
  CHECK(proof_of(outcome, "wipe").proof == Proof::Open);
  CHECK(proof_of(outcome, "wipe").detail == "approval by omar");
  CHECK(outcome.paths_left() > 0);
  CHECK(outcome.agrees());  // the open path is the one that the waiting step will close
  CHECK_FALSE(outcome.closed());

  test.options.inventory = nullptr;
  const VerifiedOutcome unproved = test.verify(report.run);
  CHECK_FALSE(unproved.closure_checked);
  CHECK_FALSE(unproved.agrees());
  CHECK(print_outcome(unproved).find("paths that remain: not checked, there is no inventory") !=
        std::string::npos);
}

TEST_CASE("verify: a subject that is not in the facts is unknown, not gone") {
  Case test;
  test.plan_all();
  test.company.plan.events.front().subject = "zoe";
  const RunReport report = test.company.apply();
  const VerifiedOutcome outcome = test.verify(report.run);
  REQUIRE(outcome.paths_left() == 1);
  CHECK(outcome.subjects.front().paths.front().state == PathState::Unknown);
  CHECK_FALSE(outcome.closed());
}

TEST_CASE("verify: events that nobody leaves by close when their steps hold") {
  Case test;
  test.company.plan.events.front().type = "mover";
  test.company.step("role", Verb::Remove, Kind::Role, "crm:r-1");
  const VerifiedOutcome outcome = test.verify(test.company.apply().run);
  CHECK(outcome.subjects.empty());
  CHECK(outcome.closed());
  CHECK(print_outcome(outcome) == "1 of 1 step read back as done\n");
}

TEST_CASE(
    "verify: a run that gives back what another took is held to that, not to paths that close") {
  Case test;
  test.company.step("crm", Verb::Disable, Kind::Account, "crm:alice");
  const RunReport taken = test.company.apply();
  Plan undo;
  undo.engine = test.company.plan.engine;
  undo.events = test.company.plan.events;
  undo.event_lineages = test.company.plan.event_lineages;
  undo.as_of = test.company.clock.now();
  undo.expires_at = undo.as_of + Seconds(3600);
  undo.undoes = taken.run;
  PlanStep back = test.company.plan.steps.front();
  back.id = "step:back";
  back.verb = Verb::Restore;
  back.effects = {};
  back.rank = Rank::Prepare;
  back.restores_run = taken.run;
  back.restores_step = "step:crm";
  undo.steps = {back};
  undo.summary.steps = 1;
  undo.digest = compute_plan_digest(undo);
  test.company.plan = undo;
  const RunReport given = test.company.apply();
  const VerifiedOutcome outcome = test.verify(given.run);
  CHECK(proof_of(outcome, "back").proof == Proof::Holds);
  CHECK(outcome.subjects.empty());
  CHECK(outcome.closed());

  ActionRequest again;
  again.verb = Verb::Disable;
  again.marker = "by hand";
  again.item.item = "crm:alice";
  again.item.kind = Kind::Account;
  REQUIRE(test.company.connectors.find("crm")->perform(again).result == ResultClass::Changed);
  CHECK(proof_of(test.verify(given.run), "back").proof == Proof::DoesNotHold);
}

}  // namespace rescind
