// The one Diagnostic type of the program and the collector that stages report into.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "diagnostics/source.h"

namespace rescind {

enum class Severity : std::uint8_t { Error, Warning, Note };

// Stable codes; the table with their titles is codes.def. A code is never reused.
enum class Code : std::uint16_t {
#define RESCIND_CODE(number, title) R##number = 1##number - 10000,
#include "diagnostics/codes.def"
#undef RESCIND_CODE
};

std::string code_name(Code code);        // "R0203"
std::string_view code_title(Code code);  // the one-line meaning from the table
std::vector<Code> all_codes();

struct Label {
  Span span;
  std::string text;
};

struct Diagnostic {
  Code code{};
  Severity severity = Severity::Error;
  std::string message;  // lower case, no final period, user text in backticks
  Span primary;         // no file: about the whole input
  std::string label;    // said under the carets; may be empty
  std::vector<Label> labels;
  std::vector<std::string> help;
};

// Collects what is wrong with somebody's text, up to a limit; sorted by place when rendered.
class Diagnostics {
 public:
  explicit Diagnostics(std::size_t max_errors = 100) : max_errors_(max_errors) {}

  // Adds one; past the limit errors are counted but not kept. Returns the kept entry (valid until
  // the next report) so that labels and help can be added, or a scratch entry.
  Diagnostic& report(Diagnostic diagnostic);
  Diagnostic& error(Code code, Span span, std::string message, std::string label = {});
  Diagnostic& warning(Code code, Span span, std::string message, std::string label = {});

  [[nodiscard]] bool has_errors() const { return error_count_ > 0; }

  [[nodiscard]] std::size_t error_count() const { return error_count_; }

  [[nodiscard]] std::size_t suppressed() const { return suppressed_; }

  // By file, then offset, then code; equal ones once.
  [[nodiscard]] std::vector<Diagnostic> sorted() const;

 private:
  std::size_t max_errors_;
  std::size_t error_count_ = 0;
  std::size_t other_count_ = 0;  // warnings and notes; the same limit bounds them
  std::size_t suppressed_ = 0;
  std::vector<Diagnostic> entries_;
  Diagnostic scratch_;
};

struct RenderOptions {
  bool color = false;
};

// The caret form for people, entries separated by a blank line, with a closing count of errors.
std::string render_text(const Diagnostics& diagnostics, const SourceSet& sources,
                        const RenderOptions& options);
// {"diagnostics":[{code,severity,message,file,line,column,end_line,end_column,label,labels,help}],"suppressed":n}
std::string render_json(const Diagnostics& diagnostics, const SourceSet& sources);

}  // namespace rescind
