// The oracle can fail: systems, stores and people that do what no honest ones do must be caught,
// each by the invariant that speaks of it. And it is content with what is right.
#include <algorithm>

#include <doctest/doctest.h>

#include "small_organisation.h"

namespace rescind::simulation {
namespace {

using std::chrono::hours;

Scenario leaver() {
  Scenario scenario = small_scenario();
  happens(scenario, "leaver", "p1", hours(1));
  scenario.approvals.push_back({scenario.begin + hours(24 * 8), "keeper"});
  return scenario;
}

std::string broken(const Scenario& scenario, DriveOptions options = {}) {
  options.crashes = false;
  std::string text;
  for (const Violation& violation : drive(scenario, options).violations) {
    text += violation.invariant + ": " + violation.item + " " + violation.what + "\n";
  }
  return text;
}

bool has(const std::string& text, const std::string& invariant) {
  return text.starts_with(invariant) || text.find("\n" + invariant) != std::string::npos;
}

// The marker of the last request that the engine made about the item.
std::string marker_of(const SimulatedEstate& estate, const std::string& item) {
  for (auto change = estate.changes().rbegin(); change != estate.changes().rend(); ++change) {
    if (change->item == item && change->by.starts_with("step:")) {
      return change->by;
    }
  }
  return "";
}

// What is done to the trace before the oracle looks, once and as soon as it can be.
std::string forged(const Scenario& scenario, const std::function<bool(Trace&)>& forge) {
  DriveOptions options;
  bool done = false;
  options.forge = [&](Trace& trace) { done = done || forge(trace); };
  const std::string text = broken(scenario, options);
  CHECK(done);
  return text;
}

// A step that waits, or any where none has to.
bool change_step(Trace& trace, bool waiting,
                 const std::function<void(JournalRecord&, StepRecord&)>& change) {
  const auto runs = trace.store->list_runs();
  for (const RunRecord& run : *runs) {
    const auto steps = trace.store->list_steps(run.id);
    for (StepRecord step : *steps) {
      if (!waiting || step.state == StepState::Waiting) {
        JournalRecord record;
        record.run = run.id;
        record.step = step.step;
        record.epoch = run.epoch;
        record.at = trace.clock->now();
        record.entry = RecordEntry::Waited;
        change(record, step);
        return trace.store->append(record, &step, nullptr).has_value();
      }
    }
  }
  return false;
}

Event event_of(const Trace& trace) {
  return trace.scenario.reports.front().event;
}

}  // namespace

TEST_CASE("oracle: an honest story breaks nothing") {
  CHECK(broken(leaver()) == "");
}

TEST_CASE("oracle: what two runs order is judged by the run that did it") {
  Scenario scenario = small_scenario();
  happens(scenario, "risk", "p1", hours(1));
  SUBCASE("the second orders without an approval what the first one waits for") {
    happens(scenario, "contract_end", "p1", hours(30));
  }
  SUBCASE("hired again, and gone again") {
    happens(scenario, "leaver", "p1", hours(30));
    happens(scenario, "rehire", "p1", hours(40));
    happens(scenario, "leaver", "p1", hours(60));
  }
  CHECK(broken(scenario) == "");
}

TEST_CASE("oracle 0: a step that got lost is caught") {
  CHECK(has(forged(leaver(),
                   [](Trace& trace) {
                     if (!trace.runs.empty()) {
                       KnownRun& run = trace.runs.begin()->second;
                       run.forms["step:lost"].emplace_back(run.record.opened_at,
                                                           &run.plans.front().steps.front());
                     }
                     return !trace.runs.empty();
                   }),
            "0 nothing is lost"));
}

TEST_CASE("oracle 1: an edge that falls in rank is caught") {
  CHECK(has(forged(leaver(),
                   [](Trace& trace) {
                     for (auto& [id, run] : trace.runs) {
                       std::vector<PlanStep>& steps = run.plans.front().steps;
                       for (PlanStep& step : steps) {
                         if (!step.after.empty() && step.rank < Rank::Destroy) {
                           steps.front().rank = Rank::Destroy;
                           step.after.push_back(steps.front().id);
                           return true;
                         }
                       }
                     }
                     return false;
                   }),
            "1 no edge falls in rank"));
}

TEST_CASE("oracle 2: a request that no run announced, and one that nobody approved, are caught") {
  CHECK(has(forged(leaver(),
                   [](Trace& trace) {
                     trace.estate->note("step:0000000000000000#1", "remove", "sys1:p2:r");
                     return true;
                   }),
            "2 no step fires unauthorised"));
  Scenario retired = leaver();
  CHECK(has(forged(retired,
                   [](Trace& trace) {
                     for (auto& [id, run] : trace.runs) {
                       for (PlanStep& step : run.plans.front().steps) {
                         step.approvals = {{{"legal"}, ApprovalState::Needed, ""}};
                       }
                     }
                     return !trace.runs.empty();
                   }),
            "2 no step fires unauthorised"));
}

TEST_CASE("oracle 3: what is destroyed at once, twice or before anything contained it is caught") {
  DriveOptions options;
  options.tamper = [](SimulatedEstate& estate, const Scenario&) {
    for (auto& [id, item] : estate.items()) {
      const std::string marker = marker_of(estate, id);
      if (item.kind == Kind::Account && item.present && !item.enabled && !marker.empty()) {
        item.present = false;
        estate.note(marker, "delete", id);
        estate.note(marker, "delete", id);
      }
    }
  };
  const std::string text = broken(leaver(), options);
  CHECK(has(text, "3 no D before its time"));
  CHECK(has(text, "3 nothing destructive is done twice"));
  CHECK(has(forged(leaver(),
                   [](Trace& trace) {
                     const std::string marker = marker_of(*trace.estate, "sys0:p1");
                     if (!marker.empty()) {
                       trace.estate->note(marker, "delete", "sys1:p2");
                     }
                     return !marker.empty();
                   }),
            "3 no D before containment"));
}

TEST_CASE("oracle 3: what is destroyed while the clock cannot be believed is caught") {
  CHECK(has(forged(leaver(),
                   [](Trace& trace) {
                     trace.frozen.push_back({0, std::string::npos});
                     return true;
                   }),
            "3 nothing is destroyed while the clock"));
}

TEST_CASE("oracle 4: containment that a silent fault keeps from being tried is caught") {
  Scenario scenario = leaver();
  DriveOptions options;
  bool added = false;
  options.tamper = [&](SimulatedEstate& estate, const Scenario& story) {
    if (!added) {
      EstateFault fault;
      fault.kind = EstateFaultKind::Refused;
      fault.system = "sys0";
      fault.until = story.begin + hours(24);
      estate.add_fault(fault);
      added = true;
    }
  };
  CHECK(has(broken(scenario, options), "4 containment is not held up"));
}

TEST_CASE("oracle 5, 6: an account that works again, and a key that somebody knows, are caught") {
  const std::string text = forged(leaver(), [](Trace& trace) {
    const bool last = trace.clock->now() >= trace.scenario.end + hours(4);
    for (const char* id : {"sys0:p1", "sys1:bot0"}) {
      EstateItem* item = trace.estate->find(id);
      item->present = item->present || last;
      item->enabled = item->enabled || last;
    }
    return last;
  });
  CHECK(has(text, "5 no session, token or enabled account in the end: sys0:p1"));
  CHECK(has(text, "5 no session, token or enabled account in the end: sys1:bot0"));
  CHECK(has(text, "6 a standing claim means: not enabled"));
}

TEST_CASE("oracle 7: a second successor is caught") {
  CHECK(has(forged(leaver(),
                   [](Trace& trace) {
                     const std::string marker = marker_of(*trace.estate, "sys0:p1");
                     if (!marker.empty()) {
                       trace.estate->note(marker, "created", "sys1:bot0~2");
                       trace.estate->note(marker, "created", "sys1:bot0~2");
                     }
                     return !marker.empty();
                   }),
            "7 one live successor"));
}

TEST_CASE("oracle 8: somebody who gets in after the last path was said to be closed is caught") {
  Scenario scenario = leaver();
  scenario.records.erase(scenario.records.find("{\"record\":\"api_key\""),
                         scenario.records.find('\n', scenario.records.find("\"api_key\"")) + 1 -
                             scenario.records.find("{\"record\":\"api_key\""));
  CHECK(has(forged(scenario,
                   [](Trace& trace) {
                     const Instant at = trace.clock->now();
                     const bool late = at > event_of(trace).at + hours(24);
                     if (late) {
                       trace.reaches.push_back({at, "p1", "signs in to", "sys1:p1"});
                     }
                     return late;
                   }),
            "8 a path ends when it was said to"));
}

TEST_CASE("oracle 9: more people than the limit in a window, and the last owner, are caught") {
  Scenario both = leaver();
  happens(both, "leaver", "p2", hours(2));
  both.promise.at_most = 1;  // the policy allows two
  CHECK(has(broken(both), "9 limits hold in every window"));
  CHECK(has(forged(leaver(),
                   [](Trace& trace) {
                     const std::string marker = marker_of(*trace.estate, "sys1:p1:r");
                     if (!marker.empty()) {
                       trace.estate->note(marker, "remove", "sys1:p2:r");
                     }
                     return !marker.empty();
                   }),
            "9 every object keeps a staying owner"));
}

TEST_CASE("oracle 10: who approves, receives or is called in their own case is caught") {
  const std::string text = forged(leaver(), [](Trace& trace) {
    if (trace.runs.empty()) {
      return false;
    }
    auto& [id, run] = *trace.runs.begin();
    StoredApproval approval;
    approval.run = id;
    approval.step = run.steps.front().step;
    approval.approver = "p1";
    approval.at = trace.clock->now();
    for (PlanStep& step : run.plans.front().steps) {
      step.target = "p1";
    }
    trace.calls.push_back({trace.clock->now(), "p1", "escalation", id, ""});
    return trace.store->add_approval(approval).has_value();
  });
  CHECK(has(text, "10 the subject never approves"));
  CHECK(has(text, "10 the subject never receives"));
  CHECK(has(text, "10 the subject is never escalated to"));
}

TEST_CASE("oracle 11: what is destroyed while its holder is held is caught") {
  CHECK(has(forged(leaver(),
                   [](Trace& trace) {
                     const bool gone = !trace.estate->find("sys0:p1")->present;
                     if (gone) {
                       trace.scenario.holds.push_back({trace.scenario.begin, "p1", true});
                     }
                     return gone;
                   }),
            "11 held data exists"));
}

TEST_CASE("oracle 12: a step that waits for nothing, and a run that nobody takes up, are caught") {
  const std::string text = forged(leaver(), [](Trace& trace) {
    return change_step(trace, true, [](JournalRecord& record, StepRecord& step) {
      step.wait.clear();
      step.due.reset();
      record.state = step.state;
    });
  });
  CHECK(has(text, "12 every wait names its cause"));
  CHECK(has(
      forged(leaver(),
             [](Trace& trace) {
               for (const auto& [id, run] : trace.runs) {
                 const auto record = trace.store->find_run(id);
                 if (!is_end_state(run.steps.back().state)) {
                   return trace.store->set_run_due(id, (*record)->epoch, std::nullopt).has_value();
                 }
               }
               return false;
             }),
      "12 every wait names its cause"));
}

TEST_CASE("oracle 13: a retirement that went back though nobody needed the item is caught") {
  CHECK(has(forged(leaver(),
                   [](Trace& trace) {
                     if (trace.retirements.empty() ||
                         trace.retirements.begin()->second.back().stage != "quarantine") {
                       return false;
                     }
                     RetirementRecord back = trace.retirements.begin()->second.back();
                     back.stage = "drain";
                     ++back.generation;
                     ++back.returns;
                     back.entered_at = trace.clock->now();
                     trace.retirements.begin()->second.push_back(back);
                     return true;
                   }),
            "13 own use never lengthens"));
}

TEST_CASE("oracle: what is late and unheard of, and a journal that says otherwise, are caught") {
  CHECK(has(forged(leaver(),
                   [](Trace& trace) {
                     for (auto& [id, run] : trace.runs) {
                       for (const StepRecord& record : run.steps) {
                         if (record.state != StepState::Waiting || record.escalated) {
                           continue;
                         }
                         for (PlanStep& step : run.plans.front().steps) {
                           if (step.id == record.step) {
                             step.deadline = trace.clock->now() - Seconds(1);
                             return true;
                           }
                         }
                       }
                     }
                     return false;
                   }),
            "every deadline is met or escalated"));
  // Of a step that nobody touches any more.
  CHECK(has(forged(leaver(),
                   [](Trace& trace) {
                     return trace.clock->now() > trace.scenario.end &&
                            change_step(trace, false, [](JournalRecord& record, StepRecord&) {
                              record.state = StepState::Throttled;
                            });
                   }),
            "the journal's replay equals the state"));
}

TEST_CASE("simulation: a seed plays the same way every time") {
  const auto play = [] { return drive(make_scenario(5), {.crashes = true, .verbose = true}); };
  const Trace one = play();
  const Trace two = play();
  CHECK(one.story == two.story);
  CHECK(one.estate->describe() == two.estate->describe());
  CHECK(one.crashes == two.crashes);
  REQUIRE(one.violations.size() == two.violations.size());
  for (std::size_t i = 0; i < one.violations.size(); ++i) {
    CHECK(one.violations[i].what == two.violations[i].what);
  }
}

}  // namespace rescind::simulation
