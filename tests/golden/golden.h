// Golden tests: a `.case` file holds inputs and what must come out of them, in named sections.
//
//     What the case is about, in a line or two.
//     --- policy leaver.rescind
//     rule leaver { … }
//     --- expect diagnostics
//     error[R0120]: …
//
// A test hands a folder and a function from inputs to outputs to run_cases. With RESCIND_UPDATE=1
// in the environment the `expect` sections are rewritten instead of compared; read the difference
// then.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace rescind::golden {

struct Section {
  std::string name;      // what follows `--- `, for example "policy leaver.rescind"
  std::string text;      // ends with a line end unless empty
  std::size_t line = 0;  // 1-based, of the `--- ` line
};

struct Case {
  std::string path;   // of the .case file
  std::string title;  // the lines above the first section
  std::vector<Section> sections;

  // The text of the section with exactly this name; null when there is none.
  [[nodiscard]] const std::string* find(std::string_view name) const;
  // Sections whose name is `word` or begins with `word` and a space, in the order of the file.
  [[nodiscard]] std::vector<const Section*> all(std::string_view word) const;
};

// What came out, by the name that follows `expect `. The name "diagnostics" is special: what is
// given there must be expected when it is not empty, and it holds an error exactly when the file is
// named fail_….
using Outputs = std::map<std::string, std::string>;

Case read_case(const std::string& path);

// Runs every .case file of a folder (given from the root of the sources, subfolders included) as
// part of the current doctest case. A failure names the file and the line of the section. A folder
// without cases fails.
void run_cases(const std::string& folder, const std::function<Outputs(const Case&)>& run);

}  // namespace rescind::golden
