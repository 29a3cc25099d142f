// The stage compile: checked policy in, program out. Nothing can go wrong that check let pass.
#pragma once

#include <memory>

#include "model/program.h"

namespace rescind {

// Lowers every condition into one graph of shared nodes and builds the index over the rules. Equal
// policies give equal programs; cost is linear in the policy's size.
std::shared_ptr<const Program> compile_policy(std::shared_ptr<const CheckedPolicy> policy);

}  // namespace rescind
