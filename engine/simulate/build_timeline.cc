// Journal and history → timeline.
#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "model/plan.h"
#include "simulate/timeline.h"

namespace rescind {
namespace {

std::string words_of(const PlanStep& step) {
  std::string words(step.action.empty() ? verb_name(step.verb) : std::string_view(step.action));
  words += step.kind.empty() ? "" : " " + step.kind;
  return words + (step.target.empty() ? "" : " to " + step.target);
}

struct Known {
  const PlanStep* step = nullptr;
  StepState state = StepState::Pending;
  std::string wait;
};

class Builder {
 public:
  Builder(Store& store, const SimulatedEstate& estate, Instant begin, Instant end)
      : store_(store), estate_(estate) {
    out_.begin = begin;
    out_.end = end;
  }

  Status read(std::vector<TimelineLine> said) {
    out_.lines = std::move(said);
    RESCIND_ASSIGN_OR_RETURN(const std::vector<RunRecord> runs, store_.list_runs());
    for (const RunRecord& run : runs) {
      RESCIND_RETURN_IF_ERROR(read_run(run));
    }
    RESCIND_ASSIGN_OR_RETURN(const auto escalations, store_.list_escalations(false));
    for (const EscalationRecord& call : escalations) {
      std::string to;
      for (const std::string& one : call.to) {
        to += (to.empty() ? "" : ", ") + one;
      }
      add(call.raised_at, "call", call.item, to + ": " + call.why);
    }
    std::stable_sort(out_.lines.begin(), out_.lines.end(),
                     [](const TimelineLine& a, const TimelineLine& b) { return a.at < b.at; });
    make_rows();
    return {};
  }

  Timeline take() { return std::move(out_); }

 private:
  void add(Instant at, std::string what, std::string item, std::string text) {
    out_.lines.push_back({at, std::move(what), std::move(item), std::move(text)});
  }

  Status read_run(const RunRecord& run) {
    out_.runs.emplace_back(run.id, run_state_name(run.state));
    RESCIND_ASSIGN_OR_RETURN(const std::string text, store_.plan_of_run(run.id));
    RESCIND_ASSIGN_OR_RETURN(Plan plan, decode_plan(text));
    RESCIND_ASSIGN_OR_RETURN(const auto supplements, store_.list_supplements(run.id));
    for (const Supplement& supplement : supplements) {
      RESCIND_ASSIGN_OR_RETURN(Plan more, decode_plan(supplement.plan));
      std::move(more.steps.begin(), more.steps.end(), std::back_inserter(plan.steps));
    }
    std::map<std::string, Known> steps;
    for (const PlanStep& step : plan.steps) {
      steps[step.id].step = &step;
    }
    std::map<std::string, std::string> retired;
    for (const PlannedRetirement& retirement : plan.retirements) {
      retired[retirement.id] = retirement.item;
    }
    RESCIND_ASSIGN_OR_RETURN(const auto records, store_.list_records(run.id));
    for (const JournalRecord& record : records) {
      if (const auto found = steps.find(record.step); found != steps.end()) {
        read_record(record, found->second);
      } else {
        const auto item = retired.find(record.step);
        read_other(record, item == retired.end() ? record.item : item->second);
      }
    }
    RESCIND_ASSIGN_OR_RETURN(const auto left, store_.list_steps(run.id));
    for (const StepRecord& record : left) {
      const auto known = steps.find(record.step);
      if (!is_end_state(record.state) && known != steps.end()) {
        out_.waits.push_back({known->second.step->item, words_of(*known->second.step),
                              record.wait.empty() ? record.detail : record.wait, record.due});
      }
    }
    RESCIND_ASSIGN_OR_RETURN(const auto retirements, store_.list_retirements(run.id));
    for (const RetirementRecord& one : retirements) {
      if (one.state != RetirementState::Ended && one.state != RetirementState::Cancelled) {
        out_.waits.push_back({one.item, "stage " + one.stage, one.why, one.due});
      }
    }
    return {};
  }

  void read_other(const JournalRecord& record, const std::string& item) {
    switch (record.entry) {
    case RecordEntry::Opened:
      add(record.at, "run", item, record.run + " begins");
      return;
    case RecordEntry::State:
      add(record.at, "run", item, record.run + " is " + record.detail);
      return;
    case RecordEntry::Approved:
    case RecordEntry::Refusal:
      add(record.at, "approval", item, record.detail);
      return;
    case RecordEntry::Stage:
      add(record.at, "stage", item, record.detail);
      return;
    case RecordEntry::Decided:
    case RecordEntry::Extended:
    case RecordEntry::Released:
      add(record.at, "decided", item, record.detail);
      return;
    case RecordEntry::Escalated:
      add(record.at, "call", item, record.detail);
      return;
    case RecordEntry::Observed:
    case RecordEntry::Intent:
    case RecordEntry::Outcome:
    case RecordEntry::Probed:
    case RecordEntry::Waited:
    case RecordEntry::Swept:
    case RecordEntry::Ended:
    case RecordEntry::Claimed:
      return;
    }
  }

  // What a person would want to hear: the end of a step, a failure, what it newly waits for.
  void read_record(const JournalRecord& record, Known& known) {
    const PlanStep& step = *known.step;
    const StepState before = std::exchange(known.state, record.state);
    const bool quiet = step.action == "capture";
    if (is_done_state(record.state)) {
      if (!is_done_state(before) && !quiet) {
        add(record.at, "done", step.item, words_of(step));
      }
      return;
    }
    switch (record.entry) {
    case RecordEntry::Decided:
    case RecordEntry::Refusal:
    case RecordEntry::Approved:
      add(record.at, record.entry == RecordEntry::Decided ? "decided" : "approval", step.item,
          words_of(step) + ": " + record.detail);
      return;
    case RecordEntry::Escalated:
      add(record.at, "call", step.item, words_of(step) + ": " + record.detail);
      known.wait = record.detail;
      return;
    case RecordEntry::Waited:
      if (record.detail != known.wait) {
        known.wait = record.detail;
        add(record.at, "waits", step.item,
            words_of(step) + ": " + record.detail +
                (record.until ? ", until " + format_instant(*record.until) : ""));
      }
      return;
    case RecordEntry::Outcome:
    case RecordEntry::Probed:
    case RecordEntry::Ended:
    case RecordEntry::Swept:
      if (record.state != before &&
          (record.state == StepState::Failed || record.state == StepState::Unknown ||
           record.state == StepState::Refused || record.state == StepState::Unsupported ||
           record.state == StepState::Throttled || record.state == StepState::Residual)) {
        add(record.at, "failed", step.item,
            words_of(step) + " is " + std::string(step_state_name(record.state)) +
                (record.detail.empty() ? "" : ": " + record.detail));
      }
      return;
    case RecordEntry::Stage:
      add(record.at, "stage", step.item, record.detail);
      return;
    case RecordEntry::Opened:
    case RecordEntry::Observed:
    case RecordEntry::Intent:
    case RecordEntry::State:
    case RecordEntry::Extended:
    case RecordEntry::Claimed:
    case RecordEntry::Released:
      return;
    }
  }

  // How an item stood over time: live, contained, gone.
  void add_condition(TimelineRow& row, const EstateItem& item) {
    Instant since = out_.begin;
    std::string state = "live";
    const auto turn = [&](Instant at, const std::string& next) {
      if (state == next) {
        return;
      }
      if (state != "gone" && at > since) {
        row.bars.push_back({since, at, state, row.item + " is " + state});
      }
      since = at;
      state = next;
    };
    for (const EstateChange& change : estate_.changes()) {
      if (change.item != row.item) {
        continue;
      }
      const std::string& what = change.what;
      if (what == "minted" || what == "created") {
        since = std::max(change.at, out_.begin);
      } else if (what == "disable" || what == "lock" || what == "archive") {
        turn(change.at, "contained");
      } else if (what == "undone" || what == "enabled") {
        turn(change.at, "live");
      } else if (what == "used") {
        row.marks.push_back({change.at, "use", "used by " + change.by});
      } else if (!item.present && (what == "revoke" || what == "remove" || what == "delete" ||
                                   what == "wipe" || what == "destroyed" || what == "removed")) {
        turn(change.at, "gone");
        row.marks.push_back({change.at, "gone", what});
      }
    }
    turn(out_.end, state == "gone" ? "live" : "gone");
  }

  void make_rows() {
    std::set<std::string> touched;
    for (const TimelineLine& line : out_.lines) {
      if (!line.item.empty()) {
        touched.insert(line.item);
      }
    }
    for (const auto& [id, item] : estate_.items()) {
      if (!touched.contains(id)) {
        continue;
      }
      TimelineRow row{id, std::string(kind_name(item.kind)), item.system, {}, {}};
      add_condition(row, item);
      add_stages(row);
      for (const TimelineLine& line : out_.lines) {
        if (line.item == id && line.what != "stage") {
          row.marks.push_back({line.at, line.what, line.text});
        }
      }
      for (const TimelineWait& wait : out_.waits) {
        if (wait.item == id && wait.due) {
          row.bars.push_back({out_.end, std::max(*wait.due, out_.end), "waits", wait.why});
        }
      }
      out_.rows.push_back(std::move(row));
    }
    std::stable_sort(out_.rows.begin(), out_.rows.end(),
                     [](const TimelineRow& a, const TimelineRow& b) {
                       return std::tie(a.system, a.item) < std::tie(b.system, b.item);
                     });
  }

  void add_stages(TimelineRow& row) {
    const TimelineLine* open = nullptr;
    for (const TimelineLine& line : out_.lines) {
      if (line.item != row.item || line.what != "stage") {
        continue;
      }
      if (open != nullptr && line.at > open->at) {
        row.bars.push_back({open->at, line.at, "stage", open->text});
      }
      open = &line;
    }
    if (open != nullptr && open->at < out_.end) {
      row.bars.push_back({open->at, out_.end, "stage", open->text});
    }
  }

  Store& store_;
  const SimulatedEstate& estate_;
  Timeline out_;
};

}  // namespace

Result<Timeline> build_timeline(Store& store, const SimulatedEstate& estate,
                                std::vector<TimelineLine> said, Instant begin, Instant end) {
  Builder builder(store, estate, begin, end);
  RESCIND_RETURN_IF_ERROR(builder.read(std::move(said)));
  return builder.take();
}

}  // namespace rescind
