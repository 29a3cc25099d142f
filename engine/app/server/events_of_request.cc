// Bodies into events, with the problems that a body can be.
#include "app/server/events_of_request.h"

#include "collect/read_events.h"

namespace rescind::server {

std::variant<std::vector<Event>, Answer> events_of_request(const Service& service,
                                                           const Request& request, Instant now) {
  const bool json = media_type_is(request.content_type, "application/json");
  const bool lines = media_type_is(request.content_type, "application/x-ndjson") ||
                     media_type_is(request.content_type, "application/jsonl");
  if (!json && !lines) {
    return problem(415, Code::R0905, "send events as application/json or application/x-ndjson");
  }
  SourceSet sources;
  Diagnostics diagnostics;
  const SourceFileId file = sources.add(lines ? "body.jsonl" : "body.json", request.body);
  auto events = read_events(sources, file, *service.policy.checked->schema, service.inventory.get(),
                            EventOptions{.timezone = service.timezone, .now = now}, diagnostics);
  if (!events) {
    return problem(422, Code::R0905, "the events in the body are wrong", diagnostics, sources);
  }
  if (events->size() > service.max_events) {
    return problem(413, Code::R0904,
                   "a request may hold " + std::to_string(service.max_events) + " events at most");
  }
  return *std::move(events);
}

}  // namespace rescind::server
