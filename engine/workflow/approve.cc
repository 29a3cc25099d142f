// Approvals from the side of the people who give them.
#include "workflow/approve.h"

#include <algorithm>
#include <utility>

namespace rescind {
namespace {

using execute::Approvals;
using execute::Objection;
using execute::Voice;

constexpr Seconds kDefaultLife{7 * 86400};

Voice voice_of(const ApprovalDocument& document) {
  Voice voice;
  voice.approver = document.approver;
  voice.seat = document.delegation ? document.on_behalf_of : document.approver;
  voice.refuse = document.refuse;
  voice.reason = document.reason;
  voice.at = document.at;
  voice.document = document;
  return voice;
}

// What a word about the step, or about exceeding a limit with it, may answer.
std::vector<Approval> everything_asked(const Approvals& approvals, const PlanStep& step,
                                       const std::string& over_limit) {
  if (!over_limit.empty()) {
    const auto asked = approvals.limit_approval(step, over_limit);
    return asked ? std::vector<Approval>{*asked} : std::vector<Approval>{};
  }
  std::vector<Approval> asked = step.approvals;
  for (const Alternative& alternative : step.alternatives) {
    asked.insert(asked.end(), alternative.approvals.begin(), alternative.approvals.end());
  }
  return asked;
}

// Nothing: the step asks for this approval and it counts. Of several reasons the most telling.
std::optional<Objection> objection_for(const Approvals& approvals, const PlanStep& step,
                                       const Voice& voice, Instant now) {
  const std::string limit = voice.document ? voice.document->over_limit : "";
  std::optional<Objection> found =
      Objection{Code::R0879, limit.empty() ? "it asks nobody for an approval"
                                           : "limit " + limit + " does not count it"};
  for (const Approval& approval : everything_asked(approvals, step, limit)) {
    auto objection = approvals.objection(step, approval, voice, now);
    if (!objection) {
      return std::nullopt;
    }
    if (found->code == Code::R0879) {
      found = std::move(objection);
    }
  }
  return found;
}

void object(Diagnostics& diagnostics, const std::string& about, const Objection& objection) {
  diagnostics.error(objection.code, {}, about + ": " + objection.why);
}

// The binding of the document's kind of word about the step.
std::string binding_of(const ApprovalDocument& document, const PlanStep& step) {
  return document.over_limit.empty() ? execute::approval_binding(step)
                                     : execute::over_limit_binding(step, document.over_limit);
}

bool knows_limit(const Plan& plan, const std::string& limit, Diagnostics& diagnostics) {
  const bool known = std::any_of(plan.limits.begin(), plan.limits.end(),
                                 [&](const LimitUse& use) { return use.name == limit; });
  if (!known) {
    diagnostics.error(Code::R0881, {}, "the plan counts no limit `" + limit + "`")
        .help.push_back("`rescind show` names the limits of a plan, module and all");
  }
  return known;
}

const PlanStep* find_step(const Plan& plan, const std::string& id) {
  const auto found = std::find_if(plan.steps.begin(), plan.steps.end(),
                                  [&id](const PlanStep& step) { return step.id == id; });
  return found == plan.steps.end() ? nullptr : &*found;
}

// The steps of the request, as they are in the plan.
std::vector<const PlanStep*> choose_steps(const Plan& plan, const Approvals& approvals,
                                          const ApprovalRequest& request, const Voice& voice,
                                          Diagnostics& diagnostics) {
  std::vector<const PlanStep*> chosen;
  for (const std::string& id : request.steps) {
    if (const PlanStep* step = find_step(plan, id)) {
      chosen.push_back(step);
    } else {
      diagnostics.error(Code::R0880, {}, "the plan has no step `" + id + "`")
          .help.push_back("`rescind show --verbose` prints the ids of the steps");
    }
  }
  if (!request.steps.empty()) {
    return chosen;
  }
  std::optional<Objection> telling;
  for (const PlanStep& step : plan.steps) {
    if (request.settled.contains(step.id)) {
      continue;
    }
    auto objection = objection_for(approvals, step, voice, request.now);
    if (!objection) {
      chosen.push_back(&step);
    } else if (objection->code != Code::R0879) {
      telling = std::move(objection);
    }
  }
  if (chosen.empty()) {
    object(diagnostics, "nothing can be approved as `" + request.as + "`",
           telling.value_or(Objection{Code::R0879, "no step of this plan asks for it"}));
  }
  return chosen;
}

Instant default_expiry(const std::vector<const PlanStep*>& steps, Instant now) {
  Instant last = now;
  for (const PlanStep* step : steps) {
    last = std::max(last, step->not_before);
  }
  return last + kDefaultLife;
}

}  // namespace

std::optional<ApprovalDocument> make_approval(const Plan& plan, const ApproverFacts& facts,
                                              const execute::Ancestry& ancestry,
                                              const ApprovalRequest& request, const KeyPair& key,
                                              Diagnostics& diagnostics) {
  ApprovalDocument document;
  document.plan = plan.digest;
  document.refuse = request.refuse;
  document.over_limit = request.over_limit;
  document.reason = request.reason;
  document.approver = request.as;
  document.delegation = request.delegation;
  document.on_behalf_of = request.delegation ? request.delegation->delegator : "";
  document.at = request.now;
  document.expires = request.expires.value_or(request.now + kDefaultLife);
  sign_document(document, key);
  // Everything that does not depend on the steps, before any of them is looked at.
  if (const auto objection = execute::objection_to(document, plan, ancestry)) {
    object(diagnostics, "this approval would not count", *objection);
    return std::nullopt;
  }
  if (!request.over_limit.empty() && !knows_limit(plan, request.over_limit, diagnostics)) {
    return std::nullopt;
  }
  const std::size_t errors = diagnostics.error_count();
  const Approvals approvals(plan, facts, {}, ancestry);
  const auto chosen = choose_steps(plan, approvals, request, voice_of(document), diagnostics);
  if (!request.expires) {
    document.expires = default_expiry(chosen, request.now);
  }
  for (const PlanStep* step : chosen) {
    document.steps.push_back({step->id, binding_of(document, *step)});
  }
  std::sort(document.steps.begin(), document.steps.end());
  document.steps.erase(std::unique(document.steps.begin(), document.steps.end()),
                       document.steps.end());
  if (diagnostics.error_count() > errors) {
    return std::nullopt;
  }
  sign_document(document, key);
  return check_approval(plan, facts, ancestry, document, request.now, diagnostics)
             ? std::optional(std::move(document))
             : std::nullopt;
}

bool check_approval(const Plan& plan, const ApproverFacts& facts, const execute::Ancestry& ancestry,
                    const ApprovalDocument& document, Instant now, Diagnostics& diagnostics) {
  if (const auto objection = execute::objection_to(document, plan, ancestry)) {
    object(diagnostics, "the approval of `" + document.approver + "` does not count", *objection);
    return false;
  }
  const std::size_t errors = diagnostics.error_count();
  const Approvals approvals(plan, facts, {}, ancestry);
  const Voice voice = voice_of(document);
  if (document.steps.empty()) {
    object(diagnostics, "the approval of `" + document.approver + "`",
           {Code::R0879, "it names no step"});
  }
  for (const ApprovedStep& approved : document.steps) {
    const PlanStep* step = find_step(plan, approved.id);
    if (step == nullptr || binding_of(document, *step) != approved.binding) {
      object(diagnostics, approved.id,
             {Code::R0879, step == nullptr ? "the plan has no such step"
                                           : "the step has changed since it was approved"});
    } else if (const auto objection = objection_for(approvals, *step, voice, now)) {
      object(diagnostics, approved.id, *objection);
    }
  }
  return diagnostics.error_count() == errors;
}

bool check_named_approval(const Plan& plan, const ApproverFacts& facts, const std::string& as,
                          Diagnostics& diagnostics) {
  const std::size_t errors = diagnostics.error_count();
  const auto person = facts.person(as);
  if (execute::must_sign(facts, as)) {
    diagnostics
        .error(Code::R0870, {},
               "`" + as + "` approves with a signature only, the inventory declares a key")
        .help.push_back("`rescind approve PLAN --as " + as + " --key FILE`");
  }
  if (execute::is_author(plan, as)) {
    diagnostics
        .error(Code::R0876, {},
               "`" + as + "` submitted the event and cannot approve what follows from it")
        .help.push_back("let somebody else of those who are asked approve");
  }
  if (person && (person->leaving || !person->active)) {
    diagnostics.error(Code::R0878, {},
                      "`" + as + "` is " + (person->leaving ? "leaving" : "not active"));
  }
  return diagnostics.error_count() == errors;
}

bool check_limit_names(const Plan& plan, const std::set<std::string>& limits,
                       Diagnostics& diagnostics) {
  return std::all_of(limits.begin(), limits.end(), [&](const std::string& limit) {
    return knows_limit(plan, limit, diagnostics);
  });
}

std::string run_of_plan(const std::string& digest) {
  const std::size_t colon = digest.find(':');
  return "run:" + digest.substr(colon == std::string::npos ? 0 : colon + 1, 16);
}

Status store_approval(Store& store, const std::string& run, const ApprovalDocument& document) {
  const std::string text = encode_approval(document);
  for (const ApprovedStep& step : document.steps) {
    StoredApproval approval;
    approval.run = run;
    approval.step = step.id;
    approval.binding = step.binding;
    approval.approver = document.approver;
    approval.at = document.at;
    approval.refused = document.refuse;
    approval.reason = document.reason;
    approval.plan_digest = document.plan;
    approval.expires = document.expires;
    approval.on_behalf_of = document.on_behalf_of;
    approval.document = text;
    approval.key = document.key;
    RESCIND_RETURN_IF_ERROR(store.add_approval(approval));
  }
  return {};
}

}  // namespace rescind
