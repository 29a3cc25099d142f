// What the server answers, free of any socket: requests and answers as plain values, problems in
// the form of RFC 9457. The resources are written against this and tested without a network.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "diagnostics/diagnostic.h"

namespace rescind::server {

struct Request {
  std::string method;
  std::string path;
  std::map<std::string, std::string> query;
  std::string content_type;
  std::string accept;
  std::string authorization;
  std::string host;
  std::string body;
};

struct Answer {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::map<std::string, std::string> headers;
};

// application/problem+json with `type` urn:rescind:diagnostic:CODE, `title` from the table of
// codes, `status`, `detail` and `code`; with diagnostics their list as in `check --format json`.
Answer problem(int status, Code code, const std::string& detail);
Answer problem(int status, Code code, const std::string& detail, const Diagnostics& diagnostics,
               const SourceSet& sources);

// Whether the media type of a Content-Type or one of an Accept header is `type`; parameters are
// ignored.
bool media_type_is(std::string_view header, std::string_view type);
bool accepts(std::string_view header, std::string_view type);

// Compares in time that depends on the lengths alone.
bool equal_secret(std::string_view a, std::string_view b);

}  // namespace rescind::server
