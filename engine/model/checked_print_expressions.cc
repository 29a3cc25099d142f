// The text form of checked expressions, fully parenthesised.
#include <string>

#include "base/check.h"
#include "model/checked_print_text.h"

namespace rescind {

namespace printing {
namespace {

bool is_number(TypeKind kind) {
  return kind == TypeKind::Int || kind == TypeKind::Instant || kind == TypeKind::Duration ||
         kind == TypeKind::Bool;
}

std::string number_text(TypeKind kind, std::int64_t number) {
  if (kind == TypeKind::Bool) {
    return number != 0 ? "true" : "false";
  }
  if (kind == TypeKind::Duration) {
    return format_duration(Seconds{number});
  }
  return std::to_string(number) + (kind == TypeKind::Instant ? "@" : "");
}

}  // namespace

std::string quote(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      result += '\\';
    }
    if (c == '\n') {
      result += "\\n";
    } else {
      result += c;
    }
  }
  return result + '"';
}

std::string kinds_of(KindSet kinds) {
  std::string text;
  for (std::size_t i = 0; i < kKindCount; ++i) {
    if (kinds.contains(static_cast<Kind>(i))) {
      text += (text.empty() ? "" : ", ") + std::string(kind_name(static_cast<Kind>(i)));
    }
  }
  return text;
}

std::string constant_text(const Type& type, const Constant& constant) {
  if (type.kind == TypeKind::Set) {
    if (is_number(type.element)) {
      return "{" +
             list(constant.numbers, ", ",
                  [&](std::int64_t n) { return number_text(type.element, n); }) +
             "}";
    }
    return "{" + list(constant.elements, ", ", quote) + "}";
  }
  if (is_number(type.kind)) {
    return number_text(type.kind, constant.number);
  }
  const std::string_view mark = type.kind == TypeKind::System      ? "system "
                                : type.kind == TypeKind::Principal ? "principal "
                                : type.kind == TypeKind::Identity  ? "identity "
                                                                   : "";
  return std::string(mark) + (type.kind == TypeKind::Enum ? constant.text : quote(constant.text));
}

}  // namespace printing

namespace {

using printing::constant_text;
using printing::kinds_of;
using printing::list;
using printing::quote;

std::string_view infix(ExprOp op) {
  switch (op) {
  case ExprOp::And:
    return " and ";
  case ExprOp::Or:
    return " or ";
  case ExprOp::Equal:
    return " == ";
  case ExprOp::NotEqual:
    return " != ";
  case ExprOp::Less:
    return " < ";
  case ExprOp::LessEqual:
    return " <= ";
  case ExprOp::Greater:
    return " > ";
  case ExprOp::GreaterEqual:
    return " >= ";
  case ExprOp::In:
    return " in ";
  case ExprOp::Coalesce:
    return " ?? ";
  case ExprOp::Add:
    return " + ";
  case ExprOp::Subtract:
    return " - ";
  case ExprOp::IdleFor:
    return " idle for ";
  case ExprOp::DeliveredTo:
    return " delivered to ";
  case ExprOp::Constant:
  case ExprOp::Subject:
  case ExprOp::Now:
  case ExprOp::Item:
  case ExprOp::Variable:
  case ExprOp::EventAttribute:
  case ExprOp::EventBuiltin:
  case ExprOp::EventBefore:
  case ExprOp::EventAfter:
  case ExprOp::Attribute:
  case ExprOp::Not:
  case ExprOp::Negate:
  case ExprOp::Known:
  case ExprOp::IsIdentityKind:
  case ExprOp::IsItemKind:
  case ExprOp::IsEvent:
  case ExprOp::Supports:
  case ExprOp::Justified:
  case ExprOp::Like:
  case ExprOp::Matches:
  case ExprOp::Any:
  case ExprOp::All:
  case ExprOp::Count:
  case ExprOp::Min:
  case ExprOp::Max:
  case ExprOp::Sum:
    break;
  }
  return {};
}

std::string_view quantifier_word(ExprOp op) {
  if (op == ExprOp::Any) {
    return "any";
  }
  if (op == ExprOp::All) {
    return "all";
  }
  if (op == ExprOp::Count) {
    return "count";
  }
  if (op == ExprOp::Min) {
    return "min";
  }
  return op == ExprOp::Max ? "max" : "sum";
}

// Appends to one text; conditions are most of what a policy prints.
class ExprPrinter {
 public:
  ExprPrinter(const ExprArena& exprs, std::string& out) : exprs_(exprs), out_(out) {}

  void print(ExprId id) {
    const Expr& expr = exprs_[id];
    if (const std::string_view sign = infix(expr.op); !sign.empty()) {
      out_ += '(';
      print(expr.operands[0]);
      out_ += sign;
      print(expr.operands[1]);
      out_ += ')';
    } else if (expr.operands.empty()) {
      leaf(expr);
    } else {
      prefixed(expr);
    }
  }

 private:
  void leaf(const Expr& expr) {
    switch (expr.op) {
    case ExprOp::Constant:
      out_ += constant_text(expr.type, expr.constant);
      return;
    case ExprOp::Subject:
      out_ += "subject";
      return;
    case ExprOp::Now:
      out_ += "now";
      return;
    case ExprOp::Item:
      out_ += "item";
      return;
    case ExprOp::Variable:
      out_ += "$" + std::to_string(expr.index);
      return;
    case ExprOp::EventAttribute:
    case ExprOp::EventBuiltin:
      out_ += "event." + expr.name;
      return;
    case ExprOp::EventBefore:
      out_ += "event.before." + expr.name;
      return;
    case ExprOp::EventAfter:
      out_ += "event.after." + expr.name;
      return;
    case ExprOp::IsEvent:
      out_ += "(event is " + list(expr.names, ", ", [](const auto& n) { return n; }) + ")";
      return;
    case ExprOp::Attribute:
    case ExprOp::Not:
    case ExprOp::Negate:
    case ExprOp::Known:
    case ExprOp::IsIdentityKind:
    case ExprOp::IsItemKind:
    case ExprOp::Supports:
    case ExprOp::Justified:
    case ExprOp::And:
    case ExprOp::Or:
    case ExprOp::Equal:
    case ExprOp::NotEqual:
    case ExprOp::Less:
    case ExprOp::LessEqual:
    case ExprOp::Greater:
    case ExprOp::GreaterEqual:
    case ExprOp::In:
    case ExprOp::Like:
    case ExprOp::Matches:
    case ExprOp::Coalesce:
    case ExprOp::Add:
    case ExprOp::Subtract:
    case ExprOp::IdleFor:
    case ExprOp::DeliveredTo:
    case ExprOp::Any:
    case ExprOp::All:
    case ExprOp::Count:
    case ExprOp::Min:
    case ExprOp::Max:
    case ExprOp::Sum:
      break;
    }
    RESCIND_CHECK(false, "a node without operands that needs some");
  }

  void prefixed(const Expr& expr) {
    const auto around = [&](std::string_view before, const std::string& after) {
      out_ += before;
      print(expr.operands[0]);
      out_ += after;
    };
    switch (expr.op) {
    case ExprOp::Attribute:
      return around("", "." + expr.name);
    case ExprOp::Justified:
      return around("", ".justified");
    case ExprOp::Not:
      return around("(not ", ")");
    case ExprOp::Negate:
      return around("(-", ")");
    case ExprOp::Known:
      return around("(known ", ")");
    case ExprOp::IsIdentityKind:
      return around("(", " is " + list(expr.names, ", ", [](const auto& n) { return n; }) + ")");
    case ExprOp::IsItemKind:
      return around("(", " is " + kinds_of(expr.kinds) + ")");
    case ExprOp::Supports:
      return around("(", " supports " + std::string(verb_name(expr.verb)) + ")");
    case ExprOp::Like:
      return around("(", " like " + quote(expr.constant.text) + ")");
    case ExprOp::Matches:
      return around("(", " matches " + quote(expr.constant.text) + ")");
    case ExprOp::Any:
    case ExprOp::All:
    case ExprOp::Count:
    case ExprOp::Min:
    case ExprOp::Max:
    case ExprOp::Sum:
      return quantified(expr);
    case ExprOp::Constant:
    case ExprOp::Subject:
    case ExprOp::Now:
    case ExprOp::Item:
    case ExprOp::Variable:
    case ExprOp::EventAttribute:
    case ExprOp::EventBuiltin:
    case ExprOp::EventBefore:
    case ExprOp::EventAfter:
    case ExprOp::IsEvent:
    case ExprOp::And:
    case ExprOp::Or:
    case ExprOp::Equal:
    case ExprOp::NotEqual:
    case ExprOp::Less:
    case ExprOp::LessEqual:
    case ExprOp::Greater:
    case ExprOp::GreaterEqual:
    case ExprOp::In:
    case ExprOp::Coalesce:
    case ExprOp::Add:
    case ExprOp::Subtract:
    case ExprOp::IdleFor:
    case ExprOp::DeliveredTo:
      break;
    }
    RESCIND_CHECK(false, "a node with operands that takes none");
  }

  void quantified(const Expr& expr) {
    out_ += std::string(quantifier_word(expr.op)) + "($" + std::to_string(expr.index) + " in ";
    print(expr.operands[0]);
    if (expr.operands[1].valid()) {
      out_ += " where ";
      print(expr.operands[1]);
    }
    if (expr.operands.size() > 2) {
      out_ += " : ";
      print(expr.operands[2]);
    }
    out_ += ')';
  }

  const ExprArena& exprs_;
  std::string& out_;
};

}  // namespace

std::string print_checked(const ExprArena& exprs, ExprId id) {
  if (!id.valid()) {
    return "true";
  }
  std::string text;
  ExprPrinter(exprs, text).print(id);
  return text;
}

}  // namespace rescind
