// Who may ask, and which resource answers.
#include <algorithm>
#include <iterator>

#include "app/server/resources.h"

namespace rescind::server {
namespace {

struct Route {
  std::string_view method, path;
  Answer (*handle)(const Service&, const Request&);
};

Answer answer_health(const Service& /*service*/, const Request& /*request*/) {
  return {.status = 200, .content_type = "text/plain", .body = "ok\n", .headers = {}};
}

Answer answer_ready(const Service& service, const Request& /*request*/) {
  if (!service.ready.load()) {
    return problem(503, Code::R0906, "policy and inventory are still being loaded");
  }
  return {.status = 200, .content_type = "text/plain", .body = "ready\n", .headers = {}};
}

constexpr Route kOpenRoutes[] = {
    {"GET", "/healthz", answer_health},
    {"GET", "/readyz", answer_ready},
};
constexpr Route kRoutes[] = {
    {"GET", "/v1/policy", answer_policy},
    {"POST", "/v1/evaluate", answer_evaluate},
    {"POST", "/v1/plans", answer_plans},
};

// "host:port" without its port; "[::1]:8181" keeps its brackets.
std::string_view host_name(std::string_view host) {
  const auto colon = host.rfind(':');
  const auto bracket = host.rfind(']');
  const bool has_port =
      colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket);
  return has_port ? host.substr(0, colon) : host;
}

bool authorized(const Service& service, std::string_view header) {
  constexpr std::string_view kScheme = "Bearer ";
  if (!header.starts_with(kScheme)) {
    return false;
  }
  bool found = false;
  for (const std::string& token : service.tokens) {
    // Every token is compared, so that the time does not tell which one was near.
    found = equal_secret(header.substr(kScheme.size()), token) || found;
  }
  return found;
}

Answer wrong_method(std::string_view allowed) {
  Answer out = problem(405, Code::R0903, "this resource answers " + std::string(allowed) + " only");
  out.headers["Allow"] = std::string(allowed);
  return out;
}

}  // namespace

std::optional<Answer> refuse_asker(const Service& service, const Request& request) {
  const std::string_view host = host_name(request.host);
  if (std::find(service.hosts.begin(), service.hosts.end(), host) == service.hosts.end()) {
    return problem(421, Code::R0909, "this server does not answer for that host name");
  }
  const bool open = std::any_of(std::begin(kOpenRoutes), std::end(kOpenRoutes),
                                [&](const Route& route) { return route.path == request.path; });
  if (!open && !authorized(service, request.authorization)) {
    Answer out = problem(401, Code::R0901, "a bearer token of this server is needed");
    out.headers["WWW-Authenticate"] = "Bearer realm=\"rescind\"";
    return out;
  }
  return std::nullopt;
}

Answer answer(const Service& service, const Request& request) {
  if (std::optional<Answer> refused = refuse_asker(service, request)) {
    return *std::move(refused);
  }
  for (const Route& route : kOpenRoutes) {
    if (route.path == request.path) {
      return request.method == route.method ? route.handle(service, request)
                                            : wrong_method(route.method);
    }
  }
  for (const Route& route : kRoutes) {
    if (route.path != request.path) {
      continue;
    }
    if (request.method != route.method) {
      return wrong_method(route.method);
    }
    return service.ready.load() ? route.handle(service, request) : answer_ready(service, request);
  }
  return problem(404, Code::R0902, "there is nothing at this path");
}

}  // namespace rescind::server
