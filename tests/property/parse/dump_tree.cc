// Written without the printer, so that a fault in the printer cannot hide itself.
#include "tests/property/parse/dump_tree.h"

#include <type_traits>

namespace rescind::testing {
namespace {

class Dump {
 public:
  std::string out;

  template <typename T>
  void add(const std::optional<T>& value) {
    out += value ? "some " : "none ";
    if (value) {
      add(*value);
    }
  }

  template <typename T>
  void add(const std::vector<T>& values) {
    out += "[" + std::to_string(values.size()) + " ";
    for (const T& value : values) {
      add(value);
    }
    out += "]";
  }

  template <typename T>
    requires std::is_integral_v<T> || std::is_enum_v<T>
  void add(T value) {
    out += std::to_string(static_cast<std::int64_t>(value)) + " ";
  }

  void add(const std::string& text) { out += std::to_string(text.size()) + ":" + text + " "; }

  void add(Seconds value) { add(value.count()); }

  void add(Instant value) { add(value.time_since_epoch().count()); }

  void add(const Date& value) { all(value.year, value.month, value.day); }

  void add(const ast::Name& value) { add(value.text); }

  void add(const ast::Text& value) { add(value.value); }

  void add(const ast::Doc& value) { add(value.text); }

  void add(const ast::QualifiedName& value) { add(value.parts); }

  void add(const ast::Duration& value) { all(value.value, value.parameter); }

  // ---- Expressions ----
  void add(const ast::ExprPtr& value) {
    out += value ? "(" : "null ";
    if (value) {
      add(value->node.index());
      std::visit([this](const auto& node) { add(node); }, value->node);
      out += ")";
    }
  }

  void add(const ast::BoolLiteral& node) { add(node.value); }

  void add(const ast::IntLiteral& node) { add(node.value); }

  void add(const ast::StringLiteral& node) { add(node.value); }

  void add(const ast::DurationLiteral& node) { add(node.value); }

  void add(const ast::InstantLiteral& node) { all(node.date, node.instant); }

  void add(const ast::SetLiteral& node) { add(node.elements); }

  void add(const ast::NameRef& node) { add(node.name); }

  void add(const ast::Member& node) { all(node.object, node.attribute); }

  void add(const ast::Call& node) { all(node.function, node.arguments); }

  void add(const ast::Not& node) { add(node.operand); }

  void add(const ast::Negate& node) { add(node.operand); }

  void add(const ast::Known& node) { add(node.operand); }

  void add(const ast::Binary& node) { all(node.op, node.left, node.right); }

  void add(const ast::IsKind& node) { all(node.operand, node.negated, node.kinds); }

  void add(const ast::Supports& node) { all(node.item, node.verb); }

  void add(const ast::IdleFor& node) { all(node.item, node.duration); }

  void add(const ast::DeliveredTo& node) { all(node.item, node.to); }

  void add(const ast::Quantified& node) {
    all(node.quantifier, node.variable, node.set, node.where, node.value);
  }

  // ---- Declarations ----
  void add(const ast::Principals& value) { add(value.alternatives); }

  void add(const ast::Escalation::Level& value) { all(value.to, value.after); }

  void add(const ast::Escalation& value) { add(value.levels); }

  void add(const ast::Selection& value) { all(value.kinds, value.alias, value.where); }

  void add(const ast::Clause& value) {
    all(value.doc, value.verb, value.selection, value.to, value.text, value.within, value.after,
        value.approved_by, value.even_if_staged, value.otherwise_escalate, value.because);
  }

  void add(const ast::TypeExpr& value) {
    all(value.name, value.enum_values, value.element != nullptr, value.optional);
    if (value.element) {
      add(*value.element);
    }
  }

  void add(const ast::AttributeDecl& value) {
    all(value.doc, value.name, value.type, value.default_value);
  }

  void add(const ast::SchemaBlock::Systems& value) { add(value.names); }

  void add(const ast::SchemaBlock::Teams& value) { add(value.names); }

  void add(const ast::SchemaBlock::Entity& value) { all(value.entity, value.attributes); }

  void add(const ast::SchemaBlock::Event& value) {
    all(value.doc, value.name, value.about, value.attributes);
  }

  void add(const ast::SchemaBlock::Entry& value) {
    add(value.node.index());
    std::visit([this](const auto& node) { add(node); }, value.node);
  }

  void add(const ast::SchemaBlock& value) { add(value.entries); }

  void add(const ast::Import::Argument& value) { all(value.parameter, value.value); }

  void add(const ast::Import& value) { all(value.module, value.arguments); }

  void add(const ast::Parameter& value) { all(value.name, value.type, value.default_value); }

  void add(const ast::Define::Formal& value) { all(value.name, value.type); }

  void add(const ast::Define& value) { all(value.name, value.formals, value.body); }

  void add(const ast::Derive& value) {
    all(value.event, value.entity, value.alias, value.where, value.on);
  }

  void add(const ast::Grant::Right& value) { all(value.kind, value.name); }

  void add(const ast::Grant& value) { all(value.system, value.rights); }

  void add(const ast::Role& value) { all(value.name, value.includes, value.when, value.grants); }

  void add(const ast::Keep& value) { all(value.name, value.selections, value.because); }

  void add(const ast::Conflict& value) { all(value.name, value.parts, value.because); }

  void add(const ast::Rule& value) {
    all(value.name, value.on, value.when, value.because, value.controls, value.escalate,
        value.clauses);
  }

  void add(const ast::Hold& value) {
    all(value.name, value.when, value.verbs, value.even_containment, value.selection,
        value.until_lifted, value.until_date, value.until_instant, value.ordered_by, value.because);
  }

  void add(const ast::Limit& value) {
    all(value.name, value.verbs, value.selection, value.count, value.percent, value.per_system,
        value.per, value.otherwise_ask);
  }

  void add(const ast::StageAction& value) { all(value.verb, value.item, value.to, value.text); }

  void add(const ast::Stage& value) {
    all(value.doc, value.name, value.actions, value.done_when, value.within, value.approved_by,
        value.otherwise_escalate, value.soak, value.on_use_return_to);
  }

  void add(const ast::Retire::Start& value) { all(value.stage, value.when); }

  void add(const ast::Retire::Enter& value) { all(value.stage, value.within, value.when); }

  void add(const ast::Retire& value) {
    all(value.name, value.on, value.selection, value.when, value.because, value.controls,
        value.escalate, value.starts, value.enters, value.stages);
  }

  void add(const ast::NotYet& value) { all(value.keyword, value.text); }

  void add(const ast::Declaration& value) {
    out += "\n";
    all(value.doc, value.node.index());
    std::visit([this](const auto& node) { add(node); }, value.node);
  }

  void add(const ast::PolicyFile& value) {
    all(value.module, value.module_doc, value.declarations);
  }

 private:
  template <typename... Parts>
  void all(const Parts&... parts) {
    (add(parts), ...);
  }
};

}  // namespace

std::string dump_tree(const ast::PolicyFile& file) {
  Dump dump;
  dump.add(file);
  return dump.out;
}

}  // namespace rescind::testing
