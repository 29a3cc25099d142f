#include "plan/plan_words.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "base/printable.h"
#include "base/text.h"

namespace rescind {
namespace {

constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

std::string two_digits(long value) {
  return (value < 10 ? "0" : "") + std::to_string(value);
}

std::chrono::year_month_day day_of(Instant at) {
  return std::chrono::floor<std::chrono::days>(at);
}

std::string event_words(const Event& event) {
  if (event.type == "leaver")
    return event.subject + " leaves";
  if (event.type == "mover")
    return event.subject + " moves";
  if (event.type == "contract_end")
    return "the contract of " + event.subject + " ends";
  if (event.type == "leave_start")
    return event.subject + " goes on leave";
  if (event.type == "leave_end")
    return event.subject + " is back from leave";
  if (event.type == "rehire")
    return event.subject + " is hired again";
  if (event.type == "decommission")
    return event.subject + " is shut down";
  if (event.type == "exposed")
    return event.subject + " was exposed";
  return event.type + " " + event.subject;
}

// A derived event's lineage begins with that of its cause.
bool is_derived(const Plan& plan, std::size_t index) {
  if (index >= plan.event_lineages.size()) {
    return false;
  }
  const std::string& own = plan.event_lineages[index];
  return std::any_of(plan.event_lineages.begin(), plan.event_lineages.end(),
                     [&](const std::string& other) {
                       return other.size() < own.size() && !other.empty() && own.starts_with(other);
                     });
}

std::string names(const std::set<std::string>& items) {
  if (items.size() > 4) {
    return {};
  }
  return " (" + join(std::vector<std::string>(items.begin(), items.end()), ", ") + ")";
}

void clean(std::string& text) {
  if (first_unprintable(text)) {
    text = printable(text);
  }
}

void clean(std::vector<std::string>& texts) {
  for (std::string& text : texts) {
    clean(text);
  }
}

void clean(PlanStep& step) {
  for (std::string* text : {&step.item, &step.kind, &step.system, &step.holder, &step.target,
                            &step.text, &step.undo.text, &step.probe.text}) {
    clean(*text);
  }
  for (Approval& approval : step.approvals) {
    clean(approval.by);
    clean(approval.given_by);
  }
  for (Alternative& way : step.alternatives) {
    for (Approval& approval : way.approvals) {
      clean(approval.by);
    }
  }
  if (step.gate) {
    clean(step.gate->text);
  }
  for (Reason& reason : step.reasons) {
    for (std::string* text : {&reason.rule, &reason.clause, &reason.file, &reason.because}) {
      clean(*text);
    }
  }
  clean(step.preview);
}

void clean(PlannedRetirement& retirement) {
  for (std::string* text : {&retirement.item, &retirement.kind, &retirement.system,
                            &retirement.holder, &retirement.retire, &retirement.start}) {
    clean(*text);
  }
  for (PlannedStage& stage : retirement.stages) {
    clean(stage.name);
    clean(stage.gate);
    clean(stage.missing);
    for (Approval& approval : stage.approvals) {
      clean(approval.by);
    }
  }
}

std::string approver_words(const Approval& approval) {
  std::string who = join(approval.by, " or ");
  return approval.state == ApprovalState::Given ? who + " (given by " + approval.given_by + ")"
                                                : who;
}

std::string approvals_words(const std::vector<Approval>& approvals) {
  std::vector<std::string> all;
  for (const Approval& approval : approvals) {
    all.push_back(approver_words(approval));
  }
  return join(all, " and ");
}

}  // namespace

std::string instant_words(Instant at, Instant now) {
  const std::chrono::year_month_day day = day_of(at);
  const long minutes = (at - std::chrono::floor<std::chrono::days>(at)).count() / 60;
  std::string out = std::to_string(static_cast<unsigned>(day.day())) + " " +
                    std::string(kMonths[static_cast<unsigned>(day.month()) - 1]);
  if (day.year() != day_of(now).year()) {
    return out + " " + std::to_string(static_cast<int>(day.year()));
  }
  return out + " " + two_digits(minutes / 60) + ":" + two_digits(minutes % 60);
}

std::string deadline_words(const PlanStep& step, Instant now) {
  if (step.overdue_at_arrival) {
    return "now, late";
  }
  if (step.gate && step.gate->kind == "stage") {
    return step.deadline ? "by " + instant_words(*step.deadline, now) : "in " + step.stage;
  }
  if (step.deadline && step.rank != Rank::Destroy && !step.gate) {
    return "by " + instant_words(*step.deadline, now);
  }
  if (step.not_before > now) {
    return "from " + instant_words(step.not_before, now);
  }
  return step.deadline ? "by " + instant_words(*step.deadline, now) : "at once";
}

std::string count_words(std::size_t count, const std::string& noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

std::string short_name(const std::string& qualified) {
  const std::size_t dot = qualified.rfind('.');
  return dot == std::string::npos ? qualified : qualified.substr(dot + 1);
}

std::string verb_words(const PlanStep& step) {
  return step.action.empty() ? std::string(verb_name(step.verb)) : step.action;
}

std::string item_words(const PlanStep& step) {
  if (step.item.empty()) {
    return step.target + (step.verb == Verb::Ask ? ": " + step.text : std::string()) +
           (step.holder.empty() ? "" : " (" + step.holder + ")");
  }
  std::string words = step.kind + " " + step.item;
  if (step.verb == Verb::Narrow) {
    words += " to " + step.text;
  } else if (!step.target.empty()) {
    words += " to " + step.target;
  }
  return words;
}

std::string rule_words(const PlanStep& step) {
  std::vector<std::string> rules;
  for (const Reason& reason : step.reasons) {
    const std::string name = reason.rule.empty() ? std::string() : short_name(reason.rule);
    if (!name.empty() && std::find(rules.begin(), rules.end(), name) == rules.end()) {
      rules.push_back(name);
    }
  }
  return join(rules, ", ");
}

std::vector<std::string> condition_words(const PlanStep& step, Instant now) {
  std::vector<std::string> lines;
  if (!step.approvals.empty()) {
    lines.push_back("when approved by " + approvals_words(step.approvals));
  }
  for (const Alternative& way : step.alternatives) {
    lines.push_back("or from " + instant_words(way.not_before, now) + " when approved by " +
                    approvals_words(way.approvals));
  }
  if (step.gate) {
    lines.push_back("waits: " + step.gate->text);
  }
  if (step.implied) {
    lines.push_back("implied: what is destroyed later is contained first");
  }
  if (!step.reasons.empty() && step.reasons.front().rule.empty() && step.action.empty()) {
    lines.push_back(step.reasons.front().because);
  }
  return lines;
}

std::vector<PlannedStage> stages_ahead(const PlannedRetirement& retirement) {
  const auto start =
      std::find_if(retirement.stages.begin(), retirement.stages.end(),
                   [&](const PlannedStage& stage) { return stage.name == retirement.start; });
  return {start, retirement.stages.end()};
}

std::string stage_words(const PlannedStage& stage) {
  std::vector<std::string> parts;
  if (!stage.approvals.empty()) {
    parts.push_back("approved by " + approvals_words(stage.approvals));
  }
  if (!stage.gate.empty()) {
    parts.push_back(stage.gate);
  }
  if (stage.within) {
    parts.push_back("within " + format_duration(*stage.within));
  }
  if (stage.soak) {
    parts.push_back("soak " + format_duration(*stage.soak));
  }
  if (!stage.on_use_return_to.empty()) {
    parts.push_back("on use back to " + stage.on_use_return_to);
  }
  for (const std::string& missing : stage.missing) {
    parts.push_back("missing " + missing);
  }
  return stage.name + (parts.empty() ? "" : " (" + join(parts, ", ") + ")");
}

std::string retirement_words(const PlannedRetirement& retirement) {
  std::vector<std::string> parts;
  for (const PlannedStage& stage : stages_ahead(retirement)) {
    parts.push_back(stage_words(stage));
  }
  return join(parts, " → ");
}

std::string rank_words(Rank rank) {
  switch (rank) {
  case Rank::Capture:
    return "state is recorded before it changes";
  case Rank::Prepare:
    return "people are told, successors are issued";
  case Rank::Contain:
    return "what lets somebody in is closed";
  case Rank::Strip:
    return "rights go";
  case Rank::Sweep:
    return "what slipped in meanwhile is ended";
  case Rank::Preserve:
    return "what must stay is kept safe";
  case Rank::Release:
    return "what is paid for or shared is given back";
  case Rank::Destroy:
    return "gone for good";
  }
  return {};
}

bool cannot_be_undone(const PlanStep& step) {
  return step.rank >= Rank::Release && step.reversible != Reversible::Yes;
}

Plan without_control_characters(Plan plan) {
  for (Event& event : plan.events) {
    for (std::string* text : {&event.type, &event.subject, &event.source, &event.id}) {
      clean(*text);
    }
  }
  for (PlanStep& step : plan.steps) {
    clean(step);
  }
  for (PlannedRetirement& retirement : plan.retirements) {
    clean(retirement);
  }
  for (auto* list : {&plan.postponed, &plan.protected_items}) {
    for (HeldItem& held : *list) {
      for (std::string* text :
           {&held.item, &held.verb, &held.hold, &held.ordered_by, &held.because}) {
        clean(*text);
      }
    }
  }
  for (auto* list : {&plan.uncovered, &plan.undetermined}) {
    for (ItemNote& note : *list) {
      clean(note.item);
      clean(note.why);
    }
  }
  for (StepNote& note : plan.infeasible) {
    clean(note.why);
  }
  for (PersonNote& note : plan.needs_person) {
    for (std::string* text : {&note.item, &note.why, &note.who}) {
      clean(*text);
    }
  }
  for (LimitUse& use : plan.limits) {
    clean(use.name);
    clean(use.scope);
  }
  for (ResidualPath& path : plan.residual_access) {
    clean(path.path);
    clean(path.why);
  }
  clean(plan.notes);
  return plan;
}

std::vector<std::string> reported_event_words(const Plan& plan) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < plan.events.size(); ++i) {
    const Event& event = plan.events[i];
    if (is_derived(plan, i)) {
      continue;
    }
    std::string line = event_words(event) + ": " + instant_words(event.at, plan.as_of) + " UTC";
    if (event.zone_assumed) {
      line += " (time zone assumed)";
    }
    const std::string from =
        event.source + (event.source.empty() || event.id.empty() ? "" : " ") + event.id;
    if (!from.empty()) {
      line += ", reported by " + from;
    }
    if (event.withdrawn) {
      line += ", withdrawn";
    }
    out.push_back(std::move(line));
  }
  return out;
}

std::string derived_event_words(const Plan& plan) {
  std::map<std::string, std::set<std::string>> by_type;
  for (std::size_t i = 0; i < plan.events.size(); ++i) {
    if (is_derived(plan, i)) {
      by_type[plan.events[i].type].insert(plan.events[i].subject);
    }
  }
  std::vector<std::string> parts;
  for (const auto& [type, subjects] : by_type) {
    if (type == "owner_left") {
      parts.push_back(std::to_string(subjects.size()) +
                      (subjects.size() == 1 ? " machine identity" : " machine identities") +
                      " without an owner" + names(subjects));
    } else if (type == "knower_left") {
      parts.push_back(count_words(subjects.size(), "known secret") + names(subjects));
    } else {
      parts.push_back(type + " for " + std::to_string(subjects.size()) + names(subjects));
    }
  }
  return parts.empty() ? std::string() : "With it: " + join(parts, "; ") + ".";
}

}  // namespace rescind
