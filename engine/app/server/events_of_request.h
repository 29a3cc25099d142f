// The events in a request's body, for the resources that decide about them.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "app/server/resources.h"

namespace rescind::server {

// Events, or the problem that the body is. JSON (an event or an
// array) and JSON Lines are read.
std::variant<std::vector<Event>, Answer> events_of_request(const Service& service,
                                                           const Request& request, Instant now);

}  // namespace rescind::server
