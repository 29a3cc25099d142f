// What is due is worked: appointments decided again, stages of retirements, what a sweep left over,
// a clock that cannot be believed.
#include "workflow/advance.h"

#include <algorithm>

#include "plan/step_id.h"
#include "store/run_plan.h"
#include "tests/unit/workflow/desk.h"

namespace rescind::testing {

TEST_CASE("advance: an appointment is decided again when it is due, and kept once") {
  Desk desk;
  const RunReport first = desk.apply(leaver());
  CHECK(first.failed == 0);
  CHECK(desk.effects("disable", "crm:alice") == 1);
  desk.advance();
  CHECK(desk.advance_after(29 * kDay).runs.empty());
  CHECK(desk.effects("delete", "crm:alice") == 0);
  CHECK(desk.journal(first.run).find("decided again") == std::string::npos);
  const AdvanceReport report = desk.advance_after(2 * kDay);
  REQUIRE(report.runs.size() == 1);
  CHECK(desk.effects("delete", "crm:alice") == 1);
  CHECK(report.runs.front().report->state == RunState::Closed);
  CHECK_FALSE(report.next_due.has_value());
  CHECK(desk.advance_after(40 * kDay).runs.empty());
  CHECK(desk.effects("delete", "crm:alice") == 1);
  CHECK(desk.journal(first.run).find("decided: decided again, still due: delete crm:alice") !=
        std::string::npos);
}

TEST_CASE("advance: a hold that came meanwhile keeps an appointment, and lifting it lets it go") {
  Desk desk;
  const RunReport first = desk.apply(leaver());
  desk.alice = R"(,"legal_hold":true)";
  const AdvanceReport held = desk.advance_after(31 * kDay);
  REQUIRE(held.runs.size() == 1);
  CHECK(desk.effects("delete", "crm:alice") == 0);
  const auto steps = desk.office.store->list_steps(first.run);
  CHECK(std::any_of(steps->begin(), steps->end(), [](const StepRecord& step) {
    return step.wait.find("hold t.matter until it is lifted: M-1") != std::string::npos;
  }));
  desk.alice.clear();
  desk.advance_after(2 * kDay);
  CHECK(desk.effects("delete", "crm:alice") == 1);
}

TEST_CASE("advance: what cannot be decided when it is due waits for a person, and is not lost") {
  Desk desk;
  const RunReport first = desk.apply(leaver());
  desk.people =
      R"({"record":"account","id":"crm:alice","system":"crm","holder":"bob","native_id":"alice"}
)";
  desk.advance_after(31 * kDay);
  CHECK(desk.effects("delete", "crm:alice") == 0);
  const auto steps = must(desk.office.store->list_steps(first.run));
  CHECK(std::any_of(steps.begin(), steps.end(), [](const StepRecord& step) {
    return step.state == StepState::Waiting && step.escalated && step.due;
  }));
  desk.people.clear();
  desk.advance_after(2 * kDay);
  CHECK(desk.effects("delete", "crm:alice") == 1);
}

TEST_CASE("advance: a hold that came after a try in vain keeps an appointment too") {
  Desk desk;
  desk.options.max_attempts = 1;
  desk.apply(leaver());
  REQUIRE(desk.world
              ->add_fault({.kind = SandboxFaultKind::ServerError,
                           .system = "crm",
                           .call = "delete",
                           .item = "",
                           .value = 0,
                           .times = 1})
              .has_value());
  desk.advance_after(31 * kDay);
  REQUIRE(desk.effects("delete", "crm:alice") == 0);
  desk.alice = R"(,"legal_hold":true)";
  desk.advance_after(2 * kDay);
  desk.advance_after(2 * kDay);
  CHECK(desk.effects("delete", "crm:alice") == 0);
  desk.alice.clear();
  desk.advance_after(2 * kDay);
  INFO(desk.journal(must(desk.office.store->list_runs()).front().id));
  CHECK(desk.effects("delete", "crm:alice") == 1);
}

TEST_CASE("advance: what frees data is decided again when its time comes after the plan's") {
  Desk desk;
  REQUIRE(
      desk.world
          ->seed(
              R"({"record":"license","id":"crm:seat","system":"crm","holder":"alice","account":"crm:alice","native_id":"seat"})")
          .has_value());
  Event planned = leaver();
  planned.at += 30 * kDay;
  const RunReport first = desk.apply(planned);
  desk.alice = R"(,"legal_hold":true)";
  desk.advance_after(30 * kDay + Seconds(60));
  CHECK(desk.effects("remove", "crm:seat") == 0);
  const auto steps = must(desk.office.store->list_steps(first.run));
  CHECK(std::any_of(steps.begin(), steps.end(), [](const StepRecord& step) {
    return step.wait.find("hold t.matter until it is lifted") != std::string::npos;
  }));
  desk.alice.clear();
  desk.advance_after(2 * kDay);
  CHECK(desk.effects("remove", "crm:seat") == 1);
}

TEST_CASE("advance: an appointment that is decided again still soaks from when it was contained") {
  Desk desk;
  desk.options.max_attempts = 1;
  REQUIRE(desk.world
              ->add_fault({.kind = SandboxFaultKind::Conflict,
                           .system = "crm",
                           .call = "disable",
                           .item = "",
                           .value = 0,
                           .times = 1})
              .has_value());
  desk.apply(leaver());
  CHECK(desk.effects("disable", "crm:alice") == 0);
  desk.advance_after(2 * kDay);
  REQUIRE(desk.effects("disable", "crm:alice") == 1);
  desk.advance_after(29 * kDay);  // 31 days after the event, 29 after the containment
  CHECK(desk.effects("delete", "crm:alice") == 0);
  desk.advance_after(kDay + Seconds(60));
  CHECK(desk.effects("delete", "crm:alice") == 1);
}

TEST_CASE("advance: what was made after the snapshot is found after the sweep") {
  Desk desk;
  desk.facts({});
  REQUIRE(desk.take_evidence("aws").has_value());
  auto plan = plan_events(desk.office.policy(), desk.facts({}), desk.plan_request({leaver()}));
  REQUIRE(plan.has_value());
  REQUIRE(desk.world->seed(
      R"({"record":"api_key","id":"aws:late","system":"aws","holder":"alice","native_id":"late"})"));
  REQUIRE(desk.world->seed(
      R"({"record":"account","id":"crm:alice2","system":"crm","holder":"alice","native_id":"alice2"})"));
  REQUIRE(execute_plan(*plan, *desk.office.store, desk.connectors, desk.clock, desk.options)
              .has_value());
  CHECK(desk.effects("disable", "crm:alice2") == 0);
  const AdvanceReport report = desk.advance();
  REQUIRE(report.runs.size() == 1);
  CHECK(desk.effects("disable", "crm:alice2") == 1);
  CHECK(desk.office.store->list_supplements(report.runs.front().run)->size() == 1);
  desk.advance_after(kDay);
  CHECK(desk.office.store->list_supplements(report.runs.front().run)->size() == 1);
}

TEST_CASE("advance: an account that was pushed to a system outside of the plan is found too") {
  Desk desk;
  const std::string crm = R"("id":"crm","kind":"saas")";
  desk.organisation.replace(desk.organisation.find(crm), crm.size(),
                            crm + R"(,"pushes_to":["aws"])");
  REQUIRE(desk.take_evidence("aws").has_value());
  auto plan = plan_events(desk.office.policy(), desk.facts({}), desk.plan_request({leaver()}));
  REQUIRE(plan.has_value());
  REQUIRE(desk.world->seed(
      R"({"record":"account","id":"aws:alice","system":"aws","holder":"alice","native_id":"alice"})"));
  REQUIRE(execute_plan(*plan, *desk.office.store, desk.connectors, desk.clock, desk.options)
              .has_value());
  AdvanceRequest request = desk.request();
  request.read_inventory = [&desk](const std::vector<std::string>& systems) {
    return Result<std::shared_ptr<const Inventory>>(systems.empty() ? desk.known()
                                                                    : desk.facts(systems));
  };
  must(advance_due(request, desk.connectors, desk.clock));
  CHECK(desk.effects("disable", "aws:alice") == 1);
}

TEST_CASE(
    "advance: what waits for an approval is decided once, not every time its plan grows old") {
  std::string policy = kDeskPolicy;
  const std::string clause = "delete  account after 30d";
  policy.replace(policy.find(clause), clause.size(), clause + " approved by desk");
  Desk desk(policy);
  const RunReport first = desk.apply(leaver());
  const auto supplements = [&] {
    return must(desk.office.store->list_supplements(first.run)).size();
  };
  const auto deletion = [&] {
    for (const StepRecord& step : must(desk.office.store->list_steps(first.run))) {
      for (const PlanStep& planned : desk.last_plan.steps) {
        if (planned.id == step.step && planned.verb == Verb::Delete) {
          return step;
        }
      }
    }
    return StepRecord();
  };
  desk.advance_after(31 * kDay);
  REQUIRE(supplements() == 1);
  CHECK(deletion().wait == "approval by desk");
  for (int day = 0; day < 5; ++day) {
    CHECK(desk.advance_after(kDay + Seconds(60)).runs.empty());
  }
  // Also when the run is looked at for another reason nothing is written of it.
  const std::size_t lines = must(desk.office.store->list_records(first.run)).size();
  must(advance_run(desk.request(), first.run, desk.connectors, desk.clock));
  must(advance_run(desk.request(), first.run, desk.connectors, desk.clock));
  CHECK(must(desk.office.store->list_records(first.run)).size() == lines);
  CHECK(supplements() == 1);
  CHECK(deletion().wait == "approval by desk");
  desk.options.approve_as = "bob";
  must(advance_run(desk.request(), first.run, desk.connectors, desk.clock));
  INFO(desk.journal(first.run));
  CHECK(desk.effects("delete", "crm:alice") == 1);
  CHECK(supplements() == 2);
}

TEST_CASE("advance: a clock that jumps stops what destroys until somebody says that it is right") {
  Desk desk;
  desk.apply(leaver());
  AdvanceRequest request = desk.request();
  request.boot = "one";
  CHECK(check_clock(request, desk.clock).value().empty());

  // The wall moves, this machine's steady clock does not.
  class Jumped final : public Clock {
   public:
    explicit Jumped(const Clock& from) : from_(from) {}

    [[nodiscard]] Instant now() const override { return from_.now() + 40 * kDay; }

    [[nodiscard]] std::chrono::milliseconds monotonic() const override { return from_.monotonic(); }

    void sleep_for(std::chrono::milliseconds) override {}

   private:
    const Clock& from_;
  };

  Jumped jumped(desk.clock);
  const auto frozen = advance_due(request, desk.connectors, jumped);
  REQUIRE_MESSAGE(frozen.has_value(), frozen.error().to_string());
  CHECK(frozen->frozen == "the clock moved by 3456000 s while 0 s passed");
  CHECK(desk.effects("delete", "crm:alice") == 0);
  // It stays so when the clock goes on as usual.
  CHECK_FALSE(check_clock(request, jumped).value().empty());
  request.accept_clock = true;
  const auto accepted = advance_due(request, desk.connectors, jumped);
  REQUIRE(accepted.has_value());
  CHECK(accepted->frozen.empty());
}

TEST_CASE("advance: what frees a license waits too while the clock cannot be believed") {
  Desk desk;
  REQUIRE(
      desk.world
          ->seed(
              R"({"record":"license","id":"crm:seat","system":"crm","holder":"alice","account":"crm:alice","native_id":"seat"})")
          .has_value());
  REQUIRE(
      desk.office.store->set_setting(std::string(kClockFrozenSetting), "the clock moved by 20 days")
          .has_value());
  const RunReport report = desk.apply(leaver());
  CHECK(desk.effects("disable", "crm:alice") == 1);
  CHECK(desk.effects("remove", "crm:seat") == 0);
  CHECK(std::any_of(report.steps.begin(), report.steps.end(), [](const StepRecord& step) {
    return step.wait == "clock: the clock moved by 20 days";
  }));
  AdvanceRequest request = desk.request();
  request.accept_clock = true;
  desk.clock.sleep_for(kDay);
  must(advance_due(request, desk.connectors, desk.clock));
  CHECK(desk.effects("remove", "crm:seat") == 1);
}

TEST_CASE("advance: an event that is taken back and reported again still stands") {
  Desk desk;
  REQUIRE(*desk.world->use_item("aws:k1", "billing", desk.clock.now() - Seconds(3600)));
  desk.apply(make_event("orphaned", "aws:k1", "2026-01-05T17:00:00Z"));
  REQUIRE(desk.retirement().stage == "drain");
  const auto record = [&desk](std::uint32_t revision, bool withdrawn) {
    Event again = make_event("orphaned", "aws:k1", "2026-01-05T17:00:00Z");
    again.revision = revision;
    StoredEvent stored;
    stored.lineage = lineage_of(again);
    stored.source = again.source;
    stored.id = again.id;
    stored.revision = revision;
    stored.type = again.type;
    stored.subject = again.subject;
    stored.json = "{}";
    stored.arrived = desk.clock.now();
    stored.withdrawn = withdrawn;
    REQUIRE(desk.office.store->record_event(stored).has_value());
  };
  record(2, true);
  SUBCASE("again") {
    record(3, false);
    desk.advance_after(Seconds(3600));
    CHECK(desk.retirement().state == RetirementState::Gated);
  }
  SUBCASE("only taken back") {
    desk.advance_after(Seconds(3600));
    CHECK(desk.retirement().state == RetirementState::Cancelled);
  }
}

TEST_CASE("advance: a retirement that joined another goes on by itself when that is taken back") {
  Desk desk;
  REQUIRE(desk.world->seed(
      R"({"record":"api_key","id":"aws:ab","system":"aws","holder":"alice-bot","native_id":"ab","created":"2025-01-01T00:00:00Z"})"));
  REQUIRE(*desk.world->use_item("aws:ab", "billing", desk.clock.now() - Seconds(3600)));
  const RunReport first = desk.apply(leaver());
  const RunReport second = desk.apply(make_event("orphaned", "aws:ab", "2026-01-05T17:00:00Z"));
  REQUIRE(desk.last_plan.retirements.size() == 1);
  REQUIRE_FALSE(desk.last_plan.retirements.front().joins.empty());
  const auto of_run = [&desk](const std::string& run) {
    return must(desk.office.store->list_retirements(run)).front();
  };
  desk.advance();
  CHECK(of_run(second.run).why == "retired by " + first.run);
  SUBCASE("the other is taken back") {
    Event back = leaver();
    back.revision = 2;
    StoredEvent stored;
    stored.lineage = lineage_of(back);
    stored.source = back.source;
    stored.id = back.id;
    stored.revision = 2;
    stored.type = back.type;
    stored.subject = back.subject;
    stored.json = "{}";
    stored.arrived = desk.clock.now();
    stored.withdrawn = true;
    REQUIRE(desk.office.store->record_event(stored).has_value());
    desk.advance_after(kDay + Seconds(3600));
    CHECK(of_run(first.run).state == RetirementState::Cancelled);
    desk.advance_after(kDay + Seconds(3600));
    desk.advance_after(kDay + Seconds(3600));
    INFO(desk.journal(second.run));
    CHECK(of_run(second.run).stage == "quarantine");
    CHECK(of_run(second.run).generation == 1);
    CHECK(desk.effects("disable", "aws:ab") == 1);
  }
  SUBCASE("the other comes to its end") {
    desk.advance_after(kDay + Seconds(3600));
    CHECK(desk.effects("disable", "aws:ab") == 1);
    desk.advance_after(14 * kDay + Seconds(3600));
    desk.options.approve_as = "bob";
    desk.advance_after(Seconds(3600));
    desk.advance_after(Seconds(7200));
    CHECK(desk.effects("delete", "aws:ab") == 1);
    CHECK(of_run(first.run).state == RetirementState::Ended);
    CHECK(of_run(second.run).state == RetirementState::Ended);
  }
}

TEST_CASE("advance: a key is drained, isolated, used, put back, isolated again and deleted") {
  Desk desk;
  REQUIRE(*desk.world->use_item("aws:k1", "billing", desk.clock.now() - Seconds(3600)));
  const RunReport first = desk.apply(make_event("orphaned", "aws:k1", "2026-01-05T17:00:00Z"));
  CHECK(desk.retirement().stage == "drain");
  desk.advance();
  CHECK(desk.retirement().state == RetirementState::Gated);
  CHECK(desk.retirement().gate == GateAnswer::Unmet);
  CHECK(desk.effects("disable", "aws:k1") == 0);

  desk.advance_after(kDay + Seconds(3600));
  CHECK(desk.retirement().stage == "quarantine");
  CHECK(desk.retirement().state == RetirementState::Soaking);
  CHECK(desk.effects("disable", "aws:k1") == 1);

  SUBCASE("nobody uses it") {
    desk.advance_after(13 * kDay);
    CHECK(desk.retirement().stage == "quarantine");
    desk.advance_after(kDay + Seconds(60));
    CHECK(desk.retirement().stage == "delete");
    CHECK(desk.retirement().state == RetirementState::AwaitingApproval);
    CHECK(desk.effects("delete", "aws:k1") == 0);
    desk.options.approve_as = "bob";
    desk.advance_after(Seconds(3600));
    INFO(desk.retirement().why);
    INFO(desk.journal(first.run));
    CHECK(desk.effects("delete", "aws:k1") == 1);
    CHECK(desk.retirement().state == RetirementState::Ended);
    CHECK((*desk.office.store->find_run(first.run))->state == RunState::Closed);
    CHECK_FALSE(desk.office.store->next_due()->has_value());
  }
  SUBCASE("its deletion finds a dead system for days, and a hold meanwhile") {
    desk.advance_after(14 * kDay + Seconds(60));
    REQUIRE(desk.retirement().stage == "delete");
    REQUIRE(desk.world
                ->add_fault({.kind = SandboxFaultKind::ServerError,
                             .system = "aws",
                             .call = "delete",
                             .item = "",
                             .value = 0,
                             .times = 100})
                .has_value());
    desk.options.approve_as = "bob";
    desk.advance_after(Seconds(3600));
    REQUIRE(desk.effects("delete", "aws:k1") == 0);
    desk.advance_after(3 * kDay);
    REQUIRE(desk.world->clear_faults().has_value());
    desk.advance_after(kDay);
    desk.advance_after(kDay);
    CHECK(desk.effects("delete", "aws:k1") == 1);
    CHECK(desk.retirement().state == RetirementState::Ended);
  }
  SUBCASE("somebody does whom only that use would make a dependent") {
    desk.clock.sleep_for(2 * kDay);
    REQUIRE(desk.use_by("alice-bot").has_value());
    desk.options.approve_as = "bob";
    desk.advance();
    desk.advance_after(kDay);
    CHECK(desk.retirement().stage == "quarantine");
    CHECK(desk.retirement().generation == 1);
    CHECK(desk.retirement().escalated);
    CHECK(desk.journal(first.run).find("it was used by alice-bot while it should be out of use") !=
          std::string::npos);
    CHECK(desk.effects("undone", "aws:k1") == 0);
  }
  SUBCASE("a dependent does that is to leave by another event") {
    Event leaves = make_event("leaver", "billing", "2026-02-05T17:00:00Z", "7");
    StoredEvent stored;
    stored.lineage = lineage_of(leaves);
    stored.source = leaves.source;
    stored.id = leaves.id;
    stored.type = leaves.type;
    stored.subject = leaves.subject;
    stored.json = "{}";
    stored.arrived = desk.clock.now();
    REQUIRE(desk.office.store->record_event(stored).has_value());
    desk.clock.sleep_for(2 * kDay);
    REQUIRE(desk.use_by("billing").has_value());
    desk.options.approve_as = "bob";
    desk.advance();
    CHECK(desk.retirement().stage == "quarantine");
    CHECK(desk.journal(first.run).find("it was used by billing while it should be out of use") !=
          std::string::npos);
    CHECK(desk.effects("undone", "aws:k1") == 0);
  }
  SUBCASE("a dependent still does") {
    // Forced: the key works for a moment although it should not.
    desk.clock.sleep_for(2 * kDay);
    const auto claims = desk.office.store->list_claims("aws:k1");
    CHECK(claims->size() == 1);
    REQUIRE(desk.use_by("billing").has_value());
    desk.advance();
    std::string text;
    for (const StoredInventoryRecord& record : must(desk.office.store->list_inventory())) {
      text += record.json + "\n";
    }
    INFO(text);
    CHECK(desk.retirement().stage == "quarantine");
    CHECK(desk.retirement().why == "used by billing: going back to `drain` needs an approval");
    CHECK(desk.retirement().escalated);
    desk.options.approve_as = "bob";
    desk.advance_after(Seconds(1000));
    desk.options.approve_as.clear();
    CHECK(desk.retirement().stage == "drain");
    CHECK(desk.retirement().generation == 2);
    CHECK(desk.effects("undone", "aws:k1") == 1);
    // The run and a plan that is made today call the step by one name.
    const RunPlan went_back = must(load_run_plan(*desk.office.store, first.run));
    const auto disable_again = std::find_if(
        went_back.plan.steps.begin(), went_back.plan.steps.end(),
        [](const PlanStep& step) { return step.verb == Verb::Disable && step.generation == 2; });
    REQUIRE(disable_again != went_back.plan.steps.end());
    CHECK(disable_again->id ==
          step_id_in_generation(*disable_again, went_back.plan.retirements.front().cause, 2));
    CHECK(desk.office.store->list_claims("aws:k1")->front().released_at.has_value());
    desk.advance_after(kDay + Seconds(3600));
    CHECK(desk.retirement().stage == "quarantine");
    CHECK(desk.effects("disable", "aws:k1") == 2);
    CHECK_FALSE(desk.office.store->list_claims("aws:k1")->front().released_at.has_value());
    desk.advance_after(14 * kDay + Seconds(3600));
    CHECK(desk.retirement().stage == "delete");
    desk.options.approve_as = "bob";
    desk.advance_after(Seconds(3600));
    CHECK(desk.effects("delete", "aws:k1") == 1);
    CHECK(desk.retirement().state == RetirementState::Ended);
  }
  INFO(desk.journal(first.run));
}

}  // namespace rescind::testing
