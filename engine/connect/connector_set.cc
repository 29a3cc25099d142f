// The connectors of one run by system.
#include "connect/connector_set.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace rescind {

void ConnectorSet::add(std::string system, std::unique_ptr<Connector> connector) {
  Entry entry;
  entry.lanes.push_back(std::move(connector));
  entries_[std::move(system)] = std::move(entry);
}

void ConnectorSet::add_lane(std::string_view system, std::unique_ptr<Connector> connector) {
  const auto it = entries_.find(system);
  RESCIND_CHECK(it != entries_.end() && !it->second.lanes.empty(), "a lane of no connector");
  it->second.lanes.push_back(std::move(connector));
}

void ConnectorSet::add_unavailable(std::string system, Error why) {
  Entry entry;
  entry.why = std::move(why);
  entries_[std::move(system)] = std::move(entry);
}

Connector* ConnectorSet::find(std::string_view system, std::size_t lane) {
  const auto it = entries_.find(system);
  return it == entries_.end() || lane >= it->second.lanes.size() ? nullptr
                                                                 : it->second.lanes[lane].get();
}

std::size_t ConnectorSet::lanes(std::string_view system) const {
  const auto it = entries_.find(system);
  return it == entries_.end() ? 1 : std::max<std::size_t>(it->second.lanes.size(), 1);
}

std::string ConnectorSet::why_unavailable(std::string_view system) const {
  const auto it = entries_.find(system);
  if (it == entries_.end()) {
    return "no connector is configured for system `" + std::string(system) + "`";
  }
  return it->second.why ? it->second.why->to_string() : std::string{};
}

std::vector<std::string> ConnectorSet::systems() const {
  std::vector<std::string> names;
  names.reserve(entries_.size());
  for (const auto& [name, entry] : entries_) {
    names.push_back(name);
  }
  return names;
}

Result<Capabilities> ConnectorSet::capabilities(std::string_view system) {
  const auto it = entries_.find(system);
  if (it == entries_.end() || it->second.lanes.empty()) {
    return fail(ErrorKind::NotFound, why_unavailable(system));
  }
  if (!it->second.capabilities) {
    RESCIND_ASSIGN_OR_RETURN(it->second.capabilities, it->second.lanes.front()->capabilities());
  }
  return *it->second.capabilities;
}

std::string connector_binding_key(std::string_view system) {
  return "connector " + std::string(system);
}

std::string connector_binding_value(const Capabilities& capabilities) {
  return capabilities.connector + " " + capabilities.version + " " + capabilities.endpoint;
}

}  // namespace rescind
