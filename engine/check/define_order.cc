// Defines as a whole: which use which, none of them itself, each sound on its own, all of them
// used.
#include <algorithm>
#include <set>
#include <unordered_map>

#include "check/expressions.h"

namespace rescind::checking {
namespace {

// Every name that a condition mentions and that could be a define.
std::vector<std::string> mentioned_names(const ast::Expr& root) {
  std::set<std::string> names;
  std::vector<const ast::Expr*> pending = {&root};
  const auto later = [&pending](const ast::ExprPtr& child) {
    if (child) {
      pending.push_back(child.get());
    }
  };

  struct Visitor {
    std::set<std::string>& names;
    decltype(later)& visit_later;

    void operator()(const ast::BoolLiteral& /*n*/) {}

    void operator()(const ast::IntLiteral& /*n*/) {}

    void operator()(const ast::StringLiteral& /*n*/) {}

    void operator()(const ast::DurationLiteral& /*n*/) {}

    void operator()(const ast::InstantLiteral& /*n*/) {}

    void operator()(const ast::SetLiteral& n) {
      for (const ast::ExprPtr& element : n.elements) {
        visit_later(element);
      }
    }

    void operator()(const ast::NameRef& n) { names.insert(n.name); }

    void operator()(const ast::Member& n) { visit_later(n.object); }

    void operator()(const ast::Call& n) {
      names.insert(n.function.text);
      for (const ast::ExprPtr& argument : n.arguments) {
        visit_later(argument);
      }
    }

    void operator()(const ast::Not& n) { visit_later(n.operand); }

    void operator()(const ast::Negate& n) { visit_later(n.operand); }

    void operator()(const ast::Known& n) { visit_later(n.operand); }

    void operator()(const ast::Binary& n) {
      visit_later(n.left);
      visit_later(n.right);
    }

    void operator()(const ast::IsKind& n) { visit_later(n.operand); }

    void operator()(const ast::Supports& n) { visit_later(n.item); }

    void operator()(const ast::IdleFor& n) {
      visit_later(n.item);
      visit_later(n.duration);
    }

    void operator()(const ast::DeliveredTo& n) {
      visit_later(n.item);
      visit_later(n.to);
    }

    void operator()(const ast::Quantified& n) {
      visit_later(n.set);
      visit_later(n.where);
      visit_later(n.value);
    }
  };

  while (!pending.empty()) {
    const ast::Expr* next = pending.back();
    pending.pop_back();
    std::visit(Visitor{names, later}, next->node);
  }
  return {names.begin(), names.end()};
}

// Finds circles among the defines of one module; modules import each other without circles.
class CircleSearch {
 public:
  CircleSearch(Program& program, Module& module) : program_(program), module_(module) {}

  void run() {
    for (auto& [name, define] : module_.defines) {
      if (seen_.insert(&define).second) {
        visit(define);
      }
    }
  }

 private:
  struct Frame {
    Define* define = nullptr;
    std::vector<Define*> uses;
    std::size_t next = 0;
  };

  Frame frame_of(Define& define) {
    Frame frame;
    frame.define = &define;
    for (const std::string& name : mentioned_names(*define.ast->body)) {
      const auto used = module_.defines.find(name);
      const bool is_formal =
          std::any_of(define.ast->formals.begin(), define.ast->formals.end(),
                      [&](const ast::Define::Formal& formal) { return formal.name.text == name; });
      if (used != module_.defines.end() && !is_formal) {
        frame.uses.push_back(&used->second);
      }
    }
    return frame;
  }

  void visit(Define& start) {
    std::vector<Frame> path;
    path.push_back(frame_of(start));
    std::unordered_map<const Define*, std::size_t> on_path = {{&start, 0}};
    while (!path.empty()) {
      Frame& frame = path.back();
      if (frame.next == frame.uses.size()) {
        on_path.erase(frame.define);
        path.pop_back();
        continue;
      }
      Define* used = frame.uses[frame.next++];
      const auto circle = on_path.find(used);
      if (circle != on_path.end()) {
        report(path, circle->second);
      } else if (seen_.insert(used).second) {
        on_path.emplace(used, path.size());
        path.push_back(frame_of(*used));
      }
    }
  }

  void report(const std::vector<Frame>& path, std::size_t from) {
    std::string circle;
    for (std::size_t i = from; i < path.size(); ++i) {
      path[i].define->broken = true;
      circle += "`" + path[i].define->ast->name.text + "` → ";
    }
    const ast::Name& first = path[from].define->ast->name;
    program_.report.error(Code::R0215, first.span, "define `" + first.text + "` uses itself",
                          "goes round: " + circle + "`" + first.text + "`");
  }

  Program& program_;
  Module& module_;
  std::set<const Define*> seen_;
};

void resolve_formals(Program& program, Expressions& expressions, Module& module) {
  for (auto& [name, define] : module.defines) {
    Scope scope;
    scope.module = &module;
    std::set<std::string> names;
    for (const ast::Define::Formal& formal : define.ast->formals) {
      const std::optional<Type> type =
          resolve_type(program, formal.type, module.name + "." + name + "." + formal.name.text);
      define.formals.push_back(type.value_or(Type{}));
      define.broken = !type || define.broken;
      if (hides_visible_name(expressions, scope, formal.name)) {
        define.broken = true;
      } else if (!names.insert(formal.name.text).second) {
        program.report.error(Code::R0212, formal.name.span,
                             "`" + formal.name.text + "` stands twice among the arguments",
                             "declared again here");
        define.broken = true;
      }
    }
  }
}

}  // namespace

void check_defines(Program& program, Expressions& expressions) {
  for (const auto& [name, module] : program.modules) {
    resolve_formals(program, expressions, *module);
    CircleSearch(program, *module).run();
  }
  // Parameters may be given by constant defines, so these must be known to be free of circles
  // first.
  evaluate_parameters(program, expressions);
  for (const auto& [name, module] : program.modules) {
    for (auto& [define_name, define] : module->defines) {
      if (!define.broken) {
        expressions.check_define(define);
      }
    }
  }
}

void warn_of_unused(Program& program) {
  for (const auto& [name, module] : program.modules) {
    for (const auto& [parameter_name, parameter] : module->parameters) {
      if (!parameter.used) {
        program.report.warning(Code::R0219, parameter.span,
                               "parameter `" + parameter_name + "` is never used",
                               "nothing reads it");
      }
    }
    // What a module defines may be meant for those that import it.
    for (const auto& [define_name, define] : module->defines) {
      if (!define.used && module->root) {
        program.report.warning(Code::R0219, define.span,
                               "define `" + define_name + "` is never used", "nothing reads it");
      }
    }
  }
}

}  // namespace rescind::checking
