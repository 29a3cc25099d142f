// Collects requests and the digest of answers into an ActionResult.
#include "connectors/support/attempt.h"

namespace rescind {

void Attempt::received(std::string_view bytes) {
  any_answer_ = true;
  answers_.update_field(bytes);
}

ActionResult Attempt::finish(ResultClass result, std::string detail, std::optional<Instant> until) {
  ActionResult out;
  out.result = result;
  out.detail = std::move(detail);
  out.until = until;
  out.requests = std::move(requests_);
  if (any_answer_) {
    out.response_digest = "sha256:" + to_hex(answers_.finish());
  }
  return out;
}

}  // namespace rescind
