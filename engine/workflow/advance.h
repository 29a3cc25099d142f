// Works what is due, once: steps, gates of retirements, appointments, what a sweep left over, calls
// to people. `rescind run --due` calls it once, `rescind serve` again and again, simulation with a
// clock of its own.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "connect/connector_set.h"
#include "execute/execute_plan.h"
#include "model/capabilities.h"
#include "model/inventory.h"
#include "model/outcome.h"
#include "model/plan.h"
#include "store/store.h"
#include "workflow/load_policy.h"
#include "workflow/plan_events.h"

namespace rescind {

struct AdvancedRun {
  std::string run;
  std::optional<RunReport> report;          // of the last round
  std::vector<std::string> lines;           // what was decided, for people
  std::optional<VerifiedOutcome> verified;  // when nothing was left to do
  std::optional<Error> failed;              // it could not be worked; others were
};

struct AdvanceRequest {
  const LoadedPolicy* policy = nullptr;
  // Its store must be set; events and as_of count for nothing.
  PlanRequest plan;
  ExecuteOptions execute;
  // The facts as they are now; these systems should be listed again first, and all of them when it
  // is empty only as far as they are known.
  std::function<Result<std::shared_ptr<const Inventory>>(const std::vector<std::string>& systems)>
      read_inventory;
  // Asks the system for evidence of use, into the store. Absent, or it does not answer: what the
  // store has must do.
  std::function<Status(const std::string& system)> take_evidence;
  // Moves the escalations of a run; gives when to look again. Absent: nobody is called.
  std::function<Result<std::optional<Instant>>(const Plan& plan, const std::string& run,
                                               const std::shared_ptr<const Inventory>& inventory)>
      escalate;

  // A clock that moved by so much more than this machine waited, or went back by so much, stops
  // everything that destroys, in every process on the store, until `accept_clock`.
  Seconds clock_heartbeat{600};
  std::string
      boot;  // names the start of this machine that Clock::monotonic counts from; "" unknown
  bool accept_clock = false;

  // What the systems can do, for the closure proof of a run that has nothing left to do.
  const CapabilityMap* systems = nullptr;

  // Takes what each run came to as soon as it is known, and then nobody keeps it. Absent: the
  // report has them all.
  std::function<void(AdvancedRun)> take_run;

  std::uint32_t runs_at_once = 64;    // worked side by side
  std::uint32_t max_rounds = 16;      // of one run: work, decide, work again
  std::uint32_t max_supplements = 5;  // after a sweep
};

struct AdvanceReport {
  std::string frozen;             // why nothing is destroyed; "" it may be
  std::vector<AdvancedRun> runs;  // unless somebody took them
  std::vector<std::string> busy;  // runs that another process works now
  std::optional<Instant> next_due;
};

// Works every run that is due, several side by side: those that may have something to contain
// first, else the longest overdue. Errors: of the store.
Result<AdvanceReport> advance_due(const AdvanceRequest& request, ConnectorSet& connectors,
                                  Clock& clock);

// Works this run, due or not. Errors: of the store, Conflict while another process works it.
Result<AdvancedRun> advance_run(const AdvanceRequest& request, const std::string& run,
                                ConnectorSet& connectors, Clock& clock);

// Compares the clock with what the store remembers of it and keeps what it says now. Gives why
// nothing is destroyed; "" it may be. `serve` calls it at every heartbeat. Errors: of the store.
Result<std::string> check_clock(const AdvanceRequest& request, const Clock& clock);

}  // namespace rescind
