// Text helpers without domain words: UTF-8 checks, nearest names, joining, file reading.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace rescind {

// Offset of the first byte that is not valid UTF-8 (overlong forms and surrogates included), or
// nothing.
std::optional<std::size_t> first_invalid_utf8(std::string_view text);
// Offset of the first bidirectional control character (U+202A..202E, U+2066..2069, U+200E/F,
// U+061C).
std::optional<std::size_t> first_bidi_control(std::string_view text);
// The number of terminal columns of UTF-8 text, a code point each (tabs count 1).
std::size_t display_width(std::string_view text);

// The candidate nearest to `name` by edit distance (with transpositions), when near enough to be
// worth suggesting: at most a third of the length, at least 1. Ties: the first in byte order.
std::optional<std::string> nearest_name(std::string_view name,
                                        std::span<const std::string> candidates);

std::string join(std::span<const std::string> parts, std::string_view separator);
// `*` any run, `?` one code point, everything else itself; case-sensitive; linear time.
bool glob_match(std::string_view pattern, std::string_view text);

// Reads a whole file. Errors: Io (with the path in the message), Limit above max_bytes.
Result<std::string> read_file(const std::string& path, std::size_t max_bytes);
// Writes a temporary file beside it, syncs and renames, so that a reader sees the old or the new
// content.
Status write_file_atomically(const std::string& path, std::string_view content);

}  // namespace rescind
