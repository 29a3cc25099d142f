// Small members of the syntax tree.
#include "model/ast.h"

namespace rescind::ast {

std::string QualifiedName::text() const {
  std::string joined;
  for (const Name& part : parts) {
    joined += joined.empty() ? "" : ".";
    joined += part.text;
  }
  return joined;
}

}  // namespace rescind::ast
