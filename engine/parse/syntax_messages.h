// Words for syntax errors: what stands there, what could have stood there, and what was probably
// meant. Only .cc files of parse may include this header, because it shows types of the parser
// generator.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <Vocabulary.h>
#include <misc/IntervalSet.h>

#include "parse/tokens.h"

namespace rescind::parse {

// A word of any sort: a name or a word of the grammar.
bool is_word(std::size_t type);
// A word that may be a bare name.
bool is_name(std::size_t type);
// A word that the grammar keeps for itself where bare names stand.
bool is_reserved(std::size_t type);

// "`foo`", "the reserved word `on`", "the end of the file".
std::string describe_token(const TokenList& list, std::size_t index);

// "`{`", "a name", "an expression", "`within`, `after` or `}`"; empty when there is nothing short
// to say.
std::string describe_expected(const antlr4::misc::IntervalSet& expected,
                              const antlr4::dfa::Vocabulary& vocabulary);

// The word among the expected ones that a misspelt one stands for.
std::optional<std::string> nearest_expected(std::string_view word,
                                            const antlr4::misc::IntervalSet& expected,
                                            const antlr4::dfa::Vocabulary& vocabulary);

// The word of the grammar that the misspelt first word of a clause stands for ("witin", "becuase").
std::optional<std::string> nearest_clause_word(std::string_view word);
// The same for the first word of a stage's parts ("sok", "dnoe").
std::optional<std::string> nearest_stage_word(std::string_view word);

}  // namespace rescind::parse
