// YAML text as a tree with places, with nothing reported: the shared part of the readers of YAML.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "collect/document.h"

namespace rescind {

struct YamlText {
  std::vector<DocumentNode> documents;  // spans without a file
  std::string problem;                  // not empty: why the text cannot be read on
  std::uint32_t problem_at = 0;         // byte offset
};

YamlText read_yaml_text(std::string_view text, const DocumentLimits& limits);

}  // namespace rescind
