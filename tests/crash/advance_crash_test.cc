// Long runs killed at any durable write: appointments, stages of a retirement, a run that takes
// over, a run that puts back. The crash is an exception; what follows starts from the store alone.
#include <functional>
#include <stdexcept>

#include "tests/unit/workflow/desk.h"

namespace rescind::testing {
namespace {

struct Crash : std::runtime_error {
  Crash() : std::runtime_error("crash") {}
};

// Counts durable writes and ends the process, so to speak, at one of them.
class Crasher {
 public:
  Crasher(Desk& desk, int at) : desk_(desk), at_(at) {}

  // Does it, and if that is cut short, what a new process would do instead.
  void attempt(const std::function<void()>& first, const std::function<void()>& then) {
    if (!crashed_) {
      desk_.options.crash_point = [this] {
        if (++points_ == at_) {
          throw Crash();
        }
      };
    }
    try {
      first();
    } catch (const Crash&) {
      crashed_ = true;
      desk_.options.crash_point = nullptr;
      then();
    }
    desk_.options.crash_point = nullptr;
  }

  void advance() {
    attempt([this] { desk_.advance(); }, [this] { desk_.advance(); });
  }

  void advance_after(Seconds time) {
    desk_.clock.sleep_for(time);
    advance();
  }

  // Applied again when the run was never opened, else worked on.
  void apply(const Event& event) {
    const std::size_t before = desk_.office.store->list_runs()->size();
    attempt([&] { desk_.apply(event); },
            [&] {
              if (desk_.office.store->list_runs()->size() == before) {
                desk_.apply(event);
              } else {
                desk_.advance();
              }
            });
  }

  void apply(const Plan& plan) {
    const auto execute = [&] {
      const auto report =
          execute_plan(plan, *desk_.office.store, desk_.connectors, desk_.clock, desk_.options);
      REQUIRE_MESSAGE(report.has_value(), report.error().to_string());
    };
    attempt(execute, [&] {
      if (desk_.office.store->find_run_of_digest(plan.digest)->has_value()) {
        desk_.advance();
      } else {
        execute();
      }
    });
  }

  [[nodiscard]] bool crashed() const { return crashed_; }

 private:
  Desk& desk_;
  int at_, points_ = 0;
  bool crashed_ = false;
};

struct Story {
  std::string name;
  std::function<void(Desk&, Crasher&)> tell;
  int at_least;  // so many durable writes
};

void retire_key(Desk& desk, Crasher& crasher) {
  crasher.apply(make_event("orphaned", "aws:k1", "2026-01-05T17:00:00Z"));
  crasher.advance_after(kDay + Seconds(3600));
  crasher.advance_after(14 * kDay + Seconds(3600));
  desk.options.approve_as = "bob";
  crasher.advance_after(Seconds(3600));
}

void return_key(Desk& desk, Crasher& crasher) {
  crasher.apply(make_event("orphaned", "aws:k1", "2026-01-05T17:00:00Z"));
  crasher.advance_after(kDay + Seconds(3600));
  desk.clock.sleep_for(kDay);
  REQUIRE(desk.use_by("billing").has_value());
  crasher.advance();
  desk.options.approve_as = "bob";
  crasher.advance_after(Seconds(1000));
  desk.options.approve_as.clear();
  crasher.advance_after(kDay + Seconds(3600));
}

void keep_appointment(Desk& desk, Crasher& crasher) {
  crasher.apply(leaver());
  crasher.advance_after(31 * kDay);
  (void)desk;
}

// A key that was made after the snapshot joins the run, and begins to retire.
void find_late_key(Desk& desk, Crasher& crasher) {
  REQUIRE(desk.world->seed(
      R"({"record":"api_key","id":"aws:early","system":"aws","holder":"alice-bot","native_id":"early"})"));
  const Plan plan =
      must(plan_events(desk.office.policy(), desk.facts({}), desk.plan_request({leaver()})));
  REQUIRE(desk.world->seed(
      R"({"record":"api_key","id":"aws:late","system":"aws","holder":"alice-bot","native_id":"late"})"));
  crasher.apply(plan);
  crasher.advance();
  crasher.advance_after(kDay);
  const auto retirements = must(desk.office.store->list_retirements(""));
  CHECK(std::any_of(retirements.begin(), retirements.end(),
                    [](const RetirementRecord& record) { return record.item == "aws:late"; }));
}

// The same leaver again, decided anew: the second run takes over.
void take_over(Desk& desk, Crasher& crasher) {
  desk.apply(leaver());
  Plan plan = desk.last_plan;
  plan.supersedes = {desk.office.store->list_runs()->front().id};
  plan.as_of = desk.clock.now();
  plan.notes.push_back("decided again");
  plan.digest = compute_plan_digest(plan);
  crasher.apply(plan);
}

// Everything that can be put back is.
void put_back(Desk& desk, Crasher& crasher) {
  desk.apply(leaver());
  const std::string run = desk.office.store->list_runs()->front().id;
  Plan plan = desk.last_plan;
  std::vector<PlanStep> steps;
  for (const PlanStep& step : plan.steps) {
    if (step.verb == Verb::Disable && step.action.empty()) {
      PlanStep restore = step;
      restore.id = "step:back-" + step.id.substr(5);
      restore.verb = Verb::Restore;
      restore.rank = Rank::Prepare;
      restore.effects = {};
      restore.restores_run = run;
      restore.restores_step = step.id;
      restore.after.clear();
      restore.strong_after.clear();
      restore.limits.clear();
      steps.push_back(std::move(restore));
    }
  }
  REQUIRE_FALSE(steps.empty());
  plan.steps = std::move(steps);
  plan.undoes = run;
  plan.digest = compute_plan_digest(plan);
  crasher.apply(plan);
  crasher.advance();  // to its closure
}

std::vector<Story> stories() {
  return {{"a key is retired", retire_key, 40},
          {"a key that is used goes back", return_key, 40},
          {"an appointment is kept", keep_appointment, 20},
          {"a late key is found", find_late_key, 20},
          {"a run takes over", take_over, 4},
          {"a run is put back", put_back, 6}};
}

// What must not depend on where it was killed: the systems, how often anything was done, where
// every run, step and retirement stands.
std::string ending(Desk& desk) {
  std::string text = desk.world->describe().value();
  for (const RunRecord& run : must(desk.office.store->list_runs())) {
    text += std::string(run_state_name(run.state)) + "\n";
    for (const StepRecord& step : must(desk.office.store->list_steps(run.id))) {
      // Whether a request of the killed process or one after it did it makes no difference.
      text += step.step + " " +
              (is_done_state(step.state) ? "done" : std::string(step_state_name(step.state))) +
              "\n";
    }
  }
  for (const RetirementRecord& record : must(desk.office.store->list_retirements(""))) {
    text += record.item + " " + record.stage + " " +
            std::string(retirement_state_name(record.state)) + " " +
            std::to_string(record.generation) + "\n";
  }
  for (const ContainmentClaim& claim : must(desk.office.store->list_claims(""))) {
    text += claim.item + " " + claim.cause + (claim.released_at ? " released\n" : " stands\n");
  }
  for (const auto& [verb, item] : {std::pair{"delete", "aws:k1"},
                                   {"disable", "aws:k1"},
                                   {"undone", "aws:k1"},
                                   {"delete", "crm:alice"},
                                   {"disable", "crm:alice"},
                                   {"undone", "crm:alice"}}) {
    text += std::string(verb) + " " + item + " " + std::to_string(desk.effects(verb, item)) + "\n";
  }
  return text;
}

}  // namespace

TEST_CASE("crash: long runs killed at any durable write come to the same end") {
  for (const Story& story : stories()) {
    CAPTURE(story.name);
    std::string expected;
    {
      Desk desk;
      Crasher never(desk, 0);
      story.tell(desk, never);
      expected = ending(desk);
    }
    int at = 1;
    for (;; ++at) {
      CAPTURE(at);
      Desk desk;
      Crasher crasher(desk, at);
      story.tell(desk, crasher);
      CHECK(ending(desk) == expected);
      if (!crasher.crashed()) {
        break;
      }
      REQUIRE(at < 1000);
    }
    MESSAGE(story.name << ": " << at - 1 << " points");
    CHECK(at > story.at_least);
  }
}

}  // namespace rescind::testing
