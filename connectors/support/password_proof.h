// Proof of a changed password where nobody can read one: docs/decisions/0005.
#pragma once

#include <optional>
#include <set>
#include <string>

#include "connect/connector.h"

namespace rescind {

class PasswordProof {
 public:
  // The system accepted the change of this request. Only this process knows.
  void accept(const std::string& marker) { accepted_.insert(marker); }

  // `closed`: why no password opens the account now, "" one may. Nothing: neither of the two proves
  // anything; what else the system shows decides.
  [[nodiscard]] std::optional<ProbeResult> find(const std::string& marker,
                                                const std::string& closed) const;

 private:
  std::set<std::string> accepted_;  // markers
};

}  // namespace rescind
