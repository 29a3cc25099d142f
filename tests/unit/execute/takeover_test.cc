// Runs that take over from others, put them back, or work the stages of a retirement; claims on
// what they contain.
#include "store/run_plan.h"
#include "tests/support/company.h"

namespace rescind {
namespace {

// A plan like the company's, with another digest and no steps.
void next_plan(Company& company, const std::string& event_type = "leaver") {
  company.plan.steps.clear();
  company.plan.supersedes.clear();
  company.plan.as_of = company.clock.now();
  company.plan.expires_at = company.clock.now() + Seconds(86400);
  company.plan.events.front().type = event_type;
  company.plan.event_lineages.front() = event_type + "/alice@hr:1#2";
}

void because_of(PlanStep& step, const std::string& cause) {
  Reason reason;
  reason.rule = "acme.rule";
  reason.cause = cause;
  step.reasons.push_back(reason);
}

std::vector<ContainmentClaim> claims_on(Company& company, const std::string& item) {
  const auto claims = company.store->list_claims(item);
  REQUIRE(claims.has_value());
  return *claims;
}

PlanStep& restore(Company& company, const std::string& item, const std::string& run,
                  const std::string& step) {
  PlanStep& made = company.step("restore-" + item, Verb::Restore, Kind::Account, item);
  made.rank = Rank::Prepare;
  made.restores_run = run;
  made.restores_step = step;
  return made;
}

}  // namespace

TEST_CASE("execute: a containing step claims its item for every cause behind it") {
  Company company;
  PlanStep& step = company.step("crm", Verb::Disable, Kind::Account, "crm:alice");
  because_of(step, "leaver/alice@hr:1#2");
  because_of(step, "risk/alice@siem:9#1 > policy_violation/alice@:#1");
  const RunReport report = company.apply();
  CHECK(state_of(report, "crm") == StepState::Verified);
  const auto claims = claims_on(company, "crm:alice");
  REQUIRE(claims.size() == 2);
  CHECK(claims[0].cause == "leaver/alice@hr:1");
  CHECK(claims[1].cause == "risk/alice@siem:9");
  CHECK(claims[0].step == "step:crm");
}

TEST_CASE("execute: a step that no rule asked for claims its item for every event of the plan") {
  Company company;
  company.plan.event_lineages = {"leaver/alice@hr:1#1", "risk/alice@siem:9#1"};
  company.plan.events.resize(2, company.plan.events.front());
  company.step("crm", Verb::Disable, Kind::Account, "crm:alice");
  REQUIRE(company.apply().failed == 0);
  const auto claims = claims_on(company, "crm:alice");
  REQUIRE(claims.size() == 2);
  CHECK(claims[0].cause == "leaver/alice@hr:1");
  CHECK(claims[1].cause == "risk/alice@siem:9");
}

TEST_CASE("execute: a disable that is only repeated claims nothing") {
  Company company;
  because_of(company.step("again", Verb::Disable, Kind::Account, "crm:alice"), "leaver/alice@hr:1");
  company.plan.steps.back().generation = 2;
  REQUIRE(company.apply().failed == 0);
  REQUIRE(company.effect_count("disable", "crm:alice") == 1);
  CHECK(company.store->list_claims("crm:alice")->empty());
}

TEST_CASE("execute: undoing puts back what was captured, once no other cause claims it") {
  Company company;
  company.plan.event_lineages.front() = "leaver/alice@hr:1#1";
  because_of(company.step("crm", Verb::Disable, Kind::Account, "crm:alice"), "leaver/alice@hr:1#1");
  because_of(company.step("role", Verb::Remove, Kind::Role, "crm:r-1"), "leaver/alice@hr:1#1");
  const std::string before = company.describe();
  const RunReport first = company.apply();
  REQUIRE(first.failed == 0);

  bool other_claim = false;
  SUBCASE("nobody else claims it") {}
  SUBCASE("another cause does") {
    other_claim = true;
    next_plan(company, "risk");
    because_of(company.step("crm-risk", Verb::Disable, Kind::Account, "crm:alice"),
               "risk/alice@hr:1#2");
    REQUIRE(company.apply().failed == 0);
  }
  next_plan(company, "leaver");
  company.plan.undoes = first.run;
  restore(company, "crm:alice", first.run, "step:crm");
  restore(company, "crm:r-1", first.run, "step:role").kind = kind_name(Kind::Role);
  const RunReport undo = company.apply();
  CHECK(state_of(undo, "restore-crm:r-1") == StepState::Verified);
  const auto undone = company.store->find_run(first.run);
  if (other_claim) {
    CHECK(state_of(undo, "restore-crm:alice") == StepState::Waiting);
    CHECK(record_of(undo, "restore-crm:alice").wait == "claim: risk/alice@hr:1");
    CHECK(record_of(undo, "restore-crm:alice").escalated);
    REQUIRE(record_of(undo, "restore-crm:alice").due.has_value());
    CHECK(*record_of(undo, "restore-crm:alice").due > company.clock.now());
    CHECK((*undone)->state == RunState::Undoing);
    CHECK(company.effect_count("undone", "crm:alice") == 0);
  } else {
    CHECK(state_of(undo, "restore-crm:alice") == StepState::Verified);
    CHECK((*undone)->state == RunState::Undone);
    CHECK(company.describe() == before);
    CHECK(claims_on(company, "crm:alice").front().released_by == undo.run);
  }
  const auto steps = company.store->list_steps(first.run);
  CHECK(steps->back().state == StepState::Undone);
}

TEST_CASE("execute: the claims that a plan releases are released, whatever the event is called") {
  Company company;
  next_plan(company, "leave_start");
  because_of(company.step("crm", Verb::Disable, Kind::Account, "crm:alice"),
             "leave_start/alice@hr:1#2");
  const RunReport first = company.apply();
  REQUIRE(first.failed == 0);

  SUBCASE("with the item, once nothing else holds it") {
    next_plan(company, "rehire");
    company.plan.releases = {{.item = "crm:alice", .cause = "leave_start/alice@hr:1"}};
    restore(company, "crm:alice", first.run, "step:crm");
    const RunReport back = company.apply();
    CHECK(state_of(back, "restore-crm:alice") == StepState::Verified);
    CHECK(claims_on(company, "crm:alice").front().released_by == back.run);
  }
  SUBCASE("without it, while another cause still holds it") {
    next_plan(company, "risk");
    because_of(company.step("crm-risk", Verb::Disable, Kind::Account, "crm:alice"),
               "risk/alice@hr:1#2");
    REQUIRE(company.apply().failed == 0);
    next_plan(company, "leave_end");
    company.plan.releases = {{.item = "crm:alice", .cause = "leave_start/alice@hr:1"}};
    company.step("capture", Verb::Disable, Kind::Account, "crm:alice").action = "capture";
    const RunReport back = company.apply();
    const auto claims = claims_on(company, "crm:alice");
    REQUIRE(claims.size() == 2);
    CHECK(claims[0].cause == "leave_start/alice@hr:1");
    CHECK(claims[0].released_by == back.run);
    CHECK_FALSE(claims[1].released_at.has_value());
    CHECK(company.effect_count("undone", "crm:alice") == 0);
  }
}

TEST_CASE("execute: what was never captured is not put back by guessing") {
  Company company;
  next_plan(company);
  restore(company, "crm:alice", "", "");
  const RunReport report = company.apply();
  CHECK(state_of(report, "restore-crm:alice") == StepState::Refused);
  CHECK(company.effects().empty());
}

TEST_CASE("execute: a superseding run goes on where the other stood and does nothing twice") {
  Company company;
  company.step("crm", Verb::Disable, Kind::Account, "crm:alice");
  company.step("wipe", Verb::Wipe, Kind::Device, "mdm:laptop").not_before =
      company.clock.now() + Seconds(3600);
  company.step("gone", Verb::Delete, Kind::Account, "okta:alice").not_before =
      company.clock.now() + Seconds(7200);
  company.options.patience = Seconds(0);
  const RunReport first = company.apply();
  CHECK(state_of(first, "wipe") == StepState::Waiting);

  next_plan(company);
  company.step("crm", Verb::Disable, Kind::Account, "crm:alice");
  company.step("wipe", Verb::Wipe, Kind::Device, "mdm:laptop");
  company.plan.supersedes = {first.run};
  const RunReport second = company.apply();
  CHECK(second.failed == 0);
  CHECK(state_of(second, "crm") == StepState::Verified);
  CHECK(state_of(second, "wipe") == StepState::Verified);
  CHECK(company.effect_count("disable", "crm:alice") == 1);
  CHECK((*company.store->find_run(first.run))->state == RunState::Superseded);
  const auto old = company.store->list_steps(first.run);
  CHECK(old->back().state == StepState::Cancelled);
  const auto again =
      resume_run(first.run, *company.store, company.connectors, company.clock, company.options);
  CHECK(again.error().kind() == ErrorKind::Conflict);
  CHECK(company.store->list_open_events("alice")->size() == 1);
}

TEST_CASE("execute: what an earlier run did stands for the causes of the run that took over") {
  Company company;
  company.step("crm", Verb::Disable, Kind::Account, "crm:alice");
  const RunReport first = company.apply();
  REQUIRE(company.store->list_claims("crm:alice")->size() == 1);
  next_plan(company);
  Event risk = company.plan.events.front();
  risk.type = "risk";
  risk.id = "r-1";
  company.plan.events.push_back(risk);
  company.plan.event_lineages.push_back(lineage_of(risk));
  company.step("crm", Verb::Disable, Kind::Account, "crm:alice");
  company.plan.supersedes = {first.run};
  const RunReport second = company.apply();
  CHECK(company.effect_count("disable", "crm:alice") == 1);
  const auto claims = company.store->list_claims("crm:alice");
  CHECK(claims->size() == 1 + company.plan.event_lineages.size());
  for (const ContainmentClaim& claim : *claims) {
    CHECK_FALSE(claim.released_at.has_value());
  }
  // And once only.
  const std::size_t said = company.store->list_records(second.run)->size();
  CHECK(company.resume(second.run).failed == 0);
  CHECK(company.store->list_claims("crm:alice")->size() == claims->size());
  CHECK(company.store->list_records(second.run)->size() <= said + 1);
}

TEST_CASE("execute: a cause that was given up on purpose does not keep another from claiming") {
  Company company;
  next_plan(company, "leaver");
  company.step("crm", Verb::Disable, Kind::Account, "crm:alice");
  const RunReport first = company.apply();
  next_plan(company, "policy_violation");
  because_of(company.step("crm-x", Verb::Disable, Kind::Account, "crm:alice"),
             "policy_violation/alice@hr:1#2");
  REQUIRE(company.apply().failed == 0);
  next_plan(company, "leave_end");
  company.plan.releases = {{.item = "crm:alice", .cause = "leaver/alice@hr:1"}};
  company.step("capture", Verb::Disable, Kind::Account, "crm:alice").action = "capture";
  REQUIRE(company.apply().failed == 0);
  REQUIRE(claims_on(company, "crm:alice").size() == 2);

  next_plan(company, "leaver");
  Event risk = company.plan.events.front();
  risk.type = "risk";
  risk.id = "r-1";
  company.plan.events.push_back(risk);
  company.plan.event_lineages.push_back(lineage_of(risk));
  company.step("crm", Verb::Disable, Kind::Account, "crm:alice");
  company.plan.supersedes = {first.run};
  PlanStep& again = company.plan.steps.back();
  because_of(again, "leaver/alice@hr:1#2");
  because_of(again, lineage_of(risk));
  company.apply();
  const auto claims = claims_on(company, "crm:alice");
  REQUIRE(claims.size() == 3);
  for (const ContainmentClaim& claim : claims) {
    CHECK(claim.released_at.has_value() == (claim.cause == "leaver/alice@hr:1"));
  }
}

TEST_CASE("execute: a run says when it is worth looking at again") {
  Company company;
  company.step("crm", Verb::Disable, Kind::Account, "crm:alice");
  company.step("wipe", Verb::Wipe, Kind::Device, "mdm:laptop").not_before =
      company.clock.now() + Seconds(3600);
  const Instant start = company.clock.now();
  const RunReport report = company.apply();
  CHECK(company.store->list_due_runs(start + Seconds(3599))->empty());
  REQUIRE(company.store->list_due_runs(start + Seconds(3600))->size() == 1);
  company.clock.sleep_for(Seconds(3600));
  CHECK(company.resume(report.run).failed == 0);
  // Whether it is closed is still to be seen.
  CHECK(company.store->next_due().value() == company.clock.now());
}

TEST_CASE("execute: steps of a stage wait until their retirement is in it") {
  Company company;
  PlannedRetirement planned;
  planned.id = "retirement:1";
  planned.item = "crm:alice";
  planned.start = "quarantine";
  PlannedStage stage;
  stage.name = "quarantine";
  stage.soak = Seconds(86400);
  planned.stages = {stage};
  stage = PlannedStage();
  stage.name = "delete";
  planned.stages.push_back(stage);
  company.plan.retirements = {planned};
  PlanStep& disable = company.step("disable", Verb::Disable, Kind::Account, "crm:alice");
  disable.retirement = planned.id;
  disable.stage = "quarantine";
  PlanStep& erase = company.step("delete", Verb::Delete, Kind::Account, "crm:alice");
  erase.retirement = planned.id;
  erase.stage = "delete";
  const RunReport report = company.apply();
  CHECK(state_of(report, "disable") == StepState::Verified);
  CHECK(record_of(report, "delete").wait == "stage delete");
  CHECK(report.failed == 0);
  CHECK(report.state == RunState::Settled);
  const auto retirements = company.store->list_retirements_of("crm:alice");
  REQUIRE(retirements->size() == 1);
  CHECK(retirements->front().stage == "quarantine");
  CHECK(retirements->front().state == RetirementState::Acting);

  // A supplement gives the step another form; a new generation leaves the old one behind.
  JournalRecord line;
  line.run = report.run;
  line.at = company.clock.now();
  line.entry = RecordEntry::Extended;
  RetirementRecord next = retirements->front();
  next.stage = "delete";
  next.generation = 2;
  Plan more;
  more.as_of = company.clock.now();
  more.expires_at = company.clock.now() + Seconds(60);
  more.steps = {company.plan.steps.back()};
  more.steps.front().id = "step:delete-2";
  more.steps.front().generation = 2;
  more.digest = compute_plan_digest(more);
  {
    const auto claim = company.store->claim_run(report.run, company.clock.now());
    line.epoch = claim->run.epoch;
    NewSupplement supplement{
        more.digest, encode_plan(more), {{"step:delete-2", 2}}, "anew", company.clock.now()};
    supplement.retirements = {next};
    REQUIRE(company.store->extend_run(line, supplement).has_value());
  }
  const RunReport later = company.resume(report.run);
  CHECK(state_of(later, "delete") == StepState::Cancelled);
  CHECK(record_of(later, "delete").detail == "its retirement has left `delete`");
  CHECK(state_of(later, "delete-2") == StepState::Verified);
  CHECK(company.effect_count("delete", "crm:alice") == 1);
  CHECK(load_run_plan(*company.store, report.run)->plan.steps.size() == 3);
}

TEST_CASE("execute: a begun step of a stage that was left ends, and holds no containment up") {
  Company company;
  PlannedRetirement planned;
  planned.id = "retirement:1";
  planned.item = "crm:alice";
  planned.start = "drain";
  for (const char* name : {"drain", "quarantine"}) {
    PlannedStage stage;
    stage.name = name;
    planned.stages.push_back(stage);
  }
  company.plan.retirements = {planned};
  PlanStep& hand_over = company.step("hand-over", Verb::Transfer, Kind::Data, "crm:mail");
  hand_over.retirement = planned.id;
  hand_over.stage = "drain";
  hand_over.target = "bob";
  PlanStep& disable = company.step("disable", Verb::Disable, Kind::Account, "crm:alice");
  disable.retirement = planned.id;
  disable.stage = "quarantine";
  disable.strong_after = {"step:hand-over"};
  company.fault(SandboxFaultKind::Conflict, "crm", "transfer", 0, 100);
  const RunReport report = company.apply();
  REQUIRE(state_of(report, "hand-over") == StepState::Conflict);

  RetirementRecord next = company.store->list_retirements_of("crm:alice")->front();
  next.stage = "quarantine";
  next.state = RetirementState::Acting;
  {
    const auto claim = company.store->claim_run(report.run, company.clock.now());
    JournalRecord line;
    line.run = report.run;
    line.epoch = claim->run.epoch;
    line.at = company.clock.now();
    line.entry = RecordEntry::Stage;
    REQUIRE(company.store->save_retirement(line, next).has_value());
  }
  const RunReport later = company.resume(report.run);
  CHECK(state_of(later, "hand-over") == StepState::Cancelled);
  CHECK(record_of(later, "hand-over")
            .detail.starts_with("its retirement has left `drain`, it had begun: "));
  CHECK(state_of(later, "disable") == StepState::Verified);
}

}  // namespace rescind
