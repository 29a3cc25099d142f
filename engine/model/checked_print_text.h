// Pieces of text that the printers of checked policies and of their expressions share.
#pragma once

#include <string>
#include <string_view>

#include "model/checked.h"

namespace rescind::printing {

// In double quotes, on one line.
std::string quote(std::string_view text);
// "account, session".
std::string kinds_of(KindSet kinds);
std::string constant_text(const Type& type, const Constant& constant);

template <typename List, typename Print>
std::string list(const List& items, std::string_view separator, Print print) {
  std::string text;
  for (const auto& item : items) {
    if (!text.empty()) {
      text += separator;
    }
    text += print(item);
  }
  return text;
}

}  // namespace rescind::printing
