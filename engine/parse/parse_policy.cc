// The parse stage end to end: check the text, read its tokens, run the generated parser, build the
// tree.
#include "parse/parse_policy.h"

#include <BufferedTokenStream.h>
#include <ListTokenSource.h>
#include <atn/ParserATNSimulator.h>

#include "RescindParser.h"
#include "parse/recovery.h"
#include "parse/text_checks.h"
#include "parse/tokens.h"
#include "parse/tree_builder.h"

namespace rescind {
namespace {

// Errors are counted against those that the caller collected before.
class ErrorCount {
 public:
  explicit ErrorCount(const Diagnostics& diagnostics)
      : diagnostics_(diagnostics), before_(diagnostics.error_count()) {}

  [[nodiscard]] bool grew() const { return diagnostics_.error_count() > before_; }

 private:
  const Diagnostics& diagnostics_;
  std::size_t before_;
};

}  // namespace

std::optional<ast::PolicyFile> parse_policy(const SourceSet& sources, SourceFileId file,
                                            const ParseOptions& options, Diagnostics& diagnostics) {
  const ErrorCount errors(diagnostics);
  if (!parse::check_text(sources, file, options, diagnostics)) {
    return std::nullopt;
  }
  std::optional<parse::TokenList> list = parse::read_tokens(sources, file, options, diagnostics);
  if (!list) {
    return std::nullopt;
  }
  antlr4::ListTokenSource source(std::move(list->tokens));
  antlr4::BufferedTokenStream stream(&source);
  rescind_grammar::RescindParser parser(&stream);
  parser.removeErrorListeners();
  parser.setErrorHandler(parse::make_recovery(*list, diagnostics));
  // Every decision of the grammar needs one token only (a test holds it to that), so the cheaper
  // mode is exact and there is no second pass.
  parser.getInterpreter<antlr4::atn::ParserATNSimulator>()->setPredictionMode(
      antlr4::atn::PredictionMode::SLL);
  ast::PolicyFile tree = parse::TreeBuilder(*list, options, diagnostics).build(parser.policyFile());
  if (errors.grew()) {
    return std::nullopt;
  }
  return tree;
}

}  // namespace rescind
