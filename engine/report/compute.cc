// From the entries of the log to the figures.
#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

#include "report/report.h"

namespace rescind {
namespace {

using InRun = std::pair<std::string, std::string>;  // run, and what is meant in it

struct Step {
  std::string run, id, what, who, item, kind, system, rank, stage, state = "planned";
  std::vector<std::string> causes;
  Instant not_before{};
  std::optional<Instant> deadline, done_at;
};

struct Search {
  Instant at{};
  bool nothing_left = false;
};

struct Decision {
  std::string run, who, item, kind, outcome;
};

struct Stay {
  std::string stage;
  Instant entered{};
};

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

bool is_done(const std::string& state) {
  return state == "verified" || state == "already_done";
}

bool is_claimed_only(const std::string& state) {
  return state == "applied" || state == "sent" || state == "intent" || state == "unknown" ||
         state == "residual";
}

bool is_change(const Step& step) {
  return step.rank != "capture" && step.rank != "prepare";
}

// Stages of a retirement are slow by design; their time is told per stage.
bool ends_access(const Step& step) {
  return (step.rank == "contain" || step.rank == "strip" || step.rank == "sweep") &&
         step.stage.empty();
}

bool is_leaver_type(const std::string& type) {
  return type == "leaver" || type == "contract_end";
}

// Derived from the event, or the event itself.
bool follows(const std::string& lineage, const std::string& from) {
  return lineage == from || lineage.starts_with(from + " > ");
}

bool is_derived(const std::string& lineage) {
  return lineage.find(" > ") != std::string::npos;
}

class Computer {
 public:
  explicit Computer(const ReportOptions& options) { report_.options = options; }

  void hear(const AuditEntry& entry) {
    const AuditNote& note = entry.note;
    if (note.at > report_.options.now) {
      return;
    }
    if (note.kind == "run") {
      run_state_[note.run] = note.get("state");
    } else if (note.kind == "event") {
      hear_event(note);
    } else if (note.kind == "decision") {
      decisions_.push_back({note.run, note.who, note.item, note.get("kind"), note.get("outcome")});
    } else if (note.kind == "step") {
      hear_step(note);
    } else if (note.kind == "exception") {
      exceptions_.push_back({note.run, note.item, note.get("verb"), note.get("form"),
                             note.get("hold"), note.get("ordered_by"), note.at, note.get("until"),
                             report_.options.now - note.at});
    } else if (note.kind == "closure") {
      searches_[{note.run, note.who}].push_back({note.at, note.get("paths") == "0"});
    } else if (note.kind == "listing") {
      listings_[{note.get("system"), note.get("kind")}] = note.get("complete") == "true";
    } else if (note.kind == "escalation") {
      escalations_[note.get("id")] = note.data.contains("closed");
    } else if (note.kind == "retirement") {
      hear_retirement(note);
    } else if (!note.step.empty() && note.data.contains("record")) {
      hear_record(note);
    }
  }

  Report finish() {
    take_cases();
    for (ReportCase& one : report_.cases) {
      measure(one);
    }
    take_steps();
    take_decisions();
    take_rest();
    report_.containment = spread_of(report_.containment_times);
    report_.closure = spread_of(report_.closure_times);
    report_.residual = spread_of(report_.residual_windows);
    return std::move(report_);
  }

 private:
  // What a run that was superseded or put back planned is not counted: another one took it over.
  [[nodiscard]] bool counts(const std::string& run) const {
    const auto state = run_state_.find(run);
    return state == run_state_.end() || (state->second != "superseded" &&
                                         state->second != "undone" && state->second != "undoing");
  }

  void hear_event(const AuditNote& note) {
    const std::string lineage = note.get("lineage");
    if (is_derived(lineage)) {
      if (note.get("type") == "owner_left") {
        orphans_.insert({note.run, note.who});
      }
      return;
    }
    const auto effective = parse_instant(note.get("effective"));
    if (!effective || note.data.contains("withdrawn")) {
      return;
    }
    ReportCase& one = cases_[lineage];  // a later run of the same event takes it over
    one.lineage = lineage;
    one.type = note.get("type");
    one.subject = note.who;
    one.run = note.run;
    one.effective = *effective;
    one.known = std::max(*effective, parse_instant(note.get("arrived")).value_or(note.at));
    one.leaves = is_leaver_type(one.type);
  }

  void hear_step(const AuditNote& note) {
    Step step;
    step.run = note.run;
    step.id = note.step;
    step.what = note.detail;
    step.who = note.who;
    step.item = note.item;
    step.kind = note.get("kind");
    step.system = note.get("system");
    step.rank = note.get("rank");
    step.stage = note.get("stage");
    step.causes = lines_of(note.get("causes"));
    step.not_before = parse_instant(note.get("not_before")).value_or(note.at);
    step.deadline = parse_instant(note.get("deadline"));
    const auto known = step_at_.find({note.run, note.step});
    if (known != step_at_.end()) {  // decided again: what was done stays done
      step.state = steps_[known->second].state;
      step.done_at = steps_[known->second].done_at;
      steps_[known->second] = std::move(step);
      return;
    }
    step_at_[{note.run, note.step}] = steps_.size();
    steps_of_run_[note.run].push_back(steps_.size());
    steps_.push_back(std::move(step));
  }

  void hear_record(const AuditNote& note) {
    const auto found = step_at_.find({note.run, note.step});
    if (found == step_at_.end()) {
      return;
    }
    Step& step = steps_[found->second];
    step.state = note.get("state");
    if (!is_done(step.state)) {
      step.done_at.reset();
    } else if (!step.done_at) {
      step.done_at = note.at;
    }
  }

  void hear_retirement(const AuditNote& note) {
    std::vector<Stay>& stays = stays_[note.get("id")];
    const auto entered = parse_instant(note.get("entered_at"));
    const bool ended = note.get("state") == "ended" || note.get("state") == "cancelled";
    if (entered && (stays.empty() || stays.back().entered != *entered ||
                    stays.back().stage != note.get("stage"))) {
      stays.push_back({note.get("stage"), *entered});
    }
    if (ended && !stays.empty() && !stays.back().stage.empty()) {
      stays.push_back({"", note.at});
    }
  }

  void take_cases() {
    for (auto& [lineage, one] : cases_) {
      const bool inside = (!report_.options.since || one.effective >= *report_.options.since) &&
                          (!report_.options.until || one.effective < *report_.options.until);
      if (inside && counts(one.run)) {
        report_.cases.push_back(one);
      }
    }
    std::sort(report_.cases.begin(), report_.cases.end(),
              [](const ReportCase& a, const ReportCase& b) {
                return std::tie(a.effective, a.lineage) < std::tie(b.effective, b.lineage);
              });
    for (const ReportCase& one : report_.cases) {
      cases_of_run_[one.run].push_back(&one);
    }
  }

  // A step without a cause of its own (a sweep, a capture) belongs to whom it is about.
  [[nodiscard]] static bool belongs(const Step& step, const ReportCase& one) {
    if (step.run != one.run) {
      return false;
    }
    if (step.causes.empty()) {
      return step.who == one.subject;
    }
    return std::any_of(step.causes.begin(), step.causes.end(),
                       [&one](const std::string& cause) { return follows(cause, one.lineage); });
  }

  void measure(ReportCase& one) {
    std::uint64_t ending = 0;
    std::uint64_t ended = 0;
    std::optional<Instant> last;
    for (const std::size_t at : steps_of_run_[one.run]) {
      const Step& step = steps_[at];
      if (!belongs(step, one) || !is_change(step)) {
        continue;
      }
      ++one.steps;
      one.done += step.done_at ? 1U : 0U;
      if (ends_access(step)) {
        ++ending;
        ended += step.done_at ? 1U : 0U;
        last = step.done_at ? std::max(last.value_or(*step.done_at), *step.done_at) : last;
      }
    }
    if (ending > 0 && ended == ending) {
      one.contained_at = last;
      report_.containment_times.push_back(since(one.known, *last));
    }
    for (const Search& search : searches_[{one.run, one.subject}]) {
      if (one.contained_at && !one.closed_at && search.nothing_left &&
          search.at >= *one.contained_at) {
        one.closed_at = search.at;
        report_.closure_times.push_back(since(one.known, search.at));
      }
    }
    if (one.leaves && one.effective <= report_.options.now) {
      report_.residual_open += one.closed_at ? 0U : 1U;
      report_.residual_windows.push_back(
          since(one.effective, one.closed_at.value_or(report_.options.now)));
    }
  }

  // What was done before the event took effect left no time open.
  static Seconds since(Instant from, Instant to) { return std::max(Seconds(0), to - from); }

  [[nodiscard]] const ReportCase* case_of(const Step& step) const {
    const auto cases = cases_of_run_.find(step.run);
    if (cases == cases_of_run_.end()) {
      return nullptr;
    }
    const auto found = std::find_if(cases->second.begin(), cases->second.end(),
                                    [&step](const ReportCase* one) { return belongs(step, *one); });
    return found == cases->second.end() ? nullptr : *found;
  }

  void take_steps() {
    std::set<std::string> active;
    for (const Step& step : steps_) {
      const ReportCase* one = counts(step.run) ? case_of(step) : nullptr;
      if (one == nullptr || !is_change(step)) {
        continue;
      }
      ++report_.steps;
      ++report_.by_state[step.state];
      report_.done += step.done_at ? 1U : 0U;
      take_deadline(step);
      if (is_claimed_only(step.state)) {
        report_.unverified.push_back(step.what + " (" + step.state + ")");
      }
      if (step.kind == "license" && step.rank == "release" && step.done_at) {
        ++report_.licenses_reclaimed;
      }
      if (one->leaves && step.kind == "account" && step.rank == "contain" && !step.done_at &&
          one->effective <= report_.options.now) {
        active.insert(step.item);
      }
    }
    active_ = std::move(active);
    std::sort(report_.unverified.begin(), report_.unverified.end());
    std::sort(report_.breaches.begin(), report_.breaches.end(),
              [](const Breach& a, const Breach& b) {
                return std::tie(b.late, a.what, a.step) < std::tie(a.late, b.what, b.step);
              });
  }

  void take_deadline(const Step& step) {
    if (!step.deadline || (!step.done_at && *step.deadline > report_.options.now)) {
      return;
    }
    ++report_.due;
    const Instant end = step.done_at.value_or(report_.options.now);
    if (end > *step.deadline) {
      report_.breaches.push_back({step.run, step.id, step.what, step.system, *step.deadline,
                                  step.done_at, end - *step.deadline});
    }
  }

  void take_decisions() {
    std::map<InRun, bool> items;  // → undecided
    for (const Decision& decision : decisions_) {
      if (!counts(decision.run)) {
        continue;
      }
      const bool open = decision.outcome == "uncovered" || decision.outcome == "undetermined";
      bool& known = items[{decision.run, decision.item}];
      known = known || open;
      const auto& cases = cases_of_run_[decision.run];
      const bool leaver = std::any_of(cases.begin(), cases.end(), [&](const ReportCase* one) {
        return one->leaves && one->subject == decision.who && one->effective <= report_.options.now;
      });
      if (open && leaver && decision.kind == "account") {
        active_.insert(decision.item);
      }
    }
    report_.decided = items.size();
    for (const auto& [item, undecided] : items) {
      report_.undecided += undecided ? 1U : 0U;
    }
    report_.active_after_exit.assign(active_.begin(), active_.end());
  }

  void take_rest() {
    for (const auto& [listing, complete] : listings_) {
      ++report_.listings;
      report_.listings_incomplete += complete ? 0U : 1U;
    }
    for (const OpenException& held : exceptions_) {
      const auto until = parse_instant(held.until);
      if (counts(held.run) && (!until || *until > report_.options.now)) {
        report_.exceptions.push_back(held);
      }
    }
    std::stable_sort(
        report_.exceptions.begin(), report_.exceptions.end(),
        [](const OpenException& a, const OpenException& b) { return a.since < b.since; });
    for (const auto& [id, closed] : escalations_) {
      ++report_.escalations;
      report_.escalations_open += closed ? 0U : 1U;
    }
    take_orphans();
    take_dwell();
  }

  // Open while something that was planned for what it holds is not done.
  void take_orphans() {
    std::map<std::string, bool> open;
    for (const auto& [run, who] : orphans_) {
      if (!counts(run)) {
        continue;
      }
      bool& left = open[who];
      for (const std::size_t at : steps_of_run_[run]) {
        const Step& step = steps_[at];
        left = left || (step.who == who && is_change(step) && !step.done_at);
      }
    }
    report_.orphans = open.size();
    for (const auto& [who, left] : open) {
      report_.orphans_open += left ? 1U : 0U;
    }
  }

  void take_dwell() {
    std::map<std::string, std::vector<Seconds>> times;
    for (const auto& [id, stays] : stays_) {
      for (std::size_t at = 0; at < stays.size(); ++at) {
        if (!stays[at].stage.empty()) {
          const Instant left = at + 1 < stays.size() ? stays[at + 1].entered : report_.options.now;
          times[stays[at].stage].push_back(since(stays[at].entered, left));
        }
      }
    }
    for (auto& [stage, durations] : times) {
      report_.dwell[stage] = spread_of(std::move(durations));
    }
  }

  Report report_;
  std::map<std::string, std::string> run_state_;
  std::map<std::string, ReportCase> cases_;
  std::vector<Step> steps_;
  std::map<InRun, std::size_t> step_at_;
  std::map<InRun, std::vector<Search>> searches_;  // of a subject
  std::map<std::string, std::vector<std::size_t>> steps_of_run_;
  std::map<std::string, std::vector<const ReportCase*>> cases_of_run_;  // into the report
  std::vector<Decision> decisions_;
  std::vector<OpenException> exceptions_;
  std::map<std::pair<std::string, std::string>, bool> listings_;
  std::map<std::string, bool> escalations_;
  std::set<InRun> orphans_;
  std::map<std::string, std::vector<Stay>> stays_;
  std::set<std::string> active_;
};

Seconds nearest_rank(const std::vector<Seconds>& sorted, std::size_t percent) {
  const std::size_t rank = (sorted.size() * percent + 99) / 100;
  return sorted[std::max<std::size_t>(rank, 1) - 1];
}

}  // namespace

Spread spread_of(std::vector<Seconds> durations) {
  if (durations.empty()) {
    return {};
  }
  std::sort(durations.begin(), durations.end());
  return {durations.size(), nearest_rank(durations, 50), nearest_rank(durations, 95),
          durations.back()};
}

Result<Report> compute_report(const LogSource& log, const ReportOptions& options) {
  Computer computer(options);
  RESCIND_RETURN_IF_ERROR(log({}, [&computer](const AuditEntry& entry) { computer.hear(entry); }));
  return computer.finish();
}

}  // namespace rescind
