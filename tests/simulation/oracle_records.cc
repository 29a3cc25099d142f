// Plans against themselves, the journal against the states, first attempts against deadlines.
#include <algorithm>
#include <map>

#include "oracle_end.h"

namespace rescind::simulation {
namespace {

void check_order(Evidence& evidence) {
  for (const auto& [id, run] : evidence.runs()) {
    std::map<std::string, const PlanStep*> before;
    for (const PlanStep& step : run.plans.front().steps) {
      for (const auto* edges : {&step.after, &step.strong_after}) {
        for (const std::string& edge : *edges) {
          const auto found = before.find(edge);
          if (found == before.end()) {
            evidence.broken("1 no edge falls in rank", step.item,
                            "step " + step.id + " comes before its predecessor " + edge);
          } else if (found->second->rank > step.rank) {
            evidence.broken("1 no edge falls in rank", step.item,
                            step.id + " waits for " + edge + " of a later rank");
          }
        }
      }
      before[step.id] = &step;
    }
  }
}

void check_replay(Evidence& evidence) {
  const std::string invariant = "the journal's replay equals the state";
  for (const auto& [id, run] : evidence.runs()) {
    std::map<std::string, StepState> replayed;
    std::int64_t last = 0;
    for (const JournalRecord& record : evidence.journal(id)) {
      if (record.sequence <= last) {
        evidence.broken(invariant, id, "sequence falls");
      }
      last = record.sequence;
      if (!record.step.empty()) {
        replayed[record.step] = record.state;
      }
    }
    for (const StepRecord& step : run.steps) {
      const auto found = replayed.find(step.step);
      const StepState state = found == replayed.end() ? StepState::Pending : found->second;
      const bool told_elsewhere = found == replayed.end() || step.state == StepState::Cancelled ||
                                  step.state == StepState::Undone;
      if (state != step.state && !told_elsewhere) {
        evidence.broken(invariant, step.step,
                        "replayed " + std::string(step_state_name(state)) + ", stored " +
                            std::string(step_state_name(step.state)));
      }
    }
  }
}

void check_nothing_lost(Evidence& evidence) {
  for (const auto& [id, run] : evidence.runs()) {
    std::map<std::string, bool> stored;
    for (const StepRecord& record : run.steps) {
      stored[record.step] = true;
    }
    for (const auto& [step, forms] : run.forms) {
      if (!stored.contains(step)) {
        evidence.broken("0 nothing is lost", step, "the store has no such step of " + id);
      }
    }
  }
}

using FirstAttempts = std::map<std::string, Instant>;

// By step: its first request, or the reading that made one needless, in whichever run.
FirstAttempts first_attempts(Evidence& evidence) {
  FirstAttempts first;
  for (const auto& [id, run] : evidence.runs()) {
    for (const JournalRecord& record : evidence.journal(id)) {
      if (record.entry == RecordEntry::Intent || record.entry == RecordEntry::Ended ||
          record.entry == RecordEntry::Swept) {
        const auto known = first.try_emplace(record.step, record.at).first;
        known->second = std::min(known->second, record.at);
      }
    }
  }
  return first;
}

bool clock_moved(const Evidence& evidence, Instant from, Instant until) {
  const auto& jumps = evidence.trace().scenario.jumps;
  return std::any_of(jumps.begin(), jumps.end(), [&](const ClockJump& jump) {
    return jump.at <= until && jump.at + std::chrono::abs(jump.by) >= from;
  });
}

void check_containment(Evidence& evidence) {
  constexpr Seconds kSlack{120};  // the first pass over a run, restarts after a kill
  const FirstAttempts first = first_attempts(evidence);
  for (const KnownStep& known : evidence.steps()) {
    const PlanStep& step = *known.step;
    const RunRecord& run = known.run->record;
    if (step.rank != Rank::Contain || !step.action.empty() || !step.deadline ||
        !step.approvals.empty() || step.gate || !step.limits.empty() || !step.retirement.empty()) {
      continue;
    }
    // A deadline that needs an approval to be met is for people.
    const Instant by = std::max({*step.deadline, step.not_before + kSlack, run.opened_at + kSlack});
    const bool taken_over =
        !is_worked(run.state) && run.state != RunState::Closed && run.updated_at <= by;
    if (taken_over || by > evidence.now() || !evidence.healthy(step.system, run.opened_at, by) ||
        clock_moved(evidence, run.opened_at, by)) {
      continue;
    }
    const auto tried = first.find(step.id);
    if (tried == first.end() || tried->second > by + evidence.lost()) {
      evidence.broken("4 containment is not held up by others", step.item,
                      std::string(verb_name(step.verb)) + " was due by " + format_instant(by) +
                          ", tried " +
                          (tried != first.end() ? "at " + format_instant(tried->second) : "never") +
                          ", waits for `" + known.record->wait + "`");
    }
  }
}

}  // namespace

void check_records(Evidence& evidence) {
  check_order(evidence);
  check_replay(evidence);
  check_nothing_lost(evidence);
  check_containment(evidence);
}

}  // namespace rescind::simulation
