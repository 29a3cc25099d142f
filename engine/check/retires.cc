// `retire`: its header, what it takes, and its stages one by one. How the stages follow each other
// is checked in retire_paths.cc.
#include <cctype>
#include <map>
#include <string>
#include <utility>

#include "check/selections.h"
#include "model/checked_print_text.h"

namespace rescind::checking {
namespace {

// What stays true of an item while it goes through its stages. That a value was known when the
// retirement began says nothing about later.
Facts lasting(const Facts& facts) {
  Facts result;
  for (const Fact& fact : facts.all()) {
    if (fact.sort != FactSort::Known) {
      result.add(fact);
    }
  }
  return result;
}

class RetireChecker {
 public:
  RetireChecker(Program& program, Expressions& expressions, CheckedPolicy& policy)
      : program_(program), expressions_(expressions), policy_(policy) {}

  void check(const Placed<Found<ast::Retire>>& placed) {
    const ast::Retire& written = *placed.entry->ast;
    CheckedRetire retire;
    retire.declared = declared_of(placed);
    retire.because = text_or_empty(written.because);
    for (const ast::Text& control : written.controls) {
      retire.controls.push_back(control.value);
    }
    bool complete = true;
    retire.on = resolve_events(program_, written.on, complete);
    complete = check_header(written) && complete;

    Scope scope;
    scope.place = "a retire";
    scope.module = placed.module;
    scope.subject = true;
    scope.event = true;
    scope.any_event = !complete;
    scope.events = retire.on;
    scope.justified = true;
    const std::size_t before = expressions_.mark();
    const Facts taken = check_selection(written, retire, scope);
    retire.escalate = checked_escalation(expressions_, written.escalate, scope);
    check_routes(written, retire, scope);
    const ClauseReach reach = expressions_.reach(retire.on, retire.kinds);
    expressions_.forget_to(before);

    expressions_.assume(lasting(taken));
    scope.place = "a stage";
    scope.justified = false;
    check_stages(written, retire, scope, reach.kinds);
    expressions_.forget_to(before);

    check_retire_holders(program_, written, retire);
    check_retire_paths(program_, written, retire, reach.kinds);
    program_.retire_reaches.push_back(reach);
    policy_.retires.push_back(std::move(retire));
  }

 private:
  bool check_header(const ast::Retire& written) {
    const Span at = written.name.span;
    const std::string named = "retire `" + written.name.text + "` ";
    if (written.on.empty()) {
      program_.report.error(Code::R0401, at, named + "has no event", "when does it apply?")
          .help.emplace_back("write `on orphaned` or another event in its header");
    }
    if (!written.selection) {
      program_.report.error(Code::R0460, at, named + "takes no items", "what is retired?")
          .help.emplace_back("write `for credential as c where c.holder is not human`");
    }
    if (written.stages.empty()) {
      program_.report.error(Code::R0471, at, named + "has no stages", "what happens to an item?")
          .help.emplace_back("write at least one `stage NAME { … }`");
    }
    return !written.on.empty();
  }

  // Gives what holds of every item that is taken, and leaves it assumed.
  Facts check_selection(const ast::Retire& written, CheckedRetire& retire, Scope& scope) {
    bool sound = true;
    const Typed when = checked_condition(expressions_, written.when, scope, sound);
    retire.when = when.id;
    Facts taken = when.if_true;
    const std::string named = "retire `" + written.name.text + "`";
    if (when.truth == false) {
      program_.report.never_holds(written.when->span, named + " never applies");
    }
    expressions_.assume(when.if_true);
    if (!written.selection) {
      return taken;
    }
    retire.kinds = resolve_kinds(program_, written.selection->kinds);
    enter_item(expressions_, scope, *written.selection, retire.kinds);
    const Typed where = checked_condition(expressions_, written.selection->where, scope, sound);
    retire.where = where.id;
    if (where.truth == false) {
      program_.report.never_holds(written.selection->where->span, named + " takes nothing");
    }
    expressions_.assume(where.if_true);
    taken.add_all(where.if_true);
    return taken;
  }

  void check_routes(const ast::Retire& written, CheckedRetire& retire, Scope& scope) {
    for (const ast::Retire::Start& start : written.starts) {
      add_route(written, {start.stage, start.when, start.span}, {}, retire.starts, scope);
    }
    for (const ast::Retire::Enter& enter : written.enters) {
      const std::optional<Seconds> within = checked_period(expressions_, enter.within, scope);
      add_route(written, {enter.stage, enter.when, enter.span}, within.value_or(Seconds{0}),
                retire.enters, scope);
    }
  }

  struct Route {
    const ast::Name& stage;
    const ast::ExprPtr& when;
    Span span;
  };

  void add_route(const ast::Retire& written, const Route& route, std::optional<Seconds> within,
                 std::vector<CheckedStageWhen>& routes, Scope& scope) {
    bool sound = true;
    const Typed when = checked_condition(expressions_, route.when, scope, sound);
    if (when.truth == false) {
      program_.report.never_holds(route.when->span, "this way is never taken");
    }
    if (const std::optional<std::uint32_t> stage = stage_named(written, route.stage)) {
      routes.push_back({*stage, within, when.id, route.span});
    }
  }

  std::optional<std::uint32_t> stage_named(const ast::Retire& written, const ast::Name& name) {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < written.stages.size(); ++i) {
      if (written.stages[i].name.text == name.text) {
        return static_cast<std::uint32_t>(i);
      }
      names.push_back(written.stages[i].name.text);
    }
    suggest(program_.report.error(Code::R0462, name.span, "unknown stage `" + name.text + "`",
                                  "not a stage of this retire"),
            name.text, names);
    return std::nullopt;
  }

  void check_stages(const ast::Retire& written, CheckedRetire& retire, const Scope& scope,
                    KindSet kinds) {
    for (std::size_t i = 0; i < written.stages.size(); ++i) {
      const ast::Stage& stage = written.stages[i];
      for (std::size_t j = 0; j < i; ++j) {
        if (written.stages[j].name.text == stage.name.text) {
          program_.report
              .error(Code::R0212, stage.name.span,
                     "stage `" + stage.name.text + "` stands twice in this retire",
                     "declared again here")
              .labels.push_back({written.stages[j].name.span, "first declared here"});
          break;
        }
      }
      retire.stages.push_back(check_stage(written, stage, scope, kinds));
    }
  }

  CheckedStage check_stage(const ast::Retire& retire, const ast::Stage& written,
                           const Scope& around, KindSet kinds) {
    CheckedStage stage;
    stage.name = written.name.text;
    stage.doc = written.doc.text;
    stage.span = written.span;
    Scope scope = around;
    for (const ast::StageAction& action : written.actions) {
      check_action(retire, action, stage, scope, kinds);
    }
    check_gate(written, stage, scope);
    if (written.within) {
      stage.within = checked_period(expressions_, *written.within, scope);
    }
    if (written.soak) {
      stage.soak = checked_period(expressions_, *written.soak, scope);
    }
    stage.approved_by = checked_principals(expressions_, written.approved_by, scope);
    stage.otherwise_escalate = checked_principals(expressions_, written.otherwise_escalate, scope);
    if (written.on_use_return_to) {
      stage.on_use_return_to = stage_named(retire, *written.on_use_return_to);
    }
    return stage;
  }

  void check_gate(const ast::Stage& written, CheckedStage& stage, Scope& scope) {
    bool sound = true;
    const Typed gate = checked_condition(expressions_, written.done_when, scope, sound);
    stage.gate = gate.id;
    if (!written.done_when) {
      return;
    }
    std::map<Span, std::string> values;
    find_named_values(gate.id, written.done_when->span, values);
    stage.gate_text = program_.source_text(written.done_when->span, values);
    if (gate.truth == false) {
      program_.report.error(Code::R0465, written.done_when->span,
                            "stage `" + stage.name + "` can never end", "this is always false");
    }
  }

  // Who waits wants the number, not the name of the parameter that holds it.
  void find_named_values(ExprId id, Span gate, std::map<Span, std::string>& values) const {
    if (!id.valid()) {
      return;
    }
    const Expr& expr = program_.arena[id];
    const TypeKind type = expr.type.kind;
    const bool number =
        type == TypeKind::Duration || type == TypeKind::Int || type == TypeKind::Instant;
    const bool inside =
        expr.span.file == gate.file && gate.begin <= expr.span.begin && expr.span.end <= gate.end;
    if (expr.op == ExprOp::Constant && number && inside) {
      const std::string written = program_.source_text(expr.span);
      if (!written.empty() && std::isalpha(static_cast<unsigned char>(written.front())) != 0) {
        values.emplace(expr.span, printing::constant_text(expr.type, expr.constant));
      }
    }
    for (const ExprId operand : expr.operands) {
      find_named_values(operand, gate, values);
    }
  }

  void check_action(const ast::Retire& retire, const ast::StageAction& written, CheckedStage& stage,
                    Scope& scope, KindSet kinds) {
    const std::optional<Verb> verb = resolve_verb(program_, written.verb);
    if (written.item) {
      check_item(retire, *written.item);
    }
    if (!verb) {
      return;
    }
    CheckedAction action;
    action.verb = *verb;
    action.span = written.span;
    if (*verb == Verb::Restore) {
      program_.report
          .error(Code::R0474, written.verb.span, "a stage does not restore",
                 "has no place in a stage")
          .help.emplace_back("`on use return to` brings an item back that is still in use");
    } else if (written.item) {
      check_object(retire, written, *verb, kinds);
    }
    checked_target(program_, expressions_, {*verb, written.verb, written.to, written.text}, scope,
                   {action.to, action.text});
    stage.actions.push_back(std::move(action));
  }

  void check_object(const ast::Retire& retire, const ast::StageAction& written, Verb verb,
                    KindSet kinds) {
    const KindSet unfit(kinds.bits & ~verb_kinds(verb).bits);
    if (unfit.empty()) {
      return;
    }
    Diagnostic& diagnostic =
        program_.report.error(Code::R0402, written.verb.span,
                              "`" + written.verb.text + "` does not fit " + kinds_text(unfit),
                              "in a stage for all of them");
    diagnostic.labels.push_back({retire.selection->span, "what is retired"});
    diagnostic.help.emplace_back("verbs that fit " + kinds_text(kinds) + ": " +
                                 fitting_verbs(kinds));
  }

  // An action is about the item that the retire takes, and says so.
  void check_item(const ast::Retire& retire, const ast::Name& name) {
    if (!retire.selection) {
      return;
    }
    const ast::Selection& selection = *retire.selection;
    const bool unnamed = !selection.alias && selection.kinds.size() != 1;
    const std::string item = selection.alias ? selection.alias->text : selection.kinds.front().text;
    if (unnamed) {
      program_.report
          .error(Code::R0461, name.span, "the item of this retire has no name",
                 "means nothing here")
          .help.emplace_back("write `for " + written_names(selection.kinds) + " as x`");
    } else if (name.text != item) {
      program_.report
          .error(Code::R0461, name.span, "`" + name.text + "` is not the item of this retire",
                 "means nothing here")
          .help.emplace_back("the item is called `" + item + "`");
    }
  }

  Program& program_;
  Expressions& expressions_;
  CheckedPolicy& policy_;
};

}  // namespace

void check_retires(Program& program, Expressions& expressions, CheckedPolicy& policy) {
  RetireChecker checker(program, expressions, policy);
  for (const auto& placed : all_declarations(program, &Module::retires)) {
    checker.check(placed);
  }
}

}  // namespace rescind::checking
