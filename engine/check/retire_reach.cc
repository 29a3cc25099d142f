// What a retire takes: not what people hold, and nothing that another retire takes as well.
#include <algorithm>
#include <string>
#include <vector>

#include "check/program.h"

namespace rescind::checking {
namespace {

// Whether a condition can only be true of what no person holds.
class HolderSearch {
 public:
  explicit HolderSearch(const ExprArena& exprs) : exprs_(exprs) {}

  [[nodiscard]] bool excludes_people(ExprId id) const {
    if (!id.valid()) {
      return false;
    }
    const Expr& expr = exprs_[id];
    const auto excludes = [this](ExprId operand) { return excludes_people(operand); };
    if (expr.op == ExprOp::And) {
      return std::any_of(expr.operands.begin(), expr.operands.end(), excludes);
    }
    if (expr.op == ExprOp::Or) {
      return std::all_of(expr.operands.begin(), expr.operands.end(), excludes);
    }
    if (expr.op == ExprOp::IsIdentityKind) {
      return is_holder(expr.operands[0]) && none_human(expr.names);
    }
    if (expr.op == ExprOp::Not) {
      return negates_human(exprs_[expr.operands[0]]);
    }
    if (expr.op == ExprOp::Equal) {
      return compares_kind(expr, 0) || compares_kind(expr, 1);
    }
    return expr.op == ExprOp::In && is_holder_kind(expr.operands[0]) &&
           none_human(constant_words(expr.operands[1]));
  }

 private:
  static bool none_human(const std::vector<std::string>& kinds) {
    return !kinds.empty() && std::none_of(kinds.begin(), kinds.end(), is_human_kind);
  }

  // `x.holder`, `x.grantee`, one instead of the other, or the subject: whose items are reached.
  [[nodiscard]] bool is_holder(ExprId id) const {
    const Expr& expr = exprs_[id];
    if (expr.op == ExprOp::Coalesce) {
      return is_holder(expr.operands[0]) && is_holder(expr.operands[1]);
    }
    const bool names_one =
        expr.op == ExprOp::Attribute && (expr.name == "holder" || expr.name == "grantee");
    return expr.op == ExprOp::Subject || (names_one && exprs_[expr.operands[0]].op == ExprOp::Item);
  }

  [[nodiscard]] bool is_holder_kind(ExprId id) const {
    const Expr& expr = exprs_[id];
    return expr.op == ExprOp::Attribute && expr.name == "kind" && is_holder(expr.operands[0]);
  }

  [[nodiscard]] bool negates_human(const Expr& expr) const {
    if (expr.op != ExprOp::IsIdentityKind || !is_holder(expr.operands[0])) {
      return false;
    }
    const auto kinds = identity_kinds();
    return std::all_of(kinds.begin(), kinds.end(), [&expr](std::string_view kind) {
      return !is_human_kind(kind) ||
             std::find(expr.names.begin(), expr.names.end(), kind) != expr.names.end();
    });
  }

  [[nodiscard]] std::vector<std::string> constant_words(ExprId id) const {
    const Expr& expr = exprs_[id];
    if (expr.op != ExprOp::Constant) {
      return {};
    }
    return expr.type.kind == TypeKind::Set ? expr.constant.elements
                                           : std::vector<std::string>{expr.constant.text};
  }

  [[nodiscard]] bool compares_kind(const Expr& expr, std::size_t side) const {
    return is_holder_kind(expr.operands[side]) &&
           none_human(constant_words(expr.operands[1 - side]));
  }

  const ExprArena& exprs_;
};

bool share_an_event(const ClauseReach& a, const ClauseReach& b) {
  return std::find_first_of(a.events.begin(), a.events.end(), b.events.begin(), b.events.end()) !=
         a.events.end();
}

// Both conditions of a retire as text, "" where it has none.
struct Conditions {
  std::string when;
  std::string where;
};

// Whether one condition holds wherever the other does, as far as their texts tell.
bool covers(const std::string& wide, const std::string& narrow) {
  return wide.empty() || wide == narrow;
}

bool covers(const Conditions& wide, const Conditions& narrow) {
  return covers(wide.when, narrow.when) && covers(wide.where, narrow.where);
}

void report_overlap(Program& program, const CheckedRetire& retire, const CheckedRetire& other,
                    bool same) {
  const std::string message = "retires `" + other.declared.qualified() + "` and `" +
                              retire.declared.qualified() + "` take the same items";
  const std::string label =
      same ? "for the same events and conditions" : "also where the other one's condition holds";
  Diagnostic& diagnostic =
      same ? program.report.error(Code::R0473, retire.declared.span, message, label)
           : program.report.warning(Code::R0473, retire.declared.span, message, label);
  diagnostic.labels.push_back({other.declared.span, "and this one"});
  diagnostic.help.emplace_back(
      "an item goes through the stages of one retire: make their kinds, events or conditions "
      "differ");
}

}  // namespace

void check_retire_holders(Program& program, const ast::Retire& written,
                          const CheckedRetire& retire) {
  const HolderSearch search(program.arena);
  const bool excluded = search.excludes_people(retire.when) || search.excludes_people(retire.where);
  const bool machines_only =
      std::all_of(retire.on.begin(), retire.on.end(), [&program](std::uint32_t event) {
        return program.schema.events[event].name == "owner_left";
      });
  if (excluded || machines_only || !written.selection || program.report.has_errors()) {
    return;
  }
  program.report
      .warning(Code::R0472, written.selection->span,
               "retire `" + written.name.text + "` also takes what people hold",
               "not restricted to machines")
      .help.emplace_back(
          "people's access ends at once and by rules: write `where x.holder is not human`");
}

void check_retire_overlaps(Program& program, const CheckedPolicy& policy) {
  std::vector<Conditions> conditions;
  for (const CheckedRetire& retire : policy.retires) {
    conditions.push_back(
        {retire.when.valid() ? print_checked(program.arena, retire.when) : std::string(),
         retire.where.valid() ? print_checked(program.arena, retire.where) : std::string()});
  }
  for (std::size_t i = 0; i < policy.retires.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      const ClauseReach& a = program.retire_reaches[i];
      const ClauseReach& b = program.retire_reaches[j];
      const bool wider = covers(conditions[i], conditions[j]);
      const bool narrower = covers(conditions[j], conditions[i]);
      if ((wider || narrower) && share_an_event(a, b) && !(a.kinds & b.kinds).empty()) {
        report_overlap(program, policy.retires[i], policy.retires[j], wider && narrower);
      }
    }
  }
}

}  // namespace rescind::checking
