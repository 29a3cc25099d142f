#include "tests/unit/evaluate/world.h"

#include <doctest/doctest.h>

#include "check/check_policy.h"
#include "collect/collect_inventory.h"
#include "compile/compile.h"
#include "parse/parse_policy.h"

namespace rescind::testing {

std::shared_ptr<const CheckedPolicy> check_text(const std::string& policy, std::string& problems) {
  const auto sources = std::make_shared<SourceSet>();
  Diagnostics diagnostics;
  const SourceFileId file = sources->add("test.rescind", policy);
  std::vector<ast::PolicyFile> files;
  if (auto tree = parse_policy(*sources, file, {}, diagnostics)) {
    files.push_back(*std::move(tree));
  }
  std::optional<CheckedPolicy> checked;
  if (!files.empty()) {
    checked = check_policy(std::move(files), sources, {}, diagnostics);
  }
  if (!checked) {
    problems = render_text(diagnostics, *sources, {});
    return nullptr;
  }
  return std::make_shared<const CheckedPolicy>(*std::move(checked));
}

World make_world(const std::string& policy, std::string_view records) {
  World world;
  std::string problems;
  world.policy = check_text(policy, problems);
  REQUIRE_MESSAGE(world.policy != nullptr, problems);
  world.program = compile_policy(world.policy);
  world.inventory = collect_inventory_from_text(records, world.policy->schema);
  REQUIRE(world.inventory != nullptr);
  return world;
}

Instant instant(std::string_view text) {
  const std::optional<Instant> parsed = parse_instant(text);
  REQUIRE(parsed.has_value());
  return *parsed;
}

Event make_event(std::string type, std::string subject, std::string_view at) {
  Event event;
  event.type = std::move(type);
  event.subject = std::move(subject);
  event.at = instant(at);
  event.source = "hr";
  event.id = event.type + "-" + event.subject;
  return event;
}

Decisions evaluate(const World& world, const std::vector<Event>& events, unsigned threads) {
  EvaluateOptions options;
  options.threads = threads;
  return evaluate_program(world.program, world.inventory, events, instant("2026-01-05T17:00:00Z"),
                          options);
}

std::vector<std::string> lines(const Decisions& decisions) {
  std::vector<std::string> result;
  for (const Match& match : decisions.matches) {
    const Cause& cause = decisions.causes[match.cause];
    const CheckedClause& clause = decisions.policy->clauses[match.clause.index()];
    std::string line = cause.event.type + "/" + cause.event.subject + " ";
    line += match.item.valid() ? std::string(decisions.inventory->id(match.item)) : "-";
    line += " " + std::string(verb_name(clause.verb));
    line += match.certainty == Certainty::Unknown ? " ?" : "";
    result.push_back(std::move(line));
  }
  return result;
}

namespace {

std::string text_of(const ResolvedPrincipals& principals) {
  std::string text = "[";
  for (const std::vector<std::string>& ids : principals.alternatives) {
    for (const std::string& id : ids) {
      text += id + ",";
    }
    text += ";";
  }
  return text + "]";
}

std::string certainty_text(Certainty certainty) {
  return certainty == Certainty::Yes ? " yes" : " unknown";
}

}  // namespace

std::string dump(const Decisions& d) {
  std::string text;
  for (const Cause& cause : d.causes) {
    text += "cause " + cause.lineage + " by " + cause.derived_by + " at " +
            format_instant(cause.effective) + "\n";
  }
  for (const Match& m : d.matches) {
    text += "match " + std::to_string(m.cause) + " " + std::string(d.inventory->id(m.item)) + " " +
            d.policy->clauses[m.clause.index()].label + certainty_text(m.certainty) + "\n";
  }
  for (const MatchPrincipals& p : d.principals) {
    text += "principals " + std::to_string(p.match) + text_of(p.to) + text_of(p.approved_by) +
            text_of(p.otherwise_escalate);
    for (const ResolvedPrincipals& level : p.escalate) {
      text += text_of(level);
    }
    text += "\n";
  }
  for (const HoldMatch& h : d.holds) {
    text += "hold " + std::to_string(h.hold) + " " + std::string(d.inventory->id(h.item)) +
            certainty_text(h.certainty) + "\n";
  }
  for (const LimitMatch& l : d.limits) {
    text += "limit " + std::to_string(l.limit) + " " + std::string(d.inventory->id(l.item)) +
            certainty_text(l.certainty) + "\n";
  }
  for (const JustifiedItem& j : d.justified) {
    text += "justified " + std::string(d.inventory->id(j.item)) + " by " + j.by + "\n";
  }
  for (const UndeterminedItem& u : d.undetermined) {
    text += "undetermined " +
            std::string(u.item.valid() ? d.inventory->id(u.item) : d.inventory->id(u.identity)) +
            " " + u.why + "\n";
  }
  for (const ItemRef item : d.reached) {
    text += "reached " + std::string(d.inventory->id(item)) + "\n";
  }
  for (const std::string& note : d.notes) {
    text += "note " + note + "\n";
  }
  return text;
}

std::string outcome(const std::string& schema, const std::string& condition,
                    std::string_view records) {
  const World world =
      make_world("module sample\nschema {\n systems { crm, vault }\n teams { desk }\n" + schema +
                     "\n}\nrule r {\n on leaver\n because \"t\"\n" +
                     " escalate to desk\n disable account as a where " + condition + "\n}\n",
                 records);
  const Decisions decisions = evaluate(world, {make_event("leaver", "alice")});
  for (const Match& match : decisions.matches) {
    if (decisions.inventory->id(match.item) == "a") {
      return match.certainty == Certainty::Yes ? "true" : "unknown";
    }
  }
  return "false";
}

}  // namespace rescind::testing
