// POST /v1/plans: what the events lead to, as a plan that is only looked at (dry run).
#include <algorithm>

#include "app/plan_output.h"
#include "app/server/events_of_request.h"
#include "app/server/resources.h"

namespace rescind::server {
namespace {

// The format by `?format=`, else by Accept, else JSON. Empty: one that there is not.
std::string_view wanted_format(const Request& request) {
  const auto asked = request.query.find("format");
  for (const std::string_view format : plan_formats()) {
    if (asked != request.query.end() ? asked->second == format
                                     : format == "text" && accepts(request.accept, "text/plain")) {
      return format;
    }
  }
  return asked == request.query.end() ? "json" : "";
}

}  // namespace

Answer answer_plans(const Service& service, const Request& request) {
  const std::string_view format = wanted_format(request);
  if (format.empty()) {
    return problem(400, Code::R0908, "`format` is one of text, json, dot, mermaid");
  }
  PlanRequest plan_request = service.plan_defaults;
  const Instant now = service.clock->now();
  plan_request.as_of = now;
  if (const auto as_of = request.query.find("as_of"); as_of != request.query.end()) {
    const std::optional<Instant> given = parse_instant(as_of->second);
    if (!given) {
      return problem(400, Code::R0908, "`as_of` is an instant such as 2026-11-20T17:00:00Z");
    }
    plan_request.as_of = *given;
    plan_request.looked_at_only = true;
  }
  auto events = events_of_request(service, request, now);
  if (auto* refused = std::get_if<Answer>(&events)) {
    return std::move(*refused);
  }
  plan_request.events = std::get<std::vector<Event>>(std::move(events));
  const auto begin = service.clock->monotonic();
  const Result<Plan> plan = plan_events(service.policy, service.inventory, plan_request);
  if (!plan) {
    return problem(500, Code::R0910, plan.error().to_string());
  }
  if (service.clock->monotonic() - begin > service.time_limit) {
    return problem(503, Code::R0907, "the plan took longer than a request may; send fewer events");
  }
  return {.status = 200,
          .content_type = std::string(plan_media_type(format)),
          .body = render_plan(*plan, format, false, false),
          .headers = {}};
}

}  // namespace rescind::server
