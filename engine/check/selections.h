// Resolving the pieces that declarations share: verbs, events, kinds, selections and granted
// rights.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "check/expressions.h"

namespace rescind::checking {

// Nothing after an error, which was reported.
std::optional<Verb> resolve_verb(Program& program, const ast::Name& name);
// Sorted indexes; `complete` turns false when a name was unknown.
std::vector<std::uint32_t> resolve_events(Program& program, const std::vector<ast::Name>& names,
                                          bool& complete);
// Empty after an error.
KindSet resolve_kinds(Program& program, const std::vector<ast::Name>& names);
// Adds the selected item under its name to the scope.
void enter_item(Expressions& expressions, Scope& scope, const ast::Selection& selection,
                KindSet kinds);
// Checks a condition that may be absent; invalid then and after an error. `ok` turns false on
// errors.
Typed checked_condition(Expressions& expressions, const ast::ExprPtr& expr, Scope& scope, bool& ok);
// Principals that may be absent.
std::optional<PrincipalExpr> checked_principals(Expressions& expressions,
                                                const std::optional<ast::Principals>& written,
                                                Scope& scope);
// A written duration, or the value of the parameter or define that it names; nothing after an
// error.
std::optional<Seconds> checked_period(Expressions& expressions, const ast::Duration& written,
                                      Scope& scope);
std::vector<EscalationLevel> checked_escalation(Expressions& expressions,
                                                const std::optional<ast::Escalation>& written,
                                                Scope& scope);
// Reports the kinds that a verb cannot have as its object.
void check_fit(Program& program, const ast::Name& word, Verb verb,
               const std::vector<ast::Name>& kinds);

// What is written around the verb of a clause or a stage's action.
struct VerbWords {
  Verb verb;
  const ast::Name& word;
  const std::optional<ast::Principals>& to;
  const std::optional<ast::Text>& text;
};

// What a verb says besides its object.
struct VerbTarget {
  std::optional<PrincipalExpr>& to;  // notify, ask, transfer, redirect
  std::string& text;                 // level of narrow, request of ask
};

// Fills what the verb says and reports what it lacks or cannot have.
void checked_target(Program& program, Expressions& expressions, const VerbWords& words,
                    Scope& scope, VerbTarget target);
// The rights of a grant; those with errors are left out.
std::vector<CheckedGrant> resolve_grant(Program& program, const ast::Grant& grant);
// "session, token" as written.
std::string written_names(const std::vector<ast::Name>& names);
std::string text_or_empty(const std::optional<ast::Text>& text);
// Which verbs fit a kind, for help texts: "disable, rotate".
std::string fitting_verbs(KindSet kinds);

// A declaration with its module, for lists over all modules.
template <typename Entry>
struct Placed {
  std::string qualified;
  Module* module = nullptr;
  std::string name;
  Entry* entry = nullptr;
};

// All declarations of one sort, sorted by qualified name.
template <typename Entry>
std::vector<Placed<Entry>> all_declarations(Program& program,
                                            std::map<std::string, Entry> Module::*table) {
  std::vector<Placed<Entry>> result;
  for (const auto& [module_name, module] : program.modules) {
    for (auto& [name, entry] : (*module).*table) {
      const std::string qualified = module_name.empty() ? name : module_name + "." + name;
      result.push_back({qualified, module.get(), name, &entry});
    }
  }
  std::sort(result.begin(), result.end(), [](const auto& a, const auto& b) {
    return std::tie(a.qualified, a.name) < std::tie(b.qualified, b.name);
  });
  return result;
}

template <typename Entry>
Declared declared_of(const Placed<Entry>& placed) {
  return {placed.module->name, placed.name, placed.entry->doc, placed.entry->span};
}

}  // namespace rescind::checking
