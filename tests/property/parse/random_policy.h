// Random trees that a policy text could have, drawn from the current rapidcheck property.
#pragma once

#include "model/ast.h"

namespace rescind::testing {

ast::PolicyFile random_policy();

}  // namespace rescind::testing
