// What must hold of a text before it is worth lexing: size, encoding and no invisible characters.
#pragma once

#include "diagnostics/diagnostic.h"
#include "parse/parse_policy.h"

namespace rescind::parse {

// False when an error was reported.
bool check_text(const SourceSet& sources, SourceFileId file, const ParseOptions& options,
                Diagnostics& diagnostics);

}  // namespace rescind::parse
