// Error recovery by statement: an error gives up the statement that it stands in and nothing more.
// Only .cc files of parse may include this header, because it shows types of the parser generator.
#pragma once

#include <memory>

#include <ANTLRErrorStrategy.h>

#include "diagnostics/diagnostic.h"
#include "parse/tokens.h"

namespace rescind::parse {

// Both arguments are borrowed for as long as the strategy lives.
std::shared_ptr<antlr4::ANTLRErrorStrategy> make_recovery(const TokenList& list,
                                                          Diagnostics& diagnostics);

}  // namespace rescind::parse
