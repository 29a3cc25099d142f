// Plan → JSON as docs/plan-format.md lays it down, and the digest over that form. The order of keys
// is part of the format: equal plans give equal bytes.
#include <nlohmann/json.hpp>

#include "base/hash.h"
#include "model/plan.h"

namespace rescind {
namespace {

using Json = nlohmann::ordered_json;

Json instant_or_null(const std::optional<Instant>& value) {
  return value ? Json(format_instant(*value)) : Json(nullptr);
}

Json encode(const AttributeValue& value) {
  return std::visit([](const auto& v) { return Json(v); }, value);
}

Json encode(const AttributeMap& map) {
  Json out = Json::object();
  for (const auto& [name, value] : map) {
    out[name] = encode(value);
  }
  return out;
}

Json encode_event(const Event& event, const std::string& lineage) {
  Json out = Json::object();
  out["type"] = event.type;
  out["subject"] = event.subject;
  out["at"] = format_instant(event.at);
  if (event.at_date) {
    out["at_date"] = format_date(*event.at_date);
  }
  if (event.zone_assumed) {
    out["zone_assumed"] = true;
  }
  out["arrived"] = instant_or_null(event.arrived);
  out["id"] = event.id;
  out["source"] = event.source;
  out["submitted_by"] = event.submitted_by;
  out["revision"] = event.revision;
  out["withdrawn"] = event.withdrawn;
  out["attributes"] = encode(event.attributes);
  if (event.before) {
    out["before"] = encode(*event.before);
  }
  if (event.after) {
    out["after"] = encode(*event.after);
  }
  out["lineage"] = lineage;
  return out;
}

Json encode(const Reason& reason) {
  return Json{{"rule", reason.rule},  {"clause", reason.clause},   {"file", reason.file},
              {"line", reason.line},  {"because", reason.because}, {"controls", reason.controls},
              {"cause", reason.cause}};
}

Json encode(const std::vector<Reason>& reasons) {
  Json out = Json::array();
  for (const Reason& reason : reasons) {
    out.push_back(encode(reason));
  }
  return out;
}

Json encode(const Described& described) {
  return Json{{"kind", described.kind}, {"text", described.text}};
}

Json encode_effects(EffectSet effects) {
  Json out = Json::array();
  for (const Effect effect :
       {Effect::Contains, Effect::Strips, Effect::Preserves, Effect::Releases, Effect::Destroys}) {
    if (effects.has(effect)) {
      out.push_back(std::string(effect_name(effect)));
    }
  }
  return out;
}

Json encode(const std::vector<Approval>& approvals) {
  Json out = Json::array();
  for (const Approval& approval : approvals) {
    out.push_back(Json{{"by", approval.by},
                       {"state", approval.state == ApprovalState::Given ? "given" : "needed"},
                       {"given_by", approval.given_by}});
  }
  return out;
}

// WHY declared here: the list template below must see every overload.
Json encode(const Alternative& alternative);
Json encode(const LimitRef& limit);
Json encode(const PlanDecision& decision);
Json encode(const PlanStep& step);
Json encode(const HeldItem& held);
Json encode(const ItemNote& note);
Json encode(const StepNote& note);
Json encode(const PersonNote& note);
Json encode(const LimitUse& use);
Json encode(const ResidualPath& path);
Json encode(const ClaimRelease& release);
Json encode(const PlannedStage& stage);
Json encode(const PlannedRetirement& retirement);

template <typename T>
Json encode_list(const std::vector<T>& values) {
  Json out = Json::array();
  for (const T& value : values) {
    out.push_back(encode(value));
  }
  return out;
}

Json encode_durations(const std::vector<Seconds>& durations) {
  Json out = Json::array();
  for (const Seconds duration : durations) {
    out.push_back(format_duration(duration));
  }
  return out;
}

Json encode(const Alternative& alternative) {
  return Json{{"not_before", format_instant(alternative.not_before)},
              {"approvals", encode(alternative.approvals)}};
}

Json encode(const LimitRef& limit) {
  return Json{{"name", limit.name}, {"scope", limit.scope}};
}

Json encode(const PlanDecision& decision) {
  return Json{{"item", decision.item},
              {"kind", decision.kind},
              {"system", decision.system},
              {"holder", decision.holder},
              {"verb", decision.verb},
              {"outcome", std::string(outcome_name(decision.outcome))},
              {"reasons", encode(decision.reasons)}};
}

Json encode(const PlanStep& step) {
  Json out = Json::object();
  out["id"] = step.id;
  out["verb"] = std::string(verb_name(step.verb));
  out["action"] = step.action;
  out["item"] = step.item;
  out["kind"] = step.kind;
  out["system"] = step.system;
  out["holder"] = step.holder;
  out["account"] = step.account;
  out["native_id"] = step.native_id;
  out["account_native_id"] = step.account_native_id;
  out["item_name"] = step.item_name;
  out["target"] = step.target;
  out["text"] = step.text;
  out["rank"] = std::string(rank_name(step.rank));
  out["after"] = step.after;
  out["strong_after"] = step.strong_after;
  out["not_before"] = format_instant(step.not_before);
  out["deadline"] = instant_or_null(step.deadline);
  out["overdue_at_arrival"] = step.overdue_at_arrival;
  out["approvals"] = encode(step.approvals);
  out["alternatives"] = encode_list(step.alternatives);
  out["soak"] = format_duration(step.soak);
  out["gate"] =
      step.gate ? Json{{"kind", step.gate->kind}, {"text", step.gate->text}} : Json(nullptr);
  if (step.dependents) {
    out["dependents"] = *step.dependents;
  }
  out["limits"] = encode_list(step.limits);
  out["stage"] = step.stage;
  if (!step.retirement.empty()) {
    out["retirement"] = step.retirement;
  }
  out["generation"] = step.generation;
  if (!step.restores_run.empty() || !step.restores_step.empty()) {
    out["restores"] = Json{{"run", step.restores_run}, {"step", step.restores_step}};
  }
  out["implied"] = step.implied;
  out["appointment"] = step.appointment;
  out["effects"] = encode_effects(step.effects);
  out["reversible"] = std::string(reversible_name(step.reversible));
  out["undo"] = encode(step.undo);
  out["reasons"] = encode(step.reasons);
  out["escalate"] = step.escalate;
  out["escalate_after"] = encode_durations(step.escalate_after);
  out["preview"] = step.preview;
  out["probe"] = encode(step.probe);
  out["facts"] = step.facts;
  return out;
}

Json encode(const HeldItem& held) {
  return Json{{"item", held.item},
              {"verb", held.verb},
              {"hold", held.hold},
              {"ordered_by", held.ordered_by},
              {"until", instant_or_null(held.until)},
              {"because", held.because}};
}

Json encode(const ItemNote& note) {
  return Json{{"item", note.item}, {"why", note.why}};
}

Json encode(const StepNote& note) {
  return Json{{"step", note.step}, {"why", note.why}};
}

Json encode(const PersonNote& note) {
  return Json{{"item", note.item}, {"why", note.why}, {"who", note.who}};
}

Json encode(const LimitUse& use) {
  return Json{{"name", use.name},
              {"scope", use.scope},
              {"used", use.used},
              {"allowed", use.allowed},
              {"window", format_duration(use.window)},
              {"tripped", use.tripped},
              {"ask", use.ask}};
}

Json encode(const ResidualPath& path) {
  return Json{{"path", path.path},
              {"state", path.state == PathState::Open ? "open" : "unknown"},
              {"why", path.why},
              {"until", instant_or_null(path.until)}};
}

Json encode(const ClaimRelease& release) {
  return Json{{"item", release.item}, {"cause", release.cause}};
}

Json duration_or_null(const std::optional<Seconds>& value) {
  return value ? Json(format_duration(*value)) : Json(nullptr);
}

Json encode(const PlannedStage& stage) {
  return Json{{"name", stage.name},
              {"gate", stage.gate},
              {"within", duration_or_null(stage.within)},
              {"soak", duration_or_null(stage.soak)},
              {"on_use_return_to", stage.on_use_return_to},
              {"approvals", encode(stage.approvals)},
              {"otherwise", stage.otherwise},
              {"missing", stage.missing}};
}

Json encode(const PlannedRetirement& retirement) {
  Json enter_by = Json::object();
  for (const auto& [stage, by] : retirement.enter_by) {
    enter_by[stage] = format_instant(by);
  }
  return Json{{"id", retirement.id},
              {"item", retirement.item},
              {"kind", retirement.kind},
              {"system", retirement.system},
              {"holder", retirement.holder},
              {"retire", retirement.retire},
              {"cause", retirement.cause},
              {"start", retirement.start},
              {"enter_by", std::move(enter_by)},
              {"stages", encode_list(retirement.stages)},
              {"escalate", retirement.escalate},
              {"escalate_after", encode_durations(retirement.escalate_after)},
              {"reasons", encode(retirement.reasons)},
              {"joins", retirement.joins}};
}

Json encode_inventory(const Plan& plan) {
  Json rejected = Json::array();
  for (const Plan::InventoryRef::Rejected& record : plan.inventory.rejected) {
    rejected.push_back(Json{{"file", record.file}, {"line", record.line}, {"why", record.why}});
  }
  return Json{{"digest", plan.inventory.digest},
              {"records", plan.inventory.records},
              {"rejected", std::move(rejected)}};
}

Json encode_events(const Plan& plan) {
  Json out = Json::array();
  for (std::size_t i = 0; i < plan.events.size(); ++i) {
    const bool known = i < plan.event_lineages.size();
    out.push_back(encode_event(plan.events[i], known ? plan.event_lineages[i] : std::string()));
  }
  return out;
}

Json encode_summary(const Plan::Summary& summary) {
  return Json{{"steps", summary.steps},
              {"by_verb", summary.by_verb},
              {"by_system", summary.by_system},
              {"containment_complete_at", instant_or_null(summary.containment_complete_at)},
              {"last_path_closes_at", instant_or_null(summary.last_path_closes_at)},
              {"point_of_no_return_at", instant_or_null(summary.point_of_no_return_at)}};
}

Json encode_document(const Plan& plan, const std::string& digest, const std::string& seal) {
  Json out = Json::object();
  out["format_version"] = plan.format_version;
  out["digest"] = digest;
  if (!seal.empty()) {
    out["seal"] = seal;
  }
  out["engine"] = plan.engine;
  out["policy"] = Json{{"digest", plan.policy.digest}, {"revision", plan.policy.revision}};
  out["inventory"] = encode_inventory(plan);
  out["events"] = encode_events(plan);
  out["as_of"] = format_instant(plan.as_of);
  out["expires_at"] = format_instant(plan.expires_at);
  out["looked_at_only"] = plan.looked_at_only;
  out["bindings"] = plan.bindings;
  out["summary"] = encode_summary(plan.summary);
  out["decisions"] = encode_list(plan.decisions);
  out["steps"] = encode_list(plan.steps);
  // WHY only when there are any: plans that were digested before these keys existed stay readable.
  if (!plan.retirements.empty()) {
    out["retirements"] = encode_list(plan.retirements);
  }
  if (!plan.supersedes.empty()) {
    out["supersedes"] = plan.supersedes;
  }
  if (!plan.undoes.empty()) {
    out["undoes"] = plan.undoes;
  }
  if (!plan.releases.empty()) {
    out["releases"] = encode_list(plan.releases);
  }
  out["postponed"] = encode_list(plan.postponed);
  out["protected"] = encode_list(plan.protected_items);
  out["uncovered"] = encode_list(plan.uncovered);
  out["undetermined"] = encode_list(plan.undetermined);
  out["infeasible"] = encode_list(plan.infeasible);
  out["needs_person"] = encode_list(plan.needs_person);
  out["limits"] = encode_list(plan.limits);
  out["residual_access"] = encode_list(plan.residual_access);
  out["notes"] = plan.notes;
  out["complete"] = plan.complete;
  return out;
}

// WHY replace: ids and reasons come from other systems; a stray byte must not make a plan
// unprintable.
std::string dump(const Json& document, int indent) {
  return document.dump(indent, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

std::string encode_plan(const Plan& plan) {
  return dump(encode_document(plan, plan.digest, plan.seal), 2) + "\n";
}

std::string compute_plan_digest(const Plan& plan) {
  return sha256_digest(dump(encode_document(plan, std::string(), std::string()), -1));
}

std::string encode_event_line(const Event& event, const std::string& lineage) {
  return encode_event(event, lineage).dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace rescind
