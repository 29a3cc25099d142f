// The parse stage end to end: check the text, read its tokens, run the generated parser, build the
// tree.
#include "parse/parse_policy.h"

#include <atn/ParserATNSimulator.h>

#include "RescindParser.h"
#include "parse/recovery.h"
#include "parse/text_checks.h"
#include "parse/token_stream.h"
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

// One declaration at a time: the parser's own tree is large and is given back after each.
ast::PolicyFile parse_tokens(parse::TokenList& list, const ParseOptions& options,
                             const ErrorCount& errors, Diagnostics& diagnostics) {
  parse::TokenListStream stream(list);
  rescind_grammar::RescindParser parser(&stream);
  const std::shared_ptr<parse::Recovery> recovery = parse::make_recovery(list, diagnostics);
  parser.removeErrorListeners();
  parser.setErrorHandler(recovery);
  // INVARIANT: every decision of the grammar needs one token of look-ahead (a test holds it to
  // that). So the cheap mode is exact, and no second pass in the full mode is needed.
  parser.getInterpreter<antlr4::atn::ParserATNSimulator>()->setPredictionMode(
      antlr4::atn::PredictionMode::SLL);
  parse::TreeBuilder builder(list, options, diagnostics);
  while (recovery->reach_declaration(&parser)) {
    if (stream.LA(1) == rescind_grammar::RescindParser::MODULE) {
      builder.add_module(parser.moduleHeader());
    } else {
      builder.add(parser.declaration());
    }
    parser.forget_tree();
  }
  return builder.finish(!errors.grew());
}

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
  ast::PolicyFile tree = parse_tokens(*list, options, errors, diagnostics);
  if (errors.grew()) {
    return std::nullopt;
  }
  return tree;
}

}  // namespace rescind
