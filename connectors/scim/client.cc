// Classifies the answers of SCIM servers.
#include "connectors/scim/client.h"

#include <nlohmann/json.hpp>

#include "connectors/scim/resource.h"

namespace rescind::scim {

std::string describe(const HttpAnswer& answer) {
  if (!answer.answered()) {
    return answer.why;
  }
  std::string text = "the server answered " + std::to_string(answer.status);
  if (const std::string detail = error_detail(answer.body); !detail.empty()) {
    text += " (" + detail + ")";
  }
  return text;
}

Error error_of(const ReadAnswer& answer) {
  switch (answer.state) {
  case ReadState::Refused:
  case ReadState::Forbidden:
    return {ErrorKind::Auth, answer.why};
  case ReadState::Throttled:
    return {ErrorKind::Limit, answer.why, RetryAdvice::Safe};
  case ReadState::Unreachable:
    return {ErrorKind::Network, answer.why, RetryAdvice::Safe};
  case ReadState::Missing:
    return {ErrorKind::NotFound, answer.why};
  case ReadState::Found:
  case ReadState::Broken:
    break;
  }
  return {ErrorKind::Protocol, answer.why, RetryAdvice::Safe};
}

HttpAnswer ScimClient::send(const HttpRequest& request, Attempt* attempt) {
  if (attempt != nullptr) {
    std::string line = request.method + " " + request.path;
    if (!request.body.empty()) {
      line += " " + request.body;
    }
    attempt->sent(std::move(line));
  }
  HttpAnswer answer = http_.send(request);
  if (attempt != nullptr && answer.answered()) {
    attempt->received(std::to_string(answer.status));
    attempt->received(answer.body);
  }
  return answer;
}

ReadAnswer ScimClient::get(const std::string& path, Attempt* attempt) {
  HttpAnswer answer = send({"GET", path, "", ""}, attempt);
  ReadAnswer read;
  read.why = describe(answer);
  read.retry_at = answer.retry_at;
  if (!answer.answered()) {
    read.state = ReadState::Unreachable;
  } else if (answer.status == 401) {
    read.state = ReadState::Refused;
  } else if (answer.status == 403) {
    read.state = ReadState::Forbidden;
  } else if (answer.status == 404) {
    read.state = ReadState::Missing;
  } else if (answer.status == 429 || (answer.status == 503 && answer.retry_at)) {
    read.state = ReadState::Throttled;
  } else if (answer.status == 200 && parse_object(answer.body)) {
    read.state = ReadState::Found;
    read.body = std::move(answer.body);
    read.etag = answer.etag;
  } else {
    read.state = ReadState::Broken;
    if (answer.status == 200) {
      read.why = "the server's answer is no JSON object";
    }
  }
  return read;
}

ReadAnswer ScimClient::read(const std::string& path, Attempt* attempt) {
  ReadAnswer answer = get(path, attempt);
  if (answer.state != ReadState::Missing) {
    return answer;
  }
  if (const std::string why = why_not_authoritative(attempt); !why.empty()) {
    answer.state = ReadState::Broken;
    answer.unproved_missing = true;
    answer.why += ", which proves nothing: " + why;
  }
  return answer;
}

std::string ScimClient::why_not_authoritative(Attempt* attempt) {
  const ReadAnswer list = get("/Users?startIndex=1&count=1", attempt);
  if (list.state != ReadState::Found) {
    return "its list of users cannot be read (" + list.why + ")";
  }
  const std::optional<nlohmann::json> body = parse_object(list.body);
  const auto total = body->find("totalResults");
  if (total == body->end() || !total->is_number_integer()) {
    return "its list of users is no SCIM list";
  }
  return total->get<std::int64_t>() > 0 ? "" : "it shows no user at all";
}

}  // namespace rescind::scim
