// The parser's view of a TokenList; see the header.
#include "parse/token_stream.h"

#include <algorithm>

#include <RuleContext.h>
#include <misc/Interval.h>

namespace rescind::parse {

std::size_t ListedToken::getStopIndex() const {
  const TokenInfo& info = list_->infos[index_];
  return info.end > info.begin ? info.end - 1 : info.begin;
}

TokenListStream::TokenListStream(const TokenList& list) : list_(list) {
  tokens_.reserve(list.infos.size());
  for (std::size_t i = 0; i < list.infos.size(); ++i) {
    tokens_.emplace_back(list, i);
  }
}

// k counts from 1 forwards and from -1 backwards.
std::size_t TokenListStream::index_of(ssize_t k) const {
  const ssize_t index = static_cast<ssize_t>(at_) + (k > 0 ? k - 1 : k);
  return static_cast<std::size_t>(
      std::clamp<ssize_t>(index, 0, static_cast<ssize_t>(tokens_.size()) - 1));
}

// Nearly always the next token is asked for.
antlr4::Token* TokenListStream::LT(ssize_t k) {
  return &tokens_[k == 1 ? at_ : index_of(k)];
}

std::size_t TokenListStream::LA(ssize_t k) {
  return list_.infos[k == 1 ? at_ : index_of(k)].type;
}

void TokenListStream::seek(std::size_t index) {
  at_ = std::min(index, tokens_.size() - 1);
}

std::string TokenListStream::getText(const antlr4::misc::Interval& interval) {
  const std::uint32_t begin = list_.infos[static_cast<std::size_t>(interval.a)].begin;
  const std::uint32_t end = list_.infos[static_cast<std::size_t>(interval.b)].end;
  return std::string(list_.text.substr(begin, end - begin));
}

std::string TokenListStream::getText() {
  return std::string(list_.text);
}

std::string TokenListStream::getText(antlr4::RuleContext* context) {
  return getText(context->getSourceInterval());
}

std::string TokenListStream::getText(antlr4::Token* start, antlr4::Token* stop) {
  return getText(antlr4::misc::Interval(start->getTokenIndex(), stop->getTokenIndex()));
}

}  // namespace rescind::parse
