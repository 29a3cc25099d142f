// YAML documents of a source file, with what is wrong reported.
#include <algorithm>

#include "collect/document.h"
#include "collect/yaml_text.h"

namespace rescind {
namespace {

void set_file(DocumentNode& node, SourceFileId file) {
  node.span.file = file;
  for (DocumentNode& element : node.elements) {
    set_file(element, file);
  }
  for (DocumentMember& member : node.members) {
    member.key_span.file = file;
    set_file(member.value, file);
  }
}

}  // namespace

std::vector<DocumentNode> read_yaml_document(const SourceSet& sources, SourceFileId file, Code code,
                                             const DocumentLimits& limits,
                                             Diagnostics& diagnostics) {
  const std::string_view text = sources.file(file).text();
  YamlText read = read_yaml_text(text, limits);
  if (!read.problem.empty()) {
    const auto end = static_cast<std::uint32_t>(text.size());
    diagnostics.error(code, Span{file, read.problem_at, std::min(read.problem_at + 1, end)},
                      read.problem);
    return {};
  }
  for (DocumentNode& document : read.documents) {
    set_file(document, file);
  }
  return std::move(read.documents);
}

}  // namespace rescind
