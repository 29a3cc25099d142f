// The token list of one file: lexed, freed of what is not a token, bounded, and annotated with what
// error recovery and the tree builder ask for.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "diagnostics/diagnostic.h"
#include "parse/parse_policy.h"

namespace rescind::parse {

inline constexpr std::uint32_t kNoIndex = UINT32_MAX;

struct TokenInfo {
  std::size_t type = 0;             // as the grammar numbers them
  std::uint32_t begin = 0;          // byte offset
  std::uint32_t end = 0;            // one past
  std::uint32_t braces = 0;         // open `{` around the token; a `}` counts as inside its block
  std::uint32_t opener = kNoIndex;  // token index of the innermost open bracket around it
  std::uint32_t doc = kNoIndex;     // index into docs: comment lines right before the token
  bool first_on_line = false;
  bool bad = false;  // already reported; its value must not be read
};

struct DocComment {
  ast::Doc doc;
  bool used = false;
};

// The tokens without comments, with an end-of-file token last.
struct TokenList {
  SourceFileId file;
  std::string_view text;  // of the whole file; borrowed from its SourceFile
  std::vector<TokenInfo> infos;
  std::vector<DocComment> docs;

  [[nodiscard]] std::string_view text_of(std::size_t index) const {
    const TokenInfo& info = infos[index];
    return text.substr(info.begin, info.end - info.begin);
  }

  [[nodiscard]] Span span_of(std::size_t index) const {
    return {file, infos[index].begin, infos[index].end};
  }

  // The type of the token at an index; end of file beyond either end.
  [[nodiscard]] std::size_t type_at(std::ptrdiff_t index) const;
};

// Reports bad tokens (they stay in the list as their likely meaning, or are left out) and exceeded
// bounds. Empty when a bound was exceeded: the parser must not see such a list.
std::optional<TokenList> read_tokens(const SourceSet& sources, SourceFileId file,
                                     const ParseOptions& options, Diagnostics& diagnostics);

}  // namespace rescind::parse
