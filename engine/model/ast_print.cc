// The syntax tree as policy text in one canonical layout. Parsing it again gives an equal tree.
#include <string_view>

#include "model/ast_print_text.h"

namespace rescind::ast {
namespace {

using printing::is_plain_name;
using printing::Overloaded;
using printing::quoted;

class PolicyPrinter {
 public:
  std::string print(const PolicyFile& file) {
    if (file.module) {
      doc(file.module_doc, "");
      out_ += "module " + file.module->text() + "\n";
    }
    for (const Declaration& declaration : file.declarations) {
      out_ += out_.empty() ? "" : "\n";
      doc(declaration.doc, "");
      std::visit([this](const auto& node) { add(node); }, declaration.node);
    }
    return std::move(out_);
  }

 private:
  static constexpr std::string_view kIndent = "  ";

  void doc(const Doc& doc, std::string_view indent) {
    if (doc.text.empty() && doc.span == Span{}) {
      return;
    }
    std::size_t begin = 0;
    while (begin <= doc.text.size()) {
      const std::size_t end = std::min(doc.text.find('\n', begin), doc.text.size());
      const std::string line = doc.text.substr(begin, end - begin);
      out_ += std::string(indent) + "///" + (line.empty() ? "" : " " + line) + "\n";
      begin = end + 1;
    }
  }

  void line(const std::string& text) { out_ += std::string(kIndent) + text + "\n"; }

  static std::string expr(const ExprPtr& value) { return print_expression(*value); }

  // A system or team: bare where that is a name, else as a string. Words of the grammar are quoted
  // too.
  static std::string name_or_string(const Name& name) {
    return is_plain_name(name.text) ? name.text : quoted(name.text);
  }

  static std::string names(const std::vector<Name>& list) {
    std::string text;
    for (const Name& name : list) {
      text += text.empty() ? "" : ", ";
      text += name.text;
    }
    return text;
  }

  static std::string principals(const Principals& list) {
    std::string text;
    for (const ExprPtr& alternative : list.alternatives) {
      text += text.empty() ? "" : " or ";
      text += printing::print_principal(*alternative);
    }
    return text;
  }

  static std::string period(const Duration& period) {
    return period.parameter ? period.parameter->text : format_duration(period.value);
  }

  static std::string type(const TypeExpr& type) {
    std::string text = type.name.text;
    if (!type.enum_values.empty()) {
      text += " { " + names(type.enum_values) + " }";
    }
    if (type.element) {
      text += "<" + PolicyPrinter::type(*type.element) + ">";
    }
    return text + (type.optional ? "?" : "");
  }

  static std::string selection(const Selection& selection) {
    std::string text = names(selection.kinds);
    text += selection.alias ? " as " + selection.alias->text : "";
    text += selection.where ? " where " + expr(selection.where) : "";
    return text;
  }

  static std::string right(const Grant::Right& right) {
    return right.kind.text + " " + quoted(right.name.value);
  }

  void add(const Import& node) {
    out_ += "import " + node.module.text();
    if (!node.arguments.empty()) {
      out_ += " with {\n";
      for (const Import::Argument& argument : node.arguments) {
        line(argument.parameter.text + " = " + expr(argument.value));
      }
      out_ += "}";
    }
    out_ += "\n";
  }

  void attributes(const std::vector<AttributeDecl>& list) {
    for (const AttributeDecl& attribute : list) {
      doc(attribute.doc, "    ");
      out_ += "    " + attribute.name.text + ": " + type(attribute.type);
      out_ += attribute.default_value ? " = " + expr(attribute.default_value) : "";
      out_ += "\n";
    }
  }

  static std::string name_block(const std::vector<Name>& list) {
    std::string text;
    for (const Name& name : list) {
      text += text.empty() ? "" : ", ";
      text += name_or_string(name);
    }
    return text.empty() ? "{ }" : "{ " + text + " }";
  }

  void add(const SchemaBlock& node) {
    out_ += "schema {\n";
    for (const SchemaBlock::Entry& entry : node.entries) {
      std::visit(
          Overloaded{
              [this](const SchemaBlock::Systems& list) {
                line("systems " + name_block(list.names));
              },
              [this](const SchemaBlock::Teams& list) { line("teams " + name_block(list.names)); },
              [this](const SchemaBlock::Entity& entity) {
                line(entity.entity.text + " {");
                attributes(entity.attributes);
                line("}");
              },
              [this](const SchemaBlock::Event& event) {
                doc(event.doc, kIndent);
                line("event " + event.name.text + " about " + event.about.text + " {");
                attributes(event.attributes);
                line("}");
              },
          },
          entry.node);
    }
    out_ += "}\n";
  }

  void add(const Parameter& node) {
    out_ += "parameter " + node.name.text + ": " + type(node.type);
    out_ += node.default_value ? " = " + expr(node.default_value) : "";
    out_ += "\n";
  }

  void add(const Define& node) {
    out_ += "define " + node.name.text;
    if (!node.formals.empty()) {
      std::string formals;
      for (const Define::Formal& formal : node.formals) {
        formals += formals.empty() ? "" : ", ";
        formals += formal.name.text + ": " + type(formal.type);
      }
      out_ += "(" + formals + ")";
    }
    out_ += " = " + expr(node.body) + "\n";
  }

  void add(const Derive& node) {
    out_ += "derive " + node.event.text + " for " + node.entity.text;
    out_ += node.alias ? " as " + node.alias->text : "";
    out_ += node.where ? " where " + expr(node.where) : "";
    out_ += " on " + names(node.on) + "\n";
  }

  void add(const Role& node) {
    out_ += "role " + node.name.text;
    out_ += node.includes.empty() ? "" : " includes " + names(node.includes);
    out_ += " {\n";
    if (node.when) {
      line("when " + expr(node.when));
    }
    for (const Grant& grant : node.grants) {
      std::string rights;
      for (const Grant::Right& granted : grant.rights) {
        rights += rights.empty() ? "" : ", ";
        rights += right(granted);
      }
      line("grants " + name_or_string(grant.system) + " " + rights);
    }
    out_ += "}\n";
  }

  void add(const Keep& node) {
    out_ += "keep " + node.name.text + " {\n";
    for (const Selection& kept : node.selections) {
      line(selection(kept));
    }
    because(node.because);
    out_ += "}\n";
  }

  void because(const std::optional<Text>& text) {
    if (text) {
      line("because " + quoted(text->value));
    }
  }

  void add(const Conflict& node) {
    out_ += "conflict " + node.name.text + " {\n";
    for (std::size_t i = 0; i < node.parts.size(); ++i) {
      const Grant& part = node.parts[i];
      line(name_or_string(part.system) + " " + right(part.rights.front()) +
           (i + 1 < node.parts.size() ? "," : ""));
    }
    because(node.because);
    out_ += "}\n";
  }

  void controls(const std::vector<Text>& list) {
    for (std::size_t i = 0; i < list.size(); ++i) {
      const bool last = i + 1 == list.size();
      line((i == 0 ? "controls " : "         ") + quoted(list[i].value) + (last ? "" : ","));
    }
  }

  void escalation(const std::optional<Escalation>& chain) {
    if (!chain) {
      return;
    }
    std::string levels;
    for (const Escalation::Level& level : chain->levels) {
      levels += levels.empty() ? " " : " then ";
      levels += principals(level.to);
      levels += level.after ? " after " + period(*level.after) : "";
    }
    line("escalate to" + levels);
  }

  void add(const Rule& node) {
    out_ += "rule " + node.name.text + " {\n";
    if (!node.on.empty()) {
      line("on " + names(node.on));
    }
    if (node.when) {
      line("when " + expr(node.when));
    }
    because(node.because);
    controls(node.controls);
    escalation(node.escalate);
    out_ += node.clauses.empty() ? "" : "\n";
    for (const Clause& clause : node.clauses) {
      doc(clause.doc, kIndent);
      line(clause_text(clause));
    }
    out_ += "}\n";
  }

  static std::string clause_text(const Clause& node) {
    std::string text = node.verb.text;
    text += node.selection ? " " + selection(*node.selection) : "";
    const bool about_people = !node.selection;  // notify and ask: no `to` before who
    if (node.to) {
      text += (about_people ? " " : " to ") + principals(*node.to);
    }
    text += node.text ? " to " + quoted(node.text->value) : "";
    text += node.within ? " within " + period(*node.within) : "";
    text += node.after ? " after " + period(*node.after) : "";
    text += node.approved_by ? " approved by " + principals(*node.approved_by) : "";
    text += node.even_if_staged ? " even if staged" : "";
    text += node.otherwise_escalate
                ? " otherwise escalate to " + principals(*node.otherwise_escalate)
                : "";
    text += node.because ? " because " + quoted(node.because->value) : "";
    return text;
  }

  void add(const Hold& node) {
    out_ += "hold " + node.name.text + " {\n";
    if (node.when) {
      line("when " + expr(node.when));
    }
    if (node.selection) {
      line("blocks " + names(node.verbs) + " of " + selection(*node.selection));
    }
    if (node.even_containment) {
      line("even containment");
    }
    if (node.until_lifted) {
      line("until lifted");
    } else if (node.until_date) {
      line("until " + format_date(*node.until_date));
    } else if (node.until_instant) {
      line("until " + format_instant(*node.until_instant));
    }
    if (node.ordered_by) {
      line("ordered by " + principals(*node.ordered_by));
    }
    because(node.because);
    out_ += "}\n";
  }

  void add(const Limit& node) {
    out_ += "limit " + node.name.text + " {\n";
    std::string text = names(node.verbs);
    if (node.selection) {
      text += " of " + selection(*node.selection);
    }
    const std::string percent = node.percent ? std::to_string(*node.percent) + "%" : "";
    const std::string count = node.count ? std::to_string(*node.count) : "";
    if (node.percent && node.count) {
      text += " at most max(" + percent + ", " + count + ")";
    } else if (node.percent || node.count) {
      text += " at most " + percent + count;
    }
    text += node.per_system ? " per system" : "";
    text += node.per ? " per " + format_duration(node.per->value) : "";
    text += node.otherwise_ask ? " otherwise ask " + principals(*node.otherwise_ask) : "";
    line(text);
    out_ += "}\n";
  }

  void add(const Retire& node) {
    out_ += "retire " + node.name.text + " {\n";
    if (!node.on.empty()) {
      line("on " + names(node.on));
    }
    if (node.selection) {
      line("for " + selection(*node.selection));
    }
    if (node.when) {
      line("when " + expr(node.when));
    }
    because(node.because);
    controls(node.controls);
    escalation(node.escalate);
    for (const Retire::Start& start : node.starts) {
      line("start at " + start.stage.text + (start.when ? " when " + expr(start.when) : ""));
    }
    for (const Retire::Enter& enter : node.enters) {
      line("enter " + enter.stage.text + " within " + period(enter.within) +
           (enter.when ? " when " + expr(enter.when) : ""));
    }
    for (const Stage& stage : node.stages) {
      out_ += "\n";
      doc(stage.doc, kIndent);
      line("stage " + stage.name.text + " {");
      stage_parts(stage);
      line("}");
    }
    out_ += "}\n";
  }

  void stage_parts(const Stage& stage) {
    for (const StageAction& action : stage.actions) {
      part(action_text(action));
    }
    if (stage.done_when) {
      part("done when " + expr(stage.done_when));
    }
    if (stage.within) {
      part("within " + period(*stage.within));
    }
    if (stage.otherwise_escalate) {
      part("otherwise escalate to " + principals(*stage.otherwise_escalate));
    }
    if (stage.approved_by) {
      part("approved by " + principals(*stage.approved_by));
    }
    if (stage.soak) {
      part("soak " + period(*stage.soak));
    }
    if (stage.on_use_return_to) {
      part("on use return to " + stage.on_use_return_to->text);
    }
  }

  void part(const std::string& text) { line(std::string(kIndent) + text); }

  static std::string action_text(const StageAction& node) {
    std::string text = node.verb.text;
    text += node.item ? " " + node.item->text : "";
    if (node.to) {
      text += (node.item ? " to " : " ") + principals(*node.to);
    }
    return text + (node.text ? " to " + quoted(node.text->value) : "");
  }

  void add(const NotYet& node) { out_ += node.text + "\n"; }

  std::string out_;
};

}  // namespace

std::string print_policy(const PolicyFile& file) {
  return PolicyPrinter().print(file);
}

}  // namespace rescind::ast
