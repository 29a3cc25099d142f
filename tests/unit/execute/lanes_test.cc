// Several actions at once in one system: how many, and which never.
#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>

#include "tests/support/company.h"

namespace rescind {
namespace {

void add_lanes(Company& company, const std::string& system, int lanes) {
  ConnectorConfig config;
  config.system = system;
  config.settings["path"] = company.file("sandbox.db");
  for (int lane = 1; lane < lanes; ++lane) {
    auto made = make_sandbox_connector(config, company.clock);
    REQUIRE_MESSAGE(made.has_value(), made.error().to_string());
    company.connectors.add_lane(system, std::move(*made));
  }
}

PlanStep& disable_carol(Company& company) {
  PlanStep& step = company.step("carol", Verb::Disable, Kind::Account, "crm:carol");
  step.holder = "carol";
  step.facts["holder"] = "carol";
  return step;
}

// How many actions could have come next, at each choice.
std::vector<std::size_t> choices(Company& company) {
  std::vector<std::size_t> out;
  company.options.inline_workers = true;
  company.options.choose = [&out](std::size_t ready) {
    out.push_back(ready);
    return ready - 1;
  };
  const RunReport report = company.apply();
  CHECK(report.failed == 0);
  return out;
}

std::size_t most(const std::vector<std::size_t>& choices) {
  return *std::max_element(choices.begin(), choices.end());
}

// Lets nobody pass before so many are there at once.
class Meeting {
 public:
  explicit Meeting(int wanted) : wanted_(wanted) {}

  // False: the others did not come.
  bool wait() {
    std::unique_lock lock(mutex_);
    ++there_;
    came_.notify_all();
    return came_.wait_for(lock, std::chrono::seconds(20), [this] { return there_ >= wanted_; });
  }

 private:
  const int wanted_;
  std::mutex mutex_;
  std::condition_variable came_;
  int there_ = 0;
};

// The first attempt of each item waits for those of the others.
class MeetingConnector final : public Connector {
 public:
  MeetingConnector(std::unique_ptr<Connector> real, Meeting& meeting)
      : real_(std::move(real)), meeting_(meeting) {}

  Result<Capabilities> capabilities() override { return real_->capabilities(); }

  Result<Discovery> discover() override { return real_->discover(); }

  Result<Discovery> discover_account(const ItemAddress& account) override {
    return real_->discover_account(account);
  }

  Result<Observation> observe(const ItemAddress& item) override { return real_->observe(item); }

  ActionResult perform(const ActionRequest& request) override {
    const bool met = request.verb != Verb::Disable || meeting_.wait();
    return met ? real_->perform(request) : ActionResult();
  }

  ProbeResult probe(const ActionRequest& request) override { return real_->probe(request); }

  ActionResult undo(const ActionRequest& request) override { return real_->undo(request); }

  std::vector<std::string> preview(const ActionRequest& request) override {
    return real_->preview(request);
  }

 private:
  std::unique_ptr<Connector> real_;
  Meeting& meeting_;
};

}  // namespace

TEST_CASE("execute: a system with several lanes is given so many actions at once") {
  Company company;
  company.step("alice", Verb::Disable, Kind::Account, "crm:alice");
  disable_carol(company);
  SUBCASE("one lane") {
    CHECK(most(choices(company)) == 1);
  }
  SUBCASE("two lanes") {
    add_lanes(company, "crm", 2);
    const std::vector<std::size_t> made = choices(company);
    CHECK(most(made) == 2);
    // Before the system has said what it is, only the one that asks is there.
    CHECK(made.front() == 1);
  }
  SUBCASE("more lanes than there is to do") {
    add_lanes(company, "crm", 5);
    CHECK(most(choices(company)) == 2);
  }
}

TEST_CASE("execute: nothing else happens on an account while something does") {
  Company company;
  add_lanes(company, "crm", 3);
  company.step("account", Verb::Disable, Kind::Account, "crm:alice");
  company.step("session", Verb::Revoke, Kind::Session, "crm:s-1").account = "crm:alice";
  company.step("token", Verb::Revoke, Kind::Token, "crm:t-1").account = "crm:alice";
  CHECK(most(choices(company)) == 1);
}

TEST_CASE("execute: what ranks behind waits for what is under way, on another account too") {
  Company company;
  add_lanes(company, "crm", 2);
  disable_carol(company);
  PlanStep& role = company.step("role", Verb::Remove, Kind::Role, "crm:r-1");
  role.account = "crm:alice";
  REQUIRE(role.rank > Rank::Contain);
  CHECK(most(choices(company)) == 1);
}

TEST_CASE("execute: a system that has failed again and again is given one action at a time") {
  Company company;
  add_lanes(company, "crm", 2);
  company.options.breaker_failures = 1;
  company.step("alice", Verb::Disable, Kind::Account, "crm:alice");
  disable_carol(company);
  company.fault(SandboxFaultKind::ServerError, "crm", "disable");
  const std::vector<std::size_t> made = choices(company);
  REQUIRE(made.size() > 3);
  // The first fails and opens the breaker; until something succeeds, one at a time.
  CHECK(made[0] == 1);
  CHECK(made[1] == 1);
}

TEST_CASE("execute: the lanes of a system are threads of their own") {
  Company company;
  Meeting meeting(2);
  ConnectorConfig config;
  config.system = "crm";
  config.settings["path"] = company.file("sandbox.db");
  for (int lane = 0; lane < 2; ++lane) {
    auto made = make_sandbox_connector(config, company.clock);
    REQUIRE(made.has_value());
    auto connector = std::make_unique<MeetingConnector>(std::move(*made), meeting);
    if (lane == 0) {
      company.connectors.add("crm", std::move(connector));
    } else {
      company.connectors.add_lane("crm", std::move(connector));
    }
  }
  company.step("first", Verb::Lock, Kind::Account, "crm:alice");
  company.step("alice", Verb::Disable, Kind::Account, "crm:alice").strong_after = {"step:first"};
  disable_carol(company).strong_after = {"step:first"};
  const RunReport report = company.apply();
  CHECK(report.failed == 0);
  CHECK(state_of(report, "alice") == StepState::Verified);
  CHECK(state_of(report, "carol") == StepState::Verified);
}

}  // namespace rescind
