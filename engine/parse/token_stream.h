// A TokenList as the generated parser wants to read it. Only .cc files of parse and its tests may
// include this header, because it shows types of the parser generator.
#pragma once

#include <string>
#include <vector>

#include <Token.h>
#include <TokenStream.h>

#include "parse/tokens.h"

namespace rescind::parse {

// One token, by its number in the list; borrows the list.
class ListedToken final : public antlr4::Token {
 public:
  ListedToken(const TokenList& list, std::size_t index) : list_(&list), index_(index) {}

  [[nodiscard]] std::size_t getType() const override { return list_->infos[index_].type; }

  [[nodiscard]] std::size_t getTokenIndex() const override { return index_; }

  [[nodiscard]] std::size_t getStartIndex() const override { return list_->infos[index_].begin; }

  [[nodiscard]] std::size_t getStopIndex() const override;

  [[nodiscard]] std::string getText() const override { return std::string(list_->text_of(index_)); }

  [[nodiscard]] std::string toString() const override { return getText(); }

  // Places are kept as offsets, so lines are never asked for.
  [[nodiscard]] std::size_t getLine() const override { return 0; }

  [[nodiscard]] std::size_t getCharPositionInLine() const override { return 0; }

  [[nodiscard]] std::size_t getChannel() const override { return DEFAULT_CHANNEL; }

  [[nodiscard]] antlr4::TokenSource* getTokenSource() const override { return nullptr; }

  [[nodiscard]] antlr4::CharStream* getInputStream() const override { return nullptr; }

 private:
  const TokenList* list_;
  std::size_t index_;
};

// The whole list; borrows it. The last token is the end of the file and is given again and again.
class TokenListStream final : public antlr4::TokenStream {
 public:
  explicit TokenListStream(const TokenList& list);

  antlr4::Token* LT(ssize_t k) override;
  std::size_t LA(ssize_t k) override;

  void consume() override { seek(at_ + 1); }

  [[nodiscard]] antlr4::Token* get(std::size_t index) const override { return &tokens_[index]; }

  ssize_t mark() override { return 0; }

  void release(ssize_t /*marker*/) override {}

  std::size_t index() override { return at_; }

  void seek(std::size_t index) override;

  std::size_t size() override { return tokens_.size(); }

  [[nodiscard]] antlr4::TokenSource* getTokenSource() const override { return nullptr; }

  [[nodiscard]] std::string getSourceName() const override { return {}; }

  std::string getText(const antlr4::misc::Interval& interval) override;
  std::string getText() override;
  std::string getText(antlr4::RuleContext* context) override;
  std::string getText(antlr4::Token* start, antlr4::Token* stop) override;

 private:
  [[nodiscard]] std::size_t index_of(ssize_t k) const;

  const TokenList& list_;
  mutable std::vector<ListedToken> tokens_;
  std::size_t at_ = 0;  // always the index of a token
};

}  // namespace rescind::parse
