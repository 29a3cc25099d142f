// Runs a program of the configuration to its end: without input, its output thrown away.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace rescind {

// `command`: program and arguments; a single word is a line for the shell. Gives the exit status.
// Errors: NotFound (cannot be started), Limit (still running after `at_most`, killed), Io (ended by
// a signal).
Result<int> run_program(const std::vector<std::string>& command, Seconds at_most);

}  // namespace rescind
