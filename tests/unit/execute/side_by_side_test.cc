// Runs that are worked side by side: what they share, and what stays each one's own.
#include "execute/system_book.h"
#include "tests/support/company.h"

namespace rescind {
namespace {

// Opens a run of the plan's steps and lets it rest before anything is done.
std::string open(Company& company, const std::string& name) {
  company.plan.notes.push_back(name);
  company.plan.summary.steps = company.plan.steps.size();
  company.plan.digest = compute_plan_digest(company.plan);
  NewRun run;
  run.digest = company.plan.digest;
  run.plan = encode_plan(company.plan);
  run.at = company.clock.now();
  for (const PlanStep& step : company.plan.steps) {
    NewStep made;
    made.id = step.id;
    run.steps.push_back(std::move(made));
  }
  const auto opened = company.store->open_run(run);
  REQUIRE_MESSAGE(opened.has_value(), opened.error().to_string());
  company.plan.steps.clear();
  return opened->id;
}

std::vector<Result<RunReport>> resume(Company& company, const std::vector<std::string>& runs) {
  return resume_runs(runs, *company.store, company.connectors, company.clock, company.options);
}

// Waiting is when others could come.
class Waiting final : public Clock {
 public:
  Waiting(Clock& clock, std::function<void()> meanwhile)
      : clock_(clock), meanwhile_(std::move(meanwhile)) {}

  [[nodiscard]] Instant now() const override { return clock_.now(); }

  [[nodiscard]] std::chrono::milliseconds monotonic() const override { return clock_.monotonic(); }

  void sleep_for(std::chrono::milliseconds duration) override {
    meanwhile_();
    clock_.sleep_for(duration);
  }

 private:
  Clock& clock_;
  std::function<void()> meanwhile_;
};

void add_lane(Company& company, const std::string& system) {
  ConnectorConfig config;
  config.system = system;
  config.settings["path"] = company.file("sandbox.db");
  auto lane = make_sandbox_connector(config, company.clock);
  REQUIRE(lane.has_value());
  company.connectors.add_lane(system, std::move(*lane));
}

// About somebody else than the company's other steps.
PlanStep& disable_carol(Company& company) {
  PlanStep& step = company.step("carol", Verb::Disable, Kind::Account, "crm:carol");
  step.holder = "carol";
  step.facts["holder"] = "carol";
  return step;
}

}  // namespace

TEST_CASE("execute: of several runs what contains comes first, whosever it is") {
  Company company;
  company.options.inline_workers = true;
  company.step("role", Verb::Remove, Kind::Role, "crm:r-1");
  const std::string first = open(company, "first");
  PlanStep& carol = company.step("carol", Verb::Disable, Kind::Account, "crm:carol");
  carol.holder = "carol";
  carol.facts["holder"] = "carol";
  const std::string second = open(company, "second");
  const auto reports = resume(company, {first, second});
  REQUIRE(reports.size() == 2);
  CHECK(reports[0]->run == first);
  CHECK(reports[1]->run == second);
  CHECK(company.effects() == "disable crm:carol\nremove crm:r-1\n");
}

TEST_CASE("execute: a run that cannot be worked keeps nobody else from it") {
  Company company;
  company.step("okta", Verb::Disable, Kind::Account, "okta:alice");
  const std::string first = open(company, "first");
  company.step("crm", Verb::Disable, Kind::Account, "crm:alice");
  const std::string second = open(company, "second");
  const auto taken = company.store->claim_run(first, company.clock.now());
  REQUIRE(taken.has_value());
  const auto reports = resume(company, {first, "run:0000000000000000", second});
  REQUIRE(reports.size() == 3);
  CHECK(reports[0].error().kind() == ErrorKind::Conflict);
  CHECK(reports[1].error().kind() == ErrorKind::NotFound);
  REQUIRE(reports[2].has_value());
  CHECK(company.effects() == "disable crm:alice\n");
}

TEST_CASE(
    "execute: a system that is another one than a plan was made for is so for that run only") {
  Company company;
  company.step("crm", Verb::Disable, Kind::Account, "crm:alice");
  company.plan.bindings[connector_binding_key("crm")] = "sandbox 2 sandbox:other.db";
  const std::string first = open(company, "first");
  company.plan.bindings.clear();
  PlanStep& carol = company.step("carol", Verb::Disable, Kind::Account, "crm:carol");
  carol.holder = "carol";
  carol.facts["holder"] = "carol";
  const std::string second = open(company, "second");
  const auto reports = resume(company, {first, second});
  CHECK(record_of(*reports[0], "crm").wait.find("the plan was made for `sandbox 2 sandbox:other") !=
        std::string::npos);
  CHECK(state_of(*reports[1], "carol") == StepState::Verified);
}

TEST_CASE("execute: a credential that is refused once is not tried by the next run") {
  Company company;
  SystemBook book;
  company.options.systems = &book;
  company.step("crm", Verb::Disable, Kind::Account, "crm:alice");
  const std::string first = open(company, "first");
  company.step("crm-s", Verb::Revoke, Kind::Session, "crm:s-1");
  const std::string second = open(company, "second");
  company.fault(SandboxFaultKind::AuthFailed, "crm", "disable");
  CHECK(resume(company, {first}).front()->failed == 1);
  const auto later = resume(company, {second});
  CHECK(
      record_of(*later.front(), "crm-s").wait.starts_with("system crm: it refused our credential"));
  CHECK(company.effects().empty());
  // When it is time again, it is.
  REQUIRE(record_of(*later.front(), "crm-s").due.has_value());
  company.clock.sleep_for(*record_of(*later.front(), "crm-s").due - company.clock.now());
  const auto again = resume(company, {first, second});
  CHECK(again[0]->failed == 0);
  CHECK(again[1]->failed == 0);
}

TEST_CASE("execute: a server for messages that nobody reaches is found dead once for all runs") {
  Company company;
  company.options.inline_workers = true;
  std::vector<std::string> runs;
  for (int i = 0; i < 10; ++i) {
    PlanStep step;
    step.id = "step:notify";
    step.verb = Verb::Notify;
    step.target = "desk";
    step.rank = Rank::Prepare;
    step.not_before = company.clock.now();
    company.plan.steps.push_back(step);
    runs.push_back(open(company, "run " + std::to_string(i)));
  }
  int asked = 0;
  ErrorKind kind = ErrorKind::Network;
  SUBCASE("nobody answers") {}
  SUBCASE("every address is wrong, the server answers") {
    kind = ErrorKind::Protocol;
  }
  company.options.hand_over = [&](const PlanStep&) -> Status {
    ++asked;
    company.clock.sleep_for(std::chrono::seconds(20));
    return fail(kind, "no");
  };
  const auto reports = resume(company, runs);
  if (kind == ErrorKind::Network) {
    CHECK(asked <= 5);
    CHECK(record_of(*reports.back(), "notify").wait.starts_with("system (hand-over): "));
  } else {
    CHECK(asked == 50);
  }
}

TEST_CASE("execute: a run that is done for now is let go while another waits") {
  Company company;
  company.options.inline_workers = true;
  company.step("crm", Verb::Disable, Kind::Account, "crm:alice");
  SUBCASE("done") {}
  SUBCASE("the rest of it comes in a month") {
    PlanStep& later = company.step("role", Verb::Remove, Kind::Role, "crm:r-1");
    later.strong_after = {"step:crm"};
    later.soak = Seconds(30 * 86400);
  }
  const std::string quick = open(company, "quick");
  company.step("okta", Verb::Disable, Kind::Account, "okta:alice");
  const std::string slow = open(company, "slow");
  company.fault(SandboxFaultKind::ServerError, "okta", "disable", 0, 2);

  int waited = 0;
  Waiting clock(company.clock, [&] {
    ++waited;
    CHECK(company.store->claim_run(quick, company.clock.now()).has_value());
    CHECK_FALSE(company.store->claim_run(slow, company.clock.now()).has_value());
  });
  const auto reports =
      resume_runs({quick, slow}, *company.store, company.connectors, clock, company.options);
  CHECK(waited > 0);
  CHECK(reports[0]->failed == 0);
  CHECK(reports[1]->failed == 0);
}

TEST_CASE("execute: what prepares one run waits for what contains of a run before it") {
  Company company;
  company.options.inline_workers = true;
  disable_carol(company);
  const std::string urgent = open(company, "urgent");
  company.step("session", Verb::Revoke, Kind::Session, "crm:s-1").rank = Rank::Prepare;
  const std::string other = open(company, "other");
  const auto reports = resume(company, {urgent, other});
  CHECK(reports[1]->failed == 0);
  CHECK(company.effects() == "disable crm:carol\nrevoke crm:s-1\n");
}

TEST_CASE("execute: going as fast as a system allows uses up nobody's patience") {
  Company company;
  company.options.inline_workers = true;
  company.options.patience = Seconds(2);
  company.options.pauses["crm"] = std::chrono::milliseconds(1500);
  std::vector<std::string> runs;
  company.step("session", Verb::Revoke, Kind::Session, "crm:s-1");
  runs.push_back(open(company, "first"));
  company.step("token", Verb::Revoke, Kind::Token, "crm:t-1");
  runs.push_back(open(company, "second"));
  disable_carol(company);
  runs.push_back(open(company, "third"));
  for (const auto& report : resume(company, runs)) {
    CHECK(report->failed == 0);
    CHECK(report->timers.empty());
  }
}

TEST_CASE(
    "execute: a system that was closed is asked again when its time comes while others work") {
  Company company;
  company.options.inline_workers = true;
  company.options.retry_later = Seconds(30);
  company.step("crm", Verb::Disable, Kind::Account, "crm:alice");
  const std::string first = open(company, "first");
  company.step("session", Verb::Revoke, Kind::Session, "crm:s-1");
  const std::string second = open(company, "second");
  company.fault(SandboxFaultKind::AuthFailed, "crm", "disable");
  const auto reports = resume(company, {first, second});
  CHECK(reports[0]->failed == 1);
  CHECK(state_of(*reports[1], "session") == StepState::Verified);
}

TEST_CASE("execute: a system that wants to be left alone for a day is tried again before") {
  Company company;
  company.options.inline_workers = true;
  SystemBook book;
  company.options.systems = &book;
  company.step("crm", Verb::Disable, Kind::Account, "crm:alice");
  const std::string first = open(company, "first");
  company.step("session", Verb::Revoke, Kind::Session, "crm:s-1");
  const std::string second = open(company, "second");
  company.fault(SandboxFaultKind::Throttled, "crm", "disable", 86400);
  CHECK(resume(company, {first}).front()->failed == 1);
  CHECK(state_of(*resume(company, {second}).front(), "session") != StepState::Verified);
  company.clock.sleep_for(company.options.retry_later);
  CHECK(state_of(*resume(company, {second}).front(), "session") == StepState::Verified);
}

TEST_CASE("execute: a run acts in no lane of a system before it knows that it is its own") {
  Company company;
  company.options.inline_workers = true;
  company.options.choose = [](std::size_t ready) { return ready - 1; };
  add_lane(company, "crm");
  disable_carol(company);
  const std::string own = open(company, "own");
  company.step("session", Verb::Revoke, Kind::Session, "crm:s-1");
  company.step("token", Verb::Revoke, Kind::Token, "crm:t-1");
  company.plan.bindings[connector_binding_key("crm")] = "sandbox 2 sandbox:other.db";
  const std::string foreign = open(company, "foreign");
  const auto reports = resume(company, {own, foreign});
  CHECK(reports[0]->failed == 0);
  CHECK(reports[1]->failed == 2);
  CHECK(company.effects() == "disable crm:carol\n");
}

TEST_CASE("execute: two runs never act on one account at the same time") {
  Company company;
  company.options.inline_workers = true;
  std::size_t most = 0;
  company.options.choose = [&most](std::size_t ready) {
    most = std::max(most, ready);
    return ready - 1;
  };
  add_lane(company, "crm");
  company.step("session", Verb::Revoke, Kind::Session, "crm:s-1").account = "crm:alice";
  const std::string first = open(company, "first");
  bool same = false;
  SUBCASE("one account") {
    same = true;
  }
  SUBCASE("two accounts") {}
  PlanStep& other =
      company.step("other", Verb::Disable, Kind::Account, same ? "crm:alice" : "crm:carol");
  if (!same) {
    other.holder = "carol";
    other.facts["holder"] = "carol";
  }
  const std::string second = open(company, "second");
  const auto reports = resume(company, {first, second});
  CHECK(reports[0]->failed == 0);
  CHECK(reports[1]->failed == 0);
  CHECK(most == (same ? 1 : 2));
}

}  // namespace rescind
