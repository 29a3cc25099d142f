// Lists in columns.
#include "store/sqlite_rows.h"

#include <nlohmann/json.hpp>

namespace rescind {

std::string encode_lines(const std::vector<std::string>& lines) {
  // WHY: what a server answered may not be UTF-8; the journal must take it all the same.
  return nlohmann::json(lines).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::vector<std::string> decode_lines(const std::string& text) {
  const auto parsed = nlohmann::json::parse(text, nullptr, false);
  std::vector<std::string> lines;
  if (parsed.is_array()) {
    for (const auto& line : parsed) {
      if (line.is_string()) {
        lines.push_back(line.get<std::string>());
      }
    }
  }
  return lines;
}

tl::unexpected<Error> unknown_word(const std::string& where, const std::string& word) {
  return fail(ErrorKind::Corrupt,
              where + " has the unknown word `" + word + "`; restore the store from a backup");
}

}  // namespace rescind
