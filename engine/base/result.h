// Result<T>: the value, or why the world refused it. The one way in which a failure of the world
// (files, sockets, databases) travels through the program.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tl/expected.hpp>

namespace rescind {

enum class ErrorKind {
  Io,           // a file or a pipe
  Network,      // no connection, TLS refused, connection cut
  Protocol,     // the peer answered what its protocol does not allow
  Auth,         // our own credential was refused
  NotFound,     // the thing asked for is not there
  Conflict,     // somebody else changed it, or it is locked
  Limit,        // a size, count or rate bound was reached
  Corrupt,      // stored data does not read back as written
  Unsupported,  // the peer or this version cannot do that
  Cancelled,    // told to stop
};

// What a caller may do after the failure. OutcomeUnknown: the effect may have happened; probe
// first.
enum class RetryAdvice { Safe, Never, OutcomeUnknown };

class Error {
 public:
  Error(ErrorKind kind, std::string message, RetryAdvice retry = RetryAdvice::Never)
      : kind_(kind), retry_(retry), message_(std::move(message)) {}

  [[nodiscard]] ErrorKind kind() const { return kind_; }

  [[nodiscard]] RetryAdvice retry() const { return retry_; }

  [[nodiscard]] const std::string& message() const { return message_; }

  // What the callers were doing, innermost first.
  [[nodiscard]] const std::vector<std::string>& context() const { return context_; }

  // Adds what the caller was doing ("reading plan.json"); returns itself so that it can be chained.
  Error& add_context(std::string what) {
    context_.push_back(std::move(what));
    return *this;
  }

  // One line: "outermost context: … : message".
  [[nodiscard]] std::string to_string() const;

 private:
  ErrorKind kind_;
  RetryAdvice retry_;
  std::string message_;
  std::vector<std::string> context_;
};

std::string_view error_kind_name(ErrorKind kind);

template <typename T>
using Result = tl::expected<T, Error>;

// Result<void> success.
using Status = Result<void>;

inline tl::unexpected<Error> fail(ErrorKind kind, std::string message,
                                  RetryAdvice retry = RetryAdvice::Never) {
  return tl::unexpected<Error>(Error(kind, std::move(message), retry));
}

}  // namespace rescind

#define RESCIND_CONCAT_INNER(a, b) a##b
#define RESCIND_CONCAT(a, b) RESCIND_CONCAT_INNER(a, b)

// RESCIND_ASSIGN_OR_RETURN(auto x, expression): x is the value, or the caller returns the error.
#define RESCIND_ASSIGN_OR_RETURN(declaration, expression) \
  RESCIND_ASSIGN_OR_RETURN_AT(RESCIND_CONCAT(rescind_result_, __LINE__), declaration, expression)
#define RESCIND_ASSIGN_OR_RETURN_AT(name, declaration, expression) \
  auto name = (expression);                                        \
  if (!name) {                                                     \
    return tl::unexpected(std::move(name).error());                \
  }                                                                \
  declaration = std::move(*name)

#define RESCIND_RETURN_IF_ERROR(expression)                     \
  do {                                                          \
    if (auto rescind_status = (expression); !rescind_status) {  \
      return tl::unexpected(std::move(rescind_status).error()); \
    }                                                           \
  } while (false)
