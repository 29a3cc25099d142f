// The account of one attempt at a system: what was sent, what came back, and the result that is
// made of it in the end. A connector fills one per perform or undo.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/hash.h"
#include "connect/connector.h"

namespace rescind {

class Attempt {
 public:
  // One line, secrets already redacted.
  void sent(std::string line) { requests_.push_back(std::move(line)); }

  void received(std::string_view bytes);

  // Ends the attempt; call once.
  ActionResult finish(ResultClass result, std::string detail,
                      std::optional<Instant> until = std::nullopt);

 private:
  std::vector<std::string> requests_;
  Sha256 answers_;
  bool any_answer_ = false;
};

}  // namespace rescind
