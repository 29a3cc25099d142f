// Where statements begin in a list of tokens, as recovery sees it: by a few tokens, since what
// stands before may be broken. Only .cc files of parse may include this header.
#pragma once

#include <cstddef>

#include "parse/tokens.h"

namespace rescind::parse {

class StatementStarts {
 public:
  // Borrows the list.
  explicit StatementStarts(const TokenList& list) : list_(list) {}

  [[nodiscard]] bool starts_declaration(std::ptrdiff_t i) const;
  [[nodiscard]] bool starts_stage(std::ptrdiff_t i) const;
  // `body`: the rule of the grammar whose statements are sought. `headers`: in a rule before its
  // first clause, where `because` begins a statement; in a retire before its first stage, where
  // `when` does.
  [[nodiscard]] bool starts_statement(std::size_t body, std::ptrdiff_t i, bool headers) const;

 private:
  [[nodiscard]] std::size_t type(std::ptrdiff_t index) const { return list_.type_at(index); }

  [[nodiscard]] bool is_used_as_name(std::ptrdiff_t i) const;
  [[nodiscard]] bool starts_clause(std::ptrdiff_t i) const;
  [[nodiscard]] bool starts_escalation(std::ptrdiff_t i) const;
  [[nodiscard]] bool starts_in_retire(std::ptrdiff_t i, bool headers) const;
  [[nodiscard]] bool starts_in_stage(std::ptrdiff_t i) const;

  const TokenList& list_;
};

}  // namespace rescind::parse
