// Approvals matched with the principals that a step asks for, and judged by the rules.
#include "execute/approvals.h"

#include <algorithm>
#include <iterator>
#include <sstream>

#include "base/hash.h"
#include "base/text.h"

namespace rescind::execute {
namespace {

// How far the clock of whoever signed may be ahead of ours.
constexpr Seconds kClockSkew{300};

Objection objected(Code code, std::string why) {
  return {code, std::move(why)};
}

// The keys that were declared for the identity when the plan was made.
bool plan_knows_key(const Plan& plan, const std::string& identity, const std::string& key) {
  const auto bound = plan.bindings.find(approver_binding_key(identity));
  if (bound == plan.bindings.end()) {
    return false;
  }
  std::istringstream words(bound->second);
  return std::find(std::istream_iterator<std::string>(words), {}, key) !=
         std::istream_iterator<std::string>();
}

bool covers(const Delegation& delegation, const PlanStep& step) {
  switch (delegation.scope) {
  case DelegationScope::Any:
    return true;
  case DelegationScope::System:
    return step.system == delegation.name;
  case DelegationScope::Rule:
    // Every reason: what another rule orders too was not delegated.
    return !step.reasons.empty() &&
           std::all_of(step.reasons.begin(), step.reasons.end(),
                       [&](const Reason& reason) { return reason.rule == delegation.name; });
  }
  return false;
}

// Of two words of one person the later one counts; of two at the same instant the refusal, then a
// signed one that lasts longer. What is still equal is decided by its bytes, never by the order in
// which it came.
bool outweighs(const Voice& a, const Voice& b) {
  if (a.at != b.at) {
    return a.at > b.at;
  }
  if (a.refuse != b.refuse || !a.document || !b.document) {
    return a.refuse && !b.refuse;
  }
  if (a.document->expires != b.document->expires) {
    return a.document->expires > b.document->expires;
  }
  return signed_bytes(*a.document) < signed_bytes(*b.document);
}

std::optional<Objection> delegation_objection(const ApprovalDocument& document, const Plan& plan) {
  if (!document.delegation) {
    return document.on_behalf_of.empty()
               ? std::nullopt
               : std::optional(objected(Code::R0877, "it says on behalf of `" +
                                                         document.on_behalf_of +
                                                         "` and holds no delegation"));
  }
  const Delegation& delegation = *document.delegation;
  if (delegation.delegate != document.approver || delegation.delegator != document.on_behalf_of) {
    return objected(Code::R0877, "its delegation is from `" + delegation.delegator + "` to `" +
                                     delegation.delegate + "`");
  }
  if (delegation.delegator == delegation.delegate) {
    return objected(Code::R0877, "`" + delegation.delegator + "` delegates to themselves");
  }
  if (!signature_holds(delegation)) {
    return objected(Code::R0872, "the signature of its delegation does not match what it says");
  }
  if (!plan_knows_key(plan, delegation.delegator, delegation.key)) {
    return objected(Code::R0873,
                    "its delegation is signed with a key that the plan does not know "
                    "for `" +
                        delegation.delegator + "`");
  }
  return std::nullopt;
}

}  // namespace

std::string approval_binding(const PlanStep& step) {
  Sha256 hash;
  for (const std::string_view field :
       {std::string_view(step.id), verb_name(step.verb), std::string_view(step.action),
        std::string_view(step.item), std::string_view(step.kind), std::string_view(step.system),
        std::string_view(step.native_id), std::string_view(step.account_native_id),
        std::string_view(step.target), std::string_view(step.text), std::string_view(step.stage),
        std::string_view(step.restores_run), std::string_view(step.restores_step),
        reversible_name(step.reversible)}) {
    hash.update_field(field);
  }
  hash.update_field(std::to_string(step.generation));
  hash.update_field(std::to_string(step.effects.bits));
  for (const auto& [name, value] : step.facts) {
    hash.update_field(name).update_field(value);
  }
  return "sha256:" + to_hex(hash.finish());
}

std::string over_limit_binding(const PlanStep& step, std::string_view limit) {
  Sha256 hash;
  hash.update_field("over limit").update_field(limit).update_field(approval_binding(step));
  return "sha256:" + to_hex(hash.finish());
}

bool is_subject(const Plan& plan, const std::string& identity) {
  return std::any_of(plan.events.begin(), plan.events.end(),
                     [&identity](const Event& event) { return event.subject == identity; });
}

bool is_own_case(const Plan& plan, const PlanStep& step, const std::string& identity) {
  return step.holder == identity || is_subject(plan, identity);
}

bool is_author(const Plan& plan, const std::string& identity) {
  return std::any_of(plan.events.begin(), plan.events.end(),
                     [&identity](const Event& event) { return event.submitted_by == identity; });
}

bool must_sign(const ApproverFacts& facts, const std::string& principal) {
  const auto person = facts.person(principal);
  return facts.signing_teams.contains(principal) || (person && !person->keys.empty());
}

std::optional<Objection> objection_to(const ApprovalDocument& document, const Plan& plan,
                                      const Ancestry& ancestry) {
  if (document.plan != plan.digest && !ancestry.contains(document.plan)) {
    return objected(Code::R0874, "it is for the plan " + document.plan);
  }
  if (!signature_holds(document)) {
    return objected(Code::R0872, "its signature does not match what it says");
  }
  if (!plan_knows_key(plan, document.approver, document.key)) {
    return objected(Code::R0873, "it is signed with a key that the plan does not know for `" +
                                     document.approver + "`");
  }
  return delegation_objection(document, plan);
}

Approvals::Approvals(const Plan& plan, const ApproverFacts& facts,
                     const std::vector<StoredApproval>& stored, Ancestry ancestry)
    : plan_(plan), facts_(facts), ancestry_(std::move(ancestry)) {
  for (const PlanStep& step : plan.steps) {
    bindings_[{step.id, approval_binding(step)}] = "";
    for (const LimitRef& limit : step.limits) {
      bindings_[{step.id, over_limit_binding(step, limit.name)}] = limit.name;
    }
  }
  for (const StoredApproval& approval : stored) {
    add(approval);
  }
}

void Approvals::add(const StoredApproval& approval) {
  const auto about = bindings_.find({approval.step, approval.binding});
  if (about == bindings_.end()) {
    return;
  }
  Voice voice;
  voice.approver = voice.seat = approval.approver;
  voice.refuse = approval.refused;
  voice.reason = approval.reason;
  voice.at = approval.at;
  voice.plan = approval.plan_digest;
  if (!approval.document.empty()) {
    auto document = decode_approval(approval.document);
    // WHY again: what the store says of it is for lists, the signed document is what counts.
    if (!document || objection_to(*document, plan_, ancestry_) ||
        document->over_limit != about->second ||
        std::find(document->steps.begin(), document->steps.end(),
                  ApprovedStep{approval.step, approval.binding}) == document->steps.end()) {
      return;
    }
    voice.approver = document->approver;
    voice.seat = document->delegation ? document->on_behalf_of : document->approver;
    voice.refuse = document->refuse;
    voice.reason = document->reason;
    voice.at = document->at;
    voice.document = *std::move(document);
  }
  std::map<std::string, Voice>& said = voices_[{approval.step, about->second}];
  const auto earlier = said.find(voice.approver);
  // An unsigned word never takes the place of a signed one.
  if (earlier == said.end()) {
    said.emplace(voice.approver, std::move(voice));
  } else if (voice.document.has_value() == earlier->second.document.has_value()
                 ? outweighs(voice, earlier->second)
                 : voice.document.has_value()) {
    earlier->second = std::move(voice);
  }
}

bool Approvals::seated(const Approval& approval, const std::string& identity) const {
  return std::any_of(approval.by.begin(), approval.by.end(), [&](const std::string& principal) {
    if (principal == identity) {
      return true;
    }
    const auto team = facts_.teams.find(principal);
    return team != facts_.teams.end() && team->second.contains(identity);
  });
}

// The identity, whoever owns it, and whom else of the case its key was declared for.
std::set<std::string> Approvals::same_person(const PlanStep& step, const std::string& identity,
                                             const std::optional<ApproverPerson>& person,
                                             const std::string& key) const {
  std::set<std::string> same{identity};
  if (person) {
    same.insert(person->owners.begin(), person->owners.end());
  }
  if (key.empty()) {
    return same;
  }
  std::set<std::string> concerned{step.holder};
  for (const Event& event : plan_.events) {
    concerned.insert(event.subject);
    concerned.insert(event.submitted_by);
  }
  for (const std::string& who : concerned) {
    const auto known = facts_.person(who);
    if (known && known->keys.contains(key)) {
      same.insert(who);
    }
  }
  return same;
}

std::optional<Objection> Approvals::person_objection(const PlanStep& step,
                                                     const Voice& voice) const {
  for (const std::string& identity : {voice.approver, voice.seat}) {
    const bool delegator = identity == voice.seat && identity != voice.approver;
    if (identity.empty()) {
      return objected(Code::R0878, "it has no name");
    }
    const std::string key = !voice.document ? ""
                            : delegator     ? voice.document->delegation->key
                                            : voice.document->key;
    const auto person = facts_.person(identity);
    for (const std::string& who : same_person(step, identity, person, key)) {
      const std::string known_as = who == identity ? "" : ", who is `" + who + "`,";
      if (is_own_case(plan_, step, who)) {
        return objected(Code::R0824,
                        "`" + identity + "`" + known_as + " cannot approve in their own case");
      }
      if (is_author(plan_, who)) {
        return objected(Code::R0876, "`" + identity + "`" + known_as + " submitted the event");
      }
    }
    if (!person) {
      continue;
    }
    if (person->leaving) {
      return objected(Code::R0878, "`" + identity + "` is leaving");
    }
    if (!person->active && !(delegator && person->away)) {
      return objected(Code::R0878, "`" + identity + "` is not active");
    }
  }
  return std::nullopt;
}

// What was approved in a plan before this one was shown with a start. What cannot be put back does
// not begin before that, even where this plan would let it.
std::optional<Objection> Approvals::start_objection(const PlanStep& step, const Voice& voice,
                                                    Instant now) const {
  const bool destroys = step.effects.has(Effect::Destroys) || step.reversible == Reversible::Never;
  const std::string& seen = voice.document ? voice.document->plan : voice.plan;
  if (!destroys || voice.refuse || seen.empty() || seen == plan_.digest) {
    return std::nullopt;
  }
  const auto ancestor = ancestry_.find(seen);
  if (ancestor == ancestry_.end()) {
    return objected(Code::R0874, "it is for the plan " + seen);
  }
  const auto start = ancestor->second.find(step.id);
  if (start == ancestor->second.end()) {
    return objected(Code::R0879, "the plan that `" + voice.approver + "` saw has no such step");
  }
  if (step.not_before < start->second && now < start->second) {
    return objected(Code::R0879, "`" + voice.approver + "` approved a start at " +
                                     format_instant(start->second) + ", now it is " +
                                     format_instant(step.not_before));
  }
  return std::nullopt;
}

std::optional<Objection> Approvals::signature_objection(const PlanStep& step, const Voice& voice,
                                                        Instant now) const {
  const ApprovalDocument& document = *voice.document;
  const auto declared = [this](const std::string& identity, const std::string& key) {
    const auto person = facts_.person(identity);
    return person && person->keys.contains(key);
  };
  if (!declared(document.approver, document.key)) {
    return objected(Code::R0873, "the key is no longer declared for `" + document.approver + "`");
  }
  if (document.at > now + kClockSkew) {
    return objected(Code::R0875, "the approval of `" + document.approver + "` begins at " +
                                     format_instant(document.at));
  }
  // A refusal was heard; it does not wear off while nobody looks.
  if (document.expires <= now && !document.refuse) {
    return objected(Code::R0875, "the approval of `" + document.approver + "` expired at " +
                                     format_instant(document.expires));
  }
  if (!document.delegation) {
    return std::nullopt;
  }
  const Delegation& delegation = *document.delegation;
  if (!declared(delegation.delegator, delegation.key)) {
    return objected(Code::R0873,
                    "the key is no longer declared for `" + delegation.delegator + "`");
  }
  if (document.at < delegation.from || document.at >= delegation.until || now >= delegation.until) {
    return objected(Code::R0877, "the delegation of `" + delegation.delegator + "` lasts from " +
                                     format_instant(delegation.from) + " until " +
                                     format_instant(delegation.until));
  }
  if (!covers(delegation, step)) {
    return objected(Code::R0877, "the delegation of `" + delegation.delegator + "` covers " +
                                     std::string(delegation_scope_name(delegation.scope)) + " `" +
                                     delegation.name + "` only");
  }
  return std::nullopt;
}

std::optional<Objection> Approvals::objection(const PlanStep& step, const Approval& approval,
                                              const Voice& voice, Instant now) const {
  if (!seated(approval, voice.seat)) {
    return objected(Code::R0879, "`" + voice.seat + "` is not asked");
  }
  if (auto found = person_objection(step, voice)) {
    return found;
  }
  if (auto found = start_objection(step, voice, now)) {
    return found;
  }
  if (voice.document) {
    return signature_objection(step, voice, now);
  }
  // Where one of those who are asked signs, all do: a name alone would be the easier way round.
  const bool signs =
      std::any_of(approval.by.begin(), approval.by.end(),
                  [this](const std::string& principal) { return must_sign(facts_, principal); });
  if (signs || must_sign(facts_, voice.seat)) {
    return objected(Code::R0870, "the approval of `" + voice.seat + "` is not signed");
  }
  return std::nullopt;
}

std::vector<const Voice*> Approvals::voices(const PlanStep& step,
                                            const std::string& over_limit) const {
  std::vector<const Voice*> out;
  if (const auto said = voices_.find({step.id, over_limit}); said != voices_.end()) {
    for (const auto& [approver, voice] : said->second) {
      out.push_back(&voice);
    }
  }
  return out;
}

bool Approvals::given(const PlanStep& step, const Approval& approval, Instant now,
                      const std::string& over_limit) const {
  bool approved = false;
  if (approval.state == ApprovalState::Given) {
    Voice named;
    named.approver = named.seat = approval.given_by;
    approved = !objection(step, approval, named, now);
  }
  for (const Voice* voice : voices(step, over_limit)) {
    if (!objection(step, approval, *voice, now)) {
      if (voice->refuse) {
        return false;
      }
      approved = true;
    }
  }
  return approved;
}

const Voice* Approvals::refused(const PlanStep& step, const std::vector<Approval>& needed,
                                Instant now) const {
  for (const Approval& approval : needed) {
    for (const Voice* voice : voices(step)) {
      if (voice->refuse && !objection(step, approval, *voice, now)) {
        return voice;
      }
    }
  }
  return nullptr;
}

std::optional<Voice> Approvals::refusal(const PlanStep& step, Instant now) const {
  const Voice* first = refused(step, step.approvals, now);
  if (first == nullptr) {
    return std::nullopt;
  }
  const bool another_way = std::any_of(
      step.alternatives.begin(), step.alternatives.end(), [&](const Alternative& alternative) {
        return refused(step, alternative.approvals, now) == nullptr;
      });
  return another_way ? std::nullopt : std::optional(*first);
}

bool Approvals::can_give(const PlanStep& step, const std::string& identity, Instant now) const {
  Voice voice;
  voice.approver = voice.seat = identity;
  const auto wanted = [&](const Approval& approval) {
    return !given(step, approval, now) && !objection(step, approval, voice, now);
  };
  return std::any_of(step.approvals.begin(), step.approvals.end(), wanted) ||
         std::any_of(step.alternatives.begin(), step.alternatives.end(),
                     [&wanted](const Alternative& alternative) {
                       return std::any_of(alternative.approvals.begin(),
                                          alternative.approvals.end(), wanted);
                     });
}

std::optional<Approval> Approvals::limit_approval(const PlanStep& step,
                                                  std::string_view limit) const {
  for (const LimitRef& ref : step.limits) {
    if (ref.name != limit) {
      continue;
    }
    Approval approval;
    for (const LimitUse& use : plan_.limits) {
      if (use.name == ref.name && use.scope == ref.scope && !use.ask.empty()) {
        approval.by = {use.ask};
      }
    }
    return approval;
  }
  return std::nullopt;
}

bool Approvals::may_exceed(const PlanStep& step, const std::string& limit, Instant now) const {
  const auto approval = limit_approval(step, limit);
  return approval && given(step, *approval, now, limit);
}

bool Approvals::can_pass_limit(const PlanStep& step, const std::string& limit,
                               const std::string& identity, Instant now) const {
  Voice voice;
  voice.approver = voice.seat = identity;
  const auto approval = limit_approval(step, limit);
  return approval && !given(step, *approval, now, limit) && !objection(step, *approval, voice, now);
}

// What was said and does not count: people should learn why they are asked again.
std::string Approvals::dropped(const PlanStep& step, const Approval& approval, Instant now) const {
  for (const Voice* voice : voices(step)) {
    if (!seated(approval, voice->seat)) {
      continue;
    }
    if (const auto found = objection(step, approval, *voice, now)) {
      return " (" + found->why + ')';
    }
    if (voice->refuse) {
      return " (refused by `" + voice->approver + "`)";
    }
  }
  return "";
}

std::string Approvals::missing(const PlanStep& step, const std::vector<Approval>& needed,
                               Instant now) const {
  for (const Approval& approval : needed) {
    if (!given(step, approval, now)) {
      return approval.by.empty() ? "nobody who may approve is left"
                                 : join(approval.by, " or ") + dropped(step, approval, now);
    }
  }
  return "";
}

}  // namespace rescind::execute
