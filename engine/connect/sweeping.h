// What a sweep of an account ends, and by which verb: shared by those who sweep and those who
// check.
#pragma once

#include <optional>

#include "model/vocabulary.h"

namespace rescind {

// Sessions, tokens and checkouts are revoked, delegations removed; nothing for the other kinds.
std::optional<Verb> sweeping_verb(Kind kind);

}  // namespace rescind
