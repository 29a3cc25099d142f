// Failures of the world travel with what everybody on the way was doing.
#include "base/result.h"

#include <doctest/doctest.h>

namespace {

using namespace rescind;

Result<int> inner(bool works) {
  if (!works) {
    return fail(ErrorKind::Network, "connection refused", RetryAdvice::Safe);
  }
  return 7;
}

Result<int> outer(bool works) {
  RESCIND_ASSIGN_OR_RETURN(const int value, inner(works));
  return value + 1;
}

Status only_status(bool works) {
  RESCIND_RETURN_IF_ERROR(outer(works));
  return {};
}

TEST_CASE("result: a value passes through, an error stops at once and keeps its advice") {
  CHECK(outer(true).value() == 8);
  const Result<int> failed = outer(false);
  REQUIRE_FALSE(failed.has_value());
  CHECK(failed.error().kind() == ErrorKind::Network);
  CHECK(failed.error().retry() == RetryAdvice::Safe);
  CHECK(only_status(true).has_value());
  CHECK_FALSE(only_status(false).has_value());
}

TEST_CASE("result: an error reads from the outermost context to its cause") {
  Error error(ErrorKind::Io, "disk is full");
  error.add_context("writing the journal").add_context("applying plan p1");
  CHECK(error.to_string() == "applying plan p1: writing the journal: disk is full");
  CHECK(error_kind_name(error.kind()) == "io");
}

}  // namespace
