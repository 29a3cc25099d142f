// Many runs that are due at once: a system that is dead for all of them costs its patience once,
// and what contains elsewhere does not wait for it.
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "execute/system_book.h"
#include "tests/unit/workflow/desk.h"
#include "verify/verify_execution.h"
#include "workflow/plan_undo_of_run.h"

namespace rescind::testing {
namespace {

constexpr int kPeople = 51;
constexpr Seconds kTimeOut{20};

// Passes everything on, and knows how often it was asked and when something was last disabled
// there. Dead: every call is waited for in vain.
class Watched final : public Connector {
 public:
  Watched(std::unique_ptr<Connector> real, Clock& clock) : real_(std::move(real)), clock_(clock) {}

  bool dead = false;
  int calls = 0;
  Instant last_disabled{};

  Result<Capabilities> capabilities() override { return real_->capabilities(); }

  Result<Discovery> discover() override { return real_->discover(); }

  Result<Discovery> discover_account(const ItemAddress& account) override {
    return answers() ? real_->discover_account(account) : fail(ErrorKind::Io, "no answer");
  }

  Result<Observation> observe(const ItemAddress& item) override {
    return answers() ? real_->observe(item) : fail(ErrorKind::Io, "no answer");
  }

  ActionResult perform(const ActionRequest& request) override {
    if (!answers()) {
      return {};
    }
    last_disabled = request.verb == Verb::Disable ? clock_.now() : last_disabled;
    return real_->perform(request);
  }

  ProbeResult probe(const ActionRequest& request) override {
    return answers() ? real_->probe(request) : ProbeResult{};
  }

  ActionResult undo(const ActionRequest& request) override { return real_->undo(request); }

  std::vector<std::string> preview(const ActionRequest& request) override {
    return real_->preview(request);
  }

 private:
  bool answers() {
    ++calls;
    if (dead) {
      clock_.sleep_for(kTimeOut);
    }
    return !dead;
  }

  std::unique_ptr<Connector> real_;
  Clock& clock_;
};

// Everybody has an account in both systems and leaves; the runs are open and nothing is done yet.
class Exodus {
 public:
  Exodus() : aws(watch("aws")), crm(watch("crm")) {
    std::string items;
    for (int i = 0; i < kPeople; ++i) {
      const std::string who = "e" + std::to_string(i);
      desk.people += R"({"record":"identity","kind":"employee","id":")" + who + "\"}\n";
      for (const std::string system : {"aws", "crm"}) {
        items += R"({"record":"account","id":")" + system + ":" + who + R"(","system":")" + system +
                 R"(","holder":")" + who + R"(","native_id":")" + who + "\"}\n";
      }
    }
    REQUIRE(desk.world->seed(items).has_value());
    const auto facts = desk.facts({"aws", "crm"});
    for (int i = 0; i < kPeople; ++i) {
      const std::string who = "e" + std::to_string(i);
      const auto plan = must(
          plan_events(desk.office.policy(), facts,
                      desk.plan_request({make_event("leaver", who, "2026-01-05T17:00:00Z", who)})));
      desk.office.open(plan);
    }
    request = desk.request();
    // What is listed again is not what is measured here.
    request.read_inventory = [facts](const std::vector<std::string>&) {
      return Result<std::shared_ptr<const Inventory>>(facts);
    };
    request.take_evidence = nullptr;
  }

  Watched& watch(const std::string& system) {
    ConnectorConfig config;
    config.system = system;
    config.settings["path"] = desk.sandbox();
    auto watched =
        std::make_unique<Watched>(must(make_sandbox_connector(config, desk.clock)), desk.clock);
    Watched& out = *watched;
    desk.connectors.add(system, std::move(watched));
    return out;
  }

  AdvanceReport advance() { return must(advance_due(request, desk.connectors, desk.clock)); }

  std::size_t disabled(const std::string& system) {
    std::size_t count = 0;
    for (const SandboxEffect& effect : must(desk.world->list_effects())) {
      if (effect.verb == "disable" && effect.item.starts_with(system + ":")) {
        ++count;
      }
    }
    return count;
  }

  Desk desk;
  Watched& aws;
  Watched& crm;
  AdvanceRequest request;
};

}  // namespace

TEST_CASE("advance: a dead system is waited for once, not once per run") {
  Exodus exodus;
  const Instant start = exodus.desk.clock.now();
  exodus.aws.dead = true;
  SUBCASE("all at once") {}
  SUBCASE("a few at a time") {
    exodus.request.runs_at_once = 5;
  }
  SystemBook book;
  exodus.request.execute.systems = &book;
  const AdvanceReport report = exodus.advance();
  CHECK(report.runs.size() == kPeople);
  CHECK(exodus.disabled("crm") == kPeople);
  CHECK(exodus.aws.calls <= 5);
  // One patience, and the call that was under way when it ended.
  CHECK(exodus.crm.last_disabled - start <=
        exodus.desk.options.patience + exodus.request.execute.max_delay + 2 * kTimeOut);

  // Later some of them try it once more, not each; nobody else waits for that.
  exodus.desk.clock.sleep_for(exodus.desk.options.retry_later + Seconds(60));
  exodus.aws.calls = 0;
  exodus.advance();
  CHECK(exodus.aws.calls >= 1);
  CHECK(exodus.aws.calls <= 5);

  exodus.aws.dead = false;
  exodus.desk.clock.sleep_for(exodus.desk.options.retry_later + Seconds(60));
  exodus.advance();
  CHECK(exodus.disabled("aws") == kPeople);
}

TEST_CASE("advance: a system that shows no evidence is asked once in a pass, not by every run") {
  Exodus exodus;
  Desk& desk = exodus.desk;
  constexpr int kKeys = 7;
  std::string keys;
  const auto id_of = [](int i) { return "aws:key" + std::to_string(i); };
  for (int i = 0; i < kKeys; ++i) {
    keys += R"({"record":"api_key","id":")" + id_of(i) +
            R"(","system":"aws","holder":"ci-bot","native_id":")" + id_of(i) +
            R"(","dependents":["billing"],"created":"2025-01-01T00:00:00Z"})" + "\n";
  }
  REQUIRE(desk.world->seed(keys).has_value());
  const auto facts = desk.facts({"aws"});
  for (int i = 0; i < kKeys; ++i) {
    const Event orphaned = make_event("orphaned", id_of(i), "2026-01-05T17:00:00Z", id_of(i));
    const Plan plan = must(plan_events(desk.office.policy(), facts, desk.plan_request({orphaned})));
    must(execute_plan(plan, *desk.office.store, desk.connectors, desk.clock, desk.options));
  }
  int asked = 0;
  exodus.request.take_evidence = [&asked](const std::string&) -> Status {
    ++asked;
    return fail(ErrorKind::Network, "no answer");
  };
  exodus.request.runs_at_once = 5;
  exodus.advance();
  CHECK(asked == 1);
}

TEST_CASE("advance: a run that was put back while others were worked stays put back") {
  std::string policy = kDeskPolicy;
  bool worked = false;
  SUBCASE("something was left of it") {}
  SUBCASE("something was left of it, and all that it did is put back") {
    worked = true;
  }
  SUBCASE("every step had ended") {
    const std::string last = "  delete  account after 30d\n";
    policy.erase(policy.find(last), last.size());
  }
  Desk desk(policy);
  const std::string slow_account =
      R"({"record":"account","id":"aws:bea","system":"aws","holder":"bea","native_id":"bea"})";
  REQUIRE(desk.world->seed(slow_account + "\n").has_value());
  desk.people = R"({"record":"identity","id":"bea","kind":"employee"})"
                "\n";
  const auto facts = desk.facts({"crm", "aws"});
  std::vector<std::string> runs;
  for (const std::string who : {"alice", "bea"}) {
    runs.push_back(desk.office.open(must(
        plan_events(desk.office.policy(), facts,
                    desk.plan_request({make_event("leaver", who, "2026-01-05T17:00:00Z", who)})))));
  }
  SandboxFault fault;
  fault.kind = SandboxFaultKind::ServerError;
  fault.system = "aws";
  fault.call = "disable";
  fault.times = 1;
  REQUIRE(desk.world->add_fault(fault).has_value());

  // While the second waits for its system, somebody else puts the first one back.
  class Waiting final : public Clock {
   public:
    Waiting(Clock& clock, std::function<void()> meanwhile)
        : clock_(clock), meanwhile_(std::move(meanwhile)) {}

    [[nodiscard]] Instant now() const override { return clock_.now(); }

    [[nodiscard]] std::chrono::milliseconds monotonic() const override {
      return clock_.monotonic();
    }

    void sleep_for(std::chrono::milliseconds duration) override {
      if (const auto meanwhile = std::exchange(meanwhile_, nullptr)) {
        meanwhile();
      }
      clock_.sleep_for(duration);
    }

   private:
    Clock& clock_;
    std::function<void()> meanwhile_;
  };

  Waiting clock(desk.clock, [&] {
    const Plan undo =
        must(plan_undo_of_run(desk.plan_request({}), desk.facts({"crm", "aws"}), runs.front()));
    NewRun run;
    run.digest = undo.digest;
    run.plan = encode_plan(undo);
    run.index = index_plan(undo);
    run.at = desk.clock.now();
    run.undoes = undo.undoes;
    for (const PlanStep& step : undo.steps) {
      run.steps.push_back({.id = step.id, .generation = step.generation, .due = step.not_before});
    }
    const std::string opened = must(desk.office.store->open_run(run)).id;
    if (worked) {
      must(resume_run(opened, *desk.office.store, desk.connectors, desk.clock, desk.options));
    }
  });
  must(advance_due(desk.request(), desk.connectors, clock));
  const auto after = must(desk.office.store->find_run(runs.front()));
  CHECK((after->state == RunState::Undoing || (worked && after->state == RunState::Undone)));
  CHECK_FALSE(after->due.has_value());
  CHECK(desk.effects("disable", "crm:alice") == 1);
  const auto proof =
      verify_execution(runs.front(), *desk.office.store, desk.connectors, desk.clock, {});
  REQUIRE_FALSE(proof.has_value());
  CHECK(proof.error().kind() == ErrorKind::Conflict);
}

TEST_CASE("advance: what each run came to can be taken as it comes, and then nobody keeps it") {
  Exodus exodus;
  std::size_t most = 0;
  std::size_t taken = 0;
  exodus.request.runs_at_once = 5;
  exodus.request.take_run = [&](const AdvancedRun& run) {
    CHECK(run.report.has_value());
    ++taken;
    most = std::max(most, exodus.disabled("crm"));
    // The first ones are there before the last ones were begun.
    if (taken == 1) {
      CHECK(most <= 5);
    }
  };
  const AdvanceReport report = exodus.advance();
  CHECK(report.runs.empty());
  CHECK(taken == kPeople);
  CHECK(most == kPeople);
}

}  // namespace rescind::testing
