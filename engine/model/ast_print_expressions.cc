// Expressions of the syntax tree as policy text, with no more parentheses than they need.
#include <algorithm>
#include <array>
#include <string_view>

#include "model/ast_print_text.h"

namespace rescind::ast {

namespace printing {

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

}  // namespace printing

namespace {

using printing::Overloaded;
using printing::quoted;

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

}  // namespace

std::string printing::print_principal(const Expr& expression) {
  return ExpressionPrinter().print(expression, Binding::Coalesce);
}

std::string print_expression(const Expr& expression) {
  return ExpressionPrinter().print(expression, Binding::Logic);
}

}  // namespace rescind::ast
