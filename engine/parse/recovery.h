// Error recovery by statement: an error gives up the statement that it stands in and nothing more.
// Only .cc files of parse and its tests may include this header, because it shows types of the
// parser generator.
#pragma once

#include <memory>

#include <ANTLRErrorStrategy.h>

#include "diagnostics/diagnostic.h"
#include "parse/tokens.h"

namespace rescind::parse {

class Recovery : public antlr4::ANTLRErrorStrategy {
 public:
  // Goes to the token at which the next declaration (at the start of the file: the module line too)
  // begins, reporting what stands before it. False at the end of the file.
  virtual bool reach_declaration(antlr4::Parser* parser) = 0;
};

// Both arguments are borrowed for as long as the strategy lives.
std::shared_ptr<Recovery> make_recovery(const TokenList& list, Diagnostics& diagnostics);

}  // namespace rescind::parse
