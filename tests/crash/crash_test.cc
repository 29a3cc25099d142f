// A run killed at any instant goes on: the process is ended before and after every durable write,
// and by real SIGKILLs at random instants; what the systems look like in the end must not depend on
// it.
#include <atomic>
#include <chrono>
#include <csignal>
#include <functional>
#include <random>
#include <set>
#include <string>
#include <thread>

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/company.h"

namespace rescind {
namespace {

// A leaver with everything in it: sessions, sweeps, a hand-over before a license, a rotation, a
// wipe and a deletion; alice signs in once more while it runs.
void make_plan(Company& company) {
  company.options.approve_as = "omar";
  company.step("okta-session", Verb::Revoke, Kind::Session, "okta:s-1");
  company.step("okta", Verb::Disable, Kind::Account, "okta:alice").after = {"step:okta-session"};
  company.step("crm-session", Verb::Revoke, Kind::Session, "crm:s-1");
  company.step("crm-token", Verb::Revoke, Kind::Token, "crm:t-1");
  PlanStep& crm = company.step("crm", Verb::Disable, Kind::Account, "crm:alice");
  crm.after = {"step:crm-session", "step:crm-token"};
  crm.limits = {{"mass", "system crm"}};
  company.step("vault", Verb::Rotate, Kind::Secret, "vault:db").facts.clear();
  company.step("role", Verb::Remove, Kind::Role, "crm:r-1").after = {"step:crm"};
  company.sweep("sweep", "crm:alice", {"step:okta", "step:crm"});
  PlanStep& transfer = company.step("transfer", Verb::Transfer, Kind::Data, "crm:mail");
  transfer.target = "carol";
  PlanStep& license = company.step("license", Verb::Remove, Kind::License, "crm:seat");
  license.strong_after = {"step:transfer"};
  PlanStep& wipe = company.step("wipe", Verb::Wipe, Kind::Device, "mdm:laptop");
  wipe.approvals = {{{"omar"}, ApprovalState::Needed, ""}};
  PlanStep& removal = company.step("delete", Verb::Delete, Kind::Account, "crm:alice");
  removal.strong_after = {"step:crm", "step:sweep", "step:license", "step:role"};
  LimitUse use;
  use.name = "mass";
  use.scope = "system crm";
  use.allowed = 1;
  use.window = Seconds(3600);
  company.plan.limits = {use};
}

struct Scenario {
  std::string name;
  std::function<void(Company&)> faults;
};

std::vector<Scenario> scenarios() {
  return {
      {"a good day", [](Company&) {}},
      {"a bad day",
       [](Company& company) {
         company.fault(SandboxFaultKind::TimeoutAfterEffect, "mdm", "wipe");
         company.fault(SandboxFaultKind::TimeoutAfterEffect, "crm", "delete");
         company.fault(SandboxFaultKind::ServerError, "okta", "disable");
         company.fault(SandboxFaultKind::Lying, "vault", "rotate");
         company.fault(SandboxFaultKind::Throttled, "crm", "disable", 2);
         company.fault(SandboxFaultKind::SlowEffect, "crm", "transfer", 1);
       }},
  };
}

// Fills a fresh folder: the company, its faults, the late sign-in.
void prepare(const TemporaryFolder& folder, const Scenario& scenario) {
  Company company(folder);
  scenario.faults(company);
  REQUIRE(company.world->sign_in("crm:alice").has_value());
}

// Runs in a child process: applies the plan, or goes on with the run that is there.
[[noreturn]] void run_child(const TemporaryFolder& folder, int end_at) {
  Company company(folder);
  make_plan(company);
  std::atomic<int> points{0};
  company.options.crash_point = [&points, end_at] {
    if (++points == end_at) {
      _exit(9);
    }
  };
  const auto runs = company.store->list_runs();
  if (runs->empty()) {
    company.apply();
  } else {
    company.resume(runs->front().id);
  }
  _exit(0);
}

// How the child ended: its exit code, or 128 + the signal.
int wait_for(pid_t child) {
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int run_until(const TemporaryFolder& folder, int end_at) {
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    run_child(folder, end_at);
  }
  return wait_for(child);
}

struct Ending {
  std::string systems;               // the sandbox, item by item
  std::set<std::string> open_steps;  // steps whose goal does not hold
};

// Every outcome follows an intent, and nothing is sent again before it was looked at: between two
// intents about one thing stands an outcome, a reading or (for sweeps) a new listing.
void check_journal(Store& store, const std::string& run) {
  std::set<std::pair<std::string, std::string>> unsettled;
  const auto records = store.list_records(run);
  REQUIRE(records.has_value());
  for (const JournalRecord& record : *records) {
    const bool swept = record.step == "step:sweep";
    const std::pair about{record.step, swept ? record.item : std::string()};
    CAPTURE(record.sequence);
    CAPTURE(record.step);
    switch (record.entry) {
    case RecordEntry::Intent:
      CHECK((swept || !unsettled.contains(about)));
      unsettled.insert(about);
      break;
    case RecordEntry::Outcome:
      CHECK(unsettled.erase(about) == 1);
      break;
    case RecordEntry::Probed:
      unsettled.erase(about);
      break;
    case RecordEntry::Opened:
    case RecordEntry::Observed:
    case RecordEntry::Waited:
    case RecordEntry::Swept:
    case RecordEntry::Approved:
    case RecordEntry::Escalated:
    case RecordEntry::Ended:
    case RecordEntry::State:
    case RecordEntry::Stage:
    case RecordEntry::Decided:
    case RecordEntry::Refusal:
    case RecordEntry::Extended:
    case RecordEntry::Claimed:
    case RecordEntry::Released:
      break;
    }
  }
}

// Goes on with the run, if there is one, and looks at the result.
Ending finish(const TemporaryFolder& folder) {
  Company company(folder);
  make_plan(company);
  const auto runs = company.store->list_runs();
  REQUIRE(runs.has_value());
  const RunReport report = runs->empty() ? company.apply() : company.resume(runs->front().id);
  CHECK(report.failed == 0);
  CHECK(company.store->list_runs()->size() == 1);
  Ending ending;
  ending.systems = company.describe();
  for (const StepRecord& step : report.steps) {
    if (!is_done_state(step.state)) {
      ending.open_steps.insert(step.step);
    }
  }
  // Nothing that destroys, and no rotation, happens twice.
  for (const auto& [verb, item] : {std::pair{"wipe", "mdm:laptop"},
                                   {"delete", "crm:alice"},
                                   {"remove", "crm:seat"},
                                   {"rotate", "vault:db"},
                                   {"disable", "crm:alice"},
                                   {"disable", "okta:alice"}}) {
    CAPTURE(item);
    CHECK(company.effect_count(verb, item) == 1);
  }
  CHECK(company.effect_count("destroyed", "crm:mail") == 0);
  // The clock of a process that goes on begins anew here, what was tried before may lie ahead.
  const Seconds day{86400};
  const auto used =
      company.store->limit_usage("mass", "system crm", 2 * day, company.clock.now() + day);
  REQUIRE(used.has_value());
  CHECK(*used == 1);
  check_journal(*company.store, report.run);
  return ending;
}

Ending uninterrupted(const Scenario& scenario) {
  const TemporaryFolder folder;
  prepare(folder, scenario);
  return finish(folder);
}

}  // namespace

TEST_CASE("crash: ended before or after any durable write, a run goes on to the same end") {
  for (const Scenario& scenario : scenarios()) {
    CAPTURE(scenario.name);
    const Ending expected = uninterrupted(scenario);
    CHECK(expected.open_steps.empty());
    int end_at = 1;
    for (;; ++end_at) {
      CAPTURE(end_at);
      const TemporaryFolder folder;
      prepare(folder, scenario);
      const int code = run_until(folder, end_at);
      const Ending ending = finish(folder);
      CHECK(ending.systems == expected.systems);
      CHECK(ending.open_steps.empty());
      if (code == 0) {
        break;  // it had fewer points than that
      }
      REQUIRE(code == 9);
      REQUIRE(end_at < 1000);
    }
    MESSAGE(scenario.name << ": " << end_at - 1 << " points");
    CHECK(end_at > 50);
  }
}

TEST_CASE("crash: ended again and again while it resumes, a run goes on to the same end") {
  const Scenario scenario = scenarios().back();
  const Ending expected = uninterrupted(scenario);
  for (unsigned seed = 1; seed <= 10; ++seed) {
    CAPTURE(seed);
    std::mt19937 random(seed);
    const TemporaryFolder folder;
    prepare(folder, scenario);
    int ended = 0;
    while (run_until(folder, static_cast<int>(random() % 12) + 3) == 9) {
      REQUIRE(++ended < 500);
    }
    CHECK(ended > 3);
    CHECK(finish(folder).systems == expected.systems);
  }
}

TEST_CASE("crash: 20 real SIGKILLs at random instants lead to the same end") {
  const Scenario scenario = scenarios().front();
  const Ending expected = uninterrupted(scenario);
  std::chrono::microseconds whole{0};
  {
    const TemporaryFolder folder;
    prepare(folder, scenario);
    const auto start = std::chrono::steady_clock::now();
    REQUIRE(run_until(folder, 0) == 0);
    whole = std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() -
                                                                  start);
  }
  std::mt19937 random(7);
  int killed = 0;
  for (int i = 0; i < 20; ++i) {
    CAPTURE(i);
    const TemporaryFolder folder;
    prepare(folder, scenario);
    const pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      run_child(folder, 0);
    }
    std::this_thread::sleep_for(whole * (random() % 1000) / 1000);
    REQUIRE(kill(child, SIGKILL) == 0);
    killed += wait_for(child) == 128 + SIGKILL ? 1 : 0;
    const Ending ending = finish(folder);
    CHECK(ending.systems == expected.systems);
    CHECK(ending.open_steps.empty());
  }
  CHECK(killed > 10);
}

}  // namespace rescind
