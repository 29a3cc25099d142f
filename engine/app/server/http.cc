// Problems (RFC 9457), media types and secret comparison.
#include "app/server/http.h"

#include <algorithm>
#include <cctype>

#include <nlohmann/json.hpp>

namespace rescind::server {
namespace {

using Json = nlohmann::ordered_json;

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) {
    text.remove_prefix(1);
  }
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) {
    text.remove_suffix(1);
  }
  return text;
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
    return std::tolower(static_cast<unsigned char>(x)) ==
           std::tolower(static_cast<unsigned char>(y));
  });
}

Json problem_object(int status, Code code, const std::string& detail) {
  Json body;
  body["type"] = "urn:rescind:diagnostic:" + code_name(code);
  body["title"] = code_title(code);
  body["status"] = status;
  body["detail"] = detail;
  body["code"] = code_name(code);
  return body;
}

Answer as_answer(int status, const Json& body) {
  return {.status = status,
          .content_type = "application/problem+json",
          .body = body.dump(2, ' ', false, Json::error_handler_t::replace) + "\n",
          .headers = {}};
}

}  // namespace

Answer problem(int status, Code code, const std::string& detail) {
  return as_answer(status, problem_object(status, code, detail));
}

Answer problem(int status, Code code, const std::string& detail, const Diagnostics& diagnostics,
               const SourceSet& sources) {
  Json body = problem_object(status, code, detail);
  const Json rendered = Json::parse(render_json(diagnostics, sources));
  body["diagnostics"] = rendered.at("diagnostics");
  return as_answer(status, body);
}

bool media_type_is(std::string_view header, std::string_view type) {
  return equal_ignoring_case(trimmed(header.substr(0, header.find(';'))), type);
}

bool accepts(std::string_view header, std::string_view type) {
  while (!header.empty()) {
    const auto comma = header.find(',');
    if (media_type_is(header.substr(0, comma), type)) {
      return true;
    }
    if (comma == std::string_view::npos) {
      break;
    }
    header.remove_prefix(comma + 1);
  }
  return false;
}

bool equal_secret(std::string_view a, std::string_view b) {
  unsigned difference = a.size() == b.size() ? 0U : 1U;
  for (std::size_t i = 0; i < a.size() && !b.empty(); ++i) {
    difference |= static_cast<unsigned>(a[i] ^ b[i % b.size()]);
  }
  return difference == 0 && a.size() == b.size();
}

}  // namespace rescind::server
