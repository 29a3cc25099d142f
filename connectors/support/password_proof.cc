// What counts as proof whatever the system shows.
#include "connectors/support/password_proof.h"

namespace rescind {

std::optional<ProbeResult> PasswordProof::find(const std::string& marker,
                                               const std::string& closed) const {
  if (!closed.empty()) {
    return ProbeResult{ProbeAnswer::Done, closed + ": no password opens it", std::nullopt};
  }
  if (accepted_.contains(marker)) {
    return ProbeResult{ProbeAnswer::Done, "the system accepted the change", std::nullopt};
  }
  return std::nullopt;
}

}  // namespace rescind
