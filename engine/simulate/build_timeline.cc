// Journal and history → timeline.
#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "model/plan.h"
#include "simulate/timeline.h"
#include "store/run_plan.h"

namespace rescind {
namespace {

std::string words_of(const PlanStep& step) {
  std::string words(step.action.empty() ? verb_name(step.verb) : std::string_view(step.action));
  words += step.kind.empty() ? "" : " " + step.kind;
  return words + (step.target.empty() ? "" : " to " + step.target);
}

// Of one instant: what was done and decided comes of what happened, and calls come of that.
int rank_of(const TimelineLine& line) {
  const bool happens = line.what == "event" || line.what == "script" || line.what == "approval";
  return happens ? 0 : line.what == "call" ? 2 : 1;
}

struct Known {
  const PlanStep* step = nullptr;
  StepState state = StepState::Pending;
  std::set<std::string> waits;  // that were told
};

class Builder {
 public:
  Builder(Store& store, const SimulatedEstate& estate, const std::vector<TimelineStage>& stages,
          Instant begin, Instant end)
      : store_(store), estate_(estate), stages_(stages) {
    out_.begin = begin;
    out_.end = end;
  }

  Status read(std::vector<TimelineLine> said) {
    out_.lines = std::move(said);
    RESCIND_ASSIGN_OR_RETURN(const std::vector<RunRecord> runs, store_.list_runs());
    for (const RunRecord& run : runs) {
      RESCIND_RETURN_IF_ERROR(read_run(run));
    }
    std::stable_sort(out_.lines.begin(), out_.lines.end(),
                     [](const TimelineLine& a, const TimelineLine& b) {
                       return std::make_tuple(a.at, rank_of(a)) < std::make_tuple(b.at, rank_of(b));
                     });
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
    RESCIND_ASSIGN_OR_RETURN(const RunPlan run_plan, load_run_plan(store_, run.id));
    const Plan& plan = run_plan.plan;
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
      if (!is_end_state(one.state)) {
        out_.waits.push_back({one.item, "stage " + one.stage, one.why, one.due});
      }
    }
    return {};
  }

  // What is said of a run as a whole begins with the item that it is about.
  [[nodiscard]] std::string item_in(const std::string& text) const {
    const std::string item = text.substr(0, text.find(": "));
    return estate_.find(item) != nullptr ? item : "";
  }

  void read_other(const JournalRecord& record, const std::string& about) {
    const std::string item = about.empty() ? item_in(record.detail) : about;
    const std::string words =
        about.empty() && !item.empty() ? record.detail.substr(item.size() + 2) : record.detail;
    switch (record.entry) {
    case RecordEntry::Opened:
      add(record.at, "run", item, record.run + " begins");
      return;
    case RecordEntry::State:
      add(record.at, "run", item, record.run + " is " + record.detail);
      return;
    case RecordEntry::Approved:
    case RecordEntry::Refusal:
      add(record.at, "approval", item, words);
      return;
    case RecordEntry::Stage:
      add(record.at, "stage", item, words);
      return;
    case RecordEntry::Decided:
    case RecordEntry::Extended:
    case RecordEntry::Released: {
      const std::size_t times = ++told_[record.run + words];
      if (times <= 2) {
        add(record.at, "decided", item, words + (times == 2 ? " (again, and so on)" : ""));
      }
      return;
    }
    case RecordEntry::Escalated:
      add(record.at, item.empty() ? "waits" : "stage", item, words);
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
    case RecordEntry::Waited:
      if (known.waits.insert(record.detail).second) {
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

  // An item that is disabled now was not from the beginning.
  [[nodiscard]] bool was_enabled(const std::string& id) const {
    return std::any_of(
        estate_.changes().begin(), estate_.changes().end(), [&id](const EstateChange& change) {
          return change.item == id &&
                 (change.what == "disable" || change.what == "archive" || change.what == "enabled");
        });
  }

  // How an item stood over time: live, contained, renewed, gone.
  void add_condition(TimelineRow& row, const EstateItem& item) {
    Instant since = out_.begin;
    std::string state = item.enabled || was_enabled(item.id) ? "live" : "contained";
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
      } else if (what == "rotate" || what == "transfer") {
        turn(change.at, "renewed");
      } else if (what == "used") {
        row.marks.push_back({change.at, "use", "used by " + change.by});
      } else if (what == "denied") {
        row.marks.push_back({change.at, "denied", change.by + " is turned away"});
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
      add_marks(row);
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

  // What happened to it. Its stages have bars, and what it waits for without anybody's doing needs
  // no mark; the end stands over everything.
  void add_marks(TimelineRow& row) {
    const auto seen = [&row](Instant at) {
      return std::any_of(row.marks.begin(), row.marks.end(), [at](const TimelineMark& mark) {
        return mark.at == at && (mark.what == "use" || mark.what == "denied");
      });
    };
    for (const TimelineLine& line : out_.lines) {
      const bool quiet = line.what == "stage" || (line.what == "waits" && waits_by_itself(line)) ||
                         (line.what == "script" && seen(line.at));
      if (line.item == row.item && !quiet) {
        row.marks.push_back({line.at, line.what, line.text});
      }
    }
    std::stable_partition(row.marks.begin(), row.marks.end(),
                          [](const TimelineMark& mark) { return mark.what != "gone"; });
  }

  static bool waits_by_itself(const TimelineLine& line) {
    return line.text.find(": stage ") != std::string::npos ||
           line.text.find(": appointment") != std::string::npos ||
           line.text.find(": time") != std::string::npos ||
           line.text.find(": after ") != std::string::npos;
  }

  void add_stages(TimelineRow& row) {
    const TimelineStage* open = nullptr;
    for (const TimelineStage& stage : stages_) {
      if (stage.item != row.item) {
        continue;
      }
      if (open != nullptr && open->stage == stage.stage && stage.at > open->at) {
        continue;
      }
      if (open != nullptr && stage.at > open->at && !open->stage.empty()) {
        row.bars.push_back({open->at, stage.at, "stage", open->stage});
      }
      open = &stage;
    }
    if (open != nullptr && open->at < out_.end && !open->stage.empty()) {
      row.bars.push_back({open->at, out_.end, "stage", open->stage});
    }
  }

  Store& store_;
  const SimulatedEstate& estate_;
  const std::vector<TimelineStage>& stages_;
  std::map<std::string, std::size_t> told_;  // decisions of a run
  Timeline out_;
};

}  // namespace

Result<Timeline> build_timeline(Store& store, const SimulatedEstate& estate,
                                std::vector<TimelineLine> said,
                                const std::vector<TimelineStage>& stages, Instant begin,
                                Instant end) {
  Builder builder(store, estate, stages, begin, end);
  RESCIND_RETURN_IF_ERROR(builder.read(std::move(said)));
  return builder.take();
}

}  // namespace rescind
