// Resolving the pieces that declarations share: verbs, events, kinds, selections and granted
// rights.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "check/expressions.h"

namespace rescind::checking {

// Nothing after an error, which was reported. `restore` is an error for now.
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
