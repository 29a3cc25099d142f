// Plan files: what is written reads back equal, and each way in which a file can be wrong has its
// own error.
#include <string>

#include <doctest/doctest.h>

#include "model/plan.h"

namespace rescind {
namespace {

Instant at(std::string_view text) {
  return *parse_instant(text);
}

Reason sample_reason() {
  return {.rule = "acme.leaver",
          .clause = "disable account #1",
          .file = "policies/leaver.rescind",
          .line = 12,
          .because = "Access ends with \"employment\"",
          .controls = {"NIST SP 800-53 PS-4"},
          .cause = "leaver/alice@hr:118#1"};
}

PlanStep sample_step() {
  PlanStep step;
  step.id = "step:0123456789abcdef";
  step.verb = Verb::Disable;
  step.item = "salesforce:alice";
  step.kind = "account";
  step.system = "salesforce";
  step.holder = "alice";
  step.native_id = "005x";
  step.stage = "quarantine";
  step.retirement = "retirement:00000000000000aa";
  step.generation = 3;
  step.restores_run = "run:1";
  step.restores_step = "step:0000000000000009";
  step.rank = Rank::Contain;
  step.after = {"step:0000000000000001"};
  step.strong_after = {"step:0000000000000002"};
  step.not_before = at("2026-01-05T17:00:00Z");
  step.deadline = at("2026-01-05T17:15:00Z");
  step.overdue_at_arrival = true;
  step.approvals = {
      {.by = {"bob", "it-security"}, .state = ApprovalState::Given, .given_by = "bob"}};
  step.gate = Gate{.kind = "limit", .text = "limit acme.mass"};
  step.alternatives = {
      {.not_before = at("2026-01-05T16:00:00Z"),
       .approvals = {{.by = {"carol"}, .state = ApprovalState::Needed, .given_by = ""}}}};
  step.soak = std::chrono::hours(48);
  step.limits = {{.name = "acme.mass", .scope = "salesforce"}};
  step.escalate_after = {Seconds(0), std::chrono::hours(4)};
  step.effects = EffectSet(Effect::Contains) | Effect::Destroys;
  step.reversible = Reversible::Window;
  step.undo = {.kind = "restore", .text = "enable again"};
  step.reasons = {sample_reason()};
  step.escalate = {{"bob"}, {"it-security", "iam-oncall"}};
  step.preview = {"PATCH /Users/005x active=false"};
  step.probe = {.kind = "read", .text = "account is disabled"};
  step.facts = {{"holder", "alice"}, {"present", "true"}};
  return step;
}

PlannedRetirement sample_retirement() {
  PlannedRetirement retirement;
  retirement.id = "retirement:00000000000000aa";
  retirement.item = "aws:ci-bot:AKIA1";
  retirement.kind = "api_key";
  retirement.system = "aws";
  retirement.holder = "ci-bot";
  retirement.retire = "acme.service_credential";
  retirement.cause = "orphaned/aws:ci-bot:AKIA1@scan:7#1";
  retirement.start = "drain";
  retirement.enter_by = {{"quarantine", at("2026-01-05T18:00:00Z")}};
  PlannedStage stage;
  stage.name = "drain";
  stage.gate = "c idle for 24h";
  stage.within = std::chrono::hours(168);
  stage.approvals = {{.by = {"bob"}, .state = ApprovalState::Needed, .given_by = ""}};
  stage.otherwise = {"nhi-governance"};
  retirement.stages = {stage,
                       {.name = "quarantine",
                        .gate = "",
                        .within = std::nullopt,
                        .soak = std::chrono::hours(336),
                        .on_use_return_to = "drain",
                        .approvals = {},
                        .otherwise = {},
                        .missing = {"disable: aws cannot disable this api_key"}}};
  retirement.escalate = {{"nhi-governance"}, {"iam-oncall"}};
  retirement.escalate_after = {Seconds(0), std::chrono::hours(4)};
  retirement.reasons = {sample_reason()};
  retirement.joins = "retirement:00000000000000bb";
  return retirement;
}

Plan sample_plan() {
  Plan plan;
  plan.engine = "rescind 0.1.0";
  plan.policy = {.digest = "sha256:aa", .revision = "git:1"};
  plan.inventory.digest = "sha256:bb";
  plan.inventory.records = 7;
  plan.inventory.rejected = {{.file = "inv.jsonl", .line = 3, .why = "R0503: dangling holder"}};
  Event event;
  event.type = "leaver";
  event.subject = "alice";
  event.at = at("2026-01-05T17:00:00Z");
  event.at_date = Date{2026, 1, 5};
  event.zone_assumed = true;
  event.arrived = at("2026-01-05T16:00:00Z");
  event.attributes = {{"reason", std::string("resignation")},
                      {"urgent", true},
                      {"level", std::int64_t{3}},
                      {"groups", std::vector<std::string>{"a", "b"}}};
  event.before = AttributeMap{{"department", std::string("Sales")}};
  event.after = AttributeMap{{"department", std::string("HR")}};
  plan.events = {event};
  plan.event_lineages = {"leaver/alice@hr:118#1"};
  plan.as_of = at("2026-01-05T17:00:00Z");
  plan.expires_at = at("2026-01-06T17:00:00Z");
  plan.bindings = {{"connector.salesforce", "scim 1"}};
  plan.summary.steps = 1;
  plan.summary.by_verb = {{"disable", 1}};
  plan.summary.by_system = {{"salesforce", 1}};
  plan.summary.containment_complete_at = at("2026-01-05T17:15:00Z");
  plan.decisions = {{.item = "salesforce:alice",
                     .kind = "account",
                     .system = "salesforce",
                     .holder = "alice",
                     .verb = "disable",
                     .outcome = Outcome::Scheduled,
                     .reasons = {sample_reason()}}};
  plan.steps = {sample_step()};
  plan.retirements = {sample_retirement()};
  plan.supersedes = {"run:2"};
  plan.undoes = "run:1";
  plan.postponed = {{.item = "g:mail",
                     .verb = "delete",
                     .hold = "acme.legal",
                     .ordered_by = "legal",
                     .until = at("2027-07-01T12:00:00Z"),
                     .because = "Matter"}};
  plan.protected_items = {{.item = "g:seal",
                           .verb = "delete",
                           .hold = "acme.seal",
                           .ordered_by = "sec",
                           .until = std::nullopt,
                           .because = "Sealed"}};
  plan.uncovered = {{.item = "x:1", .why = "no rule speaks of it"}};
  plan.undetermined = {{.item = "x:2", .why = "two records"}};
  plan.infeasible = {{.step = "step:0123456789abcdef", .why = "late"}};
  plan.needs_person = {{.item = "x:3", .why = "nobody", .who = "iam-oncall"}};
  plan.limits = {{.name = "acme.mass",
                  .used = 3,
                  .allowed = 10,
                  .tripped = false,
                  .scope = "salesforce",
                  .window = std::chrono::hours(24)}};
  plan.residual_access = {{.path = {"session okta:s-1", "act"},
                           .state = PathState::Unknown,
                           .why = "not listed",
                           .until = at("2026-01-06T17:00:00Z")}};
  plan.notes = {"time zone assumed for alice"};
  plan.complete = false;
  plan.digest = compute_plan_digest(plan);
  return plan;
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const std::size_t place = text.find(from);
  REQUIRE(place != std::string::npos);
  return text.replace(place, from.size(), to);
}

std::string error_of(std::string_view text) {
  const Result<Plan> plan = decode_plan(text);
  REQUIRE_FALSE(plan.has_value());
  return plan.error().message();
}

}  // namespace

TEST_CASE("plan file: what is written reads back with every field") {
  const Plan plan = sample_plan();
  const std::string text = encode_plan(plan);
  const Result<Plan> back = decode_plan(text);
  REQUIRE_MESSAGE(back.has_value(), back.error().to_string());
  CHECK(encode_plan(*back) == text);
  CHECK(back->steps[0].approvals[0].given_by == "bob");
  CHECK(back->events[0].attributes == plan.events[0].attributes);
  CHECK(back->events[0].at_date == plan.events[0].at_date);
  CHECK(back->steps[0].retirement == "retirement:00000000000000aa");
  CHECK(back->steps[0].restores_step == "step:0000000000000009");
  REQUIRE(back->retirements.size() == 1);
  CHECK(back->retirements[0].enter_by == plan.retirements[0].enter_by);
  REQUIRE(back->retirements[0].stages.size() == 2);
  CHECK(back->retirements[0].stages[0].within == Seconds(std::chrono::hours(168)));
  CHECK(back->retirements[0].stages[1].soak == Seconds(std::chrono::hours(336)));
  CHECK(back->retirements[0].stages[0].approvals[0].by == std::vector<std::string>{"bob"});
  CHECK(back->retirements[0].stages[1].missing == plan.retirements[0].stages[1].missing);
  CHECK(back->supersedes == plan.supersedes);
  CHECK(back->undoes == "run:1");
  CHECK(text.find("\"protected\": [") != std::string::npos);
  CHECK(text.ends_with("}\n"));
}

TEST_CASE("plan file: a plan from before there were retirements keeps its digest") {
  Plan plan = sample_plan();
  plan.retirements.clear();
  plan.supersedes.clear();
  plan.undoes.clear();
  plan.steps[0].retirement.clear();
  plan.steps[0].restores_run.clear();
  plan.steps[0].restores_step.clear();
  plan.digest = compute_plan_digest(plan);
  const std::string text = encode_plan(plan);
  for (const char* key : {"\"retirement", "\"supersedes", "\"undoes", "\"restores"}) {
    CHECK_MESSAGE(text.find(key) == std::string::npos, key);
  }
  CHECK(decode_plan(text).has_value());
}

TEST_CASE("plan file: the digest covers every part and not itself") {
  Plan plan = sample_plan();
  const std::string before = compute_plan_digest(plan);
  plan.digest = "sha256:00";
  CHECK(compute_plan_digest(plan) == before);
  plan.steps[0].facts["holder"] = "bob";
  CHECK(compute_plan_digest(plan) != before);
}

TEST_CASE("plan file: what is not JSON, or not a plan, is R0701") {
  CHECK(error_of("policy { }").starts_with("R0701"));
  CHECK(error_of("[1, 2]").starts_with("R0701"));
  CHECK(error_of("{\"steps\": []}").starts_with("R0701"));
  CHECK(error_of("{\"format_version\": 1e999}").starts_with("R0701"));
}

TEST_CASE("plan file: a truncated file is R0702 wherever it was cut") {
  const std::string text = encode_plan(sample_plan());
  for (std::size_t cut = 1; cut + 2 < text.size(); cut += 97) {
    CHECK_MESSAGE(error_of(text.substr(0, cut)).starts_with("R0702"), cut);
  }
  CHECK(error_of("").starts_with("R0702"));
}

TEST_CASE("plan file: another format version is R0703") {
  const std::string text = replaced(encode_plan(sample_plan()), "\"1.0\"", "\"2.0\"");
  const Result<Plan> plan = decode_plan(text);
  REQUIRE_FALSE(plan.has_value());
  CHECK(plan.error().kind() == ErrorKind::Unsupported);
  CHECK(plan.error().message().starts_with("R0703"));
}

TEST_CASE("plan file: a field of the wrong type is R0704 and named by its path") {
  const std::string text = encode_plan(sample_plan());
  CHECK(error_of(replaced(text, "\"line\": 12", "\"line\": \"x\"")) ==
        "R0704: the plan file is damaged: field `decisions[0].reasons[0].line` is not an integer");
  CHECK(error_of(replaced(text, "\"rank\": \"contain\"", "\"rank\": \"soon\""))
            .find("`steps[0].rank` is not a rank") != std::string::npos);
  CHECK(error_of(replaced(text, "\"expires_at\": \"2026-01-06T17:00:00Z\",", ""))
            .find("`expires_at` is missing") != std::string::npos);
  CHECK(error_of(replaced(text, "\"generation\": 3", "\"generation\": -1"))
            .find("`steps[0].generation` is not an integer of at least 0") != std::string::npos);
}

TEST_CASE("plan file: an edited plan is R0705, and can still be shown") {
  const std::string text = replaced(encode_plan(sample_plan()), "\"item\": \"salesforce:alice\"",
                                    "\"item\": \"salesforce:bob\"");
  CHECK(error_of(text).starts_with("R0705"));
  CHECK(decode_plan(text, false).has_value());
}

TEST_CASE("plan file: outcome names read back") {
  for (const Outcome outcome :
       {Outcome::Scheduled, Outcome::Staged, Outcome::Postponed, Outcome::Protected,
        Outcome::Justified, Outcome::Uncovered, Outcome::Undetermined}) {
    CHECK(find_outcome(outcome_name(outcome)) == outcome);
  }
  CHECK_FALSE(find_outcome("done").has_value());
}

}  // namespace rescind
