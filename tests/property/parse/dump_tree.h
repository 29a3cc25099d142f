// A tree without its spans as text, every field named by its place: two trees are equal when their
// dumps are.
#pragma once

#include <string>

#include "model/ast.h"

namespace rescind::testing {

std::string dump_tree(const ast::PolicyFile& file);

}  // namespace rescind::testing
