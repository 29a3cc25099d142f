// ConnectorSet: the connectors of one run, by system. A system whose connector could not be
// made keeps its place with the reason, so that its steps wait and are reported instead of
// vanishing.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "connect/connector.h"

namespace rescind {

// Filled before use and not changed after. Different connectors may be used by different threads at
// once, one connector by one thread at a time. A system has as many lanes as it has connectors: so
// many actions may run there at once.
class ConnectorSet {
 public:
  void add(std::string system, std::unique_ptr<Connector> connector);
  // One more connector of a system that was added, made with the same settings.
  void add_lane(std::string_view system, std::unique_ptr<Connector> connector);
  // The system is known but cannot be talked to (a setting is missing, its server refused us).
  void add_unavailable(std::string system, Error why);

  // Null when the system has no working connector; why_unavailable says why.
  [[nodiscard]] Connector* find(std::string_view system, std::size_t lane = 0);
  // 1 for a system without a connector: what needs none is done there too.
  [[nodiscard]] std::size_t lanes(std::string_view system) const;
  [[nodiscard]] std::string why_unavailable(std::string_view system) const;
  [[nodiscard]] std::vector<std::string> systems() const;  // sorted
  // What the system can do; asked once, in its first lane, and kept. A failed question is asked
  // again at the next call.
  Result<Capabilities> capabilities(std::string_view system);

 private:
  struct Entry {
    std::vector<std::unique_ptr<Connector>> lanes;  // empty: unavailable
    std::optional<Error> why;
    std::optional<Capabilities> capabilities;
  };

  std::map<std::string, Entry, std::less<>> entries_;
};

// How a plan is bound to a connector: the key and value of Plan::bindings for one system. The value
// changes with the connector's behaviour and with where it points.
std::string connector_binding_key(std::string_view system);
std::string connector_binding_value(const Capabilities& capabilities);

}  // namespace rescind
