// Resolving the pieces that declarations share: verbs, events, kinds, selections and granted
// rights.
#include "check/selections.h"

#include "base/text.h"

namespace rescind::checking {

std::optional<Verb> resolve_verb(Program& program, const ast::Name& name) {
  const std::optional<Verb> verb = find_verb(name.text);
  if (!verb) {
    suggest(program.report.error(Code::R0206, name.span, "unknown verb `" + name.text + "`",
                                 "not a verb"),
            name.text, verb_words());
    return std::nullopt;
  }
  return verb;
}

std::vector<std::uint32_t> resolve_events(Program& program, const std::vector<ast::Name>& names,
                                          bool& complete) {
  std::vector<std::uint32_t> events;
  for (const ast::Name& name : names) {
    const auto found = program.events.find(name.text);
    if (found == program.events.end()) {
      suggest(program.report.error(Code::R0204, name.span, "unknown event `" + name.text + "`",
                                   "not an event"),
              name.text, program.event_names());
      complete = false;
      continue;
    }
    if (std::find(events.begin(), events.end(), found->second) != events.end()) {
      program.report.error(Code::R0212, name.span,
                           "event `" + name.text + "` stands twice in this list", "given before");
      continue;
    }
    events.push_back(found->second);
  }
  std::sort(events.begin(), events.end());
  return events;
}

KindSet resolve_kinds(Program& program, const std::vector<ast::Name>& names) {
  KindSet kinds;
  bool sound = true;
  for (const ast::Name& name : names) {
    const KindSet named = kinds_named(name.text);
    if (named.empty()) {
      suggest(program.report.error(Code::R0205, name.span, "unknown kind `" + name.text + "`",
                                   "not a kind of access item"),
              name.text, kind_words());
      sound = false;
    } else if (!(named & kinds).empty()) {
      program.report.error(Code::R0212, name.span,
                           "kind `" + name.text + "` stands twice in this list", "given before");
      sound = false;
    }
    kinds = kinds | named;
  }
  return sound ? kinds : KindSet();
}

void enter_item(Expressions& expressions, Scope& scope, const ast::Selection& selection,
                KindSet kinds) {
  const bool one_word = selection.kinds.size() == 1;
  if (!selection.alias && !one_word) {
    scope.ambiguous_item = written_names(selection.kinds);
    return;
  }
  const ast::Name& name = selection.alias ? *selection.alias : selection.kinds.front();
  hides_visible_name(expressions, scope, name);
  if (selection.alias) {
    for (const ast::Name& kind : selection.kinds) {
      scope.hidden_words.push_back(kind.text);
    }
  }
  Local item;
  item.sort = Local::Sort::Item;
  item.name = name.text;
  item.type = item_type(kinds.empty() ? kAllKinds : kinds);
  item.key = kItemKey;
  scope.locals.push_back(std::move(item));
}

Typed checked_condition(Expressions& expressions, const ast::ExprPtr& expr, Scope& scope,
                        bool& ok) {
  if (!expr) {
    return {};
  }
  Typed typed = expressions.condition(*expr, scope);
  ok = ok && !typed.poisoned;
  return typed;
}

std::optional<PrincipalExpr> checked_principals(Expressions& expressions,
                                                const std::optional<ast::Principals>& written,
                                                Scope& scope) {
  return written ? expressions.principals(*written, scope) : std::nullopt;
}

std::optional<Seconds> checked_period(Expressions& expressions, const ast::Duration& written,
                                      Scope& scope) {
  if (!written.parameter) {
    return written.value;
  }
  ast::Expr reference;
  reference.node = ast::NameRef{written.parameter->text};
  reference.span = written.span;
  const std::optional<Constant> value =
      expressions.constant(reference, scope, simple_type(TypeKind::Duration), "a length of time");
  if (value && value->number < 0) {
    expressions.program().report.error(
        Code::R0403, written.span,
        "`" + written.parameter->text + "` is negative, so this time has passed before the event",
        "stands for " + format_duration(Seconds{value->number}));
    return std::nullopt;
  }
  return value ? std::optional<Seconds>(Seconds{value->number}) : std::nullopt;
}

std::vector<EscalationLevel> checked_escalation(Expressions& expressions,
                                                const std::optional<ast::Escalation>& written,
                                                Scope& scope) {
  std::vector<EscalationLevel> levels;
  if (!written) {
    return levels;
  }
  for (const ast::Escalation::Level& level : written->levels) {
    if (std::optional<PrincipalExpr> to = expressions.principals(level.to, scope)) {
      const std::optional<Seconds> after =
          level.after ? checked_period(expressions, *level.after, scope) : Seconds{0};
      levels.push_back({*std::move(to), after.value_or(Seconds{0})});
    }
  }
  return levels;
}

void check_fit(Program& program, const ast::Name& word, Verb verb,
               const std::vector<ast::Name>& names) {
  for (const ast::Name& name : names) {
    const KindSet kinds = kinds_named(name.text);
    const KindSet unfit(kinds.bits & ~verb_kinds(verb).bits);
    if (unfit.empty()) {
      continue;
    }
    Diagnostic& diagnostic = program.report.error(
        Code::R0402, name.span, "`" + word.text + "` does not fit " + kinds_text(unfit),
        "cannot be the object of `" + word.text + "`");
    diagnostic.labels.push_back({word.span, "this verb"});
    diagnostic.help.emplace_back("verbs that fit " + kinds_text(kinds) + ": " +
                                 fitting_verbs(kinds));
  }
}

namespace {

std::string checked_level(Program& program, Expressions& expressions, const VerbWords& words,
                          Scope& scope) {
  if (words.text) {
    return words.text->value;
  }
  if (!words.to || words.to->alternatives.size() != 1) {
    program.report.error(Code::R0404, words.to ? words.to->span : words.word.span,
                         "`narrow` needs the one level that remains",
                         "write `to \"member\"` or another level");
    return {};
  }
  const std::optional<Constant> level =
      expressions.constant(*words.to->alternatives.front(), scope, simple_type(TypeKind::String),
                           "the level of `narrow`");
  return level ? level->text : std::string();
}

}  // namespace

void checked_target(Program& program, Expressions& expressions, const VerbWords& words,
                    Scope& scope, VerbTarget target) {
  const Verb verb = words.verb;
  const bool speaks = verb == Verb::Notify || verb == Verb::Ask;
  const bool needs_to = speaks || verb == Verb::Transfer || verb == Verb::Redirect;
  if (verb == Verb::Narrow) {
    target.text = checked_level(program, expressions, words, scope);
    return;
  }
  if (verb == Verb::Ask) {
    target.text = text_or_empty(words.text);
  }
  if (needs_to && !words.to) {
    program.report.error(Code::R0404, words.word.span,
                         "`" + words.word.text + "` needs to know to whom",
                         "write `to` and a team or an identity");
  } else if (!needs_to && (words.to || words.text)) {
    program.report.error(Code::R0404, words.to ? words.to->span : words.text->span,
                         "`" + words.word.text + "` has no `to`", "means nothing here");
  } else {
    target.to = checked_principals(expressions, words.to, scope);
  }
}

std::vector<CheckedGrant> resolve_grant(Program& program, const ast::Grant& grant) {
  const bool known = program.is_system(grant.system.text);
  if (!known) {
    suggest(program.report.error(Code::R0207, grant.system.span,
                                 "unknown system `" + grant.system.text + "`",
                                 "not declared in a `systems` block"),
            grant.system.text, program.schema.systems);
  }
  const KindSet grantable = kEntitlementKinds | Kind::License | Kind::Account | Kind::Device;
  std::vector<CheckedGrant> rights;
  for (const ast::Grant::Right& right : grant.rights) {
    const std::optional<Kind> kind = find_kind(right.kind.text);
    if (!kind && kinds_named(right.kind.text).empty()) {
      suggest(program.report.error(Code::R0205, right.kind.span,
                                   "unknown kind `" + right.kind.text + "`",
                                   "not a kind of access item"),
              right.kind.text, kind_words());
    } else if (!kind || !grantable.contains(*kind)) {
      program.report
          .error(Code::R0412, right.kind.span, "`" + right.kind.text + "` cannot be granted",
                 "not something that a job gives")
          .help.emplace_back(
              "what can be granted: " + kinds_text(kEntitlementKinds) +
              " (one of group, role, permission, delegation, share), license, account, "
              "device");
    } else if (known) {
      rights.push_back({grant.system.text, *kind, right.name.value, grant.span});
    }
  }
  return rights;
}

std::string written_names(const std::vector<ast::Name>& names) {
  std::string text;
  for (const ast::Name& name : names) {
    text += (text.empty() ? "" : ", ") + name.text;
  }
  return text;
}

std::string text_or_empty(const std::optional<ast::Text>& text) {
  return text ? text->value : std::string();
}

std::string fitting_verbs(KindSet kinds) {
  std::vector<std::string> words;
  for (std::size_t i = 0; i < kVerbCount; ++i) {
    const Verb verb = static_cast<Verb>(i);
    if (verb != Verb::Restore && !kinds.empty() && kinds.subset_of(verb_kinds(verb))) {
      words.emplace_back(verb_name(verb));
    }
  }
  return join(words, ", ");
}

}  // namespace rescind::checking
