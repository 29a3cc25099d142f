// Errors of the world as one line of text.
#include "base/result.h"

#include "base/check.h"

namespace rescind {

std::string Error::to_string() const {
  std::string text;
  for (auto it = context_.rbegin(); it != context_.rend(); ++it) {
    text += *it;
    text += ": ";
  }
  text += message_;
  return text;
}

std::string_view error_kind_name(ErrorKind kind) {
  switch (kind) {
  case ErrorKind::Io:
    return "io";
  case ErrorKind::Network:
    return "network";
  case ErrorKind::Protocol:
    return "protocol";
  case ErrorKind::Auth:
    return "auth";
  case ErrorKind::NotFound:
    return "not_found";
  case ErrorKind::Conflict:
    return "conflict";
  case ErrorKind::Limit:
    return "limit";
  case ErrorKind::Corrupt:
    return "corrupt";
  case ErrorKind::Unsupported:
    return "unsupported";
  case ErrorKind::Cancelled:
    return "cancelled";
  }
  RESCIND_CHECK(false, "an error kind outside the enum");
}

}  // namespace rescind
