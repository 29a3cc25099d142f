// What reading rows shares: lists kept in one column, and words that no version knows.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace rescind {

// A list of lines as one JSON array.
std::string encode_lines(const std::vector<std::string>& lines);
std::vector<std::string> decode_lines(const std::string& text);

tl::unexpected<Error> unknown_word(const std::string& where, const std::string& word);

}  // namespace rescind
