// Signed approvals: which count, when they stop counting, and refusals. R0870 and R0872 to R0879.
#include "tests/support/company.h"
#include "tests/support/signers.h"

namespace rescind {
namespace {

using execute::Approvals;
using execute::Objection;

// A plan with one step that it-security approves, where ines and tom have keys.
struct Case {
  Plan plan;
  Signers signers;
  Instant now{Seconds(1767600000)};

  Case() {
    Event event;
    event.type = "leaver";
    event.subject = "alice";
    event.submitted_by = "hr-bot";
    plan.events.push_back(event);
    plan.digest = "sha256:plan";
    PlanStep step;
    step.id = "step:wipe";
    step.verb = Verb::Wipe;
    step.item = "mdm:laptop";
    step.system = "mdm";
    step.holder = "alice";
    step.effects = Effect::Destroys;
    step.approvals = {{{"it-security"}, ApprovalState::Needed, ""}};
    plan.steps.push_back(step);
    signers.add(plan, "it-security", "ines");
    signers.add(plan, "it-security", "tom");
  }

  [[nodiscard]] ApprovalDocument draft(const std::string& approver) const {
    return document_for(plan, {"step:wipe"}, approver, now);
  }

  // What is missing once the document was handed in; "" nothing.
  [[nodiscard]] std::string missing(const ApprovalDocument& document,
                                    const execute::Ancestry& ancestry = {}) const {
    const Approvals approvals(plan, signers.facts, rows_of(document), ancestry);
    return approvals.missing(plan.steps.front(), plan.steps.front().approvals, now);
  }

  [[nodiscard]] std::optional<Objection> objection(const ApprovalDocument& document) const {
    if (auto found = execute::objection_to(document, plan, {})) {
      return found;
    }
    const Approvals approvals(plan, signers.facts, {});
    execute::Voice voice;
    voice.approver = document.approver;
    voice.seat = document.delegation ? document.on_behalf_of : document.approver;
    voice.refuse = document.refuse;
    voice.at = document.at;
    voice.document = document;
    return approvals.objection(plan.steps.front(), plan.steps.front().approvals.front(), voice,
                               now);
  }

  [[nodiscard]] std::string code(const ApprovalDocument& document) const {
    const auto found = objection(document);
    return found ? code_name(found->code) : "counts";
  }

  // Tom lets carol, who has a key but is nobody's approver, approve for him.
  Delegation delegate_to_carol() {
    signers.people["carol"].keys.insert(public_key_of("carol"));
    plan.bindings[approver_binding_key("carol")] = public_key_of("carol");
    Delegation delegation;
    delegation.delegator = "tom";
    delegation.delegate = "carol";
    delegation.from = now - Seconds(60);
    delegation.until = now + Seconds(3600);
    sign_document(delegation, key_of("tom"));
    return delegation;
  }

  [[nodiscard]] ApprovalDocument delegated(const Delegation& delegation) const {
    ApprovalDocument document = draft("carol");
    document.on_behalf_of = "tom";
    document.delegation = delegation;
    return signed_by(document, "carol");
  }
};

}  // namespace

TEST_CASE("signed approvals: a member's signature with a declared key counts") {
  const Case at;
  CHECK(at.missing(signed_by(at.draft("ines"), "ines")).empty());
  CHECK(at.code(signed_by(at.draft("ines"), "ines")) == "counts");
}

TEST_CASE("signed approvals: a name without a signature does not count where keys are declared") {
  Case at;
  StoredApproval named;
  named.step = "step:wipe";
  named.binding = execute::approval_binding(at.plan.steps.front());
  named.approver = "ines";
  const Approvals approvals(at.plan, at.signers.facts, {named});
  const PlanStep& step = at.plan.steps.front();
  CHECK(approvals.missing(step, step.approvals, at.now) ==
        "it-security (the approval of `ines` is not signed)");
  CHECK_FALSE(approvals.can_give(step, "ines", at.now));
  execute::Voice voice;
  voice.approver = voice.seat = "ines";
  CHECK(code_name(approvals.objection(step, step.approvals.front(), voice, at.now)->code) ==
        "R0870");
  // A member without a key cannot go around it either, nor a plan that says it was given.
  at.signers.facts.teams["it-security"].insert("newcomer");
  CHECK_FALSE(approvals.can_give(step, "newcomer", at.now));
  at.plan.steps.front().approvals.front().state = ApprovalState::Given;
  at.plan.steps.front().approvals.front().given_by = "newcomer";
  CHECK_FALSE(approvals.missing(step, step.approvals, at.now).empty());
}

TEST_CASE("signed approvals: another's key, a forged signature and an unknown key do not count") {
  Case at;
  CHECK(at.code(signed_by(at.draft("ines"), "tom")) == "R0873");
  ApprovalDocument forged = signed_by(at.draft("ines"), "ines");
  forged.signature = signed_by(at.draft("ines"), "mallory").signature;
  CHECK(at.code(forged) == "R0872");
  CHECK(at.code(signed_by(at.draft("mallory"), "mallory")) == "R0873");
  // A key that was declared after the plan was made.
  at.signers.people["ines"].keys.insert(public_key_of("ines-2"));
  CHECK(at.code(signed_by(at.draft("ines"), "ines-2")) == "R0873");
}

TEST_CASE("signed approvals: a key that the inventory no longer declares stops counting") {
  Case at;
  const ApprovalDocument document = signed_by(at.draft("ines"), "ines");
  REQUIRE(at.missing(document).empty());
  at.signers.people["ines"].keys = {public_key_of("ines-2")};
  CHECK(at.code(document) == "R0873");
  CHECK(at.missing(document) == "it-security (the key is no longer declared for `ines`)");
}

TEST_CASE("signed approvals: one for another plan counts only where this plan took that over") {
  const Case at;
  ApprovalDocument document = at.draft("ines");
  document.plan = "sha256:earlier";
  document = signed_by(document, "ines");
  CHECK(at.code(document) == "R0874");
  CHECK_FALSE(at.missing(document).empty());
  const Instant start = at.plan.steps.front().not_before;
  CHECK(at.missing(document, {{"sha256:earlier", {{"step:wipe", start}}}}).empty());
}

TEST_CASE(
    "signed approvals: an inherited one does not start what destroys before it was shown to") {
  Case at;
  ApprovalDocument document = at.draft("ines");
  document.plan = "sha256:earlier";
  document = signed_by(document, "ines");
  const Instant shown = at.now + Seconds(3600);
  const execute::Ancestry ancestry{{"sha256:earlier", {{"step:wipe", shown}}}};
  PlanStep& step = at.plan.steps.front();
  SUBCASE("it would start earlier") {
    step.not_before = shown - Seconds(60);
    CHECK(at.missing(document, ancestry) ==
          "it-security (`ines` approved a start at 2026-01-05T09:00:00Z, now it is "
          "2026-01-05T08:59:00Z)");
    at.now = shown;  // the start that was approved has come
    CHECK(at.missing(document, ancestry).empty());
  }
  SUBCASE("it starts later") {
    step.not_before = shown + Seconds(60);
    CHECK(at.missing(document, ancestry).empty());
  }
  SUBCASE("the plan that was seen does not have it") {
    CHECK(at.missing(document, {{"sha256:earlier", {}}}) ==
          "it-security (the plan that `ines` saw has no such step)");
  }
  SUBCASE("what can be put back") {
    step.effects = Effect::Contains;
    document.steps.front().binding = execute::approval_binding(step);
    document = signed_by(document, "ines");
    CHECK(at.missing(document, ancestry).empty());
  }
  SUBCASE("a refusal is inherited whatever the start") {
    document.refuse = true;
    document.reason = "evidence";
    document = signed_by(document, "ines");
    const Approvals approvals(at.plan, at.signers.facts, rows_of(document), ancestry);
    CHECK(approvals.refusal(step, at.now).has_value());
  }
}

TEST_CASE("signed approvals: a changed step loses its own approval and no other") {
  Case at;
  at.plan.steps.push_back(at.plan.steps.front());
  at.plan.steps.back().id = "step:other";
  const ApprovalDocument document =
      signed_by(document_for(at.plan, {"step:wipe", "step:other"}, "ines", at.now), "ines");
  at.plan.steps.front().facts["holder"] = "carol";
  const Approvals approvals(at.plan, at.signers.facts, rows_of(document));
  CHECK_FALSE(approvals.missing(at.plan.steps[0], at.plan.steps[0].approvals, at.now).empty());
  CHECK(approvals.missing(at.plan.steps[1], at.plan.steps[1].approvals, at.now).empty());
}

TEST_CASE("signed approvals: the expiry is looked at when the step starts") {
  Case at;
  const ApprovalDocument document = signed_by(at.draft("ines"), "ines");
  at.now = document.expires - Seconds(1);
  CHECK(at.code(document) == "counts");
  at.now = document.expires;
  CHECK(at.code(document) == "R0875");
  CHECK(at.missing(document) ==
        "it-security (the approval of `ines` expired at 2026-01-06T08:00:00Z)");
  at.now = document.at - Seconds(3600);
  CHECK(at.code(document) == "R0875");
}

TEST_CASE("signed approvals: subject, author of the event, leavers and the inactive do not count") {
  Case at;
  const ApprovalDocument document = signed_by(at.draft("ines"), "ines");
  SUBCASE("subject") {
    at.plan.events.front().subject = "ines";
    CHECK(at.code(document) == "R0824");
  }
  SUBCASE("holder") {
    at.plan.steps.front().holder = "ines";
    CHECK(at.code(document) == "R0824");
  }
  SUBCASE("author: four eyes") {
    at.plan.events.front().submitted_by = "ines";
    CHECK(at.code(document) == "R0876");
  }
  SUBCASE("leaving") {
    at.signers.people["ines"].leaving = true;
    CHECK(at.code(document) == "R0878");
  }
  SUBCASE("not active") {
    at.signers.people["ines"].active = false;
    CHECK(at.code(document) == "R0878");
  }
  SUBCASE("not asked") {
    at.plan.steps.front().approvals.front().by = {"legal"};
    CHECK(at.code(document) == "R0879");
  }
  CHECK_FALSE(at.missing(document).empty());
}

TEST_CASE("signed approvals: two of one person at one instant count in whatever order they come") {
  const Case at;
  ApprovalDocument brief = at.draft("ines");
  brief.expires = at.now;
  ApprovalDocument lasting = at.draft("ines");
  lasting.expires = at.now + Seconds(3600);
  brief = signed_by(brief, "ines");
  lasting = signed_by(lasting, "ines");
  for (const bool brief_first : {true, false}) {
    std::vector<StoredApproval> rows = rows_of(brief_first ? brief : lasting);
    rows.push_back(rows_of(brief_first ? lasting : brief).front());
    const Approvals approvals(at.plan, at.signers.facts, rows);
    CHECK_MESSAGE(
        approvals.missing(at.plan.steps.front(), at.plan.steps.front().approvals, at.now).empty(),
        brief_first);
  }
}

TEST_CASE("signed approvals: of a yes and a no at one instant the no counts") {
  const Case at;
  ApprovalDocument no = at.draft("ines");
  no.refuse = true;
  no = signed_by(no, "ines");
  const ApprovalDocument yes = signed_by(at.draft("ines"), "ines");
  for (const bool no_first : {true, false}) {
    std::vector<StoredApproval> rows = rows_of(no_first ? no : yes);
    rows.push_back(rows_of(no_first ? yes : no).front());
    const Approvals approvals(at.plan, at.signers.facts, rows);
    CHECK_MESSAGE(approvals.refusal(at.plan.steps.front(), at.now).has_value(), no_first);
  }
}

TEST_CASE("delegation: a delegate approves within scope and time, for a delegator who is away") {
  Case at;
  Delegation delegation = at.delegate_to_carol();
  CHECK(at.code(signed_by(at.draft("carol"), "carol")) == "R0879");
  CHECK(at.code(at.delegated(delegation)) == "counts");
  at.signers.people["tom"].active = false;
  at.signers.people["tom"].away = true;
  CHECK(at.missing(at.delegated(delegation)).empty());

  SUBCASE("the delegator left") {
    at.signers.people["tom"].leaving = true;
    CHECK(at.code(at.delegated(delegation)) == "R0878");
  }
  SUBCASE("the delegate is the author") {
    at.plan.events.front().submitted_by = "carol";
    CHECK(at.code(at.delegated(delegation)) == "R0876");
  }
  SUBCASE("the delegator is the author") {
    at.plan.events.front().submitted_by = "tom";
    CHECK(at.code(at.delegated(delegation)) == "R0876");
  }
  SUBCASE("another system") {
    delegation.scope = DelegationScope::System;
    delegation.name = "crm";
    sign_document(delegation, key_of("tom"));
    CHECK(at.code(at.delegated(delegation)) == "R0877");
    delegation.name = "mdm";
    sign_document(delegation, key_of("tom"));
    CHECK(at.code(at.delegated(delegation)) == "counts");
  }
  SUBCASE("another rule") {
    delegation.scope = DelegationScope::Rule;
    delegation.name = "leaver.leaver";
    sign_document(delegation, key_of("tom"));
    CHECK(at.code(at.delegated(delegation)) == "R0877");
    Reason reason;
    reason.rule = "leaver.leaver";
    at.plan.steps.front().reasons = {reason};
    CHECK(at.code(at.delegated(delegation)) == "counts");
    reason.rule = "house.extra";
    at.plan.steps.front().reasons.push_back(reason);
    CHECK(at.code(at.delegated(delegation)) == "R0877");
  }
  SUBCASE("over") {
    delegation.until = at.now;
    sign_document(delegation, key_of("tom"));
    CHECK(at.code(at.delegated(delegation)) == "R0877");
  }
  SUBCASE("to somebody else") {
    delegation.delegate = "dave";
    sign_document(delegation, key_of("tom"));
    CHECK(at.code(at.delegated(delegation)) == "R0877");
  }
  SUBCASE("made by the delegate") {
    sign_document(delegation, key_of("carol"));
    CHECK(at.code(at.delegated(delegation)) == "R0873");
  }
  SUBCASE("changed after it was signed") {
    delegation.until += Seconds(86400);
    CHECK(at.code(at.delegated(delegation)) == "R0872");
  }
  SUBCASE("left out") {
    ApprovalDocument document = at.draft("carol");
    document.on_behalf_of = "tom";
    CHECK(at.code(signed_by(document, "carol")) == "R0877");
  }
}

TEST_CASE("refusals: one ends a step that needs it, whatever the order of the documents") {
  Case at;
  ApprovalDocument refusal = at.draft("tom");
  refusal.refuse = true;
  refusal.reason = "still under investigation";
  refusal = signed_by(refusal, "tom");
  const ApprovalDocument approval = signed_by(at.draft("ines"), "ines");
  std::vector<StoredApproval> rows = rows_of(approval);
  SUBCASE("first") {
    rows.insert(rows.begin(), rows_of(refusal).front());
  }
  SUBCASE("last") {
    rows.push_back(rows_of(refusal).front());
  }
  const Approvals approvals(at.plan, at.signers.facts, rows);
  const PlanStep& step = at.plan.steps.front();
  CHECK(approvals.missing(step, step.approvals, at.now) == "it-security (refused by `tom`)");
  const auto refused = approvals.refusal(step, at.now);
  REQUIRE(refused.has_value());
  CHECK(refused->approver == "tom");
  CHECK(refused->reason == "still under investigation");
  // A year later it has not worn off.
  CHECK(approvals.refusal(step, at.now + Seconds(365 * 86400)).has_value());
}

TEST_CASE("refusals: the last word of one person counts") {
  Case at;
  ApprovalDocument refusal = at.draft("tom");
  refusal.refuse = true;
  refusal.reason = "no";
  const ApprovalDocument first = signed_by(refusal, "tom");
  ApprovalDocument later = at.draft("tom");
  later.at += Seconds(10);
  later.expires += Seconds(10);
  later = signed_by(later, "tom");
  at.now += Seconds(20);
  for (const bool forwards : {true, false}) {
    std::vector<StoredApproval> rows = rows_of(forwards ? first : later);
    rows.push_back(rows_of(forwards ? later : first).front());
    const Approvals approvals(at.plan, at.signers.facts, rows);
    CHECK_FALSE(approvals.refusal(at.plan.steps.front(), at.now).has_value());
    CHECK(
        approvals.missing(at.plan.steps.front(), at.plan.steps.front().approvals, at.now).empty());
  }
}

TEST_CASE("refusals: one by somebody who may not approve ends nothing") {
  Case at;
  ApprovalDocument refusal = at.draft("tom");
  refusal.refuse = true;
  refusal = signed_by(refusal, "tom");
  at.plan.events.front().submitted_by = "tom";
  const Approvals approvals(at.plan, at.signers.facts, rows_of(refusal));
  CHECK_FALSE(approvals.refusal(at.plan.steps.front(), at.now).has_value());
}

TEST_CASE("refusals: a step that can start without the approval is not ended") {
  Case at;
  PlanStep& step = at.plan.steps.front();
  ApprovalDocument refusal = at.draft("tom");
  refusal.refuse = true;
  const auto refused = [&] {
    const ApprovalDocument document = signed_by(refusal, "tom");
    const Approvals approvals(at.plan, at.signers.facts, rows_of(document));
    return approvals.refusal(step, at.now).has_value();
  };
  REQUIRE(refused());
  Alternative other;
  other.not_before = at.now + Seconds(60);
  SUBCASE("an alternative by time") {
    step.alternatives = {other};
    CHECK_FALSE(refused());
  }
  SUBCASE("an alternative that somebody else approves") {
    other.approvals = {{{"legal"}, ApprovalState::Needed, ""}};
    step.alternatives = {other};
    CHECK_FALSE(refused());
  }
  SUBCASE("its own time, the approval would only have made it earlier") {
    other.approvals = step.approvals;
    step.approvals.clear();
    step.alternatives = {other};
    CHECK_FALSE(refused());
  }
  SUBCASE("every way needs it") {
    other.approvals = step.approvals;
    step.alternatives = {other};
    CHECK(refused());
  }
}

TEST_CASE("signed approvals: another identity of the same person is no second pair of eyes") {
  Case at;
  at.signers.add(at.plan, "it-security", "tom-admin");
  const auto code = [&] { return at.code(signed_by(at.draft("tom-admin"), "tom-admin")); };
  at.plan.events.front().submitted_by = "tom";
  CHECK(code() == "counts");
  SUBCASE("owned by who submitted the event") {
    at.signers.people["tom-admin"].owners = {"tom"};
    CHECK(code() == "R0876");
  }
  SUBCASE("owned by the subject") {
    at.signers.people["tom-admin"].owners = {"alice"};
    CHECK(code() == "R0824");
  }
  SUBCASE("with the key of who submitted the event") {
    at.signers.people["tom"].keys.insert(public_key_of("tom-admin"));
    CHECK(code() == "R0876");
  }
  SUBCASE("with the key of the subject") {
    at.signers.people["alice"].keys.insert(public_key_of("tom-admin"));
    CHECK(code() == "R0824");
  }
  SUBCASE("delegating") {
    at.plan.events.front().submitted_by = "boss";
    at.signers.people["tom"].owners = {"boss"};
    CHECK(at.code(at.delegated(at.delegate_to_carol())) == "R0876");
  }
}

TEST_CASE("signed approvals: letting a step exceed a limit is a word of its own") {
  Case at;
  PlanStep& step = at.plan.steps.front();
  step.limits = {{"house.mass", ""}, {"house.other", ""}};
  for (const char* name : {"house.mass", "house.other"}) {
    LimitUse use;
    use.name = name;
    use.ask = "it-security";
    at.plan.limits.push_back(use);
  }
  const auto says = [&](const ApprovalDocument& document) {
    const Approvals approvals(at.plan, at.signers.facts, rows_of(document));
    return std::string(approvals.missing(step, step.approvals, at.now).empty() ? "step " : "") +
           (approvals.may_exceed(step, "house.mass", at.now) ? "mass " : "") +
           (approvals.may_exceed(step, "house.other", at.now) ? "other " : "");
  };
  CHECK(says(signed_by(at.draft("ines"), "ines")) == "step ");

  ApprovalDocument over = at.draft("ines");
  over.over_limit = "house.mass";
  over.steps = {{step.id, execute::over_limit_binding(step, "house.mass")}};
  CHECK(says(signed_by(over, "ines")) == "mass ");
  SUBCASE("a refusal lets nothing pass, and ends no step") {
    over.refuse = true;
    CHECK(says(signed_by(over, "ines")) == "");
    const Approvals approvals(at.plan, at.signers.facts, rows_of(signed_by(over, "ines")));
    CHECK_FALSE(approvals.refusal(step, at.now).has_value());
  }
  SUBCASE("the document of the one is none for the other") {
    over.over_limit = "house.other";
    CHECK(says(signed_by(over, "ines")) == "");
    over.over_limit.clear();
    CHECK(says(signed_by(over, "ines")) == "");
  }
  SUBCASE("taking the limit's name out of it breaks its signature") {
    ApprovalDocument stripped = signed_by(over, "ines");
    stripped.over_limit.clear();
    CHECK(code_name(execute::objection_to(stripped, at.plan, {})->code) == "R0872");
  }
  SUBCASE("it stands for the step as it was shown") {
    step.target = "another";
    CHECK(says(signed_by(over, "ines")) == "");
  }
  SUBCASE("whom the limit does not ask, lets nothing pass") {
    at.plan.limits.front().ask = "board";
    CHECK(says(signed_by(over, "ines")) == "");
  }
}

TEST_CASE("refusals: a run ends the step, says so in its journal, and goes on with the rest") {
  Company company;
  company.step("disable", Verb::Disable, Kind::Account, "crm:alice");
  PlanStep& wipe = company.step("wipe", Verb::Wipe, Kind::Device, "mdm:laptop");
  wipe.approvals = {{{"omar"}, ApprovalState::Needed, ""}};
  const RunReport report = company.apply();
  CHECK(state_of(report, "wipe") == StepState::Waiting);

  StoredApproval refusal;
  refusal.run = report.run;
  refusal.step = "step:wipe";
  refusal.binding = execute::approval_binding(company.plan.steps.back());
  refusal.approver = "omar";
  refusal.at = company.clock.now();
  refusal.refused = true;
  refusal.reason = "the laptop is evidence";
  REQUIRE(company.store->add_approval(refusal).has_value());
  const RunReport after = company.resume(report.run);
  CHECK(state_of(after, "wipe") == StepState::Refused);
  CHECK(record_of(after, "wipe").escalated);
  CHECK(record_of(after, "wipe").detail == "refused by omar: the laptop is evidence");
  CHECK(state_of(after, "disable") == StepState::Verified);
  CHECK(company.effect_count("wipe", "mdm:laptop") == 0);
  const auto journal = company.store->list_records(report.run);
  REQUIRE(journal.has_value());
  CHECK(std::count_if(journal->begin(), journal->end(), [](const JournalRecord& record) {
          return record.entry == RecordEntry::Refusal && record.step == "step:wipe";
        }) == 1);
  // An approval that comes too late does not bring it back.
  company.options.approve_as = "omar";
  CHECK(state_of(company.resume(report.run), "wipe") == StepState::Refused);
}

}  // namespace rescind
