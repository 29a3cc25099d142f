// Roles with what they include, keeps, and conflicts.
#include <algorithm>
#include <iterator>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "check/selections.h"

namespace rescind::checking {
namespace {

bool grant_less(const CheckedGrant& a, const CheckedGrant& b) {
  return std::tie(a.system, a.kind, a.name) < std::tie(b.system, b.kind, b.name);
}

void sort_grants(std::vector<CheckedGrant>& grants) {
  std::stable_sort(grants.begin(), grants.end(), grant_less);
  grants.erase(std::unique(grants.begin(), grants.end()), grants.end());
}

std::string grant_key(const CheckedGrant& grant) {
  return grant.system + '\n' + std::string(kind_name(grant.kind)) + '\n' + grant.name;
}

std::string grant_text(const CheckedGrant& grant) {
  return grant.system + " " + std::string(kind_name(grant.kind)) + " \"" + grant.name + "\"";
}

class RoleChecker {
 public:
  RoleChecker(Program& program, Expressions& expressions)
      : program_(program), expressions_(expressions) {}

  void run(CheckedPolicy& policy) {
    const auto placed = all_declarations(program_, &Module::roles);
    for (std::size_t i = 0; i < placed.size(); ++i) {
      number_[placed[i].entry] = static_cast<std::uint32_t>(i);
      read(placed[i]);
    }
    for (const auto& role : placed) {
      resolve_includes(role);
    }
    for (const auto& role : placed) {
      close(*role.entry);
    }
    for (const auto& role : placed) {
      policy.roles.push_back(std::move(role.entry->checked));
    }
  }

 private:
  static constexpr std::size_t kMaxInclusions = 1'000'000;

  void read(const Placed<Role>& placed) {
    Role& role = *placed.entry;
    role.checked.declared = declared_of(placed);
    Scope scope;
    scope.place = "a role";
    scope.module = placed.module;
    scope.subject = true;
    bool sound = true;
    const Typed when = checked_condition(expressions_, role.ast->when, scope, sound);
    role.checked.when = when.id;
    if (when.truth == false) {
      program_.report.never_holds(role.ast->when->span,
                                  "nobody ever has the role `" + placed.name + "`");
    }
    for (const ast::Grant& grant : role.ast->grants) {
      std::vector<CheckedGrant> rights = resolve_grant(program_, grant);
      std::move(rights.begin(), rights.end(), std::back_inserter(role.checked.grants));
    }
  }

  void resolve_includes(const Placed<Role>& placed) {
    for (const ast::Name& name : placed.entry->ast->includes) {
      Role* included = find(*placed.module, name);
      if (included != nullptr) {
        placed.entry->includes.push_back(included);
      }
    }
  }

  Role* find(Module& module, const ast::Name& name) {
    const auto own = module.roles.find(name.text);
    if (own != module.roles.end()) {
      return &own->second;
    }
    std::vector<std::string> names;
    for (const auto& [known, role] : module.roles) {
      names.push_back(known);
    }
    Role* found = nullptr;
    const Module* from = nullptr;
    for (const ImportEdge& edge : module.imports) {
      for (const auto& [known, role] : edge.target->roles) {
        names.push_back(known);
      }
      const auto theirs = edge.target->roles.find(name.text);
      if (theirs == edge.target->roles.end() || edge.target == from) {
        continue;
      }
      if (found != nullptr) {
        program_.report.error(Code::R0225, name.span,
                              "role `" + name.text + "` is declared by both `" + from->name +
                                  "` and `" + edge.target->name + "`",
                              "which one is meant?");
        return nullptr;
      }
      found = &theirs->second;
      from = edge.target;
    }
    if (found == nullptr) {
      suggest(program_.report.error(Code::R0210, name.span, "unknown role `" + name.text + "`",
                                    "not declared"),
              name.text, names);
    }
    return found;
  }

  // Adds to a role and to all that it includes what they include. A role on the path is a circle.
  void close(Role& start) {
    if (!seen_.insert(&start).second) {
      return;
    }
    std::vector<std::pair<Role*, std::size_t>> path = {{&start, 0}};
    std::unordered_set<const Role*> on_path = {&start};
    while (!path.empty()) {
      auto& [role, next] = path.back();
      if (next == role->includes.size()) {
        gather(*role);
        on_path.erase(role);
        path.pop_back();
        continue;
      }
      Role* included = role->includes[next];
      if (on_path.count(included) > 0) {
        report_circle(*role, *included, next);
        role->includes.erase(role->includes.begin() + static_cast<std::ptrdiff_t>(next));
        continue;
      }
      ++next;
      if (seen_.insert(included).second) {
        on_path.insert(included);
        path.emplace_back(included, 0);
      }
    }
  }

  void report_circle(const Role& role, const Role& included, std::size_t /*next*/) {
    const auto name = std::find_if(
        role.ast->includes.begin(), role.ast->includes.end(),
        [&](const ast::Name& written) { return written.text == included.ast->name.text; });
    program_.report.error(
        Code::R0216, name->span,
        "role `" + role.ast->name.text + "` includes `" + name->text + "`, which includes it",
        "this closes a circle");
  }

  void gather(Role& role) {
    std::vector<std::uint32_t>& all = role.checked.includes;
    for (const Role* included : role.includes) {
      all.push_back(number_.at(included));
      const std::vector<std::uint32_t>& theirs = included->checked.includes;
      all.insert(all.end(), theirs.begin(), theirs.end());
      const std::vector<CheckedGrant>& grants = included->checked.grants;
      role.checked.grants.insert(role.checked.grants.end(), grants.begin(), grants.end());
    }
    std::sort(all.begin(), all.end());
    all.erase(std::unique(all.begin(), all.end()), all.end());
    sort_grants(role.checked.grants);
    inclusions_ += all.size() + role.checked.grants.size();
    if (inclusions_ > kMaxInclusions) {
      program_.report.error(Code::R0313, role.span, "the roles include too much of each other",
                            "more than " + std::to_string(kMaxInclusions) + " inclusions");
      role.checked.grants.clear();
      all.clear();
    }
  }

  Program& program_;
  Expressions& expressions_;
  std::unordered_map<const Role*, std::uint32_t> number_;
  std::unordered_set<const Role*> seen_;
  std::size_t inclusions_ = 0;
};

void check_keep(Program& program, Expressions& expressions, CheckedPolicy& policy,
                const Placed<Found<ast::Keep>>& placed) {
  const ast::Keep& written = *placed.entry->ast;
  for (std::size_t i = 0; i < written.selections.size(); ++i) {
    const ast::Selection& selection = written.selections[i];
    CheckedKeep keep;
    keep.declared = declared_of(placed);
    keep.because = text_or_empty(written.because);
    keep.kinds = resolve_kinds(program, selection.kinds);
    Scope scope;
    scope.place = "a keep";
    scope.module = placed.module;
    enter_item(expressions, scope, selection, keep.kinds);
    bool sound = true;
    const Typed where = checked_condition(expressions, selection.where, scope, sound);
    keep.where = where.id;
    if (where.truth == false) {
      program.report.never_holds(selection.where->span,
                                 "keep `" + written.name.text + "` never matches");
    }
    policy.keeps.push_back(std::move(keep));
  }
  if (written.selections.empty()) {
    program.report.warning(Code::R0415, written.name.span,
                           "keep `" + written.name.text + "` keeps nothing", "selects no items");
  }
}

CheckedConflict read_conflict(Program& program, const Placed<Found<ast::Conflict>>& placed) {
  const ast::Conflict& written = *placed.entry->ast;
  CheckedConflict conflict;
  conflict.declared = declared_of(placed);
  conflict.because = text_or_empty(written.because);
  std::size_t count = 0;
  for (const ast::Grant& part : written.parts) {
    count += part.rights.size();
    std::vector<CheckedGrant> rights = resolve_grant(program, part);
    std::move(rights.begin(), rights.end(), std::back_inserter(conflict.parts));
  }
  const std::size_t before = conflict.parts.size();
  sort_grants(conflict.parts);
  if (count < 2 || conflict.parts.size() < before) {
    program.report.error(Code::R0413, written.name.span,
                         "conflict `" + written.name.text + "` needs two different rights",
                         count < 2 ? "has only one" : "names one right twice");
  }
  return conflict;
}

}  // namespace

void check_roles(Program& program, Expressions& expressions, CheckedPolicy& policy) {
  RoleChecker(program, expressions).run(policy);
}

void check_keeps(Program& program, Expressions& expressions, CheckedPolicy& policy) {
  for (const auto& placed : all_declarations(program, &Module::keeps)) {
    check_keep(program, expressions, policy, placed);
  }
}

void check_conflicts(Program& program, CheckedPolicy& policy) {
  std::unordered_map<std::string, std::vector<std::size_t>> conflicts_of;
  for (const auto& placed : all_declarations(program, &Module::conflicts)) {
    CheckedConflict conflict = read_conflict(program, placed);
    for (const CheckedGrant& part : conflict.parts) {
      conflicts_of[grant_key(part)].push_back(policy.conflicts.size());
    }
    policy.conflicts.push_back(std::move(conflict));
  }
  for (const CheckedRole& role : policy.roles) {
    std::map<std::size_t, const CheckedGrant*> first_part;
    for (const CheckedGrant& grant : role.grants) {
      const auto found = conflicts_of.find(grant_key(grant));
      if (found == conflicts_of.end()) {
        continue;
      }
      for (const std::size_t conflict : found->second) {
        const auto [place, first] = first_part.emplace(conflict, &grant);
        if (first || *place->second == grant) {
          continue;
        }
        const CheckedConflict& broken = policy.conflicts[conflict];
        Diagnostic& diagnostic = program.report.error(
            Code::R0411, role.declared.span,
            "role `" + role.declared.name + "` grants two parts of conflict `" +
                broken.declared.name + "`",
            "gives " + grant_text(*place->second) + " and " + grant_text(grant));
        diagnostic.labels.push_back({broken.declared.span, "must not be held together"});
      }
    }
  }
}

}  // namespace rescind::checking
