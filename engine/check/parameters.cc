// Parameters become constants: what the importing modules say, else the default.
#include "check/expressions.h"

namespace rescind::checking {
namespace {

class ParameterEvaluation {
 public:
  ParameterEvaluation(Program& program, Expressions& expressions)
      : program_(program), expressions_(expressions) {}

  void run() {
    for (const auto& [name, module] : program_.modules) {
      resolve_types(*module);
    }
    for (Module* module : program_.importers_first) {
      for (auto& [name, parameter] : module->parameters) {
        settle(*module, name, parameter);
      }
      give_arguments(*module);
    }
  }

 private:
  struct Given {
    Constant value;
    Span span;
    bool broken = false;
  };

  void resolve_types(Module& module) {
    for (auto& [name, parameter] : module.parameters) {
      const std::optional<Type> type =
          resolve_type(program_, parameter.ast->type, module.name + ".parameter." + name);
      if (!type) {
        continue;
      }
      const TypeKind kind = type->kind == TypeKind::Set ? type->element : type->kind;
      if (type->optional || kind == TypeKind::Item) {
        program_.report.error(Code::R0222, parameter.ast->type.span,
                              type->optional ? "a parameter is never missing; give it a default"
                                             : "a parameter cannot be an access item",
                              "not a type of parameters");
        continue;
      }
      parameter.type = *type;
      parameter.typed = true;
    }
  }

  // Gives the parameter its value, or makes it unusable.
  void settle(const Module& module, const std::string& name, Parameter& parameter) {
    parameter.settled = true;
    if (!parameter.typed) {
      return;
    }
    std::optional<Constant> fallback;
    if (parameter.ast->default_value) {
      Scope scope;
      scope.place = "a default";
      scope.module = &module;
      scope.parameters = false;
      fallback =
          expressions_.constant(*parameter.ast->default_value, scope, parameter.type, "a default");
    }
    const auto given = given_.find({&module, name});
    if (given != given_.end()) {
      parameter.usable = !given->second.broken;
      parameter.value = given->second.value;
    } else if (fallback) {
      parameter.usable = true;
      parameter.value = *std::move(fallback);
    } else if (!parameter.ast->default_value) {
      program_.report
          .error(Code::R0218, parameter.span, "parameter `" + name + "` has no value",
                 "no default, and no import gives one")
          .help.emplace_back("import the module with a value: `import " + module.name + " with { " +
                             name + " = … }`");
    }
  }

  void give_arguments(const Module& importer) {
    for (const ImportEdge& edge : importer.imports) {
      for (const ast::Import::Argument& argument : edge.ast->arguments) {
        give_argument(importer, *edge.target, argument);
      }
    }
  }

  void give_argument(const Module& importer, Module& target,
                     const ast::Import::Argument& argument) {
    const std::string& name = argument.parameter.text;
    const auto parameter = target.parameters.find(name);
    if (parameter == target.parameters.end()) {
      std::vector<std::string> names;
      for (const auto& [known, entry] : target.parameters) {
        names.push_back(known);
      }
      suggest(program_.report.error(Code::R0211, argument.parameter.span,
                                    "module `" + target.name + "` has no parameter `" + name + "`",
                                    "not a parameter"),
              name, names);
      return;
    }
    if (!parameter->second.typed) {
      return;
    }
    Scope scope;
    scope.place = "a parameter's value";
    scope.module = &importer;
    const std::optional<Constant> value = expressions_.constant(
        *argument.value, scope, parameter->second.type, "the value of a parameter");
    const auto [place, first] =
        given_.emplace(std::pair{&target, name},
                       Given{value.value_or(Constant{}), argument.value->span, !value.has_value()});
    Given& given = place->second;
    if (first) {
      return;
    }
    if (!value || given.broken) {
      given.broken = true;
    } else if (!(given.value == *value)) {
      program_.report
          .error(Code::R0217, argument.value->span,
                 "two imports give `" + name + "` of module `" + target.name + "` different values",
                 "another value here")
          .labels.push_back({given.span, "one value here"});
    }
  }

  Program& program_;
  Expressions& expressions_;
  std::map<std::pair<const Module*, std::string>, Given> given_;
};

}  // namespace

void evaluate_parameters(Program& program, Expressions& expressions) {
  ParameterEvaluation(program, expressions).run();
}

}  // namespace rescind::checking
