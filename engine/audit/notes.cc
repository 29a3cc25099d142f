// Journal records and plans as notes of the evidence log.
#include "audit/notes.h"

#include <algorithm>
#include <set>

#include "base/text.h"

namespace rescind {
namespace {

std::string instant_text(const std::optional<Instant>& instant) {
  return instant ? format_instant(*instant) : std::string();
}

// "rule (file:line)", each once, in the order of the plan.
void add_reasons(AuditNote& note, const std::vector<Reason>& reasons) {
  std::vector<std::string> rules;
  std::vector<std::string> causes;
  std::vector<std::string> because;
  std::set<std::string> controls;
  const auto keep = [](std::vector<std::string>& list, std::string text) {
    if (!text.empty() && std::find(list.begin(), list.end(), text) == list.end()) {
      list.push_back(std::move(text));
    }
  };
  for (const Reason& reason : reasons) {
    keep(rules, reason.file.empty()
                    ? reason.rule
                    : reason.rule + " (" + reason.file + ':' + std::to_string(reason.line) + ')');
    keep(causes, reason.cause);
    keep(because, reason.because);
    controls.insert(reason.controls.begin(), reason.controls.end());
  }
  note.add("rules", join(rules, "\n"));
  note.add("causes", join(causes, "\n"));
  note.add("because", join(because, "\n"));
  note.add("controls", join(std::vector<std::string>(controls.begin(), controls.end()), ", "));
}

AuditNote note_of(const Event& event, const std::string& lineage) {
  AuditNote note;
  note.kind = "event";
  note.who = event.subject;
  note.detail = event.type + " of " + event.subject + ", effective " + format_instant(event.at);
  note.add("type", event.type);
  note.add("effective", format_instant(event.at));
  note.add("arrived", instant_text(event.arrived));
  note.add("lineage", lineage);
  note.add("source", event.source);
  note.add("id", event.id);
  note.add("revision", std::to_string(event.revision));
  note.add("submitted_by", event.submitted_by);
  note.add("withdrawn", event.withdrawn ? "true" : "");
  return note;
}

AuditNote note_of(const PlanDecision& decision) {
  AuditNote note;
  note.kind = "decision";
  note.item = decision.item;
  note.who = decision.holder;
  note.detail = decision.verb.empty()
                    ? std::string(outcome_name(decision.outcome))
                    : decision.verb + ": " + std::string(outcome_name(decision.outcome));
  note.add("kind", decision.kind);
  note.add("system", decision.system);
  note.add("verb", decision.verb);
  note.add("outcome", std::string(outcome_name(decision.outcome)));
  add_reasons(note, decision.reasons);
  return note;
}

std::string approvals_text(const std::vector<Approval>& approvals) {
  std::vector<std::string> asked;
  for (const Approval& approval : approvals) {
    asked.push_back(join(approval.by, " or "));
  }
  return join(asked, "; ");
}

AuditNote note_of(const PlanStep& step) {
  AuditNote note;
  const std::string verb = step.action.empty() ? std::string(verb_name(step.verb)) : step.action;
  note.kind = "step";
  note.step = step.id;
  note.item = step.item;
  note.who = step.holder;
  note.detail = verb + ' ' + (step.item.empty() ? step.target : step.item);
  note.add("verb", verb);
  note.add("kind", step.kind);
  note.add("system", step.system);
  note.add("rank", std::string(rank_name(step.rank)));
  note.add("target", step.target);
  note.add("not_before", format_instant(step.not_before));
  note.add("deadline", instant_text(step.deadline));
  note.add("approvals", approvals_text(step.approvals));
  note.add("reversible", std::string(reversible_name(step.reversible)));
  note.add("stage", step.stage);
  note.add("probe", step.probe.text);
  add_reasons(note, step.reasons);
  return note;
}

AuditNote note_of(const HeldItem& held, const std::string& form, const std::string& holder) {
  AuditNote note;
  note.kind = "exception";
  note.item = held.item;
  note.who = holder;
  note.detail = held.verb + " is held back by " + held.hold +
                (held.until ? " until " + format_instant(*held.until) : " until lifted");
  note.add("form", form);
  note.add("verb", held.verb);
  note.add("hold", held.hold);
  note.add("ordered_by", held.ordered_by);
  note.add("until", instant_text(held.until));
  note.add("because", held.because);
  return note;
}

AuditNote note_of(const ResidualPath& path) {
  AuditNote note;
  constexpr std::string_view kActAs = "act as ";
  note.kind = "path";
  if (!path.path.empty() && path.path.back().starts_with(kActAs)) {
    note.who = path.path.back().substr(kActAs.size());
  }
  note.detail = join(path.path, " → ");
  note.add("state", path.state == PathState::Open ? "open" : "unknown");
  note.add("why", path.why);
  note.add("until", instant_text(path.until));
  return note;
}

std::string holder_of(const Plan& plan, const std::string& item) {
  const auto found =
      std::find_if(plan.decisions.begin(), plan.decisions.end(),
                   [&item](const PlanDecision& decision) { return decision.item == item; });
  return found == plan.decisions.end() ? std::string() : found->holder;
}

AuditNote note_of_plan(const Plan& plan) {
  AuditNote note;
  note.kind = "plan";
  note.detail = std::to_string(plan.steps.size()) + " steps from " +
                std::to_string(plan.decisions.size()) + " decisions";
  note.add("digest", plan.digest);
  note.add("policy", plan.policy.digest);
  note.add("inventory", plan.inventory.digest);
  note.add("engine", plan.engine);
  note.add("as_of", format_instant(plan.as_of));
  note.add("expires_at", format_instant(plan.expires_at));
  note.add("last_path_closes_at", instant_text(plan.summary.last_path_closes_at));
  return note;
}

}  // namespace

AuditNote note_of(const JournalRecord& record) {
  AuditNote note;
  note.at = record.at;
  note.kind = record_entry_name(record.entry);
  note.run = record.run;
  note.step = record.step;
  note.item = record.item;
  note.detail = record.detail;
  note.add("record", std::to_string(record.sequence));
  note.add("epoch", std::to_string(record.epoch));
  if (!record.step.empty()) {
    note.add("generation", std::to_string(record.generation));
    note.add("state", std::string(step_state_name(record.state)));
  }
  note.add("result", record.result);
  note.add("until", instant_text(record.until));
  note.add("response", record.response_digest);
  note.requests = record.requests;
  return note;
}

std::vector<AuditNote> notes_of(const Plan& plan) {
  std::vector<AuditNote> notes{note_of_plan(plan)};
  for (std::size_t at = 0; at < plan.events.size(); ++at) {
    notes.push_back(note_of(plan.events[at], at < plan.event_lineages.size()
                                                 ? plan.event_lineages[at]
                                                 : std::string()));
  }
  for (const PlanDecision& decision : plan.decisions) {
    notes.push_back(note_of(decision));
  }
  for (const PlanStep& step : plan.steps) {
    notes.push_back(note_of(step));
  }
  for (const HeldItem& held : plan.postponed) {
    notes.push_back(note_of(held, "postponed", holder_of(plan, held.item)));
  }
  for (const HeldItem& held : plan.protected_items) {
    notes.push_back(note_of(held, "protected", holder_of(plan, held.item)));
  }
  for (const ResidualPath& path : plan.residual_access) {
    notes.push_back(note_of(path));
  }
  return notes;
}

}  // namespace rescind
