// Finds the token at a place of a text. grammar/RescindLexer.g4 says what a token is, and this
// finds the same ones as the lexer that is generated from it, several times as fast; a property
// test compares the two.
#pragma once

#include <cstddef>
#include <string_view>

namespace rescind::parse {

struct ScannedToken {
  std::size_t type = 0;  // as the grammar numbers them; white space and comments are tokens too
  std::size_t end = 0;   // one past
};

// The token that begins at an offset below the size of the text. Never empty.
ScannedToken scan_token(std::string_view text, std::size_t begin);

}  // namespace rescind::parse
