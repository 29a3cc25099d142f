#include "workflow/open_case.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <tuple>
#include <utility>

#include "collect/read_events.h"
#include "workflow/plan_events.h"

namespace rescind {
namespace {

struct WorkedRun {
  std::string id;
  std::vector<Event> events;
};

// The open runs about subjects and events, as they are asked for.
class OpenRuns {
 public:
  explicit OpenRuns(StoredPlans& plans) : plans_(plans) {}

  // Those that work an event on the subject, and, once they are known, those about what else they
  // work.
  Status add_about(const std::string& subject) {
    RESCIND_ASSIGN_OR_RETURN(const auto runs, plans_.store().list_open_runs_about(subject));
    return add(runs);
  }

  // Those that work the event in any revision.
  Status add_of(const Event& event) {
    if (event.id.empty()) {
      return {};
    }
    RESCIND_ASSIGN_OR_RETURN(const auto runs,
                             plans_.store().list_open_runs_of_event(event.source, event.id));
    return add(runs);
  }

  // Until no run is about a subject that was not asked for.
  Status add_related() {
    std::set<std::string> asked;
    for (bool grows = true; grows;) {
      grows = false;
      for (const std::string& subject : subjects()) {
        if (asked.insert(subject).second) {
          grows = true;
          RESCIND_RETURN_IF_ERROR(add_about(subject));
        }
      }
    }
    return {};
  }

  // By opened_at, id.
  [[nodiscard]] std::vector<WorkedRun> list() const {
    std::vector<WorkedRun> out;
    for (const auto& [order, run] : runs_) {
      out.push_back(run);
    }
    return out;
  }

 private:
  [[nodiscard]] std::set<std::string> subjects() const {
    std::set<std::string> out;
    for (const auto& [order, run] : runs_) {
      for (const Event& event : run.events) {
        out.insert(event.subject);
      }
    }
    return out;
  }

  Status add(const std::vector<RunRecord>& runs) {
    for (const RunRecord& run : runs) {
      const std::pair order(run.opened_at, run.id);
      if (runs_.contains(order)) {
        continue;
      }
      RESCIND_ASSIGN_OR_RETURN(const Plan* plan, plans_.of(run.id));
      if (plan->undoes.empty()) {  // what another puts back is nobody's cause any more
        runs_[order] = {run.id, reported_events(*plan)};
      }
    }
    return {};
  }

  StoredPlans& plans_;
  std::map<std::pair<Instant, std::string>, WorkedRun> runs_;
};

// Events on the subjects that were heard of and not planned yet.
Result<std::vector<Event>> waiting_events(Store& store, const Schema& schema,
                                          const std::set<std::string>& subjects, Instant now,
                                          std::vector<std::string>& notes) {
  std::vector<StoredEvent> stored;
  for (const std::string& subject : subjects) {
    RESCIND_ASSIGN_OR_RETURN(const auto open, store.list_open_events(subject));
    std::copy_if(open.begin(), open.end(), std::back_inserter(stored),
                 [](const StoredEvent& event) { return event.run.empty(); });
  }
  std::sort(stored.begin(), stored.end(), [](const StoredEvent& a, const StoredEvent& b) {
    return std::tie(a.arrived, a.lineage) < std::tie(b.arrived, b.lineage);
  });
  std::vector<Event> out;
  for (const StoredEvent& one : stored) {
    SourceSet sources;
    Diagnostics diagnostics;
    const SourceFileId file = sources.add("event " + one.lineage + ".json", one.json);
    auto read =
        read_events(sources, file, schema, nullptr, {.timezone = "", .now = now}, diagnostics);
    if (!read) {
      notes.push_back("the stored event " + one.lineage + " cannot be read and was not decided on");
      continue;
    }
    for (Event& event : *read) {
      event.arrived = event.arrived.value_or(one.arrived);
      event.withdrawn = event.withdrawn || one.withdrawn;
      out.push_back(std::move(event));
    }
  }
  return out;
}

bool is_same(const Event& a, const Event& b) {
  return lineage_of(a) == lineage_of(b) && (!a.id.empty() || a.at == b.at) &&
         a.withdrawn == b.withdrawn;
}

// The event as an open run works it, in the same revision or a newer one; none: nullptr.
const Event* worked_as(const std::vector<WorkedRun>& runs, const Event& event) {
  for (const WorkedRun& run : runs) {
    for (const Event& one : run.events) {
      const bool newer = !event.id.empty() && one.source == event.source && one.id == event.id &&
                         one.revision > event.revision;
      if (newer || is_same(one, event)) {
        return &one;
      }
    }
  }
  return nullptr;
}

// Of each event the newest revision, each once. One that is known already keeps its arrival.
void keep_newest(std::vector<Event>& events) {
  std::map<std::pair<std::string, std::string>, std::uint32_t> newest;
  for (const Event& event : events) {
    if (!event.id.empty()) {
      std::uint32_t& revision = newest[{event.source, event.id}];
      revision = std::max(revision, event.revision);
    }
  }
  std::vector<Event> kept;
  for (Event& event : events) {
    const bool old = !event.id.empty() && newest.at({event.source, event.id}) != event.revision;
    const bool known = std::any_of(kept.begin(), kept.end(),
                                   [&](const Event& one) { return is_same(one, event); });
    if (!old && !known) {
      kept.push_back(std::move(event));
    }
  }
  events = std::move(kept);
}

// The runs about these subjects, and what else those are about: their events, and the runs taken.
// The subjects grow by theirs.
std::vector<Event> take_runs(const std::vector<WorkedRun>& runs, std::set<std::string>& subjects,
                             std::set<std::string>& taken) {
  std::vector<Event> known;
  for (bool grows = true; grows;) {
    grows = false;
    for (const WorkedRun& run : runs) {
      const bool concerns =
          std::any_of(run.events.begin(), run.events.end(),
                      [&](const Event& event) { return subjects.contains(event.subject); });
      if (!concerns || !taken.insert(run.id).second) {
        continue;
      }
      grows = true;
      for (const Event& event : run.events) {
        subjects.insert(event.subject);
        known.push_back(event);
      }
    }
  }
  return known;
}

}  // namespace

Result<OpenCase> gather_case(StoredPlans& plans, const Schema& schema, std::vector<Event> events,
                             Instant now) {
  OpenCase out;
  Store& store = plans.store();
  OpenRuns open(plans);
  for (const Event& event : events) {
    RESCIND_RETURN_IF_ERROR(open.add_about(event.subject));
    RESCIND_RETURN_IF_ERROR(open.add_of(event));
  }
  const std::vector<WorkedRun> directly = open.list();
  bool anything_new = false;
  for (Event& event : events) {
    if (const Event* worked = worked_as(directly, event)) {
      event = *worked;
    } else {
      anything_new = true;
    }
  }
  if (anything_new) {
    RESCIND_RETURN_IF_ERROR(open.add_related());
    std::set<std::string> subjects;
    for (const Event& event : events) {
      subjects.insert(event.subject);
    }
    std::set<std::string> taken;
    std::vector<Event> known = take_runs(open.list(), subjects, taken);
    RESCIND_ASSIGN_OR_RETURN(const std::vector<Event> waiting,
                             waiting_events(store, schema, subjects, now, out.notes));
    known.insert(known.end(), waiting.begin(), waiting.end());
    // Before the new ones: they keep their arrival.
    events.insert(events.begin(), known.begin(), known.end());
    out.supersedes.assign(taken.begin(), taken.end());
  }
  keep_newest(events);
  for (Event& event : events) {
    (event.withdrawn ? out.withdrawn : out.events).push_back(std::move(event));
  }
  for (const std::string& run : out.supersedes) {
    RESCIND_ASSIGN_OR_RETURN(const std::vector<StepRecord> records, store.list_steps(run));
    for (const StepRecord& record : records) {
      out.known_steps.insert(record.step);
    }
  }
  return out;
}

}  // namespace rescind
