#include "workflow/open_case.h"

#include <algorithm>
#include <optional>
#include <tuple>
#include <utility>

#include <nlohmann/json.hpp>

#include "collect/read_events.h"
#include "execute/claims.h"
#include "store/run_plan.h"
#include "workflow/plan_events.h"

namespace rescind {
namespace {

bool has_ended(RunState state) {
  return state == RunState::Closed || state == RunState::Superseded || state == RunState::Undone ||
         state == RunState::Undoing;
}

struct WorkedRun {
  std::string id;
  std::vector<Event> events;
};

Result<std::vector<WorkedRun>> open_runs(Store& store) {
  std::vector<WorkedRun> out;
  RESCIND_ASSIGN_OR_RETURN(const std::vector<RunRecord> runs, store.list_runs());
  for (const RunRecord& run : runs) {
    if (has_ended(run.state)) {
      continue;
    }
    RESCIND_ASSIGN_OR_RETURN(const auto plan, load_first_plan(store, run.id));
    if (!plan->undoes.empty()) {
      continue;  // what it puts back is nobody's cause any more
    }
    out.push_back({run.id, reported_events(*plan)});
  }
  return out;
}

// Events that were heard of and not planned yet.
Result<std::vector<Event>> waiting_events(Store& store, const Schema& schema, Instant now,
                                          std::vector<std::string>& notes) {
  std::vector<Event> out;
  RESCIND_ASSIGN_OR_RETURN(const std::vector<StoredEvent> stored, store.list_open_events(""));
  for (const StoredEvent& one : stored) {
    if (!one.run.empty()) {
      continue;
    }
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

// Whether the inventory shows that the verb was done, so that a plan need not remember it.
bool shows_in_inventory(Verb verb) {
  switch (verb) {
  case Verb::Revoke:
  case Verb::Disable:
  case Verb::Remove:
  case Verb::Narrow:
  case Verb::Delete:
  case Verb::Wipe:
    return true;
  case Verb::Lock:
  case Verb::Rotate:
  case Verb::Replace:
  case Verb::Transfer:
  case Verb::Redirect:
  case Verb::Archive:
  case Verb::Restore:
  case Verb::Notify:
  case Verb::Ask:
    return false;
  }
  return false;
}

}  // namespace

Result<OpenCase> gather_case(Store& store, const Schema& schema, std::vector<Event> events,
                             Instant now) {
  OpenCase out;
  RESCIND_ASSIGN_OR_RETURN(const std::vector<WorkedRun> runs, open_runs(store));
  bool anything_new = false;
  for (Event& event : events) {
    if (const Event* worked = worked_as(runs, event)) {
      event = *worked;
    } else {
      anything_new = true;
    }
  }
  if (anything_new) {
    RESCIND_ASSIGN_OR_RETURN(const std::vector<Event> waiting,
                             waiting_events(store, schema, now, out.notes));
    std::set<std::string> subjects;
    for (const Event& event : events) {
      subjects.insert(event.subject);
    }
    std::vector<Event> known;  // before the new ones: they keep their arrival
    std::set<std::string> taken;
    bool grows = true;
    while (grows) {
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
    for (const Event& event : waiting) {
      if (subjects.contains(event.subject)) {
        known.push_back(event);
      }
    }
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

Result<std::set<std::string>> find_settled_steps(Store& store,
                                                 const std::vector<std::string>& supersedes,
                                                 const std::string& again) {
  std::set<std::string> out;
  RESCIND_ASSIGN_OR_RETURN(const std::vector<RunRecord> runs, store.list_runs());
  for (const RunRecord& run : runs) {
    if (run.state == RunState::Superseded || run.state == RunState::Undone || run.id == again) {
      continue;
    }
    const bool taken_over =
        std::find(supersedes.begin(), supersedes.end(), run.id) != supersedes.end();
    RESCIND_ASSIGN_OR_RETURN(const auto plan, load_first_plan(store, run.id));
    std::map<std::string_view, const PlanStep*> steps;
    for (const PlanStep& step : plan->steps) {
      steps.emplace(step.id, &step);
    }
    RESCIND_ASSIGN_OR_RETURN(const std::vector<StepRecord> records, store.list_steps(run.id));
    for (const StepRecord& record : records) {
      const auto step = steps.find(record.step);
      const bool lasting = step != steps.end() && !shows_in_inventory(step->second->verb);
      const bool open = !is_end_state(record.state) && !taken_over;
      if (open || (lasting && is_done_state(record.state))) {
        out.insert(record.step);
      }
    }
  }
  return out;
}

Result<std::map<std::string, Instant>> find_successors(Store& store) {
  std::map<std::string, Instant> out;
  RESCIND_ASSIGN_OR_RETURN(const auto records, store.list_inventory());
  for (const StoredInventoryRecord& record : records) {
    if (record.kind != "successor") {
      continue;
    }
    const auto json = nlohmann::json::parse(record.json, nullptr, false);
    const auto text = [&json](const char* key) {
      const bool there = json.is_object() && json.contains(key) && json[key].is_string();
      return there ? json[key].get<std::string>() : std::string();
    };
    if (const auto at = parse_instant(text("at"))) {
      out.emplace(text("successor"), *at);
    }
  }
  return out;
}

Result<std::map<std::string, RetirementRecord>> find_open_retirements(Store& store,
                                                                      const std::string& again) {
  std::map<std::string, RetirementRecord> out;
  RESCIND_ASSIGN_OR_RETURN(const std::vector<RetirementRecord> records,
                           store.list_retirements(again));
  for (const RetirementRecord& record : records) {
    if (record.state != RetirementState::Ended && record.state != RetirementState::Cancelled) {
      out.try_emplace(record.item, record);
    }
  }
  return out;
}

namespace {

// A right that was taken is held back by the step that took it, as an item is by a claim.
std::optional<ContainmentClaim> claim_of_right(const Plan& plan, const PlanStep& step,
                                               const StepRecord& record) {
  const bool taken = step.rank == Rank::Strip && step.action.empty() &&
                     record.state == StepState::Verified && !step.reasons.empty();
  if (!taken) {
    return std::nullopt;
  }
  ContainmentClaim claim;
  claim.item = step.item;
  for (const Reason& reason : step.reasons) {
    claim.cause = claim.cause.empty() ? claim_cause(reason.cause) : claim.cause;
  }
  if (const Event* event = execute::event_of_claim(plan, claim.cause)) {
    claim.event_type = event->type;
    claim.subject = event->subject;
  }
  claim.run = record.run;
  claim.step = record.step;
  claim.at = record.settled_at.value_or(record.updated_at.value_or(plan.as_of));
  return claim;
}

}  // namespace

Result<std::map<std::string, std::vector<StandingChange>>> find_standing(Store& store) {
  std::map<std::string, std::vector<StandingChange>> out;
  std::map<std::pair<std::string, std::string>, const ContainmentClaim*> by_step;
  RESCIND_ASSIGN_OR_RETURN(const std::vector<ContainmentClaim> claims, store.list_claims(""));
  for (const ContainmentClaim& claim : claims) {
    by_step[{claim.run, claim.step}] = &claim;
  }
  std::set<std::pair<std::string, std::string>> restored;
  RESCIND_ASSIGN_OR_RETURN(const std::vector<RunRecord> runs, store.list_runs());
  for (const RunRecord& run : runs) {
    RESCIND_ASSIGN_OR_RETURN(const auto plan, load_first_plan(store, run.id));
    RESCIND_ASSIGN_OR_RETURN(const std::vector<StepRecord> records, store.list_steps(run.id));
    RESCIND_ASSIGN_OR_RETURN(const std::vector<Capture> captures, store.list_captures(run.id));
    std::set<std::string> captured;
    for (const Capture& capture : captures) {
      captured.insert(capture.step);
      captured.insert("item " + capture.item);
    }
    std::map<std::string_view, const StepRecord*> states;
    for (const StepRecord& record : records) {
      states.emplace(record.step, &record);
    }
    for (const PlanStep& step : plan->steps) {
      const auto state = states.find(step.id);
      if (state == states.end()) {
        continue;
      }
      if (!step.restores_step.empty() && is_done_state(state->second->state)) {
        restored.emplace(step.restores_run, step.restores_step);
      }
      const auto claim = by_step.find({run.id, step.id});
      std::optional<ContainmentClaim> made;
      if (claim != by_step.end()) {
        made = *claim->second;
      } else {
        made = claim_of_right(*plan, step, *state->second);
      }
      if (made) {
        out[step.item].push_back(
            {.claim = *std::move(made),
             .verb = step.verb,
             .reversible = step.reversible,
             .captured = captured.contains(step.id) || captured.contains("item " + step.item)});
      }
    }
  }
  for (auto& [item, changes] : out) {
    std::erase_if(changes, [&](const StandingChange& change) {
      return !change.claim.released_at && restored.contains({change.claim.run, change.claim.step});
    });
  }
  return out;
}

}  // namespace rescind
