// Holds and limits: what keeps a policy back.
#include <utility>

#include "check/selections.h"

namespace rescind::checking {
namespace {

// The verbs and kinds of a hold or limit, each of which must fit one of the others.
struct Reach {
  std::vector<Verb> verbs;
  KindSet kinds;
  ExprId where;
};

class HoldingChecker {
 public:
  HoldingChecker(Program& program, Expressions& expressions, CheckedPolicy& policy)
      : program_(program), expressions_(expressions), policy_(policy) {}

  void check(const Placed<Found<ast::Hold>>& placed) {
    const ast::Hold& written = *placed.entry->ast;
    CheckedHold hold;
    hold.declared = declared_of(placed);
    hold.because = text_or_empty(written.because);
    hold.even_containment = written.even_containment;
    Scope scope;
    scope.place = "a hold";
    scope.module = placed.module;
    scope.subject = true;
    bool sound = true;
    const Typed when = checked_condition(expressions_, written.when, scope, sound);
    hold.when = when.id;
    warn_if_never(when, written.when, "hold `" + written.name.text + "`");

    Scope item_scope;
    item_scope.place = "a hold's selection";
    item_scope.module = placed.module;
    Reach reach = check_reach(written.verbs, written.selection, written.name, item_scope);
    hold.verbs = std::move(reach.verbs);
    hold.kinds = reach.kinds;
    hold.where = reach.where;
    check_containment(written, hold);
    check_end(written, hold);
    Scope nobody;
    nobody.place = "an order";
    nobody.module = placed.module;
    hold.ordered_by = checked_principals(expressions_, written.ordered_by, nobody);
    policy_.holds.push_back(std::move(hold));
  }

  void check(const Placed<Found<ast::Limit>>& placed) {
    const ast::Limit& written = *placed.entry->ast;
    CheckedLimit limit;
    limit.declared = declared_of(placed);
    limit.count = written.count;
    limit.percent = written.percent;
    limit.per_system = written.per_system;
    Scope scope;
    scope.place = "a limit";
    scope.module = placed.module;
    Reach reach = check_reach(written.verbs, written.selection, written.name, scope);
    limit.verbs = std::move(reach.verbs);
    limit.kinds = reach.kinds;
    limit.where = reach.where;
    check_bounds(written, limit);
    Scope nobody;
    nobody.place = "a limit";
    nobody.module = placed.module;
    limit.ask = checked_principals(expressions_, written.otherwise_ask, nobody);
    policy_.limits.push_back(std::move(limit));
  }

 private:
  void warn_if_never(const Typed& condition, const ast::ExprPtr& written, const std::string& what) {
    if (condition.truth == false) {
      program_.report.never_holds(written->span, what + " never applies");
    }
  }

  Reach check_reach(const std::vector<ast::Name>& verbs,
                    const std::optional<ast::Selection>& selection, const ast::Name& name,
                    Scope& scope) {
    Reach reach;
    bool sound = true;
    KindSet fitted;
    std::vector<std::pair<const ast::Name*, Verb>> resolved;
    for (const ast::Name& word : verbs) {
      const std::optional<Verb> verb = resolve_verb(program_, word);
      if (!verb) {
        sound = false;
        continue;
      }
      if (std::find(reach.verbs.begin(), reach.verbs.end(), *verb) != reach.verbs.end()) {
        program_.report.error(Code::R0212, word.span,
                              "verb `" + word.text + "` stands twice in this list", "given before");
        continue;
      }
      if (*verb == Verb::Restore) {
        program_.report.error(Code::R0474, word.span,
                              "`restore` takes nothing away that could be held back",
                              "has no effect to bind");
        sound = false;
        continue;
      }
      reach.verbs.push_back(*verb);
      resolved.emplace_back(&word, *verb);
      fitted = fitted | verb_kinds(*verb);
    }
    if (verbs.empty()) {
      program_.report.error(Code::R0410, name.span, "`" + name.text + "` names no verb",
                            "holds nothing back");
      sound = false;
    }
    std::sort(reach.verbs.begin(), reach.verbs.end());
    reach.kinds = selection ? resolve_kinds(program_, selection->kinds) : fitted;
    if (sound && !reach.kinds.empty()) {
      check_fit(resolved, selection, reach.kinds, fitted);
    }
    if (selection) {
      enter_item(expressions_, scope, *selection, reach.kinds);
      const Typed where = checked_condition(expressions_, selection->where, scope, sound);
      reach.where = where.id;
      warn_if_never(where, selection->where, "`" + name.text + "`");
    }
    return reach;
  }

  void check_fit(const std::vector<std::pair<const ast::Name*, Verb>>& verbs,
                 const std::optional<ast::Selection>& selection, KindSet kinds, KindSet fitted) {
    for (const auto& [word, verb] : verbs) {
      if ((verb_kinds(verb) & kinds).empty()) {
        program_.report.error(Code::R0410, word->span,
                              "`" + word->text + "` fits none of the kinds named here",
                              "does not fit " + kinds_text(kinds));
      }
    }
    if (!selection || (kinds & fitted).empty()) {
      return;  // said of the verbs already
    }
    for (const ast::Name& kind : selection->kinds) {
      if ((kinds_named(kind.text) & fitted).empty()) {
        program_.report
            .error(Code::R0410, kind.span, "none of the verbs named here fits " + kind.text,
                   "can never be reached")
            .help.emplace_back("verbs that fit " + kind.text + ": " +
                               fitting_verbs(kinds_named(kind.text)));
      }
    }
  }

  void check_containment(const ast::Hold& written, const CheckedHold& hold) {
    if (hold.even_containment) {
      return;
    }
    for (const ast::Name& word : written.verbs) {
      const std::optional<Verb> verb = find_verb(word.text);
      bool contains = false;
      for (std::size_t i = 0; verb && i < kKindCount; ++i) {
        const Kind kind = static_cast<Kind>(i);
        contains = contains || (hold.kinds.contains(kind) &&
                                default_effects(*verb, kind).has(Effect::Contains));
      }
      if (contains) {
        program_.report
            .error(Code::R0408, word.span,
                   "`" + word.text + "` contains, and a hold does not block containment",
                   "stays possible")
            .help.emplace_back("write `even containment` where that is really meant");
      }
    }
  }

  void check_end(const ast::Hold& written, CheckedHold& hold) {
    if (written.until_date) {
      hold.until = end_of_day_everywhere(*written.until_date);
    } else if (written.until_instant) {
      hold.until = written.until_instant;
    } else if (!written.until_lifted) {
      program_.report
          .error(Code::R0407, written.name.span, "hold `" + written.name.text + "` has no end",
                 "until when?")
          .help.emplace_back("write `until` and a date, or `until lifted`");
    }
  }

  void check_bounds(const ast::Limit& written, CheckedLimit& limit) {
    const auto report = [&](std::string message, std::string label) {
      program_.report.error(Code::R0409, written.name.span,
                            "limit `" + written.name.text + "` " + std::move(message),
                            std::move(label));
    };
    if (!limit.count && !limit.percent) {
      report("has no bound", "write `at most 10` or `at most max(5%, 10)`");
    }
    if ((limit.count && *limit.count <= 0) || (limit.percent && *limit.percent <= 0)) {
      report("allows nothing", "a bound is at least 1");
    }
    if (limit.percent && *limit.percent > 100) {
      report("allows more than everything", "a share is at most 100%");
    }
    if (!written.per) {
      report("has no window", "write `per 1d`: over how long is counted?");
    } else if (written.per->value <= Seconds{0}) {
      report("counts over no time", "a window is at least a second");
    } else {
      limit.window = written.per->value;
    }
  }

  Program& program_;
  Expressions& expressions_;
  CheckedPolicy& policy_;
};

}  // namespace

void check_holds(Program& program, Expressions& expressions, CheckedPolicy& policy) {
  HoldingChecker checker(program, expressions, policy);
  for (const auto& placed : all_declarations(program, &Module::holds)) {
    checker.check(placed);
  }
}

void check_limits(Program& program, Expressions& expressions, CheckedPolicy& policy) {
  HoldingChecker checker(program, expressions, policy);
  for (const auto& placed : all_declarations(program, &Module::limits)) {
    checker.check(placed);
  }
}

}  // namespace rescind::checking
