// Random values that nobody is told: what a password is set to when the old one must die.
#pragma once

#include <string>

#include "base/result.h"

namespace rescind {

// 32 characters with upper, lower, digit and punctuation, so that complexity rules accept it; about
// 180 bits. Errors: Io when the system gives no randomness.
Result<std::string> random_password();

}  // namespace rescind
