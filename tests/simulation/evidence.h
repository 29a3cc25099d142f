// What the oracle looks at: runs and steps from the store, and what people and systems did. It
// knows who is gone from the scenario alone.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "drive.h"

namespace rescind::simulation {

struct KnownStep {
  const KnownRun* run = nullptr;
  const PlanStep* step = nullptr;  // as it is meant now
  const StepRecord* record = nullptr;
};

// A request that the engine announced in its journal.
struct Intent {
  Instant at{};
  const KnownRun* run = nullptr;
};

class Evidence {
 public:
  explicit Evidence(Trace& trace);

  void broken(const std::string& invariant, const std::string& item, const std::string& what) {
    broken_at(invariant, trace_.clock->now(), item, what);
  }

  void broken_at(const std::string& invariant, Instant at, const std::string& item,
                 const std::string& what);

  [[nodiscard]] const std::map<std::string, KnownRun>& runs() const { return trace_.runs; }

  [[nodiscard]] const std::vector<KnownStep>& steps() const { return steps_; }

  [[nodiscard]] Trace& trace() const { return trace_; }

  [[nodiscard]] const Promise& promise() const { return trace_.scenario.promise; }

  [[nodiscard]] Instant now() const { return trace_.clock->now(); }

  [[nodiscard]] const std::vector<EstateChange>& changes() const {
    return trace_.estate->changes();
  }

  // The journal of a run; read once.
  const std::vector<JournalRecord>& journal(const std::string& run);
  const std::vector<StoredApproval>& approvals(const std::string& run);

  // The announced request behind a change by the engine; nothing: no run announced it.
  std::optional<Intent> intent_of(const EstateChange& change);
  // The step as it was meant then.
  static const PlanStep* form_of(const KnownRun& run, const std::string& step, Instant at);

  // An event of that person was heard of by then that makes them leave, in its newest revision,
  // whether it holds already or not, and nobody put it back.
  [[nodiscard]] bool is_leaving(const std::string& person, Instant at) const;
  // It holds, and nothing ended it: they must have nothing.
  [[nodiscard]] bool is_gone(const std::string& person, Instant at) const;
  // The same for those who are only away: their accounts are closed.
  [[nodiscard]] bool is_away(const std::string& person, Instant at) const;
  // They have another job: heard of, holds, and nobody put it back.
  [[nodiscard]] bool has_moved(const std::string& person, Instant at) const;
  // Nothing else was ever heard of them.
  [[nodiscard]] bool only_moved(const std::string& person) const;
  [[nodiscard]] bool held(const std::string& person, Instant at) const;
  // Nothing in that time that could keep the engine from the system.
  [[nodiscard]] bool healthy(const std::string& system, Instant from, Instant until) const;

  // Time that restarts after kills took.
  [[nodiscard]] Seconds lost() const {
    return Seconds(3 * static_cast<std::int64_t>(trace_.crashes));
  }

 private:
  [[nodiscard]] bool is_out(const std::string& person, Instant at, bool scheduled,
                            bool leave) const;
  [[nodiscard]] std::vector<const Event*> heard(const std::string& person, Instant at) const;
  void list_intents();

  Trace& trace_;
  std::vector<KnownStep> steps_;
  std::map<std::string, std::vector<JournalRecord>> journals_;
  std::map<std::string, std::vector<StoredApproval>> approvals_;
  std::map<std::string, std::vector<Intent>> intents_;  // by step
  bool intents_listed_ = false;
};

// "step:…#2/item" → "step:…"
std::string step_of_marker(const std::string& marker);

bool is_worked(RunState state);

}  // namespace rescind::simulation
