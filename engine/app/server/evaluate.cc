// POST /v1/evaluate: an event or a batch in, decisions out, a JSON object per cause.
#include <algorithm>

#include "app/server/events_of_request.h"
#include "app/server/resources.h"
#include "workflow/encode_decisions.h"

namespace rescind::server {
namespace {

// Decided in slices, so that a large batch meets the time limit without losing it by much. Events about
// one subject belong together and are never split.
constexpr std::size_t kSlice = 256;

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
  auto& events = std::get<std::vector<Event>>(parsed);
  std::stable_sort(events.begin(), events.end(),
                   [](const Event& a, const Event& b) { return a.subject < b.subject; });
  const auto begin = service.clock->monotonic();
  std::vector<std::string> objects;
  for (std::size_t first = 0; first < events.size();) {
    std::size_t last = std::min(first + kSlice, events.size());
    while (last < events.size() && events[last].subject == events[last - 1].subject) {
      ++last;
    }
    PlanRequest plan = service.plan_defaults;
    plan.as_of = now;
    plan.events.assign(events.begin() + static_cast<std::ptrdiff_t>(first),
                       events.begin() + static_cast<std::ptrdiff_t>(last));
    for (std::string& object : encode_decisions(decide_events(service.policy, service.inventory, plan))) {
      objects.push_back(std::move(object));
    }
    if (service.clock->monotonic() - begin > service.time_limit) {
      return problem(503, Code::R0907, "the decisions took longer than a request may; send fewer events");
    }
    first = last;
  }
  const bool lines = accepts(request.accept, "application/x-ndjson");
  return {.status = 200,
          .content_type = lines ? "application/x-ndjson" : "application/json",
          .body = joined(objects, lines),
          .headers = {}};
}

}  // namespace rescind::server
