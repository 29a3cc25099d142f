// Loading a policy: files, then the shipped packs that they import, then the stages up to the
// program.
#include "workflow/load_policy.h"

#include <algorithm>
#include <deque>
#include <filesystem>
#include <map>
#include <set>

#include "base/text.h"
#include "check/check_policy.h"
#include "compile/compile.h"
#include "parse/parse_policy.h"
#include "workflow/packs.h"

namespace rescind {
namespace {

namespace fs = std::filesystem;

std::string module_name(const ast::PolicyFile& file) {
  return file.module ? file.module->text() : std::string();
}

// The line `module a.b.c` of a shipped pack, found without parsing the whole pack.
std::string declared_module(std::string_view text) {
  std::size_t begin = 0;
  while (begin < text.size()) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const std::string_view line = text.substr(begin, end - begin);
    if (line.starts_with("module ")) {
      const std::size_t last = line.find_last_not_of(" \t\r");
      return std::string(line.substr(7, last - 6));
    }
    begin = end + 1;
  }
  return {};
}

// Takes in files one by one and knows which modules are still wanted.
class Loading {
 public:
  Loading(SourceSet& sources, Diagnostics& diagnostics)
      : sources_(sources), diagnostics_(diagnostics) {}

  void add(std::string name, std::string text) {
    const SourceFileId id = sources_.add(std::move(name), std::move(text));
    ++count_;
    std::optional<ast::PolicyFile> file = parse_policy(sources_, id, ParseOptions{}, diagnostics_);
    if (!file) {
      return;
    }
    present_.insert(module_name(*file));
    for (std::string& module : imported_modules(*file)) {
      wanted_.push_back(std::move(module));
    }
    files_.push_back(std::move(*file));
  }

  // Adds the shipped packs that are imported and not there yet, and what these import.
  void add_imported_packs() {
    std::map<std::string, const ShippedPack*> packs;
    for (const ShippedPack& pack : shipped_packs()) {
      packs.emplace(declared_module(pack.text), &pack);
    }
    while (!wanted_.empty()) {
      const std::string module = std::move(wanted_.front());
      wanted_.pop_front();
      const auto pack = packs.find(module);
      if (pack != packs.end() && !present_.contains(module)) {
        present_.insert(module);
        add("<shipped>/" + std::string(pack->second->name), std::string(pack->second->text));
      }
    }
  }

  [[nodiscard]] std::vector<ast::PolicyFile> take_files() { return std::move(files_); }

  [[nodiscard]] std::size_t count() const { return count_; }

 private:
  SourceSet& sources_;
  Diagnostics& diagnostics_;
  std::vector<ast::PolicyFile> files_;
  std::set<std::string> present_;
  std::deque<std::string> wanted_;
  std::size_t count_ = 0;
};

}  // namespace

Result<std::vector<std::string>> find_policy_files(const std::vector<std::string>& paths) {
  std::set<std::string> found;
  for (const std::string& path : paths) {
    std::error_code error;
    const fs::file_status status = fs::status(path, error);
    if (error || !fs::exists(status)) {
      return fail(ErrorKind::Io, "cannot read `" + path +
                                     "`: " + (error ? error.message() : "no such file or folder"));
    }
    if (!fs::is_directory(status)) {
      found.insert(path);
      continue;
    }
    fs::recursive_directory_iterator walk(path, error);
    for (; !error && walk != fs::recursive_directory_iterator(); walk.increment(error)) {
      if (walk->path().extension() == ".rescind" && walk->is_regular_file(error)) {
        found.insert(walk->path().lexically_normal().string());
      }
    }
    if (error) {
      return fail(ErrorKind::Io, "cannot list `" + path + "`: " + error.message());
    }
  }
  if (found.empty()) {
    return fail(ErrorKind::NotFound, "no policy file (`*.rescind`) below " + join(paths, ", "));
  }
  return std::vector<std::string>(found.begin(), found.end());
}

namespace {

// From the files that were taken in to the program. Nothing: diagnostics has the errors.
std::optional<LoadedPolicy> finish(Loading& loading, std::vector<std::string> roots,
                                   const std::shared_ptr<SourceSet>& sources,
                                   Diagnostics& diagnostics) {
  loading.add_imported_packs();
  if (diagnostics.has_errors()) {
    return std::nullopt;
  }
  CheckOptions options;
  options.roots = std::move(roots);
  std::optional<CheckedPolicy> checked =
      check_policy(loading.take_files(), sources, options, diagnostics);
  if (!checked) {
    return std::nullopt;
  }
  LoadedPolicy loaded;
  loaded.checked = std::make_shared<const CheckedPolicy>(std::move(*checked));
  loaded.program = compile_policy(loaded.checked);
  loaded.files = loading.count();
  return loaded;
}

}  // namespace

Result<std::optional<LoadedPolicy>> load_policy(const std::vector<std::string>& paths,
                                                const std::shared_ptr<SourceSet>& sources,
                                                Diagnostics& diagnostics) {
  RESCIND_ASSIGN_OR_RETURN(std::vector<std::string> names, find_policy_files(paths));
  Loading loading(*sources, diagnostics);
  for (const std::string& name : names) {
    // Far above the bound of parse, which then names the file that is too large.
    RESCIND_ASSIGN_OR_RETURN(std::string text, read_file(name, 64U * 1024U * 1024U));
    loading.add(name, std::move(text));
  }
  return finish(loading, std::move(names), sources, diagnostics);
}

std::optional<LoadedPolicy> load_policy_from_text(const std::string& name, const std::string& text,
                                                  const std::shared_ptr<SourceSet>& sources,
                                                  Diagnostics& diagnostics) {
  Loading loading(*sources, diagnostics);
  loading.add(name, text);
  return finish(loading, {name}, sources, diagnostics);
}

}  // namespace rescind
