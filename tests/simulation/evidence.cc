#include "evidence.h"

#include <algorithm>

namespace rescind::simulation {
namespace {

bool ends(const Event& back, const Event& departure) {
  return (back.type == "rehire" || (back.type == "leave_end" && departure.type == "leave_start")) &&
         departure.at <= back.at;
}

void add_forms(KnownRun& run, const Plan& plan, Instant since) {
  for (const PlanStep& step : plan.steps) {
    run.forms[step.id].emplace_back(since, &step);
  }
}

// Only what changed since the last look is read.
void refresh(Trace& trace, Evidence& evidence) {
  const auto records = trace.store->list_runs();
  for (const RunRecord& record : *records) {
    const auto [found, added] = trace.runs.try_emplace(record.id);
    KnownRun& run = found->second;
    if (added && !record.undoes.empty()) {
      // From its opening on: what follows is done while people wait.
      trace.undone.push_back({record.opened_at, record.undoes});
    }
    if (added) {
      run.plans.push_back(*decode_plan(*trace.store->plan_of_run(record.id), false));
      run.since.push_back(record.opened_at);
      add_forms(run, run.plans.back(), record.opened_at);
    } else if (run.record.epoch == record.epoch && run.record.state == record.state &&
               run.record.updated_at == record.updated_at && run.seen > record.updated_at) {
      run.record = record;
      continue;
    }
    run.seen = trace.clock->now();
    run.record = record;
    const auto supplements = trace.store->list_supplements(record.id);
    for (std::size_t i = run.plans.size() - 1; i < supplements->size(); ++i) {
      run.plans.push_back(*decode_plan((*supplements)[i].plan, false));
      run.since.push_back((*supplements)[i].at);
      add_forms(run, run.plans.back(), (*supplements)[i].at);
    }
    const auto steps = trace.store->list_steps(record.id);
    run.steps = *steps;
    for (const StepRecord& step : run.steps) {
      if (!run.forms.contains(step.step)) {
        evidence.broken("0 nothing is lost", step.step, "the store has a step that no plan has");
      }
    }
  }
}

}  // namespace

std::string step_of_marker(const std::string& marker) {
  return marker.substr(0, marker.find('#'));
}

bool is_worked(RunState state) {
  return state == RunState::Open || state == RunState::Contained || state == RunState::Settled;
}

Evidence::Evidence(Trace& trace) : trace_(trace) {
  refresh(trace, *this);
  for (const auto& [id, run] : trace_.runs) {
    for (const StepRecord& record : run.steps) {
      const auto forms = run.forms.find(record.step);
      if (forms != run.forms.end()) {
        steps_.push_back({&run, forms->second.back().second, &record});
      }
    }
  }
}

void Evidence::broken_at(const std::string& invariant, Instant at, const std::string& item,
                         const std::string& what) {
  const bool known = std::any_of(
      trace_.violations.begin(), trace_.violations.end(),
      [&](const Violation& one) { return one.invariant == invariant && one.item == item; });
  if (!known) {
    trace_.violations.push_back({invariant, at, item, what});
  }
}

const std::vector<JournalRecord>& Evidence::journal(const std::string& run) {
  const auto found = journals_.find(run);
  return found != journals_.end()
             ? found->second
             : journals_.emplace(run, *trace_.store->list_records(run)).first->second;
}

const std::vector<StoredApproval>& Evidence::approvals(const std::string& run) {
  const auto found = approvals_.find(run);
  return found != approvals_.end()
             ? found->second
             : approvals_.emplace(run, *trace_.store->list_approvals(run)).first->second;
}

void Evidence::list_intents() {
  intents_listed_ = true;
  for (const auto& [id, run] : trace_.runs) {
    for (const JournalRecord& record : journal(id)) {
      if (record.entry == RecordEntry::Intent) {
        intents_[record.step].push_back({record.at, &run});
      }
    }
  }
  for (auto& [step, intents] : intents_) {
    std::stable_sort(intents.begin(), intents.end(),
                     [](const Intent& a, const Intent& b) { return a.at < b.at; });
  }
}

// WHY: somebody may set the clock back between a request and its effect, so that no intent seems to
// come before; then the first one counts.
std::optional<Intent> Evidence::intent_of(const EstateChange& change) {
  if (!intents_listed_) {
    list_intents();
  }
  const auto found = intents_.find(step_of_marker(change.by));
  if (found == intents_.end()) {
    return std::nullopt;
  }
  const Intent* last = &found->second.front();
  for (const Intent& intent : found->second) {
    last = intent.at <= change.at ? &intent : last;
  }
  return *last;
}

const PlanStep* Evidence::form_of(const KnownRun& run, const std::string& step, Instant at) {
  const auto found = run.forms.find(step);
  if (found == run.forms.end()) {
    return nullptr;
  }
  const PlanStep* form = found->second.front().second;
  for (const auto& [since, one] : found->second) {
    form = since <= at ? one : form;
  }
  return form;
}

// Each event in its newest revision, without those taken back by it or by somebody's undo.
std::vector<const Event*> Evidence::heard(const std::string& person, Instant at) const {
  std::map<std::string, const Event*> newest;
  for (const Report& report : trace_.scenario.reports) {
    if (report.event.subject != person || report.arrives > at) {
      continue;
    }
    const Event*& known = newest[report.event.id];
    known = known == nullptr || report.event.revision > known->revision ? &report.event : known;
  }
  std::vector<const Event*> out;
  for (const auto& [id, event] : newest) {
    const bool undone = std::any_of(
        trace_.undone.begin(), trace_.undone.end(), [&, name = id](const UndoneRun& one) {
          const std::vector<Event>& events = trace_.runs.at(one.run).plans.front().events;
          return one.at <= at &&
                 std::any_of(events.begin(), events.end(), [&](const Event& one_of) {
                   return one_of.source == "hr" && one_of.id == name;
                 });
        });
    if (!event->withdrawn && !undone) {
      out.push_back(event);
    }
  }
  return out;
}

bool Evidence::is_out(const std::string& person, Instant at, bool scheduled, bool leave) const {
  const auto events = heard(person, at);
  return std::any_of(events.begin(), events.end(), [&](const Event* one) {
    const bool counts = is_departure(one->type) || (leave && one->type == "leave_start");
    return counts && (scheduled || one->at <= at) &&
           std::none_of(events.begin(), events.end(),
                        [&](const Event* back) { return back->at <= at && ends(*back, *one); });
  });
}

bool Evidence::is_leaving(const std::string& person, Instant at) const {
  return is_out(person, at, true, false);
}

bool Evidence::is_gone(const std::string& person, Instant at) const {
  return is_out(person, at, false, false);
}

bool Evidence::is_away(const std::string& person, Instant at) const {
  return is_out(person, at, false, true);
}

bool Evidence::has_moved(const std::string& person, Instant at) const {
  const auto events = heard(person, at);
  return std::any_of(events.begin(), events.end(),
                     [&](const Event* one) { return one->type == "mover" && one->at <= at; });
}

bool Evidence::only_moved(const std::string& person) const {
  return std::all_of(trace_.scenario.reports.begin(), trace_.scenario.reports.end(),
                     [&](const Report& report) {
                       return report.event.subject != person || report.event.type == "mover";
                     });
}

bool Evidence::held(const std::string& person, Instant at) const {
  bool held = false;
  for (const HoldChange& change : trace_.scenario.holds) {
    held = change.person == person && change.at <= at ? change.held : held;
  }
  return held;
}

bool Evidence::healthy(const std::string& system, Instant from, Instant until) const {
  return std::none_of(
      trace_.scenario.faults.begin(), trace_.scenario.faults.end(), [&](const FaultWindow& window) {
        return window.fault.system == system && window.from <= until && window.until >= from;
      });
}

}  // namespace rescind::simulation
