// Which modules are active, how they import each other, and what each declares.
#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "check/program.h"

namespace rescind {
namespace checking {
namespace {

std::string module_name(const ast::PolicyFile& file) {
  std::string name;
  if (file.module) {
    for (const ast::Name& part : file.module->parts) {
      name += (name.empty() ? "" : ".") + part.text;
    }
  }
  return name;
}

std::string dotted(const ast::QualifiedName& name) {
  std::string text;
  for (const ast::Name& part : name.parts) {
    text += (text.empty() ? "" : ".") + part.text;
  }
  return text;
}

class Activation {
 public:
  explicit Activation(Program& program)
      : program_(program), roots_(program.options.roots.begin(), program.options.roots.end()) {
    for (const ast::PolicyFile& file : program.files) {
      available_[module_name(file)].push_back(&file);
      file_names_.insert(file_name(file));
    }
    for (auto& [name, files] : available_) {
      std::sort(files.begin(), files.end(),
                [this](const auto* a, const auto* b) { return file_name(*a) < file_name(*b); });
    }
  }

  void run() {
    start_from_roots();
    while (!pending_.empty()) {
      Module* module = pending_.back();
      pending_.pop_back();
      follow_imports(*module);
    }
    drop_cycles();
  }

 private:
  [[nodiscard]] std::string file_name(const ast::PolicyFile& file) const {
    const bool known =
        program_.sources && file.file.valid() && file.file.index() < program_.sources->size();
    return known ? program_.sources->file(file.file).name() : std::string();
  }

  [[nodiscard]] bool is_root(const ast::PolicyFile& file, const std::string& module) const {
    const auto named = [this](const std::string& name) {
      return !name.empty() && roots_.count(name) > 0;
    };
    return roots_.empty() || named(module) || named(file_name(file));
  }

  void start_from_roots() {
    for (const auto& [name, files] : available_) {
      std::vector<const ast::PolicyFile*> chosen;
      for (const ast::PolicyFile* file : files) {
        if (is_root(*file, name)) {
          chosen.push_back(file);
        }
      }
      if (!chosen.empty()) {
        // A module is all its files; files without a header stand for themselves.
        activate(name, name.empty() ? chosen : files).root = true;
      }
    }
    for (const std::string& root : roots_) {
      if (available_.count(root) == 0 && file_names_.count(root) == 0) {
        suggest(program_.report.error(Code::R0202, {}, "there is no module or file `" + root + "`"),
                root, module_names());
      }
    }
  }

  Module& activate(const std::string& name, std::vector<const ast::PolicyFile*> files) {
    std::unique_ptr<Module>& slot = program_.modules[name];
    if (!slot) {
      slot = std::make_unique<Module>();
      slot->name = name;
      slot->files = std::move(files);
      pending_.push_back(slot.get());
    }
    return *slot;
  }

  [[nodiscard]] std::vector<std::string> module_names() const {
    std::vector<std::string> names;
    for (const auto& [name, files] : available_) {
      names.push_back(name);
    }
    return names;
  }

  void follow_imports(Module& module) {
    for (const ast::PolicyFile* file : module.files) {
      for (const ast::Declaration& declaration : file->declarations) {
        if (const auto* import = std::get_if<ast::Import>(&declaration.node)) {
          follow_import(module, *import, declaration.span);
        }
      }
    }
    std::stable_sort(
        module.imports.begin(), module.imports.end(),
        [](const ImportEdge& a, const ImportEdge& b) { return a.target->name < b.target->name; });
  }

  void follow_import(Module& module, const ast::Import& import, Span span) {
    const std::string name = dotted(import.module);
    const auto found = available_.find(name);
    if (found == available_.end()) {
      suggest(
          program_.report.error(Code::R0202, import.module.span, "unknown module `" + name + "`",
                                "no file declares this module"),
          name, module_names());
      return;
    }
    module.imports.push_back({&activate(name, found->second), &import, span});
  }

  // Visits in depth first; an import that leads back to a module that is being visited is cyclic.
  void drop_cycles() {
    for (const auto& [name, module] : program_.modules) {
      visit(*module);
    }
    std::reverse(finished_.begin(), finished_.end());
    program_.importers_first = std::move(finished_);
  }

  void visit(Module& start) {
    if (!seen_.insert(&start).second) {
      return;
    }
    std::vector<std::pair<Module*, std::size_t>> path = {{&start, 0}};
    on_path_.insert(&start);
    while (!path.empty()) {
      Module* module = path.back().first;
      const std::size_t next = path.back().second;
      if (next == module->imports.size()) {
        finished_.push_back(module);
        on_path_.erase(module);
        path.pop_back();
        continue;
      }
      const ImportEdge edge = module->imports[next];
      if (on_path_.count(edge.target) > 0) {
        program_.report.error(Code::R0214, edge.ast->module.span,
                              "module `" + module->name + "` imports `" + edge.target->name +
                                  "`, which leads back to it",
                              "this import closes a circle");
        module->imports.erase(module->imports.begin() + static_cast<std::ptrdiff_t>(next));
        continue;
      }
      path.back().second = next + 1;
      if (seen_.insert(edge.target).second) {
        on_path_.insert(edge.target);
        path.emplace_back(edge.target, 0);
      }
    }
  }

  Program& program_;
  std::set<std::string> roots_;
  std::set<std::string> file_names_;
  std::map<std::string, std::vector<const ast::PolicyFile*>> available_;
  std::vector<Module*> pending_;
  std::unordered_set<const Module*> seen_;
  std::unordered_set<const Module*> on_path_;
  std::vector<Module*> finished_;
};

// Sorts one module's declarations into its tables.
class Gathering {
 public:
  Gathering(Program& program, Module& module) : program_(program), module_(module) {}

  void run() {
    for (const ast::PolicyFile* file : module_.files) {
      for (const ast::Declaration& declaration : file->declarations) {
        declaration_ = &declaration;
        std::visit([this](const auto& node) { gather(node); }, declaration.node);
      }
    }
    for (auto& [name, define] : module_.defines) {
      const auto parameter = module_.parameters.find(name);
      if (parameter != module_.parameters.end()) {
        report_duplicate(define.ast->name, parameter->second.span, "the name");
        define.broken = true;
      }
    }
  }

 private:
  template <typename Table>
  auto* enter(Table& table, const ast::Name& name, std::string_view sort) {
    const auto [place, added] = table.emplace(name.text, typename Table::mapped_type{});
    if (!added) {
      report_duplicate(name, place->second.span, sort);
    }
    typename Table::mapped_type* entry = added ? &place->second : nullptr;
    if (entry != nullptr) {
      entry->span = name.span;
    }
    return entry;
  }

  void report_duplicate(const ast::Name& name, Span first, std::string_view sort) {
    program_.report
        .error(Code::R0212, name.span,
               std::string(sort) + " `" + name.text + "` is declared twice in this module",
               "declared again here")
        .labels.push_back({first, "first declared here"});
  }

  template <typename Node>
  void enter_found(std::map<std::string, Found<Node>>& table, const Node& node,
                   std::string_view sort) {
    if (Found<Node>* found = enter(table, node.name, sort)) {
      found->ast = &node;
      found->doc = declaration_->doc.text;
    }
  }

  void gather(const ast::SchemaBlock& node) {
    module_.schemas.push_back({&node, declaration_->doc.text, declaration_->span});
  }

  void gather(const ast::Import& /*node*/) {}

  void gather(const ast::Parameter& node) {
    if (Parameter* parameter = enter(module_.parameters, node.name, "parameter")) {
      parameter->ast = &node;
      parameter->doc = declaration_->doc.text;
    }
  }

  void gather(const ast::Define& node) {
    if (Define* define = enter(module_.defines, node.name, "define")) {
      define->ast = &node;
      define->module = &module_;
    }
  }

  void gather(const ast::Derive& node) {
    module_.derives.push_back({&node, declaration_->doc.text, declaration_->span});
  }

  void gather(const ast::Role& node) {
    if (Role* role = enter(module_.roles, node.name, "role")) {
      role->ast = &node;
      role->module = &module_;
      role->doc = declaration_->doc.text;
    }
  }

  void gather(const ast::Keep& node) { enter_found(module_.keeps, node, "keep"); }

  void gather(const ast::Conflict& node) { enter_found(module_.conflicts, node, "conflict"); }

  void gather(const ast::Rule& node) { enter_found(module_.rules, node, "rule"); }

  void gather(const ast::Hold& node) { enter_found(module_.holds, node, "hold"); }

  void gather(const ast::Limit& node) { enter_found(module_.limits, node, "limit"); }

  void gather(const ast::Retire& node) { enter_found(module_.retires, node, "retire"); }

  void gather(const ast::NotYet& node) {
    program_.report.error(Code::R0224, node.keyword.span,
                          "`" + node.keyword.text + "` is not part of this version yet",
                          "cannot be used yet");
  }

  Program& program_;
  Module& module_;
  const ast::Declaration* declaration_ = nullptr;
};

}  // namespace

void activate_modules(Program& program) {
  Activation(program).run();
}

void gather_declarations(Program& program) {
  for (const auto& [name, module] : program.modules) {
    Gathering(program, *module).run();
  }
}

}  // namespace checking

std::vector<std::string> imported_modules(const ast::PolicyFile& file) {
  std::vector<std::string> names;
  for (const ast::Declaration& declaration : file.declarations) {
    if (const auto* import = std::get_if<ast::Import>(&declaration.node)) {
      names.push_back(checking::dotted(import->module));
    }
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

}  // namespace rescind
