// At every pause: nothing waits without a cause and a next instant, nothing is late unheard of.
#include "oracle.h"

#include <algorithm>
#include <tuple>

#include "base/text.h"
#include "evidence.h"
#include "oracle_end.h"

namespace rescind::simulation {
namespace {

bool says_what_it_waits_for(const std::string& wait) {
  for (const char* cause : {"approval", "hold", "handover", "after ", "limit", "not seen", "stage ",
                            "claim", "delivery"}) {
    if (wait.starts_with(cause)) {
      return true;
    }
  }
  return false;
}

std::string step_words(const KnownStep& known) {
  return std::string(verb_name(known.step->verb)) + " " + known.step->action + " (" +
         known.step->id + ")";
}

void check_waits(Evidence& evidence) {
  const std::string invariant = "12 every wait names its cause and its next instant";
  std::map<const KnownRun*, Instant> earliest;
  for (const KnownStep& known : evidence.steps()) {
    const StepRecord& record = *known.record;
    if (is_end_state(record.state) || !is_worked(known.run->record.state)) {
      continue;
    }
    if (record.state == StepState::Waiting
            ? record.wait.empty() || (!record.due && !says_what_it_waits_for(record.wait))
            : !record.due) {
      evidence.broken(invariant, known.step->item,
                      known.step->id + " is " + std::string(step_state_name(record.state)) +
                          ", waits for `" + record.wait + "`" + (record.due ? "" : ", due never"));
    }
    if (record.due) {
      const auto known_due = earliest.try_emplace(known.run, *record.due).first;
      known_due->second = std::min(known_due->second, *record.due);
    }
  }
  for (const auto& [run, due] : earliest) {
    const std::optional<Instant> taken_up = run->record.due;
    if (!taken_up || *taken_up > due) {
      evidence.broken(invariant, run->record.id,
                      "something is due at " + format_instant(due) + ", the run " +
                          (taken_up ? "at " + format_instant(*taken_up) : "never"));
    }
  }
}

void check_retirements(Evidence& evidence) {
  Trace& trace = evidence.trace();
  if (!evidence.promise().retire) {
    return;
  }
  const auto records = trace.store->list_retirements("");
  for (const RetirementRecord& record : *records) {
    std::vector<RetirementRecord>& forms = trace.retirements[record.id];
    if (forms.empty() || std::tie(forms.back().stage, forms.back().state, forms.back().entered_at,
                                  forms.back().generation, forms.back().run) !=
                             std::tie(record.stage, record.state, record.entered_at,
                                      record.generation, record.run)) {
      forms.push_back(record);
    }
    const auto run = trace.runs.find(record.run);
    if (run == trace.runs.end() || !is_worked(run->second.record.state)) {
      continue;
    }
    const bool silent =
        record.why.empty() && (record.state == RetirementState::AwaitingApproval ||
                               (record.state == RetirementState::Gated && !record.due));
    if (silent || (record.state == RetirementState::Soaking && !record.due)) {
      evidence.broken("12 every wait names its cause and its next instant", record.item,
                      "its retirement is " + std::string(retirement_state_name(record.state)) +
                          " in `" + record.stage + "`, nobody knows for what");
    }
  }
}

// --- deadlines

class Calls {
 public:
  explicit Calls(Evidence& evidence) : evidence_(evidence) {
    auto open = evidence.trace().store->list_escalations(true);
    records_ = *std::move(open);
  }

  void check(const KnownStep& late) const {
    const auto found =
        std::find_if(records_.begin(), records_.end(), [&](const EscalationRecord& record) {
          return record.run == late.run->record.id && record.step == late.step->id;
        });
    if (found == records_.end() || found->calls == 0) {
      evidence_.broken("every deadline is met or escalated", late.step->item,
                       step_words(late) + " is late, marked so, and nobody was called");
    }
  }

  // Somebody who says nothing is followed by the next one.
  void check_levels() const {
    const Seconds level = evidence_.promise().next_level;
    if (level.count() == 0 || !evidence_.trace().frozen.empty()) {
      return;
    }
    for (const EscalationRecord& record : records_) {
      // Whoever is asked to do something has a day; a run that takes over begins with the first.
      const auto run = evidence_.runs().find(record.run);
      const Instant since = run == evidence_.runs().end()
                                ? record.raised_at
                                : std::max(record.raised_at, run->second.record.opened_at);
      const Instant late = std::max(since, record.deadline.value_or(since)) +
                           std::chrono::hours(record.asks ? 24 : 0);
      // Where nobody else is left to call, the steward is called again.
      const bool last = record.to == std::vector<std::string>{"keeper"};
      if (record.level == 0 && !last && !record.acknowledged_at &&
          late + level + std::chrono::hours(6) < evidence_.now()) {
        evidence_.broken("every deadline is met or escalated",
                         record.item.empty() ? record.step : record.item,
                         record.id + " of " + format_instant(record.raised_at) +
                             " is still with whom was called first: " + join(record.to, ", "));
      }
      if (!record.next_at && !record.retry_at) {
        evidence_.broken("12 every wait names its cause and its next instant", record.item,
                         record.id + " calls nobody again");
      }
    }
  }

 private:
  Evidence& evidence_;
  std::vector<EscalationRecord> records_;
};

void check_deadlines(Evidence& evidence) {
  std::vector<KnownStep> late;
  for (const KnownStep& known : evidence.steps()) {
    if (!known.step->deadline || *known.step->deadline >= evidence.now() ||
        is_end_state(known.record->state) || known.record->state == StepState::Residual ||
        !is_worked(known.run->record.state)) {
      continue;
    }
    if (known.record->escalated) {
      late.push_back(known);
    } else {
      evidence.broken("every deadline is met or escalated", known.step->item,
                      step_words(known) + " was due by " + format_instant(*known.step->deadline) +
                          ", is " + std::string(step_state_name(known.record->state)) + " `" +
                          known.record->wait + "`");
    }
  }
  const Calls calls(evidence);
  for (const KnownStep& known : late) {
    calls.check(known);
  }
  calls.check_levels();
}

}  // namespace

void check_pause(Trace& trace) {
  Evidence evidence(trace);
  check_waits(evidence);
  check_retirements(evidence);
  check_deadlines(evidence);
}

void check_end(Trace& trace) {
  Evidence evidence(trace);
  check_records(evidence);
  check_changes(evidence);
  check_people(evidence);
  check_access(evidence);
}

}  // namespace rescind::simulation
