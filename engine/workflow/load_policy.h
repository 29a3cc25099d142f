// Loads a policy whole: reads files, follows imports into the shipped packs, parses, checks,
// compiles.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "diagnostics/diagnostic.h"
#include "model/checked.h"
#include "model/program.h"

namespace rescind {

struct LoadedPolicy {
  std::shared_ptr<const CheckedPolicy> checked;
  std::shared_ptr<const Program> program;
  std::size_t files = 0;  // that were read, shipped packs included
};

// The `.rescind` files below each path (a file or a folder, searched recursively), sorted and each
// once. Errors: Io when a path cannot be read, NotFound when there is none at all.
Result<std::vector<std::string>> find_policy_files(const std::vector<std::string>& paths);

// Every file found is active; modules they import are taken from those files or from the shipped
// packs. `sources` receives every text. Nothing in the inner optional: diagnostics has the errors.
// Errors of the outer result: a file that cannot be read. A file that is a shipped pack itself
// stands for that pack.
Result<std::optional<LoadedPolicy>> load_policy(const std::vector<std::string>& paths,
                                                const std::shared_ptr<SourceSet>& sources,
                                                Diagnostics& diagnostics);

// The same for one text in memory, for tests and tools. Nothing: diagnostics has the errors.
std::optional<LoadedPolicy> load_policy_from_text(const std::string& name, const std::string& text,
                                                  const std::shared_ptr<SourceSet>& sources,
                                                  Diagnostics& diagnostics);

}  // namespace rescind
