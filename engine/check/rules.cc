// Rules and their clauses.
#include <unordered_map>
#include <utility>

#include "check/selections.h"

namespace rescind::checking {
namespace {

class RuleChecker {
 public:
  RuleChecker(Program& program, Expressions& expressions, CheckedPolicy& policy)
      : program_(program), expressions_(expressions), policy_(policy) {}

  void check(const Placed<Found<ast::Rule>>& placed) {
    const ast::Rule& written = *placed.entry->ast;
    CheckedRule rule;
    rule.declared = declared_of(placed);
    rule.because = text_or_empty(written.because);
    for (const ast::Text& control : written.controls) {
      rule.controls.push_back(control.value);
    }
    bool complete = true;
    rule.on = resolve_events(program_, written.on, complete);
    if (written.on.empty()) {
      program_.report
          .error(Code::R0401, written.name.span, "rule `" + written.name.text + "` has no event",
                 "when does it apply?")
          .help.emplace_back("write `on leaver` or another event in its header");
      complete = false;
    }
    Scope scope = scope_of(*placed.module, rule, complete);
    const std::size_t before = expressions_.mark();
    bool sound = true;
    const Typed when = checked_condition(expressions_, written.when, scope, sound);
    rule.when = when.id;
    if (when.truth == false) {
      program_.report.never_holds(written.when->span,
                                  "rule `" + written.name.text + "` never matches");
    }
    expressions_.assume(when.if_true);
    rule.escalate = checked_escalation(expressions_, written.escalate, scope);
    if (written.clauses.empty()) {
      program_.report.warning(Code::R0415, written.name.span,
                              "rule `" + written.name.text + "` orders nothing", "has no clauses");
    }
    std::unordered_map<std::string, int> ordinals;
    for (const ast::Clause& clause : written.clauses) {
      check_clause(clause, rule, scope, ordinals);
    }
    expressions_.forget_to(before);
    policy_.rules.push_back(std::move(rule));
  }

 private:
  static Scope scope_of(const Module& module, const CheckedRule& rule, bool complete) {
    Scope scope;
    scope.place = "a rule";
    scope.module = &module;
    scope.subject = true;
    scope.event = true;
    scope.any_event = !complete;
    scope.events = rule.on;
    scope.justified = true;
    return scope;
  }

  void check_clause(const ast::Clause& written, CheckedRule& rule, const Scope& rule_scope,
                    std::unordered_map<std::string, int>& ordinals) {
    CheckedClause clause;
    clause.rule = static_cast<std::uint32_t>(policy_.rules.size());
    clause.because = written.because ? written.because->value : rule.because;
    clause.doc = written.doc.text;
    clause.span = written.span;
    clause.even_if_staged = written.even_if_staged;
    clause.label = label_of(written, ordinals);

    const std::optional<Verb> verb = resolve_verb(program_, written.verb);
    clause.verb = verb.value_or(Verb::Revoke);
    Scope scope = rule_scope;
    const std::size_t before = expressions_.mark();
    if (written.selection) {
      check_selection(written, verb, clause, scope);
    }
    check_timing(written, clause, scope);
    if (verb) {
      checked_target(program_, expressions_, {*verb, written.verb, written.to, written.text}, scope,
                     {clause.to, clause.text});
      check_object(written, *verb);
    }
    if (verb == Verb::Restore) {
      check_restore(written, rule, clause);
    }
    clause.approved_by = checked_principals(expressions_, written.approved_by, scope);
    clause.otherwise_escalate = checked_principals(expressions_, written.otherwise_escalate, scope);
    program_.reaches.push_back(expressions_.reach(rule.on, clause.kinds));
    expressions_.forget_to(before);

    rule.clauses.push_back(ClauseId{static_cast<std::uint32_t>(policy_.clauses.size())});
    policy_.clauses.push_back(std::move(clause));
  }

  // Verb, kinds and which one of its like in the rule: a name that survives clauses added
  // elsewhere.
  static std::string label_of(const ast::Clause& written,
                              std::unordered_map<std::string, int>& ordinals) {
    std::string label = written.verb.text;
    if (written.selection) {
      label += " " + written_names(written.selection->kinds);
    }
    const int ordinal = ++ordinals[label];
    return label + " #" + std::to_string(ordinal);
  }

  void check_selection(const ast::Clause& written, const std::optional<Verb>& verb,
                       CheckedClause& clause, Scope& scope) {
    const ast::Selection& selection = *written.selection;
    clause.kinds = resolve_kinds(program_, selection.kinds);
    if (verb) {
      check_fit(program_, written.verb, *verb, selection.kinds);
    }
    enter_item(expressions_, scope, selection, clause.kinds);
    bool sound = true;
    const Typed where = checked_condition(expressions_, selection.where, scope, sound);
    clause.where = where.id;
    if (where.truth == false) {
      program_.report.never_holds(selection.where->span, "this clause never matches");
    }
    expressions_.assume(where.if_true);
  }

  void check_timing(const ast::Clause& written, CheckedClause& clause, Scope& scope) {
    if (written.within) {
      clause.within = checked_period(expressions_, *written.within, scope);
    }
    if (written.after) {
      clause.after = checked_period(expressions_, *written.after, scope);
    }
    if (clause.within && clause.after && *clause.within < *clause.after) {
      program_.report
          .error(Code::R0403, written.within->span,
                 "`within` " + format_duration(*clause.within) + " ends before `after` " +
                     format_duration(*clause.after) + " begins",
                 "can never be met")
          .labels.push_back({written.after->span, "not before this"});
    }
  }

  void check_object(const ast::Clause& written, Verb verb) {
    const bool speaks = verb == Verb::Notify || verb == Verb::Ask;
    if (speaks && written.selection) {
      program_.report.error(Code::R0404, written.selection->span,
                            "`" + written.verb.text + "` is not about items", "means nothing here");
    } else if (!speaks && !written.selection) {
      program_.report.error(Code::R0404, written.verb.span,
                            "`" + written.verb.text + "` needs to know which items",
                            "write one or more kinds after it");
    }
  }

  // Events after which there is something to put back: changes that are reported.
  void check_restore(const ast::Clause& written, const CheckedRule& rule,
                     const CheckedClause& clause) {
    for (const std::uint32_t index : expressions_.reach(rule.on, clause.kinds).events) {
      const EventType& event = program_.schema.events[index];
      if (event.event_class == EventClass::Change && !event.derived_always) {
        continue;
      }
      program_.report
          .error(Code::R0474, written.verb.span,
                 "`restore` on `" + event.name + "`, after which access ends",
                 "nothing comes back here")
          .help.emplace_back(
              "restore in a rule on `leave_end`, `rehire`, `mover` or another change");
    }
  }

  Program& program_;
  Expressions& expressions_;
  CheckedPolicy& policy_;
};

}  // namespace

void check_rules(Program& program, Expressions& expressions, CheckedPolicy& policy) {
  RuleChecker checker(program, expressions, policy);
  for (const auto& placed : all_declarations(program, &Module::rules)) {
    checker.check(placed);
  }
}

}  // namespace rescind::checking
