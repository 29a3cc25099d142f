// The syntax tree as policy text in one canonical layout. Parsing it again gives an equal tree.
#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

#include "model/ast.h"

namespace rescind::ast {
namespace {

template <typename... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};

template <typename... Cases>
Overloaded(Cases...) -> Overloaded<Cases...>;

// How tightly a form binds; an operand that binds looser than its place needs parentheses.
enum class Binding { Logic, Not, Comparison, Sum, Coalesce, Prefix, Postfix, Primary };

Binding binary_binding(BinaryOp op) {
  switch (op) {
  case BinaryOp::And:
  case BinaryOp::Or:
    return Binding::Logic;
  case BinaryOp::Add:
  case BinaryOp::Subtract:
    return Binding::Sum;
  case BinaryOp::Coalesce:
    return Binding::Coalesce;
  case BinaryOp::Equal:
  case BinaryOp::NotEqual:
  case BinaryOp::Less:
  case BinaryOp::LessEqual:
  case BinaryOp::Greater:
  case BinaryOp::GreaterEqual:
  case BinaryOp::In:
  case BinaryOp::NotIn:
  case BinaryOp::Like:
  case BinaryOp::Matches:
    return Binding::Comparison;
  }
  return Binding::Primary;
}

std::string_view binary_word(BinaryOp op) {
  switch (op) {
  case BinaryOp::And:
    return "and";
  case BinaryOp::Or:
    return "or";
  case BinaryOp::Equal:
    return "==";
  case BinaryOp::NotEqual:
    return "!=";
  case BinaryOp::Less:
    return "<";
  case BinaryOp::LessEqual:
    return "<=";
  case BinaryOp::Greater:
    return ">";
  case BinaryOp::GreaterEqual:
    return ">=";
  case BinaryOp::In:
    return "in";
  case BinaryOp::NotIn:
    return "not in";
  case BinaryOp::Like:
    return "like";
  case BinaryOp::Matches:
    return "matches";
  case BinaryOp::Coalesce:
    return "??";
  case BinaryOp::Add:
    return "+";
  case BinaryOp::Subtract:
    return "-";
  }
  return "";
}

std::string_view quantifier_word(Quantifier quantifier) {
  switch (quantifier) {
  case Quantifier::Any:
    return "any";
  case Quantifier::All:
    return "all";
  case Quantifier::Count:
    return "count";
  case Quantifier::Min:
    return "min";
  case Quantifier::Max:
    return "max";
  case Quantifier::Sum:
    return "sum";
  }
  return "";
}

Binding binding_of(const Expr& expr) {
  return std::visit(Overloaded{
                        [](const Binary& node) { return binary_binding(node.op); },
                        [](const Not&) { return Binding::Not; },
                        [](const Negate&) { return Binding::Prefix; },
                        [](const Known&) { return Binding::Prefix; },
                        [](const IsKind&) { return Binding::Comparison; },
                        [](const Supports&) { return Binding::Comparison; },
                        [](const IdleFor&) { return Binding::Comparison; },
                        [](const DeliveredTo&) { return Binding::Comparison; },
                        [](const Member&) { return Binding::Postfix; },
                        [](const auto&) { return Binding::Primary; },
                    },
                    expr.node);
}

std::string quoted(std::string_view value) {
  static constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string text = "\"";
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      text += '\\';
      text += c;
    } else if (c == '\n') {
      text += "\\n";
    } else if (c == '\t') {
      text += "\\t";
    } else if (byte < 0x20U || byte == 0x7FU) {
      text += "\\u{";
      text += kDigits[byte >> 4U];
      text += kDigits[byte & 0xFU];
      text += "}";
    } else {
      text += c;
    }
  }
  // Bidirectional control characters may not stand in a text, only their escapes.
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 12> kHidden{{
      {"\xD8\x9C", "\\u{61C}"},
      {"\xE2\x80\x8E", "\\u{200E}"},
      {"\xE2\x80\x8F", "\\u{200F}"},
      {"\xE2\x80\xAA", "\\u{202A}"},
      {"\xE2\x80\xAB", "\\u{202B}"},
      {"\xE2\x80\xAC", "\\u{202C}"},
      {"\xE2\x80\xAD", "\\u{202D}"},
      {"\xE2\x80\xAE", "\\u{202E}"},
      {"\xE2\x81\xA6", "\\u{2066}"},
      {"\xE2\x81\xA7", "\\u{2067}"},
      {"\xE2\x81\xA8", "\\u{2068}"},
      {"\xE2\x81\xA9", "\\u{2069}"},
  }};
  for (const auto& [character, escape] : kHidden) {
    for (std::size_t at = text.find(character); at != std::string::npos;
         at = text.find(character, at)) {
      text.replace(at, character.size(), escape);
    }
  }
  return text + "\"";
}

// A system or team: bare where that is a name, else as a string. Words of the grammar are quoted
// too.
bool is_plain_name(std::string_view text) {
  static constexpr auto kReserved = std::to_array<std::string_view>(
      {"module",   "import",  "with",      "schema",   "parameter", "define", "derive",   "keep",
       "conflict", "rule",    "hold",      "limit",    "retire",    "test",   "prove",    "on",
       "when",     "because", "controls",  "escalate", "then",      "notify", "ask",      "as",
       "where",    "to",      "for",       "of",       "within",    "after",  "approved", "by",
       "even",     "if",      "otherwise", "includes", "grants",    "blocks", "until",    "ordered",
       "at",       "per",     "and",       "or",       "not",       "in",     "like",     "matches",
       "is",       "known",   "supports",  "idle",     "delivered", "true",   "false",    "any",
       "all",      "count",   "min",       "max",      "sum"});
  const auto letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  const auto word = [&](char c) { return letter(c) || (c >= '0' && c <= '9'); };
  return !text.empty() && letter(text.front()) && std::all_of(text.begin(), text.end(), word) &&
         std::find(kReserved.begin(), kReserved.end(), text) == kReserved.end();
}

class ExpressionPrinter {
 public:
  std::string print(const Expr& expr, Binding place) {
    const bool wrapped = binding_of(expr) < place;
    return wrapped ? "(" + print_node(expr) + ")" : print_node(expr);
  }

 private:
  std::string print_node(const Expr& expr) {
    return std::visit(
        Overloaded{
            [](const BoolLiteral& node) { return std::string(node.value ? "true" : "false"); },
            [](const IntLiteral& node) { return std::to_string(node.value); },
            [](const StringLiteral& node) { return quoted(node.value); },
            [](const DurationLiteral& node) { return format_duration(node.value); },
            [](const InstantLiteral& node) {
              return node.date ? format_date(*node.date) : format_instant(node.instant);
            },
            [this](const SetLiteral& node) { return "{" + list(node.elements) + "}"; },
            [](const NameRef& node) { return node.name; },
            [this](const Member& node) {
              return print(*node.object, Binding::Postfix) + "." + node.attribute.text;
            },
            [this](const Call& node) {
              return node.function.text + "(" + list(node.arguments) + ")";
            },
            [this](const Not& node) { return "not " + print(*node.operand, Binding::Not); },
            [this](const Negate& node) { return "-" + print(*node.operand, Binding::Prefix); },
            [this](const Known& node) { return "known " + print(*node.operand, Binding::Prefix); },
            [this](const Binary& node) { return binary(node); },
            [this](const IsKind& node) { return is_kind(node); },
            [this](const Supports& node) {
              return print(*node.item, Binding::Sum) + " supports " + node.verb.text;
            },
            [this](const IdleFor& node) {
              return print(*node.item, Binding::Sum) + " idle for " +
                     print(*node.duration, Binding::Sum);
            },
            [this](const DeliveredTo& node) {
              return print(*node.item, Binding::Sum) + " delivered to " +
                     print(*node.to, Binding::Coalesce);
            },
            [this](const Quantified& node) { return quantified(node); },
        },
        expr.node);
  }

  std::string list(const std::vector<ExprPtr>& elements) {
    std::string text;
    for (const ExprPtr& element : elements) {
      text += text.empty() ? "" : ", ";
      text += print(*element, Binding::Logic);
    }
    return text;
  }

  // `now - (a ?? b)`: the parentheses say nothing new to the parser, but a reader wants them.
  std::string operand(const Expr& expr, Binding place, BinaryOp around) {
    const auto* node = std::get_if<Binary>(&expr.node);
    const bool coalesce = node != nullptr && node->op == BinaryOp::Coalesce;
    return coalesce && around != BinaryOp::Coalesce ? "(" + print_node(expr) + ")"
                                                    : print(expr, place);
  }

  // Chains lean to the left, so only there may an operand bind as loosely as the operator itself.
  std::string binary(const Binary& node) {
    const Binding own = binary_binding(node.op);
    const auto tighter = static_cast<Binding>(static_cast<int>(own) + 1);
    Binding left = own;
    if (own == Binding::Comparison) {
      left = Binding::Sum;
    } else if (own == Binding::Logic) {
      const auto* before = std::get_if<Binary>(&node.left->node);
      const bool same = before != nullptr && before->op == node.op;
      left = same ? Binding::Logic : Binding::Not;
    }
    return operand(*node.left, left, node.op) + " " + std::string(binary_word(node.op)) + " " +
           operand(*node.right, tighter, node.op);
  }

  std::string is_kind(const IsKind& node) {
    std::string text = print(*node.operand, Binding::Sum) + (node.negated ? " is not" : " is");
    for (std::size_t i = 0; i < node.kinds.size(); ++i) {
      text += (i == 0 ? " " : ", ") + node.kinds[i].text;
    }
    return text;
  }

  std::string quantified(const Quantified& node) {
    std::string text(quantifier_word(node.quantifier));
    text += "(" + node.variable.text + " in " + print(*node.set, Binding::Sum);
    if (node.where) {
      text += " where " + print(*node.where, Binding::Logic);
    }
    if (node.value) {
      text += " : " + print(*node.value, Binding::Logic);
    }
    return text + ")";
  }
};

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
      text += ExpressionPrinter().print(*alternative, Binding::Coalesce);
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

std::string print_expression(const Expr& expression) {
  return ExpressionPrinter().print(expression, Binding::Logic);
}

}  // namespace rescind::ast
