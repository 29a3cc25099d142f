// The execute stage: carries a plan out. One worker per system, ordered where the plan says, every
// intent durable before its request and every outcome after, so that a run killed at any instant
// goes on with resume_run. docs/stages/execute.md explains it; docs/run-states.md lists every
// state.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/seal.h"
#include "connect/connector_set.h"
#include "connect/deliveries.h"
#include "diagnostics/diagnostic.h"
#include "model/approver.h"
#include "model/plan.h"
#include "model/record.h"
#include "store/store.h"

namespace rescind {

class SystemBook;

// The store's setting under which it stands why nothing may be destroyed: the clock moved in a way
// that it cannot have. "" or absent: it may.
inline constexpr std::string_view kClockFrozenSetting = "clock.frozen";

// Settings of this name and a run's id: that it was looked at once more after its sweeps.
inline constexpr std::string_view kSweptSetting = "swept.";

struct StepProgress {
  enum class What : std::uint8_t { Started, Finished, Waiting };
  What what = What::Started;
  const PlanStep* step = nullptr;  // lives as long as the call
  StepRecord record;
};

struct ExecuteOptions {
  // --approve --as ID: this identity approves every step that it may approve. "" nobody does.
  std::string approve_as;
  // --over-limit NAME --as ID: this identity lets steps exceed these limits (qualified names) where
  // the limit asks for them. It approves nothing by that.
  std::string over_limit_as;
  std::set<std::string> over_limits;
  ApproverFacts approvers;

  // Back-off between attempts: first_delay doubled each time up to max_delay, then scaled by a
  // factor between 0.5 and 1.5 that `random` (a number in [0, 1)) chooses.
  std::chrono::milliseconds first_delay{500};
  std::chrono::milliseconds max_delay{30000};
  std::function<double()> random = [] { return 0.5; };
  std::uint32_t max_attempts = 5;  // requests per step and process
  std::uint32_t max_probes = 8;    // readings back per step without an answer
  std::uint32_t max_sweep_rounds = 10;
  std::uint32_t breaker_failures = 5;  // in a row, until a system is left alone for a while
  std::uint32_t breaker_openings = 3;  // in a row, until it is left for a later resume
  // By system: how long after the start of an action the next one may start.
  std::map<std::string, std::chrono::milliseconds> pauses;
  Seconds patience{60};      // idle waiting in all, before what is left stays in the store
  Seconds retry_later{900};  // when a step that was given up is due again
  // What is known of the systems' health; null: nothing yet, and nobody else learns of it.
  // Borrowed.
  SystemBook* systems = nullptr;
  Seconds look_again{900};  // how often evidence is looked at while a retirement waits for it

  // No threads: every action runs in the calling thread, one at a time. `choose` picks which of so
  // many systems whose action could come next goes on, so that equal choices give equal runs. Only
  // then may connectors and crash_point throw; what they throw leaves execute_plan with the store
  // as a crash at that instant would have left it.
  bool inline_workers = false;
  std::function<std::size_t(std::size_t)> choose = [](std::size_t) { return std::size_t{0}; };

  // Called by the thread that called execute_plan.
  std::function<void(const StepProgress&)> progress;
  // Delivers a notify or ask step; called by a worker thread. Absent: the report lists it and that
  // is all.
  std::function<Status(const PlanStep&)> hand_over;
  // What stands against the step as things are known now, beyond its plan: "receiver: …" or
  // "handover: …", on which it waits; "" nothing. `facts` are those of a live reading. Called by
  // worker threads before a request that gives something to somebody or takes a right. Absent:
  // nobody asks.
  std::function<Result<std::string>(const PlanStep&,
                                    const std::map<std::string, std::string>& facts)>
      objection;
  // Where dependents read their credentials; null: only from the system that makes them. Borrowed.
  Deliveries* deliveries = nullptr;
  // The key that seals values between their making and their delivery. Absent: nothing that has to
  // be delivered is made. Called by worker threads.
  std::function<Result<SealKey>()> seal_key;
  // For crash tests: called before and after every durable write.
  std::function<void()> crash_point;
};

struct RunReport {
  std::string run;
  RunState state = RunState::Open;
  std::vector<StepRecord> steps;         // in the plan's order
  std::vector<PersonNote> needs_person;  // item (or system), why, who
  std::vector<StepNote> asked;  // notify and ask steps handed over: the step's id and its text
  std::vector<Timer> timers;    // what stays in the store, earliest first
  std::uint64_t failed = 0;     // steps that are neither done nor waiting as planned
  // Steps that wait for an approval, a limit, a hold or a hand-over.
  std::uint64_t waiting_for_person = 0;
};

// Whether the plan may be applied now, each reason against it as a diagnostic (R0820…R0825). The
// same checks that execute_plan makes before it touches anything. Errors: of the store.
Result<bool> check_applicable(const Plan& plan, Store& store, Instant now,
                              const std::string& approve_as, Diagnostics& diagnostics);

// Opens a run (which uses the plan up) and works it until nothing is left to do now. Errors:
// Conflict when the plan may not be applied (its message starts with the diagnostic's code), those
// of the store.
Result<RunReport> execute_plan(const Plan& plan, Store& store, ConnectorSet& connectors,
                               Clock& clock, const ExecuteOptions& options);

// Goes on with a run: after a crash, when something is due, after an approval. Errors: NotFound,
// Conflict while another process works it, Corrupt, those of the store.
Result<RunReport> resume_run(const std::string& run, Store& store, ConnectorSet& connectors,
                             Clock& clock, const ExecuteOptions& options);

// Goes on with several runs side by side: they share the lanes of each system and what is known of
// its health, and in a system what contains comes first whosever it is. One result per run, in
// their order; errors as above.
std::vector<Result<RunReport>> resume_runs(const std::vector<std::string>& runs, Store& store,
                                           ConnectorSet& connectors, Clock& clock,
                                           const ExecuteOptions& options);

// The earliest instant at which anything of a run can change by itself, or is late; nothing: only
// from outside. Evidence comes without being called: while a retirement is open, it is looked at
// again and again.
std::optional<Instant> next_look_at_run(const Plan& plan, const std::vector<StepRecord>& steps,
                                        const std::vector<RetirementRecord>& retirements,
                                        Instant now, const ExecuteOptions& options);

// Goes on with every run that has not ended, oldest first. Errors: the first one; runs before it
// are done.
Result<std::vector<RunReport>> resume_open_runs(Store& store, ConnectorSet& connectors,
                                                Clock& clock, const ExecuteOptions& options);

}  // namespace rescind
