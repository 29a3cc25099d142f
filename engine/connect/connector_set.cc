// The connectors of one run by system.
#include "connect/connector_set.h"

#include <utility>

namespace rescind {

void ConnectorSet::add(std::string system, std::unique_ptr<Connector> connector) {
  entries_[std::move(system)] = Entry{std::move(connector), std::nullopt, std::nullopt};
}

void ConnectorSet::add_unavailable(std::string system, Error why) {
  entries_[std::move(system)] = Entry{nullptr, std::move(why), std::nullopt};
}

Connector* ConnectorSet::find(std::string_view system) {
  const auto it = entries_.find(system);
  return it == entries_.end() ? nullptr : it->second.connector.get();
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
  if (it == entries_.end() || !it->second.connector) {
    return fail(ErrorKind::NotFound, why_unavailable(system));
  }
  if (!it->second.capabilities) {
    RESCIND_ASSIGN_OR_RETURN(it->second.capabilities, it->second.connector->capabilities());
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
