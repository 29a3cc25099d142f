// Interned strings: one id per text, stable views, and room for many.
#include "base/symbols.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace {

using namespace rescind;

TEST_CASE("symbols: the empty string and the missing value are two fixed ids") {
  SymbolTable table;
  CHECK(table.intern("") == kEmptySymbol);
  CHECK(table.text(kMissingSymbol).empty());
  CHECK(table.find("") == kEmptySymbol);
  CHECK(table.size() == 2);
}

TEST_CASE("symbols: one text has one id, and every text comes back") {
  SymbolTable table;
  std::vector<Symbol> symbols;
  for (int i = 0; i < 20'000; ++i) {
    symbols.push_back(table.intern("name-" + std::to_string(i)));
  }
  for (int i = 0; i < 20'000; ++i) {
    const std::string text = "name-" + std::to_string(i);
    const auto index = static_cast<std::size_t>(i);
    CHECK(table.intern(text) == symbols[index]);
    CHECK(table.find(text) == symbols[index]);
    CHECK(table.text(symbols[index]) == text);
  }
  CHECK(table.size() == 20'002);
  CHECK_FALSE(table.find("name-20000").has_value());
}

TEST_CASE("symbols: views stay valid while the table grows, is reserved and is moved") {
  SymbolTable table;
  const std::string_view early = table.text(table.intern("early"));
  table.reserve(100'000);
  for (int i = 0; i < 10'000; ++i) {
    table.intern(std::to_string(i));
  }
  SymbolTable moved = std::move(table);
  CHECK(early == "early");
  CHECK(moved.text(*moved.find("early")).data() == early.data());
}

TEST_CASE("symbols: texts with NUL bytes and texts larger than a chunk are kept whole") {
  SymbolTable table;
  const std::string large(300'000, 'x');
  const std::string nul("a\0b", 3);
  CHECK(table.text(table.intern(large)) == large);
  CHECK(table.text(table.intern(nul)) == nul);
  CHECK(table.intern("a") != table.intern(nul));
  CHECK(table.string_bytes() == 300'000 + 3 + 1);
  CHECK(table.overhead_bytes() > 0);
}

}  // namespace
