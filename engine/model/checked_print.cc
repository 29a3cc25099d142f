// The text form of a checked policy: what its digest is taken over and what tests compare.
#include <string>

#include "model/checked_print_text.h"

namespace rescind {
namespace {

using printing::constant_text;
using printing::kinds_of;
using printing::list;
using printing::quote;

std::string type_text(const Schema& schema, const Type& type) {
  constexpr std::array<std::string_view, 12> kNames = {"bool",     "int",  "string",    "instant",
                                                       "duration", "enum", "set",       "identity",
                                                       "system",   "item", "principal", "event"};
  const bool is_set = type.kind == TypeKind::Set;
  const TypeKind kind = is_set ? type.element : type.kind;
  std::string text(kNames[static_cast<std::size_t>(kind)]);
  if (kind == TypeKind::Enum) {
    text +=
        " {" + list(schema.enums[type.enum_id].values, ", ", [](const auto& v) { return v; }) + "}";
  }
  if (kind == TypeKind::Item) {
    text = kinds_of(type.kinds);
  }
  return (is_set ? "set<" + text + ">" : text) + (type.optional ? "?" : "");
}

// Prints declaration after declaration into one text.
class PolicyPrinter {
 public:
  explicit PolicyPrinter(const CheckedPolicy& policy) : policy_(policy), exprs_(policy.exprs) {}

  std::string print() {
    print_schema();
    for (const CheckedRole& role : policy_.roles) {
      print_role(role);
    }
    for (const CheckedKeep& keep : policy_.keeps) {
      begin("keep", keep.declared);
      line(kinds_of(keep.kinds) + where_text(keep.where));
      because(keep.because);
    }
    for (const CheckedConflict& conflict : policy_.conflicts) {
      begin("conflict", conflict.declared);
      print_grants(conflict.parts);
      because(conflict.because);
    }
    for (const CheckedDerive& derive : policy_.derives) {
      begin("derive", derive.declared);
      line((derive.for_identity ? "identity" : kinds_of(derive.kinds)) + where_text(derive.where));
      line("on " + events_text(derive.on));
    }
    for (const CheckedRule& rule : policy_.rules) {
      print_rule(rule);
    }
    for (const CheckedHold& hold : policy_.holds) {
      print_hold(hold);
    }
    for (const CheckedLimit& limit : policy_.limits) {
      print_limit(limit);
    }
    for (const CheckedRetire& retire : policy_.retires) {
      print_retire(retire);
    }
    return std::move(text_);
  }

 private:
  void line(const std::string& text) { text_ += "  " + text + "\n"; }

  void begin(std::string_view sort, const Declared& declared) {
    text_ += std::string(sort) + " " + declared.qualified() + "\n";
    if (!declared.doc.empty()) {
      line("doc " + quote(declared.doc));
    }
  }

  void because(const std::string& text) {
    if (!text.empty()) {
      line("because " + quote(text));
    }
  }

  std::string expr(ExprId id) { return print_checked(exprs_, id); }

  std::string where_text(ExprId id) { return id.valid() ? " where " + expr(id) : std::string(); }

  std::string principals(const PrincipalExpr& value) {
    return list(value.alternatives, " or ", [this](ExprId id) { return expr(id); });
  }

  std::string events_text(const std::vector<std::uint32_t>& events) {
    return list(events, ", ",
                [this](std::uint32_t event) { return policy_.schema->events[event].name; });
  }

  static std::string verbs_text(const std::vector<Verb>& verbs) {
    return list(verbs, ", ", [](Verb verb) { return std::string(verb_name(verb)); });
  }

  std::string attribute_text(const Attribute& attribute) {
    std::string text = attribute.name + ": " + type_text(*policy_.schema, attribute.type);
    if (attribute.fallback) {
      text += " = " + constant_text(attribute.type, *attribute.fallback);
    }
    return text + (attribute.doc.empty() ? "" : " doc " + quote(attribute.doc));
  }

  void print_schema() {
    const Schema& schema = *policy_.schema;
    text_ += "schema\n";
    line("systems " + list(schema.systems, ", ", quote));
    line("teams " + list(schema.teams, ", ", quote));
    for (std::size_t i = 0; i < kEntityCount; ++i) {
      for (const Attribute& attribute : schema.entities[i].attributes) {
        if (!attribute.builtin) {
          line(std::string(entity_name(static_cast<Entity>(i))) + " " + attribute_text(attribute));
        }
      }
    }
    for (const EventType& event : schema.events) {
      if (event.builtin) {
        continue;
      }
      line("event " + event.name + " about " + std::string(about_name(event.about)) +
           (event.doc.empty() ? "" : " doc " + quote(event.doc)));
      for (const Attribute& attribute : event.attributes) {
        line("  " + attribute_text(attribute));
      }
    }
  }

  void print_grants(const std::vector<CheckedGrant>& grants) {
    for (const CheckedGrant& grant : grants) {
      line(quote(grant.system) + " " + std::string(kind_name(grant.kind)) + " " +
           quote(grant.name));
    }
  }

  void print_role(const CheckedRole& role) {
    begin("role", role.declared);
    if (role.when.valid()) {
      line("when " + expr(role.when));
    }
    if (!role.includes.empty()) {
      line("includes " + list(role.includes, ", ", [this](std::uint32_t index) {
             return policy_.roles[index].declared.qualified();
           }));
    }
    print_grants(role.grants);
  }

  void print_rule(const CheckedRule& rule) {
    begin("rule", rule.declared);
    line("on " + events_text(rule.on));
    if (rule.when.valid()) {
      line("when " + expr(rule.when));
    }
    because(rule.because);
    print_reasons(rule.controls, rule.escalate);
    for (const ClauseId id : rule.clauses) {
      print_clause(policy_.clauses[id.index()]);
    }
  }

  void print_reasons(const std::vector<std::string>& controls,
                     const std::vector<EscalationLevel>& escalate) {
    for (const std::string& control : controls) {
      line("control " + quote(control));
    }
    for (const EscalationLevel& level : escalate) {
      line("escalate to " + principals(level.to) + " after " + format_duration(level.after));
    }
  }

  void print_clause(const CheckedClause& clause) {
    std::string text = clause.label + ": " + std::string(verb_name(clause.verb)) + " " +
                       kinds_of(clause.kinds) + where_text(clause.where);
    if (clause.to) {
      text += " to " + principals(*clause.to);
    }
    if (!clause.text.empty()) {
      text += " text " + quote(clause.text);
    }
    if (clause.within) {
      text += " within " + format_duration(*clause.within);
    }
    if (clause.after) {
      text += " after " + format_duration(*clause.after);
    }
    if (clause.approved_by) {
      text += " approved by " + principals(*clause.approved_by);
    }
    if (clause.even_if_staged) {
      text += " even if staged";
    }
    if (clause.otherwise_escalate) {
      text += " otherwise escalate to " + principals(*clause.otherwise_escalate);
    }
    if (!clause.because.empty()) {
      text += " because " + quote(clause.because);
    }
    line(text + (clause.doc.empty() ? "" : " doc " + quote(clause.doc)));
  }

  void print_hold(const CheckedHold& hold) {
    begin("hold", hold.declared);
    if (hold.when.valid()) {
      line("when " + expr(hold.when));
    }
    line("blocks " + verbs_text(hold.verbs) + " of " + kinds_of(hold.kinds) +
         where_text(hold.where) + (hold.even_containment ? " even containment" : ""));
    line("until " + (hold.until ? format_instant(*hold.until) : std::string("lifted")));
    if (hold.ordered_by) {
      line("ordered by " + principals(*hold.ordered_by));
    }
    because(hold.because);
  }

  void print_limit(const CheckedLimit& limit) {
    begin("limit", limit.declared);
    std::string text = verbs_text(limit.verbs) + " of " + kinds_of(limit.kinds) +
                       where_text(limit.where) + " at most";
    if (limit.percent) {
      text += " " + std::to_string(*limit.percent) + "%";
    }
    if (limit.count) {
      text += " " + std::to_string(*limit.count);
    }
    text += (limit.per_system ? " per system" : "") + (" per " + format_duration(limit.window));
    line(text + (limit.ask ? " otherwise ask " + principals(*limit.ask) : ""));
  }

  void print_retire(const CheckedRetire& retire) {
    begin("retire", retire.declared);
    line("on " + events_text(retire.on));
    if (retire.when.valid()) {
      line("when " + expr(retire.when));
    }
    line("for " + kinds_of(retire.kinds) + where_text(retire.where));
    because(retire.because);
    print_reasons(retire.controls, retire.escalate);
    for (const CheckedStageWhen& start : retire.starts) {
      line("start at " + retire.stages[start.stage].name + when_text(start.when));
    }
    for (const CheckedStageWhen& enter : retire.enters) {
      line("enter " + retire.stages[enter.stage].name + " within " +
           format_duration(enter.within.value_or(Seconds{0})) + when_text(enter.when));
    }
    for (const CheckedStage& stage : retire.stages) {
      print_stage(retire, stage);
    }
  }

  std::string when_text(ExprId id) { return id.valid() ? " when " + expr(id) : std::string(); }

  void print_stage(const CheckedRetire& retire, const CheckedStage& stage) {
    line("stage " + stage.name + (stage.doc.empty() ? "" : " doc " + quote(stage.doc)));
    for (const CheckedAction& action : stage.actions) {
      line("  " + std::string(verb_name(action.verb)) +
           (action.to ? " to " + principals(*action.to) : "") +
           (action.text.empty() ? "" : " text " + quote(action.text)));
    }
    if (stage.gate.valid()) {
      line("  done when " + expr(stage.gate));
    }
    if (stage.within) {
      line("  within " + format_duration(*stage.within));
    }
    if (stage.approved_by) {
      line("  approved by " + principals(*stage.approved_by));
    }
    if (stage.otherwise_escalate) {
      line("  otherwise escalate to " + principals(*stage.otherwise_escalate));
    }
    if (stage.soak) {
      line("  soak " + format_duration(*stage.soak));
    }
    if (stage.on_use_return_to) {
      line("  on use return to " + retire.stages[*stage.on_use_return_to].name);
    }
  }

  const CheckedPolicy& policy_;
  const ExprArena& exprs_;
  std::string text_;
};

}  // namespace

std::string print_checked(const CheckedPolicy& policy) {
  return PolicyPrinter(policy).print();
}

}  // namespace rescind
