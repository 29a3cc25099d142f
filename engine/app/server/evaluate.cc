// POST /v1/evaluate: an event or a batch in, decisions out, a JSON object per cause.
#include "app/server/events_of_request.h"
#include "app/server/resources.h"
#include "workflow/encode_decisions.h"

namespace rescind::server {
namespace {

std::string joined(const std::vector<std::string>& objects, bool lines) {
  std::string out = lines ? "" : "[";
  for (std::size_t i = 0; i < objects.size(); ++i) {
    out += (i > 0 && !lines) ? ",\n" : "";
    out += objects[i];
    out += lines ? "\n" : "";
  }
  return lines ? out : out + "]\n";
}

}  // namespace

Answer answer_evaluate(const Service& service, const Request& request) {
  const Instant now = service.clock->now();
  auto parsed = events_of_request(service, request, now);
  if (auto* refused = std::get_if<Answer>(&parsed)) {
    return std::move(*refused);
  }
  PlanRequest plan = service.plan_defaults;
  plan.as_of = now;
  plan.events = std::get<std::vector<Event>>(std::move(parsed));
  // All events of a request are one batch, as on the command line: who leaves together is seen
  // together.
  const auto begin = service.clock->monotonic();
  const std::vector<std::string> objects =
      encode_decisions(decide_events(service.policy, service.inventory, plan));
  if (service.clock->monotonic() - begin > service.time_limit) {
    return problem(503, Code::R0907,
                   "the decisions took longer than a request may; send fewer events");
  }
  const bool lines = accepts(request.accept, "application/x-ndjson");
  return {.status = 200,
          .content_type = lines ? "application/x-ndjson" : "application/json",
          .body = joined(objects, lines),
          .headers = {}};
}

}  // namespace rescind::server
