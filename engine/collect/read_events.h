// Reads reported events: one, an array, JSON Lines or YAML. docs/events.md specifies the format.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "diagnostics/diagnostic.h"
#include "model/event.h"
#include "model/inventory.h"
#include "model/schema.h"

namespace rescind {

struct EventOptions {
  std::string timezone;  // of the organisation; "" UTC
  Instant now{};         // what `"at": "now"` means
};

// Events of a file, by subject, type and time; of several revisions of one event the last (which
// may be a withdrawal). A name that ends in .yaml or .yml is read as YAML, anything else as JSON.
// Without an inventory, subjects are taken as they are and have no time zone of their own. Empty
// exactly when an error was reported.
std::optional<std::vector<Event>> read_events(const SourceSet& sources, SourceFileId file,
                                              const Schema& schema, const Inventory* inventory,
                                              const EventOptions& options,
                                              Diagnostics& diagnostics);

}  // namespace rescind
