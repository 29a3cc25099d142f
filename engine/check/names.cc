// What a bare word means: an enum's value, something in scope, a parameter, a define, a system, a
// team.
#include <algorithm>
#include <utility>

#include "check/expressions.h"

namespace rescind::checking {
namespace {

// The type whose words are meant: of the elements where a set is expected.
std::optional<Type> word_type(const Type* expected) {
  if (expected == nullptr) {
    return std::nullopt;
  }
  return expected->kind == TypeKind::Set ? element_type(*expected) : *expected;
}

template <typename Table>
void append_names(std::vector<std::string>& names, const Table& table) {
  for (const auto& [name, entry] : table) {
    names.push_back(name);
  }
}

bool is_builtin_name(std::string_view word) {
  return word == "subject" || word == "event" || word == "now";
}

}  // namespace

Typed Expressions::name(const ast::Expr& expr, const ast::NameRef& written, const Type* expected) {
  const std::string& word = written.name;
  if (std::optional<Typed> typed = enum_word(expr, word, expected)) {
    return *std::move(typed);
  }
  if (std::optional<Typed> typed = visible_name(expr, word)) {
    return *std::move(typed);
  }
  if (std::optional<Typed> typed = declared_word(expr, word, expected)) {
    return *std::move(typed);
  }
  return unknown_name(expr, word, expected);
}

std::optional<Typed> Expressions::enum_word(const ast::Expr& expr, const std::string& word,
                                            const Type* expected) {
  const std::optional<Type> type = word_type(expected);
  if (!type || type->kind != TypeKind::Enum || !program_.schema.enums[type->enum_id].find(word)) {
    return std::nullopt;
  }
  Constant constant;
  constant.text = word;
  return constant_node(enum_type(type->enum_id), std::move(constant), expr.span);
}

std::optional<Typed> Expressions::visible_name(const ast::Expr& expr, const std::string& word) {
  for (auto at = scope_->locals.rbegin(); at != scope_->locals.rend(); ++at) {
    if (at->name == word) {
      return local(expr, *at);
    }
  }
  if (word == "now") {
    Expr now;
    now.op = ExprOp::Now;
    now.type = simple_type(TypeKind::Instant);
    now.span = expr.span;
    return make(std::move(now));
  }
  if (word == "subject" || word == "event") {
    return subject_or_event(expr, word);
  }
  if (Parameter* found = find_parameter(word)) {
    return parameter(expr, *found);
  }
  bool ambiguous = false;
  if (Define* define = find_define(word, expr.span, ambiguous)) {
    return expand(*define, {}, expr.span);
  }
  return ambiguous ? std::optional(poison(expr.span)) : std::nullopt;
}

Typed Expressions::subject_or_event(const ast::Expr& expr, const std::string& word) {
  const bool there = word == "subject" ? scope_->subject : scope_->event;
  if (!there) {
    Diagnostic& diagnostic = program_.report.error(
        Code::R0221, expr.span, "`" + word + "` cannot be used in " + scope_->place,
        "not known here");
    const bool has_item = !scope_->locals.empty() && scope_->locals.front().key == kItemKey;
    if (word == "subject" && has_item && scope_->locals.front().type.kind == TypeKind::Item) {
      diagnostic.help.emplace_back("who has the item: `" + scope_->locals.front().name +
                                   ".holder`");
    }
    note_use(diagnostic);
    return poison(expr.span);
  }
  if (word == "event") {
    Typed event;
    event.type = simple_type(TypeKind::Event);
    event.span = expr.span;
    event.poisoned = false;
    return event;
  }
  if (!require_subject_event(expr.span)) {
    return poison(expr.span);
  }
  Expr subject;
  subject.op = ExprOp::Subject;
  subject.type = simple_type(TypeKind::Identity);
  subject.span = expr.span;
  Typed typed = make(std::move(subject));
  typed.key = "subject";
  return typed;
}

Typed Expressions::parameter(const ast::Expr& expr, Parameter& parameter) {
  parameter.used = true;
  const std::string& name = parameter.ast->name.text;
  if (!scope_->parameters) {
    program_.report.error(Code::R0315, expr.span,
                          "a default cannot depend on the parameter `" + name + "`",
                          "not a constant");
    return poison(expr.span);
  }
  if (!parameter.settled) {
    program_.report.error(
        Code::R0315, expr.span,
        "the value of `" + name + "` is not known before its own module is imported",
        "depends on the import itself");
  }
  return parameter.usable ? constant_node(parameter.type, parameter.value, expr.span)
                          : poison(expr.span);
}

std::optional<Typed> Expressions::declared_word(const ast::Expr& expr, const std::string& word,
                                                const Type* expected) {
  const std::optional<Type> type = word_type(expected);
  const bool is_system = type && type->kind == TypeKind::System && program_.is_system(word);
  const bool is_team = type && type->kind == TypeKind::Principal && program_.is_team(word);
  if (!is_system && !is_team) {
    return std::nullopt;
  }
  Constant constant;
  constant.text = word;
  return constant_node(simple_type(type->kind), std::move(constant), expr.span);
}

Typed Expressions::local(const ast::Expr& expr, Local& local) {
  if (local.sort == Local::Sort::Argument) {
    return argument(expr, local);
  }
  Expr node;
  node.op = local.sort == Local::Sort::Item ? ExprOp::Item : ExprOp::Variable;
  node.type = local.type;
  node.type.kinds = assumptions_.narrow_kinds(local.key, local.type.kinds);
  if (assumptions_.is_known(local.key)) {
    node.type.optional = false;
  }
  node.index = local.index;
  node.span = expr.span;
  Typed typed = make(std::move(node));
  typed.key = local.key;
  return typed;
}

Typed Expressions::argument(const ast::Expr& expr, Local& local) {
  Typed typed = local.argument_taken ? clone(local.argument, expr.span) : local.argument;
  local.argument_taken = true;
  typed.span = expr.span;
  if (typed.id.valid()) {
    typed.type.optional = typed.type.optional && !assumptions_.is_known(typed.key);
    typed.type.kinds = assumptions_.narrow_kinds(typed.key, typed.type.kinds);
    program_.arena.nodes[typed.id.index()].type = typed.type;
  }
  return typed;
}

Typed Expressions::unknown_name(const ast::Expr& expr, const std::string& word,
                                const Type* expected) {
  const std::optional<Type> type = word_type(expected);
  if (type && type->kind == TypeKind::Enum) {
    const EnumType& values = program_.schema.enums[type->enum_id];
    Diagnostic& diagnostic = program_.report.error(Code::R0223, expr.span,
                                                   "unknown value `" + word + "` of " + values.name,
                                                   "not one of its values");
    suggest(diagnostic, word, values.values);
    return poison(expr.span);
  }
  if (type && type->kind == TypeKind::System) {
    suggest(program_.report.error(Code::R0207, expr.span, "unknown system `" + word + "`",
                                  "not declared in a `systems` block"),
            word, program_.schema.systems);
    return poison(expr.span);
  }
  if (!scope_->ambiguous_item.empty() && !kinds_named(word).empty()) {
    program_.report
        .error(Code::R0323, expr.span,
               "`" + word + "` does not name the item where several kinds are selected",
               "which item is meant?")
        .help.emplace_back("give the items a name: `" + scope_->ambiguous_item + " as x`");
    return poison(expr.span);
  }
  const bool is_party = type && is_principal_like(*type);
  Diagnostic& diagnostic = program_.report.error(
      is_party ? Code::R0208 : Code::R0201, expr.span, "unknown name `" + word + "`",
      is_party ? "neither a declared team nor anything in scope" : "means nothing here");
  const auto& hidden = scope_->hidden_words;
  if (std::find(hidden.begin(), hidden.end(), word) != hidden.end()) {
    diagnostic.help.emplace_back("the item is called `" + scope_->locals.front().name + "` here");
    return poison(expr.span);
  }
  std::vector<std::string> names = visible_names();
  if (is_party) {
    names.insert(names.end(), program_.schema.teams.begin(), program_.schema.teams.end());
    diagnostic.help.emplace_back("write an identity as a string: `\"" + word + "\"`");
  }
  suggest(diagnostic, word, names);
  note_use(diagnostic);
  return poison(expr.span);
}

bool Expressions::is_local(const std::string& word) const {
  return std::any_of(scope_->locals.begin(), scope_->locals.end(),
                     [&](const Local& local) { return local.name == word; });
}

bool Expressions::is_visible(const std::string& word) const {
  if (is_local(word) || is_builtin_name(word)) {
    return true;
  }
  const Module* module = scope_->module;
  if (module == nullptr) {
    return false;
  }
  return module->parameters.count(word) > 0 || module->defines.count(word) > 0 ||
         std::any_of(module->imports.begin(), module->imports.end(),
                     [&](const ImportEdge& edge) { return edge.target->defines.count(word) > 0; });
}

std::vector<std::string> Expressions::visible_names() const {
  std::vector<std::string> names = {"now"};
  if (scope_->subject) {
    names.emplace_back("subject");
  }
  if (scope_->event) {
    names.emplace_back("event");
  }
  for (const Local& local : scope_->locals) {
    names.push_back(local.name);
  }
  if (scope_->module != nullptr) {
    append_names(names, scope_->module->parameters);
    append_names(names, scope_->module->defines);
    for (const ImportEdge& edge : scope_->module->imports) {
      append_names(names, edge.target->defines);
    }
  }
  return names;
}

bool Expressions::is_contextual(const ast::Expr& expr) const {
  if (const auto* word = std::get_if<ast::NameRef>(&expr.node)) {
    return !is_visible(word->name);
  }
  if (const auto* set = std::get_if<ast::SetLiteral>(&expr.node)) {
    return set->elements.empty() ||
           std::any_of(set->elements.begin(), set->elements.end(),
                       [this](const ast::ExprPtr& element) { return is_contextual(*element); });
  }
  return false;
}

Parameter* Expressions::find_parameter(const std::string& name) {
  if (scope_->module == nullptr) {
    return nullptr;
  }
  auto& parameters = program_.modules.at(scope_->module->name)->parameters;
  const auto found = parameters.find(name);
  return found == parameters.end() ? nullptr : &found->second;
}

Define* Expressions::find_define(const std::string& name, Span span, bool& ambiguous) {
  if (scope_->module == nullptr) {
    return nullptr;
  }
  Module& module = *program_.modules.at(scope_->module->name);
  const auto own = module.defines.find(name);
  if (own != module.defines.end()) {
    own->second.used = true;
    return &own->second;
  }
  Define* found = nullptr;
  const Module* from = nullptr;
  for (const ImportEdge& edge : module.imports) {
    const auto imported = edge.target->defines.find(name);
    if (imported == edge.target->defines.end() || edge.target == from) {
      continue;
    }
    imported->second.used = true;
    if (found != nullptr) {
      program_.report.error(
          Code::R0225, span,
          "`" + name + "` is defined by both `" + from->name + "` and `" + edge.target->name + "`",
          "which one is meant?");
      ambiguous = true;
      return nullptr;
    }
    found = &imported->second;
    from = edge.target;
  }
  return found;
}

bool hides_visible_name(Expressions& expressions, Scope& scope, const ast::Name& name) {
  Scope* outer = std::exchange(expressions.scope_, &scope);
  const bool hides = expressions.hides_a_name(name);
  expressions.scope_ = outer;
  return hides;
}

bool Expressions::hides_a_name(const ast::Name& name) {
  // Names of imported modules may be hidden: a module that gains a define must not break its
  // importers.
  const Module* module = scope_->module;
  const bool in_module = module != nullptr && (module->parameters.count(name.text) > 0 ||
                                               module->defines.count(name.text) > 0);
  if (!in_module && !is_builtin_name(name.text) && !is_local(name.text)) {
    return false;
  }
  program_.report.error(Code::R0213, name.span, "`" + name.text + "` already means something here",
                        "choose another name");
  return true;
}

}  // namespace rescind::checking
