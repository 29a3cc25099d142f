// What the parts of the checker share while they work on one program: active modules, their
// declarations, the schema and arena under construction, and the reporter.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "check/check_policy.h"
#include "diagnostics/diagnostic.h"
#include "model/ast.h"
#include "model/checked.h"

namespace rescind::checking {

// Passes diagnostics on, each (code, place) once: a define's body is looked at for every use of it.
class Reporter {
 public:
  explicit Reporter(Diagnostics& diagnostics) : diagnostics_(diagnostics) {}

  Diagnostic& error(Code code, Span span, std::string message, std::string label = {});
  Diagnostic& warning(Code code, Span span, std::string message, std::string label = {});

  // Warns of a condition that never holds, unless the condition was said to be false in itself.
  void never_holds(Span span, std::string message);

  [[nodiscard]] bool has_errors() const { return has_errors_; }

 private:
  bool is_new(Code code, Span span);

  Diagnostics& diagnostics_;
  std::set<std::tuple<Code, Span>> reported_;
  Diagnostic scratch_;
  bool has_errors_ = false;
};

// Adds "did you mean `x`?" when a candidate is near.
void suggest(Diagnostic& diagnostic, std::string_view name,
             const std::vector<std::string>& candidates);

struct Module;

struct Parameter {
  const ast::Parameter* ast = nullptr;
  std::string doc;
  Span span;
  Type type;
  Constant value;
  bool typed = false;    // has a type; else an error was reported
  bool settled = false;  // its value was sought
  bool usable = false;   // has a value; once settled, else an error was reported
  bool used = false;
};

struct Define {
  const ast::Define* ast = nullptr;
  const Module* module = nullptr;
  Span span;
  std::vector<Type> formals;
  bool broken = false;  // an error in it was reported; its uses say nothing more
  bool used = false;
};

// A role while it is checked; `checked` is filled except for what it includes.
struct Role {
  const ast::Role* ast = nullptr;
  const Module* module = nullptr;
  std::string doc;
  Span span;
  std::vector<Role*> includes;
  CheckedRole checked;
};

template <typename Node>
struct Found {  // a declaration of one sort with what stands around it
  const Node* ast = nullptr;
  std::string doc;
  Span span;
};

struct ImportEdge {
  Module* target = nullptr;
  const ast::Import* ast = nullptr;
  Span span;
};

// All active files of one module name. Files without a module header share the module "".
struct Module {
  std::string name;
  bool root = false;
  std::vector<const ast::PolicyFile*> files;
  std::vector<ImportEdge> imports;  // sorted by target's name; cyclic ones removed
  std::map<std::string, Parameter> parameters;
  std::map<std::string, Define> defines;
  std::map<std::string, Role> roles;
  std::map<std::string, Found<ast::Keep>> keeps;
  std::map<std::string, Found<ast::Conflict>> conflicts;
  std::map<std::string, Found<ast::Rule>> rules;
  std::map<std::string, Found<ast::Hold>> holds;
  std::map<std::string, Found<ast::Limit>> limits;
  std::map<std::string, Found<ast::Retire>> retires;
  std::vector<Found<ast::SchemaBlock>> schemas;
  std::vector<Found<ast::Derive>> derives;
};

// The events and kinds that a clause can really meet, once its conditions have narrowed them.
struct ClauseReach {
  std::vector<std::uint32_t> events;
  KindSet kinds;
};

struct Program {
  Program(std::vector<ast::PolicyFile> parsed, std::shared_ptr<const SourceSet> set,
          const CheckOptions& check_options, Diagnostics& diagnostics);

  std::vector<ast::PolicyFile> files;
  std::shared_ptr<const SourceSet> sources;
  CheckOptions options;
  Reporter report;
  std::map<std::string, std::unique_ptr<Module>> modules;  // active ones, by name
  std::vector<Module*> importers_first;                    // every module after all that import it
  Schema schema;
  std::unordered_map<std::string, std::uint32_t> events;  // name → index into schema.events
  std::set<std::string> broken_attributes;  // declared, but not soundly: uses say nothing more
  ExprArena arena;
  std::vector<ClauseReach> reaches;         // by ClauseId
  std::vector<ClauseReach> retire_reaches;  // parallel to CheckedPolicy::retires

  [[nodiscard]] bool is_system(const std::string& name) const;
  [[nodiscard]] bool is_team(const std::string& name) const;
  [[nodiscard]] std::vector<std::string> event_names() const;
  [[nodiscard]] std::uint16_t enum_id(std::string_view name) const;  // of an enum that is there
  // The text at a span, white space collapsed; "" when the place is not known. `instead`: other
  // words for places in it that do not overlap.
  [[nodiscard]] std::string source_text(Span span,
                                        const std::map<Span, std::string>& instead = {}) const;
};

// Words for suggestions.
std::vector<std::string> kind_words();  // kinds and super-kinds
std::vector<std::string> verb_words();

// ---- The steps, in the order in which check_policy takes them -----------------------------------

// Decides which modules are active, and in which order. (modules.cc)
void activate_modules(Program& program);
// Sorts the declarations of the active modules into their tables. (modules.cc)
void gather_declarations(Program& program);
// Adds what `schema` blocks declare to the built-in schema. (schema_blocks.cc)
void build_schema(Program& program);
// Resolves a written type; nothing after an error. Enums get the given name. (schema_blocks.cc)
std::optional<Type> resolve_type(Program& program, const ast::TypeExpr& written,
                                 const std::string& enum_name);

class Expressions;

// Gives parameters their types and values: what importers say, else the default. (parameters.cc)
void evaluate_parameters(Program& program, Expressions& expressions);
// Refuses defines that use themselves and checks each by itself. (define_order.cc)
void check_defines(Program& program, Expressions& expressions);
void check_roles(Program& program, Expressions& expressions, CheckedPolicy& policy);
void check_keeps(Program& program, Expressions& expressions, CheckedPolicy& policy);
// After check_roles: also refuses roles that grant two parts of a conflict. (roles.cc)
void check_conflicts(Program& program, CheckedPolicy& policy);
void check_rules(Program& program, Expressions& expressions, CheckedPolicy& policy);
void check_derives(Program& program, Expressions& expressions, CheckedPolicy& policy);
void check_holds(Program& program, Expressions& expressions, CheckedPolicy& policy);
void check_limits(Program& program, Expressions& expressions, CheckedPolicy& policy);
void check_retires(Program& program, Expressions& expressions, CheckedPolicy& policy);
// Refuses stages that are never reached or may never end, and ways that destroy an item before it
// was contained and soaked. `kinds`: those that its conditions leave. (retire_paths.cc)
void check_retire_paths(Program& program, const ast::Retire& written, const CheckedRetire& retire,
                        KindSet kinds);
// Warns of a retire that people's items fall under. (retire_reach.cc)
void check_retire_holders(Program& program, const ast::Retire& written,
                          const CheckedRetire& retire);
// Finds retires that take the same items for the same events. (retire_reach.cc)
void check_retire_overlaps(Program& program, const CheckedPolicy& policy);
// Refuses clauses that send one item to two targets, or narrow it to two levels. (collisions.cc)
void check_collisions(Program& program, const CheckedPolicy& policy);
// Warns of parameters and defines that nothing uses. (define_order.cc)
void warn_of_unused(Program& program);

}  // namespace rescind::checking
